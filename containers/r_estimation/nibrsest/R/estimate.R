#' Totals with standard errors from expansion weights
#'
#' The stratified expansion estimator of a total with its textbook standard error, including the
#' finite population correction, computed by the survey package. Every stratum has two respondents or
#' is complete ([expansion_weights()] sees to it); where a single respondent stands for all others the
#' standard error is missing.
#'
#' @param counts Numeric matrix of annual counts, one row per respondent, one named column per cell.
#' @param weights A data.table in the order of the rows: `stratum`, `N`, `weight`
#'   (see [expansion_weights()]).
#' @return A data.table: `cell`, `estimate`, `standard_error`.
#' @references Cochran (1977), theorems 5.3 and 5.5; METHOD, section 9; Lumley,
#'   Analysis of Complex Survey Samples (2004).
#' @export
estimate_totals <- function(counts, weights) {
  stopifnot(nrow(counts) == nrow(weights))
  if (nrow(counts) == 1L) {
    # No variance can be estimated from one agency; if it is the whole universe there is none.
    error <- if (weights$N == 1L) 0 else NA_real_
    return(data.table::data.table(
      cell = colnames(counts), estimate = weights$weight * counts[1L, ], standard_error = error
    ))
  }
  # A lonely respondent that stands for others would be a fault of the weights.
  before <- options(survey.lonely.psu = "fail")
  on.exit(options(before))
  design <- survey::svydesign(
    ids = ~1, strata = ~stratum, weights = ~weight, fpc = ~N, data = as.data.frame(weights)
  )
  totals <- survey::svytotal(counts, design)
  data.table::data.table(
    cell = colnames(counts), estimate = as.numeric(stats::coef(totals)),
    standard_error = as.numeric(survey::SE(totals))
  )
}

#' Annual counts of respondents by cell, with the totals of several offense codes
#'
#' @param tabulated Stacked results of [tabulate_state()].
#' @param oris ORIs of the respondents: the rows, in this order.
#' @return Numeric matrix; columns are the totals of `offense_totals.csv`, then all offense codes
#'   that occur anywhere, sorted.
#' @export
annual_counts <- function(tabulated, oris) {
  codes <- sort(unique(tabulated$offense_code))
  counts <- matrix(0, length(oris), length(codes), dimnames = list(NULL, codes))
  asked <- tabulated$ori %in% oris
  mine <- tabulated[asked, list(offenses = sum(offenses)), by = c("ori", "offense_code")]
  counts[cbind(match(mine$ori, oris), match(mine$offense_code, codes))] <- mine$offenses
  totals <- package_table("offense_totals.csv")
  sums <- vapply(unique(totals$total), function(total) {
    rowSums(counts[, codes %in% totals$offense_code[totals$total == total], drop = FALSE])
  }, numeric(length(oris)))
  cbind(matrix(sums, nrow = length(oris), dimnames = list(NULL, unique(totals$total))), counts)
}
