estimates_by <- function(estimate, error = 0, degrees = NA_real_) {
  data.table::data.table(cell = letters[seq_along(estimate)], estimate = estimate, standard_error = error,
    percentage = estimate / 10, percentage_error = error / 10, degrees_of_freedom = degrees)
}

test_that("several imputations are pooled as mice pools them", {
  values <- c(102, 97, 110, 91, 100)
  for (degrees in c(15, NA)) {
    by_imputation <- lapply(values, function(value) estimates_by(c(value, 50), c(6, 2), degrees))
    found <- with_imputation_error(by_imputation[[1]], by_imputation[-1])
    known <- mice::pool.scalar(values, rep(36, 5), n = if (is.na(degrees)) Inf else degrees + 1)
    expect_equal(found$estimate, c(known$qbar, 50))
    expect_equal(found$standard_error, c(sqrt(known$t), 2))
    expect_equal(found$imputation_error, c(sqrt((1 + 1 / 5) * known$b), 0))
    expect_equal(found$degrees_of_freedom, c(known$df, degrees))
    expect_equal(found$percentage_error, found$standard_error / 10)
    expect_equal(found$percentage_imputation_error, found$imputation_error / 10)
  }
})

test_that("a number that is known for certain has the error of its imputed items alone", {
  found <- with_imputation_error(estimates_by(c(10, 7)), list(estimates_by(c(14, 7))))
  expect_equal(found$standard_error, c(sqrt(1.5 * 8), 0))
  expect_equal(found$degrees_of_freedom, c(1, NA))
})

test_that("with one imputation there is nothing to say", {
  found <- with_imputation_error(estimates_by(10, 3), list())
  expect_equal(found[, c("estimate", "standard_error")], data.table::data.table(estimate = 10, standard_error = 3))
  expect_true(is.na(found$imputation_error))
})

test_that("tables of persons are means over the imputations, by the stages", {
  folder <- example_year()
  settings <- function(...) {
    read_settings(c(DATA_YEAR = "2016", EXTERNAL_FILE_PATH = folder, INPUT_PIPELINE_DIR = file.path(folder, "pipeline"),
      INPUT_STATE = "RI", GEOGRAPHY_GROUP = "states", TABLE_GROUP = "victims", ...))
  }
  logger::log_threshold("FATAL")
  estimated <- function(imputations) {
    for (stage in c("impute_items", "tabulate_state", "weight", "estimate")) {
      run_stage(stage, settings(IMPUTATIONS = imputations))
    }
    file <- file.path(folder, "pipeline", "estimates", "states-victims.csv")
    found <- read_stage_file(file, "estimates/<group>-<tables>.csv")
    found[which(found$permutation == 95L), ]
  }
  found <- estimated("3")
  of <- function(pattern) found[grep(pattern, found$cell), ]
  sexes <- of("^t_3a_3_1[567]_1$")
  total <- of("^t_3a_1_1_1$")
  expect_equal(sum(sexes$estimate), total$estimate)
  expect_equal(total$imputation_error, 0)
  ages <- of("^t_3a_2_[0-9]+_1$")
  expect_gt(max(ages$imputation_error), 0)
  expect_equal(ages$standard_error^2, ages$sampling_error^2 + ages$months_error^2 + ages$return_a_error^2 +
    ages$imputation_error^2)
  # Nothing stays of further imputations when there are none.
  found <- estimated("1")
  expect_true(all(is.na(found$imputation_error)))
  expect_length(list.files(file.path(folder, "pipeline"), "-[23][.]rds$", recursive = TRUE), 0L)
})
