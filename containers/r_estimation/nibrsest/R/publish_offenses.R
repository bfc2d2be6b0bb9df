#' Estimates with what the published table says beside them: rate, limits, coverage, release flag
#'
#' @param estimates See [estimate_geography()].
#' @param year,geography The data year, and what the geography is called.
#' @param status `basis`, `universe_status` and `residents` of the geography, see [universe_status()]. What is no
#'   `estimate` has neither errors nor limits, and is flagged.
#' @param agencies Eligible agencies of the geography: `population`, `respondent`.
#' @param groups See [agency_groups()], one per row of `agencies`; `all agencies` is everyone.
#' @return A data.table with the columns of `estimates.csv`. A cell is flagged (1) if its relative standard error is
#'   above 30 per cent, or if it or its error is 0 and less than 80 per cent of the residents are covered; not (0)
#'   where more than 80 per cent are. Where respondents are complete the error is 0.
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
  error <- ifelse(complete, 0, estimates$standard_error)
  if (status$basis != "estimate") {
    error <- rep(NA_real_, nrow(estimates))
  }
  half <- interval_factor() * error
  per_100000 <- ifelse(population > 0, 1e5 / population, NA)
  relative <- ifelse(estimates$estimate == 0, NA, error / estimates$estimate)
  cell_flag <- is.na(error) | relative > constant("relative_error_limit") |
    ((estimates$estimate == 0 | error %in% 0) & coverage < constant("believed_coverage"))
  data.table::data.table(
    data_year = year, geography = geography, agency_group = estimates$agency_group, cell = estimates$cell,
    label = cell_labels(estimates$cell), estimate = estimates$estimate, standard_error = error,
    lower_95 = pmax(0, estimates$estimate - half), upper_95 = estimates$estimate + half,
    relative_standard_error = relative, rate_per_100000 = estimates$estimate * per_100000,
    rate_standard_error = error * per_100000, bias_method = "none", basis = status$basis,
    suppression_flag = as.integer(status$basis != "estimate" |
      ifelse(coverage > constant("released_coverage"), FALSE, cell_flag %in% TRUE)),
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
