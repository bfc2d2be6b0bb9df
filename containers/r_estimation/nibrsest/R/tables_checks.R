#' Refuse definitions of tables that contradict each other
#'
#' @param definitions See [table_definitions()].
#' @return Nothing.
#' @noRd
check_definitions <- function(definitions) {
  sections <- definitions$sections
  named <- sprintf("table %s, section %s", sections$table, sections$section)
  refuse_unknown("sections.csv", named, "table", sections$table, definitions$tables$table)
  refuse_unknown("sections.csv", named, "characteristic", sections$characteristic,
    definitions$characteristics$characteristic)
  units <- c(definitions$units$unit, "agency")
  check_words("tables.csv", paste("table", definitions$tables$table), "unit", definitions$tables$unit, units)
  check_words("characteristics.csv", definitions$characteristics$characteristic, "level",
    definitions$characteristics$level, c(units, "person"))
  refuse_unknown("tables.csv", paste("table", definitions$tables$table), "cells_of", definitions$tables$cells_of,
    definitions$tables$table[is.na(definitions$tables$cells_of)])
  grouped <- unlist(lapply(definitions$groups$tables, words))
  refuse("groups.csv", definitions$tables$table, which(!definitions$tables$table %in% grouped),
    "is a table without a group; give it one, or the line of another")
  refuse("groups.csv", grouped, which(duplicated(grouped) | !grouped %in% c("offense_codes", definitions$tables$table)),
    "is in two groups, or is no table")
  refuse("sections.csv", named, which(!is.na(sections$columns) & !sections$columns %in%
    unlist(lapply(definitions$columns$tables, words))), "has columns that no line of columns.csv is of")
  of_table <- paste("table", definitions$tables$table)
  check_conditions("tables.csv", of_table, "only", definitions$tables$only, definitions)
  check_conditions("tables.csv", of_table, "codes_of", definitions$tables$codes_of, definitions, "arrest")
  check_conditions("columns.csv", paste(definitions$columns$tables, definitions$columns$column), "only",
    definitions$columns$only, definitions, c("car_jacking", "arrest"))
  check_conditions("characteristics.csv", definitions$characteristics$characteristic, "only",
    definitions$characteristics$only, definitions)
  check_rows(sections, named, definitions$categories)
  check_statistics(sections, named, definitions)
  check_recodes(definitions)
}

#' Each of the words of a column is one that is known
#' @noRd
check_words <- function(file, named, column, texts, known) {
  each <- lapply(texts, words)
  refuse_unknown(file, rep(named, lengths(each)), column, unlist(each), known)
}

#' Each condition is a characteristic with some of its categories
#'
#' @param words_of_its_own Texts that are no conditions.
#' @noRd
check_conditions <- function(file, named, column, texts, definitions, words_of_its_own = character()) {
  known <- paste(definitions$categories$characteristic, definitions$categories$category)
  lines <- which(!is.na(texts) & !texts %in% words_of_its_own)
  # Many lines have the same.
  once <- unique(texts[lines])
  met <- lapply(once, function(text) {
    unlist(lapply(conditions_of(text), function(condition) {
      if (length(condition) < 2L) condition else paste(condition[[1]], condition[-1])
    }))
  })[match(texts[lines], once)]
  refuse_unknown(file, rep(named[lines], lengths(met)), column, unlist(met), known)
}

#' Rows are as many as categories, none twice in a table
#' @noRd
check_rows <- function(sections, named, categories) {
  rows <- sections$last_row - sections$first_row + 1L
  number <- as.vector(table(categories$characteristic)[sections$characteristic])
  bounds <- strsplit(sections$categories, "-", fixed = TRUE)
  some <- which(!is.na(sections$categories))
  last <- vapply(bounds[some], function(part) as.integer(part[[length(part)]]), integer(1))
  refuse("sections.csv", named[some], which(last > number[some]), sprintf("has categories up to %d; %s has %d", last,
    sections$characteristic[some], number[some]))
  number[some] <- last - vapply(bounds[some], function(part) as.integer(part[[1]]), integer(1)) + 1L
  refuse("sections.csv", named, which(!is.na(number) & rows != number),
    sprintf("has %d rows; %s has %d categories", rows, sections$characteristic, number))
  all_rows <- sprintf("%s %d", rep(sections$table, rows), sequence(rows, sections$first_row))
  refuse("sections.csv", named, rep(seq_along(rows), rows)[duplicated(all_rows)],
    "has a row that another section of the table has too")
}

#' Percentages have a denominator, rates a population, rates of other rows such rows
#' @noRd
check_statistics <- function(sections, named, definitions) {
  for (word in setdiff(unique(unlist(lapply(sections$statistics, words))), statistic_kinds)) {
    refuse("sections.csv", named, which(has_word(sections$statistics, word)), sprintf(
      "has the statistic \"%s\"; there are %s", word, paste(statistic_kinds, collapse = ", ")
    ))
  }
  has_percentage <- has_word(sections$statistics, "percentage")
  refuse("sections.csv", named, which(has_percentage == is.na(sections$denominator)),
    "has a percentage without a denominator, or a denominator without a percentage")
  has_rate <- has_word(sections$statistics, "rate")
  refuse("sections.csv", named, which(has_rate == is.na(sections$population)),
    "has a rate without a population, or a population without a rate")
  refuse_unknown("sections.csv", named, "population", sections$population,
    c(definitions$populations$population, "own"))
  refuse_unknown("categories.csv", paste(definitions$categories$characteristic, definitions$categories$category),
    "population", definitions$categories$population, definitions$populations$population)
  counted <- paste(sections$table, "row", sections$first_row)[is.na(sections$rate_of)]
  table <- counted_table(sections$table, definitions)
  refuse("sections.csv", named, which(!is.na(sections$rate_of) & !paste(table, sections$rate_of) %in% counted),
    "has rate_of, which has to be \"row\" and the first row of a section that is counted")
  refuse("sections.csv", named, which(is.na(sections$rate_of) != (table == sections$table) &
    sections$statistics != "rate"),
  "has counts of another row than its own, or none of its own; that is for tables with cells_of")
}

#' Codes fall into categories that have a label
#' @noRd
check_recodes <- function(definitions) {
  recodes <- definitions$recodes
  refuse_unknown("recodes.csv", paste(recodes$characteristic, recodes$code), "category",
    paste(recodes$characteristic, recodes$category),
    paste(definitions$categories$characteristic, definitions$categories$category))
}

#' @noRd
refuse_unknown <- function(file, named, column, values, known) {
  refuse(file, named, which(!is.na(values) & !values %in% known),
    sprintf("has the %s \"%s\", which nothing defines", column, values))
}

#' An error for the first line of a file that has a fault
#'
#' @param faulty Numbers of lines.
#' @param fault What is wrong, of each line or of all.
#' @noRd
refuse <- function(file, named, faulty, fault) {
  if (length(faulty) > 0L) {
    stop(file, ": ", named[[faulty[[1]]]], " ", rep_len(fault, length(named))[[faulty[[1]]]], call. = FALSE)
  }
}
