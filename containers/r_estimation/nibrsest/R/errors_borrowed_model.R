#' What counts are, given an agency's Return A: one regression for all geographies
#'
#' With x an agency's seven crimes of Return A and z their total, each cell's counts y are regressed on x with weights
#' 1/z, by all respondents at once: B = (sum x x' / z)^-1 (sum x y / z). That the coefficients are the nation's makes
#' them certain enough for states of few respondents. One solve serves all cells, whose predictions add up as the cells
#' do. Crimes that no respondent has, or that follow from the others, are left out by a generalised inverse.
#'
#' @param y Sparse matrix of annual counts, respondents by cells.
#' @param covariates Matrix of [srs_covariates()], in the order of the respondents.
#' @param complete Logical, one per respondent: whether all its months are its own. The coefficients, and how far counts
#'   lie from predictions, are those of complete respondents, if they are enough.
#' @param pool Of each cell: rare cells of a pool share the slope of their variance, see `variance_function()`.
#' @param sums What percentages divide by, see `denominator_sums()`; `NULL` if there are none.
#' @return A record of class `borrowed_model`: `cells` (counts, cells by respondents), `coefficients` (a row per cell),
#'   `x`, `inverse` (of the sum of x x' / z), `rank`, `respondents` (that it is made of), `size` (z, at least 1),
#'   `inflation` (of squared residuals: 1 / (1 - h)^2 with h the respondent's own part in the regression), and what
#'   variances are made of. `NULL` if there are fewer respondents with Return A than ten per crime.
#' @references Särndal, Swensson and Wretman (1992), Model Assisted Survey Sampling, chapters 6 and 7; Estevao and
#'   Särndal (2004), Journal of Official Statistics 20, 645 (coefficients from outside of the domain); Valliant (2002),
#'   Survey Methodology 28, 103 (1 - h).
#' @examples
#' # 200 agencies, of which the first 150 respond; offenses follow Return A.
#' set.seed(1)
#' parts <- matrix(rpois(200 * 7, 20), 200, dimnames = list(NULL, c("murder", "rape", "aggravated_assault",
#'   "burglary", "robbery", "larceny", "vehicle_theft")))
#' covariates <- cbind(total = rowSums(parts), violent = rowSums(parts[, c(1:3, 5)]),
#'   property = rowSums(parts[, c(4, 6:7)]), parts)
#' shoplifting <- cbind("23C" = rpois(200, parts[, "larceny"] / 4))
#' model <- borrowed_model(shoplifting[1:150, , drop = FALSE], covariates[1:150, ])
#' model$coefficients
#' # The state of agencies 101 to 170, of which 50 respond and get a weight of 1.2.
#' model_assisted_estimates(model, rows = 101:150, weight = rep(1.2, 50), share = rep(1, 50),
#'   totals = colSums(covariates[101:170, ]), silent = data.frame(size = covariates[151:170, "total"], share = 1))
#' sum(shoplifting[101:170])
#' @export
borrowed_model <- function(y, covariates, complete = rep(TRUE, nrow(y)), pool = rep("all", ncol(y)), sums = NULL) {
  stopifnot(nrow(y) == nrow(covariates), length(complete) == nrow(y), length(pool) == ncol(y))
  x <- covariates[, regression_crimes(), drop = FALSE]
  size <- pmax(covariates[, "total"], 1)
  has <- covariates[, "total"] > 0
  least <- constant("respondents_per_coefficient") * ncol(x)
  fitted <- if (sum(complete & has) >= least) complete & has else has
  if (sum(fitted) < least) {
    return(NULL)
  }
  inverse <- inverse_of(crossprod(x[fitted, ], x[fitted, ] / size[fitted]))
  cells <- by_respondent(y)
  leverage <- ifelse(fitted, rowSums((x %*% inverse$matrix) * x) / size, 0)
  left <- 1 - leverage
  model <- list(
    cells = cells, x = x, size = size, inverse = inverse$matrix, rank = inverse$rank, respondents = sum(fitted),
    coefficients = as.matrix(cells %*% (x * fitted / size)) %*% inverse$matrix,
    inflation = ifelse(left > 1e-8, 1 / left^2, 1), pool = pool, classes = size_classes(size, which(fitted)),
    frequent = Matrix::rowSums(cells[, fitted, drop = FALSE] > 0) >= constant("agencies_of_a_slope")
  )
  model$denominator <- rep(NA_integer_, ncol(y))
  if (!is.null(sums)) {
    model$denominator <- sums$denominator
    model$shares <- share_parts(model, sums)
  }
  model$moments <- lapply(c(cells = "cells", products = "products", below = "below"), class_moments, model = model)
  model$lines <- variance_function(model$moments$cells, model$classes, model$frequent, pool)
  structure(model, class = "borrowed_model")
}

#' @noRd
regression_crimes <- function() setdiff(covariate_names, c("total", "violent", "property"))

#' The generalised inverse of a matrix of sums of products, whose columns may be of very different size, and its rank
#' @noRd
inverse_of <- function(products) {
  size <- sqrt(diag(products))
  size[size == 0] <- 1
  scaled <- products / outer(size, size)
  found <- generalised_inverse(scaled)
  list(matrix = found / outer(size, size), rank = as.integer(round(sum(diag(found %*% scaled)))))
}

#' What percentages need of a model: what they divide by, with its coefficients, and its products with the cells
#' @noRd
share_parts <- function(model, sums) {
  has <- which(!is.na(sums$denominator))
  denominator <- sums$denominator[has]
  below <- Matrix::t(sums$adds) %*% model$cells
  cells <- model$cells[has, , drop = FALSE]
  beside <- denominators_beside(cells, below, denominator)
  products <- cells
  products@x <- cells@x * beside
  list(
    has = has, denominator = denominator, adds = sums$adds, below = below, products = products,
    # Of what no respondent has more than there is, no estimate has.
    part = !seq_along(has) %in% (cells@i[cells@x > beside] + 1L),
    coefficients = as.matrix(Matrix::t(sums$adds) %*% model$coefficients)
  )
}

#' Mean squared residuals, or products of them, by class of size
#' @param kind See [residual_sums()].
#' @return A matrix with a column per class; NULL where there are no percentages.
#' @noRd
class_moments <- function(kind, model) {
  if (kind != "cells" && is.null(model$shares)) {
    return(NULL)
  }
  by_class <- lapply(model$classes$rows, function(inside) {
    residual_sums(model, kind, inside, model$inflation[inside] / length(inside))
  })
  matrix(unlist(by_class), ncol = length(by_class))
}

#' What each of the counts that are not 0 is a share of, in their order
#' @noRd
denominators_beside <- function(cells, below, denominator) {
  dense <- as.matrix(below)
  respondent <- rep(seq_len(ncol(cells)), diff(cells@p))
  dense[cbind(denominator[cells@i + 1L], respondent)]
}

#' Weighted sums of squared residuals, or of the products of two cells' residuals
#'
#' With y = x'B + e, the sum of a e f is that of a y v less those of predictions with counts: a few products of
#' the sparse counts.
#'
#' @param model See [borrowed_model()].
#' @param kind `"cells"`: squares of cells; `"below"`: of what percentages divide by; `"products"`: of cells with that.
#' @param rows Respondents.
#' @param factor By what each respondent's residuals' product is multiplied.
#' @return A number per cell, per sum, or per cell that has a percentage.
#' @noRd
residual_sums <- function(model, kind, rows, factor) {
  shares <- model$shares
  x <- model$x[rows, , drop = FALSE]
  weighted <- x * factor
  crossed <- crossprod(x, weighted)
  if (kind == "products") {
    cells <- model$cells[shares$has, rows, drop = FALSE]
    first <- model$coefficients[shares$has, , drop = FALSE]
    second <- shares$coefficients[shares$denominator, , drop = FALSE]
    below <- as.matrix(shares$below[, rows, drop = FALSE] %*% weighted)[shares$denominator, , drop = FALSE]
    return(as.vector(shares$products[, rows, drop = FALSE] %*% factor) -
      rowSums(as.matrix(cells %*% weighted) * second) - rowSums(below * first) + rowSums((first %*% crossed) * second))
  }
  cells <- if (kind == "below") shares$below[, rows, drop = FALSE] else model$cells[, rows, drop = FALSE]
  coefficients <- if (kind == "below") shares$coefficients else model$coefficients
  squares <- cells
  squares@x <- cells@x^2
  raw <- as.vector(squares %*% factor)
  sums <- raw - 2 * rowSums(as.matrix(cells %*% weighted) * coefficients) +
    rowSums((coefficients %*% crossed) * coefficients)
  # Where Return A says almost all, the difference has lost its digits.
  lost <- which(raw > 0 & sums < 1e-7 * raw)
  for (some in split(lost, (seq_along(lost) - 1L) %/% 500L)) {
    residuals <- as.matrix(cells[some, , drop = FALSE]) - tcrossprod(coefficients[some, , drop = FALSE], x)
    sums[some] <- as.vector(residuals^2 %*% factor)
  }
  pmax(sums, 0)
}
