#' Characteristics of drug and gun incidents that follow from several records
#'
#' Functions of the records, the rule (see [rule_of()]) and the definitions.
#' @references METHOD, sections 7.1 and 7.2.
#' @noRd
computed_of_drugs_guns <- function() {
  list(
    drug_class = function(records, ...) {
      completed <- records$offense[which(records$offense$completed), ]
      has <- function(code) seq_len(nrow(records$incident)) %in% completed$incident[completed$code %in% code]
      # 1 only drugs, 2 only equipment, 3 both.
      pairs <- every_incident(has("35A") + 2L * has("35B"))
      pairs[which(pairs$category > 0L), ]
    },
    one_drug_or_activity = function(records, rule, definitions) {
      drugs <- records$codes$nibrs_suspected_drug_type
      acts <- records$codes$nibrs_criminal_act_type
      offenses <- list(level = "offense", record = seq_len(nrow(records$offense)))
      completed <- meet(records, offenses, list(c("completed_drug", "1")), definitions)
      acts <- acts[which(completed[acts$offense]), ]
      one <- numbers_of_codes(drugs$incident, drugs$code, nrow(records$incident)) == 1L |
        numbers_of_codes(records$offense$incident[acts$offense], acts$code, nrow(records$incident)) == 1L
      data.table::data.table(record = which(one), category = rep(1L, sum(one)))
    },
    firearm_types = function(records, rule, definitions) {
      classes <- firearm_classes(records, definitions)
      pairs <- classes[, list(category = pmin(.N, 2L)), by = "record"]
      pairs[]
    },
    single_firearm = function(records, rule, definitions) {
      classes <- firearm_classes(records, definitions)
      classes[which(!classes$record %in% classes$record[duplicated(classes$record)]), ]
    },
    person_victims = function(records, ...) {
      grouped_numbers(numbers_in(records, "victim", which(records$victim$type %in% c("I", "L"))), 4L)
    },
    firearm_victims = function(records, rule, definitions) {
      victims <- list(level = "victim", record = seq_len(nrow(records$victim)))
      shot <- meet(records, victims, list(c("person", "1"), c("weapon_type", "2")), definitions)
      grouped_numbers(numbers_in(records, "victim", which(shot)), 4L)
    },
    offenders_four = function(records, ...) {
      known <- numbers_in(records, "offender", records$offender$known)
      every_incident(ifelse(known == 0L, 5L, pmin(known, 4L)))
    },
    offender_ages = function(records, ...) {
      offender <- records$offender
      # Under 12 is none.
      category <- ifelse(!offender$known, 4L, ifelse(is.na(offender$age), 3L,
        c(NA, 1L, 2L)[findInterval(offender$age, c(0L, 12L, 18L))]))
      pairs <- unique(data.table::data.table(record = offender$incident, category = category))
      pairs[which(!is.na(pairs$category)), ]
    }
  )
}

#' How many different codes each incident has
#' @noRd
numbers_of_codes <- function(incident, code, incidents) {
  known <- unique(data.table::data.table(incident = incident, code = code)[which(!is.na(code)), ])
  tabulate(known$incident, incidents)
}

#' Handguns, long guns and other firearms of offenses
#' @noRd
firearm_classes <- function(records, definitions) {
  categories_of(records, rule_of("firearm_class", definitions, "offense"), definitions)
}
