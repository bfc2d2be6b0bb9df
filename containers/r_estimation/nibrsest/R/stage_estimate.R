#' Which geographies each value of GEOGRAPHY_GROUP stands for
#' @noRd
geography_groups <- c("nation", "regions", "states")

#' Estimate: `estimates/<group>.csv` by offense code, `<group>-tables.csv`, `<group>-places.csv`
#' @noRd
stage_estimate <- function(settings) {
  require_settings(settings, c("input", "output", "geography_group"))
  if (!settings$geography_group %in% geography_groups) {
    stop_setting("GEOGRAPHY_GROUP", settings$geography_group, paste(geography_groups, collapse = ", "))
  }
  agencies <- read_weight_file(settings, "agencies.csv")
  weights <- read_weight_file(settings, "weights.csv")
  strata <- read_strata(settings)
  covariates <- as.matrix(read_weight_file(settings, "covariates.csv")[, covariate_names, with = FALSE])
  offenses <- read_weight_file(settings, "offenses.csv")
  cells <- table_cells()
  universe <- read_weight_file(settings, "universe.csv")
  annual <- annual_cells(read_weight_file(settings, "cells.csv"), agencies, cells)
  places <- geographies(agencies)
  scheme <- vapply(places, `[[`, "", "scheme")
  mine <- names(places)[match(scheme, c("national", "region", "state", "expansion")) %in%
    list(nation = 1L, regions = 2L, states = 3:4)[[settings$geography_group]]]
  made <- lapply(mine, function(name) {
    theirs <- weights[which(weights$geography == name), ]
    if (nrow(theirs) == 0L) {
      inform("%s: no agency responds; it has no estimate", name)
      return(NULL)
    }
    status <- universe[which(universe$geography == name), c("basis", "universe_status", "residents")]
    place <- c(places[[name]], as.list(status))
    estimate_place(name, place, theirs, strata[which(strata$geography == name), ], agencies, covariates,
      list(offenses = offenses, annual = annual), cells, settings)
  })
  made <- Filter(Negate(is.null), made)
  if (length(made) == 0L) {
    stop("no agency reported three usable months of ", settings$year, " in any of ", paste(mine, collapse = ", "),
      "; choose a year in which some did", call. = FALSE)
  }
  for (part in names(made[[1]])) {
    ending <- paste0(if (part != "offenses") paste0("-", part), ".csv")
    path <- file.path(settings$output, "estimates", paste0(settings$geography_group, ending))
    write_stage_file(data.table::rbindlist(lapply(made, `[[`, part)), path, paste0("estimates/<group>", ending))
  }
}

#' Everything that is estimated of one geography
#'
#' @param place See [geographies()], with `basis`, `universe_status` and `residents` of [universe_status()].
#' @return A list of data.tables: `offenses` (see [describe_estimates()]), `tables` (see [estimate_tables()]),
#'   `places` (see [coverage_of()]), the latter two with `permutation`.
#' @noRd
estimate_place <- function(name, place, weights, strata, agencies, covariates, used, cells, settings) {
  at <- match(weights$ori, agencies$ori)
  groups <- list("all agencies" = rep(TRUE, nrow(agencies)))
  if (place$scheme %in% c("national", "region")) {
    groups <- c(groups, agency_groups(agencies))
  }
  # A group in which nobody responds has no estimate.
  groups <- groups[vapply(groups, function(inside) any(inside[at]), TRUE)]
  mine <- lapply(groups, `[`, at)
  x <- covariates[at, , drop = FALSE]
  found <- estimate_geography(annual_counts(used$offenses, weights$ori), weights, strata, x, mine, settings$correction)
  tables <- estimate_tables(used$annual[at, , drop = FALSE], weights, strata, x, mine, cells,
    settings$correction)
  inside <- which(place$inside)
  places <- data.table::rbindlist(lapply(names(groups), function(group) {
    known <- coverage_of(agencies, place$inside & groups[[group]])
    covered <- true_coverage(known$coverage, known$population_of_respondents, place, group)
    data.table::set(known, NULL, "coverage", covered)
    cbind(geography = name, agency_group = group, known, basis = place$basis, universe_status = place$universe_status,
      residents = if (group == "all agencies") place$residents else NA_real_)
  }))
  known <- permutations()
  number <- function(group) known$permutation[match(paste(name, group), paste(known$geography, known$agency_group))]
  # Where all respond there is nothing to be uncertain about.
  complete <- places$agency_group[places$agencies == places$respondents]
  sure <- which(tables$agency_group %in% complete)
  data.table::set(tables, sure, "standard_error", 0)
  data.table::set(tables, sure[!is.na(tables$percentage[sure])], "percentage_error", 0)
  if (place$basis != "estimate") {
    # Counts of some agencies have no error as estimates of all.
    data.table::set(tables, NULL, c("standard_error", "percentage_error"), NA_real_)
  }
  list(
    offenses = describe_estimates(found, settings$year, name, place, agencies[inside, ],
      lapply(groups, `[`, inside)),
    tables = cbind(permutation = number(tables$agency_group), tables[, -"agency_group"]),
    places = cbind(permutation = number(places$agency_group), places)
  )
}
