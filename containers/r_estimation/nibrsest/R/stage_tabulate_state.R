#' Tabulate states: `tabulated/<ST>.csv` and a matrix per group of tables, `tabulated/<ST>-<tables>.rds`, from a zip
#' @noRd
stage_tabulate_state <- function(settings) {
  require_settings(settings, c("external", "output", "state"))
  write_tabulation(settings, read_state_records(state_zip_path(settings)))
}

#' Count a state's records, with its imputed items if there are any, and write its files
#'
#' @param reported See [read_state_records()].
#' @noRd
write_tabulation <- function(settings, reported) {
  imputed <- stage_folder(settings, file.path("imputed", settings$state))
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
    write_state_matrices(items_of(reported, imputed, number), definitions, folder, settings$state, number)
  }
  # Last: that it is there says that the state is done.
  write_stage_file(counts, file.path(folder, paste0(settings$state, ".csv")), "tabulated/<ST>.csv")
}

#' A matrix per group of tables: agencies and months by cells, or by types and atoms of persons
#'
#' @param imputation Its number. Of further ones cells are those that depend on imputed items alone.
#' @noRd
write_state_matrices <- function(records, definitions, folder, state, imputation = 1L) {
  records <- with_group_b(records)
  groups <- table_groups(definitions)
  of_persons <- person_groups(definitions)
  all_cells <- table_cells(definitions)
  cells <- if (imputation == 1L) all_cells else imputed_cells(all_cells, definitions)
  counts <- cell_counts(records, definitions_of_cells(cells, definitions), cells)
  for (group in names(groups)) {
    path <- file.path(folder, sprintf("%s-%s.rds", state, group))
    if (imputation == 1L) {
      # What is left of an earlier run with more imputations would be counted.
      unlink(further_imputations(path))
    }
    path <- imputation_path(path, imputation)
    if (group %in% of_persons) {
      write_person_counts(person_counts(records, definitions, group), path, definitions)
    } else {
      of_group <- which(cells$table %in% groups[[group]])
      column <- match(counts$cell, of_group)
      counted <- which(!is.na(column))
      write_count_matrix(count_matrix(records$place, cells$cell[of_group], counts$place[counted], column[counted],
        counts$number[counted]), path)
    }
  }
}
