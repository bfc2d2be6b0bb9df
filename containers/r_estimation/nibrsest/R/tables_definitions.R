#' The published tables, as data
#'
#' The CSV files of `inst/extdata/tables` say everything about a table: what it counts (`tables.csv`), its columns and
#' the offense codes of each (`columns.csv`), its rows as sections of a characteristic with the denominator of
#' percentages (`sections.csv`), the categories (`characteristics.csv`, `categories.csv`) and which
#' codes fall into them (`recodes.csv`), and the offenses that are counted otherwise (`exceptions.csv`).
#'
#' @return A list of data.tables with these names.
#' @references METHOD, sections 7.1 and 8.4.
#' @export
table_definitions <- function() {
  names <- c("tables", "columns", "sections", "characteristics", "categories", "recodes", "exceptions")
  found <- stats::setNames(lapply(names, function(name) package_table(sprintf("tables/%s.csv", name))), names)
  numbers <- list(columns = "column", sections = c("section", "first_row", "last_row"),
    categories = "category", recodes = "category", characteristics = "absent")
  for (name in names(numbers)) {
    for (column in numbers[[name]]) {
      data.table::set(found[[name]], NULL, column, as.integer(found[[name]][[column]]))
    }
  }
  found
}

#' @noRd
words <- function(text) if (is.na(text)) character() else strsplit(text, " ", fixed = TRUE)[[1]]

#' The columns of a table
#' @noRd
columns_of <- function(definitions, table) {
  mine <- vapply(definitions$columns$tables, function(tables) table %in% words(tables), logical(1))
  definitions$columns[which(mine), ]
}

#' Every cell of the published tables
#'
#' @param definitions See [table_definitions()].
#' @return A data.table, a row per table, row and column: `cell` (`t_<table>_<section>_<row>_<column>`), `table`,
#'   `section`, `row`, `column`, `characteristic` and `category` (missing in rows that count everything),
#'   `denominator` (rows of the same column whose sum percentages divide by, separated by blanks; empty where there
#'   is no percentage), `applies` (FALSE where the statistic has no meaning).
#' @references METHOD, section 8.4.
#' @export
table_cells <- function(definitions = table_definitions()) {
  made <- lapply(seq_len(nrow(definitions$sections)), function(at) {
    section <- definitions$sections[at, ]
    rows <- seq.int(section$first_row, section$last_row)
    columns <- columns_of(definitions, section$table)$column
    cells <- data.table::CJ(row = rows, column = columns)
    data.table::data.table(
      table = section$table, section = section$section, row = cells$row, column = cells$column,
      characteristic = section$characteristic, category = cells$row - section$first_row + 1L,
      denominator = denominator_rows(section), applies = !as.character(cells$column) %in% words(section$not_applicable)
    )
  })
  cells <- data.table::rbindlist(made)
  data.table::set(cells, NULL, "cell", sprintf("t_%s_%d_%d_%d", cells$table, cells$section, cells$row, cells$column))
  data.table::setcolorder(cells, "cell")
  cells[]
}

#' @noRd
denominator_rows <- function(section) {
  given <- section$denominator
  if (is.na(given)) {
    return("")
  }
  if (given == "own") {
    return(paste(seq.int(section$first_row, section$last_row), collapse = " "))
  }
  sub("^row ", "", given)
}

#' What a row of a table is called
#' @noRd
row_labels <- function(definitions, characteristic, category) {
  titles <- definitions$characteristics
  labels <- definitions$categories
  paste0(titles$title[match(characteristic, titles$characteristic)], ": ",
    labels$label[match(paste(characteristic, category), paste(labels$characteristic, labels$category))])
}
