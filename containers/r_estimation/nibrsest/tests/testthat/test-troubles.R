# What goes wrong in the field: each case continues by a rule of the method, or says what is wrong.

weigh <- function(root) {
  said <- character()
  logger::log_threshold("INFO")
  logger::log_appender(function(lines) said <<- c(said, lines))
  on.exit(logger::log_appender(logger::appender_console))
  for (state in sub("-2016.zip", "", list.files(file.path(root, "downloads", "2016")), fixed = TRUE)) {
    run_stage("tabulate_state", settings_of(root, INPUT_STATE = state))
  }
  run_stage("weight", settings_of(root))
  said
}

test_that("agencies that the universe lacks are named in the log, and left out", {
  root <- two_states()
  reference_zip(root, c("AZ", "CO"))
  said <- weigh(root)
  expect_match(said, "3 agencies of the zips are not in the reference extract and are left out, such as LA0000001",
    fixed = TRUE, all = FALSE)
  weights <- data.table::fread(file.path(root, "pipeline", "weights", "weights.csv"))
  expect_setequal(unique(substr(weights$ori, 1, 2)), "AZ")
})

quietly <- function() logger::log_threshold("FATAL")

test_that("agencies of a state without a zip are silent", {
  root <- two_states()
  unlink(file.path(root, "downloads", "2016", "LA-2016.zip"))
  weigh(root)
  agencies <- data.table::fread(file.path(root, "pipeline", "weights", "agencies.csv"))
  expect_equal(sum(agencies$respondent[agencies$state == "LA"]), 0L)
  expect_equal(sum(agencies$state == "LA"), 4L)
  quietly()
  run_stage("estimate", settings_of(root, GEOGRAPHY_GROUP = "states"))
  tables <- data.table::fread(file.path(root, "pipeline", "estimates", "states-crimes.csv"))
  expect_equal(unique(tables$permutation), permutations()$permutation[permutations()$geography == "AZ"])
})

test_that("a zip that lacks a table, or of no layout, says which", {
  root <- two_states()
  path <- file.path(root, "downloads", "2016", "AZ-2016.zip")
  system2("zip", c("-qd", shQuote(path), "nibrs_weapon.csv"))
  expect_error(run_stage("tabulate_state", settings_of(root, INPUT_STATE = "AZ")),
    "AZ-2016.zip has no file for nibrs_weapon; fetch or extract the zip again")
  system2("zip", c("-qd", shQuote(path), "cde_agencies.csv"))
  expect_error(run_stage("tabulate_state", settings_of(root, INPUT_STATE = "AZ")), "none of the published layouts")
})

test_that("a state whose agencies reported no incident has tables of zeros", {
  root <- two_states()
  state_zip(root, "LA", data.frame(agency = integer(), month = integer(), code = character()))
  weigh(root)
  quietly()
  run_stage("estimate", settings_of(root, GEOGRAPHY_GROUP = "states"))
  tables <- data.table::fread(file.path(root, "pipeline", "estimates", "states-crimes.csv"))
  louisiana <- permutations()$permutation[permutations()$geography == "LA"]
  expect_equal(unique(tables$estimate[tables$permutation == louisiana]), 0)
})

test_that("covariates that are zero, or say the same twice, do not disturb the errors", {
  set.seed(2)
  design <- data.table::data.table(stratum = "1", N = 50L, n = 20L, weight = 2.5)[rep(1L, 20L), ]
  x <- cbind(total = stats::rpois(20, 9) + 1, murder = 0, twice = 0)
  x[, "twice"] <- 2 * x[, "total"]
  y <- matrix(stats::rpois(40, 5), 20, dimnames = list(NULL, c("a", "b")))
  expect_equal(linearised_estimates(y, design, x), linearised_estimates(y, design, x[, "total", drop = FALSE]))
})
