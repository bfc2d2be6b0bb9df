#' Estimates with what the published table says beside them: rate, limits, coverage, release flag
#'
#' @param estimates See [estimate_geography()] and [with_error_terms()].
#' @param year,geography The data year, and what the geography is called.
#' @param status `basis`, `universe_status` and `residents` of the geography, see [universe_status()]. What is no
#'   `estimate` has neither errors nor limits, and is flagged.
#' @param agencies Eligible agencies of the geography: `population`, `respondent`.
#' @param groups See [agency_groups()], one per row of `agencies`; `all agencies` is everyone.
#' @return A data.table with the columns of `estimates.csv`. Where all agencies respond the number is their plain
#'   sum. Whether a number is for release is left open: see [offense_release()].
#' @references METHOD, sections 9 and 11.
#' @noRd
describe_estimates <- function(estimates, year, geography, status, agencies, groups) {
  sums <- vapply(groups, function(inside) {
    c(sum(inside), sum(inside & agencies$respondent), sum(agencies$population[inside]),
      sum(agencies$population[inside & agencies$respondent]))
  }, numeric(4))
  of_group <- sums[, match(estimates$agency_group, names(groups)), drop = FALSE]
  population <- of_group[3, ]
  coverage <- true_coverage(
    ifelse(population > 0, of_group[4, ] / population, of_group[2, ] / of_group[1, ]), of_group[4, ], status,
    estimates$agency_group
  )
  complete <- of_group[1, ] == of_group[2, ]
  number <- ifelse(complete, estimates$unweighted, estimates$estimate)
  # Where all respond there are no silent agencies; what their own filled months are is still uncertain.
  terms <- list(sampling_error = ifelse(complete, 0, estimates$sampling_error), months_error = estimates$months_error,
    return_a_error = estimates$return_a_error)
  if (status$basis != "estimate") {
    terms <- lapply(terms, function(term) rep(NA_real_, length(term)))
  }
  error <- sqrt(terms$sampling_error^2 + terms$months_error^2 + terms$return_a_error^2)
  half <- interval_factor(estimates$degrees_of_freedom) * error
  per_100000 <- ifelse(population > 0, 1e5 / population, NA)
  relative <- ifelse(number == 0, NA, error / number)
  data.table::data.table(
    data_year = year, geography = geography, agency_group = estimates$agency_group, cell = estimates$cell,
    label = cell_labels(estimates$cell), estimate = number, standard_error = error,
    sampling_error = terms$sampling_error, months_error = terms$months_error, return_a_error = terms$return_a_error,
    lower_95 = pmax(0, number - half), upper_95 = number + half,
    degrees_of_freedom = estimates$degrees_of_freedom, relative_standard_error = relative,
    rate_per_100000 = number * per_100000,
    rate_standard_error = error * per_100000, bias_method = "none", basis = status$basis,
    suppression_flag = NA_integer_,
    unweighted = estimates$unweighted, agency_counts = estimates$agency_counts,
    agencies = as.integer(of_group[1, ]), respondents = as.integer(of_group[2, ]), population = population,
    population_of_respondents = of_group[4, ], population_coverage = coverage
  )
}

#' What a cell is called; an offense code that the package does not know is called by its code
#' @noRd
cell_labels <- function(cells) {
  totals <- package_table("offense_totals.csv")
  offenses <- package_table("offense_names.csv")
  names <- c(stats::setNames(totals$label, totals$total), stats::setNames(offenses$offense_name, offenses$offense_code))
  labels <- unname(names[cells])
  ifelse(is.na(labels), cells, labels)
}
