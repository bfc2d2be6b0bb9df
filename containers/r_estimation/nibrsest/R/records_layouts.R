#' Find out which published layout a zip has
#'
#' The tables in `inst/extdata/layouts` are those that the importer reads (`code_tables/layouts`); a test
#' holds them equal.
#'
#' @param zip Path of a published zip of a state-year.
#' @return A list: `zip`, `number` (1, 2 or 3), `members` (path within the zip of each table), `sources` (a named
#'   list per table: the file's column of each of the table's columns), `values` (meanings of written values),
#'   `unpacked` (see [unpack_small()]), `codes` (an environment: code tables that have been read).
#' @noRd
open_published_zip <- function(zip) {
  if (!file.exists(zip)) {
    stop(zip, " does not exist; put the zip there, or set EXTERNAL_FILE_PATH to the folder it lies in", call. = FALSE)
  }
  names <- suppressWarnings(system2("unzip", c("-Z1", shQuote(zip)), stdout = TRUE, stderr = FALSE))
  if (!is.null(attr(names, "status"))) {
    stop(zip, " is not a sound zip; fetch or extract the zip again", call. = FALSE)
  }
  stems <- tolower(tools::file_path_sans_ext(basename(names)))
  known <- package_table("layouts/layouts.csv")
  unpacked <- unpack_small(zip)
  for (number in seq_len(nrow(known))) {
    if (has_layout(zip, known[number, ], names, stems, unpacked)) {
      described <- described_zip(zip, known$layout[[number]], names, stems)
      return(c(described, list(unpacked = unpacked, codes = new.env())))
    }
  }
  stop(zip, ": none of the published layouts: there is neither cde_agencies.csv (layout 1) nor agencies.csv with ",
    "NIBRS_OFFENSE.csv (layouts 2 and 3)", call. = FALSE)
}

#' @noRd
has_layout <- function(zip, layout, names, stems, unpacked) {
  if (!layout$has_file %in% stems) {
    return(FALSE)
  }
  if (is.na(layout$has_column_table)) {
    return(TRUE)
  }
  if (!layout$has_column_table %in% stems) {
    return(FALSE)
  }
  name <- names[[match(layout$has_column_table, stems)]]
  path <- unpacked_member(unpacked, name)
  if (is.null(path)) {
    path <- extract_member(zip, name)
    on.exit(unlink(dirname(path), recursive = TRUE))
  }
  layout$has_column %in% tolower(member_columns(path))
}

#' @noRd
described_zip <- function(zip, number, names, stems) {
  of_layout <- function(name) {
    rows <- package_table(file.path("layouts", name))
    written <- rows[[paste0("layout_", number)]]
    in_layout <- which(!is.na(written))
    cbind(rows[in_layout, ], source = written[in_layout])
  }
  files <- of_layout("tables.csv")
  columns <- of_layout("columns.csv")
  values <- package_table("layouts/values.csv")
  of_number <- which(values$layout == number)
  list(
    zip = zip, number = as.integer(number),
    members = stats::setNames(names[match(files$source, stems)], files$table),
    sources = split(stats::setNames(columns$source, columns$column), columns$table),
    values = values[of_number, ]
  )
}

#' Read a table of a published zip under the database's names
#'
#' @param opened See [open_published_zip()].
#' @param table Name of the database's table.
#' @param columns Columns to read, named vector of types.
#' @return A data.table with exactly these columns.
#' @noRd
read_published <- function(opened, table, columns) {
  member <- opened$members[table]
  if (is.na(member)) {
    stop(opened$zip, " has no file for ", table, "; fetch or extract the zip again", call. = FALSE)
  }
  sources <- opened$sources[[table]][names(columns)]
  rows <- read_member(opened$zip, member, stats::setNames(columns, tolower(sources)), opened$unpacked)
  data.table::setnames(rows, names(columns))
  for (column in names(columns)) {
    for (value in which(opened$values$table == table & opened$values$column == column)) {
      data.table::set(rows, which(rows[[column]] == opened$values$value[[value]]), column,
        opened$values$meaning[[value]])
    }
  }
  rows
}
