definitions <- table_definitions()
cells <- table_cells(definitions)

# Two assaults and a burglary of agency 1, and an arrest in each assault: every rule of persons has a case.
persons_state <- function() {
  path <- file.path(tempfile(), "AZ-2016.zip")
  record_zip(path, "AZ", list(
    incidents = data.frame(incident_id = 1:3, agency = 1, month = c(1, 1, 2), cleared_except_id = c("N", "N", "N")),
    # Victim 1 suffers two offenses, of which the first by identifier is the one with a knife in a street.
    offenses = data.frame(offense_id = c(10, 9, 20, 30), incident_id = c(1, 1, 2, 3),
      offense_type_id = c("13A", "120", "13A", "120"), location_id = c("20", "13", "13", "20")),
    weapons = data.frame(offense_id = c(10, 9, 20), weapon_id = c("12", "16", "99")),
    victims = data.frame(victim_id = 1:5, incident_id = c(1, 2, 2, 2, 3), victim_type_id = c("I", "I", "I", "L", "I"),
      age_id = c("AG", "AG", "NN", "AG", "00"), age_num = c(16, 40, NA, 30, NA), sex_code = c("F", "M", "F", "M", "U"),
      race_id = c("W", "B", "W", "W", "U"), ethnicity_id = c("H", "N", "U", "N", "U"),
      activity_type_id = c("", "", "", "08", ""), assignment_type_id = c("", "", "", "L", "")),
    links = data.frame(victim_id = c(1, 1, 2, 3, 4, 5), offense_id = c(10, 9, 20, 20, 20, 30)),
    relationships = data.frame(victim_id = c(1, 2, 5), offender_id = c(1, 2, 3), relationship_id = c("ST", "SE", "ST")),
    offenders = data.frame(offender_id = 1:3, incident_id = 1:3, offender_seq_num = c(1, 1, 0),
      age_id = c("AG", "AG", "00"), age_num = c(17, 30, NA), sex_code = c("M", "F", "U"), race_id = c("W", "B", "U")),
    arrestees = data.frame(arrestee_id = 1:2, incident_id = 1:2, offense_type_id = c("23H", "13A"), age_id = "AG",
      age_num = c(17, 30), sex_code = c("M", "F"), race_id = c("W", "B"), ethnicity_id = c("H", "N"),
      multiple_indicator = c("M", "N"), under_18_disposition_code = c("R", "")),
    arrestee_weapons = data.frame(arrestee_id = c(1, 1, 2), weapon_id = c("01", "12", "01"))
  ))
  path
}
records <- read_state_records(persons_state())
# A Group B arrest of an agency and month without incidents, and one that names none.
records$group_b <- data.table::data.table(id = c("1", "2"), ori = c("AZ0000003", NA), month = c(7L, NA), code = "90D",
  arrest_type = "T", under_18 = NA, age = c(50L, 20L), sex = "M", race = "W", ethnicity = NA_character_)
logger::log_threshold("FATAL")
counted <- tabulate_tables(records, few_tables(c("3a", "4a", "5a", "LEOKA"), definitions))
numbers <- function(...) {
  as.vector(tapply(counted$number, factor(counted$cell, paste0("t_", c(...))), sum, default = 0))
}

test_that("the tables of persons have the rows and columns of the method, and its denominators", {
  statistics <- table_statistics(definitions)
  rows <- tapply(statistics$row, statistics$table, max)
  expect_equal(as.vector(rows[c("3a", "3aclear", "3b", "3bunclear", "4a", "4b", "5a", "5b", "LEOKA")]),
    c(171, 171, 79, 79, 80, 39, 80, 39, 91))
  columns <- tapply(cells$column, cells$table, max)
  expect_equal(as.vector(columns[c("3a", "4a", "5a", "LEOKA")]), c(33, 61, 71, 1))
  below <- function(table, row) unique(cells$denominator[cells$table == table & cells$row == row])
  expect_equal(below("3a", 16), "15 16 17")
  expect_equal(below("4a", 16), "15 16")
  expect_false(any(cells$table %in% c("4a", "5a") & cells$row == 17))
  expect_equal(vapply(84:89, below, "", table = "3a"), c("1", "1", "85", "85", "1", "1"))
  expect_equal(c(below("3a", 100), below("LEOKA", 73), below("3a", 104), below("3a", 106), below("4a", 38)),
    c("98 99 100 101 102", "70", "103", "105", "15 16"))
  without <- cells[which(cells$table == "3a" & !cells$applies), ]
  expect_equal(sort(unique(without$row)), c(74, 75, 82, 83))
  expect_setequal(cells$column[cells$table == "3a" & cells$row == 82 & cells$applies], c(22, 29, 32, 33))
  # Rates of a group are over its own residents, of the unknown over all.
  rates <- statistics[which(statistics$table == "3b" & statistics$column == 1L), ]
  expect_equal(rates$population[match(c(3:5, 14, 16, 25, 73, 79), rates$row)],
    c("residents", "officers", "age_1", "residents", "sex_2", "age_broad_2", "race_ethnicity_1", "residents"))
  expect_equal(rates$cell[match(c(24, 79), rates$row)], c("t_3a_13_84_1", "t_3a_24_171_1"))
})

test_that("a victim counts once per column, with the items that are known of it", {
  expect_equal(numbers("3a_1_1_2", "3a_1_1_16", "3a_1_1_17", "3a_1_2_2"), c(4, 5, 2, 1))
  expect_equal(numbers("3a_2_5_2", "3a_2_8_2", "3a_2_14_17"), c(1, 1, 1))
  expect_equal(numbers("3a_3_16_2", "3a_3_17_17", "3a_8_53_2"), c(2, 1, 2))
  expect_equal(numbers("3a_23_162_2", "3a_24_165_2", "3a_24_167_2", "3a_24_171_2"), c(1, 1, 1, 1))
  # Juvenile by juvenile; an unknown offender is no offender to be beside.
  expect_equal(numbers("3a_5_24_17", "3a_5_28_17", "3a_6_32_2", "3a_7_34_2"), c(1, 0, 1, 1))
})

test_that("weapons are of all offenses, of the first one, or of the column's own", {
  expect_equal(numbers("3a_9_69_17", "3a_9_70_2"), c(1, 1))
  # A handgun is a firearm, which is a firearm or explosive; a knife is a knife and another weapon.
  expect_equal(numbers("3a_16_103_2", "3a_16_104_2", "3a_16_105_2", "3a_16_106_2"), c(1, 1, 1, 1))
  expect_equal(numbers("3a_17_108_2", "3a_17_113_2", "3a_17_123_2"), c(0, 1, 3))
  expect_equal(numbers("3a_20_136_2", "3a_20_136_17", "3a_20_141_17", "3a_20_153_17"), c(1, 0, 1, 1))
  expect_equal(numbers("3a_19_134_2", "3a_19_135_2", "3a_19_134_17", "3a_19_134_16"), c(1, 3, 1, 2))
})

test_that("victims of a column are summarised by incident, and hierarchies say what is missing", {
  expect_equal(numbers("3a_21_154_2", "3a_21_156_2", "3a_21_154_17", "3a_21_157_16"), c(1, 1, 2, 0))
  expect_equal(numbers("3a_18_126_2", "3a_18_129_2", "3a_18_133_2", "3a_18_129_17"), c(1, 1, 2, 2))
})

test_that("arrestees count by the offenses of the incident or by that of the arrest, Group B by the latter", {
  expect_equal(numbers("4a_1_1_2", "4a_1_1_24", "4a_1_1_33"), c(2, 0, 2))
  expect_equal(numbers("5a_1_1_2", "5a_1_1_24", "5a_1_1_59"), c(1, 1, 1))
  expect_equal(numbers("5a_1_1_62", "5a_2_4_59", "5a_3_12_62"), c(3, 1, 1))
  # A Group B arrest has neither an incident's weapons nor a multiple arrest.
  expect_equal(numbers("5a_10_57_62", "5a_10_58_62", "5a_8_49_62", "5a_8_51_62"), c(1, 1, 1, 1))
  expect_equal(numbers("4a_7_46_2", "4a_7_47_2", "4a_9_52_2", "4a_9_53_2", "4a_9_54_2"), c(1, 1, 1, 1, 1))
  expect_equal(numbers("LEOKA_1_1_1", "LEOKA_2_10_1", "LEOKA_3_19_1", "LEOKA_13_69_1"), c(1, 1, 1, 1))
})

test_that("cleared and not cleared add up to all, and groups of persons to their unions", {
  cells <- cells[which(cells$table %in% c("3a", "3aclear", "3aunclear")), ]
  persons <- person_counts(with_group_b(records), definitions, "victims")
  of <- function(atoms = NULL) as.matrix(as_sparse(cells_of_persons(persons, cells, definitions, atoms)))
  all_persons <- of()
  table <- function(name) which(cells$table == name)
  expect_equal(all_persons[, table("3aclear")] + all_persons[, table("3aunclear")], all_persons[, table("3a")])
  atoms <- person_atoms(definitions)
  parts <- split(seq_len(nrow(atoms)), atoms$sex, drop = TRUE)
  unknown <- which(is.na(atoms$sex))
  summed <- of(parts$M) + of(parts$F) + of(unknown)
  of_incidents <- cells$characteristic %in% "victims_within"
  expect_equal(summed[, !of_incidents], all_persons[, !of_incidents])
  expect_equal(sum(summed[, of_incidents]), 0)
  # A group's own row is its count in the table of everyone.
  women <- of(parts$F)
  column <- function(matrix, cell) unname(matrix[, match(cell, cells$cell)])
  expect_equal(column(women, "t_3a_1_1_2"), column(all_persons, "t_3a_3_16_2"))
})

test_that("domains have the numbers of the method, and words stand for them", {
  known <- domains(definitions)
  expect_equal(known$domain, c(1:11, 17:19, 21:25, 27, 84:105, 136:141, 145:260))
  label <- function(number) known$label[match(number, known$domain)]
  expect_equal(label(c(21, 153, 187, 220)), c("Age : Under 12",
    "Race : Non-Hispanic Asian and Native Hawaiian or Other Pacific Islander",
    "Sex and Race and Age : Male and Non-Hispanic White and 12-17",
    "Sex and Race and Age : Male and Hispanic and 35-64"))
  numbers <- vapply(c("female, 12-17", "17", "under 12", "non-hispanic black", "Male, Hispanic, 18+", "non-Hispanic"),
    function(text) domain_of(text, definitions)$domain, 1L)
  expect_equal(unname(numbers), c(102L, 17L, 21L, 148L, 202L, 146L))
  expect_true(is.na(domain_of("white", definitions)$domain))
  expect_error(domain_of("cats", definitions), "is not understood")
  expect_error(domain_of("13-17", definitions), "ages 13-17 are not kept apart")
  expect_error(domain_of("male, female", definitions), "says two sexes")
  # All sums of atoms: every domain is a union of whole atoms.
  inside <- atoms_of_groups(known, definitions)
  expect_true(all(Matrix::colSums(inside) > 0))
})

test_that("records of persons of nobody make a state without counts", {
  nobody <- records
  for (unit in c("arrestee", "group_b")) nobody[[unit]] <- nobody[[unit]][0, ]
  nobody$codes$armed <- nobody$codes$armed[0, ]
  persons <- person_counts(with_group_b(nobody), definitions, "arrestees")
  expect_equal(nrow(persons$counts), 0L)
  path <- tempfile(fileext = ".rds")
  write_person_counts(persons, path, definitions)
  persons <- read_person_counts(path, "tabulate_state", definitions)
  expect_equal(nrow(cells_of_persons(persons, cells, definitions)$counts), 0L)
})

test_that("estimates of a group of persons are made from a published zip as those of everyone are", {
  zip <- full_zip_done()
  published <- data.table::fread(cmd = sprintf("unzip -p '%s' tables.csv", zip))
  published <- published[which(published$PERMUTATION_NUMBER == 95L), ]
  everyone <- estimate_persons(zip, "3a", "all", "RI", columns = c(1, 17, 27), rows = c(1, 16, 67, 96))
  counts <- everyone[which(everyone$estimate_type == "count"), ]
  at <- match(counts$der_variable_name, published$der_variable_name)
  expect_equal(counts$estimate, published$estimate[at])
  # Rare cells share the terms of their errors with fewer others than in the published tables.
  expect_equal(counts$estimate_standard_error, published$standard_error[at], tolerance = 1e-3)
  expect_equal(counts$suppression_flag_indicator, published$suppression_flag[at])
  women <- estimate_persons(zip, "4a", "female", "RI", rows = 1)
  # Women are a row of everyone's table: with the same estimate, and the same error.
  of_all <- sub("_1_1_110", "_4_16_", sub("_1_1_1100", "_4_16_", women$der_variable_name, fixed = TRUE), fixed = TRUE)
  at <- match(of_all, published$der_variable_name)
  expect_false(anyNA(at))
  expect_equal(women$estimate, published$estimate[at])
  expect_equal(women$estimate_standard_error, published$standard_error[at], tolerance = 5e-3)
  expect_equal(women$PERMUTATION_NUMBER[[1]], 11095L)
  # Incidents by their victims are of no group: neither zeros nor silence where they are asked for.
  rows_of <- function(...) {
    as.integer(sub("^t_[^_]*_[^_]*_([0-9]+)_.*", "\\1", estimate_persons(zip, ...)$der_variable_name))
  }
  expect_error(estimate_persons(zip, "3a", "female", "RI", rows = c(1, 155)), "row 155 of table 3a counts incidents by")
  expect_error(estimate_persons(zip, "GV2b", "female", "RI", rows = 30), "row 30 of table GV2b counts incidents by")
  expect_setequal(setdiff(rows_of("3a", "all", "RI", columns = 1), rows_of("3a", "female", "RI", columns = 1)), 154:157)
  expect_error(estimate_persons(zip, "3a", "male", "XX"), "there are no estimates of XX")
  expect_error(estimate_persons(zip, "2a", "male", "RI"), "table is \"2a\"")
})
