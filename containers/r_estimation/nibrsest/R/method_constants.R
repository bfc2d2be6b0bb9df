#' The numbers that the method takes from its specification, or sets itself
#'
#' @return A data.table, a row per number: `name`, `value`, `unit`, `meaning`, `source`. Those in which weighting
#'   schemes differ stand in [weighting_schemes()].
#' @examples
#' constants <- method_constants()
#' constants[startsWith(constants$source, "METHOD 11"), c("name", "value", "unit")]
#' @export
method_constants <- function() {
  constants <- package_table("method_constants.csv")
  data.table::set(constants, NULL, "value", as.numeric(constants$value))
  constants[]
}

#' One of them; looked up many thousand times, so that the values are kept
#' @noRd
constant <- function(name) {
  if (is.null(constants_read$values)) {
    constants <- method_constants()
    assign("values", stats::setNames(constants$value, constants$name), envir = constants_read)
  }
  constants_read$values[[name]]
}

#' @noRd
constants_read <- new.env()

#' How many standard errors an interval reaches to both sides
#'
#' @param degrees_of_freedom By Student's t; missing: by the normal distribution.
#' @noRd
interval_factor <- function(degrees_of_freedom = NA_real_) {
  degrees <- ifelse(is.na(degrees_of_freedom), Inf, degrees_of_freedom)
  # Millions of estimates have few different ones.
  known <- unique(degrees)
  stats::qt((1 + constant("confidence")) / 2, known)[match(degrees, known)]
}
