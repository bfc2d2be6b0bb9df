#' Who is offender and arrestee in one person
#'
#' In an incident an arrestee and a known offender are the same person if sex and age are known and equal, and neither
#' race nor, where both are known, are different. An offender who is one year younger than an arrestee that was arrested
#' 1 to 365 days after the incident has that arrestee's age. Each is one person at most: equal ages go before ages that
#' differ by a year, equal races before unknown ones, and then the order of the records decides.
#'
#' @param records See [read_state_records()].
#' @param facts See [read_facts_of_incidents()].
#' @return A data.table: `incident`, `offender`, `arrestee` (row numbers), `aged` (whether the offender's age is to be
#'   the arrestee's).
#' @references METHOD, section 6.2.
#' @noRd
same_persons <- function(records, facts) {
  offenders <- persons_to_match(records$offender, which(records$offender$known))
  arrestees <- persons_to_match(records$arrestee, seq_len(nrow(records$arrestee)))
  later <- as.integer(facts$arrest_date - facts$date[records$arrestee$incident])
  younger <- data.table::copy(offenders)
  data.table::set(younger, NULL, "age", younger$age + 1L)
  pairs <- rbind(alike(offenders, arrestees, FALSE),
    alike(younger, arrestees[which(later[arrestees$record] %in% 1:365), ], TRUE))
  unknown <- is.na(pairs$race_of_offender) | is.na(pairs$race_of_arrestee)
  agree <- which(unknown | pairs$race_of_offender == pairs$race_of_arrestee)
  agree <- agree[order(pairs$aged[agree], unknown[agree], pairs$arrestee[agree], pairs$offender[agree])]
  one_to_one(pairs[agree, ])[, c("incident", "offender", "arrestee", "aged")]
}

#' Persons whose sex and age are known, with the row numbers of their records
#' @noRd
persons_to_match <- function(persons, rows) {
  rows <- rows[!is.na(persons$sex[rows]) & !is.na(persons$age[rows])]
  cbind(record = rows, persons[rows, c("incident", "sex", "age", "race")])
}

#' Pairs of an offender and an arrestee of an incident with the same sex and age
#' @noRd
alike <- function(offenders, arrestees, aged) {
  pairs <- merge(offenders, arrestees, by = c("incident", "sex", "age"), suffixes = c("_offender", "_arrestee"),
    allow.cartesian = TRUE)
  data.table::data.table(incident = pairs$incident, offender = pairs$record_offender, arrestee = pairs$record_arrestee,
    race_of_offender = pairs$race_offender, race_of_arrestee = pairs$race_arrestee, aged = rep(aged, nrow(pairs)))
}

#' The pairs that are left when each offender and each arrestee may be in one, the first
#' @noRd
one_to_one <- function(pairs) {
  taken <- list()
  while (nrow(pairs) > 0L) {
    first <- !duplicated(pairs$offender) & !duplicated(pairs$arrestee)
    taken <- c(taken, list(pairs[first, ]))
    free <- !pairs$offender %in% pairs$offender[first] & !pairs$arrestee %in% pairs$arrestee[first]
    pairs <- pairs[free, ]
  }
  if (length(taken) == 0L) pairs else data.table::rbindlist(taken)
}

#' What one of two records of the same person knows, the other knows too
#' @noRd
with_same_person <- function(world) {
  same <- world$items$same_person
  for (item in c("race", "ethnicity")) {
    for (sides in list(c("offender", "arrestee"), c("arrestee", "offender"))) {
      to <- world$items[[sides[[1]]]]
      value <- world$items[[sides[[2]]]][[item]][same[[sides[[2]]]]]
      learn <- which(is.na(to[[item]][same[[sides[[1]]]]]) & !is.na(value))
      data.table::set(to, same[[sides[[1]]]][learn], item, value[learn])
      data.table::set(to, same[[sides[[1]]]][learn], paste0(item, "_flag"), "S")
    }
  }
  world
}
