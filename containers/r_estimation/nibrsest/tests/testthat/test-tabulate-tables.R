# Four incidents of agency 1 in January and one of agency 2 in May, made so that every rule has a case.
# stolen: What was stolen with the robbery: 03 is a motor vehicle.
small_state <- function(stolen = "03") {
  path <- file.path(tempfile(), "AZ-2016.zip")
  record_zip(path, "AZ", list(
    incidents = data.frame(incident_id = 1:5, agency = c(1, 1, 1, 1, 2), month = c(1, 1, 1, 1, 5),
      incident_hour = c(0, 23, NA, 12, 3), report_date_flag = c("", "", "", "R", ""),
      cleared_except_id = c("N", "A", "N", "N", "B")),
    # 1 a robbery of two persons with two weapons, and a theft of two cars; 2 an assault of two by two;
    # 3 a larceny of a business; 4 drugs; 5 a murder.
    offenses = data.frame(offense_id = 1:6, incident_id = c(1, 1, 2, 3, 4, 5),
      offense_type_id = c("120", "240", "13A", "23H", "35A", "09A"),
      location_id = c("20", "13", "58", "13", "13", "20")),
    weapons = data.frame(offense_id = c(1, 1, 3, 6), weapon_id = c("12", "40", "99", "95")),
    acts = data.frame(offense_id = c(1, 3, 5), criminal_act_id = c("G", "N", "N")),
    victims = data.frame(victim_id = 1:7, incident_id = c(1, 1, 2, 2, 3, 4, 5),
      victim_type_id = c("I", "I", "I", "L", "B", "S", "I")),
    links = data.frame(victim_id = c(1, 2, 1, 3, 4, 5, 6, 7), offense_id = c(1, 1, 2, 3, 3, 4, 5, 6)),
    injuries = data.frame(victim_id = c(1, 2, 3), injury_id = c("M", "N", "N")),
    relationships = data.frame(victim_id = c(1, 2, 3, 3), offender_id = c(1, 1, 2, 3),
      relationship_id = c("ST", "ST", "SE", "SB")),
    offenders = data.frame(offender_id = 1:6, incident_id = c(1, 2, 2, 3, 4, 5),
      offender_seq_num = c(1, 1, 2, 0, 1, 1)),
    properties = data.frame(property_id = 1:2, incident_id = c(1, 3), prop_loss_id = 7, stolen_count = c(2, NA)),
    descriptions = data.frame(property_id = 1:2, prop_desc_id = c(stolen, "20")),
    arrestees = data.frame(incident_id = c(2, 2))
  ))
  path
}

# Those of crimes, and two of persons.
tables_asked <- c(table_groups()$crimes, "4a", "DM10")
counted <- tabulate_tables(read_state_records(small_state()), few_tables(tables_asked))
number <- function(cell, ori = NULL) {
  sum(counted$number[counted$cell == cell & (is.null(ori) | counted$ori %in% ori)])
}

test_that("incidents count once in every column that any of their offenses is in", {
  expect_equal(number("t_1a_1_1_1"), 2)
  expect_equal(number("t_1a_1_1_17"), 3)
  expect_equal(number("t_1b_1_1_1"), 2)
  expect_equal(number("t_1b_1_1_14"), 2)
  expect_equal(number("t_1c_1_1_3"), 1)
  expect_equal(number("t_1a_1_1_17", "AZ0000002"), 1)
})

test_that("robberies count once, assaults once per victim, stolen vehicles each", {
  expect_equal(number("t_2a_1_1_15"), 1)
  expect_equal(number("t_2a_1_1_2"), 2)
  expect_equal(number("t_2a_1_1_17"), 1 + 2 + 1)
  expect_equal(number("t_2b_1_1_11"), 2)
  expect_equal(number("t_2b_1_1_14"), 3)
})

test_that("relationships of a robbery are those of every person robbed", {
  expect_equal(number("t_2a_7_21_15"), 2)
  # One victim of the assault has two relationships, the officer none.
  expect_equal(c(number("t_2a_7_18_2"), number("t_2a_7_19_2")), c(1, 1))
  expect_equal(number("t_2a_16_78_2"), 1)
})

test_that("a completed robbery of a person whose car was stolen is a car jacking", {
  expect_equal(number("t_1a_1_1_18"), 1)
  expect_equal(number("t_2a_1_1_18"), 1)
  expect_equal(number("t_1b_1_1_15"), 1)
})

test_that("a robbery of something else is a robbery, and no car jacking", {
  other <- tabulate_tables(read_state_records(small_state(stolen = "20")), few_tables(c("1a", "1b", "2a")))
  expect_equal(sum(other$number[other$cell == "t_2a_1_1_15"]), 1)
  expect_equal(sum(other$number[other$cell %in% c("t_1a_1_1_18", "t_2a_1_1_18", "t_1b_1_1_15")]), 0)
})

test_that("yes wins over no, the most specific weapon over others, and none is not unknown", {
  expect_equal(c(number("t_1a_2_3_17"), number("t_1a_2_4_17")), c(1, 2))
  expect_equal(c(number("t_2a_3_5_15"), number("t_2a_3_6_15")), c(1, 1))
  expect_equal(c(number("t_2a_18_84_15"), number("t_2a_18_92_15")), c(1, 0))
  expect_equal(number("t_2a_18_99_2"), 2)
  expect_equal(c(number("t_2a_4_11_15"), number("t_2a_4_12_15")), c(0, 1))
  expect_equal(number("t_2b_12_56_12"), 1)
})

test_that("hours, clearances, offenders and victims", {
  expect_equal(c(number("t_1a_10_37_15"), number("t_1a_10_42_2"), number("t_1b_8_35_10")), c(1, 1, 1))
  expect_equal(c(number("t_1c_6_29_3"), number("t_1c_5_22_3")), c(1, 0))
  # An arrest takes precedence over death of the offender.
  expect_equal(c(number("t_1a_14_65_2"), number("t_1a_14_66_5"), number("t_1a_15_68_5")), c(1, 1, 1))
  expect_equal(c(number("t_1a_6_16_2"), number("t_1b_5_15_10")), c(1, 1))
  expect_equal(number("t_1a_5_14_17"), 2)
  expect_equal(number("t_3c_1_1_10"), 1)
})

test_that("a cell of an unknown code is left out, not counted elsewhere", {
  records <- read_state_records(small_state())
  data.table::set(records$codes$nibrs_location_type, 1L, "code", "77")
  left <- tabulate_tables(records, few_tables("2a"))
  residence <- function(table) sum(table$number[table$cell == "t_2a_19_102_15"])
  expect_equal(c(residence(counted), residence(left)), c(1, 0))
})

test_that("the annual matrix has the agency's own rows, and denominators add rows", {
  cells <- table_cells()
  used <- used_of(counted, data.table::data.table(ori = c("AZ0000001", "AZ0000002"), month = c(1L, 5L)),
    empty_donors(tolower(month.abb)))
  agencies <- data.table::data.table(ori = c("AZ0000002", "AZ0000001", "AZ0000003"), class = c(1L, 4L, 4L),
    agency_type = c("County", "City", "City"), msa_status = c(1L, NA, 2L))
  y <- annual_cells(used, agencies, cells)
  expect_equal(unname(y[, "t_1a_1_1_17"]), c(1, 2, 0))
  expect_equal(unname(y[, "t_1a_12_51_17"]), c(1, 0, 0))
  expect_equal(unname(y[, "t_1a_12_54_17"]), c(0, 2, 0))
  expect_equal(unname(y[, "t_1a_13_58_17"]), c(1, 0, 0))
  expect_equal(unname(y[, "t_1a_17_83_17"]), c(0, 2, 0))
  below <- denominators_of(y, cells)
  weapon <- below$denominator[match("t_1a_2_4_17", cells$cell)]
  expect_equal(as.vector(below$denominators[, weapon]), c(1, 2, 0))
  expect_true(is.na(below$denominator[match("t_1a_1_1_17", cells$cell)]))
})

test_that("a month that was not reported does not count, and a donor's month does", {
  months <- data.table::data.table(ori = "AZ0000002", month = 5L)
  donors <- data.table::data.table(ori = "AZ0000003", donor = "AZ0000001", own_weight = 1, donor_weight = 1)
  data.table::set(donors, NULL, tolower(month.abb), as.list(c(1L, rep(0L, 11))))
  used <- used_of(counted, months, donors)
  of <- function(ori) sum(used$number[used$ori == ori & used$cell == "t_1a_1_1_17"])
  expect_equal(c(of("AZ0000001"), of("AZ0000002"), of("AZ0000003")), c(0, 1, 2))
})

test_that("identifiers of 64 bits are told apart, and nothing is said about them", {
  path <- file.path(tempfile(), "AZ-2016.zip")
  # Neighbours beyond 2^53, which are one number as doubles.
  ids <- c("9007199254740992", "9007199254740993")
  record_zip(path, "AZ", list(
    incidents = data.frame(incident_id = ids, agency = 1, month = 1),
    offenses = data.frame(offense_id = ids, incident_id = ids, offense_type_id = c("120", "240"))
  ))
  expect_silent(records <- read_state_records(path))
  expect_equal(records$offense[, c("incident", "code")],
    data.table::data.table(incident = 1:2, code = c("120", "240")))
})

test_that("a table of victims with rates over three populations, and of a pair of characteristics, is lines of data", {
  # The victims of the assault: one of another family or an intimate partner, and an officer without a relationship.
  definitions <- table_definitions(definitions_with(
    tables = "9a,Person victims,victim,person 1", groups = "more,9a",
    columns = c("9a,2,Aggravated Assault,Aggravated Assault,13A,", "9a,17,Robbery,Robbery,120,"),
    characteristics = c("police,Victim,victim,,,", "family_by_injury,Family and injury,victim,family_of injury,,",
      "family_of,Family,victim_offender,,lowest,"),
    categories = c("police,1,Law enforcement officer,", "family_of,1,Family,", "family_of,2,Others,"),
    recodes = c("police,nibrs_victim_type,L,1", "family_of,nibrs_relationship,SE,1",
      "family_of,nibrs_relationship,SB,1", "family_of,nibrs_relationship,ST,2"),
    populations = paste("children", "\"Rate per 100,000 children\"", "\"per 100,000 children\"", "children",
      "children_of_respondents", sep = ","),
    sections = c("9a,1,1,1,,count,,,,yes,", "9a,1,2,2,police,count,,,,,", "9a,1,3,3,,rate,,row 1,residents,,",
      "9a,1,4,4,,rate,,row 2,officers,,", "9a,1,5,5,,rate,,row 1,children,,",
      "9a,2,6,9,family_by_injury,count percentage,own,,,,")
  ))
  counts <- tabulate_tables(read_state_records(small_state()), few_tables(c(tables_asked, "9a"), definitions))
  numbers <- function(cells) as.vector(tapply(counts$number, factor(counts$cell, cells), sum, default = 0))
  expect_equal(numbers(c("t_9a_1_1_2", "t_9a_1_2_2", "t_9a_1_1_17", "t_9a_1_2_17")), c(2, 1, 2, 0))
  # Rows: family uninjured, family injured, others uninjured, others injured.
  expect_equal(numbers(sprintf("t_9a_2_%d_2", 6:9)), c(1, 0, 0, 0))
  expect_equal(numbers(sprintf("t_9a_2_%d_17", 6:9)), c(0, 0, 1, 1))
  # The other tables are counted as before.
  expect_equal(counts[!startsWith(counts$cell, "t_9a"), ], counted)
  tables <- published_tables(definitions)
  expect_equal(tables$labels$domain_2[tables$cells$cell == "t_9a_2_7_2"], "Family, Yes")

  place <- data.table::data.table(permutation = 1L, kind = "national", description = "National", weight_name = "W",
    agencies = 2L, population = 4e5, population_of_respondents = 2e5, officers = 500, officers_of_respondents = 250,
    children = 1e5, children_of_respondents = 5e4, coverage = 0.9, tribal_coverage = 1, state_police_coverage = 1,
    other_coverage = 1, missing_over_10_percent = FALSE, basis = "estimate")
  estimates <- data.table::data.table(permutation = 1L, cell = c("t_9a_1_1_2", "t_9a_1_2_2"), estimate = c(40, 10),
    standard_error = c(4, 2), percentage = NA_real_, percentage_error = NA_real_, unweighted = c(20, 5),
    unweighted_percentage = NA_real_, agency_counts = 2L, degrees_of_freedom = NA_real_)
  estimates <- with_bias(estimates, NULL, tables$cells)
  rows <- published_rows(estimates, release_flags(estimates, place, tables$cells), place, tables, 2023L)
  rates <- rows[which(rows$estimate_type == "rate"), ]
  expect_equal(rates$der_variable_name, c("t_9a_1_3_2", "t_9a_1_4_2", "t_9a_1_5_2"))
  expect_equal(rates$estimate, c(10, 2000, 40))
  expect_equal(rates$estimate_standard_error, c(1, 400, 4))
  expect_equal(rates$estimate_unweighted, c(10, 2000, 40))
  expect_equal(rates$estimate_domain_1, paste("Rate per 100,000", c("residents", "officers", "children")))
  expect_equal(rates$estimate_domain_2, c("", "Law enforcement officer", ""))
  expect_error(per_100000(place[, -"children"], "children"), "geographies have no column children")
})

test_that("units meet above, below or beside each other, as their edges say", {
  edges <- table_definitions()$units
  expect_equal(meeting_unit(edges, "victim_offense", "incident"), "incident")
  expect_equal(meeting_unit(edges, "incident", "victim"), "incident")
  # Which victims an offense has is said by victims of offenses, not by the incident.
  expect_equal(meeting_unit(edges, "offense", "victim"), "victim_offense")
  expect_equal(meeting_unit(edges, "victim_offense", "victim_offender"), "victim")
  expect_equal(meeting_unit(edges, "arrestee", "offense"), "incident")
  expect_equal(meeting_unit(edges, "group_b_arrestee", "offense"), "place")
})

test_that("arrestees are counted by the offenses of their incident", {
  definitions <- table_definitions(definitions_with(
    tables = "9b,Arrestees,arrestee,", groups = "more,9b",
    columns = "9b,2,Aggravated Assault,Aggravated Assault,13A,",
    sections = c("9b,1,1,1,,count,,,,yes,", "9b,2,2,4,clearance,count percentage,own,,,,")
  ))
  counts <- tabulate_tables(read_state_records(small_state()), few_tables("9b", definitions))
  arrestees <- counts[startsWith(counts$cell, "t_9b"), ]
  expect_equal(arrestees$cell, c("t_9b_1_1_2", "t_9b_2_3_2"))
  expect_equal(arrestees$number, c(2, 2))
})

test_that("counts of groups are added up to columns that share groups, of few rows and of many", {
  cells <- data.table::data.table(row = rep(1:3, each = 2), category = rep(1:3, each = 2), column = rep(1:2, 3))
  section <- list(table = "x", first_row = 1L, last_row = 2L)
  # Groups 1 and 2 count in the first column, 2 and 4 in the second, 3 in none.
  members <- data.table::data.table(group = c(4L, 1L, 2L, 2L), column = c(2L, 1L, 1L, 2L))
  for (places in c(0L, 1L, 40000L)) {
    counts <- data.table::CJ(place = seq_len(places), group = 1:4, category = 1:3)
    data.table::set(counts, NULL, "number", as.numeric(counts$place * 1000L + counts$group * 10L + counts$category))
    found <- data.table::as.data.table(section_counts(counts, members, section, cells, list(x = 1:6)))
    # The third category has no row in the section: cells 5 and 6 are of another.
    wanted <- data.table::CJ(place = seq_len(places), cell = 1:4)
    category <- (wanted$cell + 1L) %/% 2L
    groups <- ifelse(wanted$cell %% 2L == 1L, 10 + 20, 20 + 40)
    data.table::set(wanted, NULL, "number", 2000 * wanted$place + groups + 2 * category)
    found <- found[, list(number = sum(number)), keyby = c("place", "cell")]
    expect_equal(found, wanted, ignore_attr = TRUE)
  }
  expect_length(section_counts(counts, members[0L, ], section, cells, list(x = 1:6))$cell, 0L)
})
