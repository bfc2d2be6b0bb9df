#' Solve group by group; one that cannot be solved joins another, and both are solved anew
#' @noRd
solve_groups <- function(frame) {
  solutions <- list()
  attempts <- list()
  waiting <- sort(unique(frame$group))
  while (length(waiting) > 0L) {
    name <- waiting[[1]]
    waiting <- waiting[-1]
    solution <- solve_group(frame, name)
    attempts[[length(attempts) + 1L]] <- solution$attempts
    if (!is.null(solution$weight)) {
      solutions[[name]] <- solution
      next
    }
    target <- group_to_join(frame, name)
    frame$group[frame$group == name] <- target
    solutions[[target]] <- NULL
    waiting <- union(waiting, target)
  }
  described(frame, solutions[sort(names(solutions))], attempts)
}

#' Weights of a group's respondents; without `weight` if nothing converged and it may still join another
#' @noRd
solve_group <- function(frame, name) {
  inside <- frame$group == name
  respondent <- frame$agencies$respondent[inside]
  universe <- frame$covariates[inside, , drop = FALSE]
  reported <- universe[respondent, , drop = FALSE]
  coverage <- sum(reported[, "total"]) / sum(universe[, "total"])
  plain <- plain_weight(frame$scheme, name, respondent, coverage)
  if (!is.null(plain)) {
    return(same_for_all(plain, nrow(reported)))
  }
  calibration <- climb_ladder(frame$scheme, name, frame$initial, reported, colSums(universe))
  if (!is.null(calibration$weight) || may_join(frame)) {
    return(calibration)
  }
  # Nothing is left to join: the crimes that the respondents have decide.
  fallback <- if (coverage > 0) {
    list(weight = 1 / coverage, method = "ratio")
  } else {
    list(weight = length(respondent) / sum(respondent), method = "expansion")
  }
  c(same_for_all(fallback, nrow(reported)), list(attempts = calibration$attempts))
}

#' The weight of groups that need no calibration, NULL for others
#'
#' @param coverage Share of the group's crimes that its respondents have; not a number without crimes.
#' @noRd
plain_weight <- function(scheme, name, respondent, coverage) {
  if (all(respondent) || name == self_representing_group) {
    list(weight = 1, method = "complete")
  } else if (length(scheme$covariates) == 0L || is.nan(coverage)) {
    list(weight = length(respondent) / sum(respondent), method = "expansion")
  } else if (coverage >= scheme$covered) {
    list(weight = 1, method = "covered")
  }
}

#' Try sets of covariates and bounds in their order; the first that converges is taken
#'
#' @param name Of the group.
#' @param initial Initial weight, the same for all respondents of the geography.
#' @param reported Covariates of the group's respondents.
#' @param totals Of all its agencies.
#' @return A list: `attempts`, and if one converged `weight`, `method` and `covariates`.
#' @noRd
climb_ladder <- function(scheme, name, initial, reported, totals) {
  attempts <- list()
  for (rung in rungs_of(scheme, initial)) {
    terms <- combined_terms(rung$covariates, scheme$combined, name, totals)
    calibration <- calibrate(term_columns(reported, terms), rep(initial, nrow(reported)),
      drop(term_columns(t(totals), terms)), rung$bounds)
    attempts[[length(attempts) + 1L]] <- list(
      stratum = name, covariates = paste(terms, collapse = " "), lower = rung$bounds[[1]],
      upper = rung$bounds[[2]], converged = calibration$converged, deviation = calibration$deviation,
      iterations = calibration$iterations
    )
    if (rung$widest && !calibration$converged) {
      break
    }
    if (!rung$widest && calibration$converged) {
      return(list(weight = initial * calibration$g, method = "calibrated", covariates = terms,
        attempts = data.table::rbindlist(attempts)))
    }
  }
  list(attempts = data.table::rbindlist(attempts))
}

#' What is tried, in its order
#'
#' First of all, whether the fewest covariates within the widest bounds have a solution: where they have none, more of
#' the one and less of the other have none either.
#'
#' @return A list of lists: `covariates`, `bounds` (of g-weights), `widest` (whether it is that first question).
#' @noRd
rungs_of <- function(scheme, initial) {
  # The first bound has to lie below 1, also where the initial weight is 1.
  rung <- function(covariates, lower_factor, upper, widest = FALSE) {
    list(covariates = covariates, bounds = c(min(lower_factor / initial, 1 - 1e-9), upper), widest = widest)
  }
  ladder <- scheme$ladder
  fewest <- scheme$covariates[[length(scheme$covariates)]]
  rungs <- lapply(scheme$covariates, function(set) {
    Map(function(lower_factor, upper) rung(set, lower_factor, upper), ladder$lower_factor, ladder$upper)
  })
  c(list(rung(fewest, min(ladder$lower_factor), max(ladder$upper), widest = TRUE)),
    unlist(rungs, recursive = FALSE))
}
