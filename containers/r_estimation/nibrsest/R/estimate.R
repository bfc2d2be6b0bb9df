#' Estimates of a geography, and of groups of agencies within it
#'
#' @param counts Matrix of annual counts, respondents by named cells.
#' @param weights Of the geography, in the order of the rows: see [weights_of()].
#' @param strata Of the geography: `stratum`, `covariates`.
#' @param covariates Matrix of [srs_covariates()], in the order of the rows.
#' @param groups A list, named by group of agencies, of logical vectors, one per row; `all agencies` is everyone.
#' @param correction See [linearised_estimates()].
#' @return A data.table: `agency_group`, `cell`, `estimate`, `standard_error`, `unweighted` (the respondents' own
#'   count), `agency_counts` (respondents with any).
#' @references METHOD, section 9.
#' @export
estimate_geography <- function(counts, weights, strata, covariates, groups, correction = "none") {
  used <- covariates_used(weights, strata, covariates)
  made <- lapply(names(groups), function(name) {
    inside <- groups[[name]]
    # A group is a domain: agencies outside of it count as zero, and stay in the design.
    y <- counts * inside
    found <- linearised_estimates(y, weights, used, correction = correction, size = covariates[, "total"])
    data.table::data.table(
      agency_group = name, cell = colnames(counts), estimate = found$estimate, standard_error = found$standard_error,
      unweighted = colSums(y), agency_counts = as.integer(colSums(y > 0))
    )
  })
  data.table::rbindlist(made)
}

#' The covariates that each respondent's stratum was calibrated to, 0 for the others
#' @noRd
covariates_used <- function(weights, strata, covariates) {
  sets <- strsplit(strata$covariates, " ", fixed = TRUE)[match(weights$stratum, strata$stratum)]
  used <- t(vapply(sets, function(set) colnames(covariates) %in% set, logical(ncol(covariates))))
  covariates * used
}

#' Annual counts of respondents by cell, with the totals of several offense codes
#'
#' @param tabulated Counts by `ori`, `month`, `offense_code` of the months that are used (see
#'   [with_donated_months()]).
#' @param oris ORIs of the respondents: the rows, in this order.
#' @return Numeric matrix; columns are the totals of `offense_totals.csv`, then all offense codes
#'   that occur anywhere, sorted.
#' @export
annual_counts <- function(tabulated, oris) {
  codes <- sort(unique(tabulated$offense_code))
  counts <- matrix(0, length(oris), length(codes), dimnames = list(NULL, codes))
  asked <- which(tabulated$ori %in% oris)
  mine <- tabulated[asked, list(offenses = sum(offenses)), by = c("ori", "offense_code")]
  counts[cbind(match(mine$ori, oris), match(mine$offense_code, codes))] <- mine$offenses
  totals <- package_table("offense_totals.csv")
  sums <- vapply(unique(totals$total), function(total) {
    rowSums(counts[, codes %in% totals$offense_code[totals$total == total], drop = FALSE])
  }, numeric(length(oris)))
  cbind(matrix(sums, nrow = length(oris), dimnames = list(NULL, unique(totals$total))), counts)
}

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
  half <- stats::qnorm(0.975) * error
  per_100000 <- ifelse(population > 0, 1e5 / population, NA)
  relative <- ifelse(estimates$estimate == 0, NA, error / estimates$estimate)
  cell_flag <- is.na(error) | relative > 0.3 | ((estimates$estimate == 0 | error %in% 0) & coverage < 0.8)
  data.table::data.table(
    data_year = year, geography = geography, agency_group = estimates$agency_group, cell = estimates$cell,
    label = cell_labels(estimates$cell), estimate = estimates$estimate, standard_error = error,
    lower_95 = pmax(0, estimates$estimate - half), upper_95 = estimates$estimate + half,
    relative_standard_error = relative, rate_per_100000 = estimates$estimate * per_100000,
    rate_standard_error = error * per_100000, bias_method = "none", basis = status$basis,
    suppression_flag = as.integer(status$basis != "estimate" | ifelse(coverage > 0.8, FALSE, cell_flag %in% TRUE)),
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
  found <- unname(names[cells])
  ifelse(is.na(found), cells, found)
}
