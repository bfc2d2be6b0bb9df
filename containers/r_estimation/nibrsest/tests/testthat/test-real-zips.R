# Published zips through the stages, with what they say themselves as the reference extract. They are no part of the
# repository: without them the tests are skipped, but not where CI is set.

real_zip <- function(name) {
  folder <- Sys.getenv("NIBRS_REAL_DATA", "")
  path <- file.path(folder, paste0(name, ".zip"))
  if (!file.exists(path)) {
    if (identical(Sys.getenv("CI"), "true")) stop(path, " is not there; NIBRS_REAL_DATA names the folder of real zips")
    testthat::skip(paste(path, "is not there; NIBRS_REAL_DATA names the folder of real zips"))
  }
  path
}

# The zip of a state-year in a folder of its own, with a reference extract of what is in it.
real_world <- function(state, year, notes) {
  path <- real_zip(sprintf("%s-%d", state, year))
  root <- tempfile()
  dir.create(file.path(root, "downloads", year), recursive = TRUE)
  file.copy(path, file.path(root, "downloads", year))
  members <- utils::unzip(path, list = TRUE)$Name
  read <- function(pattern) {
    member <- grep(pattern, members, ignore.case = TRUE, value = TRUE)[[1]]
    folder <- tempfile()
    table <- data.table::fread(utils::unzip(path, member, exdir = folder), colClasses = "character",
      na.strings = "", showProgress = FALSE)
    stats::setNames(table, make.unique(tolower(names(table))))
  }
  listed <- read("(^|/)agencies[.]csv$")
  months <- read("(^|/)nibrs_month[.]csv$")
  started <- as.integer(regmatches(listed$nibrs_start_date, regexpr("[0-9]{4}", listed$nibrs_start_date)))
  agencies <- data.frame(
    agency_id = listed$agency_id, ori = listed$ori, agency_name = gsub(",", "", listed$pub_agency_name),
    state = listed$state_postal_abbr, state_name = listed$state_name, region = listed$region_name,
    agency_type = listed$agency_type_name, agency_status = listed$agency_status, dormant = listed$dormant_flag,
    covered = listed$covered_flag, covering = "N", population = listed$population,
    population_group_code = listed$population_group_code, suburban = listed$suburban_area_flag, reporting_type = "I",
    nibrs_start = if (length(started) == nrow(listed)) pmin(started, year) * 12L else year * 12L,
    male_officers = listed$male_officer, female_officers = listed$female_officer, msa_status = ""
  )
  months <- unique(data.frame(agency_id = months$agency_id, month = months$month_num,
    nibrs_status = months$reported_status))
  none <- data.frame(agency_id = character(), year = integer())
  zip_of(file.path(root, "reference", sprintf("reference-%d.zip", year)), list(
    "agencies.csv" = agencies, "months.csv" = months, "history.csv" = no_history,
    "return_a.csv" = cbind(none, line = character(), actual_count = integer()),
    "return_a_months.csv" = cbind(none, months = integer()), "source_notes.csv" = notes
  ))
  run_stage("tabulate_state", settings_of(root, DATA_YEAR = year, INPUT_STATE = state))
  run_stage("weight", settings_of(root, DATA_YEAR = year))
  run_stage("estimate", settings_of(root, DATA_YEAR = year, GEOGRAPHY_GROUP = "states"))
  file.path(root, "pipeline")
}

test_that("Minnesota's reporters of 2018 are no Minnesota, though nothing says it but their residents", {
  logger::log_threshold("FATAL")
  folder <- real_world("MN", 2018L, notes_of(character(), character()))
  estimates <- data.table::fread(file.path(folder, "estimates", "states.csv"))
  violent <- estimates[which(estimates$geography == "MN" & estimates$cell == "violent"), ]
  # The FBI's estimate is 12,403; these agencies have an eighth of the residents.
  # What is counted is never released: see offense_release().
  expect_equal(violent$basis, "counts")
  expect_equal(violent$estimate, violent$unweighted)
  expect_true(is.na(violent$standard_error) && is.na(violent$lower_95) && is.na(violent$upper_95))
  expect_lt(violent$population_coverage, 0.13)
  expect_true(all(estimates$basis == "counts"))
})

test_that("the District of Columbia's police began in August 2021: it is silent, and the district has no estimate", {
  logger::log_threshold("FATAL")
  folder <- real_world("DC", 2021L, notes_of("DC", "reporters_only"))
  agencies <- data.table::fread(file.path(folder, "weights", "agencies.csv"))
  police <- agencies[which(agencies$ori == "DCMPD0000"), ]
  expect_equal(c(police$stray_months, police$reported_months), c(5L, 5L))
  expect_false(police$respondent)
  expect_true(agencies$respondent[agencies$ori == "DCMTP0000"])
  universe <- data.table::fread(file.path(folder, "weights", "universe.csv"))
  # With 97 % of the residents, only the note tells.
  district <- universe[which(universe$geography == "DC"), ]
  expect_equal(district$universe_status, "reporters_only")
  expect_gt(district$agency_residents, 0.95 * district$residents)
  estimates <- data.table::fread(file.path(folder, "estimates", "states.csv"))
  expect_true(all(estimates$basis == "counts" & is.na(estimates$standard_error)))
  expect_equal(unique(estimates$population_coverage), 0)
})
