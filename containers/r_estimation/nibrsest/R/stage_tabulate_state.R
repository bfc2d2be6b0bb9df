#' Tabulate states: `tabulated/<ST>.csv` and a matrix per group of tables, `tabulated/<ST>-<tables>.rds`, from a zip
#' @noRd
stage_tabulate_state <- function(settings) {
  require_settings(settings, c("external", "output", "state"))
  imputed <- stage_folder(settings, file.path("imputed", settings$state))
  records <- items_of(read_state_records(state_zip_path(settings)), imputed)
  counts <- tabulate_offenses(records)
  inform("%s %d: %d offenses of %d agencies", settings$state, settings$year, sum(counts$offenses),
    data.table::uniqueN(counts$ori))
  if (!dir.exists(imputed)) {
    inform("%s does not exist: unknown items stay unknown; the stage impute_items makes it", imputed)
  }
  folder <- file.path(settings$output, "tabulated")
  write_state_matrices(records, table_definitions(), folder, settings$state)
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
  of_persons <- person_groups(definitions)
  for (group in of_persons) {
    write_person_counts(person_counts(records, definitions, group), file.path(folder,
      sprintf("%s-%s.rds", state, group)), definitions)
  }
  for (group in setdiff(names(groups), of_persons)) {
    of_group <- which(cells$table %in% groups[[group]])
    column <- match(counts$cell, of_group)
    counted <- which(!is.na(column))
    matrix <- count_matrix(records$place, cells$cell[of_group], counts$place[counted], column[counted],
      counts$number[counted])
    write_count_matrix(matrix, file.path(folder, sprintf("%s-%s.rds", state, group)))
  }
}
