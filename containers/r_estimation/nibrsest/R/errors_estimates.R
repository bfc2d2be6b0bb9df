#' Estimates of a geography, and of groups of agencies within it
#'
#' @param counts Matrix of annual counts, respondents by named cells.
#' @param weights Of the geography, in the order of the rows: see [weights_of()].
#' @param strata Of the geography: `stratum`, `method`, `covariates`.
#' @param covariates Matrix of [srs_covariates()], in the order of the rows.
#' @param groups A list, named by group of agencies, of logical vectors, one per row; `all agencies` is everyone.
#' @param correction See [linearised_estimates()].
#' @return A data.table: `agency_group`, `cell`, `estimate`, `standard_error`, `unweighted` (the respondents' own
#'   count), `agency_counts` (respondents with any), `degrees_of_freedom` (missing: intervals are normal).
#' @references METHOD, section 9.
#' @keywords internal
estimate_geography <- function(counts, weights, strata, covariates, groups, correction = "none") {
  used <- covariates_used(weights, strata, covariates)
  design <- with_ratios(weights, strata, covariates)
  by_group <- lapply(names(groups), function(name) {
    inside <- groups[[name]]
    # A group is a domain: agencies outside of it count as zero, and stay in the design.
    y <- counts * inside
    totals <- linearised_estimates(y, design, used, correction = correction, size = covariates[, "total"])
    data.table::data.table(
      agency_group = name, cell = colnames(counts), estimate = totals$estimate, standard_error = totals$standard_error,
      unweighted = colSums(y), agency_counts = as.integer(colSums(y > 0)), degrees_of_freedom = NA_real_
    )
  })
  data.table::rbindlist(by_group)
}
