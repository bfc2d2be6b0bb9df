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
    missing_over_10_percent = residents > 0 &&
      any(agencies$population[inside & !responds] > constant("silent_agency") * residents)
  )
}
