design <- data.table::data.table(
  ori = c("A", "B", "C", "D"), stratum = c("1", "1", "2", "2"), N = c(4L, 4L, 5L, 5L), n = 2L,
  weight = c(2, 2, 2.5, 2.5)
)
strata <- data.table::data.table(stratum = c("1", "2"), method = c("expansion", "calibrated"),
  covariates = c("", "total"))
covariates <- cbind(total = c(3, 8, 2, 9), murder = c(0, 1, 0, 2))
counts <- cbind(x = c(3, 5, 1, 4), y = c(0, 0, 7, 1))

test_that("a group of agencies is a domain of the design", {
  groups <- list("all agencies" = rep(TRUE, 4), "city agencies" = c(TRUE, FALSE, TRUE, FALSE))
  found <- estimate_geography(counts, design, strata, covariates, groups)
  expect_equal(found$estimate[found$agency_group == "city agencies"], c(3 * 2 + 2.5, 7 * 2.5))
  alone <- linearised_estimates(counts * c(1, 0, 1, 0), design, cbind(total = c(0, 0, 2, 9)))
  expect_equal(found$standard_error[found$agency_group == "city agencies"], alone$standard_error)
  expect_equal(found$unweighted[1:2], c(13, 8))
  expect_equal(found$agency_counts[1:2], c(4L, 2L))
})

test_that("only the covariates that a stratum was calibrated to explain its counts", {
  expect_equal(covariates_used(design, strata, covariates), cbind(total = c(0, 0, 2, 9), murder = 0))
})

test_that("the error of a stratum that is raised by its crimes is that of the ratio to them", {
  expect_equal(with_ratios(design, strata, covariates)$ratio_to, rep(NA_real_, 4))
  raised <- data.table::data.table(strata[, -"method"], method = c("ratio", "calibrated"))
  expect_equal(with_ratios(design, raised, covariates)$ratio_to, c(3, 8, NA, NA))
  groups <- list("all agencies" = rep(TRUE, 4))
  found <- estimate_geography(counts, design, raised, covariates, groups)
  # The first stratum's counts of x are 3 and 5 where 8/11 of its crimes are 24/11 and 64/11.
  first <- (1 - 2 / 4) * 2 * 4 * 2 * (3 - 24 / 11)^2
  second <- linearised_estimates(counts[3:4, ], design[3:4, ], cbind(total = c(2, 9)))$standard_error[[1]]
  expect_equal(found$standard_error[[1]], sqrt(first + second^2))
})

test_that("flags follow relative error and coverage", {
  agencies <- data.table::data.table(population = c(10, 10, 10, 70), respondent = c(TRUE, TRUE, FALSE, FALSE))
  estimates <- data.table::data.table(
    agency_group = "all agencies", cell = c("120", "13A", "23H"), estimate = c(100, 100, 0),
    sampling_error = c(31, 29, 0), months_error = 0, return_a_error = 0, unweighted = 1, agency_counts = 1L,
    degrees_of_freedom = NA_real_
  )
  groups <- list("all agencies" = rep(TRUE, 4))
  whole <- list(basis = "estimate", universe_status = "whole", residents = 100)
  found <- describe_estimates(estimates, 2016L, "US", whole, agencies, groups)
  expect_equal(found$estimate, c(100, 100, 0))
  expect_equal(found$population_coverage, rep(0.2, 3))
  expect_equal(found$upper_95[[1]], 100 + stats::qnorm(0.975) * 31)
  # Where all respond their own count is the number, whatever their weights, and it is sure.
  agencies$respondent <- TRUE
  complete <- describe_estimates(estimates, 2016L, "US", whole, agencies, groups)
  expect_equal(complete$standard_error, rep(0, 3))
  expect_equal(complete$estimate, rep(1, 3))
  expect_equal(complete$upper_95, rep(1, 3))
  # Sure but for the months that are filled.
  filled <- describe_estimates(cbind(estimates[, -"months_error"], months_error = c(3, 0, 0)), 2016L, "US", whole,
    agencies, groups)
  expect_equal(filled$standard_error, c(3, 0, 0))
  # Agencies that are no universe: counts without an error, however complete, and covering few of the real residents.
  part <- list(basis = "counts", universe_status = "reporters_only", residents = 1000)
  found <- describe_estimates(estimates, 2016L, "MN", part, agencies, groups)
  expect_true(all(is.na(found$standard_error)) && all(is.na(found$lower_95)) && all(is.na(found$upper_95)))
  expect_equal(found$population_coverage, rep(0.1, 3))
})

test_that("counts of respondents have totals of several codes first and zeros where nothing happened", {
  tabulated <- data.table::data.table(
    ori = c("A", "A", "B", "C"), month = 1:4, offense_code = c("120", "23H", "13A", "290"), offenses = c(2L, 1L, 5L, 3L)
  )
  counts <- annual_counts(tabulated, c("B", "A", "D"))
  expect_equal(colnames(counts), c("violent", "property", "120", "13A", "23H", "290"))
  expect_equal(counts[, "violent"], c(5, 2, 0))
  expect_equal(counts[, "290"], c(0, 0, 0))
})

test_that("the 108 geographies and groups are those of the method", {
  agencies <- data.table::data.table(
    state = states_of_the_union, region = unname(regions_of_states()[states_of_the_union]),
    ori = sprintf("XX%07d", 1:51), agency_type = rep(c("City", "University or College", "Tribal"), 17), class = 1L
  )
  places <- geographies(agencies)
  expect_equal(data.table::uniqueN(places$geography[places$kind %in% c("national", "region")]) *
    (1L + length(agency_groups(agencies))) + 51L + 2L, 108L)
  expect_setequal(places$geography, unique(permutations()$geography))
})
