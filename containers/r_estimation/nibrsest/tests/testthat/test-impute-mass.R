mass_world <- function(n = 240, seed = 6) {
  set.seed(seed)
  population <- round(exp(stats::rnorm(n, 9)))
  total <- stats::rpois(n, population / 40)
  violent <- stats::rbinom(n, total, 0.15)
  list(agencies = data.frame(respondent = stats::runif(n) < 0.65, population = population, group = rep(1:2, n / 2)),
    covariates = cbind(total = total, violent = violent, property = total - violent))
}

test_that("estimates and errors are those of a loop over agencies", {
  world <- mass_world()
  agencies <- world$agencies
  total <- world$covariates[, "total"]
  respondents <- which(agencies$respondent)
  y <- cbind(a = stats::rpois(length(respondents), total[respondents] / 5), b = seq_along(respondents))
  domain <- agencies$population > 6000
  place <- scale(cbind(log(agencies$population + 1), log(total + 1), log((world$covariates[, "violent"] + 1) /
    (world$covariates[, "property"] + 1))), center = FALSE, scale = FALSE)
  place <- sweep(place, 2, apply(place, 2, stats::sd), "/")
  neighbours_of <- function(agency) {
    pool <- setdiff(respondents[agencies$group[respondents] == agencies$group[[agency]]], agency)
    pool[order(colSums((t(place[pool, ]) - place[agency, ])^2))[1:4]]
  }
  scaled <- function(agency) {
    near <- neighbours_of(agency)
    times <- pmin(pmax((total[[agency]] + 1) / (total[near] + 1), 0.2), 5)
    list(near = near, times = times, values = times * y[match(near, respondents), 1])
  }
  taken <- numeric(nrow(agencies))
  estimate <- sum(y[domain[respondents], 1])
  variance <- 0
  for (agency in which(!agencies$respondent & domain)) {
    found <- scaled(agency)
    estimate <- estimate + mean(found$values)
    variance <- variance + stats::var(found$values)
    taken[found$near] <- taken[found$near] + found$times / 4
  }
  for (agency in which(taken > 0)) {
    residual <- y[match(agency, respondents), 1] - mean(scaled(agency)$values)
    variance <- variance + taken[[agency]]^2 * 4 / 5 * residual^2
  }
  found <- mass_imputation(y, agencies, world$covariates, list(large = domain), 4L)
  expect_equal(found$estimate[[1]], estimate)
  expect_equal(found$standard_error[[1]], sqrt(unname(variance)))
})

test_that("what follows Return A exactly is found exactly, and where all respond nothing is imputed", {
  world <- mass_world()
  counts <- (world$covariates[, "total"] + 1) / 2
  everyone <- list(all = rep(TRUE, 240))
  found <- mass_imputation(cbind(a = counts[world$agencies$respondent]), world$agencies, world$covariates, everyone, 2L)
  expect_equal(found$estimate, sum(counts), tolerance = 0.01)
  expect_lt(found$standard_error, 0.01 * found$estimate)
  world$agencies$respondent <- TRUE
  found <- mass_imputation(cbind(a = counts), world$agencies, world$covariates, everyone)
  expect_equal(unlist(found[, c("estimate", "standard_error")], use.names = FALSE), c(sum(counts), 0))
})

test_that("a group with too few respondents takes all; too few at all are refused", {
  world <- mass_world()
  world$agencies$respondent[world$agencies$group == 2L] <- FALSE
  y <- cbind(a = world$covariates[world$agencies$respondent, "total"])
  found <- mass_imputation(y, world$agencies, world$covariates, list(two = world$agencies$group == 2L))
  expect_equal(found$estimate, sum(world$covariates[world$agencies$group == 2L, "total"]), tolerance = 0.05)
  world$agencies$respondent <- seq_len(240) <= 5L
  expect_error(mass_imputation(cbind(a = 1:5), world$agencies, world$covariates, list()), "5 agencies respond")
})

test_that("its intervals hold the truth about as often as they say", {
  world <- mass_world(600, 9)
  total <- world$covariates[, "total"]
  # Forty draws of who responds, with ten cells each: who is near whom takes most of the time, and is found once.
  held <- vapply(1:40, function(draw) {
    set.seed(draw)
    counts <- matrix(stats::rnbinom(6000, mu = total / 6, size = 4), 600, dimnames = list(NULL, letters[1:10]))
    agencies <- world$agencies
    agencies$respondent <- stats::runif(600) < 0.65
    found <- mass_imputation(counts[agencies$respondent, ], agencies, world$covariates, list(all = rep(TRUE, 600)))
    abs(found$estimate - colSums(counts)) < stats::qnorm(0.975) * found$standard_error
  }, logical(10))
  expect_gt(mean(held), 0.9)
  expect_lt(mean(held), 0.995)
})
