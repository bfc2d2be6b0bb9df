#' The 50 states and the District of Columbia, by postal abbreviation
#' @noRd
states_of_the_union <- c(datasets::state.abb, "DC")

#' Read the agencies of a reference extract
#'
#' @param zip Path of `reference-<year>.zip`.
#' @return A data.table, one row per agency: `ori`, `agency_name`, `state`, `agency_type`,
#'   `agency_status`, `covered`, `population` (residents), `population_group_code`, and
#'   `nibrs_months` (months of the year reported to NIBRS, 0 to 12).
#' @export
read_universe <- function(zip) {
  agencies <- read_member(zip, "agencies.csv", c(
    agency_id = "character", ori = "character", agency_name = "character", state = "character",
    agency_type = "character", agency_status = "character", dormant = "character", covered = "character",
    population = "numeric", population_group_code = "character"
  ))
  months <- read_member(zip, "months.csv", c(
    agency_id = "character", month = "integer", nibrs_status = "character"
  ))
  # I: incidents reported; Z: reported that there were none. U and nothing at all: not reported.
  reported <- months[months$nibrs_status %in% c("I", "Z"), list(nibrs_months = data.table::uniqueN(month)),
    by = "agency_id"]
  universe <- merge(agencies, reported, by = "agency_id", all.x = TRUE)
  data.table::set(universe, which(is.na(universe$nibrs_months)), "nibrs_months", 0L)
  data.table::set(universe, which(is.na(universe$population)), "population", 0)
  data.table::set(universe, NULL, "agency_id", NULL)
  data.table::setkeyv(universe, "ori")
  universe[]
}

#' Which agencies belong to the universe
#'
#' Active, not covered by another agency, not dormant, not federal, in one of the 50 states or D.C.
#'
#' @param agencies See [read_universe()].
#' @return Logical, one per row.
#' @references METHOD, section 2.1, the eligibility rule.
#' @export
is_eligible <- function(agencies) {
  agencies$agency_status %in% "A" & agencies$covered %in% "N" & agencies$dormant %in% "N" &
    !toupper(agencies$agency_type) %in% "FEDERAL" & agencies$state %in% states_of_the_union
}

#' Which agencies count as respondents
#'
#' An agency that reported all twelve months of the year to NIBRS, in a state that was tabulated.
#' Missing months are not filled in, so a part of a year is not used.
#'
#' @param agencies See [read_universe()].
#' @param states Postal abbreviations of the states that were tabulated.
#' @return Logical, one per row.
#' @export
is_respondent <- function(agencies, states) {
  agencies$nibrs_months == 12L & agencies$state %in% states
}

#' The population class of an agency: 1 (100,000 and over) to 4 (under 10,000), 5 state police, 6 not stated
#'
#' @param codes Population group codes of `ref_population_group`.
#' @return Integers.
#' @references METHOD, section 2.6, der_population_group.
#' @export
population_class <- function(codes) {
  known <- package_table("population_groups.csv")
  found <- as.integer(known$class[match(codes, known$population_group_code)])
  found[is.na(found)] <- 6L
  found
}
