cell <- function(seed, n = 40, N = 90) {
  set.seed(seed)
  x <- cbind(total = rgamma(N, 2, 0.01), robbery = rpois(N, 8), burglary = rpois(N, 30))
  list(all = x, mine = x[seq_len(n), , drop = FALSE], d = rep(N / n, n), totals = colSums(x))
}

test_that("weighted sums are the totals and the bounds hold", {
  for (seed in 1:20) {
    made <- cell(seed)
    found <- calibrate(made$mine, made$d, made$totals, c(40 / 90, 5), tolerance = 1e-10)
    expect_true(found$converged)
    expect_equal(drop(crossprod(made$mine, made$d * found$g)), made$totals, tolerance = 1e-9)
    expect_true(all(found$g >= 40 / 90 & found$g <= 5))
  }
})

test_that("the weights are those of the survey package", {
  made <- cell(3)
  data <- data.frame(made$mine, d = made$d)
  design <- survey::svydesign(ids = ~1, weights = ~d, data = data)
  expected <- survey::calibrate(design, ~ total + robbery + burglary - 1, made$totals, calfun = "logit",
    bounds = c(0.4, 4), epsilon = 1e-12, maxit = 100)
  found <- calibrate(made$mine, made$d, made$totals, c(0.4, 4), tolerance = 1e-12)
  expect_equal(made$d * found$g, as.numeric(stats::weights(expected)), tolerance = 1e-8)
})

test_that("the weights are those of the sampling package", {
  skip_if_not_installed("sampling")
  made <- cell(4)
  expected <- sampling::gencalib(made$mine, made$mine, made$d, made$totals, method = "logit", bounds = c(0.4, 4), C = 1,
    max_iter = 500)
  found <- calibrate(made$mine, made$d, made$totals, c(0.4, 4), tolerance = 1e-12)
  # gencalib stops when the totals are met to about 1e-6.
  expect_lt(max(abs(drop(crossprod(made$mine, made$d * as.numeric(expected))) / made$totals - 1)), 1e-5)
  expect_equal(found$g, as.numeric(expected), tolerance = 5e-6)
})

test_that("covariates that depend on each other change nothing", {
  made <- cell(5)
  with_sum <- cbind(made$mine, sum = made$mine[, 2] + made$mine[, 3])
  found <- calibrate(made$mine, made$d, made$totals, c(0.4, 4), tolerance = 1e-11)
  same <- calibrate(with_sum, made$d, c(made$totals, sum(made$totals[2:3])), c(0.4, 4), tolerance = 1e-11)
  expect_true(same$converged)
  expect_equal(same$g, found$g, tolerance = 1e-8)
})

test_that("a covariate that is 0 everywhere is no obstacle, one that cannot be met is", {
  made <- cell(6)
  with_zero <- calibrate(cbind(made$mine, none = 0), made$d, c(made$totals, 0), c(0.4, 4))
  expect_true(with_zero$converged)
  impossible <- calibrate(cbind(made$mine, none = 0), made$d, c(made$totals, 7), c(0.4, 4))
  expect_false(impossible$converged)
  out_of_bounds <- calibrate(made$mine, made$d, made$totals * 9, c(0.4, 4))
  expect_false(out_of_bounds$converged)
  expect_true(all(out_of_bounds$g <= 4))
})

test_that("a total that the respondents have already leaves the weights alone", {
  x <- cbind(a = c(1, 2, 3))
  expect_equal(calibrate(x, rep(2, 3), 12, c(0.5, 3))$g, rep(1, 3))
})
