#' Groups of persons from which every group that is published can be added up
#'
#' An atom is an age group, sex, race and ethnicity; unknown is a value of each. Ages are cut wherever a group of
#' `persons.csv` or `domains.csv` begins or ends.
#'
#' @param definitions See [table_definitions()].
#' @return A data.table, a row per atom: `age` (the first year of the group), `sex`, `race` and `ethnicity` (a code of
#'   each class), missing where unknown. Its row numbers are the atoms' numbers.
#' @examples
#' person_atoms()
#' @export
person_atoms <- function(definitions = table_definitions()) {
  first <- function(name, column) {
    lines <- definitions$persons[which(definitions$persons$characteristic == name), ]
    c(sub(" .*", "", lines[[column]][order(lines$category)]), NA)
  }
  data.table::CJ(age = c(age_cuts(definitions), NA), sex = first("sex", "sexes"), race = first("race", "races"),
    ethnicity = first("ethnicity", "ethnicities"), sorted = FALSE)
}

#' The years with which age groups begin, from 0
#' @noRd
age_cuts <- function(definitions) {
  bounds <- age_bounds(c(definitions$persons$ages, unlist(lapply(definitions$domains$ages, words))))
  sort(unique(c(0L, bounds$first, bounds$last[which(bounds$last < 99L)] + 1L)))
}

#' The first and last year of age groups such as 5-14, 15 and 65-
#' @noRd
age_bounds <- function(ages) {
  ages <- ages[!is.na(ages)]
  last <- sub("^[0-9]*-?", "", ages)
  first <- as.integer(sub("-.*", "", ages))
  list(first = first,
    last = ifelse(nzchar(last), suppressWarnings(as.integer(last)), ifelse(endsWith(ages, "-"), 99L, first)))
}

#' The number of each person's atom
#'
#' @param persons A data.table with `age`, `sex`, `race` and `ethnicity`.
#' @noRd
atom_of <- function(persons, definitions) {
  of <- function(column, name, known) {
    lines <- definitions$persons[which(definitions$persons$characteristic == name), ]
    codes <- lapply(lines[[known]], words)
    class <- rep(lines$category, lengths(codes))[match(persons[[column]], unlist(codes))]
    ifelse(is.na(class), nrow(lines) + 1L, class)
  }
  cuts <- age_cuts(definitions)
  age <- findInterval(persons$age, cuts)
  age[is.na(persons$age)] <- length(cuts) + 1L
  numbers <- list(of("sex", "sex", "sexes"), of("race", "race", "races"), of("ethnicity", "ethnicity", "ethnicities"))
  sizes <- vapply(c("sex", "race", "ethnicity"), function(name) {
    sum(definitions$persons$characteristic == name) + 1L
  }, 1L)
  number <- age - 1L
  for (item in seq_along(numbers)) {
    number <- number * sizes[[item]] + numbers[[item]] - 1L
  }
  as.integer(number + 1L)
}

#' Whether each person is in a group
#'
#' @param persons See [atom_of()].
#' @param group One row, with `ages` (such as 5-14), `sexes`, `races` and `ethnicities` (codes); missing is any. Whose
#'   item is not known is in no group that asks for it.
#' @noRd
in_group <- function(persons, group) {
  inside <- rep(TRUE, nrow(persons))
  if (!is.na(group$ages)) {
    bounds <- age_bounds(group$ages)
    inside <- inside & persons$age %in% bounds$first:bounds$last
  }
  for (item in c("sex", "race", "ethnicity")) {
    codes <- group[[c(sex = "sexes", race = "races", ethnicity = "ethnicities")[[item]]]]
    if (!is.na(codes)) {
      inside <- inside & persons[[item]] %in% words(codes)
    }
  }
  inside
}

#' The categories that persons fall into by their age, sex, race and ethnicity
#' @noRd
person_categories <- function(persons, name, definitions) {
  groups <- definitions$persons[which(definitions$persons$characteristic == name), ]
  data.table::rbindlist(lapply(seq_len(nrow(groups)), function(number) {
    inside <- which(in_group(persons, lapply(groups, `[[`, number)))
    list(record = inside, category = rep(groups$category[[number]], length(inside)))
  }))
}

#' The categories of each atom
#'
#' @return A data.table: `atom`, `category`.
#' @noRd
atom_categories <- function(characteristic, definitions) {
  atoms <- person_atoms(definitions)
  unit <- list(level = "person", record = seq_len(nrow(atoms)))
  pairs <- unit_categories(list(person = atoms), unit, characteristic, definitions)
  data.table::setnames(pairs, "unit", "atom")
  pairs[]
}
