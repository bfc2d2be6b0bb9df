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
  places <- read_weight_file(settings, "geographies.csv")
  kinds <- geography_kinds()
  names <- unique(places$geography[places$kind %in% kinds$kind[kinds$geography_group == settings$geography_group]])
  made <- lapply(names, function(name) {
    own_weights <- weights[which(weights$geography == name), ]
    if (nrow(own_weights) == 0L) {
      inform("%s: no agency responds; it has no estimate", name)
      return(NULL)
    }
    status <- universe[which(universe$geography == name), c("basis", "universe_status", "residents")]
    place <- c(geography_of(name, places, agencies, covariates), as.list(status))
    estimate_place(place, own_weights, strata[which(strata$geography == name), ],
      list(offenses = offenses, annual = annual), cells, settings, kinds)
  })
  made <- Filter(Negate(is.null), made)
  if (length(made) == 0L) {
    stop("no agency reported three usable months of ", settings$year, " in any of ", paste(names, collapse = ", "),
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
#' @param place See [geography_of()], with `basis`, `universe_status` and `residents` of [universe_status()].
#' @param kinds See [geography_kinds()].
#' @return A list of data.tables: `offenses` (see [describe_estimates()]), `tables` (see [estimate_tables()]),
#'   `places` (see [coverage_of()]), the latter two with `permutation`.
#' @noRd
estimate_place <- function(place, weights, strata, used, cells, settings, kinds = geography_kinds()) {
  name <- place$name
  agencies <- place$agencies
  respondents <- match(weights$ori, agencies$ori)
  groups <- list("all agencies" = rep(TRUE, nrow(agencies)))
  if (kinds$agency_groups[kinds$kind == place$kind] == "yes") {
    groups <- c(groups, agency_groups(agencies))
  }
  # A group in which nobody responds has no estimate.
  groups <- groups[vapply(groups, function(inside) any(inside[respondents]), TRUE)]
  responding <- lapply(groups, `[`, respondents)
  x <- place$covariates[respondents, , drop = FALSE]
  share <- place$share[respondents]
  found <- estimate_geography(annual_counts(used$offenses, weights$ori) * share, weights, strata, x, responding,
    settings$correction)
  annual <- Matrix::Diagonal(x = share) %*% used$annual[place$rows[respondents], , drop = FALSE]
  tables <- estimate_tables(annual, weights, strata, x, responding, cells, settings$correction)
  places <- data.table::rbindlist(lapply(names(groups), function(group) {
    known <- coverage_of(agencies, groups[[group]])
    covered <- true_coverage(known$coverage, known$population_of_respondents, place, group)
    data.table::set(known, NULL, "coverage", covered)
    cbind(geography = name, agency_group = group, known, basis = place$basis, universe_status = place$universe_status,
      residents = if (group == "all agencies") place$residents else NA_real_)
  }))
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
    offenses = describe_estimates(found, settings$year, name, place, agencies, groups),
    tables = cbind(permutation = permutation_of(name, tables$agency_group), tables[, -"agency_group"]),
    places = cbind(permutation = permutation_of(name, places$agency_group), places)
  )
}
