# A published zip of five counts of a table, a sixth of another, and two geographies, whose function is known.
fits_of_test <- data.frame(PERMUTATION_NUMBER = c(1, 1), table = c("1a", "2a"), cells = 30, lowest = 1, highest = 1e9,
  intercept = c(0, 0.3), slope = -0.5, curve = 0, r_squared = 1, ratio_10 = 1, ratio_median = 1, ratio_90 = 1)

zip_of_test <- function() {
  estimate <- c(100, 400, 900, 1600, 2500, 3600)
  tables <- data.frame(
    PERMUTATION_NUMBER = rep(c(1, 57, 58), each = 6), der_variable_name = c(paste0("t_1a_2_3_", 1:5), "t_2a_2_3_1"),
    estimate = rep(estimate, 3), standard_error = rep(c(sqrt(estimate[1:5]), exp(0.3) * 60), 3), months_error = 0,
    return_a_error = 0
  )
  files <- list(
    "tables.csv" = tables,
    "offenses.csv" = data.frame(geography = c("US", "AK"), agency_group = "all agencies", cell = "120", estimate = 10,
      standard_error = c(3, NA), months_error = c(0, NA), return_a_error = c(0, NA)),
    "generalised_variances.csv" = fits_of_test, "weights/weights.csv" = data.frame(geography = c("US", "US", "AK",
      "AZ"), ori = c("a", "b", "a", "b"))
  )
  folder <- tempfile()
  dir.create(file.path(folder, "weights"), recursive = TRUE)
  for (name in names(files)) write_csv(files[[name]], folder, name)
  zip <- file.path(folder, "nibrs-estimates-2016.zip")
  zip::zip(zip, names(files), root = folder)
  zip
}

cells <- function(...) paste0("t_1a_2_3_", c(...))

test_that("a single cell has its published error, and a sum that of the function", {
  zip <- zip_of_test()
  expect_equal(unlist(error_of_cells(zip, cells(2))[, 1:2], use.names = FALSE), c(400, 20))
  expect_equal(error_of_cells(zip, cells(2))$method, "published")
  found <- error_of_cells(zip, cells(1, 2, 3))
  # Errors of exactly the root of counts: those of a Poisson sum.
  expect_equal(c(found$estimate, found$standard_error), c(1400, sqrt(1400)))
  expect_equal(found$method, "generalised")
  expect_equal(found$upper_95, 1400 + stats::qnorm(0.975) * sqrt(1400))
})

test_that("cells twice as uncertain as the function make a sum twice as uncertain", {
  rows <- data.table::data.table(table = "1a", estimate = c(100, 900), standard_error = c(20, 60))
  fits <- data.table::as.data.table(fits_of_test)
  expect_equal(generalised_sum(rows, fits), 4 * 1000)
  # An error of 0 says nothing of how uncertain the others are.
  sure <- data.table::data.table(table = "1a", estimate = 24, standard_error = 0)
  expect_equal(generalised_sum(rbind(rows, sure), fits), 4 * 1024)
  expect_equal(generalised_sum(data.table::data.table(table = "1a", estimate = c(0, 0), standard_error = 0), fits), 0)
})

test_that("differences and ratios have the covariance that the function implies", {
  zip <- zip_of_test()
  difference <- error_of_cells(zip, cells(3), cells(1, 2))
  expect_equal(c(difference$estimate, difference$standard_error), c(400, sqrt(1400)))
  ratio <- error_of_cells(zip, cells(3), cells(1, 2), "ratio")
  expect_equal(ratio$estimate, 1.8)
  expect_equal(ratio$standard_error, sqrt(900 + 1.8^2 * 500) / 500)
  # A part of a whole: a proportion of independent Poisson counts has a binomial's error.
  share <- error_of_cells(zip, cells(3), cells(5), "ratio", part = TRUE)
  expect_equal(share$standard_error, sqrt(0.36 * 0.64 / 2500))
  # Different tables count as independent.
  apart <- error_of_cells(zip, cells(5), "t_2a_2_3_1")
  expect_equal(c(apart$estimate, apart$standard_error), c(-1100, sqrt(2500 + exp(0.6) * 3600)))
  expect_lt(apart$lower_95, -1100)
})

test_that("states are independent of each other; what shares respondents is refused", {
  zip <- zip_of_test()
  found <- error_of_cells(zip, cells(2), cells(1), geography = c("AK", "AZ"))
  expect_equal(c(found$estimate, found$standard_error), c(300, sqrt(500)))
  expect_equal(found$method, "independent")
  expect_error(error_of_cells(zip, cells(2), cells(1), geography = c("US", "AZ")), "1 respondents in common, such as b")
})

test_that("what cannot be told is refused by its name", {
  zip <- zip_of_test()
  expect_error(error_of_cells(zip, cells(7)), "no cell t_1a_2_3_7 of US, all agencies")
  expect_error(error_of_cells(zip, cells(1, 1)), "t_1a_2_3_1 is there twice")
  expect_error(error_of_cells(zip, cells(1), kind = "ratio"), "a ratio have second ones too")
  expect_error(error_of_cells(zip, cells(1), geography = "XX"), "no geography XX")
  expect_error(error_of_cells(zip, "120", geography = "AK"), "AK, all agencies has no estimates but counts")
  expect_error(error_of_cells(zip, cells(1, 2), geography = "AZ"), "table 1a has no generalised variance function")
  expect_error(error_of_cells(zip, cells(1, 2), method = "exact"), "lacks weights/counts.csv")
  expect_error(error_of_cells(tempfile(), cells(1)), "does not exist")
})

test_that("where the counts of respondents are known a combination is as exact as a cell of its own", {
  zip <- full_zip_done()
  folder <- file.path(dirname(zip))
  pipeline <- file.path(folder, "pipeline")
  reference <- read_reference(file.path(folder, "reference", "reference-2016.zip"))
  tabulated <- tabulate_offenses(read_state_records(file.path(folder, "downloads", "2016", "RI-2016.zip")))
  estimates <- estimate_offenses(weigh_year(reference, tabulated, "RI", 2016L), tabulated, "RI")
  covariance <- vcov(estimates, c("120", "13A"))
  total <- coef(estimates)[c("120", "13A")]
  published <- read_zipped(zip, "offenses.csv", "estimates/<group>.csv")
  published <- published[published$geography == "RI", ][match(c("120", "13A"), published$cell[published$geography ==
    "RI"]), ]
  expect_gt(min(published$months_error), 0)
  # What filled months leave open, as if both were wrong together.
  added <- function(a, b) {
    sum(a * published$months_error[[1]], b * published$months_error[[2]])^2 +
      sum(a * published$return_a_error[[1]], b * published$return_a_error[[2]])^2
  }
  sum_of_both <- error_of_cells(zip, c("120", "13A"), geography = "RI")
  expect_equal(c(sum_of_both$estimate, sum_of_both$standard_error^2), c(sum(total), sum(covariance) + added(1, 1)),
    tolerance = 1e-6)
  expect_equal(sum_of_both$method, "exact")
  difference <- error_of_cells(zip, "120", "13A", geography = "RI")
  expect_equal(difference$standard_error^2, sum(covariance * c(1, -1, -1, 1)) + added(1, 1), tolerance = 1e-6)
  ratio <- error_of_cells(zip, "120", "13A", "ratio", "RI")
  r <- total[[1]] / total[[2]]
  gradient <- c(1, -r) / total[[2]]
  expect_equal(ratio$standard_error^2, drop(gradient %*% covariance %*% gradient) +
    added(1 / total[[2]], r / total[[2]]), tolerance = 1e-6)
  # A single cell that is estimated anew has the error that is published.
  expect_equal(error_of_cells(zip, "13A", geography = "RI", method = "exact")$standard_error,
    error_of_cells(zip, "13A", geography = "RI")$standard_error, tolerance = 1e-6)
})
