#' Residents of states by the decennial censuses
#'
#' @param states Postal abbreviations.
#' @param year The data year: between two censuses a straight line, outside of them the nearest.
#' @return Numbers of residents; missing for what is not one of the 50 states or D.C.
#' @references U.S. Census Bureau, resident population by state, censuses of 1990, 2000, 2010 and 2020.
#' @examples
#' census_residents(c("RI", "NE"), 2016L)
#' @export
census_residents <- function(states, year) {
  known <- package_table("census_residents.csv")
  vapply(states, function(state) {
    census_rows <- which(known$state == state)
    if (length(census_rows) == 0L) {
      return(NA_real_)
    }
    stats::approx(as.integer(known$census[census_rows]), as.numeric(known$residents[census_rows]), year, rule = 2)$y
  }, numeric(1), USE.NAMES = FALSE)
}

#' What is known of the universe behind each geography, and what its numbers therefore are
#'
#' A state's agencies are its universe unless its source says that it lists reporters only, or they have less than
#' nine tenths of the residents that the census counts; what is simulated is as large as it is. A region or the nation
#' has one if all its states have, and half of them have records. A nation of which every state is simulated has the
#' states that it has.
#'
#' @param agencies Eligible agencies: `state`, `region`, `agency_type`, `population`.
#' @param notes What is known of the sources: `state`, `kind`, see [read_reference()].
#' @param has_return_a Logical, one per agency: whether it has Return A of its own, see [srs_covariates()].
#' @param year The data year.
#' @param recorded Postal abbreviations of the states that have records of the year; all by default.
#' @param areas Geographies by shares of agencies, see [geographies()]; with them `agencies` needs `ori`. An area is
#'   what the states of its agencies are.
#' @return A data.table, a row per geography (the nation, regions, states, university and tribal agencies if there are
#'   any, areas): `geography`; `basis`, what its numbers are: `estimate`, `residents` (raised by residents, for want of
#'   Return A) or `counts` (of the respondents, nothing added for others); `universe_status`: `whole`, `reporters_only`,
#'   `too_few_residents`, `no_agencies` or `states_missing`; `simulated`, `states` (that it consists of),
#'   `whole_states`, `agencies`, `agency_residents`, `residents` (by the census; missing where simulated),
#'   `return_a_share` (share of residents whose agency has Return A of its own).
#' @examples
#' agencies <- data.table::data.table(state = "RI", region = "Northeast", agency_type = "City", population = 5000)
#' notes <- data.table::data.table(state = character(), kind = character())
#' status <- universe_status(agencies, notes, has_return_a = TRUE, year = 2016L)
#' status[status$geography == "RI", c("basis", "universe_status", "residents")]
#' @export
universe_status <- function(agencies, notes, has_return_a, year, recorded = unique(agencies$state), areas = NULL) {
  present <- unique(agencies$state)
  simulated <- unique(notes$state[notes$kind %in% "simulated"])
  made_up <- length(present) > 0L && all(present %in% simulated)
  known <- regions_of_states()
  states <- sort(if (made_up) present else names(known))
  single <- data.table::rbindlist(lapply(states, function(state) {
    inside <- agencies$state == state
    whole <- state_status(state, agencies[which(inside), ], notes, state %in% simulated, year)
    status_row(state, whole, agencies, +inside, has_return_a)
  }))
  joint <- function(name, of_states, share) {
    parts <- single[of_states, ]
    whole <- list(
      universe = joint_status(parts$universe_status, mean(parts$geography %in% recorded)), simulated = made_up,
      states = nrow(parts),
      whole_states = sum(parts$universe_status == "whole"), residents = sum(parts$residents)
    )
    status_row(name, whole, agencies, share, has_return_a)
  }
  regions <- sort(unique(unname(known[states])))
  rows <- match(areas$ori, agencies$ori)
  members <- split(which(!is.na(rows)), factor(areas$geography, unique(areas$geography))[!is.na(rows)], drop = TRUE)
  types <- intersect(c("University or College", "Tribal"), agencies$agency_type)
  status <- data.table::rbindlist(c(
    list(joint("US", seq_along(states), rep(1, nrow(agencies)))),
    lapply(regions, function(region) joint(region, which(known[states] == region), +(agencies$region %in% region))),
    list(single),
    lapply(types, function(type) joint(type, seq_along(states), +(agencies$agency_type %in% type))),
    lapply(names(members), function(area) {
      share <- numeric(nrow(agencies))
      share[rows[members[[area]]]] <- areas$share[members[[area]]]
      joint(area, states %in% agencies$state[share > 0], share)
    })
  ))
  # Their weights are numbers of agencies, and their residents are those of other agencies too.
  of_type <- which(status$geography %in% types)
  data.table::set(status, of_type[status$basis[of_type] == "residents"], "basis", "estimate")
  # An area's are not those of its states.
  data.table::set(status, which(status$geography %in% c(types, areas$geography)), "residents", NA_real_)
  status
}

#' Agencies with offenses that the list of agencies does not have
#'
#' Without type, residents and status an agency is no part of a universe, and of no group in which it could be weighted.
#'
#' @param universe See [universe_status()].
#' @param tabulated Stacked results of [tabulate_offenses()].
#' @param listed ORIs of all agencies of the reference extract. The first two letters of an ORI are the state's, but NB
#'   for Nebraska.
#' @return `universe` with `unlisted_agencies` and `unlisted_offenses` of each geography; none of types of agencies.
#' @noRd
with_unlisted <- function(universe, tabulated, listed) {
  strangers <- tabulated[which(!tabulated$ori %in% listed), list(offenses = sum(offenses)), by = "ori"]
  state <- sub("^NB", "NE", substr(strangers$ori, 1L, 2L))
  region <- unname(regions_of_states()[state])
  inside <- lapply(universe$geography, function(name) which(name == "US" | state == name | region %in% name))
  cbind(universe, unlisted_agencies = lengths(inside),
    unlisted_offenses = vapply(inside, function(mine) sum(strangers$offenses[mine]), numeric(1)))
}

#' The Census Bureau's region of each state of the union
#' @noRd
regions_of_states <- function() {
  regions <- c(sub("North Central", "Midwest", as.character(datasets::state.region), fixed = TRUE), "South")
  stats::setNames(regions, states_of_the_union)
}

#' @noRd
state_status <- function(state, agencies, notes, simulated, year) {
  residents <- if (simulated) NA_real_ else census_residents(state, year)
  universe <- if (nrow(agencies) == 0L) {
    "no_agencies"
  } else if (any(notes$state == state & notes$kind == "reporters_only")) {
    "reporters_only"
  } else if (!simulated && sum(agencies$population) < constant("least_resident_share") * residents) {
    "too_few_residents"
  } else {
    "whole"
  }
  list(universe = universe, simulated = simulated, states = 1L, whole_states = as.integer(universe == "whole"),
    residents = residents)
}

#' @noRd
joint_status <- function(universes, recorded) {
  if (any(universes == "no_agencies") || recorded < constant("least_states_share")) {
    "states_missing"
  } else {
    c(intersect(c("reporters_only", "too_few_residents"), universes), "whole")[[1]]
  }
}

#' @param share What of each agency belongs to the geography, 0 to 1.
#' @noRd
status_row <- function(name, whole, agencies, share, has_return_a) {
  inside <- share > 0
  population <- agencies$population[inside] * share[inside]
  # Agencies without residents count by their number.
  known_share <- function(has, residents) if (sum(residents) > 0) sum(residents[has]) / sum(residents) else mean(has)
  return_a <- if (any(inside)) known_share(has_return_a[inside], population) else NA_real_
  basis <- if (whole$universe != "whole") {
    "counts"
  } else if (return_a >= constant("least_return_a_share")) {
    "estimate"
  } else {
    "residents"
  }
  data.table::data.table(
    geography = name, basis = basis, universe_status = whole$universe, simulated = whole$simulated,
    states = as.integer(whole$states), whole_states = as.integer(whole$whole_states), agencies = sum(inside),
    agency_residents = sum(population), residents = whole$residents, return_a_share = return_a
  )
}
