#' Generalised variance functions: relative errors as a function of the estimate
#'
#' Per geography and table, `log(standard error / estimate) = intercept + slope * l + curve * l^2` with
#' `l = log(estimate)`, by least squares over the table's counts that at least five respondents have any of.
#' Counts that lie four spreads (median absolute deviations) off a first such curve do not bend the second: those that
#' Return A tells exactly have next to no error.
#'
#' @param rows Of any geographies, see [estimate_tables()], with `permutation`; those without an error, or with none to
#'   have, are left out.
#' @param tables The table of each row.
#' @return A data.table, a row per geography and table of at least twenty such counts that differ: `permutation`,
#'   `table`, `cells` (how many), `lowest` and `highest` (their estimates), `intercept`, `slope`, `curve`, `r_squared`
#'   (of the logarithms, without what lies far off), and of the ratio of fitted to direct relative error `ratio_10`,
#'   `ratio_median` and `ratio_90` (its quantiles).
#' @references Wolter (2007), Introduction to Variance Estimation, chapter 7.
#' @noRd
generalised_variances <- function(rows, tables) {
  direct <- rows$standard_error / rows$estimate
  # Where all respond the error is 0 and no function is needed.
  used <- which(rows$estimate > 0 & direct > 0 & rows$agency_counts >= constant("agencies_of_generalised"))
  # The same count under several names is one.
  used <- used[!duplicated(data.frame(rows$permutation, tables, rows$estimate, direct)[used, ])]
  place <- paste(rows$permutation[used], tables[used], sep = "\r")
  fitted <- lapply(split(used, factor(place, unique(place))), function(inside) {
    fit <- fit_generalised(rows$estimate[inside], direct[inside])
    if (!is.null(fit)) cbind(permutation = rows$permutation[[inside[[1]]]], table = tables[[inside[[1]]]], fit)
  })
  data.table::rbindlist(c(list(no_generalised()), fitted))
}

#' @noRd
no_generalised <- function() {
  data.table::data.table(permutation = integer(), table = character(), cells = integer(), lowest = numeric(),
    highest = numeric(), intercept = numeric(), slope = numeric(), curve = numeric(), r_squared = numeric(),
    ratio_10 = numeric(), ratio_median = numeric(), ratio_90 = numeric())
}

#' @param estimate,direct Estimates and their relative errors, all above 0.
#' @return A one-row data.table; `NULL` with too few of them, or all of one size.
#' @noRd
fit_generalised <- function(estimate, direct) {
  size <- log(estimate)
  if (length(size) < constant("cells_of_generalised") || diff(range(size)) < 1e-6) {
    return(NULL)
  }
  terms <- cbind(1, size, size^2)
  curve_through <- function(kept) {
    coefficients <- qr.coef(qr(terms[kept, , drop = FALSE]), log(direct[kept]))
    # Of two sizes a curve is not known.
    replace(coefficients, is.na(coefficients), 0)
  }
  residual_of <- function(coefficients) log(direct) - drop(terms %*% coefficients)
  first <- residual_of(curve_through(seq_along(size)))
  kept <- which(abs(first - stats::median(first)) <= constant("spreads_of_generalised") * stats::mad(first) + 1e-9)
  coefficients <- curve_through(kept)
  residual <- residual_of(coefficients)
  ratios <- stats::quantile(exp(-residual), c(0.1, 0.5, 0.9), names = FALSE)
  spread <- sum((log(direct[kept]) - mean(log(direct[kept])))^2)
  data.table::data.table(
    cells = length(size), lowest = min(estimate), highest = max(estimate), intercept = coefficients[[1]],
    slope = coefficients[[2]], curve = coefficients[[3]],
    r_squared = if (spread > 0) 1 - sum(residual[kept]^2) / spread else NA_real_,
    ratio_10 = ratios[[1]], ratio_median = ratios[[2]], ratio_90 = ratios[[3]]
  )
}

#' The relative error that a generalised variance function gives
#'
#' @param fit A row of [generalised_variances()].
#' @param estimate Estimates above 0; below and above those that the function was fitted to, the function's end holds.
#' @noRd
generalised_error <- function(fit, estimate) {
  size <- log(pmin(pmax(estimate, fit$lowest), fit$highest))
  exp(fit$intercept + fit$slope * size + fit$curve * size^2)
}
