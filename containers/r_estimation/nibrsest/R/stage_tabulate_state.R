#' Tabulate states: `tabulated/<ST>.csv` and `tabulated/<ST>-cells.csv` from a state's zip
#' @noRd
stage_tabulate_state <- function(settings) {
  require_settings(settings, c("external", "output", "state"))
  zip <- file.path(settings$external, "downloads", settings$year,
    sprintf("%s-%d.zip", settings$state, settings$year))
  records <- read_state_records(zip)
  counts <- tabulate_offenses(records)
  inform("%s %d: %d offenses of %d agencies", settings$state, settings$year, sum(counts$offenses),
    data.table::uniqueN(counts$ori))
  folder <- file.path(settings$output, "tabulated")
  write_stage_file(tabulate_tables(records), file.path(folder, paste0(settings$state, "-cells.csv")),
    "tabulated/<ST>-cells.csv")
  # Last: that it is there says that the state is done.
  write_stage_file(counts, file.path(folder, paste0(settings$state, ".csv")), "tabulated/<ST>.csv")
}
