imputed_of <- function(records, state = "AZ", ...) {
  root <- tempfile()
  record_zip(file.path(root, "downloads", "2016", sprintf("%s-2016.zip", state)), state, records)
  before <- logger::log_threshold()
  on.exit(logger::log_threshold(before))
  logger::log_threshold("WARN")
  run_stage("impute_items", settings_of(root, INPUT_STATE = state, ...))
  zip <- file.path(root, "downloads", "2016", sprintf("%s-2016.zip", state))
  folder <- file.path(root, "pipeline", "imputed", state)
  list(root = root, folder = folder, reported = read_state_records(zip),
    diagnostics = read_stage_file(file.path(folder, "diagnostics.csv"), "imputed/<ST>/diagnostics.csv"))
}

couples_imputed <- imputed_of(couples(1500L), IMPUTATIONS = "2")

couples_same <- function() {
  opened <- open_published_zip(file.path(couples_imputed$root, "downloads", "2016", "AZ-2016.zip"))
  same_persons(couples_imputed$reported, read_facts_of_incidents(opened, couples_imputed$reported))
}

test_that("unknown items get values that depend on others as the known ones do", {
  records <- items_of(couples_imputed$reported, couples_imputed$folder)
  truth <- couples(1500L)$truth
  for (unit in c("victim", "offender", "arrestee")) {
    expect_false(anyNA(records[[unit]][, person_items, with = FALSE]), label = unit)
    known <- !is.na(couples_imputed$reported[[unit]]$age)
    expect_equal(records[[unit]]$age[known & unit != "offender"], couples_imputed$reported[[unit]]$age[known &
      unit != "offender"])
  }
  hidden <- is.na(couples_imputed$reported$victim$sex)
  # Couples are of opposite sex: who the other is tells nearly all.
  expect_gt(mean((records$victim$sex == "F")[hidden] == truth$female[hidden]), 0.85)
  aged <- is.na(couples_imputed$reported$victim$age)
  expect_gt(stats::cor(records$victim$age[aged], truth$age[aged]), 0.75)
  expect_equal(unique(records$victim_offender$code), "SE")
  expect_equal(unique(records$codes$nibrs_relationship$code), "SE")
  expect_gt(sum(couples_imputed$reported$codes$nibrs_relationship$code == "RU"), 300L)
})

test_that("the same state, year and number draw the same; another number draws otherwise", {
  again <- imputed_of(couples(1500L))
  of <- function(folder, number) {
    rows <- read_stage_file(file.path(folder, "victims.csv"), "imputed/<ST>/victims.csv")
    rows[which(rows$imputation == number), ]
  }
  expect_equal(of(again$folder, 1L), of(couples_imputed$folder, 1L))
  expect_equal(nrow(of(again$folder, 2L)), 0L)
  expect_false(identical(of(couples_imputed$folder, 1L)$age, of(couples_imputed$folder, 2L)$age))
  second <- items_of(couples_imputed$reported, couples_imputed$folder, 2L)
  expect_equal(second$victim$age[match(of(couples_imputed$folder, 2L)$victim_id, second$victim$id)],
    of(couples_imputed$folder, 2L)$age)
  # Nothing but unknown items differs.
  expect_equal(of(couples_imputed$folder, 1L)$victim_id, of(couples_imputed$folder, 2L)$victim_id)
  expect_error(settings_of("x", IMPUTATIONS = "0"), "IMPUTATIONS is \"0\"; it has to be a number from 1 to 99")
})

test_that("flags and diagnostics say what was done to which items", {
  rows <- read_stage_file(file.path(couples_imputed$folder, "victims.csv"), "imputed/<ST>/victims.csv")
  rows <- rows[which(rows$imputation == 1L), ]
  reported <- couples_imputed$reported$victim
  at <- match(rows$victim_id, reported$id)
  for (item in person_items) {
    expect_equal(rows[[paste0(item, "_flag")]] == "I", is.na(reported[[item]][at]), label = item)
  }
  told <- couples_imputed$diagnostics
  line <- told[which(told$model == "victims_person" & told$variable == "sex" & told$imputation == 1L), ]
  expect_equal(line$unknown, sum(is.na(reported$sex)))
  expect_equal(c(line$records, line$donors, line$imputed, line$rounds),
    c(1500L, 1500L - line$unknown, line$unknown, 15L))
  expect_equal(line$rule, "pmm")
  expect_equal(told$records[told$rule == "same person" & told$imputation == 1L], nrow(couples_same()))
})

test_that("shares say how many were reported and are imputed to be in each category", {
  shares <- read_stage_file(file.path(couples_imputed$folder, "shares.csv"), "imputed/<ST>/shares.csv")
  expect_equal(unique(shares$imputation), 1:2)
  for (number in 1:2) {
    after <- items_of(couples_imputed$reported, couples_imputed$folder, number)
    of <- function(unit, of_item, of_category) {
      wanted <- which(shares$imputation == number & shares$persons == imputed_units[[unit]] & shares$item == of_item &
        shares$category == of_category)
      shares[wanted, c("reported", "after_imputation")]
    }
    expect_equal(of("victim", "sex", "Female"), data.table::data.table(
      reported = sum(couples_imputed$reported$victim$sex == "F", na.rm = TRUE),
      after_imputation = sum(after$victim$sex == "F")))
    expect_equal(of("arrestee", "age", "25-34"), data.table::data.table(
      reported = sum(couples_imputed$reported$arrestee$age %in% 25:34),
      after_imputation = sum(after$arrestee$age %in% 25:34)))
    expect_equal(of("victim", "race", "Asian"), data.table::data.table(reported = 0L, after_imputation = 0L))
  }
})

test_that("what offender or arrestee tells is known of both, and both are alike afterwards", {
  same <- couples_same()
  expect_gt(nrow(same), 300L)
  records <- items_of(couples_imputed$reported, couples_imputed$folder)
  for (item in person_items) {
    expect_equal(records$offender[[item]][same$offender], records$arrestee[[item]][same$arrestee], label = item)
  }
  flags <- read_stage_file(file.path(couples_imputed$folder, "arrestees.csv"), "imputed/<ST>/arrestees.csv")
  learnt <- flags$race_flag == "S" & flags$imputation == 1L
  at <- match(flags$arrestee_id[learnt], couples_imputed$reported$arrestee$id)
  expect_equal(flags$race[learnt], couples_imputed$reported$offender$race[at])
})

test_that("an arrestee is one offender at most, the likest, and ages may differ by a year", {
  person <- function(age, sex, race) {
    data.frame(age_id = ifelse(is.na(age), "00", "AG"), age_num = age, sex_code = sex, race_id = race)
  }
  made <- imputed_of(list(
    incidents = data.frame(incident_id = 1:4, agency = 1, month = 1, incident_date = "2016-01-10 00:00:00"),
    offenses = data.frame(offense_id = 1:4, incident_id = 1:4, offense_type_id = "13A"),
    # 1: two offenders alike for one arrestee, the second of his race; 2: a year younger, arrested later;
    # 3: a year younger, arrested the same day; 4: of another race.
    offenders = cbind(offender_id = 1:5, incident_id = c(1, 1, 2, 3, 4), person(c(30, 30, 40, 40, 50), "M",
      c("U", "W", "W", "W", "B"))),
    arrestees = cbind(arrestee_id = 1:4, incident_id = 1:4, person(c(30, 41, 41, 50), "M", c("W", "U", "W", "W")),
      arrest_date = c("2016-01-10 00:00:00", "2016-03-01 00:00:00", "2016-01-10 00:00:00", "2016-02-01 00:00:00"))
  ))
  opened <- open_published_zip(file.path(made$root, "downloads", "2016", "AZ-2016.zip"))
  same <- same_persons(made$reported, read_facts_of_incidents(opened, made$reported))
  expect_equal(same[, c("offender", "arrestee", "aged")],
    data.table::data.table(offender = c(2L, 3L), arrestee = 1:2, aged = c(FALSE, TRUE)))
  records <- items_of(made$reported, made$folder)
  expect_equal(records$offender$age, c(30L, 30L, 41L, 40L, 50L))
  expect_equal(records$arrestee$race, c("W", "W", "W", "W"))
  offenders <- read_stage_file(file.path(made$folder, "offenders.csv"), "imputed/<ST>/offenders.csv")
  expect_equal(offenders$age_flag[offenders$offender_id == "3"], "E")
  # Three donors are too few: the first offender's race stays unknown, which the diagnostics say.
  expect_true(is.na(records$offender$race[[1]]))
  expect_equal(made$diagnostics$rule[made$diagnostics$model == "offenders_other" &
    made$diagnostics$variable == "race"], "no_donors")
})

test_that("without arrests nothing of offenders is imputed, of victims all that victims tell", {
  records <- couples(300L)
  records$arrestees <- records$arrestees[0, ]
  made <- imputed_of(records)
  found <- items_of(made$reported, made$folder)
  expect_false(anyNA(found$victim$sex))
  expect_equal(found$offender, made$reported$offender)
  expect_equal(found$victim_offender$code, made$reported$victim_offender$code)
  lines <- made$diagnostics[made$diagnostics$model == "arrestees_person", ]
  expect_equal(unique(lines$records), 0L)
})

test_that("what is never known stays unknown, what is always known stays as it is, and a fallback is told", {
  records <- couples(300L)
  records$victims$ethnicity_id <- "U"
  records$offenders$race_id <- "U"
  records$arrestees$race_id <- "U"
  records$victims$sex_code <- "F"
  # Of few cleared incidents too few victims tell their age; others are donors.
  open <- 6:300
  records$arrestees <- records$arrestees[-open, ]
  records$victims$age_num[1:5] <- ""
  records$victims$age_id[1:5] <- "00"
  made <- imputed_of(records)
  found <- items_of(made$reported, made$folder)
  expect_true(all(is.na(found$victim$ethnicity)))
  expect_true(all(is.na(found$offender$race)))
  expect_equal(unique(found$victim$sex), "F")
  expect_false(anyNA(found$victim$age))
  told <- made$diagnostics
  expect_equal(told$rule[told$model == "victims_ethnicity"], "no_donors")
  expect_equal(told$rule[told$model == "victims_person" & told$variable == "age"], "fallback")
  expect_equal(told$rule[told$model == "victims_person" & told$variable == "sex"], "reported")
  rows <- read_stage_file(file.path(made$folder, "victims.csv"), "imputed/<ST>/victims.csv")
  expect_equal(unique(rows$ethnicity_flag), "U")
})

test_that("two thousand victims of one incident, and a code that no list knows, are no trouble", {
  records <- couples(200L)
  more <- records$victims[rep(1L, 2000L), ]
  more$victim_id <- 1000L + seq_len(2000L)
  records$victims <- rbind(records$victims, more)
  records$links <- rbind(records$links, data.frame(victim_id = more$victim_id, offense_id = 1L))
  records$victims$race_id[1:3] <- "??"
  records$victims$age_num[4] <- "150"
  records$victims$age_id[4] <- "AG"
  records$relationships$relationship_id[1] <- "??"
  made <- imputed_of(records)
  found <- items_of(made$reported, made$folder)
  expect_false(anyNA(found$victim[, person_items, with = FALSE]))
  expect_equal(found$victim_offender$code[[1]], "SE")
  told <- made$diagnostics
  expect_equal(told$records[told$variable == "victim race" & told$rule == "in no list"], 3L)
  expect_equal(told$records[told$variable == "victim age" & told$rule == "outside of 0 to 99"], 1L)
  expect_equal(told$records[told$variable == "victim of an incident" & told$rule == "more than 999"], 1L)
  expect_equal(told$records[told$variable == "victim_offender_rel relationship" & told$rule == "in no list"], 1L)
  counted <- read_stage_file(file.path(made$folder, "records.csv"), "imputed/<ST>/records.csv")
  expect_equal(counted[which(counted$table == "nibrs_victim"), c("records", "unlisted")],
    data.table::data.table(records = 2200L, unlisted = 4L))
})

test_that("relationships are imputed of one offender, or of those arrested, and of no others", {
  records <- couples(400L)
  records$relationships$relationship_id <- rep(c("SE", "ST", "RU", "RU"), 100L)
  # Every fourth incident has a second offender of whom nothing is known and who is not arrested.
  second <- seq(4L, 400L, 4L)
  extra <- records$offenders[second, ]
  extra$offender_id <- 1000L + second
  extra[c("age_id", "age_num", "sex_code", "race_id")] <- list("00", "", "U", "U")
  records$offenders <- rbind(records$offenders, cbind(extra))
  records$relationships <- rbind(records$relationships, data.frame(victim_id = second, offender_id = 1000L + second,
    relationship_id = "RU"))
  made <- imputed_of(records)
  found <- items_of(made$reported, made$folder)$victim_offender
  alone <- found$offender <= 400L & !found$offender %in% second
  expect_false(any(found$code[alone] == "RU"))
  expect_true(all(found$code[found$offender > 400L] == "RU"))
  share <- mean(found$code[seq(3L, 399L, 4L)] == "SE")
  expect_gt(share, 0.25)
  expect_lt(share, 0.75)
})

test_that("a pair that is there twice, known and unknown, is imputed where it is unknown", {
  records <- couples(100L)
  records$relationships <- rbind(records$relationships, records$relationships[rep(1:2, each = 2), ])
  records$relationships$relationship_id[c(1, 101, 102)] <- c("SE", "RU", "RU")
  made <- imputed_of(records)
  found <- items_of(made$reported, made$folder)
  expect_equal(unique(found$victim_offender$code), "SE")
})

test_that("a state without persons, or without records at all, is imputed to nothing", {
  records <- couples(5L)
  records$victims$victim_type_id <- "B"
  records$offenders$offender_seq_num <- 0L
  empty <- lapply(records[-1], function(table) table[0, ])
  for (given in list(records[setdiff(names(records), c("arrestees", "relationships"))], empty)) {
    made <- imputed_of(given)
    expect_equal(items_of(made$reported, made$folder), made$reported)
    expect_equal(sum(made$diagnostics$imputed, na.rm = TRUE), 0L)
  }
})

test_that("items of another zip are refused", {
  folder <- tempfile()
  dir.create(folder)
  file.copy(list.files(couples_imputed$folder, full.names = TRUE), folder)
  other <- imputed_of(couples(20L))
  expect_error(items_of(other$reported, folder), "victims.csv has items of persons that the zip does not have")
  expect_equal(items_of(other$reported, tempfile()), other$reported)
})

test_that("flags of offenses and of property are apart", {
  pairs <- data.table::data.table(record = c(1L, 2L), code = c("13A", "240"))
  flags <- flags_of(pairs, 1:3, "offenses")
  expect_equal(names(flags), c("assault_homicide", "kidnapping_trafficking", "sex_offense", "arson_burglary_vandalism",
    "vehicle_theft_robbery", "other_property", "other_society"))
  expect_equal(flags$assault_homicide, c(1, 0, 0))
  expect_equal(flags$vehicle_theft_robbery, c(0, 1, 0))
  expect_length(flags_of(pairs, 1:3, "property"), 10L)
})

test_that("models name units, groups of predictors and words of subsets that there are", {
  models <- imputation_models()
  expect_equal(anyDuplicated(models$model), 0L)
  expect_setequal(unlist(lapply(models$predictors, words)), names(predictor_groups()))
  expect_true(all(models$unit %in% c("victim", "offender", "arrestee", "same_person", "victim_offender", "group_b")))
  world <- world_of_items(couples_imputed$reported, list(facts = read_facts_of_incidents(open_published_zip(
    file.path(couples_imputed$root, "downloads", "2016", "AZ-2016.zip")), couples_imputed$reported)))
  for (number in seq_len(nrow(models))) {
    known <- names(subset_words(world, models$unit[[number]]))
    expect_true(all(unlist(lapply(models[number, c("subset", "fallback")], words)) %in% known))
  }
})

test_that("Group B arrestees are imputed by four models, which differ by agency", {
  root <- tempfile()
  number <- 400L
  records <- couples(40L)
  agency <- rep(1:4, length.out = number)
  records$group_b <- with_seed(5L, data.frame(
    grpb_arrest_id = seq_len(number), agency_id = agency, age_id = "AG", age_num = 18 + 10 * agency,
    # Of the tribe all are of one race, and of the others nearly none.
    race_id = ifelse(stats::runif(number) < 0.3, "U", ifelse(agency == 2L, "I", ifelse(stats::runif(number) < 0.8, "W",
      "B"))),
    sex_code = ifelse(stats::runif(number) < 0.2, "U", "M"), ethnicity_id = "U"
  ))
  zip <- record_zip(file.path(root, "AZ-2016.zip"), "AZ", records)
  reported <- read_state_records(zip)
  expect_equal(reported$group_b[1:2, c("id", "ori", "month", "age")], data.table::data.table(id = c("1", "2"),
    ori = c("AZ0000001", "AZ0000002"), month = 2L, age = c(28L, 38L)))
  residents <- list(
    agencies = data.table::data.table(ori = sprintf("AZ%07d", 1:4), population = c(0, 900, 0, 5000), suburban = "N",
      agency_type = c("University or College", "Tribal", "City", "City"), population_group_code = "6"),
    demographics = data.table::data.table(ori = sprintf("AZ%07d", 2:4), sex_female = c(0.5, 0.5, 0.52),
      race_black = c(0, 0.1, 0.2), income_under_poverty = 0.1)
  )
  known <- list(facts = read_facts_of_incidents(open_published_zip(zip), reported), residents = residents)
  made <- impute_items(reported, known, list(state = "AZ", year = 2016L, imputation = 1L))
  told <- made$diagnostics
  for (name in paste0("group_b_", c("universities", "tribal", "nobody", "rest"))) {
    line <- told[which(told$model == name & told$variable == "race"), ]
    expect_equal(c(line$records, line$rule), c("100", "pmm"), label = name)
  }
  expect_equal(told$rule[told$model == "group_b_ethnicity"], "no_donors")
  imputed <- made$group_b_arrestees
  expect_false(anyNA(imputed$race))
  of_tribe <- agency[as.integer(imputed$grpb_arrest_id)] == 2L
  expect_equal(unique(imputed$race[of_tribe]), "I")
  expect_false("I" %in% imputed$race[!of_tribe])
  # An agency without residents has no shares of them.
  world <- world_of_items(reported, known)
  expect_equal(residents_of(world, c("AZ0000003", "AZ0000004"), "^race_"), list(race_black = c(0, 0.2)))
})

test_that("a state is imputed and tabulated by one stage as by the two, byte for byte", {
  before <- logger::log_threshold()
  on.exit(logger::log_threshold(before))
  logger::log_threshold("WARN")
  root <- tempfile()
  record_zip(file.path(root, "downloads", "2016", "AZ-2016.zip"), "AZ", couples(200L))
  made <- function(...) {
    folder <- tempfile()
    for (stage in c(...)) {
      run_stage(stage, settings_of(root, INPUT_STATE = "AZ", IMPUTATIONS = "2", TABLES = "all",
        INPUT_PIPELINE_DIR = folder, OUTPUT_PIPELINE_DIR = folder))
    }
    files <- list.files(folder, recursive = TRUE)
    stats::setNames(tools::md5sum(file.path(folder, files)), files)
  }
  both <- made("impute_items", "tabulate_state")
  expect_true(all(c("imputed/AZ/victims.csv", "tabulated/AZ.csv", "tabulated/AZ-victims-2.rds") %in% names(both)))
  expect_identical(made("impute_and_tabulate"), both)
})
