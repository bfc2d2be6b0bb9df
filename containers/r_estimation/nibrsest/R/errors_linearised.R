#' Totals and ratios of many cells, with linearised standard errors
#'
#' Taylor linearisation of the calibration estimator: in every stratum the counts are regressed on the
#' covariates of its calibration, with the initial weights; what is left, times the final weight, varies
#' between the respondents as a simple random sample without replacement. Without covariates this is the
#' textbook's stratified expansion estimator. Where a stratum's weight is the ratio of a number of all its agencies to
#' that of its respondents, what is left is y - x sum(y) / sum(x).
#'
#' All cells are computed at once. With Q an orthonormal basis of a stratum's covariates the residuals are
#' e = y - Q Q'y (of a ratio y - a b'y, with a = x / sum(x) and b = 1), so that sums of w e and of its square follow
#' from a few products of the sparse counts with Q; the residuals themselves, which are not sparse, are made only for
#' cells that the covariates explain almost wholly, where the difference of the sums would lose its digits.
#'
#' @param y Matrix (dense, or sparse of the Matrix package) of annual counts: respondents by cells.
#' @param design A data.table in the order of the rows: `stratum`, `N` (agencies of the stratum), `weight`
#'   (final). `initial` is taken to be N / n. With `ratio_to` strata in which it is not missing have the weights of a
#'   ratio to it.
#' @param covariates Numeric matrix of the covariates that the weights were calibrated to, 0 where a stratum
#'   was not calibrated to one; NULL if none was.
#' @param denominator For each cell the number of the column of `denominators` that it is a share of, NA for none.
#' @param denominators Matrix of annual counts like `y`, one column per denominator.
#' @param lonely What a stratum with one respondent of several agencies adds: `"average"`, the mean of the
#'   other strata, or `"fail"`.
#' @param correction `"none"`, as the survey package and the method; or `"few_respondents"`: residuals are divided by
#'   1 - h, h the diagonal of Q Q' (or a b'), since a respondent that the regression follows has too small a residual,
#'   and the regression is on no more covariates than half the respondents, the first of them. Needs `size`.
#' @param size Crimes by Return A of each respondent. With the correction, strata of fewer than five respondents
#'   take the variance of all respondents, in proportion to the power 1.5 of their size.
#' @return A data.table, one row per cell: `estimate`, `standard_error`, `share` (of the denominator),
#'   `share_error`; missing where there is no denominator or it is 0.
#' @references Särndal, Swensson and Wretman (1992), Model Assisted Survey Sampling, result 6.6.1, sections 5.6 (ratios)
#'   and 7.3 (the ratio estimator); Deville and Särndal (1992); Long and Ervin (2000), The American Statistician 54, 217
#'   (HC3, for the correction); METHOD, section 9.
#' @examples
#' # A simple random sample of 3 of 12 agencies: expansion, as the textbook has it.
#' y <- cbind(robbery = c(2, 0, 4))
#' linearised_estimates(y, data.table::data.table(stratum = "1", N = 12L, weight = c(4, 4, 4)))
#' c(12 * mean(y), 12 * sqrt((1 - 3 / 12) * stats::var(y[, 1]) / 3))
#' @export
linearised_estimates <- function(y, design, covariates = NULL, denominator = rep(NA_integer_, ncol(y)),
                                 denominators = NULL, lonely = "average", correction = "none", size = NULL) {
  stopifnot(nrow(y) == nrow(design), length(denominator) == ncol(y), correction %in% c("none", "few_respondents"))
  stopifnot(correction == "none" || length(size) == nrow(y))
  strata <- strata_of(design, covariates, correction)
  pool <- if (correction == "few_respondents") borrowing_pool(size, design$weight)
  alone <- vapply(strata, `[[`, TRUE, "alone")
  if (any(alone) && lonely == "fail") {
    stop("a single respondent stands for others in stratum ", strata[[which(alone)[[1]]]]$name,
      "; join the stratum with another", call. = FALSE)
  }
  # Transposed, a stratum is a run of columns, which sparse matrices give away cheaply.
  cells <- by_respondent(y)
  variance <- variance_of(function(rows) cells[, rows, drop = FALSE], strata, pool)
  estimates <- data.table::data.table(
    estimate = as.vector(cells %*% design$weight), standard_error = sqrt(variance), share = NA_real_,
    share_error = NA_real_
  )
  if (is.null(denominators)) {
    return(estimates)
  }
  below <- by_respondent(denominators)
  base <- as.vector(below %*% design$weight)[denominator]
  has <- which(!is.na(base) & base != 0)
  if (length(has) > 0L) {
    share <- estimates$estimate[has] / base[has]
    chosen <- Matrix::sparseMatrix(seq_along(has), denominator[has], x = share, dims = c(length(has), nrow(below)))
    variance <- variance_of(function(rows) {
      cells[has, rows, drop = FALSE] - chosen %*% below[, rows, drop = FALSE]
    }, strata, pool)
    data.table::set(estimates, has, "share", share)
    data.table::set(estimates, has, "share_error", sqrt(variance) / abs(base[has]))
  }
  estimates
}

#' Cells by respondents, sparse
#' @noRd
by_respondent <- function(y) {
  Matrix::t(methods::as(methods::as(methods::as(y, "dMatrix"), "generalMatrix"), "CsparseMatrix"))
}

#' What the variance needs to know of each stratum
#'
#' @return A list of lists: `name`, `rows`, `n`, `N`, `alone` (its error is the mean of the others'), `few` (its
#'   error is borrowed), `final` (weights), `weight` (the same times the correction), `fit` (see [fit_of()]).
#' @noRd
strata_of <- function(design, covariates, correction) {
  names <- sort(unique(design$stratum))
  lapply(split(seq_len(nrow(design)), factor(design$stratum, names)), function(rows) {
    n <- length(rows)
    N <- as.numeric(design$N[[rows[[1]]]])
    most <- if (correction == "few_respondents") max(1, n %/% constant("respondents_per_covariate")) else n
    few <- correction == "few_respondents" && n < constant("fewest_respondents") && n < N
    fit <- fit_of(covariates[rows, , drop = FALSE], most, design$ratio_to[rows])
    final <- design$weight[rows]
    weight <- final
    if (correction == "few_respondents" && !is.null(fit)) {
      left <- 1 - rowSums(fit$basis * fit$dual)
      weight <- weight / ifelse(left > 1e-8, left, 1)
    }
    list(name = design$stratum[[rows[[1]]]], rows = rows, n = n, N = N, alone = n == 1L && N > 1 && !few, few = few,
      final = final, weight = weight, fit = fit)
  })
}

#' What a stratum's counts are predicted by: `basis` times the crossproduct of `dual` and the counts
#'
#' @param x Covariates of its respondents; NULL if no stratum has any.
#' @param most Number of covariates at most.
#' @param ratio_to See [linearised_estimates()]; NULL if no stratum has a ratio.
#' @return A list of two matrices of the same size, respondents by covariates; NULL where nothing predicts.
#' @noRd
fit_of <- function(x, most, ratio_to) {
  total <- if (anyNA(ratio_to)) 0 else sum(ratio_to)
  if (total > 0) {
    return(list(basis = cbind(ratio_to / total), dual = cbind(rep(1, length(ratio_to)))))
  }
  basis <- if (is.null(x)) NULL else basis_of(x, most)
  if (is.null(basis)) NULL else list(basis = basis, dual = basis)
}

#' What a fit leaves of counts, a matrix of respondents by cells
#' @noRd
residuals_of_fit <- function(fit, y) if (is.null(fit)) y else y - fit$basis %*% crossprod(fit$dual, y)

#' An orthonormal basis of the first columns, as many as are wanted; the initial weights of a stratum are equal and
#' drop out
#' @noRd
basis_of <- function(x, most) {
  x <- x[, colSums(abs(x)) > 0, drop = FALSE]
  if (ncol(x) == 0L) {
    return(NULL)
  }
  decomposed <- qr(sweep(x, 2L, sqrt(colSums(x^2)), "/"), LAPACK = FALSE)
  qr.Q(decomposed)[, seq_len(min(decomposed$rank, most)), drop = FALSE]
}

#' The variance of weighted totals
#'
#' @param values A function that gives the linearised values of cells by some respondents, a sparse matrix.
#' @param pool See [borrowing_pool()].
#' @noRd
variance_of <- function(values, strata, pool) {
  few <- vapply(strata, `[[`, TRUE, "few")
  varying <- vapply(strata, function(stratum) stratum$n > 1L && stratum$n < stratum$N, TRUE) & !few
  alone <- vapply(strata, `[[`, TRUE, "alone")
  total <- numeric(nrow(values(integer())))
  for (stratum in strata[varying]) {
    total <- total + (1 - stratum$n / stratum$N) * stratum$n / (stratum$n - 1) *
      squares_about_mean(values(stratum$rows), stratum)
  }
  if (any(few)) {
    units <- vapply(strata[few], function(stratum) {
      (1 - stratum$n / stratum$N) * sum(stratum$final^2 * pool$spread[stratum$rows])
    }, numeric(1))
    total <- total + sum(units) * borrowed_spread(values, strata, pool)
  }
  if (any(alone)) {
    # Complete strata count among the others, and add nothing to their mean: as the survey package has it.
    others <- sum(!alone)
    total <- if (others > 0L) total * (1 + sum(alone) / others) else rep(NA_real_, length(total))
  }
  total
}

#' Sums of squares, about the mean, of weighted residuals of a stratum
#' @noRd
squares_about_mean <- function(z, stratum) {
  weight <- stratum$weight
  raw <- as.vector(z^2 %*% weight^2)
  squares <- raw
  sums <- as.vector(z %*% weight)
  if (!is.null(stratum$fit)) {
    basis <- stratum$fit$basis
    fitted <- as.matrix(z %*% stratum$fit$dual)
    crossed <- as.matrix(z %*% (basis * weight^2))
    squares <- squares - 2 * rowSums(fitted * crossed) + rowSums((fitted %*% crossprod(basis * weight)) * fitted)
    sums <- sums - as.vector(fitted %*% crossprod(basis, weight))
  }
  about_mean <- squares - sums^2 / stratum$n
  lost <- which(raw > 0 & about_mean < 1e-7 * raw)
  if (length(lost) > 0L) {
    about_mean[lost] <- squares_one_by_one(z[lost, , drop = FALSE], stratum)
  }
  about_mean
}

#' The same by the residuals themselves, some hundred cells at a time
#' @noRd
squares_one_by_one <- function(z, stratum) {
  squares <- numeric(nrow(z))
  for (some in split(seq_len(nrow(z)), (seq_len(nrow(z)) - 1L) %/% 500L)) {
    values <- residuals_of_fit(stratum$fit, as.matrix(Matrix::t(z[some, , drop = FALSE]))) * stratum$weight
    squares[some] <- colSums(sweep(values, 2L, colMeans(values))^2)
  }
  squares
}
