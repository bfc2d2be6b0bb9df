#' What is known of the agencies behind every estimate: geographies, and groups of agencies within some
#'
#' A geography or group in which nobody responds has no estimate and is not among them.
#'
#' @param geographies,weights,universe See [weigh_year()].
#' @param agencies,covariates See [geography_of()].
#' @param kinds See [geography_kinds()].
#' @return A data.table, a row per permutation, in the order of `geographies`: `permutation`, `geography`,
#'   `agency_group`, the columns of [coverage_of()], and `basis`, `universe_status` and `residents` of
#'   [universe_status()]; `residents` is empty for groups of agencies.
#' @noRd
estimated_places <- function(geographies, weights, universe, agencies, covariates, kinds = geography_kinds()) {
  names <- unique(geographies$geography)
  responding <- names[names %in% weights$geography]
  # Without any, a table of the same columns.
  places <- lapply(if (length(responding) > 0L) responding else names[[1]], function(name) {
    place <- geography_of(name, geographies, agencies, covariates)
    status <- as.list(universe[which(universe$geography == name), c("basis", "universe_status", "residents")])
    groups <- groups_within(place, weights$ori[weights$geography == name], kinds)
    data.table::rbindlist(lapply(names(groups), function(group) {
      coverage <- coverage_of(place$agencies, groups[[group]])
      data.table::set(coverage, NULL, "coverage",
        true_coverage(coverage$coverage, coverage$population_of_respondents, status, group))
      cbind(geography = name, agency_group = group, coverage, basis = status$basis,
        universe_status = status$universe_status,
        residents = if (group == "all agencies") status$residents else NA_real_)
    }))
  })
  places <- data.table::rbindlist(places)
  if (length(responding) == 0L) {
    places <- places[0L, ]
  }
  cbind(permutation = permutation_of(places$geography, places$agency_group), places)
}

#' The groups of agencies of a geography that have estimates
#'
#' @param place See [geography_of()].
#' @param respondents ORIs of those who respond.
#' @return A list, named by group, of logical vectors, one per agency of the geography.
#' @noRd
groups_within <- function(place, respondents, kinds = geography_kinds()) {
  groups <- list("all agencies" = rep(TRUE, nrow(place$agencies)))
  if (kinds$agency_groups[kinds$kind == place$kind] == "yes") {
    groups <- c(groups, agency_groups(place$agencies))
  }
  responds <- place$agencies$ori %in% respondents
  with_respondents <- vapply(groups, function(inside) any(inside & responds), TRUE)
  # The geography itself says what there is to know of it.
  groups[with_respondents | names(groups) == "all agencies"]
}
