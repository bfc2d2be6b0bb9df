nation <- function(seed = 1, n = 400, share = 0.7, state = "XX") {
  set.seed(seed)
  code <- sample(c("1C", "2", "3", "4", "5", "6", "7", "9A", "9B", "9C", "8B", "8C", "8D"), n, TRUE,
    prob = c(1, 2, 3, 5, 8, 12, 12, 2, 4, 3, 3, 4, 4))
  population <- ifelse(runif(n) < 0.08, 0, round(exp(rnorm(n, 9, 1))))
  known <- data.table::fread(system.file("extdata", "weighting_groups.csv", package = "nibrsest"))
  at <- match(paste(code, ifelse(population > 0, "some", "none")), paste(known$population_group_code, known$residents))
  level <- (population + 2000) / 1e4 * rgamma(n, 8, 8)
  crimes <- vapply(c(murder = 0.4, rape = 3, aggravated_assault = 20, burglary = 25, robbery = 6, larceny = 120,
    vehicle_theft = 25), function(rate) as.numeric(rpois(n, rate * level)), numeric(n))
  violent <- rowSums(crimes[, c("murder", "rape", "aggravated_assault", "robbery")])
  property <- rowSums(crimes[, c("burglary", "larceny", "vehicle_theft")])
  list(
    agencies = data.table::data.table(ori = sprintf("XX%07d", seq_len(n)), state = state,
      respondent = runif(n) < share, population = population, national_group = known$national_group[at],
      super_group = known$super_group[at], state_stratum = known$state_stratum[at]),
    covariates = cbind(total = violent + property, violent = violent, property = property, crimes)
  )
}

test_that("weighted crimes of the respondents are those of the universe, in every stratum and covariate", {
  for (scheme in c("national", "region", "state")) {
    made <- nation()
    found <- weights_of(made$agencies, made$covariates, weighting_schemes()[[scheme]])
    at <- match(found$weights$ori, made$agencies$ori)
    for (row in which(found$strata$method == "calibrated")) {
      set <- strsplit(found$strata$covariates[[row]], " ")[[1]]
      joined <- strsplit(found$strata$joined[[row]], " ")[[1]]
      group <- if (scheme == "state") made$agencies$state_stratum else made$agencies$national_group
      universe <- colSums(made$covariates[as.character(group) %in% joined, set, drop = FALSE])
      mine <- found$weights$stratum == found$strata$stratum[[row]]
      weighted <- colSums(made$covariates[at[mine], set, drop = FALSE] * found$weights$weight[mine])
      expect_equal(weighted, universe, tolerance = 1e-5)
    }
    expect_true(any(found$strata$method == "calibrated"))
    expect_true(all(found$weights$weight >= 0.9 - 1e-9))
    expect_equal(sum(found$strata$N), nrow(made$agencies))
    expect_equal(sort(found$weights$ori), sort(made$agencies$ori[made$agencies$respondent]))
  }
})

test_that("where all respond all weights are 1", {
  made <- nation(share = 2)
  for (scheme in c("national", "region", "state", "expansion")) {
    found <- weights_of(made$agencies, made$covariates, weighting_schemes()[[scheme]])
    expect_equal(found$weights$weight, rep(1, nrow(made$agencies)))
    expect_equal(unique(found$strata$method), "complete")
  }
})

test_that("a group without respondents, and one that cannot be calibrated, join others; nothing gets lost", {
  made <- nation()
  made$agencies$respondent[made$agencies$national_group == 5L] <- FALSE
  few <- which(made$agencies$national_group == 14L)
  made$agencies$respondent[few] <- seq_along(few) == 1L
  found <- weights_of(made$agencies, made$covariates, weighting_schemes()$national)
  expect_false("5" %in% found$strata$stratum)
  expect_true(any(grepl("\\b5\\b", found$strata$joined)))
  expect_false(all(found$attempts$converged))
  expect_equal(sum(found$strata$N), nrow(made$agencies))
})

test_that("without Return A weights are N/n of the strata", {
  made <- nation()
  made$covariates[] <- 0
  found <- weights_of(made$agencies, made$covariates, weighting_schemes()$state)
  expect_true(all(found$strata$method %in% c("expansion", "complete")))
  expect_equal(found$weights$weight, found$weights$N / found$weights$n)
})

test_that("an agency with much of a state's crime represents itself if it responds", {
  made <- nation(n = 300)
  made$covariates[1, ] <- made$covariates[1, ] + 60 * mean(made$covariates[, "total"])
  made$agencies$respondent[[1]] <- TRUE
  found <- weights_of(made$agencies, made$covariates, weighting_schemes()$state)
  expect_equal(found$weights$stratum[[1]], "self-representing")
  expect_equal(found$weights$weight[[1]], 1)
  made$agencies$respondent[[1]] <- FALSE
  found <- weights_of(made$agencies, made$covariates, weighting_schemes()$state)
  expect_false("self-representing" %in% found$strata$stratum)
})

test_that("strata of particular states are joined as the table says", {
  made <- nation(state = "FL")
  found <- weights_of(made$agencies, made$covariates, weighting_schemes()$state)
  expect_equal(found$strata$stratum, "4")
})

test_that("when nothing converges a state's weights are the ratio of crimes", {
  made <- nation(n = 60)
  made$agencies$state_stratum <- 4L
  crimes <- made$covariates[, "total"]
  # The two with the fewest crimes: no weight within the bounds reaches the total.
  made$agencies$respondent <- rank(ifelse(crimes > 0, crimes, Inf), ties.method = "first") <= 2
  found <- weights_of(made$agencies, made$covariates, weighting_schemes()$state)
  expect_equal(found$strata$method, "ratio")
  expect_equal(sum(crimes[match(found$weights$ori, made$agencies$ori)] * found$weights$weight), sum(crimes))
})

test_that("without respondents there is nothing, and the tables have their columns", {
  made <- nation(share = -1)
  found <- weights_of(made$agencies, made$covariates, weighting_schemes()$national)
  expect_equal(nrow(found$weights), 0L)
  expect_named(found$strata, c("stratum", "N", "n", "method", "covariates", "joined"))
})

test_that("a scheme for counties is a line of data", {
  folder <- tempfile()
  dir.create(folder)
  for (name in c("weighting_schemes.csv", "calibration_ladder.csv", "combined_covariates.csv",
    "state_strata_joined.csv")) {
    file.copy(system.file("extdata", name, package = "nibrsest"), folder)
  }
  cat("county,county,super_group,,,0.95,,,total,violent property,narrow\n", file = file.path(folder,
    "weighting_schemes.csv"), append = TRUE)
  cat("narrow,4,1\nnarrow,6,0.95\n", file = file.path(folder, "calibration_ladder.csv"), append = TRUE)
  schemes <- weighting_schemes(folder)
  expect_equal(scheme_of("county", schemes)$name, "county")
  expect_equal(schemes$county$covariates, list(c("total", "violent", "property"), c("total", "violent"),
    c("total", "property"), "total"))
  made <- nation()
  found <- weights_of(made$agencies, made$covariates, schemes$county)
  expect_setequal(unlist(strsplit(found$strata$joined, " ")), as.character(unique(made$agencies$super_group)))
  expect_true("calibrated" %in% found$strata$method)
  expect_setequal(unique(found$attempts$upper), c(4, 6))
  for (row in which(found$strata$method == "calibrated")) {
    inside <- made$agencies$super_group %in% strsplit(found$strata$joined[[row]], " ")[[1]]
    mine <- which(found$weights$stratum == found$strata$stratum[[row]])
    crimes <- made$covariates[match(found$weights$ori[mine], made$agencies$ori), "total"]
    expect_equal(sum(crimes * found$weights$weight[mine]), sum(made$covariates[inside, "total"]), tolerance = 1e-5)
  }
})

test_that("a scheme that cannot be meant is refused with what is wrong and what to do", {
  rungs <- data.frame(upper = 10, lower_factor = 1)
  expect_error(weighting_scheme("county", "county", required = "thefts", ladder = rungs), "one of total, violent")
  expect_error(weighting_scheme("county", "county", required = "total"), "needs bounds to try")
  expect_error(weighting_scheme("county", "county", required = "total", ladder = data.frame(upper = 1,
    lower_factor = 1)), "upper has to be above 1")
  expect_error(weighting_scheme("county", "county", self_representing = 0.5), "self_representing is 0.5")
  expect_error(scheme_of("county", weighting_schemes()), "0 weighting schemes serve geographies of the kind")
  made <- nation(n = 20)
  expect_error(weights_of(made$agencies, made$covariates, "state"), "record of weighting_scheme()", fixed = TRUE)
  expect_error(weights_of(made$agencies, made$covariates, weighting_scheme("x", "x", grouping = "area")),
    "column area, which the agencies lack")
})

test_that("a scheme says what it is", {
  said <- utils::capture.output(print(weighting_schemes()$state))
  expect_equal(said[[1]], "Weighting scheme state")
  expect_match(paste(said, collapse = "\n"),
    "12 groups of 7 states.*30 times the mean.*127 smaller sets.*ratio of crimes")
  expect_match(paste(utils::capture.output(print(weighting_schemes()$expansion)), collapse = " "),
    "all agencies are one.*agencies over respondents")
})

test_that("where no agency has any crime nobody represents itself", {
  agencies <- data.frame(state = "DE", area = c("a", "b"), respondent = TRUE)
  none <- matrix(0, nrow = 2L, ncol = 1L, dimnames = list(NULL, "total"))
  for (limit in c(Inf, 50)) {
    scheme <- weighting_scheme("x", "x", grouping = "area", self_representing = limit)
    expect_equal(initial_groups(agencies, none, scheme),
      c("a", "b"))
  }
})
