#' A state-year's records, with references resolved and codes in place of identifiers
#'
#' References are row numbers, so that everything after is done by indexing.
#'
#' @param zip Path of the published zip, of any layout.
#' @return A list of data.tables:
#'   * `places`: agency and month: `ori`, `month`;
#'   * `incidents`: `place`, `by_report` (the hour is that of the report), `hour` (0 to 23), `except` (code);
#'   * `offenses`: `incident`, `code`, `completed`; `locations`, `weapons`, `acts`: `offense`, `code`;
#'   * `victims`: `incident`, `type` (code); `injuries`, `relationships`: `victim`, `code`;
#'   * `links`: `victim`, `offense`;
#'   * `offenders`: `incident`, `known`;
#'   * `properties`: `incident`, `code` (kind of loss), `stolen`, `vehicle` (logical);
#'   * `arrested`: `incident`.
#' @references LAYOUTS.md; METHOD, section 7.1.
#' @export
read_state_records <- function(zip) {
  found <- open_published_zip(zip)
  own <- read_incidents(found)
  incidents <- own$incidents
  offenses <- read_offenses(found, incidents$incident_id)
  victims <- read_published(found, "nibrs_victim",
    c(victim_id = "numeric", incident_id = "numeric", victim_type_id = "character"))
  offenders <- read_published(found, "nibrs_offender",
    c(offender_id = "numeric", incident_id = "numeric", offender_seq_num = "integer"))
  at_incident <- function(ids) row_of(ids, incidents$incident_id, "incident_id", zip)
  arrests <- read_published(found, "nibrs_arrestee", c(incident_id = "numeric"))
  c(
    list(
      places = own$places,
      incidents = incidents[, c("place", "by_report", "hour", "except")],
      offenses = offenses[, c("incident", "code", "completed")],
      victims = data.table::data.table(incident = at_incident(victims$incident_id),
        type = code_of(found, "nibrs_victim", "victim_type_id", victims)),
      offenders = data.table::data.table(
        incident = at_incident(offenders$incident_id), known = !offenders$offender_seq_num %in% 0L
      ),
      locations = data.table::data.table(offense = seq_len(nrow(offenses)), code = offenses$location),
      arrested = data.table::data.table(incident = unique(at_incident(arrests$incident_id))),
      properties = read_properties(found, incidents$incident_id)
    ),
    read_of_offenses(found, offenses$offense_id),
    read_of_victims(found, victims$victim_id, offenses$offense_id)
  )
}

#' Incidents, and the agencies and months they belong to
#' @noRd
read_incidents <- function(found) {
  zip <- found$zip
  agencies <- unique(read_published(found, if (found$number == 1L) "cde_agencies" else "agencies",
    c(agency_id = "numeric", ori = "character")))
  months <- unique(read_published(found, "nibrs_month",
    c(nibrs_month_id = "numeric", agency_id = "numeric", month_num = "integer")))
  incidents <- read_published(found, "nibrs_incident", c(
    incident_id = "numeric", nibrs_month_id = "numeric", report_date_flag = "character", incident_hour = "integer",
    cleared_except_id = "character"
  ))
  must_be_unique(incidents$incident_id, "incident_id", zip)
  must_be_unique(months$nibrs_month_id, "nibrs_month_id", zip)
  month <- row_of(incidents$nibrs_month_id, months$nibrs_month_id, "nibrs_month_id", zip)
  agency <- row_of(months$agency_id[month], agencies$agency_id, "agency_id", zip)
  number <- (agency - 1L) * 12L + months$month_num[month]
  used <- sort(unique(number))
  list(
    places = data.table::data.table(
      ori = agencies$ori[(used - 1L) %/% 12L + 1L], month = (used - 1L) %% 12L + 1L
    ),
    incidents = data.table::data.table(
      incident_id = incidents$incident_id, place = match(number, used),
      by_report = incidents$report_date_flag %in% c("R", "Y"), hour = incidents$incident_hour,
      except = code_of(found, "nibrs_incident", "cleared_except_id", incidents)
    )
  )
}

#' @noRd
read_offenses <- function(found, incident_ids) {
  offenses <- read_published(found, "nibrs_offense", c(
    offense_id = "numeric", incident_id = "numeric", offense_type_id = "character",
    attempt_complete_flag = "character", location_id = "character"
  ))
  data.table::data.table(
    offense_id = offenses$offense_id, incident = row_of(offenses$incident_id, incident_ids, "incident_id", found$zip),
    code = code_of(found, "nibrs_offense", "offense_type_id", offenses),
    completed = offenses$attempt_complete_flag %in% "C",
    location = code_of(found, "nibrs_offense", "location_id", offenses)
  )
}

#' Weapons and criminal activity
#' @noRd
read_of_offenses <- function(found, offense_ids) {
  list(
    weapons = read_pairs(found, "nibrs_weapon", "weapon_id", "offense", offense_ids),
    acts = read_pairs(found, "nibrs_criminal_act", "criminal_act_id", "offense", offense_ids)
  )
}

#' Injuries, relationships, and the offenses that victims suffered
#' @noRd
read_of_victims <- function(found, victim_ids, offense_ids) {
  links <- read_published(found, "nibrs_victim_offense", c(victim_id = "numeric", offense_id = "numeric"))
  list(
    injuries = read_pairs(found, "nibrs_victim_injury", "injury_id", "victim", victim_ids),
    relationships = read_pairs(found, "nibrs_victim_offender_rel", "relationship_id", "victim", victim_ids),
    links = data.table::data.table(
      victim = row_of(links$victim_id, victim_ids, "victim_id", found$zip),
      offense = row_of(links$offense_id, offense_ids, "offense_id", found$zip)
    )
  )
}

#' Descriptions of property that are motor vehicles: automobiles, buses, other motor and recreational vehicles, trucks
#' @noRd
vehicle_codes <- c("03", "05", "24", "28", "37")

#' Property of incidents by kind of loss, and which of it is motor vehicles
#' @noRd
read_properties <- function(found, incident_ids) {
  rows <- read_published(found, "nibrs_property", c(
    property_id = "numeric", incident_id = "numeric", prop_loss_id = "character", stolen_count = "numeric"
  ))
  described <- read_published(found, "nibrs_property_desc", c(property_id = "numeric", prop_desc_id = "character"))
  described_as <- code_of(found, "nibrs_property_desc", "prop_desc_id", described)
  vehicles <- row_of(described$property_id, rows$property_id, "property_id", found$zip)[
    described_as %in% vehicle_codes
  ]
  data.table::data.table(
    incident = row_of(rows$incident_id, incident_ids, "incident_id", found$zip), code = rows$prop_loss_id,
    stolen = ifelse(is.na(rows$stolen_count), 0, rows$stolen_count), vehicle = seq_len(nrow(rows)) %in% vehicles
  )
}

#' Pairs of a record and a code of it
#'
#' @param table,id The table of pairs and its column that refers to a code table.
#' @param record What the codes are of: `offense` or `victim`; `ids` are the identifiers of all of them.
#' @noRd
read_pairs <- function(found, table, id, record, ids) {
  key <- paste0(record, "_id")
  rows <- read_published(found, table, stats::setNames(c("numeric", "character"), c(key, id)))
  pairs <- data.table::data.table(record = row_of(rows[[key]], ids, key, found$zip),
    code = code_of(found, table, id, rows))
  data.table::setnames(pairs, "record", record)
  pairs
}

#' The code tables that columns refer to, and what their columns of codes are called
#' @noRd
code_tables <- list(
  offense_type_id = c("nibrs_offense_type", "offense_code"), location_id = c("nibrs_location_type", "location_code"),
  weapon_id = c("nibrs_weapon_type", "weapon_code"), injury_id = c("nibrs_injury", "injury_code"),
  criminal_act_id = c("nibrs_criminal_act_type", "criminal_act_code"),
  relationship_id = c("nibrs_relationship", "relationship_code"),
  victim_type_id = c("nibrs_victim_type", "victim_type_code"),
  cleared_except_id = c("nibrs_cleared_except", "cleared_except_code"),
  prop_desc_id = c("nibrs_prop_desc_type", "prop_desc_code")
)

#' The codes that a column's identifiers stand for in this zip
#'
#' Identifiers were renumbered between layouts; layout 3 refers to offenses by the code itself.
#' @noRd
code_of <- function(found, table, id, rows) {
  of <- code_tables[[id]]
  if (found$sources[[table]][[id]] == of[[2]]) {
    return(rows[[id]])
  }
  codes <- read_published(found, of[[1]], stats::setNames(c("character", "character"), c(id, of[[2]])))
  codes[[2]][match(rows[[id]], codes[[1]])]
}

#' Row numbers of what rows refer to; refuses references to nothing
#' @noRd
row_of <- function(ids, of, name, zip) {
  at <- match(ids, of)
  lost <- which(is.na(at))
  if (length(lost) > 0L) {
    stop(zip, ": ", length(lost), " rows refer to a ", name, " that the zip does not have, such as ",
      format(ids[[lost[[1]]]], scientific = FALSE), "; extract the zip again", call. = FALSE)
  }
  at
}

#' @noRd
must_be_unique <- function(ids, name, zip) {
  twice <- anyDuplicated(ids)
  if (twice > 0L) {
    stop(zip, ": ", name, " ", format(ids[[twice]], scientific = FALSE),
      " occurs more than once where it has to be unique; extract the zip again", call. = FALSE)
  }
}
