return_a_world <- function(n = 3000, seed = 1) {
  set.seed(seed)
  year <- cbind(a = rpois(n, exp(rnorm(n, 4, 1))), b = rpois(n, 20))
  before <- cbind(a = rpois(n, year[, 1] * 1), b = rpois(n, 20))
  months <- sample(4:11, n, TRUE)
  kept <- matrix(rbinom(2 * n, year, months / 12), n)
  source <- data.table::data.table(srs_year = rep(2023L, n), srs_months = 12L, donor = NA_character_)
  list(year = year, earlier = list(covariates = before, source = source), source = source,
    masked = list(kept = kept, missed = year - kept, months = months), group = rep(1:2, length.out = n))
}

model_of_world <- function(world, coefficients = rbind(c(1, 0), c(0.5, 2))) {
  return_a_model(coefficients, world$year, world$source, world$earlier, world$masked, world$group, 2023L)
}

silent_of <- function(world, rows, ...) {
  n <- length(rows)
  silent <- list(covariates = world$year[rows, ], srs_year = rep(2023L, n), srs_months = rep(12L, n),
    drawn = rep(FALSE, n), group = world$group[rows], share = rep(1, n))
  utils::modifyList(silent, list(...))
}

test_that("Return A of the whole year of an agency itself adds nothing", {
  world <- return_a_world()
  expect_equal(return_a_variance(model_of_world(world), silent_of(world, 1:50), 2023L), c(0, 0))
})

test_that("what was brought to twelve months is as far off as draws of months are", {
  world <- return_a_world()
  model <- model_of_world(world)
  coefficients <- model$coefficients
  rows <- 1:200
  months <- rep(c(5L, 9L), 100)
  off <- vapply(1:400, function(draw) {
    raised <- matrix(rbinom(400, world$year[rows, ], months / 12), 200) * 12 / months
    colSums((raised - world$year[rows, ]) %*% t(coefficients))
  }, numeric(2))
  found <- return_a_variance(model, silent_of(world, rows, srs_months = months), 2023L)
  expect_equal(found, apply(off, 1, stats::var), tolerance = 0.3)
})

test_that("an earlier year is as far off as it was from this one", {
  world <- return_a_world()
  found <- return_a_variance(model_of_world(world), silent_of(world, 1:3000, srs_year = rep(2022L, 3000)), 2023L)
  off <- (world$earlier$covariates - world$year) %*% t(model_of_world(world)$coefficients)
  # The terms are fitted by weights one over the mean: sums agree.
  expect_equal(found, colSums(off^2), tolerance = 0.01)
})

test_that("that an agency had none of a crime last year does not say that it has none now", {
  set.seed(4)
  n <- 6000
  rate <- 0.4 * rgamma(n, 1, 1)
  world <- return_a_world(n)
  world$year[, "b"] <- rpois(n, rate)
  world$earlier$covariates[, "b"] <- rpois(n, rate)
  model <- model_of_world(world, rbind(c(0, 1)))
  none <- which(world$earlier$covariates[, "b"] == 0)
  silent <- silent_of(world, none, srs_year = rep(2022L, length(none)))
  silent$covariates <- world$earlier$covariates[none, ]
  expect_equal(return_a_variance(model, silent, 2023L), sum(world$year[none, "b"]^2), tolerance = 0.35)
})

test_that("Return A drawn from a group is off by two of its agencies", {
  world <- return_a_world()
  model <- model_of_world(world)
  rows <- c(1L, 3L, 5L, 2L)
  share <- c(1, 1, 0.5, 1)
  found <- return_a_variance(model, silent_of(world, rows, drawn = rep(TRUE, 4), srs_months = rep(NA_integer_, 4),
    srs_year = rep(NA_integer_, 4), share = share), 2023L)
  predicted <- world$year %*% t(model$coefficients)
  of_group <- function(group) 2 * apply(predicted[world$group == group, ], 2, stats::var)
  expect_equal(found, (1 + 1 + 0.25) * of_group(1) + of_group(2), tolerance = 1e-10)
  # A group without full reporters has nothing to tell.
  expect_equal(return_a_variance(model, silent_of(world, 1, drawn = TRUE, group = 9L), 2023L), c(0, 0))
})

test_that("of shares the linearised coefficients count, and too few reporters say nothing", {
  world <- return_a_world()
  model <- model_of_world(world)
  silent <- silent_of(world, 1:20, drawn = rep(TRUE, 20))
  half <- 0.5 * model$coefficients[2, , drop = FALSE]
  expect_equal(return_a_variance(model, silent, 2023L, 2L, half),
    0.25 * return_a_variance(model, silent, 2023L)[[2]])
  few <- lapply(world$masked, function(part) if (is.matrix(part)) part[1:10, ] else part[1:10])
  none <- return_a_model(model$coefficients, world$year, world$source, world$earlier, few, world$group, 2023L)
  expect_null(none$lines$partial)
  expect_equal(return_a_variance(none, silent_of(world, 1:5, srs_months = rep(6L, 5)), 2023L), c(0, 0))
})
