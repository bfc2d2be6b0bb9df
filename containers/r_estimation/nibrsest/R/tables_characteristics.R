#' The categories that each record falls into
#'
#' @param records See [read_state_records()].
#' @param rule See [rule_of()].
#' @param definitions See [table_definitions()].
#' @return A data.table of `record` (row number of the record of the rule's level) and `category`; a record
#'   may be in several.
#' @references METHOD, section 7.1.
#' @noRd
categories_of <- function(records, rule, definitions) {
  pairs <- all_categories_of(records, rule, definitions)
  conditions <- conditions_of(rule$only)
  if (length(conditions) == 0L) {
    return(pairs)
  }
  unit <- list(level = rule$level, record = seq_len(nrow(records[[rule$level]])))
  pairs[which(pairs$record %in% which(meet(records, unit, conditions, definitions))), ]
}

#' The same of all records, whatever the rule's `only`
#' @noRd
all_categories_of <- function(records, rule, definitions) {
  if (!is.na(rule$pair)) {
    return(paired(records, rule, definitions))
  }
  if (rule$characteristic %in% definitions$persons$characteristic) {
    return(person_categories(records[[rule$level]], rule$characteristic, definitions))
  }
  known <- c(computed_characteristics(), computed_of_persons(), computed_of_drugs_guns())
  computed <- known[[rule$characteristic]]
  if (is.null(computed)) recoded(records, rule, definitions) else computed(records, rule, definitions)
}

#' Conditions as words: a characteristic and its categories each
#'
#' @param only Conditions separated by semicolons; missing for none.
#' @noRd
conditions_of <- function(only) {
  if (is.na(only)) list() else lapply(strsplit(only, ";", fixed = TRUE)[[1]], function(part) words(trimws(part)))
}

#' Whether each record of a unit meets conditions
#'
#' @param unit A list: `level`, `record`, see [counted_unit()].
#' @param conditions See [conditions_of()].
#' @noRd
meet <- function(records, unit, conditions, definitions) {
  inside <- rep(TRUE, length(unit$record))
  for (condition in conditions) {
    pairs <- unit_categories(records, unit, condition[[1]], definitions)
    inside <- inside & seq_along(inside) %in% pairs$unit[pairs$category %in% as.integer(condition[-1])]
  }
  inside
}

#' The line of `characteristics.csv`, as a unit asks for it
#'
#' @param level The unit that asks: where a characteristic is of several units or of any person, it is that unit's own.
#' @noRd
rule_of <- function(characteristic, definitions, level) {
  line <- match(characteristic, definitions$characteristics$characteristic)
  rule <- as.list(definitions$characteristics[line, ])
  levels <- words(rule$level)
  rule$level <- if (level %in% levels || identical(levels, "person")) level else levels[[1]]
  rule
}

#' Codes as categories: those of a code table, or of a column of the records themselves
#'
#' A code may fall into several categories, and codes of several tables into the same ones. Codes of records of another
#' level are taken to that of the rule.
#' @noRd
recoded <- function(records, rule, definitions) {
  of_rule <- which(definitions$recodes$characteristic == rule$characteristic)
  recodes <- as.list(definitions$recodes[of_rule, ])
  found <- lapply(unique(recodes$code_table), function(name) {
    codes <- records$codes[[name]]
    if (is.null(codes)) {
      codes <- list(record = seq_len(nrow(records[[rule$level]])), code = as.character(records[[rule$level]][[name]]))
      level <- "record"
    } else {
      level <- if (rule$level %in% names(codes)) rule$level else setdiff(names(codes), "code")[[1]]
    }
    of_table <- recodes$code_table == name
    pairs <- categories_of_codes(codes[[level]], codes$code, recodes$code[of_table], recodes$category[of_table])
    if (level %in% c("record", rule$level)) pairs else
      taken_to_unit(records, definitions$units, pairs, level, rule$level)
  })
  if (length(found) == 1L) found[[1]] else unique(data.table::rbindlist(found))
}

#' The categories of records with codes, none twice
#'
#' @param record,code Side by side; a missing record is none.
#' @param known,category The codes that are known, and the category of each; a code may be known several times.
#' @noRd
categories_of_codes <- function(record, code, known, category) {
  first <- !duplicated(known)
  found <- category[first][match(code, known[first])]
  with_category <- which(!is.na(found) & !is.na(record))
  pairs <- data.table::data.table(record = record[with_category], category = found[with_category])
  if (!all(first)) {
    rest <- categories_of_codes(record, code, known[!first], category[!first])
    pairs <- data.table::rbindlist(list(pairs, rest))
  }
  unique(pairs)
}

#' Pairs of two characteristics: every category of the first with every one of the second
#'
#' Numbered by the first, then the second, as `categories.csv` numbers them.
#' @noRd
paired <- function(records, rule, definitions) {
  bare <- list(level = rule$level, record = seq_len(nrow(records[[rule$level]])))
  both <- words(rule$pair)
  first <- unit_categories(records, bare, both[[1]], definitions)
  second <- unit_categories(records, bare, both[[2]], definitions)
  joined <- first[second, on = "unit", nomatch = NULL, allow.cartesian = TRUE]
  number <- sum(definitions$categories$characteristic == both[[2]])
  data.table::data.table(record = joined$unit, category = (joined$category - 1L) * number + joined$i.category)
}

#' Characteristics that are counted, or follow from several columns: functions of the records, the rule and the
#' definitions
#' @noRd
computed_characteristics <- function() {
  list(
    victims = function(records, ...) grouped_numbers(numbers_in(records, "victim"), 2L),
    offenses = function(records, ...) grouped_numbers(numbers_in(records, "offense"), 3L),
    offenders = function(records, ...) {
      known <- numbers_in(records, "offender", records$offender$known)
      every_incident(ifelse(known == 0L, 3L, pmin(known, 2L)))
    },
    incident_time = function(records, ...) hours_of(records, which(!records$incident$by_report)),
    report_time = function(records, ...) hours_of(records, which(records$incident$by_report)),
    clearance = function(records, ...) every_incident(clearance_of(records)),
    cleared_by_arrest = function(records, ...) every_incident(ifelse(clearance_of(records) == 2L, 2L, 1L)),
    cleared = function(records, ...) every_incident(ifelse(clearance_of(records) == 1L, 2L, 1L))
  )
}

#' @noRd
every_incident <- function(category) {
  data.table::data.table(record = seq_along(category), category = as.integer(category))
}

#' How many records of a unit each incident has
#' @noRd
numbers_in <- function(records, unit, which = TRUE) {
  tabulate(records[[unit]]$incident[which], nrow(records$incident))
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
  hour <- records$incident$hour[incidents]
  band <- ifelse(is.na(hour) | hour < 0L | hour > 23L, 7L, hour %/% 4L + 1L)
  data.table::data.table(record = incidents, category = as.integer(band))
}

#' 1 not cleared, 2 by arrest, 3 exceptionally; an arrest takes precedence
#' @noRd
clearance_of <- function(records) {
  clearance <- ifelse(records$incident$except %in% LETTERS[1:5], 3L, 1L)
  clearance[records$arrestee$incident] <- 2L
  clearance
}
