#' What a stage is told by its environment
#'
#' The variables are those that users of the estimation know (METHOD, section 12):
#'
#' * `DATA_YEAR`: the data year, four digits.
#' * `EXTERNAL_FILE_PATH`: folder of what comes from outside the stages: `downloads/<year>/<ST>-<year>.zip`
#'   and `reference/reference-<year>.zip`.
#' * `INPUT_PIPELINE_DIR`, `OUTPUT_PIPELINE_DIR`: folders of what the stages read and write; usually the
#'   same, and `OUTPUT_PIPELINE_DIR` is `INPUT_PIPELINE_DIR` if it is not set. What an earlier stage has written into
#'   `OUTPUT_PIPELINE_DIR` is read from there.
#' * `INPUT_STATE`: the state of `impute_items`, `tabulate_state` and `impute_and_tabulate`, by its postal abbreviation.
#' * `IMPUTATIONS`: of the stages that impute, how many there are (1 to 99; default 1). Cells that depend on imputed
#'   items are means over all, and what several leave open is part of their errors.
#' * `GEOGRAPHY_GROUP`: the geographies of `estimate`, `nation`, `regions`, `states` or `areas`.
#' * `AREAS`: of `weight` and `report`, `none` (default), or `all`: metropolitan areas, judicial districts and FBI field
#'   offices have estimates too, see [areas_of()].
#' * `TABLE_GROUP`: the tables of `estimate`, a group of `inst/extdata/tables/groups.csv`; all if it is not set.
#' * `TABLES`: of `weight` and what follows it, `all` (default), or `crimes`, the tables of incidents and offenses
#'   alone: those of persons, drugs and guns have several times as many cells.
#' * `OUTLIER_RULE`: of `weight`, `seasonal` (default), see [seasonal_colours()]; `documented` or `legacy`, see
#'   [outlier_colours()].
#' * `MONTHS`: of `weight`, how missing and low months are filled: `own` (default) or `reference`, see
#'   [weighted_months()].
#' * `RETURN_A`: of `weight`, whether Return A of an earlier year follows the `trend` (default) or, as in the
#'   `reference`, stands for the data year's as it is; see [srs_covariates()].
#' * `ESTIMATOR`: of `weight`, `model_assisted` (default), see [model_assisted_estimates()], or `reference`, weights
#'   alone.
#' * `ERROR_CORRECTION`: of `estimate`, where the estimator is the reference's, `few_respondents` (default) or `none`,
#'   see [linearised_estimates()].
#' * `BIAS`: of `bias` and `report`, `none` (default), or how the bias of estimates is found: `copula`, by residents and
#'   their shares, or `copula_return_a`, by these and Return A.
#' * `WORKBOOKS`: of `report`, `all` (default), a workbook per geography, `nation`, the nation's alone, or `none`:
#'   workbooks take more time than all else of the stage.
#' * `PROCESSES`: of `report`, how many processes write its files at once (1 to 99; default 1). What is written is the
#'   same with any number.
#' * `LOG_THRESHOLD`: `TRACE`, `DEBUG`, `INFO` (default), `WARN` or `ERROR`.
#'
#' @param environment Named character vector; the process's own by default.
#' @return A list with `year` (integer), `external`, `input`, `output` (paths), `state`,
#'   `geography_group`, `table_group` (text, or `""`), `tables`, `imputations` (integer), `areas`, `outlier_rule`,
#'   `months`, `return_a`, `estimator`, `correction`, `bias`, `workbooks`, `processes` (integer) and `log_threshold`.
#' @examples
#' read_settings(c(DATA_YEAR = "2016", INPUT_PIPELINE_DIR = "pipeline", GEOGRAPHY_GROUP = "states"))$geography_group
#' @export
read_settings <- function(environment = Sys.getenv()) {
  value <- function(name, default = "") {
    given <- environment[name]
    if (is.na(given) || !nzchar(given)) default else unname(given)
  }
  year <- value("DATA_YEAR")
  if (!grepl("^[0-9]{4}$", year)) {
    stop_setting("DATA_YEAR", year, "a data year of four digits, such as 2016")
  }
  # One of several words, the first if nothing is said.
  choice <- function(name, allowed, default = allowed[[1]]) {
    given <- value(name, default)
    if (!given %in% allowed) {
      last <- length(allowed)
      stop_setting(name, given, paste(paste(allowed[-last], collapse = ", "), "or", allowed[[last]]))
    }
    given
  }
  number <- function(name) {
    given <- value(name, "1")
    if (!grepl("^[1-9][0-9]?$", given)) {
      stop_setting(name, given, "a number from 1 to 99")
    }
    as.integer(given)
  }
  input <- value("INPUT_PIPELINE_DIR")
  list(
    year = as.integer(year),
    external = value("EXTERNAL_FILE_PATH"),
    input = input,
    output = value("OUTPUT_PIPELINE_DIR", input),
    state = value("INPUT_STATE"),
    imputations = number("IMPUTATIONS"),
    geography_group = value("GEOGRAPHY_GROUP"),
    table_group = value("TABLE_GROUP"),
    tables = choice("TABLES", c("all", "crimes")),
    areas = choice("AREAS", c("none", "all")),
    outlier_rule = choice("OUTLIER_RULE", c("seasonal", "documented", "legacy")),
    months = choice("MONTHS", c("own", "reference")),
    return_a = choice("RETURN_A", c("trend", "reference")),
    estimator = choice("ESTIMATOR", c("model_assisted", "reference")),
    correction = choice("ERROR_CORRECTION", c("few_respondents", "none")),
    bias = choice("BIAS", c("none", "copula", "copula_return_a")),
    workbooks = choice("WORKBOOKS", c("all", "nation", "none")),
    processes = number("PROCESSES"),
    log_threshold = choice("LOG_THRESHOLD", c("TRACE", "DEBUG", "INFO", "WARN", "ERROR"), "INFO")
  )
}

#' Refuse a variable of the environment
#'
#' @param name The variable.
#' @param given Its value.
#' @param allowed What it may be.
#' @noRd
stop_setting <- function(name, given, allowed) {
  stop(name, " is \"", given, "\"; it has to be ", allowed, call. = FALSE)
}

#' Refuse a dimension that is none of the groups there are
#'
#' @param name Name of the setting, as `geography_group`.
#' @noRd
refuse_setting <- function(settings, name, allowed) {
  if (!settings[[name]] %in% allowed) {
    stop_setting(toupper(name), settings[[name]], paste(allowed, collapse = ", "))
  }
}

#' The folders and dimensions that a stage cannot do without
#'
#' @param settings See [read_settings()].
#' @param needed Names of settings.
#' @noRd
require_settings <- function(settings, needed) {
  allowed <- list(
    external = list("EXTERNAL_FILE_PATH", "the folder of downloads and reference extract"),
    input = list("INPUT_PIPELINE_DIR", "the folder that the earlier stages wrote to"),
    output = list("OUTPUT_PIPELINE_DIR", "the folder to write to"),
    state = list("INPUT_STATE", "a postal abbreviation such as AZ"),
    geography_group = list("GEOGRAPHY_GROUP", "nation, regions, states or areas")
  )
  for (name in needed) {
    if (!nzchar(settings[[name]])) {
      stop_setting(allowed[[name]][[1]], settings[[name]], allowed[[name]][[2]])
    }
  }
}
