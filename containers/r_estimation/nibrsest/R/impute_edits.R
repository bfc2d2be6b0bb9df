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
  offenders <- data.table::data.table(offender = seq_len(nrow(records$offender)), records$offender)
  offenders <- offenders[which(offenders$known & !is.na(offenders$sex) & !is.na(offenders$age)),
    c("offender", "incident", "sex", "age", "race")]
  arrestees <- data.table::data.table(arrestee = seq_len(nrow(records$arrestee)), records$arrestee)
  arrestees <- arrestees[which(!is.na(arrestees$sex) & !is.na(arrestees$age)),
    c("arrestee", "incident", "sex", "age", "race")]
  later <- as.integer(facts$arrest_date - facts$date[records$arrestee$incident])
  pairs <- rbind(
    arrestees[offenders, on = c("incident", "sex", "age"), nomatch = NULL, list(incident, offender, arrestee,
      race_of_offender = i.race, race_of_arrestee = x.race, aged = FALSE), allow.cartesian = TRUE],
    arrestees[which(later[arrestees$arrestee] %in% 1:365), ][offenders[, list(offender, incident, sex, age = age + 1L,
      race)], on = c("incident", "sex", "age"), nomatch = NULL, list(incident, offender, arrestee,
      race_of_offender = i.race, race_of_arrestee = x.race, aged = TRUE), allow.cartesian = TRUE]
  )
  unknown <- is.na(pairs$race_of_offender) | is.na(pairs$race_of_arrestee)
  agree <- which(unknown | pairs$race_of_offender == pairs$race_of_arrestee)
  pairs <- pairs[agree, ][order(aged, unknown[agree], arrestee, offender), ]
  one_to_one(pairs)[, c("incident", "offender", "arrestee", "aged")]
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
