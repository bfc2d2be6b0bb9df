#' The published tables, as data
#'
#' The CSV files of `inst/extdata/tables` say everything about a table: what it counts (`tables.csv`), how these units
#' belong to each other (`units.csv`), its columns and the offense codes of each (`columns.csv`), its rows as sections
#' of a characteristic with the statistics that are published of them (`sections.csv`), what rates are over
#' (`populations.csv`), the characteristics and their categories (`characteristics.csv`, `categories.csv`) and which
#' codes fall into them (`recodes.csv`), and the offenses that are counted otherwise (`exceptions.csv`), and
#' which tables are estimated together (`groups.csv`). A
#' characteristic can be a pair of two others; its categories are then every one of the first with every one of the
#' second.
#'
#' @param folder Folder of the CSV files; that of the package by default.
#' @return A list of data.tables with these names. Definitions that contradict each other are an error that names the
#'   file, the line's key and what it has to be.
#' @references METHOD, sections 7.1 and 8.4.
#' @examples
#' table_definitions()$tables
#' @export
table_definitions <- function(folder = NULL) {
  integers <- list(
    tables = character(), units = character(), columns = "column", sections = c("section", "first_row", "last_row"),
    characteristics = "absent", categories = "category", recodes = "category", exceptions = character(),
    populations = character(), groups = character()
  )
  definitions <- lapply(stats::setNames(nm = names(integers)), function(name) {
    table <- if (is.null(folder)) {
      package_table(sprintf("tables/%s.csv", name))
    } else {
      package_table(sprintf("%s.csv", name), folder)
    }
    for (column in integers[[name]]) {
      data.table::set(table, NULL, column, as.integer(table[[column]]))
    }
    table
  })
  definitions$categories <- data.table::rbindlist(list(definitions$categories, pair_categories(definitions)))
  check_definitions(definitions)
  definitions
}

#' The categories of pairs of characteristics: every one of the first with every one of the second
#' @noRd
pair_categories <- function(definitions) {
  known <- definitions$categories
  pairs <- which(!is.na(definitions$characteristics$pair))
  data.table::rbindlist(lapply(pairs, function(number) {
    both <- words(definitions$characteristics$pair[[number]])
    first <- known$label[known$characteristic == both[[1]]]
    second <- known$label[known$characteristic == both[[2]]]
    data.table::data.table(
      characteristic = definitions$characteristics$characteristic[[number]],
      category = seq_len(length(first) * length(second)),
      label = paste(rep(first, each = length(second)), second, sep = ", "), population = NA_character_
    )
  }))
}

#' Words of each text, separated by blanks; none of a missing one
#' @noRd
words <- function(text) if (is.na(text)) character() else strsplit(text, " ", fixed = TRUE)[[1]]

#' Whether a word is among the words of each text
#' @noRd
has_word <- function(texts, word) vapply(texts, function(text) word %in% words(text), TRUE, USE.NAMES = FALSE)

#' The columns of a table
#' @noRd
columns_of <- function(definitions, table) {
  definitions$columns[which(has_word(definitions$columns$tables, table)), ]
}

#' The tables of each group of tables; `offense_codes` stands for the estimates by offense code
#'
#' A group's counts lie in one matrix, and one task estimates them for a group of geographies.
#' @return A list, named by group, of names of tables.
#' @noRd
table_groups <- function(definitions = table_definitions()) {
  stats::setNames(lapply(definitions$groups$tables, words), definitions$groups$table_group)
}

#' The sections that are counted; the others have rates of rows that are
#' @noRd
counted_sections <- function(definitions) definitions$sections[which(is.na(definitions$sections$rate_of)), ]

#' Every cell that is counted for the published tables
#'
#' @param definitions See [table_definitions()].
#' @return A data.table, a row per table, row and column: `cell` (`t_<table>_<section>_<row>_<column>`), `table`,
#'   `section`, `row`, `column`, `characteristic` and `category` (missing in rows that count everything),
#'   `denominator` (rows of the same column whose sum percentages divide by, separated by blanks; empty where there
#'   is no percentage), `total` (TRUE in rows that count what the table is of, by which a geography is judged),
#'   `applies` (FALSE where the statistic has no meaning). What is published of each cell says [table_statistics()].
#' @references METHOD, section 8.4.
#' @examples
#' table_cells()
#' @export
table_cells <- function(definitions = table_definitions()) {
  sections <- counted_sections(definitions)
  cells <- cells_of(sections, definitions)
  section <- sections[cells$line, ]
  without <- lapply(sections$not_applicable, words)
  not_applicable <- paste(rep(seq_along(without), lengths(without)), unlist(without))
  data.table::data.table(
    cell = cells$variable, table = cells$table, section = cells$section, row = cells$row, column = cells$column,
    characteristic = section$characteristic, category = cells$row - section$first_row + 1L,
    denominator = denominator_rows(sections)[cells$line], total = section$total %in% "yes",
    applies = !paste(cells$line, cells$column) %in% not_applicable
  )
}

#' Every statistic that is published of the cells
#'
#' @param definitions See [table_definitions()].
#' @return A data.table, a row per table, row, column and kind of statistic: `variable` (its published name,
#'   `t_<table>_<section>_<row>_<column>`), `table`, `section`, `row`, `column`, `kind` (1 count, 2 percentage,
#'   3 rate), `cell` (that it is of, see [table_cells()]), `population` (that a rate is over, see `populations.csv`),
#'   `own_row` (FALSE for a rate of the cell of another row).
#' @references METHOD, sections 8.3 and 8.4.
#' @examples
#' table_statistics()
#' @export
table_statistics <- function(definitions = table_definitions()) {
  sections <- definitions$sections
  lines <- cells_of(sections, definitions)
  section <- sections[lines$line, ]
  position <- lines$row - section$first_row
  counted_row <- ifelse(is.na(section$rate_of), lines$row, as.integer(sub("^row ", "", section$rate_of)) + position)
  cells <- table_cells(definitions)
  of_cell <- match(paste(lines$table, counted_row, lines$column), paste(cells$table, cells$row, cells$column))
  statistics <- data.table::data.table(
    lines[, c("variable", "table", "section", "row", "column")], kind = NA_integer_, cell = cells$cell[of_cell],
    population = populations_of(section, position + 1L, definitions), own_row = is.na(section$rate_of)
  )
  data.table::rbindlist(lapply(seq_along(statistic_kinds), function(kind) {
    with_kind <- has_word(sections$statistics, statistic_kinds[[kind]])
    of_kind <- statistics[with_kind[lines$line], ]
    data.table::set(of_kind, NULL, "kind", kind)
    of_kind
  }))
}

#' What can be published of a cell, in the order of `estimate_type_num`
#' @noRd
statistic_kinds <- c("count", "percentage", "rate")

#' A row per row and column of sections
#'
#' @return A data.table: `variable`, `table`, `section`, `row`, `column`, and `line`, the number of the section in
#'   `sections`.
#' @noRd
cells_of <- function(sections, definitions) {
  rows <- sections$last_row - sections$first_row + 1L
  by_row <- data.table::data.table(line = rep(seq_along(rows), rows), row = sequence(rows, sections$first_row))
  columns <- data.table::rbindlist(lapply(unique(sections$table), function(name) {
    data.table::data.table(table = name, column = columns_of(definitions, name)$column)
  }))
  data.table::set(by_row, NULL, c("table", "section"), sections[by_row$line, c("table", "section")])
  cells <- columns[by_row, on = "table", allow.cartesian = TRUE]
  variable <- sprintf("t_%s_%d_%d_%d", cells$table, cells$section, cells$row, cells$column)
  cbind(variable = variable, cells[, c("table", "section", "row", "column", "line")])
}

#' The populations that a section's rates are over: one, or each category's own
#' @noRd
populations_of <- function(section, category, definitions) {
  known <- definitions$categories
  own <- known$population[match(paste(section$characteristic, category), paste(known$characteristic, known$category))]
  ifelse(section$population == "own", own, section$population)
}

#' The rows that percentages of a section divide by, separated by blanks
#' @noRd
denominator_rows <- function(sections) {
  own <- mapply(function(first, last) paste(seq.int(first, last), collapse = " "), sections$first_row,
    sections$last_row)
  given <- sections$denominator
  ifelse(is.na(given), "", ifelse(given == "own", own, sub("^row ", "", given)))
}

#' What a row of a table is called
#' @noRd
row_labels <- function(definitions, characteristic, category) {
  titles <- definitions$characteristics
  labels <- definitions$categories
  paste0(titles$title[match(characteristic, titles$characteristic)], ": ",
    labels$label[match(paste(characteristic, category), paste(labels$characteristic, labels$category))])
}
