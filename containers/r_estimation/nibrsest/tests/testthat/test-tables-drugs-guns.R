definitions <- table_definitions()
cells <- table_cells(definitions)
statistics <- table_statistics(definitions)
drug_tables <- paste0("DM", 1:10)

# Drugs: 1 marijuana possessed, seized with a firearm, equipment besides; 2 cocaine and marijuana, sold and possessed;
# 3 an attempt; 4 two drugs, possessed. Guns: 5 two victims shot at by four offenders, one of them killed; 6 a robbery
# of two with a rifle and a handgun; 7 a boy of 14 is killed without a gun; 8 a fight without a gun.
armed_state <- function() {
  path <- file.path(tempfile(), "AZ-2016.zip")
  record_zip(path, "AZ", list(
    incidents = data.frame(incident_id = 1:8, agency = 1, month = 1, incident_hour = c(3, 12, 12, 12, 23, 12, 12, 12)),
    offenses = data.frame(offense_id = c(11, 12, 21, 31, 41, 51, 52, 61, 71, 81),
      incident_id = c(1, 1, 2, 3, 4, 5, 5, 6, 7, 8),
      offense_type_id = c("35A", "35B", "35A", "35A", "35A", "13A", "09A", "120", "09A", "13A"),
      attempt_complete_flag = c("C", "C", "C", "A", "C", "C", "C", "C", "C", "C"),
      location_id = c("13", "13", rep("20", 8))),
    acts = data.frame(offense_id = c(11, 12, 21, 21, 31, 41), criminal_act_id = c("P", "U", "D", "P", "P", "P")),
    properties = data.frame(property_id = 1:4, incident_id = c(1, 2, 4, 5), prop_loss_id = c(6, 6, 1, 7)),
    descriptions = data.frame(property_id = c(1, 1, 2, 4), prop_desc_id = c("10", "13", "10", "20")),
    drugs = data.frame(property_id = c(1, 2, 2, 3, 3), suspected_drug_type_id = c("E", "A", "E", "A", "L")),
    weapons = data.frame(offense_id = c(51, 51, 52, 61, 61, 81), weapon_id = c("12", "12A", "15", "12", "13", "40")),
    victims = data.frame(victim_id = 1:7, incident_id = c(5, 5, 6, 6, 6, 7, 8),
      victim_type_id = c("I", "I", "I", "I", "B", "I", "I"), age_id = "AG", age_num = c(17, 40, 20, 30, NA, 14, 20),
      sex_code = c("M", "F", "M", "F", "", "M", "M"), race_id = c("B", "W", "W", "W", "U", "I", "W"),
      ethnicity_id = c("N", "H", "N", "N", "U", "N", "N")),
    links = data.frame(victim_id = c(1, 2, 3, 4, 5, 6, 7), offense_id = c(52, 51, 61, 61, 61, 71, 81)),
    injuries = data.frame(victim_id = c(2, 2, 3), injury_id = c("M", "G", "N")),
    relationships = data.frame(victim_id = c(2, 7), offender_id = c(51, 81), relationship_id = c("SE", "ST")),
    offenders = data.frame(offender_id = c(11, 51:54, 61, 71, 72, 81), incident_id = c(1, rep(5, 4), 6, 7, 7, 8),
      offender_seq_num = c(1, 1:4, 0, 1, 2, 1), age_id = c(rep("AG", 4), "00", "00", "AG", "AG", "AG"),
      age_num = c(20, 15, 19, 11, NA, NA, 9, 16, 30)),
    arrestees = data.frame(arrestee_id = 1:3, incident_id = c(1, 2, 5), offense_type_id = c("35A", "35A", "13A"),
      age_id = "AG", age_num = c(17, 30, 19), sex_code = c("M", "F", "M"), race_id = c("W", "B", "W"))
  ))
  path
}
logger::log_threshold("FATAL")
tables_asked <- c("1a", drug_tables, "GV1a", "GV2a", "GV3a", "YT1", "YT2")
counted <- tabulate_tables(read_state_records(armed_state()), few_tables(tables_asked, definitions))
numbers <- function(...) {
  as.vector(tapply(counted$number, factor(counted$cell, paste0("t_", c(...))), sum, default = 0))
}

test_that("the tables have the rows and columns of the method, its denominators and its statistics", {
  rows <- tapply(statistics$row, statistics$table, max)
  expect_equal(as.vector(rows[c(drug_tables, "GV1a", "GV2a", "GV2b", "GV3a", "YT1", "YT2")]),
    c(4, 12, 8, 10, 145, 53, 65, 53, 65, 3, 19, 73, 73, 15, 21, 5))
  columns <- tapply(cells$column, cells$table, max)
  expect_equal(as.vector(columns[c(drug_tables, "GV1a", "GV2a", "GV3a", "YT1", "YT2")]),
    c(1, 1, 1, 1, 1, 54, 54, 54, 54, 4, 13, 13, 13, 1, 1))
  below <- function(table, row) unique(cells$denominator[cells$table == table & cells$row == row])
  expect_equal(c(below("DM1", 2), below("DM3", 8), below("DM3", 4), below("DM5", 100), below("DM10", 3)),
    c("2 3 4", "2 8", "2", "1", "2 3"))
  expect_equal(c(below("GV1a", 7), below("GV1a", 5), below("GV2a", 13), below("GV2a", 15), below("GV2a", 33)),
    c("3 7", "3", "11", "1", "1"))
  expect_equal(c(below("GV2a", 60), below("GV3a", 12), below("YT1", 15), below("YT2", 5)),
    c("58 59 60 61 62 63", "11 12 13 14 15", "14 15 16 17", "1"))
  kinds <- function(table) sort(unique(statistics$kind[statistics$table == table]))
  for (table in paste0("DM", c(2, 4, 6:9))) expect_equal(kinds(table), 1L)
  for (table in c("DM1", "DM3", "DM5", "DM10", "YT1", "YT2")) expect_equal(kinds(table), 1:2)
  for (table in c("GV1a", "GV2a", "GV3a")) {
    expect_equal(unique(statistics$row[statistics$table == table & statistics$kind == 3L]), 2L)
  }
  expect_equal(kinds("GV2b"), 3L)
  of_group <- statistics[which(statistics$table == "GV2b" & statistics$column == 2L), ]
  expect_equal(of_group$row, 2:73)
  expect_equal(of_group$population[match(c(2, 5, 10, 11, 21, 30, 64, 73), of_group$row)],
    c("residents", "age_wide_3", "residents", "age_youth_1", "sex_2", "residents", "ethnicity_1", "residents"))
  expect_equal(of_group$cell[match(c(2, 13, 58), of_group$row)], c("t_GV2a_1_1_2", "t_GV2a_3_13_2", "t_GV2a_13_58_2"))
  expect_true(all(cells$applies[cells$table %in% c(drug_tables, "GV1a", "GV2a", "GV3a", "YT1", "YT2")]))
})

test_that("columns of drugs and activities are called so, in the order of drugs", {
  names <- columns_of(definitions, "DM9")
  expect_equal(names$column, 1:54)
  expect_equal(names$indicator_name[c(1, 12, 54)], c("35A - Cocaine/crack - B (Buying/Receiving)",
    "35A - Marijuana/hashish - U (Using/Consuming)", "35A - More than three drug types - U (Using/Consuming)"))
  labels <- published_tables(definitions)
  of <- function(table, row) unique(statistics$title[statistics$table == table & statistics$row == row])
  expect_equal(c(of("DM6", 1), of("DM7", 49)), c("Total incidents of any drug and activity",
    "Total arrestees of the drug and activity"))
  expect_equal(labels$labels$domain_2[match("t_DM5_3_82_1", labels$cells$cell)],
    "Marijuana/hashish, Buying/Receiving")
})

test_that("only completed drug violations count, by what was done, seized and suspected", {
  expect_equal(numbers(sprintf("DM1_%d_%d_1", c(1, 2, 2, 2), 1:4)), c(3, 2, 0, 1))
  expect_equal(numbers("DM2_1_1_1", "DM2_2_4_1", "DM2_2_7_1", "DM2_2_9_1", "DM2_3_10_1", "DM2_3_11_1", "DM2_3_12_1"),
    c(3, 1, 3, 0, 3, 3, 1))
  expect_equal(numbers("DM3_1_1_1", "DM3_2_2_1", "DM3_3_3_1", "DM3_3_7_1", "DM3_3_6_1", "DM3_4_8_1"),
    c(3, 2, 2, 1, 0, 1))
  # Suspected drugs are those of the incident, seized or not.
  expect_equal(numbers("DM4_2_2_1", "DM4_2_3_1", "DM4_2_6_1"), c(2, 2, 1))
  # Marijuana sold and possessed; cocaine possessed; stimulants possessed.
  expect_equal(numbers("DM5_2_12_1", "DM5_2_15_1", "DM5_2_7_1", "DM5_2_39_1"), c(1, 2, 2, 1))
  # Two drugs and two activities are neither one drug nor one activity.
  expect_equal(numbers("DM5_3_84_1", "DM5_3_87_1", "DM5_3_79_1", "DM5_3_111_1"), c(0, 1, 1, 1))
})

test_that("rows of a table may count by other columns than its own", {
  # Column 10: marijuana possessed; 4: cocaine possessed; 9: marijuana sold.
  expect_equal(numbers("DM6_1_1_10", "DM6_1_1_54", "DM6_2_2_10", "DM6_2_2_7", "DM6_2_2_1", "DM6_8_38_10", "DM6_8_38_9"),
    c(2, 2, 1, 1, 1, 1, 0))
  expect_equal(numbers("DM8_1_1_10", "DM8_2_2_10", "DM8_8_38_10", "DM8_8_38_9", "DM8_8_38_4"), c(3, 2, 2, 1, 2))
  expect_equal(numbers("DM8_3_3_10", "DM8_3_4_10", "DM8_4_13_10", "DM8_4_16_10"), c(1, 1, 1, 1))
  expect_equal(numbers("DM7_1_1_1", "DM7_2_2_10", "DM7_10_49_10", "DM7_3_5_10", "DM7_4_11_10", "DM9_10_49_10"),
    c(1, 1, 1, 1, 1, 2))
  expect_equal(numbers("DM9_6_19_10", "DM9_6_20_10", "DM9_6_28_10", "DM9_11_51_10", "DM9_12_58_10"), c(1, 1, 1, 1, 2))
  expect_equal(numbers("DM10_1_1_1", "DM10_2_2_1", "DM10_2_3_1", "DM10_1_1_4"), c(2, 1, 1, 1))
})

test_that("an agency's own attributes are those of the column, not of the table's first row", {
  sums <- counted[, list(number = sum(number)), by = c("ori", "cell")]
  agencies <- data.table::data.table(ori = "AZ0000001", class = 2L, agency_type = "City", msa_status = 3L)
  annual <- annual_cells(sums, agencies, cells)
  expect_equal(annual[, c("t_DM8_6_28_10", "t_DM8_7_32_10", "t_DM8_9_41_10", "t_DM8_6_27_10")], c(2, 2, 2, 0),
    ignore_attr = TRUE)
  expect_equal(annual[, "t_1a_12_52_2"], annual[, "t_1a_1_1_2"], ignore_attr = TRUE)
})

test_that("guns count where an offense has one: once per victim, robberies once", {
  # 1 persons, 2 total, 3 fatal, 5 nonfatal 2, 6 murder, 9 robbery, 10 aggravated assault.
  expect_equal(numbers(sprintf("GV1a_1_1_%d", c(1, 2, 3, 5, 6, 9, 10))), c(2, 3, 1, 2, 1, 1, 1))
  # An automatic handgun is a handgun; a rifle and a handgun are two types.
  expect_equal(numbers("GV1a_2_3_10", "GV1a_2_4_10", "GV1a_2_6_6", "GV1a_2_7_9", "GV1a_2_3_9", "GV1a_3_8_9"),
    c(1, 1, 1, 1, 0, 1))
  expect_equal(numbers(sprintf("GV2a_1_1_%d", c(1, 2, 9, 10))), c(2, 4, 2, 1))
  expect_equal(numbers("GV2a_2_5_2", "GV2a_3_11_2", "GV2a_3_13_2", "GV2a_3_14_2", "GV2a_4_17_2", "GV2a_4_16_2"),
    c(1, 1, 1, 3, 4, 0))
  # Of victims of a column: each of two offenses has one victim, the robbery two.
  expect_equal(numbers("GV2a_7_29_10", "GV2a_7_30_10", "GV2a_7_30_9", "GV2a_7_30_2"), c(1, 0, 1, 2))
  expect_equal(numbers("GV2a_8_33_2", "GV2a_8_34_2", "GV2a_9_36_2", "GV2a_9_35_2"), c(1, 3, 4, 0))
  # A gunshot wound is a major injury, before a minor one; no record of injuries is none of all.
  expect_equal(numbers(sprintf("GV2a_10_%d_2", 39:43)), c(1, 1, 0, 0, 1))
  expect_equal(numbers(sprintf("GV2a_11_%d_2", 44:49)), c(1, 1, 0, 0, 0, 1))
  expect_equal(numbers("GV2a_12_50_2", "GV2a_12_56_2", "GV2a_12_57_2", "GV2a_13_58_2"), c(1, 2, 1, 1))
  expect_equal(numbers("GV2a_14_64_2", "GV2a_15_67_2", "GV2a_15_69_2"), c(1, 1, 1))
  expect_equal(numbers("GV3a_1_1_2", "GV3a_2_6_10", "GV3a_2_7_9", "GV3a_3_9_10", "GV3a_3_8_9"), c(2, 1, 1, 1, 1))
})

test_that("youths that are murdered, and the ages of offenders of murders", {
  # The victim of 17 is the other one.
  expect_equal(numbers("YT1_1_1_1", "YT1_2_2_1", "YT1_2_3_1", "YT1_3_4_1", "YT1_4_8_1"), c(2, 1, 1, 2, 2))
  expect_equal(numbers("YT1_5_15_1", "YT1_5_16_1", "YT1_5_10_1"), c(1, 1, 0))
  # Offenders under 12 are of none of the rows.
  expect_equal(numbers(sprintf("YT2_%d_%d_1", c(1, 2, 2, 2, 2), 1:5)), c(2, 2, 1, 1, 0))
})

test_that("groups of victims with guns and of drug arrestees are sums of atoms", {
  records <- with_group_b(read_state_records(armed_state()))
  atoms <- person_atoms(definitions)
  cells <- cells[which(cells$table %in% c("GV2a", "DM7", "DM9", "DM10")), ]
  persons <- lapply(stats::setNames(nm = c("victims", "arrestees")), function(group) {
    person_counts(records, definitions, group)
  })
  of <- function(group, atoms = NULL) {
    counted <- as_sparse(cells_of_persons(persons[[group]], cells, definitions, atoms))
    stats::setNames(Matrix::colSums(counted), cells$cell)
  }
  groups <- split(seq_len(nrow(atoms)), ifelse(is.na(atoms$sex), "unknown", atoms$sex))
  everyone_of <- lapply(stats::setNames(nm = names(persons)), of)
  sexes_of <- lapply(stats::setNames(nm = names(persons)), function(group) lapply(groups, of, group = group))
  for (case in list(c("victims", "GV2a"), c("arrestees", "DM7"), c("arrestees", "DM9"), c("arrestees", "DM10"))) {
    mine <- which(cells$table == case[[2]] & !cells$characteristic %in% "victims_within")
    by_sex <- sexes_of[[case[[1]]]]
    everyone <- everyone_of[[case[[1]]]]
    expect_gt(sum(everyone[mine]), 0)
    expect_equal(Reduce(`+`, by_sex)[mine], everyone[mine])
    # A group's total is its row in the table of everyone.
    total <- cells$cell[mine][cells$whole[mine]]
    row <- cells$cell[mine][cells$characteristic[mine] %in% "sex" & cells$category[mine] == 2L]
    of_column <- function(cell) cells$column[match(cell, cells$cell)]
    expect_equal(by_sex$F[total], everyone[row[match(of_column(total), of_column(row))]], ignore_attr = TRUE)
  }
  # Women: one of two shot at by four, and one of the two robbed.
  expect_equal(sexes_of$victims$F[c("t_GV2a_1_1_2", "t_GV2a_1_1_10", "t_GV2a_1_1_9", "t_GV2a_2_8_2",
    "t_GV2a_11_45_2")], c(2, 1, 1, 1, 1), ignore_attr = TRUE)
  # The man of 17 with marijuana; the woman with marijuana and cocaine is of no restricted pair.
  expect_equal(sexes_of$arrestees$F[c("t_DM7_1_1_10", "t_DM9_1_1_10", "t_DM9_2_2_1", "t_DM9_10_49_10",
    "t_DM10_1_1_4")], c(0, 1, 1, 1, 1), ignore_attr = TRUE)
  young <- which(in_group(atoms, domain_of("under 18", definitions)))
  expect_equal(of("arrestees", young)[c("t_DM7_1_1_10", "t_DM9_1_1_10", "t_DM9_4_11_10", "t_DM10_1_1_1")],
    c(1, 1, 1, 1), ignore_attr = TRUE)
})

test_that("what tables of guns alone ask is kept of victims of offenses with a gun alone", {
  types <- person_counts(with_group_b(read_state_records(armed_state())), definitions, "victims")$types
  of_victims <- types[types$unit == "victim", ]
  expect_equal(sort(unique(of_victims$codes_weapon_type_2)), c("", "09A", "120", "13A"))
  expect_true(all(of_victims$firearm_victims[of_victims$codes_weapon_type_2 == ""] == 0L))
  expect_true(all(of_victims$firearm_victims[of_victims$codes_weapon_type_2 != ""] > 0L))
  # Incidents are told by all victims, and by those with a gun.
  of_incidents <- types[types$unit == "incident", ]
  expect_equal(sort(of_incidents$victims_within_weapon_type_2), c("", "", "09A:1 13A:1", "120:2"))
  expect_equal(sort(of_incidents$victims_within), c("09A:1", "09A:1 13A:1", "120:2", "13A:1"))
})

test_that("rows that exclude each other add up", {
  sums_of <- function(table, section, rows, column) sum(numbers(sprintf("%s_%d_%d_%d", table, section, rows, column)))
  expect_equal(sums_of("DM1", 2, 2:4, 1), numbers("DM1_1_1_1"))
  expect_equal(numbers("DM3_2_2_1") + numbers("DM3_4_8_1"), numbers("DM3_1_1_1"))
  for (section in list(c(2, 3, 10), c(5, 20, 22), c(6, 23, 28), c(12, 50, 57), c(14, 64, 66), c(15, 67, 73))) {
    expect_equal(sums_of("GV2a", section[[1]], section[[2]]:section[[3]], 2), numbers("GV2a_1_1_2"))
  }
  for (column in 1:54) {
    total <- numbers(sprintf("DM9_10_49_%d", column))
    for (section in list(c(3, 3, 10), c(5, 13, 18), c(12, 56, 58), c(13, 59, 65))) {
      expect_equal(sums_of("DM9", section[[1]], section[[2]]:section[[3]], column), total)
    }
  }
  expect_equal(numbers("GV1a_2_3_2") + numbers("GV1a_2_7_2"), numbers("GV1a_1_1_2"))
  expect_equal(sums_of("GV3a", 2, 3:7, 2), numbers("GV3a_1_1_2"))
})

test_that("records of some incidents refer to each other as before", {
  records <- with_group_b(read_state_records(armed_state()))
  some <- records_of_incidents(records, c(6L, 5L), definitions$units)
  expect_equal(some$offense$code, c("13A", "09A", "120"))
  expect_equal(some$offense$incident, c(1L, 1L, 2L))
  expect_equal(some$victim$incident, c(1L, 1L, 2L, 2L, 2L))
  expect_equal(some$victim_offense$offense, c(2L, 1L, 3L, 3L, 3L))
  expect_equal(some$codes$nibrs_weapon_type$offense, c(1L, 1L, 2L, 3L, 3L))
  expect_equal(nrow(some$codes$nibrs_suspected_drug_type), 0L)
  expect_equal(some$property$incident, 1L)
  expect_equal(some$place, records$place)
  nothing <- records_of_incidents(records, integer(), definitions$units)
  expect_equal(vapply(nothing[c("incident", "victim", "victim_offender", "officer")], nrow, 1L), rep(0L, 4L),
    ignore_attr = TRUE)
})

test_that("a state without incidents has tables of zeros, and nothing is said", {
  empty <- state_zip(tempfile(), "AZ", data.frame(agency = integer(), month = integer(), code = character()))
  expect_no_warning(nothing <- tabulate_tables(read_state_records(empty), definitions))
  expect_equal(nrow(nothing), 0L)
})

test_that("a table of another kind of drug incident is lines of data", {
  # Incidents with a weapon, by what was seized; columns of conditions, of all and of several numbers in a line.
  more <- table_definitions(definitions_with(
    tables = "9c,Armed incidents,incident,,weapon_used 2,", groups = "more,9c",
    columns = c("9c,1,Handgun only,Handgun only,13A 120 09A,single_firearm 1",
      "9c,2,Any weapon,Any weapon,13A 120 09A,", "9c_any,1-2,,,13A 120 09A 35A,"),
    sections = c("9c,1,1,1,,count,,,,,,,,", "9c,1,2,2,,count,,,,,,,All,9c_any",
      "9c,2,3,7,offenders_four,count percentage,own,,,,,,,")
  ))
  found <- tabulate_tables(read_state_records(armed_state()), few_tables(c(tables_asked, "9c"), more))
  of <- function(...) as.vector(tapply(found$number, factor(found$cell, paste0("t_9c_", c(...))), sum, default = 0))
  expect_equal(of("1_1_1", "1_1_2", "1_2_1", "1_2_2"), c(1, 3, 3, 3))
  expect_equal(of("2_6_1", "2_3_2", "2_6_2", "2_7_2"), c(1, 1, 1, 1))
  expect_equal(found[!startsWith(found$cell, "t_9c"), ], counted)
  refused <- function(fault, ...) expect_error(table_definitions(definitions_with(...)), fault, fixed = TRUE)
  refused("has columns that no line of columns.csv is of", sections = "DM1,9,5,5,,count,,,,,,,,shoes")
  refused("columns.csv: DM1 2 has the only \"drug_class 7\", which nothing defines",
    columns = "DM1,2,A,A,35A,drug_class 7")
  refused("tables.csv: table 9c has the codes_of \"guns\", which", tables = "9c,Guns,incident,,guns,",
    groups = "more,9c")
  refused("characteristics.csv: cats has the only \"dogs 1\"", characteristics = "cats,Cats,offense,,,,,,dogs 1")
})
