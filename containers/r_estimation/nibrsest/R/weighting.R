#' Weights of one geography
#'
#' @param agencies A data.table of the eligible agencies of the geography: `ori`, `state`, `respondent`,
#'   `population`, `national_group`, `super_group`, `state_stratum`.
#' @param covariates Matrix of [srs_covariates()], in the order of the agencies.
#' @param scheme `"national"`, `"region"`, `"state"` or `"expansion"`.
#' @param basis `"estimate"`; `"residents"`: respondents stand for the residents of their group, for want of Return A;
#'   `"counts"`: they stand for themselves. See [universe_status()].
#' @return A list: `weights`, a row per respondent: `ori`, `stratum`, `N`, `n`, `weight`; `strata`, a row per
#'   stratum: `stratum`, `N`, `n`, `method` (calibrated, complete, covered, ratio, expansion, residents, counted),
#'   `covariates` (names joined by spaces), `joined` (groups that it consists of); `attempts`, a row per attempt:
#'   `stratum`, `covariates`, `lower`, `upper`, `converged`, `deviation`, `iterations`. Without respondents all are
#'   empty.
#' @references METHOD, section 5.5.
#' @export
weights_of <- function(agencies, covariates, scheme, basis = "estimate") {
  stopifnot(nrow(agencies) == nrow(covariates), basis %in% c("estimate", "residents", "counts"))
  if (!any(agencies$respondent)) {
    return(no_weights())
  }
  frame <- list(
    agencies = agencies, covariates = covariates, initial = nrow(agencies) / sum(agencies$respondent),
    group = initial_groups(agencies, covariates, scheme), super = super_groups(agencies, scheme), scheme = scheme
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

#' Each group's respondents stand for its residents; for its agencies where the respondents have no residents
#' @noRd
raise_by_residents <- function(frame) {
  groups <- sort(unique(frame$group))
  solved <- lapply(groups, function(name) {
    inside <- frame$group == name
    responds <- frame$agencies$respondent[inside]
    residents <- frame$agencies$population[inside]
    found <- if (all(responds)) {
      list(weight = 1, method = "complete")
    } else if (sum(residents[responds]) > 0) {
      list(weight = sum(residents) / sum(residents[responds]), method = "residents")
    } else {
      list(weight = length(responds) / sum(responds), method = "expansion")
    }
    same_for_all(found, sum(responds))
  })
  described(frame, stats::setNames(solved, groups), NULL)
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

#' The groups that a scheme begins with, as text
#' @noRd
initial_groups <- function(agencies, covariates, scheme) {
  if (scheme == "expansion") {
    return(rep("all", nrow(agencies)))
  }
  if (scheme != "state") {
    return(as.character(agencies$national_group))
  }
  group <- as.character(agencies$state_stratum)
  known <- package_table("state_strata_joined.csv")
  joined <- known$joined_to[match(paste(agencies$state, group), paste(known$state, known$stratum))]
  group <- ifelse(is.na(joined), group, joined)
  # Agencies with so much crime that they represent themselves, if all of them respond.
  large <- covariates[, "total"] > 30 * mean(covariates[, "total"])
  if (any(large) && all(agencies$respondent[large])) {
    group[large] <- "self-representing"
  }
  group
}

#' @noRd
super_groups <- function(agencies, scheme) {
  if (scheme %in% c("national", "region")) agencies$super_group else rep(1L, nrow(agencies))
}

#' Groups without respondents join the one whose agencies have the most similar number of crimes
#' @noRd
join_without_respondents <- function(frame) {
  group <- frame$group
  repeat {
    n <- tapply(frame$agencies$respondent, group, sum)
    empty <- names(n)[n == 0L]
    if (length(empty) == 0L || length(n) == 1L) {
      return(group)
    }
    mean_crimes <- tapply(frame$covariates[, "total"], group, mean)
    others <- setdiff(names(n), empty[[1]])
    distance <- abs(mean_crimes[others] - mean_crimes[[empty[[1]]]]) /
      pmax(mean_crimes[others], mean_crimes[[empty[[1]]]], 1)
    group[group == empty[[1]]] <- others[[which.min(distance)]]
  }
}

#' Solve group by group; one that cannot be solved joins another, and both are solved anew
#' @noRd
solve_groups <- function(frame) {
  solved <- list()
  attempts <- list()
  waiting <- sort(unique(frame$group))
  while (length(waiting) > 0L) {
    name <- waiting[[1]]
    waiting <- waiting[-1]
    last <- length(unique(frame$group)) == 1L || frame$scheme %in% c("state", "expansion")
    found <- solve_group(frame, name, last)
    attempts[[length(attempts) + 1L]] <- found$attempts
    if (!is.null(found$weight)) {
      solved[[name]] <- found
      next
    }
    target <- group_to_join(frame, name)
    frame$group[frame$group == name] <- target
    solved[[target]] <- NULL
    waiting <- union(waiting, target)
  }
  described(frame, solved[sort(names(solved))], attempts)
}

#' @noRd
described <- function(frame, solved, attempts) {
  strata <- data.table::rbindlist(lapply(names(solved), function(name) {
    inside <- frame$group == name
    data.table::data.table(
      stratum = name, N = sum(inside), n = sum(inside & frame$agencies$respondent), method = solved[[name]]$method,
      covariates = paste(solved[[name]]$covariates, collapse = " "),
      joined = paste(sort(unique(frame$origin[inside])), collapse = " ")
    )
  }))
  weights <- data.table::rbindlist(lapply(names(solved), function(name) {
    inside <- frame$group == name & frame$agencies$respondent
    data.table::data.table(ori = frame$agencies$ori[inside], stratum = name, weight = solved[[name]]$weight)
  }))
  at <- match(weights$stratum, strata$stratum)
  data.table::set(weights, NULL, "N", strata$N[at])
  data.table::set(weights, NULL, "n", strata$n[at])
  data.table::setcolorder(weights, c("ori", "stratum", "N", "n", "weight"))
  data.table::setkeyv(weights, "ori")
  list(weights = weights, strata = strata,
    attempts = data.table::rbindlist(c(list(no_weights()$attempts), attempts), fill = TRUE))
}

#' The group that one joins: the next of its super-group, else the one before, else of a preferred super-group
#' @noRd
group_to_join <- function(frame, name) {
  members <- unique(data.table::data.table(group = frame$group, super = frame$super))
  mine <- min(members$super[members$group == name])
  alike <- setdiff(members$group[members$super == mine], name)
  number <- suppressWarnings(as.numeric(name))
  if (length(alike) > 0L) {
    above <- alike[as.numeric(alike) > number]
    return(if (length(above) > 0L) above[[which.min(as.numeric(above))]] else alike[[which.max(as.numeric(alike))]])
  }
  wanted <- package_table("super_group_preference.csv")
  for (other in wanted$joins[wanted$super_group == mine]) {
    candidates <- setdiff(members$group[members$super == as.integer(other)], name)
    if (length(candidates) > 0L) {
      return(candidates[[which.max(as.numeric(candidates))]])
    }
  }
  setdiff(members$group, name)[[1]]
}

#' Weights of a group's respondents, or NULL if nothing converged and it may still join another
#' @noRd
solve_group <- function(frame, name, last) {
  inside <- frame$group == name
  respondent <- frame$agencies$respondent[inside]
  x <- frame$covariates[inside, , drop = FALSE]
  mine <- x[respondent, , drop = FALSE]
  coverage <- sum(mine[, "total"]) / sum(x[, "total"])
  plain <- plain_weight(frame$scheme, name, respondent, coverage)
  if (!is.null(plain)) {
    return(same_for_all(plain, nrow(mine)))
  }
  found <- climb(frame, name, mine, colSums(x))
  if (!is.null(found$weight) || !last) {
    return(found)
  }
  # Nothing is left to join: the crimes that the respondents have decide.
  fallback <- if (coverage > 0) {
    list(weight = 1 / coverage, method = "ratio")
  } else {
    list(weight = length(respondent) / sum(respondent), method = "expansion")
  }
  c(same_for_all(fallback, nrow(mine)), list(attempts = found$attempts))
}

#' The weight of groups that need no calibration, NULL for others
#'
#' @param coverage Share of the group's crimes that its respondents have; not a number without crimes.
#' @noRd
plain_weight <- function(scheme, name, respondent, coverage) {
  if (all(respondent) || name == "self-representing") {
    list(weight = 1, method = "complete")
  } else if (scheme == "expansion" || is.nan(coverage)) {
    list(weight = length(respondent) / sum(respondent), method = "expansion")
  } else if (scheme != "national" && coverage >= 0.99) {
    list(weight = 1, method = "covered")
  }
}

#' @noRd
same_for_all <- function(found, size) {
  list(weight = rep(found$weight, size), method = found$method, covariates = character())
}

#' Try sets of covariates and bounds in their order; the first that converges is taken
#' @noRd
climb <- function(frame, name, x, totals) {
  ladder <- package_table("calibration_ladder.csv")
  ladder <- data.frame(upper = as.numeric(ladder$upper), factor = as.numeric(ladder$lower_factor))
  if (frame$scheme == "state") {
    ladder <- data.frame(upper = 10, factor = 1)
  }
  sets <- covariate_sets(frame$scheme)
  attempts <- list()
  try <- function(set, factor, upper) {
    # The first bound has to lie below 1, also where the initial weight is 1.
    bounds <- c(min(factor / frame$initial, 1 - 1e-9), upper)
    found <- calibrate(x[, set, drop = FALSE], rep(frame$initial, nrow(x)), totals[set], bounds)
    attempts[[length(attempts) + 1L]] <<- list(
      stratum = name, covariates = paste(set, collapse = " "), lower = bounds[[1]], upper = bounds[[2]],
      converged = found$converged, deviation = found$deviation, iterations = found$iterations
    )
    found
  }
  # What the fewest covariates and the widest bounds do not reach, more of the one and less of the other do not.
  fewest <- sets[[length(sets)]]
  if (try(fewest, min(ladder$factor), max(ladder$upper))$converged) {
    for (set in sets) {
      for (at in seq_len(nrow(ladder))) {
        found <- try(set, ladder$factor[[at]], ladder$upper[[at]])
        if (found$converged) {
          return(list(weight = frame$initial * found$g, method = "calibrated", covariates = set,
            attempts = data.table::rbindlist(attempts)))
        }
      }
    }
  }
  list(attempts = data.table::rbindlist(attempts))
}

#' Sets of covariates of a scheme, in the order in which they are tried
#' @noRd
covariate_sets <- function(scheme) {
  crimes <- c("murder", "rape", "aggravated_assault", "burglary", "robbery", "larceny", "vehicle_theft")
  totals <- c("total", "violent", "property")
  if (scheme == "national") {
    return(list(c("total", crimes)))
  }
  if (scheme == "region") {
    return(list(c(totals, crimes)))
  }
  fewer <- lapply(rev(seq_along(crimes)), function(size) utils::combn(crimes, size, simplify = FALSE))
  lapply(c(unlist(fewer, recursive = FALSE), list(character())), function(set) c(totals, set))
}
