#' @noRd
covariate_names <- c("total", "violent", "property", "murder", "rape", "aggravated_assault", "burglary", "robbery",
  "larceny", "vehicle_theft")

#' @noRd
read_weight_file <- function(settings, name, columns) {
  read_stage_file(file.path(settings$input, "weights", name), columns, "weight")
}

#' @noRd
read_weights <- function(settings) {
  read_weight_file(settings, "weights.csv", c(
    geography = "character", ori = "character", stratum = "character", N = "integer", n = "integer", weight = "numeric"
  ))
}

#' @noRd
read_strata <- function(settings) {
  found <- read_weight_file(settings, "strata.csv", c(
    geography = "character", stratum = "character", N = "integer", n = "integer", method = "character",
    covariates = "character", joined = "character"
  ))
  data.table::set(found, which(is.na(found$covariates)), "covariates", "")
  found
}

#' @noRd
read_agencies <- function(settings) {
  read_weight_file(settings, "agencies.csv", c(
    ori = "character", agency_name = "character", state = "character", region = "character", agency_type = "character",
    population = "numeric", population_group_code = "character", class = "integer", reported_months = "integer",
    usable_months = "integer", low_months = "integer", high_months = "integer", respondent = "logical",
    msa_status = "integer", male_officers = "numeric", female_officers = "numeric"
  ))
}

#' All states' tables, stacked in the order of their names
#' @noRd
read_tabulated <- function(settings) {
  folder <- file.path(settings$input, "tabulated")
  data.table::rbindlist(lapply(sort(list.files(folder, "^[A-Z]{2}[.]csv$")), function(name) {
    read_stage_file(file.path(folder, name), c(
      ori = "character", month = "integer", offense_code = "character", offenses = "integer"
    ), "tabulate_state")
  }))
}

#' @noRd
read_donors <- function(settings) {
  months <- tolower(month.abb)
  read_weight_file(settings, "donors.csv",
    c(ori = "character", donor = "character", stats::setNames(rep("integer", 12L), months)))
}
