cells <- table_cells()
# Weapons of aggravated assault: no, yes, and what they are a part of.
wanted <- c("t_2a_1_1_2", "t_2a_2_3_2", "t_2a_2_4_2")
estimates <- data.table::data.table(
  permutation = 1L, cell = wanted, estimate = c(100, 60, 40), standard_error = c(3, 3, 0),
  percentage = c(NA, 60, 40), percentage_error = c(NA, 2, 2), unweighted = c(50, 20, 30)
)
found_of <- function(imputed, tables = estimates) {
  relative_bias(tables, matrix(imputed, 1, dimnames = list(NULL, wanted)), 1L)
}

test_that("the relative bias is that of the estimate against all that was reported and drawn", {
  found <- found_of(c(46, 36, NA))
  expect_equal(found$full_count, c(96, 56, NA))
  expect_equal(found$percent_relative_bias, c(4, 100 * 4 / 60, NA))
  nothing <- data.table::copy(estimates)
  data.table::set(nothing, 1L, "estimate", 0)
  expect_identical(found_of(c(46, 36, 10), nothing)$percent_relative_bias[[1]], NA_real_)
})

test_that("root mean squared errors are of error and bias, and of the error where no bias is known", {
  found <- with_bias(estimates, found_of(c(46, 36, 10)), cells)
  expect_equal(found$bias, c(4, 4, 0))
  expect_equal(found$rmse, c(5, 5, 0))
  # Of what is drawn 56 of 96 are without a weapon.
  expect_equal(found$percentage_bias, c(NA, 60 - 100 * 56 / 96, 40 - 100 * 40 / 96))
  expect_equal(found$percentage_rmse[[2]], sqrt(2^2 + (60 - 100 * 56 / 96)^2))
  unsought <- with_bias(estimates, NULL, cells)
  expect_identical(unsought$rmse, estimates$standard_error)
  expect_true(all(is.na(unsought$bias)))
  expect_identical(with_bias(estimates, found_of(c(46, NA, 10)), cells)$rmse[[2]], 3)
  counted <- data.table::copy(estimates)
  data.table::set(counted, NULL, "standard_error", NA_real_)
  expect_true(all(is.na(with_bias(counted, found_of(c(46, 36, 10)), cells)$bias)))
  # Where nobody is silent nothing is drawn.
  complete <- data.table::copy(estimates)
  data.table::set(complete, NULL, c("unweighted", "standard_error"), list(complete$estimate, 0))
  expect_identical(with_bias(complete, found_of(c(0, 0, 0), complete), cells)$rmse, c(0, 0, 0))
})

test_that("an agency's share belongs to each geography and group that it is in", {
  agencies <- data.table::data.table(ori = c("a", "b", "c"), respondent = c(TRUE, FALSE, FALSE), population = 10,
    class = 4L, agency_type = c("City", "County", "City"), msa_status = 1L, male_officers = 1, female_officers = 1)
  covariates <- matrix(1, 3, length(covariate_names), dimnames = list(NULL, covariate_names))
  geographies <- data.table::data.table(geography = c("US", "US", "US", "AZ", "AZ"),
    kind = c("national", "national", "national", "state", "state"), ori = c("a", "b", "c", "c", "a"),
    share = c(1, 1, 1, 0.25, 1))
  places <- data.table::data.table(geography = c("US", "US", "AZ"),
    agency_group = c("all agencies", "city agencies", "all agencies"))
  found <- as.matrix(membership_of(places, geographies, agencies, covariates))
  expect_equal(unname(found), rbind(c(1, 1, 1), c(1, 0, 1), c(1, 0, 0.25)))
})

test_that("the README says whether the bias is sought, and how it was drawn", {
  expect_match(bias_lines("none", NULL), "is not sought (`bias_method` is `none`)", fixed = TRUE)
  diagnostics <- data.table::data.table(way = c("full", "alone_population", "failed"), subset = "shares",
    stratum = 1:3, donors_from = "own", variables = c(97L, 2L, 1L), correlation_moved = c(0.1, 0.25, NA))
  told <- bias_lines("copula", diagnostics)
  expect_match(told[[1]], "`bias_method` is `copula`", fixed = TRUE)
  expect_match(told[[2]], "Of 100 variables that were drawn, 3.0 % .* and 1 could not be drawn; .* by 0.25 at most")
  expect_length(told, 2L)
  data.table::set(diagnostics, 1:2, c("way", "donors_from"), list("constant", c("own", "joined")))
  expect_match(bias_lines("copula", diagnostics)[3:4], "^. 99 variables are the same in|In 1 of 3 groups of agencies")
  expect_length(bias_lines("copula", diagnostics), 4L)
  data.table::set(diagnostics, 1:2, c("way", "donors_from"), list("full", "own"))
  data.table::set(diagnostics, NULL, "subset", "residents")
  expect_match(bias_lines("copula", diagnostics)[[3]], "has no shares of residents")
  expect_match(bias_lines("copula_return_a", diagnostics)[[1]], "by residents, their shares and Return A")
  expect_match(bias_lines("copula", diagnostics[0L, ]), "No agency is silent")
  expect_match(bias_note("none"), "not sought")
  expect_match(bias_note("copula"), "bias_method = copula")
})
