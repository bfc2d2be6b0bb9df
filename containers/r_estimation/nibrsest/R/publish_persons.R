#' Write a year's persons by types and atoms: what estimates of groups of persons are made from
#'
#' A file per age group and sex, so that a group of persons is read without the others; of further imputations of items
#' the same in a folder each, of the part `used` alone.
#'
#' @param settings See [read_settings()].
#' @param folder Of the report.
#' @param definitions See [table_definitions()].
#' @noRd
publish_persons <- function(settings, folder, definitions) {
  unlink(file.path(folder, "persons"), recursive = TRUE)
  for (group in person_groups(definitions)) {
    first <- file.path(stage_folder(settings, file.path("annual", group)), "persons.rds")
    paths <- c(first, further_imputations(first))
    for (imputation in seq_along(paths)) {
      persons <- read_person_counts(paths[[imputation]], "weight", definitions)
      publish_persons_of(persons, group, file.path(folder, persons_folder(imputation)), definitions)
    }
  }
}

#' Where an imputation's persons lie in a published zip
#' @noRd
persons_folder <- function(imputation) {
  if (imputation == 1L) "persons" else file.path("persons", sprintf("imputation-%d", imputation))
}

#' @noRd
publish_persons_of <- function(persons, group, folder, definitions) {
  atoms <- person_atoms(definitions)
  parts <- atom_files(atoms)
  # Persons alone: what is counted of incidents is of no group of persons.
  counts <- persons$counts[which(!is.na(persons$counts$atom)), ]
  persons <- person_matrix(group, persons$rows, list(list(types = persons$types, counts = counts)))
  types <- cbind(type = seq_len(nrow(persons$types)), persons$types)
  write_stage_file(types, file.path(folder, sprintf("%s-types.csv", group)),
    sprintf("report/persons/%s-types.csv", group))
  atom <- persons$counts$atom
  rows <- data.table::data.table(part = persons$rows$part[persons$counts$row],
    ori = persons$rows$ori[persons$counts$row], type = persons$counts$type, race = atoms$race[atom],
    ethnicity = atoms$ethnicity[atom], number = persons$counts$number)
  for (name in unique(parts)) {
    mine <- rows[which(parts[atom] == name), ]
    write_quietly(mine, file.path(folder, sprintf("%s-%s.csv", group, name)))
  }
}

#' How many imputations of items a published zip has persons of
#' @noRd
published_imputations <- function(zip, group) {
  folders <- dirname(grep(sprintf("^persons/.*%s-types[.]csv$", group), utils::unzip(zip, list = TRUE)$Name,
    value = TRUE))
  length(folders)
}

#' The file that each atom is in: `<first year of age>-<sex>`, `unknown` and `U` where they are not known
#' @noRd
atom_files <- function(atoms) {
  paste(ifelse(is.na(atoms$age), "unknown", atoms$age), ifelse(is.na(atoms$sex), "U", atoms$sex), sep = "-")
}

#' Persons of some atoms from a published zip
#'
#' @param group A group of tables that counts persons.
#' @param atoms Numbers of atoms.
#' @param rows A data.table: `part`, `ori`: what rows there are.
#' @param imputation Which of several imputations of items, from 1.
#' @return See [person_counts()].
#' @noRd
read_published_persons <- function(zip, group, atoms, rows, definitions, imputation = 1L) {
  known <- person_atoms(definitions)
  folder <- persons_folder(imputation)
  types <- read_zipped(zip, sprintf("%s/%s-types.csv", folder, group), sprintf("report/persons/%s-types.csv", group))
  for (column in names(types)[vapply(types, is.character, TRUE)]) {
    data.table::set(types, which(is.na(types[[column]])), column, "")
  }
  parts <- atom_files(known)
  counts <- lapply(unique(parts[atoms]), function(name) {
    found <- read_zipped(zip, sprintf("%s/%s-%s.csv", folder, group, name), "report/persons.csv")
    mine <- which(parts == name)
    at <- match(paste(found$race, found$ethnicity), paste(known$race, known$ethnicity)[mine])
    data.table::data.table(row = rows[found, on = c("part", "ori"), which = TRUE], type = found$type, atom = mine[at],
      number = found$number)
  })
  counts <- data.table::rbindlist(counts)
  counts <- counts[which(!is.na(counts$row) & counts$atom %in% atoms), ]
  types <- types[order(types$type), -"type"]
  structure(list(group = group, rows = rows, types = types, counts = counts), class = "person_counts")
}
