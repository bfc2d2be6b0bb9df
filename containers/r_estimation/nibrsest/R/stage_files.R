#' @noRd
covariate_names <- c("total", "violent", "property", "murder", "rape", "aggravated_assault", "burglary", "robbery",
  "larceny", "vehicle_theft")

#' @noRd
read_weight_file <- function(settings, name) {
  read_stage_file(file.path(settings$input, "weights", name), paste0("weights/", name))
}

#' @noRd
read_strata <- function(settings) {
  found <- read_weight_file(settings, "strata.csv")
  data.table::set(found, which(is.na(found$covariates)), "covariates", "")
  found
}

#' All states' tables, stacked in the order of their names
#' @noRd
read_tabulated <- function(settings) {
  folder <- file.path(settings$input, "tabulated")
  data.table::rbindlist(lapply(sort(list.files(folder, "^[A-Z]{2}[.]csv$")), function(name) {
    read_stage_file(file.path(folder, name), "tabulated/<ST>.csv")
  }))
}
