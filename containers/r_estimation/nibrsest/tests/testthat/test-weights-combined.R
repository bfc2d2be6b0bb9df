# A geography of which one group has robbery and aggravated assault combined: many agencies, so that both ways converge.
cities <- function(seed = 4) {
  set.seed(seed)
  n <- 120
  level <- rgamma(n, 8, 8)
  crimes <- vapply(c(murder = 2, rape = 6, aggravated_assault = 40, burglary = 40, robbery = 15, larceny = 200,
    vehicle_theft = 30), function(rate) as.numeric(rpois(n, rate * level)), numeric(n))
  # Manslaughter is in the total and no covariate itself; without it the total would tell the two apart again.
  violent <- rowSums(crimes[, c("murder", "rape", "aggravated_assault", "robbery")]) + rpois(n, 20 * level)
  property <- rowSums(crimes[, c("burglary", "larceny", "vehicle_theft")])
  list(
    agencies = data.table::data.table(ori = sprintf("XX%07d", seq_len(n)), state = "XX", respondent = runif(n) < 0.8,
      population = 3e5, national_group = rep(c(1L, 8L), each = n / 2), super_group = 1L),
    covariates = cbind(total = violent + property, violent = violent, property = property, crimes)
  )
}

test_that("before 2023 the largest cities are calibrated to aggravated assaults and k robberies as one", {
  made <- cities()
  earlier <- weights_of(made$agencies, made$covariates, weighting_schemes(year = 2022)$national)
  later <- weights_of(made$agencies, made$covariates, weighting_schemes(year = 2023)$national)
  expect_equal(earlier$strata$method, c("calibrated", "calibrated"))
  large <- which(made$agencies$national_group == 1L)
  k <- sum(made$covariates[large, "aggravated_assault"]) / sum(made$covariates[large, "robbery"])
  both <- made$covariates[, "aggravated_assault"] + k * made$covariates[, "robbery"]
  respondents <- large[made$agencies$respondent[large]]
  weight <- function(found) found$weights$weight[match(made$agencies$ori[respondents], found$weights$ori)]
  expect_equal(sum(weight(earlier) * both[respondents]), sum(both[large]), tolerance = 1e-6)
  robbery <- made$covariates[, "robbery"]
  expect_equal(sum(weight(later) * robbery[respondents]), sum(robbery[large]), tolerance = 1e-6)
  expect_gt(abs(sum(weight(earlier) * robbery[respondents]) / sum(robbery[large]) - 1), 1e-4)
  # The solution is that of survey::calibrate with the combined covariate in place of the two.
  set <- c("total", "murder", "rape", "burglary", "larceny", "vehicle_theft")
  x <- cbind(made$covariates[respondents, set], both = both[respondents])
  frame <- as.data.frame(x)
  initial <- nrow(made$agencies) / sum(made$agencies$respondent)
  design <- survey::svydesign(~1, weights = rep(initial, nrow(frame)), data = frame)
  rung <- earlier$attempts[earlier$attempts$stratum == "1" & earlier$attempts$converged, ]
  rung <- rung[nrow(rung), ]
  totals <- c(colSums(made$covariates[large, set]), both = sum(both[large]))
  theirs <- survey::calibrate(design, stats::reformulate(c(names(totals), "-1")), totals, calfun = "logit",
    bounds = c(rung$lower, rung$upper), epsilon = 1e-10, maxit = 200)
  expect_equal(weight(earlier), as.vector(stats::weights(theirs)), tolerance = 1e-4)
})

test_that("other groups, states and errors know of it", {
  made <- cities()
  found <- weights_of(made$agencies, made$covariates, weighting_schemes(year = 2022)$national)
  expect_match(found$strata$covariates[[1]], "^total murder rape aggravated_assault[+][0-9.]+[*]robbery burglary")
  expect_match(found$strata$covariates[[2]], "aggravated_assault burglary robbery larceny", fixed = TRUE)
  expect_equal(nrow(weighting_schemes(year = 2022)$state$combined), 0L)
  at <- match(found$weights$ori, made$agencies$ori)
  used <- covariates_used(found$weights, found$strata, made$covariates[at, ])
  term <- strsplit(found$strata$covariates[[1]], " ")[[1]][[4]]
  k <- as.numeric(sub(".*[+](.*)[*].*", "\\1", term))
  large <- found$weights$stratum == "1"
  expect_equal(colnames(used)[6:7], c("aggravated_assault", term))
  expect_equal(unname(used[large, term]), unname(made$covariates[at[large], "aggravated_assault"] +
    k * made$covariates[at[large], "robbery"]))
  expect_true(all(used[!large, term] == 0) && all(used[large, c("robbery", "aggravated_assault", "violent")] == 0))
  expect_equal(used[!large, "robbery"], made$covariates[at[!large], "robbery"])
})

test_that("a group without robberies has a k all the same, and a set that lacks one of the two stays as it is", {
  rule <- data.frame(group = "1", covariate = "aggravated_assault", added = "robbery")
  set <- c("total", "aggravated_assault", "robbery")
  expect_equal(combined_terms(set, rule, "1", c(total = 9, aggravated_assault = 9, robbery = 0)),
    c("total", "aggravated_assault+1*robbery"))
  expect_equal(combined_terms(set, rule, "1", c(total = 9, aggravated_assault = 9, robbery = 2)),
    c("total", "aggravated_assault+4.5*robbery"))
  expect_equal(combined_terms(set[-3], rule, "1", c(total = 9, aggravated_assault = 9)), set[-3])
  expect_equal(combined_terms(set, rule, "2", c(total = 9, aggravated_assault = 9, robbery = 2)), set)
  expect_equal(combined_terms(set, NULL, "1", c(total = 9, aggravated_assault = 9, robbery = 2)), set)
})
