#' Impute items: `imputed/<ST>/`, what is put in place of persons' unknown items and of unknown relationships
#' @noRd
stage_impute_items <- function(settings) {
  require_settings(settings, c("external", "output", "state"))
  opened <- open_published_zip(state_zip_path(settings))
  write_imputed_items(settings, opened, records_of(opened))
}

#' Both stages of a state, whose zip is read once
#' @noRd
stage_impute_and_tabulate <- function(settings) {
  require_settings(settings, c("external", "output", "state"))
  opened <- open_published_zip(state_zip_path(settings))
  records <- records_of(opened)
  write_imputed_items(settings, opened, records)
  write_tabulation(settings, records)
}

#' Impute a state's items as often as is asked for, and write its files
#'
#' @param opened See [open_published_zip()].
#' @param records See [records_of()].
#' @noRd
write_imputed_items <- function(settings, opened, records) {
  known <- list(facts = read_facts_of_incidents(opened, records), residents = residents_of_agencies(settings))
  made <- lapply(seq_len(settings$imputations), function(number) {
    impute_items(records, known, list(state = settings$state, year = settings$year, imputation = number))
  })
  folder <- file.path(settings$output, "imputed", settings$state)
  for (file in c(imputed_units, "diagnostics", "shares")) {
    name <- paste0(file, ".csv")
    rows <- data.table::rbindlist(lapply(made, `[[`, file))
    write_stage_file(rows, file.path(folder, name), paste0("imputed/<ST>/", name))
  }
  write_stage_file(counted_records(records), file.path(folder, "records.csv"), "imputed/<ST>/records.csv")
}

#' @noRd
state_zip_path <- function(settings) {
  file.path(settings$external, "downloads", settings$year, sprintf("%s-%d.zip", settings$state, settings$year))
}

#' Shares of agencies' residents, from the reference extract if it is there
#' @noRd
residents_of_agencies <- function(settings) {
  zip <- file.path(settings$external, "reference", sprintf("reference-%d.zip", settings$year))
  if (!file.exists(zip)) {
    return(NULL)
  }
  unpacked <- unpack_small(zip)
  agencies <- read_agencies(zip, unpacked)
  list(agencies = agencies[, -"agency_id"], demographics = read_by_agency(zip, "demographics", agencies, unpacked))
}
