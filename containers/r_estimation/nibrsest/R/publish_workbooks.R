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
  sheets <- list("Read me" = explanation_sheet(place, unique(labels$full_table), year, notices, length(notice) > 0L))
  for (table in unique(cells$table)) {
    table_cells <- which(cells$table == table & !is.na(labels$indicator))
    title <- sprintf("%s, %d: %s", sub("-", ". ", labels$full_table[[table_cells[[1]]]], fixed = TRUE), year,
      place$description)
    lines <- sheet_lines(published, table, place)
    figures <- paste(table, "figures")
    sheets[[table]] <- table_sheet(figures, title, sheet_grid(rows, place, lines, labels), notices)
    sheets[[figures]] <- figures_sheet(title, figures_of(rows, lines, labels), lines$is_rate[lines$applies], notices)
  }
  write_xlsx(path, sheets, year)
}

#' A sheet's title and, below it, what has to be read first
#' @noRd
sheet_title <- function(title, note, notices) {
  note <- paste(c(notices, note), collapse = " ")
  list(xlsx_cells(title, 1L, style = "title"),
    xlsx_cells(note, 2L, style = if (length(notices) > 0L) "notice" else "plain"))
}

#' The first sheet: what the numbers are, and how to read them
#' @noRd
explanation_sheet <- function(place, tables, year, notices, simulated) {
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
  style <- matrix("text", nrow(lines), 2L)
  style[1L + seq_along(notices), ] <- "warning"
  style[!nzchar(lines[, 2]), 1] <- "heading"
  xlsx_sheet(list(xlsx_cells(lines, 1L, style = style)), c(30, 110), c(1L, 0L), grid_lines = FALSE)
}

#' A table as it is read: rows are what it distinguishes, columns are offenses
#' @param figures The name of the sheet with its figures.
#' @param grid See [sheet_grid()].
#' @noRd
table_sheet <- function(figures, title, grid, notices) {
  note <- paste("Grey italic: not for release. Empty: not applicable. Standard errors, limits and reasons: sheet",
    sprintf("\"%s\".", figures))
  number <- ifelse(col(grid$values) %% 2L == 1L, "count", "percent")
  number[grid$rates, ] <- "rate"
  head <- rbind(c("", rbind(grid$offenses, "")), c(grid$heading, rep(c("Number", "Percent"), length(grid$offenses))))
  xlsx_sheet(c(sheet_title(title, note, notices), list(
    xlsx_cells(head, 4L, style = "column"), xlsx_cells(grid$names, 6L),
    xlsx_cells(grid$values, 6L, 2L, ifelse(grid$withheld, paste(number, "withheld"), number))
  )), c(58, rep(12, ncol(grid$values))), c(5L, 1L))
}

#' A table with a line per figure
#' @param figures See [figures_of()].
#' @param rates Which of them are rates.
#' @noRd
figures_sheet <- function(title, figures, rates, notices) {
  style <- matrix("plain", nrow(figures), ncol(figures))
  style[, 5:8] <- ifelse(rates, "rate", "count")
  style[, 11:14] <- "percent"
  note <- "Limits are those of the 95 % interval. Rates are per 100,000 residents. Grey italic: not for release."
  xlsx_sheet(c(sheet_title(paste(title, "(figures)"), note, notices), list(
    xlsx_cells(t(names(figures)), 4L, style = "column"), xlsx_cells(figures, 5L, style = style)
  )), c(30, 30, 30, 15, rep(11, 4), 9, 34, rep(11, 4), 9, 34), c(4L, 1L), header = 4L,
  grey = list(list(columns = c(5L, 10L), flag = 9L), list(columns = c(11L, 16L), flag = 15L)))
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
