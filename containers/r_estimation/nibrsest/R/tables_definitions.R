#' The published tables, as data
#'
#' The CSV files of `inst/extdata/tables` say everything about a table: what it counts (`tables.csv`), how these units
#' belong to each other (`units.csv`), its columns and the offense codes of each (`columns.csv`), its rows as sections
#' of a characteristic with the statistics that are published of them (`sections.csv`), what rates are over
#' (`populations.csv`), the characteristics and their categories (`characteristics.csv`, `categories.csv`) and which
#' codes fall into them (`recodes.csv`), and the offenses that are counted otherwise (`exceptions.csv`). A
#' characteristic can be a pair of two others; its categories are then every one of the first with every one of the
#' second.
#'
#' @param folder Folder of the CSV files; that of the package by default.
#' @return A list of data.tables with these names. Definitions that contradict each other are an error that names the
#'   file, the line's key and what it has to be.
#' @references METHOD, sections 7.1 and 8.4.
#' @export
table_definitions <- function(folder = NULL) {
  integers <- list(
    tables = character(), units = character(), columns = "column", sections = c("section", "first_row", "last_row"),
    characteristics = "absent", categories = "category", recodes = "category", exceptions = character(),
    populations = character()
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
#' @export
table_cells <- function(definitions = table_definitions()) {
  cells <- by_section(counted_sections(definitions), definitions, function(section, row, column) {
    data.table::data.table(
      characteristic = section$characteristic, category = row - section$first_row + 1L,
      denominator = denominator_rows(section), total = section$total %in% "yes",
      applies = !as.character(column) %in% words(section$not_applicable)
    )
  })
  data.table::setnames(cells, "variable", "cell")
  data.table::setcolorder(cells, "cell")
  cells[]
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
  by_kind <- lapply(seq_along(statistic_kinds), function(kind) {
    with_kind <- sections[which(has_word(sections$statistics, statistic_kinds[[kind]])), ]
    by_section(with_kind, definitions, function(section, row, column) {
      data.table::data.table(
        kind = kind, counted_row = counted_rows(section, row),
        population = if (kind == 3L) populations_of(section, row, definitions) else NA_character_,
        own_row = is.na(section$rate_of)
      )
    })
  })
  statistics <- data.table::rbindlist(by_kind)
  cells <- table_cells(definitions)
  place_in_table <- function(table, row, column) paste(table, row, column)
  of_cell <- match(place_in_table(statistics$table, statistics$counted_row, statistics$column),
    place_in_table(cells$table, cells$row, cells$column))
  data.table::set(statistics, NULL, "cell", cells$cell[of_cell])
  data.table::set(statistics, NULL, "counted_row", NULL)
  statistics[]
}

#' What can be published of a cell, in the order of `estimate_type_num`
#' @noRd
statistic_kinds <- c("count", "percentage", "rate")

#' A row per row and column of sections, with what `describe` says of them
#'
#' @param describe A function of a section, its rows and columns; gives a data.table.
#' @noRd
by_section <- function(sections, definitions, describe) {
  data.table::rbindlist(lapply(seq_len(nrow(sections)), function(number) {
    section <- sections[number, ]
    cells <- data.table::CJ(row = seq.int(section$first_row, section$last_row),
      column = columns_of(definitions, section$table)$column)
    cbind(
      data.table::data.table(
        variable = sprintf("t_%s_%d_%d_%d", section$table, section$section, cells$row, cells$column),
        table = section$table, section = section$section, row = cells$row, column = cells$column
      ),
      describe(section, cells$row, cells$column)
    )
  }))
}

#' The rows whose cells the statistics of a section's rows are of
#' @noRd
counted_rows <- function(section, row) {
  if (is.na(section$rate_of)) row else as.integer(sub("^row ", "", section$rate_of)) + row - section$first_row
}

#' The populations that a section's rates are over: one, or each category's own
#' @noRd
populations_of <- function(section, row, definitions) {
  if (section$population != "own") {
    return(rep(section$population, length(row)))
  }
  category <- paste(section$characteristic, row - section$first_row + 1L)
  known <- definitions$categories
  known$population[match(category, paste(known$characteristic, known$category))]
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
