#' Count a state's offenses by agency, month and offense code
#'
#' The unit is the offense record: one per kind of offense in an incident. The month is the one that
#' the agency reported the incident for. The table is sparse: what is absent is zero, provided that
#' the agency reported the month.
#'
#' @param zip Path of the published zip of the state-year.
#' @return A data.table with `ori` (text), `month` (1 to 12), `offense_code` (text) and `offenses`
#'   (integer, at least 1), in this order of keys.
#' @references METHOD, sections 2.8 and 8.2 (agency-level totals).
#' @export
tabulate_state <- function(zip) {
  months <- read_member(zip, "nibrs_month.csv", c(
    nibrs_month_id = "character", agency_id = "character", month_num = "integer"
  ))
  agencies <- read_member(zip, "cde_agencies.csv", c(agency_id = "character", ori = "character"))
  incidents <- read_member(zip, "nibrs_incident.csv", c(incident_id = "character", nibrs_month_id = "character"))
  offenses <- read_member(zip, "nibrs_offense.csv", c(incident_id = "character", offense_type_id = "character"))
  types <- read_member(zip, "nibrs_offense_type.csv", c(offense_type_id = "character", offense_code = "character"))

  joined <- find_all(offenses, incidents, "incident_id", zip)
  joined <- find_all(joined, months, "nibrs_month_id", zip)
  joined <- find_all(joined, agencies, "agency_id", zip)
  joined <- find_all(joined, types, "offense_type_id", zip)
  counts <- joined[, list(offenses = .N), keyby = c("ori", "month_num", "offense_code")]
  data.table::setnames(counts, "month_num", "month")
  counts[]
}

#' Join, and refuse rows that refer to nothing
#'
#' @param table,parent data.tables that share the column `key`, unique in `parent`.
#' @noRd
find_all <- function(table, parent, key, zip) {
  if (anyDuplicated(parent[[key]])) {
    stop(zip, ": ", key, " ", parent[[key]][duplicated(parent[[key]])][[1]],
      " occurs more than once where it has to be unique; extract the zip again", call. = FALSE)
  }
  lost <- !table[[key]] %in% parent[[key]]
  if (any(lost)) {
    stop(zip, ": ", sum(lost), " rows refer to a ", key, " that the zip does not have, such as ",
      table[[key]][lost][[1]], "; extract the zip again", call. = FALSE)
  }
  parent[table, on = key]
}
