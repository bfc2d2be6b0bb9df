#' What the tables count: incidents, offenses of incidents, pairs of victim and offense, victims
#'
#' @param records See [read_state_records()].
#' @return A list by unit of lists: `incident`, `offense`, `victim` (row numbers of the records that a unit belongs
#'   to, NULL if to none), `slot` (number of its place and group: units with the same offense codes and car
#'   jacking or not are one group), `slots` (a data.table: `place`, `group`) and `groups`: a list of `codes` (a
#'   data.table of `group` and `code`) and `car_jacking` (logical by group).
#' @references METHOD, sections 7.1 and 8.1.
#' @noRd
units_of <- function(records) {
  jacked <- is_car_jacking(records)
  incident <- seq_len(nrow(records$incidents))
  persons <- which(records$victims$type[records$links$victim] %in% c("I", "L"))
  links <- records$links[persons, ]
  offense <- seq_len(nrow(records$offenses))
  others <- which(!records$victims$type %in% c("I", "L"))
  suffered <- records$links[which(records$links$victim %in% others), ]
  of_incident <- grouped(records$offenses$incident, records$offenses$code, length(incident), jacked)
  of_victim <- grouped(match(suffered$victim, others), records$offenses$code[suffered$offense], length(others),
    jacked[records$victims$incident[others]])
  single <- function(offenses) {
    grouped(seq_along(offenses), records$offenses$code[offenses], length(offenses),
      jacked[records$offenses$incident[offenses]])
  }
  made <- list(
    incident = c(list(incident = incident), of_incident),
    incident_offense = c(list(incident = records$offenses$incident, offense = offense), single(offense)),
    victim_offense = c(
      list(incident = records$offenses$incident[links$offense], offense = links$offense, victim = links$victim),
      single(links$offense)
    ),
    victim = c(list(incident = records$victims$incident[others], victim = others), of_victim)
  )
  lapply(made, function(unit) {
    place <- records$incidents$place[unit$incident]
    slot <- data.table::data.table(place = place, group = unit$group)
    unit$slot <- data.table::frankv(slot, ties.method = "dense")
    unit$slots <- slot[match(seq_len(max(0L, unit$slot)), unit$slot), ]
    unit
  })
}

#' Units with the same set of codes, and car jacking or not, as groups
#'
#' @param unit,code Pairs: which unit has which code.
#' @param number How many units there are.
#' @param jacked Whether each unit is one of a car jacking.
#' @noRd
grouped <- function(unit, code, number, jacked) {
  kinds <- sort(unique(code))
  pairs <- unique(data.table::data.table(unit = unit, code = match(code, kinds)))
  data.table::setkeyv(pairs, c("unit", "code"))
  place <- data.table::rowid(pairs$unit)
  wide <- matrix(0L, number, max(place, 1L))
  wide[cbind(pairs$unit, place)] <- pairs$code
  keys <- data.table::as.data.table(cbind(wide, as.integer(jacked)))
  group <- data.table::frankv(keys, ties.method = "dense")
  first <- match(seq_len(max(group, 0L)), group)
  of_first <- pairs[pairs$unit %in% first, ]
  list(
    group = group,
    groups = list(
      codes = data.table::data.table(group = group[of_first$unit], code = kinds[of_first$code]),
      car_jacking = jacked[first]
    )
  )
}

#' Incidents with a completed robbery of an individual that took a motor vehicle
#' @references METHOD, section 7.1 (car jacking).
#' @noRd
is_car_jacking <- function(records) {
  incidents <- seq_len(nrow(records$incidents))
  robbed <- records$offenses$incident[records$offenses$code %in% "120" & records$offenses$completed]
  of_persons <- records$victims$incident[records$victims$type %in% "I"]
  taken <- records$properties$incident[records$properties$vehicle & records$properties$code %in% c("5", "7")]
  incidents %in% robbed & incidents %in% of_persons & incidents %in% taken
}

#' How many motor vehicles were stolen in each incident, one at least
#' @noRd
stolen_vehicles <- function(records) {
  stolen <- records$properties[which(records$properties$vehicle & records$properties$code %in% "7"), ]
  sums <- stolen[, list(number = sum(stolen)), by = "incident"]
  found <- rep(1, nrow(records$incidents))
  found[sums$incident] <- pmax(1, sums$number)
  found
}
