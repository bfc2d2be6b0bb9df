#' The published tables, as data
#'
#' The CSV files of `inst/extdata/tables` say everything about a table: what it counts (`tables.csv`), how these units
#' belong to each other (`units.csv`), its columns and the offense codes of each (`columns.csv`), its rows as sections
#' of a characteristic with the statistics that are published of them (`sections.csv`), what rates are over
#' (`populations.csv`), the characteristics and their categories (`characteristics.csv`, `categories.csv`) and which
#' codes fall into them (`recodes.csv`), which ages, sexes, races and ethnicities do (`persons.csv`), the offenses that
#' are counted otherwise (`exceptions.csv`), which groups of persons tables are estimated for (`domains.csv`, see
#' [domains()]), and which tables are estimated together (`groups.csv`)
#' and are `booked`: in workbooks and the file of all numbers.
#'
#' * A table with `cells_of` counts nothing: its counts and rates are of the cells of that table.
#' * `codes_of` a table is `arrest` where a person counts by the offense of the arrest, not by those of the incident; a
#'   characteristic and its categories where only offenses count that are in these, such as those with a firearm.
#' * A line of `sections.csv` may be of several tables, and of some `categories` of its characteristic, from one to
#'   another; `title` is what the published rows are called there. Its rows count by the lines of `columns.csv` that
#'   `columns` names, if not by the table's own.
#' * The level of a characteristic is the unit that has it, or several; `person` is any unit that is a person. A
#'   characteristic can be a `pair` of two others; its categories are then every one of the first with every one of the
#'   second. One that is `like` another has its codes and categories. Of several records the `highest`, `lowest` or
#'   `first` category `wins`, or all count; `within` are those that only records of the column's own offenses give.
#'   Records that a characteristic is told of may be those `only` that are in categories of another. What depends on
#'   items that are `imputed` is counted anew by every imputation.
#' * A line of `columns.csv` may be of several columns, from one to another. Offense codes may be `*`, all, and `-09C`,
#'   all but that; `only` is `car_jacking`, `arrest` if the offense of the arrest decides in this column, or a
#'   characteristic and the categories in which a unit has to be.
#'
#' @param folder Folder of the CSV files; that of the package by default.
#' @return A list of data.tables with these names. Definitions that contradict each other are an error that names the
#'   file, the line's key and what it has to be.
#' @references METHOD, sections 7.1 and 8.4.
#' @examples
#' table_definitions()$tables
#' @export
table_definitions <- function(folder = NULL) {
  if (!is.null(folder)) {
    return(read_definitions(folder))
  }
  if (is.null(tables_read$definitions)) {
    assign("definitions", read_definitions(NULL), envir = tables_read)
  }
  lapply(tables_read$definitions, data.table::copy)
}

#' The same, read and checked each time
#' @noRd
read_definitions <- function(folder) {
  integers <- list(
    tables = character(), units = character(), columns = character(), sections = c("section", "first_row", "last_row"),
    characteristics = "absent", categories = "category", recodes = "category", persons = "category",
    domains = "first",
    exceptions = character(), populations = character(), groups = character()
  )
  definitions <- lapply(stats::setNames(nm = names(integers)), function(name) {
    file <- paste0(if (is.null(folder)) "tables/", name, ".csv")
    table <- package_table(file, folder)
    for (column in integers[[name]]) {
      data.table::set(table, NULL, column, as.integer(table[[column]]))
    }
    table
  })
  definitions$sections <- section_per_table(definitions$sections)
  definitions$columns <- line_per_column(definitions$columns)
  definitions <- with_likenesses(definitions)
  definitions$categories <- data.table::rbindlist(list(definitions$categories, pair_categories(definitions)))
  definitions <- with_residents(definitions)
  check_definitions(definitions)
  definitions
}

#' A line of `sections.csv` per table, in the order of the tables
#' @noRd
section_per_table <- function(sections) {
  tables <- lapply(sections$table, words)
  line <- rep(seq_along(tables), lengths(tables))
  expanded <- sections[line, ]
  data.table::set(expanded, NULL, "table", unlist(tables))
  expanded[order(match(expanded$table, unique(expanded$table)), line), ]
}

#' A line of `columns.csv` per column
#' @noRd
line_per_column <- function(columns) {
  first <- as.integer(sub("-.*", "", columns$column))
  number <- as.integer(sub(".*-", "", columns$column)) - first + 1L
  expanded <- columns[rep(seq_along(number), number), ]
  data.table::set(expanded, NULL, "column", sequence(number, first))
  expanded
}

#' Characteristics that are like others have their codes and categories
#' @noRd
with_likenesses <- function(definitions) {
  alike <- which(!is.na(definitions$characteristics$like))
  for (number in alike) {
    rule <- definitions$characteristics[number, ]
    for (name in c("categories", "recodes")) {
      copied <- definitions[[name]][which(definitions[[name]]$characteristic == rule$like), ]
      data.table::set(copied, NULL, "characteristic", rule$characteristic)
      definitions[[name]] <- data.table::rbindlist(list(definitions[[name]], copied))
    }
  }
  definitions
}

#' Categories of persons have their own residents; of those whose category is not known all residents count
#'
#' @return `definitions`, with a population for each category of `persons.csv`, see [residents_columns()].
#' @noRd
with_residents <- function(definitions) {
  known <- unique(definitions$persons[, c("characteristic", "category")])
  group <- paste(known$characteristic, known$category, sep = "_")
  label <- definitions$categories$label[match(paste(known$characteristic, known$category),
    paste(definitions$categories$characteristic, definitions$categories$category))]
  columns <- residents_columns(group)
  definitions$populations <- data.table::rbindlist(list(definitions$populations, data.table::data.table(
    population = group, label = "Rate per 100,000 residents of the group",
    wording = paste("per 100,000 residents among persons", label), column = columns$residents,
    column_of_respondents = columns$residents_of_respondents
  )))
  categories <- data.table::copy(definitions$categories)
  of_persons <- which(categories$characteristic %in% known$characteristic & is.na(categories$population))
  own <- paste(categories$characteristic, categories$category, sep = "_")[of_persons]
  data.table::set(categories, of_persons, "population", ifelse(own %in% group, own, "residents"))
  definitions$categories <- categories
  definitions
}

#' The columns of geographies that have the residents of a group of persons, and those of respondents
#' @noRd
residents_columns <- function(group) {
  list(residents = paste0("residents_", group), residents_of_respondents = paste0("residents_of_respondents_", group))
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
has_word <- function(texts, word) {
  !is.na(texts) & grepl(paste0(" ", word, " "), paste0(" ", texts, " "), fixed = TRUE)
}

#' The columns of a table; of one without cells of its own those of the other table
#' @noRd
columns_of <- function(definitions, table) {
  table <- counted_table(table, definitions)
  definitions$columns[which(has_word(definitions$columns$tables, table)), ]
}

#' The definitions of the tables that are wanted
#'
#' @param settings See [read_settings()].
#' @return See [table_definitions()]: the same, or of one group's tables alone.
#' @noRd
wanted_definitions <- function(settings, definitions = table_definitions()) {
  if (settings$tables != "all") {
    definitions$groups <- definitions$groups[which(definitions$groups$table_group == settings$tables), ]
    kept <- unlist(table_groups(definitions))
    definitions$tables <- definitions$tables[which(definitions$tables$table %in% kept), ]
    definitions$sections <- definitions$sections[which(definitions$sections$table %in% kept), ]
  }
  definitions
}

#' The tables of each group of tables; `offense_codes` stands for the estimates by offense code
#'
#' A group's counts lie in one matrix, and one task estimates them for a group of geographies.
#' @return A list, named by group, of names of tables.
#' @noRd
table_groups <- function(definitions = table_definitions()) {
  stats::setNames(lapply(definitions$groups$tables, words), definitions$groups$table_group)
}

#' The groups of tables that count persons by atoms, see [person_atoms()]
#' @noRd
person_groups <- function(definitions = table_definitions()) {
  definitions$groups$table_group[definitions$groups$counted_by %in% "person"]
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
#'   `applies` (FALSE where the statistic has no meaning), `whole` (TRUE in rows that count everything of their
#'   column). What is published of each cell says [table_statistics()].
#' @references METHOD, section 8.4.
#' @examples
#' table_cells()
#' @export
table_cells <- function(definitions = table_definitions()) cells_of_definitions(definitions)

#' @noRd
cells_of_definitions <- last_kept(function(definitions) {
  sections <- counted_sections(definitions)
  cells <- cells_of(sections, definitions)
  section <- sections[cells$line, ]
  category <- categories_of_rows(sections, definitions)
  without <- lapply(sections$not_applicable, words)
  not_applicable <- paste(rep(seq_along(without), lengths(without)), unlist(without))
  data.table::data.table(
    cell = cells$variable, table = cells$table, section = cells$section, row = cells$row, column = cells$column,
    characteristic = section$characteristic, category = category(cells$line, cells$row),
    denominator = denominator_rows(sections)[cells$line], total = are_totals(section$total, cells$column),
    applies = !paste(cells$line, cells$column) %in% not_applicable,
    whole = is.na(section$characteristic) & is.na(section$columns)
  )
})

#' Every statistic that is published of the cells
#'
#' @param definitions See [table_definitions()].
#' @return A data.table, a row per table, row, column and kind of statistic: `variable` (its published name,
#'   `t_<table>_<section>_<row>_<column>`), `table`, `section`, `row`, `column`, `kind` (1 count, 2 percentage,
#'   3 rate), `cell` (that it is of, see [table_cells()]), `population` (that a rate is over, see `populations.csv`),
#'   `own_row` (FALSE for a statistic of the cell of another row), `title` (of the section, missing where it has none).
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
  table <- counted_table(lines$table, definitions)
  of_cell <- match(paste(table, counted_row, lines$column), paste(cells$table, cells$row, cells$column))
  category <- categories_of_rows(sections, definitions)(lines$line, lines$row)
  statistics <- data.table::data.table(
    lines[, c("variable", "table", "section", "row", "column")], kind = NA_integer_, cell = cells$cell[of_cell],
    population = populations_of(section, category, definitions), own_row = is.na(section$rate_of), title = section$title
  )
  data.table::rbindlist(lapply(seq_along(statistic_kinds), function(kind) {
    with_kind <- has_word(sections$statistics, statistic_kinds[[kind]])
    of_kind <- statistics[with_kind[lines$line], ]
    data.table::set(of_kind, NULL, "kind", kind)
    of_kind
  }))
}

#' The tables whose cells tables publish: their own, or those of `cells_of`
#' @noRd
counted_table <- function(tables, definitions) {
  of <- definitions$tables$cells_of[match(tables, definitions$tables$table)]
  ifelse(is.na(of), tables, of)
}

#' The category of each row of sections: a function of the number of the section and the row
#' @noRd
categories_of_rows <- function(sections, definitions) {
  first <- suppressWarnings(as.integer(sub("-.*", "", sections$categories)))
  first[is.na(first)] <- 1L
  function(line, row) row - sections$first_row[line] + first[line]
}

#' Whether rows count what the table is of: `yes`, or in some columns, from one to another
#' @noRd
are_totals <- function(total, column) {
  bounds <- suppressWarnings(lapply(c("-.*", ".*-"), function(rest) as.integer(sub(rest, "", total))))
  total %in% "yes" | (!is.na(bounds[[1]]) & column >= bounds[[1]] & column <= bounds[[2]])
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
  ifelse(is.na(given), "", ifelse(given == "own", own, sub("^rows? ", "", given)))
}

#' What a row of a table is called
#' @noRd
row_labels <- function(definitions, characteristic, category) {
  titles <- definitions$characteristics
  labels <- definitions$categories
  paste0(titles$title[match(characteristic, titles$characteristic)], ": ",
    labels$label[match(paste(characteristic, category), paste(labels$characteristic, labels$category))])
}
