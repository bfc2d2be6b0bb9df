#' How far the Return A that stands for agencies is from their own of the year
#'
#' Return A of fewer than twelve months is brought to twelve, that of an earlier year stands for the year's, and an
#' agency without any has that of another of its group. What a model-assisted estimate takes from it, x'B, is off by
#' some d'B, whose square is taken to have the mean `dispersion m'|B| f + variation (m'B)^2`, see `two_terms()`: m is
#' what is expected (see `expected_counts()`) of what is not known: of k months (12 - k) / 12 of x, with f = 12 / k, of
#' an earlier year all of x, with f = 1. Of what was drawn from a group the square has twice the variance within the
#' group.
#'
#' @param coefficients Of [borrowed_model()], cells by crimes.
#' @param covariates Of all agencies, the crimes of the coefficients.
#' @param source Of the same agencies: `srs_year`, `srs_months`, `donor`, see [srs_covariates()].
#' @param earlier `covariates` and `source` as of the year before.
#' @param masked Matrices of the same crimes, a row per masked reporter: `kept`, offenses of the months that it kept,
#'   and `missed`; and `months`, how many it kept.
#' @param group Of each agency, from which Return A is drawn.
#' @param year The data year.
#' @return A list: `coefficients`, `share` (of each crime in all), `lines` (of `partial` and `earlier`; NULL where
#'   nobody tells), `drawn` (a matrix per group, the variances and covariances of its full reporters' Return A,
#'   doubled).
#' @noRd
return_a_model <- function(coefficients, covariates, source, earlier, masked, group, year) {
  whole <- masked$kept + masked$missed
  raise <- 12 / masked$months
  share <- shares_of_cells(t(covariates))
  partial <- covariate_lines(coefficients, masked$kept * raise - whole, masked$kept * (raise - 1), raise,
    1 / (raise - 1), share)
  twelve <- which(source$srs_year %in% year & source$srs_months %in% 12L & earlier$source$srs_months %in% 12L)
  before <- earlier$covariates[twelve, , drop = FALSE]
  one <- covariate_lines(coefficients, before - covariates[twelve, , drop = FALSE], before, rep(1, length(twelve)),
    rep(1, length(twelve)), share)
  full <- which(source$srs_months %in% 12L)
  drawn <- lapply(split(full, group[full]), function(rows) {
    if (length(rows) > 1L) 2 * stats::var(covariates[rows, , drop = FALSE]) else NULL
  })
  list(coefficients = coefficients, share = share, lines = list(partial = partial, earlier = one), drawn = drawn)
}

#' The two terms of each cell
#'
#' @param off Matrix of what Return A was off by, agencies by crimes.
#' @param amount What of it was not known.
#' @param factor,seen f of each agency, and how often its amount was seen.
#' @param share Of each crime in all.
#' @noRd
covariate_lines <- function(coefficients, off, amount, factor, seen, share) {
  if (nrow(off) < constant("masked_for_a_fit")) {
    return(NULL)
  }
  classes <- equal_classes(rowSums(amount), constant("masked_classes"))
  by_class <- function(sums) matrix(unlist(lapply(classes, sums)), ncol = length(classes))
  expected <- expected_counts(t(amount), share, rowSums(amount), seen)
  lines <- two_terms(
    by_class(function(rows) quadratic(coefficients, crossprod(off[rows, , drop = FALSE]))),
    by_class(function(rows) drop(abs(coefficients) %*% (expected[, rows, drop = FALSE] %*% factor[rows]))),
    by_class(function(rows) quadratic(coefficients, tcrossprod(expected[, rows, drop = FALSE])))
  )
  lines[is.na(lines)] <- 0
  lines
}

#' b' M b of each row b
#' @noRd
quadratic <- function(coefficients, matrix) rowSums((coefficients %*% matrix) * coefficients)

#' The variance that the Return A of silent agencies adds to model-assisted totals
#'
#' That of respondents is in their residuals already.
#'
#' @param model See `return_a_model()`.
#' @param silent A list, side by side: `covariates`, `srs_year`, `srs_months`, `drawn` (logical), `group`, `share`.
#' @param year The data year.
#' @param cell Which cells, all by default; `coefficients` of these, where others than the cells' own are meant.
#' @return A number per cell.
#' @noRd
return_a_variance <- function(model, silent, year, cell = seq_len(nrow(model$coefficients)),
                              coefficients = model$coefficients[cell, , drop = FALSE]) {
  known <- !silent$drawn & !is.na(silent$srs_months)
  added <- function(lines, rows, amount, factor, seen) {
    if (is.null(lines) || length(rows) == 0L) {
      return(0)
    }
    share <- silent$share[rows]^2
    expected <- expected_counts(t(amount), model$share, rowSums(amount), seen)
    lines$dispersion[cell] * drop(abs(coefficients) %*% (expected %*% (share * factor))) +
      lines$variation[cell] * quadratic(coefficients, tcrossprod(expected * rep(sqrt(share), each = nrow(expected))))
  }
  partial <- which(known & silent$srs_months < 12L)
  before <- which(known & silent$srs_year < year)
  months <- silent$srs_months[partial]
  variance <- added(model$lines$partial, partial, silent$covariates[partial, , drop = FALSE] * (1 - months / 12),
    12 / months, months / (12 - months)) +
    added(model$lines$earlier, before, silent$covariates[before, , drop = FALSE], rep(1, length(before)),
      rep(1, length(before)))
  drawn <- which(silent$drawn)
  for (name in intersect(unique(silent$group[drawn]), names(model$drawn))) {
    of_group <- drawn[silent$group[drawn] == name]
    if (!is.null(model$drawn[[as.character(name)]])) {
      variance <- variance + sum(silent$share[of_group]^2) *
        quadratic(coefficients, model$drawn[[as.character(name)]])
    }
  }
  rep_len(variance, length(cell))
}
