#' Covariates that a group is calibrated to as one
#'
#' Of the largest cities' years before 2023, robbery and aggravated assault are one covariate: aggravated assaults and
#' k times the robberies, k being the group's aggravated assaults over its robberies, so that both have the same part in
#' it. Few agencies then have one total less to meet. What is combined where is `combined_covariates.csv`.
#'
#' @param set Names of covariates.
#' @param combined Of the scheme, see [weighting_scheme()]; `NULL` for none.
#' @param group Name of the group.
#' @param totals Of all agencies of the group, named by covariate. Without any of what is added, k is 1.
#' @return Terms in place of the names: names as they are, or two of them as `aggravated_assault+3.25*robbery`.
#' @references METHOD, section 5.5.
#' @noRd
combined_terms <- function(set, combined, group, totals) {
  # Outside of `[`, where columns would hide the arguments.
  own <- which(combined$group == group & combined$covariate %in% set & combined$added %in% set)
  rules <- combined[own, ]
  for (row in seq_len(NROW(rules))) {
    covariate <- rules$covariate[[row]]
    added <- rules$added[[row]]
    k <- if (totals[[added]] > 0 && totals[[covariate]] > 0) totals[[covariate]] / totals[[added]] else 1
    set[set == covariate] <- sprintf("%s+%.15g*%s", covariate, k, added)
    set <- setdiff(set, added)
  }
  set
}

#' The columns that terms stand for
#'
#' @param covariates Matrix of [srs_covariates()].
#' @param terms See [combined_terms()].
#' @return A matrix with a column per term, named by it.
#' @noRd
term_columns <- function(covariates, terms) {
  columns <- vapply(strsplit(terms, "+", fixed = TRUE), function(parts) {
    factors <- ifelse(grepl("*", parts, fixed = TRUE), sub("[*].*", "", parts), "1")
    drop(covariates[, sub(".*[*]", "", parts), drop = FALSE] %*% as.numeric(factors))
  }, numeric(nrow(covariates)))
  matrix(columns, nrow(covariates), length(terms), dimnames = list(NULL, terms))
}

#' The covariates that each respondent's stratum was calibrated to, 0 for the others
#'
#' @param weights Respondents: `stratum`.
#' @param strata `stratum`, `covariates` (terms joined by spaces).
#' @param covariates Of the respondents, see [srs_covariates()].
#' @return A matrix: a column per covariate, and per term of several after the first of these.
#' @noRd
covariates_used <- function(weights, strata, covariates) {
  sets <- strsplit(strata$covariates, " ", fixed = TRUE)
  terms <- unique(c(colnames(covariates), unlist(sets)))
  terms <- terms[order(match(sub("[+].*", "", terms), colnames(covariates)))]
  used <- t(vapply(sets[match(weights$stratum, strata$stratum)], function(set) terms %in% set, logical(length(terms))))
  term_columns(covariates, terms) * used
}

#' Weights with `ratio_to`: what the weights of a stratum are a ratio to, missing for others
#'
#' @param weights,strata,covariates See [covariates_used()]; `method` of the strata.
#' @noRd
with_ratios <- function(weights, strata, covariates) {
  method <- strata$method[match(weights$stratum, strata$stratum)]
  cbind(weights, ratio_to = ifelse(method %in% "ratio", covariates[, "total"], NA_real_))
}
