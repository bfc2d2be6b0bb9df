#' Estimates of one geography by offense code, by the weights alone
#'
#' That is the reference's way, `ESTIMATOR=reference`; by default the stages add a regression on Return A, see
#' [model_assisted_estimates()].
#'
#' @param weighed See [weigh_year()].
#' @param tabulated See [tabulate_offenses()]: of all states that were weighed.
#' @param geography One of the geographies of `weighed`, such as `"US"`, `"South"` or `"AZ"`.
#' @param agency_group `"all agencies"`, or one of [permutations()]'s groups of agencies, which is a domain.
#' @param correction See [linearised_estimates()].
#' @return An object of class `nibrs_estimates`, to be asked with the functions that the survey package's results are
#'   asked with: `coef()`, totals named by `violent`, `property` and offense code; `survey::SE()`, their standard
#'   errors; `vcov()`, their covariances; `confint()`, intervals that do not reach below 0, as they are published.
#'   Standard errors are missing where the numbers are no estimates ([universe_status()]), and 0 where all agencies
#'   respond.
#' @references METHOD, section 9.
#' @seealso `vignette("from-a-zip-to-one-estimate", package = "nibrsest")`
#' @examples
#' folder <- example_year()
#' tabulated <- tabulate_offenses(read_state_records(file.path(folder, "downloads", "2016", "RI-2016.zip")))
#' reference <- read_reference(file.path(folder, "reference", "reference-2016.zip"))
#' weighed <- weigh_year(reference, tabulated, "RI", 2016L)
#' found <- estimate_offenses(weighed, tabulated, "RI")
#' found
#' coef(found)["120"]
#' confint(found, c("120", "13A"))
#' vcov(found, c("120", "13A"))
#' if (requireNamespace("survey", quietly = TRUE)) survey::SE(found)["120"]
#' @export
estimate_offenses <- function(weighed, tabulated, geography, agency_group = "all agencies",
                              correction = "few_respondents") {
  some_of("geography", geography, unique(weighed$geographies$geography))
  covariates <- as.matrix(weighed$covariates[, covariate_names, with = FALSE])
  place <- geography_of(geography, weighed$geographies, weighed$agencies, covariates)
  groups <- c(list("all agencies" = rep(TRUE, nrow(place$agencies))), agency_groups(place$agencies))
  some_of("agency_group", agency_group, names(groups))
  # Outside of `[`, where the columns would hide the argument.
  weight_rows <- which(weighed$weights$geography == geography)
  stratum_rows <- which(weighed$strata$geography == geography)
  weights <- weighed$weights[weight_rows, ]
  respondents <- match(weights$ori, place$agencies$ori)
  inside <- groups[[agency_group]]
  if (!any(inside[respondents])) {
    stop(geography, ", ", agency_group, ": no agency responds; there is no estimate", call. = FALSE)
  }
  used <- used_offenses(tabulated, weighed$months, weighed$donors)
  counts <- annual_counts(used, weights$ori) * place$share[respondents] * inside[respondents]
  known_covariates <- place$covariates[respondents, , drop = FALSE]
  basis <- weighed$universe$basis[weighed$universe$geography == geography]
  strata <- weighed$strata[stratum_rows, ]
  new_estimates(counts, with_ratios(weights, strata, known_covariates),
    covariates_used(weights, strata, known_covariates),
    size = known_covariates[, "total"], correction = correction,
    error = if (basis != "estimate") "unknown" else if (all(place$agencies$respondent[inside])) "none" else "estimated",
    heading = sprintf("%s, %s: %d of %d agencies respond; %s", geography, agency_group, sum(inside[respondents]),
      sum(inside), c(estimate = "estimates", residents = "raised by residents, no estimates",
        counts = "counts of those that reported, no estimates")[[basis]]))
}

#' @noRd
some_of <- function(name, values, allowed) {
  strange <- setdiff(values, allowed)
  if (length(strange) > 0L) {
    stop(name, " is \"", strange[[1]], "\"; it has to be one of ", paste(allowed, collapse = ", "), call. = FALSE)
  }
}

#' @param counts Annual counts, respondents by named cells; 0 outside of a domain.
#' @param error `"estimated"`, `"none"` (all respond) or `"unknown"` (no estimates).
#' @noRd
new_estimates <- function(counts, weights, covariates, size, correction, error, heading) {
  design <- list(weights = weights, covariates = covariates, size = size, correction = correction)
  totals <- totals_of(counts, design)
  standard_error <- switch(error, estimated = totals$standard_error, none = 0 * totals$standard_error,
    unknown = rep(NA_real_, nrow(totals)))
  structure(list(
    coefficients = stats::setNames(totals$estimate, colnames(counts)),
    standard_error = stats::setNames(standard_error, colnames(counts)), counts = counts, design = design,
    error = error, heading = heading
  ), class = "nibrs_estimates")
}

#' @noRd
totals_of <- function(counts, design) {
  linearised_estimates(counts, design$weights, design$covariates, correction = design$correction, size = design$size)
}

#' @importFrom stats coef
#' @export
coef.nibrs_estimates <- function(object, ...) object$coefficients

#' @exportS3Method survey::SE nibrs_estimates
SE.nibrs_estimates <- function(object, ...) object$standard_error

#' Covariances of estimates
#'
#' The variance of a total is a quadratic form of its counts, so that a covariance is half of what the variance of the
#' sum of two has over the sum of their variances.
#'
#' @param object See [estimate_offenses()].
#' @param cells Which estimates; all by default.
#' @param ... Not used.
#' @return A symmetric matrix, rows and columns named by `cells`.
#' @keywords internal
#' @importFrom stats vcov
#' @export
vcov.nibrs_estimates <- function(object, cells = names(object$coefficients), ...) {
  some_of("cells", cells, names(object$coefficients))
  covariance <- diag(object$standard_error[cells]^2, nrow = length(cells))
  dimnames(covariance) <- list(cells, cells)
  if (object$error != "estimated") {
    covariance[] <- if (object$error == "none") 0 else NA_real_
    return(covariance)
  }
  if (length(cells) > 1L) {
    pairs <- utils::combn(length(cells), 2L)
    counts <- methods::as(object$counts[, cells, drop = FALSE], "CsparseMatrix")
    sums <- counts[, pairs[1, ], drop = FALSE] + counts[, pairs[2, ], drop = FALSE]
    of_sums <- totals_of(sums, object$design)$standard_error^2
    own <- diag(covariance)
    covariance[t(pairs)] <- (of_sums - own[pairs[1, ]] - own[pairs[2, ]]) / 2
    covariance[t(pairs)[, 2:1, drop = FALSE]] <- covariance[t(pairs)]
  }
  covariance
}

#' @importFrom stats confint
#' @export
confint.nibrs_estimates <- function(object, parm = names(object$coefficients), level = constant("confidence"), ...) {
  some_of("parm", parm, names(object$coefficients))
  half <- stats::qnorm((1 + level) / 2) * object$standard_error[parm]
  limits <- cbind(pmax(0, object$coefficients[parm] - half), object$coefficients[parm] + half)
  dimnames(limits) <- list(names(object$coefficients[parm]), paste(format(100 * c((1 - level) / 2, (1 + level) / 2),
    trim = TRUE, digits = 3), "%"))
  limits
}

#' @export
print.nibrs_estimates <- function(x, ...) {
  cat(x$heading, "\n", sep = "")
  stats::printCoefmat(cbind(total = x$coefficients, SE = x$standard_error), ...)
  invisible(x)
}
