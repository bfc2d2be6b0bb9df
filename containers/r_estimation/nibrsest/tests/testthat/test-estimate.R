design_of <- function(stratum, N) {
  n <- stats::ave(stratum, stratum, FUN = length)
  data.table::data.table(stratum = stratum, N = N, n = n, weight = N / n)
}

test_that("totals and standard errors are those of the textbook", {
  y <- c(3, 5, 10, 0, 7, 2, 2)
  design <- design_of(c(1, 1, 1, 2, 2, 2, 2), c(5, 5, 5, 40, 40, 40, 40))
  found <- estimate_totals(cbind(a = y, b = 2 * y), design)
  total <- 5 * mean(y[1:3]) + 40 * mean(y[4:7])
  # Cochran (1977), theorem 5.5: the sum over strata of N (N - n) s^2 / n.
  error <- sqrt(5 * 2 * var(y[1:3]) / 3 + 40 * 36 * var(y[4:7]) / 4)
  expect_equal(found$estimate, c(total, 2 * total), tolerance = 1e-12)
  expect_equal(found$standard_error, c(error, 2 * error), tolerance = 1e-12)
})

test_that("a census has no sampling error", {
  found <- estimate_totals(cbind(a = c(1, 4, 9)), design_of(c(1, 1, 2), c(2, 2, 1)))
  expect_equal(found$estimate, 14)
  expect_equal(found$standard_error, 0)
})

test_that("a single respondent that stands for all others has no standard error", {
  alone <- estimate_totals(cbind(a = 4, b = 0), design_of(1, 3))
  expect_equal(alone$estimate, c(12, 0))
  expect_equal(alone$standard_error, c(NA_real_, NA_real_))
  expect_equal(estimate_totals(cbind(a = 4), design_of(1, 1))$standard_error, 0)
  expect_error(estimate_totals(cbind(a = c(1, 5, 4)), design_of(c(1, 1, 2), c(6, 6, 3))), "one PSU")
})

test_that("a cell that is zero everywhere is estimated as zero without error", {
  found <- estimate_totals(cbind(a = c(0, 0)), design_of(c(1, 1), c(9, 9)))
  expect_equal(found$estimate, 0)
  expect_equal(found$standard_error, 0)
})

test_that("counts of respondents have totals of several codes first and zeros where nothing happened", {
  tabulated <- data.table::data.table(
    ori = c("A", "A", "B", "C"), month = 1:4, offense_code = c("120", "23H", "13A", "290"), offenses = c(2L, 1L, 5L, 3L)
  )
  counts <- annual_counts(tabulated, c("B", "A", "D"))
  expect_equal(colnames(counts), c("violent", "property", "120", "13A", "23H", "290"))
  expect_equal(counts[, "violent"], c(5, 2, 0))
  expect_equal(counts[, "property"], c(0, 1, 0))
  expect_equal(counts[, "290"], c(0, 0, 0))
})
