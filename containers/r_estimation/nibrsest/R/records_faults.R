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
  crowded <- function(table, persons, most) {
    list(table, "of an incident", sprintf("more than %d", most), sum(tabulate(persons$incident) > most))
  }
  arrests <- records$group_b
  faults <- data.table::rbindlist(list(
    unlisted("nibrs_offense", "code", records$offense$code),
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
