#' Draw what agencies lack from a Gaussian copula with what is known of them
#'
#' Every variable is replaced by the normal quantiles of its ranks. The correlations of these follow from Kendall's tau:
#' between known variables that of all agencies, otherwise that of the donors. What a recipient lacks is drawn from the
#' normal distribution that is conditional on what is known of it, and brought back by the donors' empirical quantiles
#' (type 1). Draws are repeated and averaged, so that they shrink towards the conditional mean and are no integers.
#'
#' @param x Matrix, agencies by known variables; no column may be needed (`ncol(x) == 0`). Nothing is missing.
#' @param y Matrix, the same agencies by variables to draw; rows of recipients are missing.
#' @param stacks How many draws are averaged; as many as the method has it by default.
#' @param values Of each variable, the donors' values that draws are brought back to; all by default.
#' @return A list: `values`, a matrix of recipients by variables; `moved`, by how much at most a correlation had to be
#'   changed so that all of them are one matrix of correlations.
#'   Where correlations cannot be told a condition of class `copula_failure` is signalled.
#' @references METHOD, section 10; Hofert, Kojadinovic, Mächler and Yan (2018), Elements of Copula Modeling with R.
#' @noRd
copula_draws <- function(x, y, stacks = NULL, values = NULL) {
  if (is.null(stacks)) {
    stacks <- constant("copula_stacks")
  }
  donors <- which(!is.na(y[, 1]))
  recipients <- which(is.na(y[, 1]))
  x <- x[, varies(x[donors, , drop = FALSE]), drop = FALSE]
  correlation <- copula_correlation(x, y, donors)
  given <- matrix(stats::qnorm(as.numeric(unlist(lapply(columns_of_matrix(x), proportional_ranks)))), nrow(x), ncol(x))
  conditional <- conditional_normal(correlation$matrix, seq_len(ncol(x)))
  mean <- given[recipients, , drop = FALSE] %*% conditional$slopes
  quantiles <- lapply(if (is.null(values)) columns_of_matrix(y[donors, , drop = FALSE]) else values, sort)
  drawn <- matrix(0, length(recipients), ncol(y), dimnames = list(NULL, colnames(y)))
  for (stack in seq_len(stacks)) {
    noise <- matrix(stats::rnorm(length(drawn)), nrow(drawn))
    chance <- stats::pnorm(mean + noise %*% conditional$root)
    for (column in seq_along(quantiles)) {
      drawn[, column] <- drawn[, column] + empirical_quantile(quantiles[[column]], chance[, column])
    }
  }
  list(values = drawn / stacks, moved = correlation$moved)
}

#' Ranks as shares of the number of values and one more; of equal values the lowest
#' @noRd
proportional_ranks <- function(values) rank(values, ties.method = "min") / (length(values) + 1)

#' @noRd
varies <- function(matrix) colSums(matrix != rep(matrix[1, ], each = nrow(matrix))) > 0

#' @noRd
columns_of_matrix <- function(matrix) lapply(seq_len(ncol(matrix)), function(column) matrix[, column])

#' Correlations of the normal variables behind the ranks, by Kendall's tau
#' @return A list: `matrix`, the nearest matrix of correlations; `moved`, its largest difference.
#' @noRd
copula_correlation <- function(x, y, donors) {
  known <- seq_len(ncol(x))
  tau <- kendall(cbind(x, y)[donors, , drop = FALSE])
  tau[known, known] <- kendall(x)
  if (anyNA(tau)) {
    copula_failure("correlations cannot be told")
  }
  nearest_correlation(sin(pi * tau / 2))
}

#' Kendall's tau-b of all pairs of columns; missing where values are, or where there are no pairs
#' @noRd
kendall <- function(matrix) {
  tau <- matrix(NA_real_, ncol(matrix), ncol(matrix))
  if (ncol(matrix) > 1L && nrow(matrix) > 1L && !anyNA(matrix)) {
    tau[] <- pcaPP::cor.fk(matrix)
  }
  diag(tau) <- 1
  tau
}

#' The nearest matrix of correlations by Higham's method; the same one if it is one
#' @references Higham (2002), IMA Journal of Numerical Analysis 22, 329.
#' @noRd
nearest_correlation <- function(correlation) {
  least <- constant("copula_least_eigenvalue")
  if (min(eigen(correlation, symmetric = TRUE, only.values = TRUE)$values) >= least * ncol(correlation)) {
    return(list(matrix = correlation, moved = 0))
  }
  found <- suppressWarnings(Matrix::nearPD(correlation, corr = TRUE, eig.tol = least, posd.tol = least))
  if (!found$converged) {
    copula_failure("there is no nearest matrix of correlations")
  }
  nearest <- as.matrix(found$mat)
  list(matrix = nearest, moved = max(abs(nearest - correlation)))
}

#' What is left of a normal distribution when some of its variables are known
#'
#' @param correlation Of all variables.
#' @param known Which are.
#' @return A list: `slopes`, known by other variables; `root`, whose crossproduct is the covariance of the others.
#' @noRd
conditional_normal <- function(correlation, known) {
  others <- setdiff(seq_len(ncol(correlation)), known)
  across <- correlation[known, others, drop = FALSE]
  slopes <- if (length(known) > 0L) solve(correlation[known, known, drop = FALSE], across) else across
  left <- correlation[others, others, drop = FALSE] - crossprod(slopes, across)
  decomposed <- eigen((left + t(left)) / 2, symmetric = TRUE)
  list(slopes = slopes, root = sqrt(pmax(decomposed$values, 0)) * t(decomposed$vectors))
}

#' The empirical quantiles of sorted values, type 1: the inverse of their distribution function
#' @noRd
empirical_quantile <- function(sorted, chance) {
  sorted[pmax(1, ceiling(length(sorted) * chance - 4 * .Machine$double.eps))]
}

#' Signal that something cannot be drawn, so that a simpler way is tried
#' @noRd
copula_failure <- function(message) {
  stop(structure(class = c("copula_failure", "error", "condition"), list(message = message, call = NULL)))
}
