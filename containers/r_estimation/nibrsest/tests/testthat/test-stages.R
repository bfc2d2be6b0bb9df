run_all <- function(root) {
  for (state in c("AZ", "LA")) run_stage("tabulate_state", settings_of(root, INPUT_STATE = state))
  run_stage("weight", settings_of(root))
  for (group in c("nation", "states")) run_stage("estimate", settings_of(root, GEOGRAPHY_GROUP = group))
  run_stage("report", settings_of(root))
  file.path(root, "pipeline", "report")
}

test_that("the stages lead from zips to a report", {
  logger::log_threshold("ERROR")
  folder <- run_all(two_states())
  estimates <- data.table::fread(file.path(folder, "estimates.csv"))
  robbery <- estimates[estimates$cell == "120", ]
  # Three of four agencies respond in each state; AZ has three robberies, LA none.
  expect_equal(robbery$geography, c("US", "AZ", "LA"))
  expect_equal(robbery$estimate, c(4, 4, 0))
  expect_equal(robbery$agencies, c(8L, 4L, 4L))
  expect_equal(robbery$respondents, c(6L, 3L, 3L))
  expect_equal(robbery$standard_error[[2]], sqrt(4 * 1 * var(c(2, 0, 1)) / 3))
  page <- paste(readLines(file.path(folder, "report.html")), collapse = "\n")
  expect_match(page, "NIBRS estimates for 2016", fixed = TRUE)
  expect_match(page, "The database knows agencies of 2 of 51 states", fixed = TRUE)
  expect_false(grepl("{{", page, fixed = TRUE))
  az <- regmatches(page, regexpr("<tr><td>AZ</td>.*?</tr>", page, perl = TRUE))
  expect_match(az, "<td>4</td><td>3</td><td>75 %</td><td>4 \\(1\\)</td><td>1 \\(1\\)</td>")
})

test_that("the same inputs give the same bytes", {
  logger::log_threshold("ERROR")
  hashes <- lapply(1:2, function(time) {
    folder <- run_all(two_states())
    unname(tools::md5sum(sort(list.files(folder, full.names = TRUE))))
  })
  expect_equal(hashes[[1]], hashes[[2]])
})

test_that("a stage that lacks its input names the file and the stage that makes it", {
  root <- two_states()
  expect_error(run_stage("weight", settings_of(root)), "run the stage tabulate_state first")
  expect_error(run_stage("estimate", settings_of(root, GEOGRAPHY_GROUP = "nation")), "run the stage weight first")
  expect_error(run_stage("estimate", settings_of(root, GEOGRAPHY_GROUP = "moon")), "nation or states")
  expect_error(run_stage("tabulate_state", settings_of(root)), "INPUT_STATE is \"\"")
  expect_error(run_stage("sleep", settings_of(root)), "there is no stage \"sleep\"")
})

test_that("a year that nobody reported whole has no estimate, and says so", {
  logger::log_threshold("FATAL")
  root <- two_states()
  reference_zip(root, c("AZ", "LA"), silent = 1:4)
  run_stage("tabulate_state", settings_of(root, INPUT_STATE = "AZ"))
  run_stage("weight", settings_of(root))
  expect_error(run_stage("estimate", settings_of(root, GEOGRAPHY_GROUP = "nation")), "choose a year that is complete")
})

test_that("the environment is checked", {
  expect_error(read_settings(c(DATA_YEAR = "16")), "DATA_YEAR is \"16\"")
  expect_error(read_settings(c(DATA_YEAR = "2016", LOG_THRESHOLD = "LOUD")), "LOG_THRESHOLD is \"LOUD\"")
  expect_equal(read_settings(c(DATA_YEAR = "2016", INPUT_PIPELINE_DIR = "x"))$output, "x")
})

test_that("the log says how much was counted", {
  logger::log_threshold("INFO")
  logger::log_appender(logger::appender_stdout)
  on.exit(logger::log_appender(logger::appender_console))
  said <- utils::capture.output(run_stage("tabulate_state", settings_of(two_states(), INPUT_STATE = "AZ")))
  expect_match(said[[1]], "AZ 2016: 4 offenses of 3 agencies", fixed = TRUE)
})
