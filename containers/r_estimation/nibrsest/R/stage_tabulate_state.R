#' Tabulate states: `tabulated/<ST>.csv` and a matrix per group of tables, `tabulated/<ST>-<tables>.rds`, from a zip
#' @noRd
stage_tabulate_state <- function(settings) {
  require_settings(settings, c("external", "output", "state"))
  imputed <- stage_folder(settings, file.path("imputed", settings$state))
  reported <- read_state_records(state_zip_path(settings))
  records <- items_of(reported, imputed)
  counts <- tabulate_offenses(records)
  inform("%s %d: %d offenses of %d agencies", settings$state, settings$year, sum(counts$offenses),
    data.table::uniqueN(counts$ori))
  if (!dir.exists(imputed)) {
    inform("%s does not exist: unknown items stay unknown; the stage impute_items makes it", imputed)
  }
  folder <- file.path(settings$output, "tabulated")
  definitions <- wanted_definitions(settings)
  write_state_matrices(records, definitions, folder, settings$state)
  for (number in seq_len(imputations_of(imputed))[-1]) {
    others <- with_group_b(items_of(reported, imputed, number))
    write_state_persons(others, definitions, folder, settings$state, number)
  }
  # Last: that it is there says that the state is done.
  write_stage_file(counts, file.path(folder, paste0(settings$state, ".csv")), "tabulated/<ST>.csv")
}

#' A matrix per group of tables: agencies and months by cells, or by types and atoms of persons
#' @noRd
write_state_matrices <- function(records, definitions, folder, state) {
  cells <- table_cells(definitions)
  records <- with_group_b(records)
  counts <- cell_counts(records, definitions, cells)
  groups <- table_groups(definitions)
  write_state_persons(records, definitions, folder, state, 1L)
  for (group in setdiff(names(groups), person_groups(definitions))) {
    of_group <- which(cells$table %in% groups[[group]])
    column <- match(counts$cell, of_group)
    counted <- which(!is.na(column))
    matrix <- count_matrix(records$place, cells$cell[of_group], counts$place[counted], column[counted],
      counts$number[counted])
    write_count_matrix(matrix, file.path(folder, sprintf("%s-%s.rds", state, group)))
  }
}

#' The matrices of the groups of tables that count persons, by one imputation
#'
#' @param records See [with_group_b()].
#' @param imputation Its number.
#' @noRd
write_state_persons <- function(records, definitions, folder, state, imputation) {
  for (group in person_groups(definitions)) {
    # What is left of an earlier run with more imputations would be counted.
    path <- file.path(folder, sprintf("%s-%s.rds", state, group))
    if (imputation == 1L) {
      unlink(further_imputations(path))
    }
    write_person_counts(person_counts(records, definitions, group), imputation_path(path, imputation), definitions)
  }
}
