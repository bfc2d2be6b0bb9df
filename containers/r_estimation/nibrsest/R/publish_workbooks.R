#' Write the tables of one geography as a workbook
#'
#' The first sheet explains. Then there are two sheets per table: one with offenses side by side, a number and a
#' percentage each, in which what is not for release is grey and italic; and one with a line per figure and everything
#' that is known of it. The file depends on nothing but its content: dates in it are the first of January of the data
#' year.
#'
#' @param path The file.
#' @param rows Of the geography, all tables, in the order of `cells`: a list of `tables` (see [estimate_tables()]),
#'   `flags` (see [release_flags()]) and `reasons` (see [release_reasons()]).
#' @param place One row, see [published_rows()].
#' @param published See [published_tables()].
#' @param year The data year.
#' @param notice That all is simulated, see [simulated_notice()], or nothing.
#' @noRd
write_workbook <- function(path, rows, place, published, year, notice) {
  cells <- published$cells
  labels <- published$labels
  notices <- c(notice, basis_notice(place$basis))
  # openxlsx makes its methods anew for every sheet: to compile them would take longer than to run them.
  before <- compiler::enableJIT(0L)
  on.exit(compiler::enableJIT(before))
  book <- openxlsx::createWorkbook()
  add_explanation(book, place, unique(labels$full_table), year, notices, length(notice) > 0L)
  for (table in unique(cells$table)) {
    table_cells <- which(cells$table == table & !is.na(labels$indicator))
    title <- sprintf("%s, %d: %s", sub("-", ". ", labels$full_table[[table_cells[[1]]]], fixed = TRUE), year,
      place$description)
    lines <- sheet_lines(published, table, place)
    add_table_sheet(book, table, title, sheet_grid(rows, place, lines, labels), notices)
    add_figures_sheet(book, table, title, figures_of(rows, lines, labels), lines$is_rate[lines$applies], notices)
  }
  book$core <- gsub("(<dcterms:created[^>]*>)[^<]*", sprintf("\\1%d-01-01T00:00:00Z", year), book$core)
  without_drawings(book)
  written <- tempfile(fileext = ".xlsx")
  openxlsx::saveWorkbook(book, written)
  repack(written, path, year)
}

#' Take out what openxlsx writes of drawings that are not there: other readers refuse such files
#' @noRd
without_drawings <- function(book) {
  drawing <- "drawings/(vmlD|d)rawing"
  book$worksheets_rels <- lapply(book$worksheets_rels, function(relations) relations[!grepl(drawing, relations)])
  book$Content_Types <- book$Content_Types[!grepl(drawing, book$Content_Types)]
  for (sheet in book$worksheets) {
    sheet$drawing <- character()
  }
}

#' Say how far a sheet reaches, which readers that take a sheet line by line rely upon
#' @noRd
set_extent <- function(book, name, rows, columns) {
  sheet <- book$worksheets[[match(name, names(book))]]
  sheet$dimension <- sprintf("<dimension ref=\"A1:%s%d\"/>", openxlsx::int2col(columns), as.integer(rows))
}

#' The same members with a date and rights that do not change
#' @noRd
repack <- function(written, path, year) {
  folder <- tempfile("book")
  utils::unzip(written, exdir = folder)
  unlink(written)
  on.exit(unlink(folder, recursive = TRUE))
  members <- list.files(folder, recursive = TRUE, all.files = TRUE)
  members <- members[order(members != "[Content_Types].xml", members, method = "radix")]
  date <- as.POSIXct(sprintf("%d-01-01 12:00:00", year), tz = "UTC")
  # A zip has local times: noon of a day is the same day in most of the world, and in UTC for certain.
  Sys.setFileTime(file.path(folder, members), date)
  Sys.chmod(file.path(folder, members), "0644", use_umask = FALSE)
  dir.create(dirname(path), recursive = TRUE, showWarnings = FALSE)
  before <- Sys.getenv("TZ", NA)
  Sys.setenv(TZ = "UTC")
  on.exit(if (is.na(before)) Sys.unsetenv("TZ") else Sys.setenv(TZ = before), add = TRUE)
  # The zip is written with `folder` as working directory.
  partial <- file.path(normalizePath(dirname(path)), paste0(basename(path), ".partial"))
  zip::zip(partial, members, root = folder, include_directories = FALSE, compression_level = 6L)
  file.rename(partial, path)
}

#' @noRd
put <- function(book, sheet, x, row, column = 1L) {
  openxlsx::writeData(book, sheet, x, startRow = row, startCol = column, colNames = FALSE)
}

#' @noRd
set_style <- function(book, sheet, style, rows, columns) {
  openxlsx::addStyle(book, sheet, style, rows = rows, cols = columns, gridExpand = TRUE, stack = TRUE)
}

#' A sheet with its title, a note, and what has to be read first
#' @noRd
begin_sheet <- function(book, sheet, title, note, notices) {
  openxlsx::addWorksheet(book, sheet, orientation = "landscape", paperSize = 1L)
  put(book, sheet, title, 1L)
  put(book, sheet, paste(c(notices, note), collapse = " "), 2L)
  set_style(book, sheet, openxlsx::createStyle(textDecoration = "bold", fontSize = 13), 1L, 1L)
  if (length(notices) > 0L) {
    set_style(book, sheet, openxlsx::createStyle(textDecoration = "bold", fontColour = "#A33B00"), 2L, 1L)
  }
}

#' The first sheet: what the numbers are, and how to read them
#' @noRd
add_explanation <- function(book, place, tables, year, notices, simulated) {
  sheet <- "Read me"
  glossary <- package_table("glossary.csv")
  numbers <- sub("Table ([^-]*)-.*", "\\1", tables)
  lines <- rbind(
    c(sprintf("NIBRS estimates for %d: %s", year, place$description), ""),
    if (length(notices) > 0L) cbind("Read this first", notices),
    c("What this is", paste0("Offenses known to law enforcement. ", what_numbers_are(place$basis), ".")),
    c("Coverage", coverage_sentence(place)),
    c("", ""), c("Sheets", ""),
    cbind(numbers, sub("^[^-]*-", "", tables)),
    c(paste(numbers[[1]], "figures etc."), paste("the same with a line per figure: standard error, limits of the",
      "95 % interval, whether it is for release and why. Use the filters of the heading.")),
    c("", ""), c("How to read it", ""),
    c("Grey and italic", "Not for release; the reason stands in the sheet of figures. Do not quote it as a finding."),
    c("Empty", "Not applicable, or not known."),
    c("Percent", "Of what the table counts, of the offense; limits can lie outside 0 to 100."),
    c("Variable", "The figure's name in tables.csv and in indicator_tables/, der_variable_name."),
    c("Release", paste("yes if the relative standard error is at most 30 %, or if more than 80 % of the residents are",
      "covered; no in a place most of whose totals are uncertain, or of which one silent agency has more than a tenth",
      "of the residents.")),
    c("", ""), c("Words", ""), cbind(capitalised(glossary$term), glossary$meaning),
    c("", ""), c("Use and citation", ""), cbind("", use_and_citation(year, simulated))
  )
  openxlsx::addWorksheet(book, sheet, orientation = "landscape", paperSize = 1L, gridLines = FALSE)
  put(book, sheet, as.data.frame(lines), 1L)
  heads <- which(!nzchar(lines[, 2]))
  set_style(book, sheet, openxlsx::createStyle(wrapText = TRUE, valign = "top"), seq_len(nrow(lines)), 1:2)
  set_style(book, sheet, openxlsx::createStyle(wrapText = FALSE, textDecoration = "bold", fontSize = 13), heads, 1L)
  if (length(notices) > 0L) {
    set_style(book, sheet, openxlsx::createStyle(textDecoration = "bold", fontColour = "#A33B00"),
      1L + seq_along(notices), 1:2)
  }
  openxlsx::setColWidths(book, sheet, 1:2, c(30, 110))
  openxlsx::freezePane(book, sheet, firstRow = TRUE)
  set_extent(book, sheet, nrow(lines), 2L)
}

#' A table as it is read: rows are what it distinguishes, columns are offenses
#' @param grid See [sheet_grid()].
#' @noRd
add_table_sheet <- function(book, sheet, title, grid, notices) {
  begin_sheet(book, sheet, title, sprintf(
    "Grey italic: not for release. Empty: not applicable. Standard errors, limits and reasons: sheet \"%s figures\".",
    sheet
  ), notices)
  width <- 1L + ncol(grid$values)
  put(book, sheet, t(c("", rbind(grid$offenses, ""))), 4L)
  put(book, sheet, t(c(grid$heading, rep(c("Number", "Percent"), length(grid$offenses)))), 5L)
  put(book, sheet, grid$names, 6L)
  put(book, sheet, grid$values, 6L, 2L)
  head <- openxlsx::createStyle(textDecoration = "bold", wrapText = TRUE, valign = "bottom", border = "bottom")
  set_style(book, sheet, head, 4:5, seq_len(width))
  style_figures(book, sheet, grid)
  openxlsx::setColWidths(book, sheet, 1L, 58)
  openxlsx::setColWidths(book, sheet, 2:width, 12)
  openxlsx::freezePane(book, sheet, firstActiveRow = 6L, firstActiveCol = 2L)
  set_extent(book, sheet, 5L + nrow(grid$values), width)
}

#' A table with a line per figure
#' @param figures See [figures_of()].
#' @param rates Which of them are rates.
#' @noRd
add_figures_sheet <- function(book, table, title, figures, rates, notices) {
  sheet <- paste(table, "figures")
  begin_sheet(book, sheet, paste(title, "(figures)", sep = " "),
    paste("Limits are those of the 95 % interval. Rates are per 100,000 residents, or officers where a line says so.",
      "Grey italic: not for release."), notices)
  last <- 4L + nrow(figures)
  rows <- if (nrow(figures) > 0L) 5:last else integer()
  openxlsx::writeData(book, sheet, figures, startRow = 4L, withFilter = TRUE, headerStyle = openxlsx::createStyle(
    textDecoration = "bold", wrapText = TRUE, valign = "bottom", border = "bottom"))
  number_format(book, sheet, "#,##0", rows[!rates], 5:8)
  number_format(book, sheet, "#,##0.0", rows[rates], 5:8)
  number_format(book, sheet, "0.0", rows, 11:14)
  grey <- openxlsx::createStyle(fontColour = "#6B6B6B", textDecoration = "italic")
  for (block in list(list(columns = 5:10, flag = "I"), list(columns = 11:16, flag = "O"))) {
    openxlsx::conditionalFormatting(book, sheet, cols = block$columns, rows = 5:max(5L, last),
      rule = sprintf("$%s5=\"no\"", block$flag), style = grey)
  }
  openxlsx::setColWidths(book, sheet, 1:16, c(30, 30, 30, 15, rep(11, 4), 9, 34, rep(11, 4), 9, 34))
  openxlsx::freezePane(book, sheet, firstActiveRow = 5L, firstActiveCol = 2L)
  set_extent(book, sheet, last, ncol(figures))
}

#' @noRd
number_format <- function(book, sheet, format, rows, columns) {
  if (length(rows) > 0L) {
    openxlsx::addStyle(book, sheet, openxlsx::createStyle(numFmt = format), rows, columns, gridExpand = TRUE)
  }
}

#' Each figure has one style, by what it is and whether it is for release: stacks of styles take long to write
#' @noRd
style_figures <- function(book, sheet, grid) {
  number <- ifelse(col(grid$values) %% 2L == 1L, "#,##0", "0.0")
  number[grid$rates, ] <- "#,##0.0"
  for (format in unique(as.vector(number))) {
    for (withheld in c(FALSE, TRUE)) {
      at <- which(number == format & grid$withheld == withheld & !is.na(grid$values), arr.ind = TRUE)
      if (nrow(at) > 0L) {
        how <- openxlsx::createStyle(numFmt = format, fontColour = if (withheld) "#6B6B6B",
          textDecoration = if (withheld) "italic")
        openxlsx::addStyle(book, sheet, how, rows = 5L + at[, 1], cols = 1L + at[, 2])
      }
    }
  }
}

#' @noRd
coverage_sentence <- function(place) {
  # How many residents there are is not known of groups and types of agencies that are no universe.
  lives <- if (is.na(place$coverage)) "" else sprintf("; %s of the residents live there", percent(place$coverage, 1))
  sprintf("%s of %s agencies are respondents%s.", count(place$respondents), count(place$agencies), lives)
}

#' @noRd
what_numbers_are <- function(basis) {
  switch(basis,
    estimate = "Estimated for all eligible agencies",
    residents = "Raised to all residents from the agencies that report",
    "Counted by the agencies that report"
  )
}

#' The lines of a table's sheets: counts, with their percentages, and rates
#'
#' @return A data.table in the order of columns and rows: `variable`, `cell` (number of the cell in
#'   `published$cells`), `row`, `column`, `is_rate`, `times` (what counts are multiplied by), `applies`, `label` and
#'   `category`.
#' @noRd
sheet_lines <- function(published, table, place) {
  statistics <- published$statistics
  in_table <- which(statistics$table == table & statistics$kind != 2L)
  lines <- statistics[in_table, ]
  cell <- match(lines$cell, published$cells$cell)
  population <- published$populations[match(lines$population, published$populations$population), ]
  is_rate <- lines$kind == 3L
  lines <- data.table::data.table(
    variable = lines$variable, cell = cell, row = lines$row, column = lines$column, is_rate = is_rate,
    times = ifelse(is_rate, per_100000(place, population$column), 1), applies = published$cells$applies[cell],
    label = ifelse(lines$own_row, published$labels$domain_1[cell], population$label),
    category = ifelse(lines$own_row, published$labels$domain_2[cell], "")
  )
  lines[order(match(lines$column, unique(published$cells$column)), lines$row), ]
}

#' All figures of a table, a row each, with what is known of them
#'
#' @param rows See [write_workbook()].
#' @param lines See [sheet_lines()].
#' @return A data frame: labels, number or rate with standard error, limits, release and reason, the same of the
#'   percentage, in the order of the lines.
#' @noRd
figures_of <- function(rows, lines, labels) {
  lines <- lines[which(lines$applies), ]
  tables <- rows$tables[lines$cell, ]
  flags <- rows$flags[lines$cell, ]
  reasons <- rows$reasons[lines$cell, ]
  no_number <- lines$is_rate & is.na(tables$estimate * lines$times)
  factor <- interval_factor(tables$degrees_of_freedom)
  numbers <- figure_columns(tables$estimate, tables$standard_error, factor * tables$rmse, lines$times, flags$flag,
    reasons$count, no_number)
  # A rate has no percentage.
  of_count <- function(x) ifelse(lines$is_rate, NA, x)
  shares <- figure_columns(of_count(tables$percentage), of_count(tables$percentage_error),
    of_count(factor * tables$percentage_rmse), 1, flags$flag_percentage, reasons$percentage, lines$is_rate)
  names(shares) <- paste(names(shares), "(percent)")
  names(shares)[[1]] <- "Percent"
  cbind(
    data.frame(Offense = labels$indicator[lines$cell], Characteristic = lines$label, Category = lines$category,
      Variable = lines$variable), numbers, shares
  )
}

#' What is known of a number, a rate or a percentage
#'
#' @param half How far the limits are away.
#' @param times What it is multiplied by.
#' @param nothing Where neither release nor reason are told.
#' @noRd
figure_columns <- function(estimate, error, half, times, flag, reason, nothing) {
  release <- ifelse(is.na(flag) | is.na(estimate), NA, ifelse(flag == 1L, "no", "yes"))
  data.frame(
    "Number or rate" = estimate * times, "Standard error" = error * times,
    "Lower limit" = pmax(0, estimate - half) * times, "Upper limit" = (estimate + half) * times,
    Release = ifelse(nothing, NA, release), Reason = ifelse(nothing, NA, reason), check.names = FALSE
  )
}

#' Figures of a sheet: a row per row of the table, two columns per offense
#'
#' @param rows See [write_workbook()].
#' @param lines See [sheet_lines()].
#' @noRd
sheet_grid <- function(rows, place, lines, labels) {
  columns <- unique(lines$column)
  table_rows <- sort(unique(lines$row))
  tables <- rows$tables[lines$cell, ]
  flags <- rows$flags[lines$cell, ]
  values <- matrix(NA_real_, length(table_rows), 2L * length(columns))
  withheld <- matrix(FALSE, nrow(values), ncol(values))
  numbers <- cbind(match(lines$row, table_rows), 2L * match(lines$column, columns) - 1L)
  shares <- cbind(numbers[, 1], numbers[, 2] + 1L)
  values[numbers] <- ifelse(lines$applies, tables$estimate * lines$times, NA)
  values[shares] <- ifelse(lines$applies & !lines$is_rate, tables$percentage, NA)
  withheld[numbers] <- flags$flag %in% 1L
  withheld[shares] <- flags$flag_percentage %in% 1L & !is.na(values[shares])
  of_row <- match(table_rows, lines$row)
  names <- lines$label[of_row]
  second <- lines$category[of_row]
  list(names = ifelse(nzchar(second), paste0(names, ": ", second), names), values = values,
    withheld = withheld, rates = which(lines$is_rate[of_row]),
    offenses = labels$indicator[lines$cell[match(columns, lines$column)]], heading = what_numbers_are(place$basis))
}
