#' Mass imputation: every silent agency gets the counts of respondents like it
#'
#' A second estimator, which has neither weights nor a regression, to compare the others with. Each silent agency takes
#' the mean of its nearest respondents' counts, each scaled by Return A (the total of the one over that of the other,
#' with one added to both, within 0.2 and 5). Nearest are those of the same group with the least distance in the
#' logarithms of residents and of Return A's total, and in that of its violent over its property crimes, each
#' divided by its standard deviation. The total of a geography is what its respondents counted and what its silent
#' agencies got. The mean of the neighbours is what drawing one of them at random comes to, when it is repeated without
#' end.
#'
#' A total is then a sum over respondents, each counted 1 + a times, a being how often others took it. Its error has a
#' part of the respondents that were taken, a^2 times their variance, and one of the silent agencies: their own
#' variance. Both variances are local: that of a silent agency is the variance of its neighbours' scaled counts; that
#' of a respondent is k / (k + 1) of the squared distance from the mean of its own k neighbours.
#'
#' @param y Matrix of annual counts, respondents by named cells.
#' @param agencies A data.frame of all agencies: `respondent`, `population`, `group` (within which respondents are
#'   looked for; a group with too few of them takes all).
#' @param covariates Matrix of [srs_covariates()], in the order of the agencies.
#' @param domains A list, named by geography, of logical vectors, one per agency.
#' @param neighbours How many each takes; two at least.
#' @return A data.table, a row per geography and cell: `geography`, `cell`, `estimate`, `standard_error`.
#' @references Lohr (2021), Sampling: Design and Analysis, chapter 8 (hot decks); Abadie and Imbens (2006), Large sample
#'   properties of matching estimators for average treatment effects, Econometrica 74, 235 (its error).
#' @examples
#' set.seed(1)
#' agencies <- data.frame(respondent = rep(c(TRUE, TRUE, FALSE), 40), population = round(exp(rnorm(120, 9))), group = 1)
#' crimes <- rpois(120, agencies$population / 50)
#' covariates <- cbind(total = crimes, violent = rpois(120, crimes / 8), property = crimes)
#' drugs <- rpois(120, crimes / 10)
#' mass_imputation(cbind("35A" = drugs[agencies$respondent]), agencies, covariates, list(all = rep(TRUE, 120)))
#' sum(drugs)
#' @export
mass_imputation <- function(y, agencies, covariates, domains, neighbours = 5L) {
  respondents <- which(agencies$respondent)
  silent <- which(!agencies$respondent)
  stopifnot(nrow(y) == length(respondents), nrow(covariates) == nrow(agencies), neighbours >= 2L)
  if (length(respondents) <= neighbours) {
    stop("mass imputation: ", length(respondents), " agencies respond; it takes more than ", neighbours, call. = FALSE)
  }
  y <- Matrix::t(by_respondent(y))
  place <- place_of_agencies(agencies, covariates)
  taken <- shares_of_neighbours(silent, respondents, agencies$group, place, covariates[, "total"], neighbours)
  own <- shares_of_neighbours(respondents, respondents, agencies$group, place, covariates[, "total"], neighbours)
  imputed <- as.matrix(taken$mean %*% y)
  of_silent <- neighbours / (neighbours - 1) * pmax(as.matrix(taken$square %*% y^2) - imputed^2, 0)
  of_respondents <- neighbours / (neighbours + 1) * as.matrix(y - own$mean %*% y)^2
  data.table::rbindlist(lapply(names(domains), function(name) {
    inside <- domains[[name]]
    times <- Matrix::colSums(taken$mean[inside[silent], , drop = FALSE])
    data.table::data.table(
      geography = name, cell = colnames(y),
      estimate = Matrix::colSums(y[inside[respondents], , drop = FALSE]) +
        colSums(imputed[inside[silent], , drop = FALSE]),
      standard_error = sqrt(colSums(times^2 * of_respondents) + colSums(of_silent[inside[silent], , drop = FALSE]))
    )
  }))
}

#' Where agencies lie, so that those alike are near
#' @noRd
place_of_agencies <- function(agencies, covariates) {
  place <- cbind(log(agencies$population + 1), log(covariates[, "total"] + 1),
    log((covariates[, "violent"] + 1) / (covariates[, "property"] + 1)))
  spread <- apply(place, 2L, stats::sd)
  sweep(place, 2L, ifelse(spread > 0, spread, 1), "/")
}

#' What each agency takes of its nearest respondents, itself not among them
#'
#' @param takers,givers Numbers of agencies.
#' @return A list of two sparse matrices, takers by givers: `mean`, the scale over the number of neighbours, and
#'   `square`, its square over the same.
#' @noRd
shares_of_neighbours <- function(takers, givers, group, place, total, neighbours) {
  limit <- constant("donor_scale_limit")
  of_group <- split(seq_along(givers), group[givers])
  parts <- lapply(split(seq_along(takers), group[takers]), function(some) {
    pool <- of_group[[as.character(group[takers[some[[1]]]])]]
    if (length(pool) <= neighbours) pool <- seq_along(givers)
    near <- nearest_of(place[takers[some], , drop = FALSE], place[givers[pool], , drop = FALSE], neighbours,
      match(takers[some], givers[pool]))
    taker <- rep(some, each = neighbours)
    giver <- pool[as.vector(t(near))]
    scale <- (total[takers[taker]] + 1) / (total[givers[giver]] + 1)
    data.table::data.table(taker = taker, giver = giver, scale = pmin(pmax(scale, 1 / limit), limit))
  })
  parts <- data.table::rbindlist(c(list(data.table::data.table(taker = integer(), giver = integer(),
    scale = numeric())), parts))
  matrix_of <- function(values) {
    Matrix::sparseMatrix(parts$taker, parts$giver, x = values / neighbours, dims = c(length(takers), length(givers)))
  }
  list(mean = matrix_of(parts$scale), square = matrix_of(parts$scale^2))
}

#' The nearest of some points for each of others: their numbers, a row per point; ties go to the first
#' @param itself Of each point its own number among the others, which does not count; missing where it is none.
#' @noRd
nearest_of <- function(points, others, number, itself) {
  nearest <- matrix(0L, nrow(points), number)
  columns <- t(others)
  for (row in seq_len(nrow(points))) {
    distance <- colSums((columns - points[row, ])^2)
    if (!is.na(itself[[row]])) distance[[itself[[row]]]] <- Inf
    near <- which(distance <= sort.int(distance, partial = number)[[number]])
    nearest[row, ] <- near[order(distance[near])][seq_len(number)]
  }
  nearest
}
