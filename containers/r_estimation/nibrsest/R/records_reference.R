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
#'   * `demographics`: `ori`, and shares of its residents by age, sex, race and income (0 to 1); no rows in extracts
#'     that do not have them;
#'   * `residents`: `ori`, `sex`, `race`, `ethnicity`, and numbers of the agency's residents by age; a row per group
#'     that has any, no rows in extracts that do not have them;
#'   * `counties`: `ori`, `county` (its identifier), `county_name`, `county_fips`, `county_known`, `metropolitan` (Y,
#'     N), `metro_division`, `msa`, `msa_name`, `core_city` (Y, N), `population` (residents of the agency in the
#'     county), `judicial_district`, `field_office`, `field_office_name` of the agency: a row per agency and county, one
#'     for an agency without; no rows in extracts that do not have them;
#'   * `notes`: `state`, `kind`, `note`: what is known of the states' sources; nothing in extracts that do not say it.
#' @examples
#' reference <- read_reference(file.path(example_year(), "reference", "reference-2016.zip"))
#' reference$agencies[, c("ori", "agency_name", "population")]
#' table(reference$status, useNA = "ifany")
#' @export
read_reference <- function(zip) {
  unpacked <- unpack_small(zip)
  read <- function(name) read_member(zip, name, file_columns(paste0("reference/", name)), unpacked)
  agencies <- read_agencies(zip, unpacked)
  months <- read("months.csv")
  status <- matrix(NA_character_, nrow(agencies), 12L)
  agency_rows <- match(months$agency_id, agencies$agency_id)
  known <- !is.na(agency_rows)
  status[cbind(agency_rows[known], months$month[known])] <- months$nibrs_status[known]
  history <- read("history.csv")
  return_a <- read("return_a.csv")
  return_a_months <- read("return_a_months.csv")
  ori_of <- function(table) agencies$ori[match(table$agency_id, agencies$agency_id)]
  by_ori <- lapply(list(
    history = data.table::data.table(ori = ori_of(history), year = history$year, month = history$month,
      offenses = history$offenses),
    return_a = data.table::data.table(ori = ori_of(return_a), year = return_a$year, line = return_a$line,
      count = return_a$actual_count),
    return_a_months = data.table::data.table(ori = ori_of(return_a_months), year = return_a_months$year,
      months = return_a_months$months)
  ), with_ori)
  for (name in c("demographics", "residents", "counties")) {
    by_ori[[name]] <- read_by_agency(zip, name, agencies, unpacked)
  }
  data.table::set(agencies, NULL, "agency_id", NULL)
  c(list(agencies = agencies[], status = status, notes = read_notes(zip, unpacked)), by_ori)
}

#' The agencies of a reference extract in the order of ORIs, with `agency_id`
#'
#' @param unpacked See [unpack_small()].
#' @noRd
read_agencies <- function(zip, unpacked) {
  agencies <- read_member(zip, "agencies.csv", file_columns("reference/agencies.csv"), unpacked)
  data.table::set(agencies, which(is.na(agencies$population)), "population", 0)
  data.table::setkeyv(agencies, "ori")
  agencies
}

#' Rows of agencies in a file that an extract may lack, with the ORI for `agency_id`
#' @noRd
read_by_agency <- function(zip, name, agencies, unpacked) {
  rows <- read_if_there(zip, paste0(name, ".csv"), unpacked)
  with_ori(cbind(ori = agencies$ori[match(rows$agency_id, agencies$agency_id)], rows[, -"agency_id"]))
}

#' @noRd
with_ori <- function(rows) rows[which(!is.na(rows$ori)), ]

#' What is known of the sources of a year, if the extract says it
#' @noRd
read_notes <- function(zip, unpacked) {
  read_if_there(zip, "source_notes.csv", unpacked)[, c("state", "kind", "note")]
}

#' A file of an extract that an extract of another database may lack; without rows then
#' @noRd
read_if_there <- function(zip, name, unpacked) {
  columns <- file_columns(paste0("reference/", name))
  if (name %in% utils::unzip(zip, list = TRUE)$Name) {
    return(read_member(zip, name, columns, unpacked))
  }
  data.table::as.data.table(lapply(columns, function(type) vector(type, 0L)))
}
