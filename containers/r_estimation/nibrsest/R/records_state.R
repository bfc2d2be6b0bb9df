#' A state-year's records, with references resolved and codes in place of identifiers
#'
#' The table of each unit has a column for each of its parents (see `units.csv` in [table_definitions()]). References
#' are row numbers, so that everything after is done by indexing.
#'
#' @param zip Path of the published zip, of any layout.
#' @return A list of data.tables:
#'   * `place`: agency and month: `ori`, `month`;
#'   * `incident`: `place`, `by_report` (the hour is that of the report), `hour` (0 to 23), `except` (code);
#'   * `offense` (in the order of identifiers): `incident`, `code`, `completed`; `victim`: `incident`, `type`,
#'     `activity` and `assignment` (codes, the latter two of officers); `victim_offense`: `victim`, `offense`;
#'     `offender`: `incident`, `known`; `victim_offender`: `victim`, `offender`, `code` (of what the victim is to the
#'     offender); `arrestee`: `incident`, `code` (of the offense of the arrest), `arrest_type`, `multiple` and
#'     `under_18` (disposition; codes); `officer`: `victim`;
#'   * `property`: `incident`, `code` (kind of loss), `stolen`, `vehicle` (logical);
#'   * `group_b`, Group B arrestees, where the zip has them: `ori` and `month` (missing where it does not say them) and
#'     `code` of the offense, `arrest_type` and `under_18`;
#'
#'   `victim`, `offender`, `arrestee` and `group_b` have `id` (text, the key in the zip), `age` (years, 0 to 99), `sex`
#'   (F, M), `race` and `ethnicity` (codes) besides, as reported: missing where unknown. `codes` has by code table the
#'   codes of records, `code` beside the column of the unit that they are of; `faults` what was not taken as it is
#'   written: `table`, `variable`, `fault`, `number` of records.
#' @references METHOD, sections 6.2 and 7.1.
#' @examples
#' records <- read_state_records(file.path(example_year(), "downloads", "2016", "RI-2016.zip"))
#' names(records)
#' head(records$offense)
#' @export
read_state_records <- function(zip) records_of(open_published_zip(zip))

#' The same of a zip that is open
#'
#' @param opened See [open_published_zip()].
#' @noRd
records_of <- function(opened) {
  incidents <- read_incidents(opened)
  offenses <- read_offenses(opened, incidents$id)
  victims <- read_victims(opened, incidents$id)
  offenders <- read_offenders(opened, incidents$id)
  arrestees <- read_arrestees(opened, incidents$id)
  group_b <- read_group_b(opened, incidents$agencies)
  properties <- read_properties(opened, incidents$id)
  records <- list(
    place = incidents$place, incident = incidents$incident, offense = offenses$offense, victim = victims$persons,
    victim_offense = read_victims_of_offenses(opened, victims$persons$id, offenses$id),
    offender = offenders$persons,
    victim_offender = read_relationships(opened, victims$persons$id, offenders$persons$id),
    arrestee = arrestees$persons, group_b = group_b$items,
    officer = data.table::data.table(victim = which(victims$persons$type %in% "L")),
    property = properties$property,
    faults = rbind(victims$faults, offenders$faults, arrestees$faults, group_b$faults)
  )
  pairs <- function(table, id, unit, ids) read_pairs(opened, table, id, unit, ids)
  records$codes <- list(
    nibrs_offense_type = data.table::data.table(offense = seq_along(offenses$id), code = offenses$offense$code),
    nibrs_location_type = data.table::data.table(offense = seq_along(offenses$id), code = offenses$location),
    nibrs_weapon_type = pairs("nibrs_weapon", "weapon_id", "offense", offenses$id),
    nibrs_criminal_act_type = pairs("nibrs_criminal_act", "criminal_act_id", "offense", offenses$id),
    nibrs_injury = pairs("nibrs_victim_injury", "injury_id", "victim", victims$persons$id),
    nibrs_victim_type = data.table::data.table(victim = seq_len(nrow(victims$persons)), code = victims$persons$type),
    nibrs_relationship = relationships_of(records$victim_offender),
    nibrs_prop_loss_type = records$property[, c("incident", "code")],
    nibrs_cleared_except = exceptions_of(records),
    nibrs_suspected_drug_type = properties$drugs, seized = properties$seized,
    armed = armed_arrestees(opened, records)
  )
  records
}

#' Incidents, and the agencies and months they belong to
#'
#' @return A list: `id` (text) and `incident` side by side, `place`, and `agencies` (`agency_id`, `ori`).
#' @noRd
read_incidents <- function(opened) {
  zip <- opened$zip
  agencies <- unique(read_published(opened, if (opened$number == 1L) "cde_agencies" else "agencies",
    c(agency_id = "character", ori = "character")))
  months <- unique(read_published(opened, "nibrs_month",
    c(nibrs_month_id = "character", agency_id = "character", month_num = "integer")))
  incidents <- read_published(opened, "nibrs_incident", c(
    incident_id = "character", nibrs_month_id = "character", report_date_flag = "character",
    incident_hour = "integer", cleared_except_id = "character"
  ))
  must_be_unique(incidents$incident_id, "incident_id", zip)
  must_be_unique(months$nibrs_month_id, "nibrs_month_id", zip)
  month <- row_of(incidents$nibrs_month_id, months$nibrs_month_id, "nibrs_month_id", zip)
  agency <- row_of(months$agency_id[month], agencies$agency_id, "agency_id", zip)
  number <- (agency - 1L) * 12L + months$month_num[month]
  used <- sort(unique(number))
  list(
    id = incidents$incident_id, agencies = agencies,
    incident = data.table::data.table(
      place = match(number, used), by_report = incidents$report_date_flag %in% c("R", "Y"),
      hour = incidents$incident_hour, except = code_of(opened, "nibrs_incident", "cleared_except_id", incidents)
    ),
    place = data.table::data.table(
      ori = agencies$ori[(used - 1L) %/% 12L + 1L], month = (used - 1L) %% 12L + 1L
    )
  )
}

#' Offenses, and the code of each one's location
#'
#' @return A list: `id` (text), `offense` and `location` side by side.
#' @noRd
read_offenses <- function(opened, incident_ids) {
  offenses <- read_published(opened, "nibrs_offense", c(
    offense_id = "character", incident_id = "character", offense_type_id = "character",
    attempt_complete_flag = "character", location_id = "character"
  ))
  # In the order of their identifiers: which offense is a victim's first does not depend on the file.
  data.table::set(offenses, NULL, "width", nchar(offenses$offense_id))
  data.table::setorderv(offenses, c("width", "offense_id"))
  list(
    id = offenses$offense_id,
    offense = data.table::data.table(
      incident = row_of(offenses$incident_id, incident_ids, "incident_id", opened$zip),
      code = code_of(opened, "nibrs_offense", "offense_type_id", offenses),
      completed = offenses$attempt_complete_flag %in% "C"
    ),
    location = code_of(opened, "nibrs_offense", "location_id", offenses)
  )
}

#' Persons of incidents: what all have, and what only these have
#'
#' @param id The column that names them.
#' @param columns Of what only these have, as of [read_published()].
#' @param described A function of the rows that gives it as a list of columns.
#' @return A list: `persons`, and `faults` of their items (see [read_person_items()]).
#' @noRd
read_persons <- function(opened, table, id, incident_ids, columns, described) {
  rows <- read_published(opened, table,
    c(stats::setNames("character", id), incident_id = "character", columns, item_columns))
  of_persons <- read_person_items(opened, table, rows)
  list(
    persons = data.table::as.data.table(c(
      list(id = rows[[id]], incident = row_of(rows$incident_id, incident_ids, "incident_id", opened$zip)),
      described(rows), of_persons$items
    )),
    faults = of_persons$faults
  )
}

#' @noRd
read_victims <- function(opened, incident_ids) {
  columns <- c(victim_type_id = "character", activity_type_id = "character", assignment_type_id = "character")
  read_persons(opened, "nibrs_victim", "victim_id", incident_ids, columns, function(rows) {
    code <- function(column) code_of(opened, "nibrs_victim", column, rows)
    list(type = code("victim_type_id"), activity = code("activity_type_id"), assignment = code("assignment_type_id"))
  })
}

#' @noRd
read_offenders <- function(opened, incident_ids) {
  read_persons(opened, "nibrs_offender", "offender_id", incident_ids, c(offender_seq_num = "integer"),
    function(rows) list(known = !rows$offender_seq_num %in% 0L))
}

#' @noRd
read_arrestees <- function(opened, incident_ids) {
  columns <- c(offense_type_id = "character", arrest_type_id = "character", multiple_indicator = "character",
    under_18_disposition_code = "character")
  read_persons(opened, "nibrs_arrestee", "arrestee_id", incident_ids, columns, function(rows) {
    code <- function(column) code_of(opened, "nibrs_arrestee", column, rows)
    list(code = code("offense_type_id"), arrest_type = code("arrest_type_id"), multiple = rows$multiple_indicator,
      under_18 = rows$under_18_disposition_code)
  })
}

#' The offenses that victims suffered
#' @noRd
read_victims_of_offenses <- function(opened, victim_ids, offense_ids) {
  links <- read_published(opened, "nibrs_victim_offense", c(victim_id = "character", offense_id = "character"))
  data.table::data.table(
    victim = row_of(links$victim_id, victim_ids, "victim_id", opened$zip),
    offense = row_of(links$offense_id, offense_ids, "offense_id", opened$zip)
  )
}

#' What victims are to offenders: `victim`, `offender`, `code`
#' @noRd
read_relationships <- function(opened, victim_ids, offender_ids) {
  rows <- read_published(opened, "nibrs_victim_offender_rel",
    c(victim_id = "character", offender_id = "character", relationship_id = "character"))
  data.table::data.table(
    victim = row_of(rows$victim_id, victim_ids, "victim_id", opened$zip),
    offender = row_of(rows$offender_id, offender_ids, "offender_id", opened$zip),
    code = code_of(opened, "nibrs_victim_offender_rel", "relationship_id", rows)
  )
}

#' Weapons with which arrestees were armed, of both groups: `arrestee` or `group_b_arrestee`, `code`
#' @noRd
armed_arrestees <- function(opened, records) {
  of <- function(table, key, unit, persons) {
    if (is.na(opened$members[table])) {
      return(NULL)
    }
    read_pairs(opened, table, "weapon_id", unit, persons$id, key)
  }
  data.table::rbindlist(list(
    of("nibrs_arrestee_weapon", "arrestee_id", "arrestee", records$arrestee),
    of("nibrs_grpb_arrest_weapon", "grpb_arrest_id", "group_b_arrestee", records$group_b)
  ), fill = TRUE)
}

#' Incidents that were cleared exceptionally, without an arrest, and how
#' @noRd
exceptions_of <- function(records) {
  incident <- seq_len(nrow(records$incident))
  cleared <- which(!is.na(records$incident$except) & !incident %in% records$arrestee$incident)
  data.table::data.table(incident = incident[cleared], code = records$incident$except[cleared])
}

#' Descriptions of property that are motor vehicles: automobiles, buses, other motor and recreational vehicles, trucks
#' @noRd
vehicle_codes <- c("03", "05", "24", "28", "37")

#' Property of incidents by kind of loss, and which of it is motor vehicles
#'
#' @return A list: `property`, and by `incident` the `code` of each description that was `seized` and of each suspected
#'   drug (`drugs`).
#' @noRd
read_properties <- function(opened, incident_ids) {
  rows <- read_published(opened, "nibrs_property", c(
    property_id = "character", incident_id = "character", prop_loss_id = "character", stolen_count = "numeric"
  ))
  incident <- row_of(rows$incident_id, incident_ids, "incident_id", opened$zip)
  coded <- function(table, id) {
    found <- read_published(opened, table, stats::setNames(rep("character", 2L), c("property_id", id)))
    data.table::data.table(property = row_of(found$property_id, rows$property_id, "property_id", opened$zip),
      code = code_of(opened, table, id, found))
  }
  of_incidents <- function(pairs) data.table::data.table(incident = incident[pairs$property], code = pairs$code)
  described <- coded("nibrs_property_desc", "prop_desc_id")
  vehicles <- described$property[described$code %in% vehicle_codes]
  list(
    property = data.table::data.table(
      incident = incident, code = rows$prop_loss_id,
      stolen = ifelse(is.na(rows$stolen_count), 0, rows$stolen_count), vehicle = seq_len(nrow(rows)) %in% vehicles
    ),
    seized = of_incidents(described[which(rows$prop_loss_id[described$property] == "6"), ]),
    drugs = of_incidents(coded("nibrs_suspected_drug", "suspected_drug_type_id"))
  )
}

#' Pairs of a record and a code of it
#'
#' @param table,id The table of pairs and its column that refers to a code table.
#' @param unit What the codes are of; `ids` are the identifiers of all of them, `key` the column of identifiers.
#' @noRd
read_pairs <- function(opened, table, id, unit, ids, key = paste0(unit, "_id")) {
  rows <- read_published(opened, table, stats::setNames(c("character", "character"), c(key, id)))
  pairs <- data.table::data.table(unit = row_of(rows[[key]], ids, key, opened$zip),
    code = code_of(opened, table, id, rows))
  data.table::setnames(pairs, "unit", unit)
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
  suspected_drug_type_id = c("nibrs_suspected_drug_type", "suspected_drug_code"),
  prop_desc_id = c("nibrs_prop_desc_type", "prop_desc_code"), age_id = c("nibrs_age", "age_code"),
  race_id = c("ref_race", "race_code"), ethnicity_id = c("nibrs_ethnicity", "ethnicity_code"),
  bias_id = c("nibrs_bias_list", "bias_code"), arrest_type_id = c("nibrs_arrest_type", "arrest_type_code"),
  activity_type_id = c("nibrs_activity_type", "activity_type_code"),
  assignment_type_id = c("nibrs_assignment_type", "assignment_type_code")
)

#' The codes that a column's identifiers stand for in this zip
#'
#' Identifiers were renumbered between layouts; layout 3 refers to offenses by the code itself.
#' @noRd
code_of <- function(opened, table, id, rows) {
  code_table <- code_tables[[id]]
  if (opened$sources[[table]][[id]] == code_table[[2]]) {
    return(rows[[id]])
  }
  if (is.null(opened$codes[[id]])) {
    columns <- stats::setNames(c("character", "character"), c(id, code_table[[2]]))
    assign(id, read_published(opened, code_table[[1]], columns), envir = opened$codes)
  }
  codes <- opened$codes[[id]]
  codes[[2]][match(rows[[id]], codes[[1]])]
}

#' Row numbers of what rows refer to; refuses references to nothing
#'
#' Identifiers are text: beyond 2^53 numbers would no longer be told apart.
#' @noRd
row_of <- function(ids, known, name, zip) {
  rows <- data.table::chmatch(ids, known)
  lost <- which(is.na(rows))
  if (length(lost) > 0L) {
    stop(zip, ": ", length(lost), " rows refer to a ", name, " that the zip does not have, such as ",
      ids[[lost[[1]]]], "; extract the zip again", call. = FALSE)
  }
  rows
}

#' @noRd
must_be_unique <- function(ids, name, zip) {
  twice <- anyDuplicated(ids)
  if (twice > 0L) {
    stop(zip, ": ", name, " ", ids[[twice]],
      " occurs more than once where it has to be unique; extract the zip again", call. = FALSE)
  }
}
