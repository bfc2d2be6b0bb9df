#' Run one stage
#'
#' @param name One of [stage_names()].
#' @param settings See [read_settings()].
#' @return Nothing; the stage's files are written.
#' @examples
#' folder <- tempfile()
#' run_stage("tabulate_state", read_settings(c(DATA_YEAR = "2016", INPUT_STATE = "RI",
#'   EXTERNAL_FILE_PATH = example_year(), INPUT_PIPELINE_DIR = folder)))
#' list.files(folder, recursive = TRUE)
#' @export
run_stage <- function(name, settings) {
  stages <- stage_functions()
  if (!name %in% names(stages)) {
    stop("there is no stage \"", name, "\"; there are ", paste(names(stages), collapse = ", "), call. = FALSE)
  }
  # The order of names decides in which order numbers are added up: it is the same on every machine.
  before <- Sys.getlocale("LC_COLLATE")
  on.exit(Sys.setlocale("LC_COLLATE", before))
  Sys.setlocale("LC_COLLATE", "C")
  stages[[name]](settings)
  invisible()
}

#' The names of all stages, in the order in which they are run
#'
#' `impute_and_tabulate` is the two before it in one, as the state machine runs them.
#' @examples
#' stage_names()
#' @export
stage_names <- function() names(stage_functions())

#' @noRd
stage_functions <- function() {
  list(
    impute_items = stage_impute_items,
    tabulate_state = stage_tabulate_state,
    impute_and_tabulate = stage_impute_and_tabulate,
    weight = stage_weight,
    estimate = stage_estimate,
    bias = stage_bias,
    report = stage_report
  )
}

#' Tell what happens, as `sprintf` formats it
#' @noRd
inform <- function(...) {
  logger::log_info(logger::skip_formatter(sprintf(...)))
}
