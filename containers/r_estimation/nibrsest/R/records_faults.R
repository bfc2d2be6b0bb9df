#' What of a zip's records is not as it has to be, beside items of persons: lines as of [read_person_items()]
#'
#' Codes that no list knows count in no category. Incidents may have more victims, offenders or arrestees than NIBRS has
#' numbers for; they count as all others do. Group B arrests that do not name their agency and month are in no table.
#'
#' @param records See [read_state_records()].
#' @return A data.table: `table`, `variable`, `fault`, `number`; a line per fault that there is.
#' @references FBI, NIBRS User Manual, data elements 23, 36 and 40 (sequence numbers).
#' @noRd
record_faults <- function(records) {
  unlisted <- function(table, variable, codes) list(table, variable, "in no list", sum(is.na(codes)))
  offenses <- records$offense$code
  crowded <- function(table, persons, most) {
    list(table, "of an incident", sprintf("more than %d", most), sum(tabulate(persons$incident) > most))
  }
  arrests <- records$group_b
  faults <- data.table::rbindlist(list(
    unlisted("nibrs_offense", "code", replace(offenses, !offenses %in% package_table("offense_names.csv")$offense_code,
      NA)),
    unlisted("nibrs_victim", "type", records$victim$type),
    unlisted("nibrs_arrestee", "code", records$arrestee$code),
    unlisted("nibrs_grpb_arrest", "code", arrests$code),
    unlisted("nibrs_victim_offender_rel", "relationship", records$victim_offender$code),
    crowded("nibrs_victim", records$victim, constant("most_victims")),
    crowded("nibrs_offender", records$offender, constant("most_offenders")),
    crowded("nibrs_arrestee", records$arrestee, constant("most_offenders")),
    list("nibrs_grpb_arrest", "agency", "not named", sum(is.na(arrests$ori) | is.na(arrests$month)))
  ))
  data.table::setnames(faults, c("table", "variable", "fault", "number"))
  faults[which(faults$number > 0L), ]
}

#' The records that a state's zip has, and how many values in them are in no list
#'
#' @param records See [read_state_records()].
#' @return A data.table with the columns of `imputed/<ST>/records.csv`.
#' @references METHOD, section 13.
#' @noRd
counted_records <- function(records) {
  tables <- c(nibrs_incident = "incident", nibrs_offense = "offense", nibrs_victim = "victim",
    nibrs_victim_offender_rel = "victim_offender", nibrs_offender = "offender", nibrs_arrestee = "arrestee",
    nibrs_grpb_arrest = "group_b", nibrs_property = "property")
  faults <- rbind(records$faults, record_faults(records))
  faults <- faults[which(faults$fault %in% c("in no list", "outside of 0 to 99")), ]
  unlisted <- vapply(names(tables), function(table) sum(faults$number[faults$table == table]), 0)
  data.table::data.table(table = names(tables), records = vapply(records[tables], nrow, 0L),
    unlisted = as.integer(unlisted))
}
