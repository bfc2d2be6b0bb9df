# A stratified sample of agencies with covariates, calibrated by the survey package within strata.
world <- function(seed, sizes = c(30, 50, 12), n = c(12, 20, 12)) {
  set.seed(seed)
  N <- sum(sizes)
  stratum <- rep(seq_along(sizes), sizes)
  x <- cbind(a = rgamma(N, 3, 0.1), b = rpois(N, 6) + 1)
  y <- cbind(rpois(N, x[, "a"]), rpois(N, x[, "b"]), rbinom(N, 3, 0.1), 0)
  taken <- unlist(lapply(seq_along(sizes), function(h) which(stratum == h)[seq_len(n[[h]])]))
  list(
    all = x, x = x[taken, ], y = y[taken, ], stratum = stratum[taken], N = sizes[stratum[taken]],
    initial = (sizes / n)[stratum[taken]], totals = rowsum(x, stratum)
  )
}

design_of <- function(world, weight) {
  data.table::data.table(stratum = world$stratum, N = world$N, weight = weight)
}

survey_design <- function(world, weights) {
  survey::svydesign(ids = ~1, strata = ~stratum, weights = weights, fpc = ~N,
    data = data.frame(stratum = world$stratum, N = world$N, y = world$y, x = world$x))
}

crossed <- function(world) {
  strata <- sort(unique(world$stratum))
  x <- do.call(cbind, lapply(strata, function(h) world$x * (world$stratum == h)))
  colnames(x) <- paste0(rep(colnames(world$x), length(strata)), rep(strata, each = ncol(world$x)))
  x
}

test_that("without calibration totals and errors are those of the survey package", {
  made <- world(1)
  plain <- survey_design(made, ~ made$initial)
  found <- linearised_estimates(made$y, design_of(made, made$initial))
  expected <- survey::svytotal(made$y, plain)
  expect_equal(found$estimate, as.numeric(coef(expected)), tolerance = 1e-10)
  expect_equal(found$standard_error, as.numeric(survey::SE(expected)), tolerance = 1e-8)
})

test_that("with calibration totals and errors are those of the survey package", {
  for (seed in 1:5) {
    made <- world(seed)
    x <- crossed(made)
    design <- survey_design(made, ~ made$initial)
    design$variables <- cbind(design$variables, x)
    formula <- stats::as.formula(paste("~", paste(colnames(x), collapse = "+"), "- 1"))
    totals <- stats::setNames(as.numeric(t(made$totals)), colnames(x))
    calibrated <- survey::calibrate(design, formula, totals, calfun = "logit", bounds = c(0.05, 15), epsilon = 1e-12,
      maxit = 200)
    expected <- survey::svytotal(made$y, calibrated)
    found <- linearised_estimates(made$y, design_of(made, stats::weights(calibrated)), made$x)
    expect_equal(found$estimate, as.numeric(coef(expected)), tolerance = 1e-10)
    expect_equal(found$standard_error, as.numeric(survey::SE(expected)), tolerance = 1e-8)
    ratio <- survey::svyratio(~y.1, ~y.2, calibrated)
    shares <- linearised_estimates(made$y, design_of(made, stats::weights(calibrated)), made$x,
      denominator = c(1L, NA, NA, NA), denominators = made$y[, 2, drop = FALSE])
    expect_equal(shares$share[[1]], as.numeric(coef(ratio)), tolerance = 1e-10)
    expect_equal(shares$share_error[[1]], as.numeric(survey::SE(ratio)), tolerance = 1e-8)
    expect_true(all(is.na(shares$share[-1])))
  }
})

test_that("where weights are a ratio errors are those of the ratio, as in the survey package", {
  for (seed in 1:3) {
    made <- world(seed)
    # One stratum follows covariates, one a ratio, and one is complete.
    made$x[made$stratum == 2, "b"] <- 0
    x <- crossed(made)[, c("a1", "b1", "a2")]
    design <- survey_design(made, ~ made$initial)
    design$variables <- cbind(design$variables, x)
    totals <- c(a1 = made$totals[[1, "a"]], b1 = made$totals[[1, "b"]], a2 = made$totals[[2, "a"]])
    calibrated <- survey::calibrate(design, ~ a1 + b1 + a2 - 1, totals, calfun = "linear", epsilon = 1e-12,
      variance = ifelse(made$stratum == 2, made$x[, "a"], 1))
    weight <- stats::weights(calibrated)
    raised <- made$totals[[2, "a"]] / sum(made$x[made$stratum == 2, "a"])
    expect_equal(unname(weight[made$stratum == 2]), rep(raised, 20), tolerance = 1e-10)
    used <- cbind(a = ifelse(made$stratum == 1, made$x[, "a"], 0), b = made$x[, "b"] * (made$stratum == 1))
    ratio_to <- ifelse(made$stratum == 2, made$x[, "a"], NA)
    ours <- cbind(design_of(made, weight), ratio_to = ratio_to)
    expected <- survey::svytotal(made$y, calibrated)
    found <- linearised_estimates(made$y, ours, used)
    expect_equal(found$estimate, as.numeric(coef(expected)), tolerance = 1e-10)
    expect_equal(found$standard_error, as.numeric(survey::SE(expected)), tolerance = 1e-8)
    # Counts that follow the ratio nearly: the error is that of the small rest.
    nearly <- cbind(made$x[, "a"] * (made$stratum == 2) + c(1e-6, -1e-6))
    expected <- survey::svytotal(nearly, calibrated)
    expect_equal(linearised_estimates(nearly, ours, used)$standard_error, as.numeric(survey::SE(expected)),
      tolerance = 1e-6)
    # The ratio estimator by itself, of one stratum.
    alone <- which(made$stratum == 2)
    single <- survey::svydesign(ids = ~1, fpc = ~N,
      data = data.frame(N = made$N, y = made$y[, 1], x = made$x[, "a"])[alone, ])
    theirs <- stats::predict(survey::svyratio(~y, ~x, single), total = made$totals[[2, "a"]])
    mine <- linearised_estimates(made$y[alone, ], ours[alone, ])
    expect_equal(c(mine$estimate[[1]], mine$standard_error[[1]]), c(theirs$total[[1]], theirs$se[[1]]),
      tolerance = 1e-8)
    expect_gt(abs(linearised_estimates(made$y[alone, ], design_of(made, weight)[alone, ])$standard_error[[1]] /
      mine$standard_error[[1]] - 1), 0.1)
  }
})

test_that("with the correction a respondent that makes the ratio counts for more than it deviates", {
  size <- c(400, 40, 60, 80, 20, 50)
  y <- cbind(c(100, 12, 10, 25, 4, 16))
  weight <- rep(900 / sum(size), 6)
  design <- data.table::data.table(stratum = "1", N = 12L, weight = weight, ratio_to = size)
  fit <- stats::lm(y ~ 0 + size, weights = 1 / size)
  z <- weight * stats::resid(fit) / (1 - stats::hatvalues(fit))
  found <- linearised_estimates(y, design, correction = "few_respondents", size = size)
  expect_equal(found$standard_error, sqrt((1 - 6 / 12) * 6 / 5 * sum((z - mean(z))^2)), tolerance = 1e-10)
  # Of agencies without crimes there is no ratio.
  none <- linearised_estimates(y, replace(design, "ratio_to", 0))
  expect_equal(none, linearised_estimates(y, design[, 1:3]))
})

test_that("a lonely respondent adds the mean of the other strata, as in the survey package", {
  made <- world(2, sizes = c(30, 50, 8), n = c(12, 20, 1))
  before <- options(survey.lonely.psu = "average")
  on.exit(options(before))
  expected <- survey::svytotal(made$y, survey_design(made, ~ made$initial))
  found <- linearised_estimates(made$y, design_of(made, made$initial))
  expect_equal(found$standard_error, as.numeric(survey::SE(expected)), tolerance = 1e-8)
  expect_error(linearised_estimates(made$y, design_of(made, made$initial), lonely = "fail"), "single respondent")
})

test_that("a census has no error, whatever it was calibrated to", {
  made <- world(3, sizes = c(9, 7), n = c(9, 7))
  found <- linearised_estimates(made$y, design_of(made, rep(1, 16)), made$x)
  expect_equal(found$standard_error, rep(0, 4))
  expect_equal(found$estimate, colSums(made$y))
})

test_that("many cells give what each gives alone, sparse or dense", {
  made <- world(4)
  set.seed(1)
  many <- matrix(rpois(nrow(made$y) * 1203, 0.3), nrow(made$y))
  design <- design_of(made, made$initial)
  all_at_once <- linearised_estimates(Matrix::Matrix(many, sparse = TRUE), design, made$x)
  expect_equal(nrow(all_at_once), 1203L)
  for (place in c(1L, 500L, 501L, 1203L)) {
    alone <- linearised_estimates(many[, place, drop = FALSE], design, made$x)
    expect_equal(all_at_once[place, ], alone, tolerance = 1e-12)
  }
})

test_that("with the correction a stratum of few borrows its spread from all respondents by their size", {
  set.seed(8)
  size <- c(900, 40, 60, 80, 20, 50, 70, 30)
  y <- cbind(rpois(8, size * 0.3), rpois(8, size * 0.1))
  design <- data.table::data.table(stratum = rep(c("1", "2"), c(1, 7)), N = rep(c(3L, 14L), c(1, 7)),
    weight = rep(c(3, 2), c(1, 7)))
  found <- linearised_estimates(y, design, correction = "few_respondents", size = size)
  expected <- vapply(1:2, function(column) {
    fit <- stats::lm(y[, column] ~ 0 + size, weights = design$weight / size)
    spread <- sum((stats::resid(fit) / (1 - stats::hatvalues(fit)))^2) / sum(size^1.5)
    others <- y[2:8, column] * 2
    (1 - 1 / 3) * 9 * 900^1.5 * spread + (1 - 7 / 14) * 7 / 6 * sum((others - mean(others))^2)
  }, numeric(1))
  expect_equal(found$standard_error, sqrt(expected), tolerance = 1e-10)
  # As the specification has it, the large agency would be as certain as the small ones.
  expect_lt(linearised_estimates(y, design)$standard_error[[1]], found$standard_error[[1]])
  ratio <- linearised_estimates(y, design, denominator = c(2L, NA), denominators = y, correction = "few_respondents",
    size = size)
  z <- y[, 1] - ratio$share[[1]] * y[, 2]
  linear <- linearised_estimates(cbind(z), design, correction = "few_respondents", size = size)
  expect_equal(ratio$share_error[[1]], linear$standard_error / sum(y[, 2] * design$weight), tolerance = 1e-10)
})

test_that("one respondent that stands for others has no known error", {
  design <- data.table::data.table(stratum = "1", N = 3L, weight = 3)
  found <- linearised_estimates(cbind(5), design, correction = "few_respondents", size = 5)
  expect_equal(found$standard_error, NA_real_)
})

test_that("with the correction residuals are of no more covariates than half the respondents", {
  made <- world(5, sizes = 12, n = 6)
  six <- cbind(made$x, 1, seq_len(6), made$y[, 1])
  design <- design_of(made, made$initial)
  three <- linearised_estimates(made$y, design, six[, 1:3], correction = "few_respondents", size = rep(1, 6))
  found <- linearised_estimates(made$y, design, six, correction = "few_respondents", size = rep(1, 6))
  expect_equal(found, three, tolerance = 1e-10)
  expect_gt(min(found$standard_error[1:3]), 0)
})

test_that("a complete stratum of one agency counts among the others, as the survey package has it", {
  sample <- data.frame(stratum = c(1, 1, 2, 3), N = c(10, 10, 5, 1), weight = c(5, 5, 5, 1), y = c(3, 8, 2, 7))
  before <- options(survey.lonely.psu = "average")
  on.exit(options(before))
  design <- survey::svydesign(ids = ~1, strata = ~stratum, weights = ~weight, fpc = ~N, data = sample)
  found <- linearised_estimates(as.matrix(sample$y), data.table::as.data.table(sample[1:3]))
  expect_equal(found$standard_error, as.numeric(survey::SE(survey::svytotal(~y, design))), tolerance = 1e-10)
  # Ten agencies, of which two respond; the other stratum's error is the mean of this one's and of none.
  expect_equal(found$standard_error, sqrt(10^2 * (1 - 2 / 10) * var(c(3, 8)) / 2 * 1.5), tolerance = 1e-10)
})
