#' From what unknown items are predicted: functions of the world, the unit and row numbers of its records
#'
#' Each gives a list of variables, as long as the rows, with missing values where something is not known.
#' @noRd
predictor_groups <- function() {
  list(
    own_age_sex = function(world, unit, rows) {
      own <- world$items[[unit]][rows, ]
      list(age = as.numeric(own$age), sex = factor(own$sex))
    },
    own_race = function(world, unit, rows) list(race = factor(world$items[[unit]]$race[rows])),
    victims = function(world, unit, rows) summary_of(world, "victim", unit, rows),
    offenders = function(world, unit, rows) summary_of(world, "offender", unit, rows),
    arrestees = function(world, unit, rows) summary_of(world, "arrestee", unit, rows),
    offenses = offenses_of_rows,
    circumstances = circumstances_of_rows,
    incident = function(world, unit, rows) {
      incident <- world$incident[world$items[[unit]]$incident[rows], ]
      list(cleared = as.numeric(incident$cleared), with_person = as.numeric(incident$person))
    },
    both = both_of_pairs,
    numbers = function(world, unit, rows) {
      incident <- world$incident[world$items[[unit]]$incident[rows], ]
      list(number_offenders = incident$offenders, number_victims = incident$victims,
        number_offenses = incident$offenses)
    },
    property = property_of_rows,
    property_offenses = function(world, unit, rows) {
      flags_of(world$victim_codes, world$items[[unit]]$victim[rows], "property_offenses")
    },
    arrest = function(world, unit, rows) list(offense = factor(world$items[[unit]]$code[rows])),
    agency = function(world, unit, rows) agency_of(world, world$items[[unit]]$ori[rows]),
    residents = function(world, unit, rows) residents_of(world, world$items[[unit]]$ori[rows], "."),
    residents_sex_race = function(world, unit, rows) residents_of(world, world$items[[unit]]$ori[rows], "^(sex|race)_")
  )
}

#' What the persons of each record's incident are like: mean age, how many of each sex and race, how many
#'
#' A count of none is missing where somebody's sex, or race, is not known. Without any such person all is missing.
#' @noRd
summary_of <- function(world, of, unit, rows) {
  persons <- world$items[[of]]
  persons <- persons[which(persons$sought), ]
  incidents <- nrow(world$incident)
  count <- function(which) as.numeric(tabulate(persons$incident[which], incidents))
  number <- count(TRUE)
  # By sex, or race: a count of none is one only if everybody's is known.
  counts_by <- function(values, classes) {
    known <- count(!is.na(values))
    lapply(classes, function(class) {
      of_class <- count(values %in% class)
      ifelse(of_class == 0 & known < number | number == 0, NA, of_class)
    })
  }
  with_age <- which(!is.na(persons$age))
  years <- rowsum(as.numeric(persons$age[with_age]), persons$incident[with_age])
  age <- rep(NA_real_, incidents)
  age[as.integer(rownames(years))] <- years[, 1L]
  summed <- c(
    list(age = age / count(with_age), number = ifelse(number == 0, NA, number)),
    counts_by(persons$sex, list(male = "M", female = "F")),
    counts_by(persons$race, list(white = "W", black = "B", other_race = setdiff(persons$race, c("W", "B", NA))))
  )
  at <- world$items[[unit]]$incident[rows]
  stats::setNames(lapply(summed, `[`, at), paste(of, names(summed), sep = "_"))
}

#' Which groups of offenses a record has: a victim its own, others those of their incident
#' @noRd
offenses_of_rows <- function(world, unit, rows) {
  items <- world$items[[unit]]
  if (unit == "victim") {
    return(flags_of(world$victim_codes, rows, "offenses"))
  }
  if (unit == "victim_offender") {
    return(flags_of(world$victim_codes, items$victim[rows], "offenses"))
  }
  flags_of(world$incident_codes, items$incident[rows], "offenses")
}

#' Flags of 0 and 1: whether a record has a code of each category
#'
#' @param pairs A data.table: `record` and `code`.
#' @param records Numbers of records.
#' @param what Which categories of `imputation/recodes.csv`.
#' @noRd
flags_of <- function(pairs, records, what) {
  recodes <- package_table("imputation/recodes.csv")
  of_what <- which(recodes$what == what)
  flags <- lapply(recodes$codes[of_what], function(codes) {
    as.numeric(records %in% pairs$record[pairs$code %in% words(codes)])
  })
  stats::setNames(flags, recodes$category[of_what])
}

#' @noRd
circumstances_of_rows <- function(world, unit, rows) {
  incident <- world$items[[unit]]$incident[rows]
  facts <- world$incident[incident, ]
  arrested <- if (unit %in% c("arrestee", "same_person")) {
    list(armed = as.numeric(world$facts$armed[if (unit == "arrestee") rows else world$items[[unit]]$arrestee[rows]]))
  }
  place <- agency_of(world, world$records$place$ori[world$records$incident$place[incident]])
  c(list(bias = as.numeric(facts$biased), cargo = as.numeric(facts$cargo), forced = as.numeric(facts$forced),
    weapon = factor(facts$weapon)), arrested, place)
}

#' What the agency is like that a record is of; nothing is known of an agency that has no name
#' @noRd
agency_of <- function(world, oris) {
  agency <- world$agencies[match(oris, world$agencies$ori), ]
  list(suburban = as.numeric(agency$suburban == "Y"), population_group = factor(agency$population_group_code),
    agency_type = factor(agency$agency_type))
}

#' Shares of the agency's residents whose names match a pattern; 0 where it has none
#' @noRd
residents_of <- function(world, oris, pattern) {
  shares <- world$demographics
  columns <- grep(pattern, setdiff(names(shares), "ori"), value = TRUE)
  of_agency <- shares[match(oris, shares$ori), columns, with = FALSE]
  nobody <- which(world$agencies$population[match(oris, world$agencies$ori)] %in% 0)
  for (column in columns) data.table::set(of_agency, nobody, column, 0)
  as.list(of_agency)
}

#' Age, sex and race of both sides of a pair
#' @noRd
both_of_pairs <- function(world, unit, rows) {
  pairs <- world$items[[unit]][rows, ]
  of_side <- function(side) {
    persons <- world$items[[side]][pairs[[side]], ]
    stats::setNames(list(as.numeric(persons$age), factor(persons$sex), factor(persons$race)),
      paste(side, c("age", "sex", "race"), sep = "_"))
  }
  c(of_side("victim"), of_side("offender"))
}

#' Which kinds of property the incident has, and their value: logarithm of dollars, -1 without any property
#' @noRd
property_of_rows <- function(world, unit, rows) {
  incident <- world$items[[unit]]$incident[rows]
  things <- world$facts$things
  # A value of 1 is an unknown one, but of a pending inventory (88).
  unknown <- things$value %in% 1 & !things$code %in% "88"
  things <- things[which(!unknown), ]
  values <- things[, list(value = sum(value, na.rm = TRUE), known = any(!is.na(value))), by = "incident"]
  at <- match(incident, values$incident)
  value <- ifelse(values$known[at], log1p(pmin(values$value[at], constant("most_property_value"))), NA)
  value[!incident %in% world$facts$things$incident] <- -1
  pairs <- data.table::data.table(record = world$facts$things$incident, code = world$facts$things$code)
  c(flags_of(pairs, incident, "property"), list(property_value = value))
}
