estimates_of <- function(estimate, error = 0, flag = 0L, cell = c("a", "b")) {
  data.table::data.table(cell = cell, label = toupper(cell), estimate = estimate, standard_error = error, flag = flag)
}

test_that("a change has the error of a ratio of independent estimates", {
  found <- changes_against(estimates_of(c(110, 50), c(3, 0)), estimates_of(c(50, 100), c(0, 4), cell = c("b", "a")))
  expect_equal(found$percent, c(10, 0))
  expect_equal(found$upper - found$percent, c(stats::qnorm(0.975) * 110 * sqrt((3 / 110)^2 + (4 / 100)^2), 0))
  expect_equal(found$previous, c(100, 50))
  # The same error by drawing both years.
  set.seed(3)
  drawn <- stats::sd(100 * stats::rnorm(2e5, 110, 3) / stats::rnorm(2e5, 100, 4))
  expect_equal((found$upper - found$lower)[[1]] / (2 * stats::qnorm(0.975)), drawn, tolerance = 0.01)
})

test_that("what was not there before has no change, and a flag of either year stays", {
  found <- changes_against(estimates_of(c(5, 0)), estimates_of(c(0, 5)))
  expect_equal(nrow(found), 0L)
  expect_match(change_plot(found, "x"), "Nothing was estimated in both years")
  expect_equal(changes_against(estimates_of(c(5, 6), flag = 0:1), estimates_of(c(5, 6), flag = 1:0))$flag, c(1L, 1L))
})

test_that("nothing falls by more than all of it", {
  found <- changes_against(estimates_of(c(60, 50), c(60, 1)), estimates_of(c(100, 50), c(40, 1)))
  expect_equal(found$lower[[1]], -100)
  expect_gt(found$upper[[1]], 0)
  plot <- change_plot(found, "x")
  expect_false(grepl(">-1[0-9]+[1-9] %<|>-[2-9][0-9][0-9] %<", plot))
  expect_match(plot, "-40.0 %", fixed = TRUE)
})

test_that("without a zip of the year before there is no section", {
  expect_null(read_previous("", 2015L))
  expect_null(read_previous(tempfile(), 2015L))
  expect_equal(changes_section(estimates_of(c(1, 2)), NULL, 2016L), "")
})

test_that("the section says which year is compared with, and every change once in figures", {
  section <- paste(changes_section(estimates_of(c(110, 50), 1), estimates_of(c(100, 50), 1), 2016L), collapse = "\n")
  expect_match(section, "Changes since 2015", fixed = TRUE)
  expect_match(section, "<td>+10.0 %</td>", fixed = TRUE)
  expect_match(section, "<th scope=\"col\">2015</th><th scope=\"col\">2016</th>", fixed = TRUE)
})

test_that("the nation's estimates are read from the zip of the year before", {
  root <- tempfile()
  zip_of(file.path(root, "estimates", "nibrs-estimates-2015.zip"), list("tables.csv" = data.frame(
    PERMUTATION_NUMBER = c(1, 12), der_variable_name = "a", estimate = 5:6, standard_error = 1:2, suppression_flag = 0
  )))
  expect_equal(as.list(read_previous(root, 2015L)), list(cell = "a", estimate = 5, standard_error = 1, flag = 0L))
  expect_null(read_previous(root, 2014L))
})
