#' @noRd
covariate_names <- c("total", "violent", "property", "murder", "rape", "aggravated_assault", "burglary", "robbery",
  "larceny", "vehicle_theft")

#' The folder in which an earlier stage's files lie
#'
#' What a stage writes into a folder goes with what that folder holds: files of an earlier stage in
#' `OUTPUT_PIPELINE_DIR` count before those in `INPUT_PIPELINE_DIR`.
#'
#' @param settings See [read_settings()].
#' @param name `"weights"` or `"estimates"`.
#' @noRd
stage_folder <- function(settings, name) {
  mine <- file.path(settings$output, name)
  if (length(list.files(mine)) > 0L) mine else file.path(settings$input, name)
}

#' @noRd
read_weight_file <- function(settings, name) {
  read_stage_file(file.path(stage_folder(settings, "weights"), name), paste0("weights/", name))
}

#' @noRd
read_strata <- function(settings, name = "strata.csv") {
  strata <- read_weight_file(settings, name)
  data.table::set(strata, which(is.na(strata$covariates)), "covariates", "")
  strata
}

#' Where the counts of each state lie
#'
#' A state that has been tabulated into `OUTPUT_PIPELINE_DIR` counts before the same state in `INPUT_PIPELINE_DIR`.
#'
#' @return Folders, named by state, in the order of the states' names.
#' @noRd
tabulated_folders <- function(settings) {
  folders <- file.path(unique(c(settings$output, settings$input)), "tabulated")
  states <- lapply(folders, function(folder) sub("[.]csv$", "", list.files(folder, "^[A-Z]{2}[.]csv$")))
  folder_of_state <- stats::setNames(rep(folders, lengths(states)), unlist(states))
  folder_of_state <- folder_of_state[!duplicated(names(folder_of_state))]
  if (length(folder_of_state) == 0L) {
    stop(file.path(settings$input, "tabulated"), " holds no state; run the stage tabulate_state first", call. = FALSE)
  }
  if (length(unique(folder_of_state)) > 1L) {
    others <- names(folder_of_state)[folder_of_state == folders[[2]]]
    inform("%d states are read from %s, since %s lacks them: %s", length(others), folders[[2]], folders[[1]],
      paste(others, collapse = ", "))
  }
  folder_of_state[order(names(folder_of_state))]
}

#' All states' tables, stacked in the order of their names
#'
#' @param folders See [tabulated_folders()].
#' @noRd
read_tabulated <- function(folders) {
  data.table::rbindlist(lapply(names(folders), function(state) {
    read_stage_file(file.path(folders[[state]], paste0(state, ".csv")), "tabulated/<ST>.csv")
  }))
}
