#' The groups that a scheme begins with, as text
#' @noRd
initial_groups <- function(agencies, covariates, scheme) {
  if (!nzchar(scheme$grouping)) {
    return(rep("all", nrow(agencies)))
  }
  group <- as.character(agencies[[scheme$grouping]])
  if (!is.null(scheme$joined)) {
    rule <- match(paste(agencies$state, group), paste(scheme$joined$state, scheme$joined$stratum))
    group <- ifelse(is.na(rule), group, scheme$joined$joined_to[rule])
  }
  # Agencies with so much crime that they represent themselves, if all of them respond.
  large <- is.finite(scheme$self_representing) &
    covariates[, "total"] > scheme$self_representing * mean(covariates[, "total"])
  if (any(large) && all(agencies$respondent[large])) {
    group[large] <- self_representing_group
  }
  if (too_little_known(group, agencies, covariates, scheme)) {
    group[group != self_representing_group] <- "all"
  }
  group
}

#' Whether respondents of a group have so few of its crimes that the geography is weighted as one
#' @noRd
too_little_known <- function(group, agencies, covariates, scheme) {
  crimes <- tapply(covariates[, "total"], group, sum)
  known <- tapply(covariates[, "total"] * agencies$respondent, group, sum)
  any(known < scheme$least_covered * crimes)
}

#' @noRd
self_representing_group <- "self-representing"

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

#' Whether a group that cannot be solved has another to join
#' @noRd
may_join <- function(frame) nzchar(frame$scheme$collapse) && length(unique(frame$group)) > 1L

#' The group that one joins: the next of its super-group, else the one before, else of a preferred super-group
#' @noRd
group_to_join <- function(frame, name) {
  super_of <- frame$agencies[[frame$scheme$collapse]]
  members <- unique(data.table::data.table(group = frame$group, super = super_of))
  own_super <- min(members$super[members$group == name])
  alike <- setdiff(members$group[members$super == own_super], name)
  number <- suppressWarnings(as.numeric(name))
  if (length(alike) > 0L) {
    above <- alike[as.numeric(alike) > number]
    return(if (length(above) > 0L) above[[which.min(as.numeric(above))]] else alike[[which.max(as.numeric(alike))]])
  }
  preference <- package_table("super_group_preference.csv")
  for (preferred in preference$joins[preference$super_group == own_super]) {
    candidates <- setdiff(members$group[members$super == as.integer(preferred)], name)
    if (length(candidates) > 0L) {
      return(candidates[[which.max(as.numeric(candidates))]])
    }
  }
  setdiff(members$group, name)[[1]]
}
