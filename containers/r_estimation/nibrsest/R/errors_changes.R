#' What respondents contribute to the error of a geography's estimates by strata
#'
#' Residuals as [linearised_estimates()] has them, times the weight: w e, with e = y - Q Q'y and, where errors are
#' corrected for few respondents, divided by 1 - h.
#'
#' @param y Matrix of annual counts: respondents by cells, 0 outside of a domain.
#' @param weights Of the geography, in the order of the rows: `ori`, `stratum`, `N`, `n`, `weight`; and `ratio_to`, see
#'   [linearised_estimates()].
#' @param used See `covariates_used()`; `NULL` for none.
#' @param correction See [linearised_estimates()].
#' @return A matrix of the same size. Strata of so few respondents that their error is borrowed are 0.
#' @noRd
stratum_contributions <- function(y, weights, used, correction) {
  y <- as.matrix(y)
  contributions <- 0 * y
  for (stratum in strata_of(weights, used, correction)) {
    if (!stratum$few) {
      contributions[stratum$rows, ] <- residuals_of_fit(stratum$fit, y[stratum$rows, , drop = FALSE]) * stratum$weight
    }
  }
  contributions
}

#' Covariances of the estimates of two years by the respondents of both
#'
#' Within each pair of strata, of the one year and the other: `(c - f1 f2 M) s12`, with c agencies that respond in both
#' years, M agencies of the universe that are in both strata, f1 and f2 the shares of these strata that respond, and
#' s12 the covariance of what the c agencies contribute. If the same agencies respond in the same strata this is
#' (1 - n / N) n s12, as the variance has it; if who responds in the one year has nothing to do with who does in the
#' other, c is about f1 f2 M, and nothing is left.
#'
#' @param one,other Of each year a list: `contributions` (see [stratum_contributions()], the same cells), `ori` and
#'   `stratum` of its rows, `N` and `n` of their strata, and `universe`, a data.table of `ori` and `stratum` of all
#'   agencies.
#' @return A number per cell.
#' @references Tam (1984), On covariances from overlapping samples, The American Statistician 38, 288; Qualité and Tillé
#'   (2008), Variance estimation of changes in repeated surveys, Survey Methodology 34, 173.
#' @noRd
stratum_covariance <- function(one, other) {
  ori <- intersect(one$ori, other$ori)
  first <- match(ori, one$ori)
  second <- match(ori, other$ori)
  pair <- paste(one$stratum[first], other$stratum[second], sep = "\r")
  both <- merge(one$universe, other$universe, by = "ori")
  members <- table(paste(both$stratum.x, both$stratum.y, sep = "\r"))
  total <- numeric(ncol(one$contributions))
  for (rows in split(seq_along(ori), pair)) {
    shared <- length(rows)
    if (shared > 1L) {
      u <- one$contributions[first[rows], , drop = FALSE]
      v <- other$contributions[second[rows], , drop = FALSE]
      s12 <- colSums(sweep(u, 2L, colMeans(u)) * sweep(v, 2L, colMeans(v))) / (shared - 1)
      a <- first[rows[[1]]]
      b <- second[rows[[1]]]
      expected <- one$n[[a]] / one$N[[a]] * other$n[[b]] / other$N[[b]] * members[[pair[rows[[1]]]]]
      total <- total + (shared - expected) * s12
    }
  }
  unname(total)
}

#' How alike an agency's residuals of two years are, by cell
#'
#' Residuals about the borrowed regressions of the years, each divided by the spread that the variance function lets
#' expect, of agencies that respond in both years and have twenty crimes or more in either.
#'
#' @param one,other Models, see [borrowed_model()], of the same cells.
#' @param first,second Numbers of the agencies that respond in both, among those of each model.
#' @return A number per cell, between -1 and 1; 0 where nothing is known.
#' @noRd
residual_correlation <- function(one, other, first, second) {
  large <- which(one$size[first] >= constant("variance_crimes") & other$size[second] >= constant("variance_crimes"))
  if (length(large) == 0L) {
    return(numeric(nrow(one$cells)))
  }
  standardised <- function(model, rows) residuals_of(model, rows) / spread_of(model, model$size[rows])
  e <- standardised(one, first[large])
  f <- standardised(other, second[large])
  e[!is.finite(e)] <- 0
  f[!is.finite(f)] <- 0
  length <- sqrt(rowSums(e^2) * rowSums(f^2))
  unname(ifelse(length > 0, rowSums(e * f) / length, 0))
}

#' Residuals about the borrowed regression, cells by respondents
#' @noRd
residuals_of <- function(model, rows) {
  as.matrix(model$cells[, rows, drop = FALSE]) - tcrossprod(model$coefficients, model$x[rows, , drop = FALSE])
}

#' Standard deviations of counts about their predictions, cells by agencies of some size
#' @noRd
spread_of <- function(model, size) {
  exp((model$lines$level + outer(model$lines$slope, log(pmax(size, 1)))) / 2)
}

#' Covariances of the model-assisted estimates of two years
#'
#' An estimate is off by the sum of (w - 1) e over respondents less the sum of e over silent agencies. Of an agency that
#' responds in both years both residuals are known; of others their product is expected to be `correlation` times the
#' two spreads.
#'
#' @param one,other Of each year a list: `model`; `respondents`, a data.table of `ori`, `row` (of the model), `factor`
#'   (weight less one, times share); `silent`, a data.table of `ori`, `size`, `share`.
#' @param correlation See [residual_correlation()].
#' @return A number per cell.
#' @references Valliant, Dorfman and Royall (2000), Finite Population Sampling and Inference, chapter 5.
#' @noRd
assisted_covariance <- function(one, other, correlation) {
  respond <- intersect(one$respondents$ori, other$respondents$ori)
  first <- one$respondents[match(respond, one$respondents$ori), ]
  second <- other$respondents[match(respond, other$respondents$ori), ]
  varying <- which(first$factor != 0 & second$factor != 0)
  inflated <- sqrt(one$model$inflation[first$row] * other$model$inflation[second$row]) * first$factor * second$factor
  known <- as.vector((residuals_of(one$model, first$row[varying]) * residuals_of(other$model, second$row[varying])) %*%
    inflated[varying])
  unname(known + correlation * (expected_product(one, other, "silent", "silent") -
    expected_product(one, other, "respondents", "silent") - expected_product(one, other, "silent", "respondents")))
}

#' Sums over agencies of the products of both years' spreads, with their factors
#' @param what,which Whether the agency responds in each of the years.
#' @noRd
expected_product <- function(one, other, what, which) {
  size_of <- function(year, kind) {
    if (kind == "silent") {
      return(year$silent)
    }
    data.table::data.table(ori = year$respondents$ori, size = year$model$size[year$respondents$row],
      share = year$respondents$factor)
  }
  both <- merge(size_of(one, what), size_of(other, which), by = "ori")
  both <- both[which(both$share.x * both$share.y != 0), ]
  if (nrow(both) == 0L) {
    return(numeric(nrow(one$model$cells)))
  }
  as.vector((spread_of(one$model, both$size.x) * spread_of(other$model, both$size.y)) %*% (both$share.x * both$share.y))
}
