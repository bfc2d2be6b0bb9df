#' Model-assisted totals and percentages of all cells of one geography, with the prediction form of their errors
#'
#' The weighted counts, and what the borrowed regression says of the Return A that the weights miss:
#' T = sum w y + (X - sum w x)' B, X being the Return A of all agencies. That is linear in the counts, so that cells add
#' up as they do in the records; it is the same as further weights for all respondents of the nation, which may be
#' negative: a cell that comes out below 0 is set to 0.
#'
#' The error is that of what is predicted: respondents' residuals e = y - x'B as far as their weights are not 1, and
#' all of what the silent agencies may deviate: V = sum (w - 1)^2 e^2 / (1 - h)^2 + sum over silent agencies of
#' `variance_function()`. No stratum enters, so that there are no lonely ones. That B is estimated is left out: it is
#' made of all the nation's respondents. A percentage's error is that of its linearised residuals.
#'
#' @param model See [borrowed_model()].
#' @param rows The geography's respondents: their numbers among the model's.
#' @param weight Their weights; 1 where all agencies of the geography respond.
#' @param share Of each respondent, what of it belongs to the geography: of counts and Return A that share enters.
#' @param totals Return A of all agencies of the geography, by crime (those of the model), by their shares.
#' @param silent A data.frame of its silent agencies: `size` (crimes by Return A), `share`.
#' @return A data.table, a row per cell: `estimate`, `standard_error`, `share` (of the denominator), `share_error`
#'   (both missing where the cell has none), `degrees_of_freedom` (by Satterthwaite, of a geography with fewer than
#'   twenty respondents; missing for others, whose intervals are normal), `clipped` (whether it was below -0.5).
#' @references Särndal, Swensson and Wretman (1992), Model Assisted Survey Sampling, chapters 6 and 7, section 5.6
#'   (ratios); Valliant, Dorfman and Royall (2000), Finite Population Sampling and Inference, chapter 5; Satterthwaite
#'   (1946), Biometrics Bulletin 2, 110.
#' @inherit borrowed_model examples
#' @export
model_assisted_estimates <- function(model, rows, weight, share, totals, silent) {
  stopifnot(length(rows) == length(weight), length(rows) == length(share))
  weighted <- weight * share
  gap <- totals[colnames(model$x)] - drop(crossprod(model$x[rows, , drop = FALSE], weighted))
  linear <- as.vector(model$cells[, rows, drop = FALSE] %*% weighted) + drop(model$coefficients %*% gap)
  # A sum of agencies' crimes that comes to nothing is nothing.
  estimate <- pmax(linear, 0)
  varying <- which(weight != 1)
  place <- list(rows = rows[varying], silent = silent,
    factor = (weight[varying] - 1)^2 * share[varying]^2 * model$inflation[rows[varying]])
  sampled <- residual_sums(model, "cells", place$rows, place$factor)
  predicted <- added_variance(model$lines, silent$size, silent$share^2)
  variance <- sampled + predicted
  estimates <- data.table::data.table(
    estimate = estimate, standard_error = sqrt(variance), share = NA_real_, share_error = NA_real_,
    degrees_of_freedom = NA_real_, clipped = linear < -constant("clipped_number")
  )
  if (length(rows) < constant("respondents_for_normal")) {
    data.table::set(estimates, NULL, "degrees_of_freedom", satterthwaite(model, place, predicted))
  }
  if (!is.null(model$shares)) {
    shares <- model_assisted_shares(model, place, estimate, sampled)
    data.table::set(estimates, shares$cell, c("share", "share_error"), shares[, c("share", "share_error")])
  }
  estimates
}

#' Shares of what cells are a part of
#'
#' @param place `rows` and `factor` of the respondents whose weights are not 1, `silent` agencies.
#' @param sampled The respondents' part of the cells' variances.
#' @return A data.table, a row per cell whose denominator is not next to nothing, as what is left of parts above and
#'   below 0 can be: `cell` (its number), `share`, `share_error`.
#' @noRd
model_assisted_shares <- function(model, place, estimate, sampled) {
  parts <- model$shares
  base <- as.vector(Matrix::t(parts$adds) %*% estimate)
  some <- which(base[parts$denominator] >= constant("least_denominator"))
  if (length(some) == 0L) {
    return(data.table::data.table(cell = integer(), share = numeric(), share_error = numeric()))
  }
  cell <- parts$has[some]
  denominator <- parts$denominator[some]
  share <- estimate[cell] / base[denominator]
  # Where other cells are below 0 the sum can be less than its part.
  share <- ifelse(parts$part[some], pmin(share, 1), share)
  # Sums of squares of y - share v, from those of y, v and their products; less than rounding is nothing.
  combined <- function(squares, products, below) {
    whole <- squares + share^2 * below
    sums <- whole - 2 * share * products
    ifelse(sums > 1e-9 * whole, sums, 0)
  }
  sums <- combined(sampled[cell], residual_sums(model, "products", place$rows, place$factor)[some],
    residual_sums(model, "below", place$rows, place$factor)[denominator])
  moments <- model$moments
  by_class <- combined(moments$cells[cell, , drop = FALSE], moments$products[some, , drop = FALSE],
    moments$below[denominator, , drop = FALSE])
  lines <- variance_function(by_class, model$classes, model$frequent[cell], model$pool[cell])
  variance <- sums + added_variance(lines, place$silent$size, place$silent$share^2)
  data.table::data.table(cell = cell, share = share, share_error = sqrt(variance) / base[denominator])
}

#' Degrees of freedom of variances that few respondents tell
#'
#' A squared residual has one degree of freedom; the variance function has as many as its line leaves its classes.
#'
#' @param predicted The silent agencies' part of the variances.
#' @noRd
satterthwaite <- function(model, place, predicted) {
  size <- model$size[place$rows]
  expected <- added_variance(model$lines, size, place$factor)
  doubled <- data.table::data.table(level = 2 * model$lines$level, slope = 2 * model$lines$slope)
  spread <- added_variance(doubled, size, place$factor^2) + predicted^2 / max(1, length(model$classes$rows) - 2)
  ifelse(spread > 0, (expected + predicted)^2 / spread, NA)
}

#' Model-assisted estimates of a geography, and of groups of its agencies, each with its own Return A
#'
#' @param borrowed See [model_of_respondents()].
#' @param place See [geography_of()].
#' @param weights Of the geography, see [weights_of()].
#' @param groups A list, named by group of agencies, of logical vectors, one per agency of the geography.
#' @return A data.table with the columns of [estimate_tables()].
#' @noRd
estimate_assisted <- function(borrowed, place, weights, groups) {
  model <- borrowed$model
  by_group <- lapply(names(groups), function(group) {
    domain <- assisted_domain(place, weights, borrowed$rows, groups[[group]])
    estimates <- do.call(model_assisted_estimates, c(list(model), domain))
    counts <- model$cells[, domain$rows, drop = FALSE]
    unweighted <- as.vector(counts %*% domain$share)
    denominator <- model$denominator
    base <- if (is.null(model$shares)) NA_real_ else
      as.vector(Matrix::t(model$shares$adds) %*% unweighted)[denominator]
    data.table::data.table(
      agency_group = group, cell = rownames(model$cells), estimate = estimates$estimate,
      standard_error = estimates$standard_error, percentage = 100 * zero_if_none(estimates$share, denominator),
      percentage_error = 100 * zero_if_none(estimates$share_error, denominator), unweighted = unweighted,
      unweighted_percentage = 100 * zero_if_none(ifelse(base == 0, NA, unweighted / base), denominator),
      agency_counts = as.integer(Matrix::rowSums(counts > 0)), degrees_of_freedom = estimates$degrees_of_freedom,
      clipped = estimates$clipped
    )
  })
  data.table::rbindlist(by_group)
}
