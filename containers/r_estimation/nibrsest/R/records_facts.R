#' What else records say that tells of unknown items
#'
#' @param opened See [open_published_zip()].
#' @param records See [read_state_records()], of the same zip.
#' @return A list: by incident `date`, `cargo` (whether cargo was stolen; missing if not said), `forced` (whether entry
#'   was by force) and `biased` (whether an offense had a bias); by arrestee `arrest_date` and `armed` (whether with a
#'   weapon); `things`, a data.table of `incident`, `code` (kind of property) and `value` (dollars) of what was lost or
#'   damaged.
#' @noRd
read_facts_of_incidents <- function(opened, records) {
  read <- function(table, ...) read_published(opened, table, c(...))
  incidents <- read("nibrs_incident", incident_id = "character", incident_date = "character",
    cargo_theft_flag = "character")
  offenses <- read("nibrs_offense", offense_id = "character", incident_id = "character",
    method_entry_code = "character")
  biases <- read("nibrs_bias_motivation", bias_id = "character", offense_id = "character")
  arrests <- read("nibrs_arrestee", arrest_date = "character")
  of_bias <- biases$offense_id[!code_of(opened, "nibrs_bias_motivation", "bias_id", biases) %in% c("88", "99", NA)]
  has <- function(which) incidents$incident_id %in% offenses$incident_id[which]
  armed <- records$codes$armed
  list(
    date = dates_of(opened, incidents$incident_date),
    cargo = ifelse(incidents$cargo_theft_flag %in% c("Y", "N"), incidents$cargo_theft_flag == "Y", NA),
    forced = has(offenses$method_entry_code %in% "F"), biased = has(offenses$offense_id %in% of_bias),
    arrest_date = dates_of(opened, arrests$arrest_date),
    armed = seq_len(nrow(records$arrestee)) %in% armed$arrestee[!armed$code %in% c("01", NA)],
    things = read_things(opened, incidents$incident_id)
  )
}

#' Property that was lost or damaged, without what only was recovered and losses of none or unknown kind
#' @noRd
read_things <- function(opened, incident_ids) {
  properties <- read_published(opened, "nibrs_property", c(property_id = "character", incident_id = "character",
    prop_loss_id = "character"))
  things <- read_published(opened, "nibrs_property_desc", c(property_id = "character", prop_desc_id = "character",
    property_value = "numeric"))
  of_property <- match(things$property_id, properties$property_id)
  things <- data.table::data.table(
    incident = match(properties$incident_id[of_property], incident_ids),
    code = code_of(opened, "nibrs_property_desc", "prop_desc_id", things), value = things$property_value,
    loss = properties$prop_loss_id[of_property]
  )
  things[which(!things$loss %in% c("1", "5", "8") & !is.na(things$incident)), c("incident", "code", "value")]
}
