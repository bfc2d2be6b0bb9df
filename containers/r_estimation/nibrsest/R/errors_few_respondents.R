#' What strata with few respondents borrow their variance from: all respondents of the geography
#'
#' Counts are taken to follow crimes by Return A in proportion, with a variance that grows with the power 1.5 of
#' the crimes: cities are nearer to proportion than villages, and less near than if they were sums of villages.
#'
#' @param size Crimes by Return A of each respondent; less than one counts as one.
#' @param weight Final weights, in the same order.
#' @return A list: `weight`, `size`, `spread` (size to the power 1.5), `influence` (by what the square of a residual is
#'   multiplied, since a respondent pulls the ratio to itself; 0 for one that makes it alone).
#' @references Brewer (2002), Combined Survey Sampling Inference, on the power 1.5; Long and Ervin (2000), The
#'   American Statistician 54, 217 (HC3).
#' @noRd
borrowing_pool <- function(size, weight) {
  size <- pmax(size, 1)
  left <- 1 - weight * size / sum(weight * size)
  list(weight = weight, size = size, spread = size^constant("size_power"),
    influence = ifelse(left > 1e-8, 1 / left^2, 0))
}

#' The variance of a unit of size one: squared residuals of the ratio to size over their expected spread
#'
#' @param values A function that gives the linearised values of cells by some respondents, a sparse matrix.
#' @param strata See [strata_of()]; what they hold is looked at one after the other, since all of it is large.
#' @param pool See [borrowing_pool()].
#' @return A number per cell; missing with fewer than two respondents.
#' @noRd
borrowed_spread <- function(values, strata, pool) {
  if (length(pool$size) < 2L) {
    return(NA_real_)
  }
  sums <- Reduce(`+`, lapply(strata, function(stratum) {
    z <- values(stratum$rows)
    influence <- pool$influence[stratum$rows]
    cbind(as.vector(z %*% pool$weight[stratum$rows]), as.vector(z %*% (influence * pool$size[stratum$rows])),
      as.vector(z^2 %*% influence))
  }))
  ratio <- sums[, 1] / sum(pool$weight * pool$size)
  squares <- sums[, 3] - 2 * ratio * sums[, 2] + ratio^2 * sum(pool$influence * pool$size^2)
  pmax(squares, 0) / sum(pool$spread)
}
