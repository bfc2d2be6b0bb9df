#' Totals and ratios of many cells, with linearised standard errors
#'
#' Taylor linearisation of the calibration estimator: in every stratum the counts are regressed on the
#' covariates of its calibration, with the initial weights; what is left, times the final weight, varies
#' between the respondents as a simple random sample without replacement. Without covariates this is the
#' textbook's stratified expansion estimator. All cells are computed at once, some hundreds at a time.
#'
#' @param y Matrix (dense, or sparse of the Matrix package) of annual counts: respondents by cells.
#' @param design A data.table in the order of the rows: `stratum`, `N` (agencies of the stratum), `weight`
#'   (final). `initial` is taken to be N / n.
#' @param covariates Numeric matrix of the covariates that the weights were calibrated to, 0 where a stratum
#'   was not calibrated to one; NULL if none was.
#' @param denominator For each cell the number of the column of `denominators` that it is a share of, NA for none.
#' @param denominators Matrix of annual counts like `y`, one column per denominator.
#' @param lonely What a stratum with one respondent of several agencies adds: `"average"`, the mean of the
#'   other strata, or `"fail"`.
#' @return A data.table, one row per cell: `estimate`, `standard_error`, `share` (of the denominator),
#'   `share_error`; missing where there is no denominator or it is 0.
#' @references Särndal, Swensson and Wretman (1992), Model Assisted Survey Sampling, result 6.6.1 and
#'   section 5.6 (ratios); Deville and Särndal (1992); METHOD, section 9.
#' @export
linearised_estimates <- function(y, design, covariates = NULL, denominator = rep(NA_integer_, ncol(y)),
                                 denominators = NULL, lonely = "average") {
  stopifnot(nrow(y) == nrow(design), length(denominator) == ncol(y))
  strata <- strata_of(design, covariates)
  if (any(strata$alone) && lonely == "fail") {
    stop("a single respondent stands for others in stratum ", strata$name[strata$alone][[1]],
      "; join the stratum with another", call. = FALSE)
  }
  below <- if (is.null(denominators)) NULL else residuals_of(as.matrix(denominators), design, strata)
  columns <- seq_len(ncol(y))
  made <- lapply(split(columns, (columns - 1L) %/% 500L), function(some) {
    estimate_columns_of(as.matrix(y[, some, drop = FALSE]), denominator[some], below, design, strata)
  })
  data.table::rbindlist(made)
}

#' @noRd
estimate_columns_of <- function(y, denominator, below, design, strata) {
  above <- residuals_of(y, design, strata)
  variance <- variance_of(above$linearised, strata)
  found <- data.table::data.table(
    estimate = above$totals, standard_error = sqrt(variance), share = NA_real_, share_error = NA_real_
  )
  has <- which(!is.na(denominator) & !is.na(below$totals[denominator]))
  has <- has[below$totals[denominator[has]] != 0]
  if (length(has) > 0L) {
    base <- below$totals[denominator[has]]
    share <- above$totals[has] / base
    z <- above$linearised[, has, drop = FALSE] -
      sweep(below$linearised[, denominator[has], drop = FALSE], 2L, share, "*")
    data.table::set(found, has, "share", share)
    data.table::set(found, has, "share_error", sqrt(variance_of(z, strata)) / abs(base))
  }
  found
}

#' What the variance needs to know of the strata
#' @noRd
strata_of <- function(design, covariates) {
  names <- sort(unique(design$stratum))
  rows <- lapply(names, function(name) which(design$stratum == name))
  n <- lengths(rows)
  N <- vapply(rows, function(row) as.numeric(design$N[[row[[1]]]]), numeric(1))
  fitted <- lapply(rows, function(row) {
    x <- if (is.null(covariates)) NULL else covariates[row, , drop = FALSE]
    x <- if (is.null(x)) NULL else x[, colSums(abs(x)) > 0, drop = FALSE]
    if (is.null(x) || ncol(x) == 0L) {
      return(NULL)
    }
    # The initial weights of a stratum are equal, so that they drop out of the regression.
    qr(sweep(x, 2L, sqrt(colSums(x^2)), "/"), LAPACK = FALSE)
  })
  list(name = names, rows = rows, n = n, N = N, fitted = fitted, alone = n == 1L & N > 1)
}

#' Weighted totals, and each respondent's weighted residual
#' @noRd
residuals_of <- function(y, design, strata) {
  linearised <- y
  for (at in seq_along(strata$rows)) {
    row <- strata$rows[[at]]
    if (!is.null(strata$fitted[[at]])) {
      linearised[row, ] <- qr.resid(strata$fitted[[at]], y[row, , drop = FALSE])
    }
  }
  list(totals = colSums(y * design$weight), linearised = linearised * design$weight)
}

#' The variance of the sum of linearised values
#' @noRd
variance_of <- function(z, strata) {
  parts <- matrix(0, length(strata$rows), ncol(z))
  for (at in seq_along(strata$rows)) {
    n <- strata$n[[at]]
    if (n > 1L) {
      mine <- z[strata$rows[[at]], , drop = FALSE]
      spread <- colSums(sweep(mine, 2L, colMeans(mine))^2)
      parts[at, ] <- (1 - n / strata$N[[at]]) * n / (n - 1) * spread
    }
  }
  if (any(strata$alone)) {
    others <- !strata$alone
    mean_part <- if (any(others)) colMeans(parts[others, , drop = FALSE]) else rep(NA_real_, ncol(z))
    parts[strata$alone, ] <- rep(mean_part, each = sum(strata$alone))
  }
  colSums(parts)
}
