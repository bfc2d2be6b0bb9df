#' Bounded-logit calibration weights of one cell
#'
#' Finds g-weights between two bounds, as near to 1 as the logit distance of Deville and Särndal says, so
#' that the weighted sums of the covariates of the respondents are the totals of the universe. Newton's
#' method on the dual problem; covariates may be linearly dependent (a total beside its parts), since steps
#' are taken with a generalised inverse.
#'
#' @param x Numeric matrix of covariates, one row per respondent, one column per covariate.
#' @param d Initial weights, one per row, positive.
#' @param totals What the weighted sums of the columns have to be.
#' @param bounds Lowest and highest g-weight; the first below 1, the second above.
#' @param tolerance Largest relative deviation from a total; absolute where the total is 0.
#' @param iterations Newton steps at most.
#' @return A list: `g` (one per row), `converged`, `iterations`, `deviation` (largest relative deviation that
#'   is left).
#' @references Deville and Särndal (1992), Calibration estimators in survey sampling, JASA 87, case 6;
#'   METHOD, section 5.5.
#' @examples
#' x <- cbind(total = c(40, 60, 90), violent = c(5, 4, 12))
#' found <- calibrate(x, d = rep(4 / 3, 3), totals = c(260, 28), bounds = c(0.75, 10))
#' colSums(x * 4 / 3 * found$g)
#' @export
calibrate <- function(x, d, totals, bounds, tolerance = 1e-6, iterations = 60L) {
  stopifnot(nrow(x) == length(d), ncol(x) == length(totals), bounds[[1]] < 1, bounds[[2]] > 1, all(d > 0))
  # Columns of one size make one tolerance, and keep the generalised inverse sound.
  size <- ifelse(totals == 0, pmax(colSums(abs(x)), 1), abs(totals))
  x <- sweep(x, 2L, size, "/")
  totals <- totals / size
  lambda <- numeric(ncol(x))
  distance <- logit_distance(bounds)
  state <- calibration_state(x, d, totals, lambda, distance)
  step <- 0L
  stalled <- 0L
  while (step < iterations && state$deviation > tolerance && stalled < 4L) {
    step <- step + 1L
    direction <- drop(generalised_inverse(crossprod(x, x * (d * state$slope))) %*% state$gap)
    following <- shortened_step(x, d, totals, lambda, direction, distance, state)
    if (is.null(following)) {
      break
    }
    # Where no weights within the bounds reach the totals, steps bring next to nothing.
    stalled <- if (sum(following$gap^2) > 0.95 * sum(state$gap^2)) stalled + 1L else 0L
    lambda <- following$lambda
    state <- following
  }
  list(g = state$g, converged = state$deviation <= tolerance, iterations = step, deviation = state$deviation)
}

#' g-weights as a function of x'lambda, and their slopes
#' @noRd
logit_distance <- function(bounds) {
  low <- bounds[[1]]
  high <- bounds[[2]]
  a <- (high - low) / ((1 - low) * (high - 1))
  list(
    weight = function(u) {
      e <- exp(a * u)
      g <- (low * (high - 1) + high * (1 - low) * e) / ((high - 1) + (1 - low) * e)
      # exp overflows where the weight has long been at its bound.
      g[is.infinite(e)] <- high
      g
    },
    slope = function(g) (high - g) * (g - low) / ((high - 1) * (1 - low))
  )
}

#' @noRd
calibration_state <- function(x, d, totals, lambda, distance) {
  g <- distance$weight(drop(x %*% lambda))
  gap <- totals - drop(crossprod(x, d * g))
  list(lambda = lambda, g = g, slope = distance$slope(g), gap = gap, deviation = max(abs(gap)))
}

#' The whole Newton step, or half of it, or a quarter, ...: the first that brings the totals nearer
#' @noRd
shortened_step <- function(x, d, totals, lambda, direction, distance, before) {
  for (share in 0.5^(0:20)) {
    after <- calibration_state(x, d, totals, lambda + share * direction, distance)
    if (is.finite(after$deviation) && sum(after$gap^2) < sum(before$gap^2)) {
      return(after)
    }
  }
  NULL
}

#' Moore-Penrose inverse of a symmetric matrix
#' @noRd
generalised_inverse <- function(matrix) {
  parts <- svd(matrix)
  kept <- parts$d > max(parts$d, 0) * 1e-10
  if (!any(kept)) {
    return(matrix * 0)
  }
  parts$v[, kept, drop = FALSE] %*% (t(parts$u[, kept, drop = FALSE]) / parts$d[kept])
}
