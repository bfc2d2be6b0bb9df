#' Nationally representative estimates from NIBRS downloads
#'
#' A stage per function of `stage_run.R`. The files of a subject begin alike: `records_` (what a zip holds), `tables_`
#' (what is counted), `months_` and `impute_` (what is made up for), `weights_` and `errors_` (what is estimated),
#' `bias_` (how far that may be off), `publish_` and `report_` (what readers get), `stage_` (what a stage reads and
#' writes).
#'
#' METHOD, in the references of functions, is the project's account of the rules of the national estimation by the
#' Bureau of Justice Statistics and RTI International; what a rule says stands in the function's help.
#'
#' @references Bureau of Justice Statistics and Federal Bureau of Investigation (2022), Estimation Procedures for Crimes
#'   in the United States Based on NIBRS Data, NCJ 305108.
#' @importFrom data.table := .N .GRP
#' @keywords internal
"_PACKAGE"

# Columns that data.table evaluates inside `[`.
utils::globalVariables(c("adjusted", "agencies", "category", "core_city", "month", "moved", "msa_name", "N", "n",
  "number", "offenses", "respondent", "respondents", "share", "weight"))
