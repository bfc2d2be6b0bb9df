# Two incidents; persons whose items are written in every way that there is.
zip_of_persons <- function() {
  path <- file.path(tempfile(), "AZ-2016.zip")
  record_zip(path, "AZ", list(
    incidents = data.frame(incident_id = 1:2, agency = 1, month = 1),
    offenses = data.frame(offense_id = 1:2, incident_id = 1:2, offense_type_id = "13A"),
    victims = data.frame(victim_id = 1:9, incident_id = 1,
      age_id = c("AG", "NN", "NB", "BB", "00", "99", "AG", "AG", 77),
      age_num = c("31", "", "", "", "40", "", "100", "-1", ""),
      # Layout 2 writes "" for nothing.
      sex_code = c("F", "M", "U", "X", "\"\"", "?", "F", "F", "F"),
      race_id = c("W", "P", "U", "NS", NA, 55, "B", "B", "B"),
      ethnicity_id = c("H", "N", "U", NA, 44, "N", "N", "N", "N")),
    links = data.frame(victim_id = 1:9, offense_id = 1),
    offenders = data.frame(offender_id = 1:2, incident_id = 1:2, offender_seq_num = 0:1),
    arrestees = data.frame(arrestee_id = "7", incident_id = 2, offense_type_id = "35A", age_id = "AG", age_num = 19)
  ))
  path
}

test_that("items of persons are read as ages, sexes and codes; what is unknown, or in no list, is missing", {
  records <- read_state_records(zip_of_persons())
  expect_equal(records$victim$age, c(31L, 0L, 0L, 0L, NA, 99L, NA, NA, NA))
  expect_equal(records$victim$sex, c("F", "M", NA, NA, NA, NA, "F", "F", "F"))
  expect_equal(records$victim$race, c("W", "P", NA, NA, NA, NA, "B", "B", "B"))
  expect_equal(records$victim$ethnicity, c("H", "N", NA, NA, NA, "N", "N", "N", "N"))
  expect_equal(records$arrestee[, c("id", "code", "age", "sex")],
    data.table::data.table(id = "7", code = "35A", age = 19L, sex = NA_character_))
  expect_equal(nrow(records$group_b), 0L)
  faults <- records$faults
  expect_setequal(paste(faults$table, faults$variable, faults$fault, faults$number), paste("nibrs_victim",
    c("age outside of 0 to 99 2", paste(c("age", "sex", "race", "ethnicity"), "in no list 1"))))
})

test_that("an arrestee of an incident that the zip does not have is refused by its key", {
  path <- file.path(tempfile(), "AZ-2016.zip")
  record_zip(path, "AZ", list(incidents = data.frame(incident_id = 1, agency = 1, month = 1),
    arrestees = data.frame(arrestee_id = 1, incident_id = 9)))
  expect_error(read_state_records(path), "1 rows refer to a incident_id that the zip does not have, such as 9")
})

test_that("codes in no list, crowded incidents and Group B arrests of no agency are counted, and nothing else is", {
  crowd <- function(key, number) {
    stats::setNames(data.frame(seq_len(number), rep(1:2, c(number - 1L, 1L))), c(key, "incident_id"))
  }
  records <- list(incidents = data.frame(incident_id = 1:2, agency = 1, month = 1),
    offenses = data.frame(offense_id = 1:3, incident_id = c(1, 1, 2), offense_type_id = c("13A", "??", "120")),
    victims = crowd("victim_id", 1001L), links = data.frame(victim_id = 1:1001, offense_id = 1L + 2L * (1:1001 > 1000)),
    offenders = crowd("offender_id", 101L), arrestees = crowd("arrestee_id", 100L),
    relationships = data.frame(victim_id = 1:3, offender_id = 1, relationship_id = c("SE", "??", "RU")),
    group_b = data.frame(grpb_arrest_id = 1:2, agency_id = c(1, 9), offense_type_id = c("90Z", "13A")))
  told <- function(records) {
    path <- file.path(tempfile(), "AZ-2016.zip")
    record_zip(path, "AZ", records)
    faults <- record_faults(read_state_records(path))
    paste(faults$table, faults$variable, faults$fault, faults$number)
  }
  # Of arrestees the other incident has one, so that 99 are left: as many as there may be.
  expect_setequal(told(records), paste0("nibrs_", c("offense code in no list 1", "grpb_arrest code in no list 1",
    "victim_offender_rel relationship in no list 1", "victim of an incident more than 999 1",
    "offender of an incident more than 99 1", "grpb_arrest agency not named 1")))
  expect_equal(told(couples(20L)), character())
})
