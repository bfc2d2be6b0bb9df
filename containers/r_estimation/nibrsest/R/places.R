#' The geographies that have weights of their own, with the scheme of each and the agencies in it
#'
#' @param agencies A data.table with `state`, `region`, `agency_type`.
#' @return A list, named by geography, of lists of `scheme` and `inside` (logical, one per agency).
#' @references METHOD, sections 2.2 and 5.5.
#' @export
geographies <- function(agencies) {
  made <- list(US = list(scheme = "national", inside = rep(TRUE, nrow(agencies))))
  for (region in sort(unique(agencies$region))) {
    made[[region]] <- list(scheme = "region", inside = agencies$region %in% region)
  }
  for (state in sort(unique(agencies$state))) {
    made[[state]] <- list(scheme = "state", inside = agencies$state == state)
  }
  for (type in c("University or College", "Tribal")) {
    inside <- agencies$agency_type %in% type
    if (any(inside)) {
      made[[type]] <- list(scheme = "expansion", inside = inside)
    }
  }
  made
}

#' The number, name and weight of every geography that has tables: permutations 1 to 108
#'
#' @return A data.table: `permutation`, `geography` (as [geographies()] calls it), `agency_group`, `description`,
#'   `folder` (of published files), `weight_name`, `kind` (`national`, `national group`, `region`, `region group`,
#'   `state`, `university`, `tribal`).
#' @references METHOD, sections 2.2 and 11.
#' @export
permutations <- function() {
  groups <- c("all agencies", names(agency_group_rules()))
  regions <- c("Northeast", "Midwest", "South", "West")
  abbreviations <- states_of_the_union[order(state_names(states_of_the_union))]
  states <- state_names(abbreviations)
  region_names <- rep(regions, each = length(groups))
  in_groups <- rep(groups, length(regions))
  described <- function(name, group) ifelse(group == "all agencies", name, paste(name, group, sep = ", "))
  kinds <- function(kind, group) ifelse(group == "all agencies", kind, paste(kind, "group"))
  data.table::data.table(
    permutation = 1:108, geography = c(rep("US", length(groups)), region_names, abbreviations,
      "University or College", "Tribal"),
    agency_group = c(groups, in_groups, rep("all agencies", length(states) + 2L)),
    description = c(described("National", groups), described(paste("Region", region_names), in_groups), states,
      "University or college agencies", "Tribal agencies"),
    folder = c(rep("National", length(groups)), rep("Region", length(region_names)), rep("State", length(states)),
      "University", "Tribal"),
    weight_name = c(rep("NationalWgt", length(groups)), rep("RegionWgt", length(region_names)),
      rep("StateWgt", length(states)), "UniversityWgt", "TribalWgt"),
    kind = c(kinds("national", groups), kinds("region", in_groups), rep("state", length(states)), "university",
      "tribal")
  )
}

#' @noRd
agency_group_rules <- function() {
  list(
    "100,000 residents and over" = list(class = 1L), "25,000 to 99,999 residents" = list(class = 2L),
    "10,000 to 24,999 residents" = list(class = 3L), "under 10,000 residents" = list(class = 4L),
    "state police (population group)" = list(class = 5L),
    "city agencies" = list(type = 1L), "county agencies" = list(type = 2L), "university agencies" = list(type = 3L),
    "state police agencies" = list(type = 4L), "tribal and other agencies" = list(type = c(NA, 5L, 6L))
  )
}

#' Groups of agencies for which estimates are made within the nation and the regions
#'
#' The reference's ten groups are not public: these are the five population classes and five types.
#'
#' @param agencies A data.table with `class` (see [population_class()]) and `agency_type`.
#' @return A list, named by group, of logical vectors.
#' @references METHOD, section 2.2 (permutations 2 to 11 and their like).
#' @export
agency_groups <- function(agencies) {
  type <- agency_categories(agencies)$agency_type
  lapply(agency_group_rules(), function(rule) {
    if (is.null(rule$type)) agencies$class %in% rule$class else type %in% rule$type
  })
}

#' The share of residents whose agency responds, of all there are
#'
#' Where agencies are no universe, their residents are not all: the census's count, and of groups of agencies
#' nothing is known.
#'
#' @param coverage Of the residents of the agencies that are known.
#' @param covered Residents of respondents.
#' @param status `basis` and `residents` of the geography, see [universe_status()].
#' @param group Groups of agencies; `all agencies` is everyone.
#' @noRd
true_coverage <- function(coverage, covered, status, group) {
  if (status$basis != "counts") {
    return(coverage)
  }
  if (is.na(status$residents)) {
    return(rep(NA_real_, length(coverage)))
  }
  ifelse(group == "all agencies", pmin(1, covered / status$residents), NA_real_)
}

#' What is known of the agencies behind the estimates of a permutation
#'
#' @param agencies Eligible agencies: `population`, `respondent`, `agency_type`, `male_officers`, `female_officers`.
#' @param inside Logical, which of them belong to it.
#' @return A one-row data.table: numbers of agencies, residents and officers, those of respondents, coverages (shares,
#'   0 to 1), and whether a silent agency has more than a tenth of the residents.
#' @references METHOD, sections 2.6.6 (officers) and 11.
#' @noRd
coverage_of <- function(agencies, inside) {
  responds <- agencies$respondent
  residents <- sum(agencies$population[inside])
  type <- agency_categories(agencies)$agency_type
  share <- function(which) if (any(which)) mean(responds[which]) else NA_real_
  covered <- sum(agencies$population[inside & responds])
  officers_of <- function(which) sum(agencies$male_officers[which] + agencies$female_officers[which])
  data.table::data.table(
    agencies = sum(inside), respondents = sum(inside & responds), population = residents,
    population_of_respondents = covered,
    # Agencies without residents are covered by their number.
    coverage = if (residents > 0) covered / residents else share(inside),
    tribal_coverage = share(inside & type %in% 6L), state_police_coverage = share(inside & type %in% 4L),
    other_coverage = share(inside & type %in% 5L),
    officers = officers_of(inside), officers_of_respondents = officers_of(inside & responds),
    missing_over_10_percent = residents > 0 && any(agencies$population[inside & !responds] > residents / 10)
  )
}
