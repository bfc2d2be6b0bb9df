#' Characteristics of victims beside their offenders, and of arrestees, that follow from several columns
#'
#' Functions of the records, the rule (see [rule_of()]) and the definitions.
#' @references METHOD, sections 7.1 and 7.2.
#' @noRd
computed_of_persons <- function() {
  list(
    ages_of_both = function(records, ...) {
      both <- known_pairs(records)
      victim <- 1L + (both$victim$age >= 18L)
      offender <- 1L + (both$offender$age >= 18L)
      # Rows: the victim; columns: the offender; juveniles first.
      of_pairs(both, matrix(c(1L, 4L, 2L, 3L), 2L)[cbind(victim, offender)], 5L)
    },
    sexes_of_both = function(records, ...) {
      both <- known_pairs(records)
      sexes <- c("M", "F")
      of_pairs(both, matrix(c(1L, 4L, 2L, 3L), 2L)[cbind(match(both$victim$sex, sexes),
        match(both$offender$sex, sexes))], 5L)
    },
    races_of_both = function(records, rule, definitions) {
      both <- known_pairs(records)
      race <- function(persons) {
        pairs <- person_categories(persons, "race", definitions)
        pairs$category[match(seq_len(nrow(persons)), pairs$record)]
      }
      victim <- race(both$victim)
      offender <- race(both$offender)
      of_pairs(both, ifelse(victim == offender, 2L * victim - 1L, 2L * victim), 11L)
    },
    relationship_hierarchy = function(records, rule, definitions) {
      unit <- list(level = "victim", record = seq_len(nrow(records$victim)))
      pairs <- unit_categories(records, unit, "relationship", definitions)
      data.table::setorderv(pairs, c("unit", "category"))
      nearest <- pairs$category[match(unit$record, pairs$unit)]
      unknown <- records$victim$incident %in% records$offender$incident[!records$offender$known]
      data.table::data.table(record = unit$record, category = ifelse(is.na(nearest), ifelse(unknown, 7L, 8L), nearest))
    },
    juvenile_disposition = function(records, rule, ...) {
      persons <- records[[rule$level]]
      adult <- persons$age >= 18L
      code <- match(persons$under_18, c("H", "R"))
      data.table::data.table(record = seq_len(nrow(persons)),
        category = ifelse(is.na(code), ifelse(adult %in% TRUE, 3L, 4L), code))
    }
  )
}

#' Victims and known offenders to whom they have a relationship
#' @noRd
known_pairs <- function(records) {
  pairs <- records$victim_offender[which(records$offender$known[records$victim_offender$offender]), ]
  list(record = pairs$victim, victim = records$victim[pairs$victim, ], offender = records$offender[pairs$offender, ])
}

#' @noRd
of_pairs <- function(both, category, unknown) {
  unique(data.table::data.table(record = both$record, category = ifelse(is.na(category), unknown, category)))
}
