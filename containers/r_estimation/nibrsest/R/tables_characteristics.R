#' The categories that each record falls into
#'
#' @param records See [read_state_records()].
#' @param characteristic Name in `characteristics.csv`.
#' @param definitions See [table_definitions()].
#' @return A list: `level` (`incident`, `offense` or `victim`) and `pairs`, a data.table of `record` (row number of the
#'   record) and `category`; a record may be in several.
#' @references METHOD, section 7.1.
#' @noRd
categories_of <- function(records, characteristic, definitions) {
  level <- definitions$characteristics$level[definitions$characteristics$characteristic == characteristic]
  computed <- computed_characteristics()[[characteristic]]
  pairs <- if (is.null(computed)) recoded(records, characteristic, level, definitions) else computed(records)
  list(level = level, pairs = pairs)
}

#' @noRd
recoded <- function(records, characteristic, level, definitions) {
  mine <- which(definitions$recodes$characteristic == characteristic)
  rules <- definitions$recodes[mine, ]
  rows <- switch(rules$code_table[[1]],
    nibrs_weapon_type = records$weapons, nibrs_location_type = records$locations,
    nibrs_criminal_act_type = records$acts, nibrs_injury = records$injuries,
    nibrs_relationship = records$relationships, nibrs_prop_loss_type = records$properties,
    nibrs_cleared_except = exceptions_of(records),
    nibrs_victim_type = data.table::data.table(victim = seq_len(nrow(records$victims)), code = records$victims$type)
  )
  category <- rules$category[match(rows$code, rules$code)]
  there <- which(!is.na(category))
  unique(data.table::data.table(record = rows[[level]][there], category = category[there]))
}

#' Incidents that were cleared exceptionally, without an arrest
#' @noRd
exceptions_of <- function(records) {
  incidents <- data.table::data.table(incident = seq_len(nrow(records$incidents)), code = records$incidents$except)
  incidents[which(!is.na(incidents$code) & !incidents$incident %in% records$arrested$incident), ]
}

#' Characteristics that are counted, or follow from several columns: functions of the records
#' @noRd
computed_characteristics <- function() {
  list(
    victims = function(records) grouped_numbers(numbers_in(records, "victims"), 2L),
    offenses = function(records) grouped_numbers(numbers_in(records, "offenses"), 3L),
    offenders = function(records) {
      known <- numbers_in(records, "offenders", records$offenders$known)
      every_incident(ifelse(known == 0L, 3L, pmin(known, 2L)))
    },
    incident_time = function(records) hours_of(records, which(!records$incidents$by_report)),
    report_time = function(records) hours_of(records, which(records$incidents$by_report)),
    clearance = function(records) every_incident(clearance_of(records)),
    cleared_by_arrest = function(records) every_incident(ifelse(clearance_of(records) == 2L, 2L, 1L)),
    cleared = function(records) every_incident(ifelse(clearance_of(records) == 1L, 2L, 1L))
  )
}

#' @noRd
every_incident <- function(category) {
  data.table::data.table(record = seq_along(category), category = as.integer(category))
}

#' How many records of a kind each incident has
#' @noRd
numbers_in <- function(records, kind, which = TRUE) {
  tabulate(records[[kind]]$incident[which], nrow(records$incidents))
}

#' Numbers as categories 1 to `most`, which stands for that many or more; none is no category
#' @noRd
grouped_numbers <- function(numbers, most) {
  pairs <- every_incident(pmin(numbers, most))
  pairs[which(numbers > 0L), ]
}

#' Six bands of four hours from midnight, 7 for an unknown hour
#' @noRd
hours_of <- function(records, incidents) {
  hour <- records$incidents$hour[incidents]
  band <- ifelse(is.na(hour) | hour < 0L | hour > 23L, 7L, hour %/% 4L + 1L)
  data.table::data.table(record = incidents, category = as.integer(band))
}

#' 1 not cleared, 2 by arrest, 3 exceptionally; an arrest takes precedence
#' @noRd
clearance_of <- function(records) {
  found <- ifelse(records$incidents$except %in% LETTERS[1:5], 3L, 1L)
  found[records$arrested$incident] <- 2L
  found
}
