#' Weights of one geography
#'
#' @param agencies A data.table of the eligible agencies of the geography: `ori`, `state`, `respondent`,
#'   `population`, and the columns that the scheme groups and collapses by (see [weighting_groups()]).
#' @param covariates Matrix of [srs_covariates()], in the order of the agencies.
#' @param scheme A [weighting_scheme()] record, such as `weighting_schemes()$state`.
#' @param basis `"estimate"`; `"residents"`: respondents stand for the residents of their group, for want of Return A;
#'   `"counts"`: they stand for themselves. See [universe_status()].
#' @return A list: `weights`, a row per respondent: `ori`, `stratum`, `N`, `n`, `weight`; `strata`, a row per
#'   stratum: `stratum`, `N`, `n`, `method` (calibrated, complete, covered, ratio, expansion, residents, counted),
#'   `covariates` (names joined by spaces), `joined` (groups that it consists of); `attempts`, a row per attempt:
#'   `stratum`, `covariates`, `lower`, `upper`, `converged`, `deviation`, `iterations`. Without respondents all are
#'   empty.
#' @references METHOD, section 5.5.
#' @examples
#' agencies <- data.table::data.table(ori = c("XX0000001", "XX0000002", "XX0000003", "XX0000004"), state = "XX",
#'   respondent = c(TRUE, TRUE, TRUE, FALSE), population = 5000, state_stratum = 4L)
#' crimes <- c(40, 60, 90, 70)
#' covariates <- cbind(total = crimes, violent = crimes / 10, property = crimes * 0.9, murder = 0, rape = 0,
#'   aggravated_assault = crimes / 10, burglary = crimes * 0.2, robbery = 0, larceny = crimes * 0.6,
#'   vehicle_theft = crimes * 0.1)
#' found <- weights_of(agencies, covariates, weighting_schemes()$state)
#' found$weights
#' sum(found$weights$weight * crimes[1:3]) # the 260 crimes of all four
#' @export
weights_of <- function(agencies, covariates, scheme, basis = "estimate") {
  stopifnot(nrow(agencies) == nrow(covariates), basis %in% c("estimate", "residents", "counts"))
  check_scheme(scheme, agencies)
  if (!any(agencies$respondent)) {
    return(no_weights())
  }
  frame <- list(
    agencies = agencies, covariates = covariates, initial = nrow(agencies) / sum(agencies$respondent),
    group = initial_groups(agencies, covariates, scheme), scheme = scheme
  )
  frame$origin <- frame$group
  if (basis == "counts") {
    frame$group <- rep("all", nrow(agencies))
    itself <- same_for_all(list(weight = 1, method = "counted"), sum(agencies$respondent))
    return(described(frame, list(all = itself), NULL))
  }
  if (basis == "residents") {
    # Groups that have to join do so by residents too.
    frame$covariates <- cbind(total = agencies$population)
  }
  frame$group <- join_without_respondents(frame)
  if (basis == "residents") raise_by_residents(frame) else solve_groups(frame)
}

#' @noRd
check_scheme <- function(scheme, agencies) {
  if (!inherits(scheme, "weighting_scheme")) {
    stop("scheme is ", paste(format(scheme), collapse = " "), "; it has to be a record of weighting_scheme(), such as ",
      "weighting_schemes()$state", call. = FALSE)
  }
  lacking <- setdiff(c(scheme$grouping, scheme$collapse), c("", names(agencies)))
  if (length(lacking) > 0L) {
    stop("weighting scheme ", scheme$name, " asks for the column ", lacking[[1]], ", which the agencies lack; ",
      "weighting_groups() gives those of weighting_groups.csv", call. = FALSE)
  }
}

#' Each group's respondents stand for its residents; for its agencies where the respondents have no residents
#' @noRd
raise_by_residents <- function(frame) {
  groups <- sort(unique(frame$group))
  solutions <- lapply(groups, function(name) {
    inside <- frame$group == name
    responds <- frame$agencies$respondent[inside]
    residents <- frame$agencies$population[inside]
    raised <- if (all(responds)) {
      list(weight = 1, method = "complete")
    } else if (sum(residents[responds]) > 0) {
      list(weight = sum(residents) / sum(residents[responds]), method = "residents")
    } else {
      list(weight = length(responds) / sum(responds), method = "expansion")
    }
    same_for_all(raised, sum(responds))
  })
  described(frame, stats::setNames(solutions, groups), NULL)
}

#' @noRd
no_weights <- function() {
  list(
    weights = data.table::data.table(ori = character(), stratum = character(), N = integer(), n = integer(),
      weight = numeric()),
    strata = data.table::data.table(stratum = character(), N = integer(), n = integer(), method = character(),
      covariates = character(), joined = character()),
    attempts = data.table::data.table(stratum = character(), covariates = character(), lower = numeric(),
      upper = numeric(), converged = logical(), deviation = numeric(), iterations = integer())
  )
}

#' One weight for all respondents of a group
#' @noRd
same_for_all <- function(solution, respondents) {
  list(weight = rep(solution$weight, respondents), method = solution$method, covariates = character())
}

#' The tables of [weights_of()] from the solution of each group
#'
#' @param solutions A list, named by group, of lists of `weight` (per respondent), `method`, `covariates`.
#' @param attempts A list of data.tables.
#' @noRd
described <- function(frame, solutions, attempts) {
  strata <- data.table::rbindlist(lapply(names(solutions), function(name) {
    inside <- frame$group == name
    solution <- solutions[[name]]
    data.table::data.table(
      stratum = name, N = sum(inside), n = sum(inside & frame$agencies$respondent), method = solution$method,
      covariates = paste(solution$covariates, collapse = " "),
      joined = paste(sort(unique(frame$origin[inside])), collapse = " ")
    )
  }))
  weights <- data.table::rbindlist(lapply(names(solutions), function(name) {
    responds <- frame$group == name & frame$agencies$respondent
    data.table::data.table(ori = frame$agencies$ori[responds], stratum = name, weight = solutions[[name]]$weight)
  }))
  stratum_rows <- match(weights$stratum, strata$stratum)
  data.table::set(weights, NULL, c("N", "n"), strata[stratum_rows, c("N", "n")])
  data.table::setcolorder(weights, c("ori", "stratum", "N", "n", "weight"))
  data.table::setkeyv(weights, "ori")
  list(weights = weights, strata = strata,
    attempts = data.table::rbindlist(c(list(no_weights()$attempts), attempts), fill = TRUE))
}
