#' Nationally representative estimates from NIBRS downloads
#'
#' A stage per function of `stage_run.R`. The files of a subject begin alike: `records_` (what a zip holds), `tables_`
#' (what is counted), `months_` and `impute_` (what is made up for), `weights_` and `errors_` (what is estimated),
#' `bias_` (how far that may be off), `publish_` and `report_` (what readers get), `stage_` (what a stage reads and
#' writes).
#'
#' @importFrom data.table := .N
#' @keywords internal
"_PACKAGE"

# Columns that data.table evaluates inside `[`.
utils::globalVariables(c("adjusted", "agencies", "month", "moved", "N", "n", "number", "offenses", "respondent",
  "respondents", "weight"))
