#' What counts of agencies are expected to be: their chance is that of the expectation
#'
#' An agency that counted no murder in the months that it reported may have had one in the others, and one that counted
#' two mostly has fewer: the variance of a rare count is that of its expectation, not of itself. What an agency has of a
#' cell is taken for Poisson's about a mean that differs among agencies as a gamma distribution does, about the cell's
#' share of all that the agency has; `alike_counts` of [method_constants()] is the shape. The expectation is then a mean
#' of both, the count and the share of all: `w y + (1 - w) p A` with `w = m / (m + shape)` and m = p A, as much of it as
#' was seen. Of cells that an agency has often it is the count itself.
#'
#' @param counts Matrix, cells by agencies; sparse or dense.
#' @param share p, a number per cell: of all counts together.
#' @param total A of each agency: all its counts.
#' @param seen How many times `total` was seen: of what is raised by r from months seen 1 / r.
#' @return A matrix, cells by agencies.
#' @references Clayton and Kaldor (1987), Empirical Bayes estimates of age-standardized relative risks, Biometrics 43,
#'   671 (gamma and Poisson); McCullagh and Nelder (1989), Generalized Linear Models, chapter 6 (the variance is that of
#'   the mean).
#' @noRd
expected_counts <- function(counts, share, total, seen) {
  usual <- outer(share, total)
  known <- outer(share, total * seen)
  weight <- known / (known + constant("alike_counts"))
  weight * as.matrix(counts) + (1 - weight) * usual
}

#' The share of each cell in all counts, cells by agencies; 0 where there are none
#' @noRd
shares_of_cells <- function(...) {
  sums <- Reduce(`+`, lapply(list(...), Matrix::rowSums))
  if (sum(sums) > 0) sums / sum(sums) else sums
}

#' How often what was filled was seen: as often as months are the agency's own for each that is filled
#'
#' @param donors See [weigh_year()].
#' @noRd
times_seen <- function(donors) {
  filled <- rowSums(as.matrix(donors[, tolower(month.abb), with = FALSE]) > 0L)
  (12 - filled) / filled
}
