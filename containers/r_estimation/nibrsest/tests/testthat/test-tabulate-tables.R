# Four incidents of agency 1 in January and one of agency 2 in May, made so that every rule has a case.
small_state <- function() {
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
    relationships = data.frame(victim_id = c(1, 2, 3, 3), relationship_id = c("ST", "ST", "SE", "SB")),
    offenders = data.frame(offender_id = 1:6, incident_id = c(1, 2, 2, 3, 4, 5),
      offender_seq_num = c(1, 1, 2, 0, 1, 1)),
    properties = data.frame(property_id = 1:2, incident_id = c(1, 3), prop_loss_id = 7, stolen_count = c(2, NA)),
    descriptions = data.frame(property_id = 1:2, prop_desc_id = c("03", "20")),
    arrestees = data.frame(incident_id = c(2, 2))
  ))
  path
}

counted <- tabulate_tables(read_state_records(small_state()))
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
  data.table::set(records$locations, 1L, "code", "77")
  left <- tabulate_tables(records)
  residence <- function(table) sum(table$number[table$cell == "t_2a_19_102_15"])
  expect_equal(c(residence(counted), residence(left)), c(1, 0))
})

test_that("the annual matrix has the agency's own rows, and denominators add rows", {
  cells <- table_cells()
  used <- used_cells(counted, data.table::data.table(ori = c("AZ0000001", "AZ0000002"), month = c(1L, 5L)),
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
  donors <- data.table::data.table(ori = "AZ0000003", donor = "AZ0000001")
  data.table::set(donors, NULL, tolower(month.abb), as.list(c(1L, rep(0L, 11))))
  used <- used_cells(counted, months, donors)
  of <- function(ori) sum(used$number[used$ori == ori & used$cell == "t_1a_1_1_17"])
  expect_equal(c(of("AZ0000001"), of("AZ0000002"), of("AZ0000003")), c(0, 1, 2))
})
