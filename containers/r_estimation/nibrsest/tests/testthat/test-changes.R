both_years <- function(estimate, before, error = 0, error_before = 0, flag = 0L, flag_before = 0L) {
  data.table::data.table(permutation = 1L, cell = letters[seq_along(estimate)], estimate = estimate,
    standard_error = error, sampling_error = error, flag = flag, estimate_before = before,
    standard_error_before = error_before, sampling_error_before = error_before, flag_before = flag_before)
}

year_of <- function(estimate, error = 0, flag = 0L, cell = c("a", "b")) {
  list(inputs = NULL, estimates = data.table::data.table(permutation = 1L, cell = cell, estimate = estimate,
    standard_error = error, sampling_error = error, flag = flag))
}

test_that("a change has the error of a ratio of two estimates that go together", {
  covariance <- c(0.6 * 3 * 4, NA)
  found <- change_rows(both_years(c(110, 50), c(100, 50), c(3, 0), c(4, 0)), covariance)
  expect_equal(found$percent, c(10, 0))
  # The same errors by drawing both years.
  set.seed(3)
  z <- matrix(stats::rnorm(4e5), 2)
  before <- 100 + 4 * z[1, ]
  now <- 110 + 3 * (0.6 * z[1, ] + 0.8 * z[2, ])
  expect_equal(found$percent_error[[1]], stats::sd(100 * now / before), tolerance = 0.01)
  expect_equal(found$difference_error[[1]], stats::sd(now - before), tolerance = 0.01)
  expect_equal((found$upper_95 - found$percent) / stats::qnorm(0.975), found$percent_error)
  expect_equal(found$correlation, c(0.6, NA))
  # Without a covariance the years are independent.
  expect_equal(change_rows(both_years(110, 100, 3, 4), NA_real_)$difference_error, 5)
})

test_that("two estimates go together wholly at most", {
  found <- change_rows(both_years(c(110, 110), c(100, 100), 4, 4), c(100, -100))
  expect_equal(found$difference_error, c(0, 8))
  expect_equal(found$correlation, c(1, -1))
})

test_that("what was not there before has no change, and a flag of either year stays", {
  expect_equal(nrow(changes_of_years(year_of(c(5, 0)), year_of(c(0, 5)), "none")), 0L)
  found <- changes_of_years(year_of(c(5, 6), flag = 0:1), year_of(c(5, 6), flag = 1:0), "none")
  expect_equal(found$suppression_flag, c(1L, 1L))
  expect_equal(nrow(changes_of_years(year_of(c(5, 6), error = NA), year_of(c(5, 6)), "none")), 0L)
  expect_equal(nrow(changes_of_years(year_of(5, cell = "a"), year_of(6, cell = "b"), "none")), 0L)
})

test_that("nothing falls by more than all of it", {
  found <- change_rows(both_years(c(60, 50), c(100, 50), c(60, 1), c(40, 1)), NA_real_)
  expect_equal(found$lower_95[[1]], -100)
  expect_gt(found$upper_95[[1]], 0)
  plot <- change_plot(data.table::data.table(label = "A", percent = found$percent, lower = found$lower_95,
    upper = found$upper_95, flag = 0L), "x")
  expect_false(grepl(">-1[0-9]+[1-9] %<|>-[2-9][0-9][0-9] %<", plot))
  expect_match(plot, "-40.0 %", fixed = TRUE)
})

test_that("without a zip of the year before there is no section", {
  expect_null(read_previous("", 2015L))
  expect_null(read_previous(tempfile(), 2015L))
  expect_equal(changes_section(data.table::data.table(cell = "a", label = "A"), NULL, 2016L), "")
})

test_that("the section says which year is compared with, every change once in figures, and what is known", {
  nation <- data.table::data.table(cell = c("b", "a"), label = c("B", "A"))
  rows <- change_rows(both_years(c(110, 50), c(100, 50), 1, 1), NA_real_)
  section <- paste(changes_section(nation, rows, 2016L), collapse = "\n")
  expect_match(section, "Changes since 2015", fixed = TRUE)
  expect_match(section, "<td>+10.0 %</td>", fixed = TRUE)
  expect_match(section, "<th scope=\"col\">2015</th><th scope=\"col\">2016</th>", fixed = TRUE)
  expect_match(section, "as if the two years were independent", fixed = TRUE)
  expect_lt(regexpr("<td>B</td>", section, fixed = TRUE), regexpr("<td>A</td>", section, fixed = TRUE))
  states <- data.table::copy(rows)[, c("PERMUTATION_NUMBER", "der_variable_name") := list(56L, c("t_2a_1_1_17", "x"))]
  known <- change_rows(both_years(c(110, 50), c(100, 50), 1, 1), c(0.5, 0.5))
  section <- paste(changes_section(nation, rbind(known, states), 2016L), collapse = "\n")
  expect_match(section, "know which agencies report in both", fixed = TRUE)
  expect_match(section, "<td>Alabama</td><td>+10.0 % (", fixed = TRUE)
})

test_that("estimates are read from the zip of the year before, even if it does not say what it was made of", {
  root <- tempfile()
  cell <- compared_cells()[[1]]
  zip <- file.path(root, "estimates", "nibrs-estimates-2015.zip")
  zip_of(zip, list(
    "tables.csv" = data.frame(PERMUTATION_NUMBER = c(1, 1), der_variable_name = c(cell, "t_1a_2_3_1"), estimate = 5:6,
      standard_error = 1:2, sampling_error = 1:2, suppression_flag = 0),
    "offenses.csv" = data.frame(geography = "US", agency_group = "all agencies", cell = "120", estimate = 9,
      standard_error = 1, sampling_error = 0.5, suppression_flag = 1)
  ))
  found <- read_previous(root, 2015L)
  expect_null(found$inputs)
  expect_equal(as.list(found$estimates), list(permutation = c(1L, 1L), cell = c(cell, "120"), estimate = c(5, 9),
    standard_error = c(1, 1), sampling_error = c(1, 0.5), flag = 0:1))
  expect_null(read_previous(root, 2014L))
  zip_of(zip, list("tables.csv" = data.frame(PERMUTATION_NUMBER = 1, estimate = 2)))
  expect_error(read_previous(root, 2015L), "tables.csv lacks the column der_variable_name")
})

test_that("a year that repeats itself has no error of its change, in any geography", {
  zip <- full_zip_done()
  inputs <- year_inputs_of_zip(zip, 2016L)
  offenses <- read_zipped(zip, "offenses.csv", "estimates/<group>.csv")
  sampled <- data.table::copy(offenses)[, "standard_error" := offenses$sampling_error]
  year <- list(estimates = compared_offenses(sampled), inputs = inputs)
  found <- changes_of_years(year, year, "few_respondents")
  expect_setequal(permutations()$geography[match(found$PERMUTATION_NUMBER, permutations()$permutation)],
    c("US", "Northeast", "RI"))
  uncertain <- which(found$PERMUTATION_NUMBER == 95L & offenses$sampling_error[match(found$der_variable_name,
    offenses$cell)] > 0)
  expect_gt(length(uncertain), 3L)
  expect_equal(found$correlation[uncertain], rep(1, length(uncertain)), tolerance = 1e-6)
  expect_lt(max(found$percent_error[uncertain]), 1e-3)
})

test_that("what filled months and Return A leave open in one year has nothing to do with that of the other", {
  zip <- full_zip_done()
  offenses <- read_zipped(zip, "offenses.csv", "estimates/<group>.csv")
  year <- list(estimates = compared_offenses(offenses), inputs = year_inputs_of_zip(zip, 2016L))
  found <- changes_of_years(year, year, "few_respondents")
  row <- match(paste(found$PERMUTATION_NUMBER, found$der_variable_name),
    paste(permutation_of(offenses$geography, offenses$agency_group), offenses$cell))
  others <- offenses$months_error[row]^2 + offenses$return_a_error[row]^2
  expect_gt(max(others), 0)
  expect_equal(found$difference_error, sqrt(2 * others), tolerance = 1e-4)
  known <- which(!is.na(found$correlation))
  expect_equal(found$correlation[known], (offenses$sampling_error[row]^2 / offenses$standard_error[row]^2)[known],
    tolerance = 1e-6)
})

test_that("the report compares with the zip of the year before, by the stages", {
  logger::log_threshold("FATAL")
  report <- report_of(year_again_done())
  found <- read_stage_file(file.path(report, "changes.csv"), "report/changes.csv")
  # As if 2015 had been 2016: violent crime of the state, a total of a table and an offense by code.
  state <- found[found$PERMUTATION_NUMBER == 95L & found$der_variable_name %in% c("violent", "t_2b_1_1_14", "13A"), ]
  published <- read_zipped(file.path(year_again_done(), "estimates", "nibrs-estimates-2015.zip"), "offenses.csv",
    "estimates/<group>.csv")
  violent <- published[published$geography == "RI" & published$cell == "violent", ]
  expect_equal(state$correlation[state$der_variable_name == "violent"],
    violent$sampling_error^2 / violent$standard_error^2, tolerance = 1e-6)
  expect_true(all(state$correlation > 0 & state$correlation <= 1))
  expect_equal(state$percent, rep(0, 3))
  expect_equal(state$difference_error[state$der_variable_name == "violent"],
    sqrt(2 * (violent$months_error^2 + violent$return_a_error^2)), tolerance = 1e-4)
  expect_match(paste(readLines(file.path(report, "report.html")), collapse = " "), "<td>Rhode Island</td><td>+0.0 %",
    fixed = TRUE)
  # Without that year the file of another run does not stay, nor do workbooks that it wrote.
  expect_false(file.exists(file.path(report_of(silent_city_done()), "changes.csv")))
  expect_equal(list.files(file.path(report_of(silent_city_done()), "workbooks")), character())
  for (name in c("report.html", "README.md")) {
    expect_false(any(grepl("workbooks/", readLines(file.path(report, name)), fixed = TRUE)))
  }
})
