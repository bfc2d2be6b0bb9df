panel <- function(n = 30, size = 60, seed = 5) {
  set.seed(seed)
  x <- stats::rpois(2 * n, 40) + 5
  before <- stats::rpois(2 * n, x / 2)
  data.table::data.table(ori = sprintf("XX%07d", seq_len(2 * n)), stratum = rep(c("1", "2"), each = n), N = size,
    n = n, x = x, before = before, now = stats::rpois(2 * n, before * 0.8 + x / 10))
}

part_of <- function(frame, column, used = NULL, weights = frame$N / frame$n, universe = frame) {
  weighted <- cbind(frame[, c("ori", "stratum", "N", "n")], weight = weights, ratio_to = frame$ratio_to)
  list(contributions = stratum_contributions(cbind(cell = frame[[column]]), weighted, used, "none"), ori = frame$ori,
    stratum = frame$stratum, N = frame$N, n = frame$n, universe = universe[, c("ori", "stratum")])
}

# All agencies of both strata, with those that never respond.
whole <- function(frame) {
  rest <- frame$N[[1]] - sum(frame$stratum == "1")
  rbind(frame[, c("ori", "stratum")], data.table::data.table(ori = sprintf("YY%07d", seq_len(2 * rest)),
    stratum = rep(c("1", "2"), each = rest)))
}

test_that("the covariance of two years is that of survey's combined design, calibrated or not", {
  frame <- panel()
  design <- survey::svydesign(ids = ~ori, strata = ~stratum, fpc = ~N, data = as.data.frame(frame))
  plain <- survey::svytotal(~ before + now, design)
  found <- stratum_covariance(part_of(frame, "before", universe = whole(frame)),
    part_of(frame, "now", universe = whole(frame)))
  expect_equal(found, vcov(plain)[1, 2], tolerance = 1e-8)
  theirs <- survey::svycontrast(plain, c(before = -1, now = 1))
  variances <- diag(vcov(plain))
  expect_equal(sqrt(sum(variances) - 2 * found), as.vector(survey::SE(theirs)), tolerance = 1e-8)
  calibrated <- survey::calibrate(design, ~ stratum:x - 1, c("stratum1:x" = 2800, "stratum2:x" = 2600))
  theirs <- survey::svytotal(~ before + now, calibrated)
  weights <- stats::weights(calibrated)
  used <- as.matrix(frame[, "x"])
  found <- stratum_covariance(part_of(frame, "before", used, weights, whole(frame)),
    part_of(frame, "now", used, weights, whole(frame)))
  expect_equal(found, vcov(theirs)[1, 2], tolerance = 1e-8)
  # Raised by a ratio: residuals are those of the ratio.
  raised <- survey::calibrate(design, ~ stratum:x - 1, c("stratum1:x" = 2800, "stratum2:x" = 2600),
    variance = frame$x)
  theirs <- survey::svytotal(~ before + now, raised)
  frame$ratio_to <- frame$x
  found <- stratum_covariance(part_of(frame, "before", NULL, stats::weights(raised), whole(frame)),
    part_of(frame, "now", NULL, stats::weights(raised), whole(frame)))
  expect_equal(found, vcov(theirs)[1, 2], tolerance = 1e-8)
})

test_that("of samples that share a part the covariance is what many draws have; of independent ones there is none", {
  set.seed(8)
  size <- 120
  before <- stats::rgamma(size, 3, 0.1)
  now <- 0.7 * before + stats::rgamma(size, 3, 0.3)
  universe <- data.table::data.table(ori = as.character(seq_len(size)), stratum = "all")
  year <- function(sample, values) {
    frame <- data.table::data.table(ori = as.character(sample), stratum = "all", N = size, n = length(sample),
      value = values[sample])
    part_of(frame, "value", universe = universe)
  }
  overlapping <- function() {
    first <- sample(size, 50)
    list(first = first, second = c(sample(first, 35), sample(setdiff(seq_len(size), first), 10)))
  }
  # What is to be found takes many draws, which are quick; covariances vary less, and take longer.
  estimates <- replicate(10000, {
    drawn <- overlapping()
    size * c(mean(before[drawn$first]), mean(now[drawn$second]))
  })
  empirical <- stats::cov(estimates[1, ], estimates[2, ])
  draws <- replicate(400, {
    drawn <- overlapping()
    first <- year(drawn$first, before)
    c(stratum_covariance(first, year(drawn$second, now)), stratum_covariance(first, year(sample(size, 45), now)))
  })
  expect_equal(mean(draws[1, ]), empirical, tolerance = 0.1)
  expect_lt(abs(mean(draws[2, ])), 0.05 * empirical)
})

test_that("agencies that change their stratum count with those that make the same step", {
  frame <- panel()
  later <- data.table::copy(frame)
  moved <- c(1:5, 31:32)
  data.table::set(later, moved, "stratum", rev(later$stratum)[moved])
  universe <- whole(frame)
  after <- data.table::copy(universe)
  data.table::set(after, moved, "stratum", later$stratum[moved])
  one <- part_of(frame, "before", universe = universe)
  other <- part_of(later, "now", universe = after)
  by_hand <- 0
  for (pair in list(c("1", "1"), c("1", "2"), c("2", "1"), c("2", "2"))) {
    shared <- which(frame$stratum == pair[[1]] & later$stratum == pair[[2]])
    members <- sum(universe$stratum == pair[[1]] & after$stratum == pair[[2]])
    by_hand <- by_hand + (length(shared) - 0.25 * members) *
      stats::cov(one$contributions[shared, 1], other$contributions[shared, 1])
  }
  expect_equal(stratum_covariance(one, other), by_hand)
  # Nobody in common, or a single agency: nothing is known.
  none <- other
  none$ori <- paste0("Z", none$ori)
  expect_equal(stratum_covariance(one, none), 0)
})

test_that("strata of few respondents, whose error is borrowed, contribute nothing", {
  weighted <- data.table::data.table(ori = letters[1:7], stratum = rep(c("few", "many"), c(2, 5)),
    N = rep(c(4, 9), c(2, 5)), n = rep(c(2, 5), c(2, 5)), weight = 2)
  found <- stratum_contributions(cbind(1:7), weighted, NULL, "few_respondents")
  expect_equal(found[, 1], c(0, 0, 2 * (3:7)))
})

# Two years of agencies whose residuals persist; the same Return A in both.
persistent <- function(size, correlation) {
  spread <- sqrt(size)
  first <- stats::rnorm(length(size))
  list(spread * first, spread * (correlation * first + sqrt(1 - correlation^2) * stats::rnorm(length(size))))
}

assisted_world <- function() {
  set.seed(21)
  names <- c("murder", "rape", "aggravated_assault", "burglary", "robbery", "larceny", "vehicle_theft")
  size <- exp(stats::rnorm(500, 5.5, 0.8))
  parts <- matrix(stats::rpois(500 * 7, outer(size, c(1, 3, 20, 20, 10, 40, 10) / 104)), 500,
    dimnames = list(NULL, names))
  list(covariates = cbind(total = rowSums(parts), violent = 0, property = 0, parts), total = rowSums(parts),
    responds = list(1:380, c(21:400)), ori = as.character(1:500), place = c(1:60, 361:460))
}

# counts: A column per cell. Cells share nothing, not even slopes of variances: each is as it would be alone.
assisted_year <- function(world, which, counts) {
  counts <- as.matrix(counts)
  responds <- world$responds[[which]]
  model <- borrowed_model(Matrix::Matrix(counts[responds, , drop = FALSE], sparse = TRUE), world$covariates[responds, ],
    pool = as.character(seq_len(ncol(counts))))
  inside <- intersect(world$place, responds)
  silent <- setdiff(world$place, responds)
  weight <- length(world$place) / length(inside)
  estimate <- model_assisted_estimates(model, match(inside, responds), rep(weight, length(inside)),
    rep(1, length(inside)), colSums(world$covariates[world$place, ]),
    data.frame(size = world$total[silent], share = rep(1, length(silent))))
  list(model = model, error = estimate$estimate - colSums(counts[world$place, , drop = FALSE]),
    variance = estimate$standard_error^2,
    respondents = data.table::data.table(ori = world$ori[inside], row = match(inside, responds), factor = weight - 1),
    silent = data.table::data.table(ori = world$ori[silent], size = world$total[silent], share = 1))
}

test_that("model-assisted estimates of two years go together as many draws of persistent residuals have it", {
  world <- assisted_world()
  shared <- intersect(world$responds[[1]], world$responds[[2]])
  rows <- lapply(world$responds, function(responds) match(shared, responds))
  # Each draw is a cell.
  residuals <- replicate(400, persistent(world$total, 0.7))
  years <- lapply(1:2, function(year) assisted_year(world, year, 0.3 * world$total + simplify2array(residuals[year, ])))
  correlation <- residual_correlation(years[[1]]$model, years[[2]]$model, rows[[1]], rows[[2]])
  covariance <- assisted_covariance(years[[1]], years[[2]], correlation)
  expect_length(covariance, 400L)
  expect_equal(mean(correlation), 0.7, tolerance = 0.03)
  expect_equal(mean(covariance), stats::cov(years[[1]]$error, years[[2]]$error), tolerance = 0.2)
  # The error of the difference is that of the differences, far from what independence has.
  change <- stats::var(years[[2]]$error - years[[1]]$error)
  variances <- years[[1]]$variance + years[[2]]$variance
  expect_equal(mean(variances - 2 * covariance), change, tolerance = 0.15)
  expect_gt(mean(variances), 1.5 * change)
})

test_that("each kind of agency adds its own part", {
  world <- assisted_world()
  residuals <- persistent(world$total, 0.5)
  years <- lapply(1:2, function(year) assisted_year(world, year, 0.3 * world$total + residuals[[year]]))
  one <- years[[1]]
  other <- years[[2]]
  spread <- function(year, ori) spread_of(year$model, world$total[as.integer(ori)])[1, ]
  e <- function(year, rows) residuals_of(year$model, rows)[1, ]
  factor_of <- function(year, ori) year$respondents$factor[match(ori, year$respondents$ori)]
  both <- intersect(one$respondents$ori, other$respondents$ori)
  known <- sum(factor_of(one, both) * factor_of(other, both) *
    e(one, one$respondents$row[match(both, one$respondents$ori)]) *
    e(other, other$respondents$row[match(both, other$respondents$ori)]) *
    sqrt(one$model$inflation[one$respondents$row[match(both, one$respondents$ori)]] *
      other$model$inflation[other$respondents$row[match(both, other$respondents$ori)]]))
  silent <- intersect(one$silent$ori, other$silent$ori)
  stopped <- intersect(one$respondents$ori, other$silent$ori)
  began <- intersect(one$silent$ori, other$respondents$ori)
  product <- function(ori) spread(one, ori) * spread(other, ori)
  expected <- known + 0.5 * (sum(product(silent)) - sum(factor_of(one, stopped) * product(stopped)) -
    sum(factor_of(other, began) * product(began)))
  expect_equal(assisted_covariance(one, other, 0.5), expected)
  expect_gt(min(length(both), length(silent), length(stopped), length(began)), 10)
})

test_that("a year that repeats itself has its variance as covariance", {
  world <- assisted_world()
  year <- assisted_year(world, 1, 0.3 * world$total + persistent(world$total, 0)[[1]])
  rows <- seq_along(world$responds[[1]])
  correlation <- residual_correlation(year$model, year$model, rows, rows)
  expect_equal(correlation, 1)
  expect_equal(assisted_covariance(year, year, correlation), year$variance)
})
