#' Write an Excel workbook (Office Open XML, ECMA-376 part 1, SpreadsheetML)
#'
#' Of packages that write styles, Debian has openxlsx: it takes three times as long, and names drawings that are not
#' there, which other readers refuse. The file depends on nothing but its content.
#'
#' @param path The file.
#' @param sheets A named list in the order of the sheets, see [xlsx_sheet()].
#' @param year Dates in the file are the first of January of this year.
#' @noRd
write_xlsx <- function(path, sheets, year) {
  folder <- tempfile("book")
  on.exit(unlink(folder, recursive = TRUE))
  text <- unlist(lapply(sheets, function(sheet) sheet$cells$text), use.names = FALSE)
  strings <- unique(text[which(nzchar(text))])
  styles <- package_table("workbook_styles.csv")
  members <- xlsx_package(names(sheets), year)
  members[["xl/workbook.xml"]] <- xlsx_workbook(sheets)
  members[["xl/styles.xml"]] <- xlsx_styles(styles)
  members[["xl/sharedStrings.xml"]] <- xlsx_strings(strings)
  for (number in seq_along(sheets)) {
    members[[xlsx_sheet_file(number)]] <- xlsx_worksheet(sheets[[number]], strings, styles$style, number == 1L)
  }
  for (name in names(members)) {
    dir.create(dirname(file.path(folder, name)), recursive = TRUE, showWarnings = FALSE)
    write_xml(members[[name]], file.path(folder, name))
  }
  zip_members(folder, sort(names(members), method = "radix"), path, year)
}

#' A sheet of a workbook
#'
#' @param blocks A list of blocks of cells, see [xlsx_cells()]. No cell is in two of them.
#' @param widths Of the columns, in characters.
#' @param frozen Rows and columns that stay where they are.
#' @param header The row of the heading with filters, which are for all that is below; none if missing.
#' @param grey A list of `columns` (first and last) and `flag` (a column): grey and italic where the flag is "no",
#'   from the row below the header.
#' @param grid_lines Whether they are shown.
#' @return A list of these, with `cells`, `rows` and `columns` (how far the sheet reaches).
#' @noRd
xlsx_sheet <- function(blocks, widths, frozen, header = NA, grey = list(), grid_lines = TRUE) {
  cells <- data.table::rbindlist(blocks)
  rows <- max(cells$row)
  columns <- max(cells$column)
  cells <- cells[which(!is.na(cells$text) | is.finite(cells$number)), ]
  data.table::setorderv(cells, c("row", "column"))
  list(cells = cells, rows = rows, columns = columns, widths = widths, frozen = frozen, header = header, grey = grey,
    grid_lines = grid_lines)
}

#' A block of cells
#'
#' @param values A vector (a column), a matrix or a data frame of text and numbers; what is missing is no cell.
#' @param row,column Of its first cell.
#' @param style Of `workbook_styles.csv`: one, or one per cell.
#' @return A data.table with a row per cell: `row`, `column`, `text`, `number` and `style`.
#' @noRd
xlsx_cells <- function(values, row, column = 1L, style = "plain") {
  values <- as.data.frame(values, stringsAsFactors = FALSE)
  text <- unlist(lapply(values, function(x) if (is.numeric(x)) rep(NA_character_, length(x)) else as.character(x)),
    use.names = FALSE)
  number <- unlist(lapply(values, function(x) if (is.numeric(x)) x else rep(NA_real_, length(x))), use.names = FALSE)
  data.table::data.table(
    row = rep(as.integer(row) + seq_len(nrow(values)) - 1L, ncol(values)),
    column = rep(as.integer(column) + seq_len(ncol(values)) - 1L, each = nrow(values)),
    text = as.character(text), number = as.numeric(number),
    style = rep_len(as.vector(style), nrow(values) * ncol(values))
  )
}

#' @noRd
xlsx_sheet_file <- function(number) sprintf("xl/worksheets/sheet%d.xml", number)

#' The names of columns: A to Z, AA to ZZ
#' @noRd
xlsx_column <- function(number) {
  stopifnot(number >= 1L, number <= 702L)
  first <- (number - 1L) %/% 26L
  paste0(c("", LETTERS)[first + 1L], LETTERS[(number - 1L) %% 26L + 1L])
}

#' Text as it stands in XML, which has no control characters
#' @noRd
xml_text <- function(text) {
  text <- gsub("[\x01-\x08\x0b\x0c\x0e-\x1f]", "", enc2utf8(text))
  text <- gsub("&", "&amp;", text, fixed = TRUE)
  text <- gsub("<", "&lt;", text, fixed = TRUE)
  text <- gsub(">", "&gt;", text, fixed = TRUE)
  gsub("\"", "&quot;", text, fixed = TRUE)
}

#' @noRd
write_xml <- function(parts, path) {
  connection <- file(path, "wb")
  on.exit(close(connection))
  writeLines("<?xml version=\"1.0\" encoding=\"UTF-8\" standalone=\"yes\"?>", connection)
  writeLines(parts, connection, sep = "", useBytes = TRUE)
}

#' What says which files belong together: content types, relationships, properties
#' @noRd
xlsx_package <- function(names, year) {
  files <- xlsx_sheet_file(seq_along(names))
  office <- "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
  package <- "http://schemas.openxmlformats.org/package/2006"
  relationships <- function(types, targets) {
    c(sprintf("<Relationships xmlns=\"%s/relationships\">", package),
      sprintf("<Relationship Id=\"rId%d\" Type=\"%s\" Target=\"%s\"/>", seq_along(types), types, targets),
      "</Relationships>")
  }
  sheet_ml <- "application/vnd.openxmlformats-officedocument.spreadsheetml"
  parts <- c("xl/workbook.xml", "xl/styles.xml", "xl/sharedStrings.xml", files, "docProps/core.xml")
  kinds <- c("sheet.main", "styles", "sharedStrings", rep("worksheet", length(files)))
  types <- c(sprintf("%s.%s+xml", sheet_ml, kinds),
    "application/vnd.openxmlformats-package.core-properties+xml")
  list(
    "[Content_Types].xml" = c(sprintf("<Types xmlns=\"%s/content-types\">", package),
      "<Default Extension=\"rels\" ContentType=\"application/vnd.openxmlformats-package.relationships+xml\"/>",
      "<Default Extension=\"xml\" ContentType=\"application/xml\"/>",
      sprintf("<Override PartName=\"/%s\" ContentType=\"%s\"/>", parts, types), "</Types>"),
    "_rels/.rels" = relationships(
      c(paste0(office, "/officeDocument"), paste0(package, "/relationships/metadata/core-properties")),
      c("xl/workbook.xml", "docProps/core.xml")
    ),
    "xl/_rels/workbook.xml.rels" = relationships(
      paste0(office, "/", c(rep("worksheet", length(files)), "styles", "sharedStrings")),
      c(sub("^xl/", "", files), "styles.xml", "sharedStrings.xml")
    ),
    "docProps/core.xml" = sprintf(paste0(
      "<cp:coreProperties xmlns:cp=\"%s/metadata/core-properties\" xmlns:dcterms=\"http://purl.org/dc/terms/\" ",
      "xmlns:xsi=\"http://www.w3.org/2001/XMLSchema-instance\"><dcterms:created xsi:type=\"dcterms:W3CDTF\">",
      "%d-01-01T00:00:00Z</dcterms:created></cp:coreProperties>"
    ), package, year)
  )
}

#' The attribute that makes an element one of SpreadsheetML
#' @noRd
xlsx_namespace <- "xmlns=\"http://schemas.openxmlformats.org/spreadsheetml/2006/main\""

#' The list of sheets. A sheet with filters needs a name for what is filtered.
#' @noRd
xlsx_workbook <- function(sheets) {
  names <- xml_text(names(sheets))
  filtered <- which(!is.na(vapply(sheets, function(sheet) as.integer(sheet$header), 1L)))
  filters <- vapply(sheets[filtered], function(sheet) {
    sprintf("$A$%d:$%s$%d", sheet$header, xlsx_column(sheet$columns), sheet$rows)
  }, "")
  c(
    sprintf("<workbook %s xmlns:r=\"http://schemas.openxmlformats.org/officeDocument/2006/relationships\"><sheets>",
      xlsx_namespace),
    sprintf("<sheet name=\"%s\" sheetId=\"%d\" r:id=\"rId%d\"/>", names, seq_along(names), seq_along(names)),
    "</sheets>",
    if (length(filtered) > 0L) {
      c("<definedNames>", sprintf(
        "<definedName name=\"_xlnm._FilterDatabase\" localSheetId=\"%d\" hidden=\"1\">'%s'!%s</definedName>",
        filtered - 1L, names[filtered], filters
      ), "</definedNames>")
    },
    "</workbook>"
  )
}

#' A font, a format and a place for each style of `workbook_styles.csv`
#' @noRd
xlsx_styles <- function(styles) {
  count <- nrow(styles)
  own_format <- which(!is.na(styles$format))
  format_id <- integer(count)
  # Below 164 are formats that every program knows.
  format_id[own_format] <- 163L + seq_along(own_format)
  border <- ifelse(is.na(styles$border), 0L, 1L)
  placed <- !is.na(styles$vertical)
  alignment <- ifelse(placed, sprintf("<alignment vertical=\"%s\" wrapText=\"1\"/>", styles$vertical), "")
  font <- function(size) {
    sprintf("<font>%s%s%s<color rgb=\"FF%s\"/>%s</font>", ifelse(is.na(styles$bold), "", "<b/>"),
      ifelse(is.na(styles$italic), "", "<i/>"), if (size) sprintf("<sz val=\"%s\"/>", styles$size) else "",
      styles$colour, if (size) "<name val=\"Calibri\"/><family val=\"2\"/>" else "")
  }
  c(
    sprintf("<styleSheet %s>", xlsx_namespace),
    sprintf("<numFmts count=\"%d\">", length(own_format)),
    sprintf("<numFmt numFmtId=\"%d\" formatCode=\"%s\"/>", format_id[own_format], styles$format[own_format]),
    sprintf("</numFmts><fonts count=\"%d\">", count), font(size = TRUE),
    "</fonts><fills count=\"2\"><fill><patternFill patternType=\"none\"/></fill>",
    "<fill><patternFill patternType=\"gray125\"/></fill></fills>",
    "<borders count=\"2\"><border><left/><right/><top/><bottom/><diagonal/></border><border><left/><right/><top/>",
    "<bottom style=\"thin\"><color rgb=\"FF000000\"/></bottom><diagonal/></border></borders>",
    "<cellStyleXfs count=\"1\"><xf numFmtId=\"0\" fontId=\"0\" fillId=\"0\" borderId=\"0\"/></cellStyleXfs>",
    sprintf("<cellXfs count=\"%d\">", count),
    sprintf(paste0("<xf numFmtId=\"%d\" fontId=\"%d\" fillId=\"0\" borderId=\"%d\" xfId=\"0\" applyNumberFormat=\"1\" ",
      "applyFont=\"1\" applyBorder=\"1\" applyAlignment=\"%d\">%s</xf>"),
      format_id, seq_len(count) - 1L, border, as.integer(placed), alignment),
    "</cellXfs><cellStyles count=\"1\"><cellStyle name=\"Normal\" xfId=\"0\" builtinId=\"0\"/></cellStyles>",
    "<dxfs count=\"1\"><dxf>", font(size = FALSE)[match("count withheld", styles$style)], "</dxf></dxfs></styleSheet>"
  )
}

#' @noRd
xlsx_strings <- function(strings) {
  c(sprintf("<sst %s count=\"%d\" uniqueCount=\"%d\">", xlsx_namespace, length(strings), length(strings)),
    sprintf("<si><t xml:space=\"preserve\">%s</t></si>", xml_text(strings)), "</sst>")
}

#' @param strings The text of all sheets; cells hold its numbers.
#' @param styles The names of the styles, in their order.
#' @param first Whether it is the sheet that is shown first.
#' @noRd
xlsx_worksheet <- function(sheet, strings, styles, first) {
  c(
    sprintf("<worksheet %s><dimension ref=\"A1:%s%d\"/>", xlsx_namespace, xlsx_column(sheet$columns), sheet$rows),
    sprintf("<sheetViews><sheetView%s%s workbookViewId=\"0\">%s</sheetView></sheetViews>",
      if (sheet$grid_lines) "" else " showGridLines=\"0\"", if (first) " tabSelected=\"1\"" else "",
      xlsx_frozen(sheet$frozen)),
    "<sheetFormatPr defaultRowHeight=\"15\"/><cols>",
    # A column is wider than its characters by the margins of a cell.
    sprintf("<col min=\"%d\" max=\"%d\" width=\"%.2f\" customWidth=\"1\"/>", seq_along(sheet$widths),
      seq_along(sheet$widths), sheet$widths + 0.71),
    "</cols><sheetData>", xlsx_rows(sheet$cells, strings, styles), "</sheetData>",
    if (!is.na(sheet$header)) {
      sprintf("<autoFilter ref=\"A%d:%s%d\"/>", sheet$header, xlsx_column(sheet$columns), sheet$rows)
    },
    xlsx_grey(sheet),
    "<pageMargins left=\"0.7\" right=\"0.7\" top=\"0.75\" bottom=\"0.75\" header=\"0.3\" footer=\"0.3\"/>",
    "<pageSetup paperSize=\"1\" orientation=\"landscape\"/></worksheet>"
  )
}

#' @param frozen Rows and columns that stay where they are.
#' @noRd
xlsx_frozen <- function(frozen) {
  rows <- frozen[[1]]
  columns <- frozen[[2]]
  pane <- if (columns > 0L) "bottomRight" else "bottomLeft"
  split <- if (columns > 0L) sprintf(" xSplit=\"%d\"", columns) else ""
  sprintf("<pane%s ySplit=\"%d\" topLeftCell=\"%s%d\" activePane=\"%s\" state=\"frozen\"/><selection pane=\"%s\"/>",
    split, rows, xlsx_column(columns + 1L), rows + 1L, pane, pane)
}

#' Cells in the order of rows and columns
#' @noRd
xlsx_rows <- function(cells, strings, styles) {
  style <- match(cells$style, styles)
  stopifnot(!anyNA(style))
  # Fifteen digits are as many as the programs that read it keep.
  content <- sprintf("><v>%.15g</v></c>", cells$number)
  is_text <- which(!is.na(cells$text))
  content[is_text] <- sprintf(" t=\"s\"><v>%d</v></c>", match(cells$text[is_text], strings) - 1L)
  content[is_text[!nzchar(cells$text[is_text])]] <- "/>"
  written <- paste0("<c r=\"", xlsx_column(seq_len(max(cells$column)))[cells$column], cells$row, "\" s=\"", style - 1L,
    "\"", content)
  begins <- which(!duplicated(cells$row))
  ends <- which(!duplicated(cells$row, fromLast = TRUE))
  written[begins] <- sprintf("<row r=\"%d\">%s", cells$row[begins], written[begins])
  written[ends] <- paste0(written[ends], "</row>")
  written
}

#' @noRd
xlsx_grey <- function(sheet) {
  from <- sheet$header + 1L
  vapply(seq_along(sheet$grey), function(number) {
    block <- sheet$grey[[number]]
    columns <- xlsx_column(block$columns)
    sprintf(paste0("<conditionalFormatting sqref=\"%s%d:%s%d\"><cfRule type=\"expression\" dxfId=\"0\" ",
      "priority=\"%d\"><formula>$%s%d=\"no\"</formula></cfRule></conditionalFormatting>"),
      columns[[1]], from, columns[[2]], max(from, sheet$rows), number, xlsx_column(block$flag), from)
  }, "")
}

#' Put files into a zip, with a date that does not change
#' @noRd
zip_members <- function(folder, members, path, year) {
  # A zip has local times: noon of a day is the same day in most of the world, and in UTC for certain.
  Sys.setFileTime(file.path(folder, members), as.POSIXct(sprintf("%d-01-01 12:00:00", year), tz = "UTC"))
  dir.create(dirname(path), recursive = TRUE, showWarnings = FALSE)
  before <- Sys.getenv("TZ", NA)
  Sys.setenv(TZ = "UTC")
  on.exit(if (is.na(before)) Sys.unsetenv("TZ") else Sys.setenv(TZ = before))
  # The zip is written with `folder` as working directory.
  partial <- file.path(normalizePath(dirname(path)), paste0(basename(path), ".partial"))
  zip::zip(partial, members, root = folder, include_directories = FALSE, compression_level = 6L)
  file.rename(partial, path)
}
