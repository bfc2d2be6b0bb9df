#' Write the tables of one geography as a workbook, a sheet per table
#'
#' Rows are what the tables distinguish, columns are offenses with a count and a percentage each. What is not for
#' release is grey and italic. The file depends on nothing but its content: dates in it are the first of January of
#' the data year.
#'
#' @param path The file.
#' @param rows Of the geography, all tables, in the order of `cells`: see [estimate_tables()] and [release_flags()].
#' @param place One row, see [published_rows()].
#' @param cells,labels See [published_rows()].
#' @param year The data year.
#' @noRd
write_workbook <- function(path, rows, flags, place, cells, labels, year) {
  book <- openxlsx::createWorkbook()
  for (table in unique(cells$table)) {
    here <- which(cells$table == table & !is.na(labels$indicator))
    add_sheet(book, table, rows[here, ], flags[here, ], place, cells[here, ], labels[here, ], year)
  }
  book$core <- gsub("(<dcterms:created[^>]*>)[^<]*", sprintf("\\1%d-01-01T00:00:00Z", year), book$core)
  made <- tempfile(fileext = ".xlsx")
  openxlsx::saveWorkbook(book, made)
  repack(made, path, year)
}

#' The same members with a date that does not change
#' @noRd
repack <- function(made, path, year) {
  folder <- tempfile("book")
  utils::unzip(made, exdir = folder)
  unlink(made)
  on.exit(unlink(folder, recursive = TRUE))
  members <- list.files(folder, recursive = TRUE, all.files = TRUE)
  members <- members[order(members != "[Content_Types].xml", members, method = "radix")]
  date <- as.POSIXct(sprintf("%d-01-01 12:00:00", year), tz = "UTC")
  # A zip has local times: noon of a day is the same day in most of the world, and in UTC for certain.
  Sys.setFileTime(file.path(folder, members), date)
  dir.create(dirname(path), recursive = TRUE, showWarnings = FALSE)
  before <- Sys.getenv("TZ", NA)
  Sys.setenv(TZ = "UTC")
  on.exit(if (is.na(before)) Sys.unsetenv("TZ") else Sys.setenv(TZ = before), add = TRUE)
  # The zip is written with `folder` as working directory.
  partial <- file.path(normalizePath(dirname(path)), paste0(basename(path), ".partial"))
  zip::zip(partial, members, root = folder, include_directories = FALSE)
  file.rename(partial, path)
}

#' @noRd
add_sheet <- function(book, table, rows, flags, place, cells, labels, year) {
  openxlsx::addWorksheet(book, table)
  put <- function(x, row, column = 1L) {
    openxlsx::writeData(book, table, x, startRow = row, startCol = column, colNames = FALSE)
  }
  style <- function(how, at, columns) {
    openxlsx::addStyle(book, table, how, rows = at, cols = columns, gridExpand = TRUE)
  }
  bold <- openxlsx::createStyle(textDecoration = "bold")
  head <- openxlsx::createStyle(textDecoration = "bold", wrapText = TRUE, valign = "bottom", border = "bottom")
  put(sprintf("%s, %d: %s", gsub("-", ". ", labels$full_table[[1]], fixed = TRUE), year, place$description), 1L)
  put(workbook_note(place), 2L)
  columns <- unique(cells$column)
  width <- 1L + 2L * length(columns)
  named <- labels$indicator[match(columns, cells$column)]
  put(t(c("", rbind(named, ""))), 4L)
  put(t(c("Estimated for all eligible agencies", rep(c("Number", "Percent"), length(columns)))), 5L)
  grid <- sheet_grid(rows, flags, place, cells, labels, columns)
  put(grid$names, 6L)
  put(grid$values, 6L, 2L)
  style(bold, 1L, 1L)
  style(head, 4:5, seq_len(width))
  style_figures(book, table, grid)
  openxlsx::setColWidths(book, table, 1L, 58)
  openxlsx::setColWidths(book, table, 2:width, 12)
  openxlsx::freezePane(book, table, firstActiveRow = 6L, firstActiveCol = 2L)
}

#' Each figure has one style, by what it is and whether it is for release: stacks of styles take long to write
#' @noRd
style_figures <- function(book, table, grid) {
  number <- ifelse(col(grid$values) %% 2L == 1L, "#,##0", "0.0")
  number[grid$rates, ] <- "#,##0.0"
  for (format in unique(as.vector(number))) {
    for (withheld in c(FALSE, TRUE)) {
      at <- which(number == format & grid$withheld == withheld & !is.na(grid$values), arr.ind = TRUE)
      if (nrow(at) > 0L) {
        how <- openxlsx::createStyle(numFmt = format, fontColour = if (withheld) "#6B6B6B",
          textDecoration = if (withheld) "italic")
        openxlsx::addStyle(book, table, how, rows = 5L + at[, 1], cols = 1L + at[, 2])
      }
    }
  }
}

#' @noRd
workbook_note <- function(place) {
  if (place$basis != "estimate") {
    return(sprintf(paste(
      "No estimate and not for release: %s. %s agencies report. README.md says why."
    ), if (place$basis == "counts") "counts of the agencies that reported" else "raised by residents, without Return A",
    format(place$respondents, big.mark = ",")))
  }
  sprintf(paste(
    "Grey italic figures are not for release (large relative error, or low coverage). Empty: not applicable.",
    "%s of %s agencies report, %.0f %% of residents. Standard errors and limits are in the CSV files."
  ), format(place$respondents, big.mark = ","), format(place$agencies, big.mark = ","), 100 * place$coverage)
}

#' Figures of a sheet: a row per row of the table, two columns per offense
#' @noRd
sheet_grid <- function(rows, flags, place, cells, labels, columns) {
  whole <- is_level_one(cells)
  per_100000 <- if (place$population > 0) 1e5 / place$population else NA
  lines <- unique(c(cells$row, cells$row[whole] + 1L))
  lines <- lines[order(lines)]
  values <- matrix(NA_real_, length(lines), 2L * length(columns))
  withheld <- matrix(FALSE, nrow(values), ncol(values))
  at <- cbind(match(cells$row, lines), 2L * match(cells$column, columns) - 1L)
  shares <- cbind(at[, 1], at[, 2] + 1L)
  rate_at <- cbind(match(cells$row[whole] + 1L, lines), at[whole, 2])
  values[at] <- ifelse(cells$applies, rows$estimate, NA)
  values[shares] <- ifelse(cells$applies, rows$percentage, NA)
  values[rate_at] <- rows$estimate[whole] * per_100000
  withheld[at] <- flags$flag %in% 1L
  withheld[shares] <- flags$flag_percentage %in% 1L & !is.na(rows$percentage)
  withheld[rate_at] <- flags$flag[whole] %in% 1L
  names <- labels$domain_1[match(lines, cells$row)]
  second <- labels$domain_2[match(lines, cells$row)]
  rates <- unique(rate_at[, 1])
  names[rates] <- "Rate per 100,000 residents"
  second[rates] <- ""
  list(names = ifelse(nzchar(second), paste0(names, ": ", second), names), values = values,
    withheld = withheld, rates = rates)
}
