#' Which units belong to which: the edges from a unit to its parents
#'
#' Records refer to each other by row numbers: the table of a unit in [read_state_records()] has a column for each of
#' its parents. The edges are `units.csv`.
#'
#' @param edges A data.table: `unit` and `parent`.
#' @param unit The unit to begin with.
#' @param ancestor Any unit.
#' @return `way_up()`: the units passed on the way from `unit` to `ancestor`, without the first; NULL if it is none.
#'   The first parent in the file that leads there is taken.
#' @noRd
way_up <- function(edges, unit, ancestor) {
  if (unit == ancestor) {
    return(character())
  }
  for (parent in edges$parent[edges$unit == unit]) {
    rest <- way_up(edges, parent, ancestor)
    if (!is.null(rest)) {
      return(c(parent, rest))
    }
  }
  NULL
}

#' For each record of a unit the row number of its ancestor
#' @noRd
ancestor_rows <- function(records, edges, unit, ancestor) {
  way <- way_up(edges, unit, ancestor)
  stopifnot(!is.null(way))
  rows <- seq_len(nrow(records[[unit]]))
  for (parent in way) {
    rows <- records[[unit]][[parent]][rows]
    unit <- parent
  }
  rows
}

#' The unit in which the records of two units meet
#'
#' One of the two, if it is above the other; else one below both (a victim of an offense says which victims an offense
#' has); else the nearest that both belong to.
#' @noRd
meeting_unit <- function(edges, one, other) {
  is_above <- function(unit, ancestor) !is.null(way_up(edges, unit, ancestor))
  if (is_above(one, other)) {
    return(other)
  }
  if (is_above(other, one)) {
    return(one)
  }
  below <- Filter(function(unit) is_above(unit, one) && is_above(unit, other), unique(edges$unit))
  if (length(below) > 0L) {
    return(below[[1]])
  }
  above <- Filter(function(unit) is_above(one, unit) && is_above(other, unit), unique(edges$parent))
  distance <- vapply(above, function(unit) length(way_up(edges, one, unit)) + length(way_up(edges, other, unit)), 1L)
  above[[which.min(distance)]]
}

#' Take the categories of records of one unit to those of another
#'
#' @param records See [read_state_records()].
#' @param pairs A data.table: `record` (row number of the record) and `category`.
#' @param from,to Units.
#' @return Such pairs of the other unit, none twice.
#' @noRd
taken_to_unit <- function(records, edges, pairs, from, to) {
  meeting <- meeting_unit(edges, from, to)
  if (meeting == "place" && from != "place") {
    # Of one agency and month is not of one incident.
    return(pairs[0L, ])
  }
  if (meeting != from) {
    if (is.null(way_up(edges, meeting, from))) {
      # Upward: an incident has the categories of all its offenses.
      above <- ancestor_rows(records, edges, from, meeting)
      pairs <- unique(data.table::data.table(record = above[pairs$record], category = pairs$category))
    } else {
      pairs <- taken_down(pairs, ancestor_rows(records, edges, meeting, from))
    }
  }
  if (meeting == to) {
    return(pairs)
  }
  if (is.null(way_up(edges, to, meeting))) {
    above <- ancestor_rows(records, edges, meeting, to)
    return(unique(data.table::data.table(record = above[pairs$record], category = pairs$category)))
  }
  taken_down(pairs, ancestor_rows(records, edges, to, meeting))
}

#' Downward: each record has the categories of the one that it belongs to
#'
#' @param above For each record the row number of that one.
#' @noRd
taken_down <- function(pairs, above) {
  category <- integer(max(0L, pairs$record, above))
  category[pairs$record] <- pairs$category
  if (sum(category > 0L) == nrow(pairs)) {
    # No record has several: a look-up.
    category <- category[above]
    with_category <- which(category > 0L)
    return(data.table::data.table(record = with_category, category = category[with_category]))
  }
  belongs <- data.table::data.table(below = seq_along(above), record = above)
  joined <- pairs[belongs, on = "record", nomatch = NULL, allow.cartesian = TRUE]
  data.table::data.table(record = joined$below, category = joined$category)
}

#' The categories that the first of the records has that a unit belongs together with
#'
#' The first is that of the lowest row number; of several categories of it the lowest counts.
#'
#' @inheritParams taken_to_unit
#' @noRd
first_records <- function(records, edges, pairs, from, to) {
  meeting <- meeting_unit(edges, from, to)
  links <- data.table::data.table(of = ancestor_rows(records, edges, meeting, to),
    record = ancestor_rows(records, edges, meeting, from))
  data.table::setorderv(links, c("of", "record"))
  links <- unique(links, by = "of")
  data.table::setorderv(pairs, c("record", "category"))
  category <- pairs$category[match(links$record, pairs$record)]
  known <- which(!is.na(category))
  data.table::data.table(record = links$of[known], category = category[known])
}

#' What a table counts: the records of a unit, or some of them
#'
#' @param records See [read_state_records()].
#' @param definitions See [table_definitions()].
#' @param level The unit.
#' @param only Which records of it: a characteristic and its categories, separated by blanks, several such conditions
#'   by semicolons; missing for all.
#' @param codes_of Which offenses give units their codes: such conditions of offenses; missing for all.
#' @param conditions Names of characteristics whose categories are codes of units too, see [condition_codes()].
#' @return A list: `level`; `record` (row numbers of the records counted); `slot` (number of each one's place and group:
#'   units with the same offense codes and car jacking or not are one group); `slots` (a data.table: `place`,
#'   `group`); `groups`, a list of `codes` (a data.table of `group` and `code`) and `car_jacking` (logical by group).
#' @references METHOD, sections 7.1 and 8.1.
#' @noRd
counted_unit <- function(records, definitions, level, only = NA_character_, codes_of = NA_character_,
                         conditions = character()) {
  edges <- definitions$units
  unit <- list(level = level, record = seq_len(nrow(records[[level]])))
  unit$record <- which(meet(records, unit, conditions_of(only), definitions))
  codes <- sort(unique(records$offense$code))
  offenses <- data.table::data.table(record = seq_len(nrow(records$offense)),
    category = match(records$offense$code, codes))
  with_code <- offenses[which(!is.na(offenses$category) & counting_offenses(records, codes_of, definitions)), ]
  of_unit <- units_in(unit, taken_to_unit(records, edges, with_code, "offense", level))
  incident <- ancestor_rows(records, edges, level, "incident")[unit$record]
  place <- records$incident$place[incident]
  more <- data.table::rbindlist(lapply(conditions, function(name) {
    pairs <- unit_categories(records, unit, name, definitions)
    data.table::data.table(unit = pairs$unit, code = condition_codes(name, pairs$category))
  }))
  grouping <- grouped(c(of_unit$unit, more$unit), c(codes[of_unit$category], more$code), length(unit$record),
    is_car_jacking(records)[incident])
  slot <- data.table::data.table(place = place, group = grouping$group)
  unit$slot <- data.table::frankv(slot, ties.method = "dense")
  unit$slots <- slot[match(seq_len(max(0L, unit$slot)), unit$slot), ]
  unit$groups <- grouping$groups
  unit
}

#' Which offenses give units their codes
#' @noRd
counting_offenses <- function(records, codes_of, definitions) {
  offenses <- list(level = "offense", record = seq_len(nrow(records$offense)))
  meet(records, offenses, if (codes_of %in% "arrest") list() else conditions_of(codes_of), definitions)
}

#' What the categories of a characteristic are called among the codes of units
#' @noRd
condition_codes <- function(characteristic, category) {
  if (length(category) == 0L) character() else paste(characteristic, category)
}

#' Records of some incidents alone, with references among them
#'
#' @param incidents Numbers of incidents.
#' @return As `records`; `place` and what is of no incident stay as they were.
#' @noRd
records_of_incidents <- function(records, incidents, edges) {
  kept <- list(incident = sort(incidents))
  records$incident <- records$incident[kept$incident, ]
  referring <- function(table, parents) {
    found <- data.table::copy(table)
    for (parent in parents) data.table::set(found, NULL, parent, match(table[[parent]], kept[[parent]]))
    found
  }
  for (unit in setdiff(unique(edges$unit), "incident")) {
    parents <- setdiff(edges$parent[edges$unit == unit], "place")
    if (length(parents) > 0L) {
      found <- referring(records[[unit]], parents)
      kept[[unit]] <- which(stats::complete.cases(found[, parents, with = FALSE]))
      records[[unit]] <- found[kept[[unit]], ]
    }
  }
  records$property <- referring(records$property, "incident")
  records$property <- records$property[which(!is.na(records$property$incident)), ]
  records$codes <- lapply(records$codes, function(codes) {
    found <- referring(codes, intersect(names(codes), names(kept)))
    found[which(rowSums(!is.na(found[, setdiff(names(codes), "code"), with = FALSE])) > 0L), ]
  })
  records
}

#' Pairs of records as pairs of the units that count them, numbered in their order
#' @noRd
units_in <- function(unit, pairs) {
  number <- match(pairs$record, unit$record)
  counted <- which(!is.na(number))
  data.table::data.table(unit = number[counted], category = pairs$category[counted])
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
  robbed <- records$offense$incident[records$offense$code %in% "120" & records$offense$completed]
  individuals <- records$victim$incident[records$victim$type %in% "I"]
  property <- records$property
  taken <- property$incident[property$vehicle & property$code %in% c("5", "7")]
  seq_len(nrow(records$incident)) %in% Reduce(intersect, list(robbed, individuals, taken))
}

#' How many motor vehicles were stolen in each incident, one at least
#' @noRd
stolen_vehicles <- function(records) {
  stolen <- records$property[which(records$property$vehicle & records$property$code %in% "7"), ]
  sums <- stolen[, list(number = sum(stolen)), by = "incident"]
  vehicles <- rep(1, nrow(records$incident))
  vehicles[sums$incident] <- pmax(1, sums$number)
  vehicles
}
