#' The published zip of the made-up year
#'
#' Runs all stages on [example_year()] and packs what they publish, as `nibrs run` does, without workbooks.
#'
#' @param folder Where to work; it is made. By default the zip is made once per session, in its folder for files that do
#'   not last.
#' @return The path of `nibrs-estimates-2016.zip`.
#' @examples
#' \donttest{
#' utils::unzip(example_zip(), list = TRUE)$Name[1:10]
#' }
#' @export
example_zip <- function(folder = file.path(tempdir(), "nibrs-example")) {
  zip <- file.path(folder, "nibrs-estimates-2016.zip")
  if (file.exists(zip)) {
    return(normalizePath(zip))
  }
  example_year(folder)
  pipeline <- file.path(folder, "pipeline")
  settings <- function(...) {
    read_settings(c(DATA_YEAR = "2016", EXTERNAL_FILE_PATH = folder, INPUT_PIPELINE_DIR = pipeline, ...))
  }
  before <- logger::log_threshold()
  on.exit(logger::log_threshold(before))
  logger::log_threshold("WARN")
  run_stage("impute_items", settings(INPUT_STATE = "RI"))
  run_stage("tabulate_state", settings(INPUT_STATE = "RI"))
  run_stage("weight", settings())
  for (group in setdiff(geography_kinds()$geography_group, "areas")) {
    run_stage("estimate", settings(GEOGRAPHY_GROUP = group))
  }
  run_stage("report", settings(WORKBOOKS = "none"))
  report <- file.path(pipeline, "report")
  partial <- file.path(normalizePath(folder), "nibrs-estimates-2016.zip.partial")
  zip::zip(partial, list.files(report, recursive = TRUE), root = report)
  file.rename(partial, zip)
  normalizePath(zip)
}
