#' By which estimator each geography is estimated
#'
#' Model-assisted if that is asked for, the geography is a universe with Return A (basis `estimate`), and the year's
#' respondents have enough of it; else the reference's.
#'
#' @param universe See [universe_status()].
#' @param asked `model_assisted` or `reference`.
#' @param model See [borrowed_model()], of the year's respondents; `NULL` if they are too few.
#' @return A data.table, a row per geography: `geography`, `estimator`, `reason` (of `reference`: `asked`,
#'   `few_with_return_a`, or the basis), `respondents_of_model`, `crimes_of_model` (of seven; fewer where nobody has
#'   one, or one follows from others); both missing where there is no model.
#' @noRd
estimators_of <- function(universe, asked, model) {
  reason <- ifelse(universe$basis != "estimate", universe$basis,
    if (asked == "reference") "asked" else if (is.null(model)) "few_with_return_a" else NA_character_)
  data.table::data.table(
    geography = universe$geography, estimator = ifelse(is.na(reason), "model_assisted", "reference"), reason = reason,
    respondents_of_model = if (is.null(model)) NA_integer_ else model$respondents,
    crimes_of_model = if (is.null(model)) NA_integer_ else model$rank
  )
}

#' The regression that is borrowed, for counts of the year's respondents
#'
#' @param counts Matrix, a row per respondent, in the order of `agencies`, by cells.
#' @param agencies,covariates All eligible agencies, with `respondent` and `usable_months`; see [weigh_year()].
#' @param pool,sums See [borrowed_model()].
#' @return A list: `model`, `NULL` if the respondents are too few; `rows`, the agencies that it has, by their numbers.
#' @noRd
model_of_respondents <- function(counts, agencies, covariates, pool = rep("all", ncol(counts)), sums = NULL) {
  rows <- which(agencies$respondent)
  list(rows = rows, model = borrowed_model(counts, covariates[rows, , drop = FALSE],
    agencies$usable_months[rows] == 12L, pool, sums))
}

#' What of a geography, or of a group of its agencies, enters its model-assisted estimates
#'
#' @param place See [geography_of()].
#' @param weights Of the geography, see [weights_of()].
#' @param rows The agencies that the model has, see [model_of_respondents()].
#' @param inside Logical, which of the place's agencies it consists of.
#' @return A list with the arguments of [model_assisted_estimates()] after the model. Where all agencies respond each
#'   stands for itself alone.
#' @noRd
assisted_domain <- function(place, weights, rows, inside = rep(TRUE, nrow(place$agencies))) {
  respondents <- match(weights$ori, place$agencies$ori)
  kept <- inside[respondents]
  silent <- setdiff(which(inside), respondents)
  domain <- respondents[kept]
  list(
    rows = match(place$rows[domain], rows),
    weight = if (length(silent) == 0L) rep(1, length(domain)) else weights$weight[kept], share = place$share[domain],
    totals = colSums(place$covariates[inside, , drop = FALSE]),
    silent = data.frame(size = place$covariates[silent, "total"] / place$share[silent], share = place$share[silent])
  )
}
