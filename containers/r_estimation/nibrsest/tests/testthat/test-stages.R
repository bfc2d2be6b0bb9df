test_that("the stages lead from zips to a report", {
  logger::log_threshold("ERROR")
  folder <- report_of(two_states_done())
  estimates <- data.table::fread(file.path(folder, "offenses.csv"))
  robbery <- estimates[which(estimates$cell == "120" & estimates$agency_group == "all agencies"), ]
  # Three of four agencies respond in each state; AZ has three robberies, LA none. Larcenies by Return A are 10, 20
  # and 30 of the respondents and 40 of the other.
  expect_equal(robbery$geography, c("US", "South", "West", "AZ", "LA"))
  expect_equal(robbery$agencies, c(8L, 4L, 4L, 4L, 4L))
  expect_equal(robbery$respondents, c(6L, 3L, 3L, 3L, 3L))
  expect_equal(unname(tools::md5sum(list.files(file.path(folder, "weights"), full.names = TRUE))),
    unname(tools::md5sum(file.path(dirname(folder), "weights", list.files(file.path(folder, "weights"))))))
  weights <- data.table::fread(file.path(folder, "weights", "weights.csv"))
  az <- weights[which(weights$geography == "AZ"), ]
  expect_equal(sum(az$weight * c(10, 20, 30)), 100, tolerance = 1e-5)
  expect_equal(robbery$estimate[[4]], sum(az$weight * c(2, 0, 1)), tolerance = 1e-9)
  expect_equal(robbery$estimate[[5]], 0)
  # Three respondents are too few for an error of their own: the ratio to Return A has it, by the power 1.5.
  size <- c(10, 20, 30)
  fit <- stats::lm(c(2, 0, 1) ~ 0 + size, weights = az$weight / size)
  e <- stats::resid(fit) / (1 - stats::hatvalues(fit))
  expect_equal(robbery$standard_error[[4]],
    sqrt((1 - 3 / 4) * sum(az$weight^2 * size^1.5) * sum(e^2) / sum(size^1.5)), tolerance = 1e-6)
  expect_equal(unique(estimates$bias_method), "none")
  groups <- estimates[which(estimates$geography == "US" & estimates$cell == "120"), ]
  expect_equal(groups$agency_group, c("all agencies", "under 10,000 residents", "city agencies"))
  expect_equal(groups$estimate[groups$agency_group == "city agencies"], robbery$estimate[[1]])
  tables <- data.table::fread(file.path(folder, "tables.csv"))
  cell <- tables[which(tables$der_variable_name == "t_2b_1_1_12"), ]
  expect_equal(cell$estimate[cell$PERMUTATION_NUMBER == 58], robbery$estimate[[4]])
  one <- data.table::fread(file.path(folder, "indicator_tables", "State", "Arizona", "Indicator_Tables_58_2b.csv"))
  one <- one[which(one$der_variable_name == "t_2b_1_1_12"), ]
  expect_equal(c(one$estimate, one$estimate_standard_error), c(robbery$estimate[[4]], robbery$standard_error[[4]]))
  page <- paste(readLines(file.path(folder, "report.html")), collapse = "\n")
  expect_match(page, "NIBRS estimates for 2016", fixed = TRUE)
  # All states are simulated: the nation is as large as they are.
  expect_no_match(page, "Not all numbers are estimates", fixed = TRUE)
  expect_false(grepl("{{", page, fixed = TRUE))
  az <- regmatches(page, regexpr("<tr><td>AZ</td>.*?</tr>", page, perl = TRUE))
  expect_match(az, "<td>4</td><td>3</td><td>75 %</td>")
})

test_that("a geography's workbook has its tables and their figures, each geography has one, or the nation alone", {
  logger::log_threshold("FATAL")
  books_of <- function(root) list.files(file.path(report_of(root), "workbooks"), full.names = TRUE)
  sheets_of <- function(tables) c("Read me", rbind(tables, paste(tables, "figures")))
  nation <- books_of(two_states_done())
  expect_equal(basename(nation), "National.xlsx")
  expect_equal(openxlsx::getSheetNames(nation), sheets_of(c("1a", "1b", "1c", "2a", "2b", "2c", "3c", "LEOKA")))
  books <- books_of(all_booked_done())
  expect_equal(basename(books), paste0(c("Arizona", "Louisiana", "National", "Region_South", "Region_West"), ".xlsx"))
  expect_equal(lapply(books, openxlsx::getSheetNames), rep(list(sheets_of(booked_of_world)), length(books)))
  estimates <- data.table::fread(file.path(report_of(two_states_done()), "offenses.csv"))
  # Numbers of a state and of the nation, whose residents are 20,000 and 40,000.
  for (place in list(
    list(book = books[[1]], geography = "AZ", name = "Arizona", residents = 20000,
      reason = "a silent agency has more than a tenth of the residents"),
    list(book = nation, geography = "US", name = "National", residents = 40000,
      reason = "relative standard error above 30 %")
  )) {
    book <- place$book
    robbery <- estimates[which(estimates$cell == "120" & estimates$agency_group == "all agencies" &
      estimates$geography == place$geography), ]
    sheet <- openxlsx::read.xlsx(book, "2b", colNames = FALSE, skipEmptyRows = FALSE, skipEmptyCols = FALSE)
    expect_equal(sheet[1, 1], paste("Table 2b. Property offenses, 2016:", place$name))
    figures <- openxlsx::read.xlsx(book, "2b figures", startRow = 4)
    figures <- figures[figures$Variable == "t_2b_1_1_12", ]
    expect_equal(figures$Standard.error, robbery$standard_error)
    expect_equal(figures[c("Offense", "Release", "Reason")], data.frame(Offense = "Robbery", Release = "no",
      Reason = place$reason), ignore_attr = TRUE)
    at <- which(unlist(sheet[4, ]) == "Robbery")
    expect_equal(as.numeric(sheet[6, at]), robbery$estimate)
    expect_equal(as.numeric(sheet[7, at]), robbery$estimate * 1e5 / place$residents)
    expect_equal(sheet[8, 1], "Weapon involved: No")
  }
})

test_that("names have the same order on every machine", {
  seen <- character()
  logger::log_threshold("INFO")
  logger::log_appender(function(lines) seen <<- Sys.getlocale("LC_COLLATE"))
  before <- Sys.getlocale("LC_COLLATE")
  on.exit({
    logger::log_appender(logger::appender_console)
    Sys.setlocale("LC_COLLATE", before)
  })
  Sys.setlocale("LC_COLLATE", "C.UTF-8")
  run_stage("tabulate_state", settings_of(two_states(), INPUT_STATE = "AZ"))
  expect_equal(seen, "C")
  expect_equal(Sys.getlocale("LC_COLLATE"), "C.UTF-8")
})

test_that("the same inputs give the same bytes, in whatever order, however drawn before, by however many processes", {
  logger::log_threshold("FATAL")
  report <- report_of(two_states_done())
  again <- two_states()
  for (state in c("LA", "AZ")) run_stage("tabulate_state", settings_of(again, INPUT_STATE = state))
  set.seed(7)
  for (path in list.files(file.path(again, "pipeline", "tabulated"), "[.]csv$", full.names = TRUE)) {
    lines <- readLines(path)
    writeLines(c(lines[[1]], sample(lines[-1])), path)
  }
  definitions <- table_definitions()
  for (path in list.files(file.path(again, "pipeline", "tabulated"), "[.]rds$", full.names = TRUE)) {
    if (holds_persons(path)) {
      persons <- read_person_counts(path, "tabulate_state", definitions)
      order <- sample(nrow(persons$rows))
      counts <- persons$counts[sample(nrow(persons$counts)), ]
      data.table::set(counts, NULL, "row", match(counts$row, order))
      write_person_counts(person_matrix(persons$group, persons$rows[order, ], list(list(types = persons$types,
        counts = counts))), path, definitions)
      next
    }
    matrix <- read_count_matrix(path, "tabulate_state")
    order <- sample(nrow(matrix$rows))
    write_count_matrix(count_matrix(matrix$rows[order, ], matrix$cells, match(matrix$counts$row, order),
      matrix$counts$cell, matrix$counts$number), path)
  }
  run_stage("weight", settings_of(again))
  for (group in c("states", "regions", "nation")) run_stage("estimate", settings_of(again, GEOGRAPHY_GROUP = group))
  run_stage("report", settings_of(again, WORKBOOKS = "nation", PROCESSES = "2"))
  expect_same_files <- function(report, again) {
    files <- list.files(report, recursive = TRUE)
    expect_gt(length(files), 20L)
    expect_equal(list.files(again, recursive = TRUE), files)
    of <- function(folder) unname(tools::md5sum(file.path(folder, files)))
    expect_equal(of(again), of(report))
  }
  expect_same_files(report, report_of(again))
  # All workbooks, of what is the same.
  booked <- all_booked_done()
  other <- tempfile()
  with_definitions(definitions_of_booked(), run_stage("report",
    settings_of(booked, OUTPUT_PIPELINE_DIR = other, WORKBOOKS = "all", PROCESSES = "2")))
  expect_length(list.files(file.path(other, "report", "workbooks")), 5L)
  expect_same_files(report_of(booked), file.path(other, "report"))
})

test_that("errors can be asked for without the correction for few respondents", {
  logger::log_threshold("FATAL")
  root <- two_states_done()
  other <- tempfile()
  run_stage("estimate",
    settings_of(root, OUTPUT_PIPELINE_DIR = other, GEOGRAPHY_GROUP = "states", ERROR_CORRECTION = "none"))
  estimates <- data.table::fread(file.path(other, "estimates", "states.csv"))
  error <- estimates$standard_error[estimates$geography == "AZ" & estimates$cell == "120"]
  weights <- data.table::fread(file.path(root, "pipeline", "weights", "weights.csv"))
  e <- stats::resid(stats::lm(c(2, 0, 1) ~ 0 + c(10, 20, 30))) * weights$weight[weights$geography == "AZ"]
  expect_equal(error, sqrt((1 - 3 / 4) * 3 / 2 * sum((e - mean(e))^2)), tolerance = 1e-6)
  expect_error(settings_of(root, ERROR_CORRECTION = "some"), "ERROR_CORRECTION is \"some\"")
})

test_that("what an earlier stage wrote into the output folder counts before what the input folder has", {
  logger::log_threshold("FATAL")
  root <- two_states_tabulated()
  other <- file.path(root, "other")
  apart <- settings_of(root, OUTPUT_PIPELINE_DIR = other)
  run_stage("tabulate_state", settings_of(root, OUTPUT_PIPELINE_DIR = other, INPUT_STATE = "LA"))
  expect_equal(tabulated_folders(apart), c(AZ = file.path(root, "pipeline", "tabulated"),
    LA = file.path(other, "tabulated")))
  run_stage("weight", apart)
  expect_false(dir.exists(file.path(root, "pipeline", "weights")))
  # Without the weights of the other folder there would be none to read.
  run_stage("estimate", settings_of(root, OUTPUT_PIPELINE_DIR = other, GEOGRAPHY_GROUP = "states"))
  expect_equal(stage_folder(apart, "estimates"), file.path(other, "estimates"))
})

test_that("a stage that lacks its input names the file and the stage that makes it", {
  root <- two_states()
  expect_error(run_stage("weight", settings_of(root)), "run the stage tabulate_state first")
  expect_error(run_stage("estimate", settings_of(root, GEOGRAPHY_GROUP = "nation")), "run the stage weight first")
  expect_error(run_stage("estimate", settings_of(root, GEOGRAPHY_GROUP = "moon")), "nation, regions, states")
  expect_error(run_stage("estimate", settings_of(root, GEOGRAPHY_GROUP = "nation", TABLE_GROUP = "moon")),
    "TABLE_GROUP is \"moon\"; it has to be crimes")
  expect_error(run_stage("tabulate_state", settings_of(root)), "INPUT_STATE is \"\"")
  expect_error(run_stage("sleep", settings_of(root)), "there is no stage \"sleep\"")
})

test_that("a year of which nobody reported three months has no estimate, and says so", {
  logger::log_threshold("FATAL")
  root <- two_states_tabulated()
  reference_zip(root, c("AZ", "LA"), silent = 1:4)
  run_stage("weight", settings_of(root))
  expect_error(run_stage("estimate", settings_of(root, GEOGRAPHY_GROUP = "nation")), "choose a year in which some did")
})

test_that("a year without Return A is raised by residents, without an error and not for release", {
  logger::log_threshold("FATAL")
  root <- two_states()
  reference_zip(root, "AZ", return_a = FALSE)
  folder <- with_definitions(definitions_of_booked(), run_all(root, "AZ"))
  strata <- data.table::fread(file.path(folder, "weights", "strata.csv"))
  expect_equal(unique(strata$method), "residents")
  estimates <- data.table::fread(file.path(folder, "offenses.csv"))
  robbery <- estimates[which(estimates$cell == "120" & estimates$geography == "AZ"), ]
  expect_equal(robbery$estimate, 4)
  # All agencies are of one size.
  expect_equal(c(robbery$basis, robbery$standard_error, robbery$suppression_flag), c("residents", NA, "1"))
  expect_true(all(estimates$suppression_flag == 1L))
  page <- paste(readLines(file.path(folder, "report.html")), collapse = "\n")
  expect_match(page, "Arizona: numbers are raised by residents and not for release", fixed = TRUE)
})

test_that("an agency that misses months takes them from another, but not one of which incidents are there", {
  logger::log_threshold("FATAL")
  root <- two_states_tabulated()
  reference <- file.path(root, "reference", "reference-2016.zip")
  folder <- tempfile()
  utils::unzip(reference, exdir = folder)
  months <- utils::read.csv(file.path(folder, "months.csv"))
  months$nibrs_status[months$agency_id == "AZ2" & months$month <= 5] <- "U"
  write_csv(months, folder, "months.csv")
  unlink(reference)
  utils::zip(reference, list.files(folder, full.names = TRUE, recursive = TRUE), flags = "-jqX")
  run_stage("weight", settings_of(root))
  weights <- file.path(root, "pipeline", "weights")
  donors <- data.table::fread(file.path(weights, "donors.csv"))
  expect_equal(donors$ori, "AZ0000002")
  expect_equal(unname(unlist(donors[1, tolower(month.abb), with = FALSE])), c(rep(1L, 4), rep(0L, 8)))
  missing <- data.table::fread(file.path(weights, "missing_months.csv"))
  expect_equal(missing$APR_MM_FLAG[missing$ORI == "AZ0000002"], 0L)
  expect_equal(missing$MAY_MM_FLAG[missing$ORI == "AZ0000002"], 1L)
})

test_that("a universe without an eligible agency is refused", {
  logger::log_threshold("FATAL")
  root <- two_states_tabulated()
  reference_zip(root, c("AZ", "LA"), status = "D")
  expect_error(run_stage("weight", settings_of(root)), "no agency of the reference extract is eligible in 2016")
})

test_that("the environment is checked", {
  expect_error(read_settings(c(DATA_YEAR = "16")), "DATA_YEAR is \"16\"")
  expect_error(read_settings(c(DATA_YEAR = "2016", LOG_THRESHOLD = "LOUD")), "LOG_THRESHOLD is \"LOUD\"")
  expect_error(read_settings(c(DATA_YEAR = "2016", PROCESSES = "0")), "PROCESSES is \"0\"; it has to be a number from")
  expect_equal(read_settings(c(DATA_YEAR = "2016"))$processes, 1L)
  expect_equal(read_settings(c(DATA_YEAR = "2016", INPUT_PIPELINE_DIR = "x"))$output, "x")
})

test_that("the log says how much was counted", {
  logger::log_threshold("INFO")
  logger::log_appender(logger::appender_stdout)
  on.exit(logger::log_appender(logger::appender_console))
  said <- utils::capture.output(run_stage("tabulate_state", settings_of(two_states(), INPUT_STATE = "AZ")))
  expect_match(said[[1]], "AZ 2016: 4 offenses of 3 agencies", fixed = TRUE)
})
