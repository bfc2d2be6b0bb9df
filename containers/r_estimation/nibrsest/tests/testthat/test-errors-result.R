# What a statistician asks a result for, as the survey package's results are asked.

sampled <- function(seed = 3, N = 40, n = 15) {
  set.seed(seed)
  x <- cbind(total = rgamma(N, 4, 0.05), violent = rgamma(N, 3, 0.1))
  y <- cbind(x = rpois(N, x[, 1] / 5), y = rpois(N, x[, 2] / 3), z = rpois(N, 2))
  list(x = x[seq_len(n), ], y = y[seq_len(n), ], totals = colSums(x), N = N, n = n)
}

result_of <- function(made, error = "estimated", weight = made$N / made$n, correction = "none") {
  design <- data.table::data.table(stratum = "all", N = made$N, weight = rep(weight, length.out = made$n))
  new_estimates(made$y, design, made$x, made$x[, "total"], correction, error, "Kent, all agencies")
}

test_that("totals, errors, covariances and intervals are the survey package's", {
  made <- sampled()
  frame <- data.frame(made$y, a = made$x[, 1], b = made$x[, 2], N = made$N)
  design <- survey::calibrate(survey::svydesign(~1, fpc = ~N, data = frame), ~ a + b - 1,
    c(a = made$totals[[1]], b = made$totals[[2]]))
  expected <- survey::svytotal(~ x + y + z, design)
  found <- result_of(made, weight = stats::weights(design))
  expect_equal(coef(found), coef(expected), tolerance = 1e-10)
  expect_equal(survey::SE(found), c(x = 1, y = 1, z = 1) * as.vector(survey::SE(expected)), tolerance = 1e-8)
  expect_equal(vcov(found), vcov(expected), tolerance = 1e-8, ignore_attr = TRUE)
  expect_equal(dimnames(vcov(found, c("z", "x"))), list(c("z", "x"), c("z", "x")))
  expect_equal(vcov(found, c("z", "x"))[1, 2], vcov(expected)["z", "x"], tolerance = 1e-8)
  expect_equal(confint(found), confint(expected), tolerance = 1e-8, ignore_attr = TRUE)
  expect_equal(confint(found, "y", level = 0.9), cbind("5 %" = c(y = 1), "95 %" = 1) * coef(expected)[["y"]] +
    stats::qnorm(0.95) * as.vector(survey::SE(expected))[[2]] * c(-1, 1), tolerance = 1e-8)
})

test_that("covariances are those of the correction too: a sum of cells has the variance that they give it", {
  made <- sampled(n = 4)
  found <- result_of(made, correction = "few_respondents")
  together <- made
  together$y <- cbind(sum = rowSums(made$y))
  expect_equal(sum(vcov(found)), vcov(result_of(together, correction = "few_respondents"))[[1]], tolerance = 1e-8)
})

test_that("without uncertainty errors are 0, where there is no estimate they are missing", {
  made <- sampled()
  sure <- result_of(made, "none")
  expect_equal(unname(confint(sure, "x")[1, ]), rep(coef(sure)[["x"]], 2))
  expect_equal(sum(abs(vcov(sure))), 0)
  none <- result_of(made, "unknown")
  expect_true(all(is.na(vcov(none))) && all(is.na(survey::SE(none))) && all(is.na(confint(none))))
  expect_equal(coef(none), coef(sure))
})

test_that("an interval does not reach below 0, as it is published", {
  made <- sampled()
  made$y <- cbind(rare = c(1, rep(0, made$n - 1)))
  expect_equal(confint(result_of(made))[[1]], 0)
})

test_that("a year's result is what the stages publish, and says what it is", {
  logger::log_threshold("FATAL")
  folder <- example_year()
  tabulated <- tabulate_offenses(read_state_records(file.path(folder, "downloads", "2016", "RI-2016.zip")))
  weighed <- weigh_year(read_reference(file.path(folder, "reference", "reference-2016.zip")), tabulated, "RI", 2016L)
  expect_equal(weighed$donors$ori, "RI0000003")
  found <- estimate_offenses(weighed, tabulated, "RI")
  weights <- weighed$weights[which(weighed$weights$geography == "RI"), ]
  used <- used_offenses(tabulated, weighed$months, weighed$donors)
  robberies <- vapply(weights$ori, function(ori) sum(used$offenses[used$ori == ori & used$offense_code == "120"]), 0)
  expect_equal(coef(found)[["120"]], sum(robberies * weights$weight))
  expect_equal(coef(found)[["violent"]], sum(coef(found)[c("120", "13A")]))
  said <- utils::capture.output(print(found))
  expect_equal(said[[1]], "RI, all agencies: 12 of 16 agencies respond; estimates")
  expect_match(said[[2]], "total +SE")
  groups <- lapply(c("25,000 to 99,999 residents", "10,000 to 24,999 residents", "under 10,000 residents"),
    function(group) coef(estimate_offenses(weighed, tabulated, "RI", group)))
  expect_equal(Reduce(`+`, groups), coef(found))
  expect_error(estimate_offenses(weighed, tabulated, "Kent"), "it has to be one of US, Northeast, RI")
  expect_error(estimate_offenses(weighed, tabulated, "RI", "100,000 residents and over"), "no agency responds")
  expect_error(confint(found, "09A"), "parm is \"09A\"")
  expect_error(vcov(found, "09A"), "cells is \"09A\"; it has to be one of")
  data.table::set(weighed$universe, NULL, "basis", "counts")
  counted <- estimate_offenses(weighed, tabulated, "RI")
  expect_match(utils::capture.output(print(counted))[[1]], "counts of those that reported, no estimates")
  expect_true(all(is.na(survey::SE(counted))))
})
