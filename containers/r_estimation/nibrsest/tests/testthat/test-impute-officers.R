# Two hundred agencies of four states whose officers follow their residents closely.
many_agencies <- function(n = 200L) {
  set.seed(4)
  population <- round(exp(stats::runif(n, 6, 12)))
  type <- sample(c("City", "County", "Other", "Other State Agency"), n, TRUE)
  data.table::data.table(
    ori = sprintf("XX%07d", seq_len(n)), agency_name = ifelse(startsWith(type, "Other"), "Port Authority", "Police"),
    agency_type = type, state = sample(c("AZ", "LA", "NM", "VT"), n, TRUE), population = population,
    population_group_code = ifelse(population > 50000, "3", "6"), suburban = sample(c("Y", "N"), n, TRUE),
    male_officers = round(population / 500 * stats::runif(n, 0.7, 1.3)),
    female_officers = round(population / 4000 * stats::runif(n, 0.5, 1.5))
  )
}

crimes_of <- function(agencies) {
  set.seed(5)
  y <- vapply(covariate_names, function(name) stats::rpois(nrow(agencies), agencies$population / 100), numeric(
    nrow(agencies)))
  matrix(y, nrow(agencies), dimnames = list(NULL, covariate_names))
}

test_that("an agency that does not tell takes the officers of one of nearly its size", {
  agencies <- many_agencies()
  silent <- seq(1L, 200L, 8L)
  told <- data.table::copy(agencies)
  data.table::set(told, silent, c("male_officers", "female_officers"), NA_real_)
  data.table::set(told, 3:5, "suburban", NA_character_)
  found <- impute_officers(told, crimes_of(agencies), 2016L)
  expect_equal(which(found$officers_imputed), silent)
  expect_equal(found$male_officers[-silent], agencies$male_officers[-silent])
  expect_equal(found$suburban[-(3:5)], agencies$suburban[-(3:5)])
  expect_true(all(found$suburban %in% c("Y", "N")))
  # Donors are real agencies, and near.
  expect_true(all(found$male_officers[silent] %in% agencies$male_officers[-silent]))
  expect_gt(stats::cor(found$male_officers[silent], agencies$male_officers[silent]), 0.9)
})

test_that("what is imputed depends neither on the agencies' order nor on the session's random numbers", {
  agencies <- many_agencies()
  data.table::set(agencies, seq(1L, 200L, 8L), c("male_officers", "female_officers"), NA_real_)
  crimes <- crimes_of(agencies)
  found <- impute_officers(agencies, crimes, 2016L)
  set.seed(99)
  before <- .Random.seed
  shuffled <- sample(nrow(agencies))
  expect_equal(impute_officers(agencies[shuffled, ], crimes[shuffled, ], 2016L), found[shuffled, ])
  set.seed(99)
  expect_identical(.Random.seed, before)
})

test_that("few agencies that tell give their median, none give zero, and all are left as they are", {
  few <- many_agencies(12L)
  told <- data.table::copy(few)
  data.table::set(told, 1L, c("male_officers", "female_officers"), NA_real_)
  data.table::set(told, 1L, "suburban", NA_character_)
  found <- impute_officers(told, crimes_of(few), 2016L)
  expect_equal(found$male_officers[[1]], stats::median(few$male_officers[-1]))
  expect_equal(found$suburban[[1]], "N")
  data.table::set(told, NULL, c("male_officers", "female_officers"), NA_real_)
  expect_equal(impute_officers(told, crimes_of(few), 2016L)$female_officers, rep(0, 12))
  complete <- impute_officers(few, crimes_of(few), 2016L)
  expect_equal(complete$male_officers, few$male_officers)
  expect_false(any(complete$officers_imputed))
})

test_that("classes that follow from each other do not make the chains run away", {
  agencies <- many_agencies(400L)
  data.table::set(agencies, NULL, "population_group_code", ifelse(agencies$agency_type == "City", "6", "8D"))
  truth <- agencies$male_officers + 0
  silent <- seq(1L, 400L, 8L)
  data.table::set(agencies, silent, c("male_officers", "female_officers"), NA_real_)
  found <- impute_officers(agencies, crimes_of(agencies), 2016L)
  expect_equal(sum(found$male_officers[silent]) / sum(truth[silent]), 1, tolerance = 0.2)
})

test_that("agencies of other types have a subtype by a word of their name", {
  agencies <- data.frame(
    agency_name = c("Port Authority", "Union Pacific Railroad: Kern County", "Porter", "State Park Rangers", "Police"),
    agency_type = c("Other", "Other", "Other", "Other State Agency", "City")
  )
  expect_equal(agency_subtype(agencies), c("port", "railroad", "other", "environment and parks", "none"))
})
