agencies_of <- function(class, respondent) {
  data.table::data.table(ori = sprintf("A%03d", seq_along(class)), class = class, respondent = respondent)
}

test_that("a respondent stands for N/n agencies of its class", {
  made <- expansion_weights(agencies_of(c(1L, 1L, 2L, 2L, 2L, 2L), c(TRUE, TRUE, TRUE, FALSE, FALSE, TRUE)))
  expect_equal(made$weights$weight, c(1, 1, 2, 2))
  expect_equal(sum(made$weights$weight), 6)
})

test_that("a class without a respondent joins the nearest, of two the one of smaller agencies", {
  made <- expansion_weights(agencies_of(c(1L, 2L, 2L, 3L, 3L, 5L), c(TRUE, FALSE, FALSE, TRUE, TRUE, TRUE)))
  expect_equal(made$strata$stratum, c(1L, 3L, 3L, 5L))
  expect_equal(made$weights$weight, c(1, 2, 2, 1))
})

test_that("a single respondent that stands for others does not stay alone", {
  made <- expansion_weights(agencies_of(c(1L, 2L, 2L, 5L, 5L), c(TRUE, TRUE, FALSE, TRUE, TRUE)))
  expect_equal(made$strata$stratum, c(2L, 2L, 5L))
  expect_equal(made$weights$weight, c(1.5, 1.5, 1, 1))
  alone <- expansion_weights(agencies_of(c(1L, 2L, 3L), c(FALSE, TRUE, FALSE)))
  expect_equal(alone$strata$stratum, c(3L, 3L, 3L))
  expect_equal(alone$weights$weight, 3)
})

test_that("weights add up to the universe, whatever the classes and respondents", {
  set.seed(1)
  for (trial in 1:200) {
    size <- sample(1:60, 1)
    agencies <- agencies_of(sample(1:6, size, TRUE), runif(size) < runif(1))
    made <- expansion_weights(agencies)
    expected <- if (any(agencies$respondent)) size else 0
    expect_equal(sum(made$weights$weight), expected)
    expect_equal(sum(made$strata$agencies), size)
    of_stratum <- made$strata[, list(n = sum(respondents), N = sum(agencies)), by = "stratum"]
    expect_true(nrow(of_stratum) == 1L || all(of_stratum$n >= pmin(2L, of_stratum$N)))
  }
})

test_that("eligible are active, uncovered, local agencies of the states and D.C.", {
  agencies <- data.table::data.table(
    agency_status = c("A", "D", "A", "A", "A", "A", "A"), covered = c("N", "N", "Y", "N", "N", "N", "N"),
    dormant = c("N", "N", "N", "Y", "N", "N", "N"),
    agency_type = c("City", "City", "City", "City", "Federal", "City", NA),
    state = c("AZ", "AZ", "AZ", "AZ", "AZ", "PR", "DC")
  )
  expect_equal(is_eligible(agencies), c(TRUE, FALSE, FALSE, FALSE, FALSE, FALSE, TRUE))
})

test_that("population classes follow the groups; an unknown group is a class of its own", {
  expect_equal(population_class(c("1A", "4", "9C", "7", "8E", NA, "0")), c(1L, 2L, 3L, 4L, 5L, 6L, 6L))
})
