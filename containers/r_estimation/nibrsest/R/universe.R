#' The 50 states and the District of Columbia, by postal abbreviation
#' @noRd
states_of_the_union <- c(datasets::state.abb, "DC")

#' What states are called, by postal abbreviation
#' @noRd
state_names <- function(abbreviations) {
  c(datasets::state.name, "District of Columbia")[match(abbreviations, states_of_the_union)]
}

#' Read a reference extract
#'
#' @param zip Path of `reference-<year>.zip`.
#' @return A list:
#'   * `agencies`: a data.table, one row per agency in the order of ORIs: `ori`, `agency_name`, `state`,
#'     `state_name`, `region`, `agency_type`, `agency_status`, `dormant`, `covered`, `covering` (Y, N), `population`
#'     (residents), `population_group_code`, `suburban` (Y, N), `reporting_type` (I, S), `nibrs_start` (year * 12 +
#'     month - 1), `male_officers`, `female_officers`, `msa_status` (1 metropolitan county, 2 city
#'     outside, 3 other county);
#'   * `status`: character matrix, agencies by twelve months: I, Z, U or missing;
#'   * `history`: `ori`, `year`, `month`, `offenses` of months reported in the four years before;
#'   * `return_a`: `ori`, `year`, `line`, `count`;
#'   * `return_a_months`: `ori`, `year`, `months`;
#'   * `notes`: `state`, `kind`, `note`: what is known of the states' sources; nothing in extracts that do not say it.
#' @export
read_reference <- function(zip) {
  read <- function(name) read_member(zip, name, file_columns(paste0("reference/", name)))
  agencies <- read("agencies.csv")
  data.table::set(agencies, which(is.na(agencies$population)), "population", 0)
  data.table::setkeyv(agencies, "ori")
  months <- read("months.csv")
  status <- matrix(NA_character_, nrow(agencies), 12L)
  at <- match(months$agency_id, agencies$agency_id)
  there <- !is.na(at)
  status[cbind(at[there], months$month[there])] <- months$nibrs_status[there]
  history <- read("history.csv")
  return_a <- read("return_a.csv")
  return_a_months <- read("return_a_months.csv")
  ori_of <- function(table) agencies$ori[match(table$agency_id, agencies$agency_id)]
  found <- list(
    history = data.table::data.table(ori = ori_of(history), year = history$year, month = history$month,
      offenses = history$offenses),
    return_a = data.table::data.table(ori = ori_of(return_a), year = return_a$year, line = return_a$line,
      count = return_a$actual_count),
    return_a_months = data.table::data.table(ori = ori_of(return_a_months), year = return_a_months$year,
      months = return_a_months$months)
  )
  data.table::set(agencies, NULL, "agency_id", NULL)
  described <- list(agencies = agencies[], status = status, notes = read_notes(zip))
  c(described, lapply(found, function(table) table[which(!is.na(table$ori)), ]))
}

#' What is known of the sources of a year, if the extract says it
#' @noRd
read_notes <- function(zip) {
  columns <- file_columns("reference/source_notes.csv")
  if (!"source_notes.csv" %in% utils::unzip(zip, list = TRUE)$Name) {
    return(data.table::data.table(state = character(), kind = character(), note = character()))
  }
  read_member(zip, "source_notes.csv", columns)[, names(columns) %in% c("state", "kind", "note"), with = FALSE]
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

#' The groups in which agencies are weighted, and from which a hot deck draws
#'
#' @param agencies A data.table with `population`, `population_group_code` and `agency_type`.
#' @return A data.table in the order of the agencies: `national_group`, `super_group`, `state_stratum` (see
#'   `weighting_groups.csv`), `hot_deck_group`. An agency without a group is weighted as a small city.
#' @references METHOD, sections 5.3 and 5.5.
#' @export
weighting_groups <- function(agencies) {
  known <- package_table("weighting_groups.csv")
  code <- ifelse(agencies$population_group_code %in% known$population_group_code, agencies$population_group_code, "7")
  at <- match(paste(code, ifelse(agencies$population > 0, "some", "none")),
    paste(known$population_group_code, known$residents))
  metropolitan <- startsWith(code, "9")
  data.table::data.table(
    national_group = as.integer(known$national_group[at]), super_group = as.integer(known$super_group[at]),
    state_stratum = as.integer(known$state_stratum[at]),
    hot_deck_group = ifelse(startsWith(code, "8"), 8L, ifelse(metropolitan, 9L, match(substr(code, 1L, 1L), 1:7)))
  )
}
