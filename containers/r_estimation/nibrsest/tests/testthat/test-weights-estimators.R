# A nation of one state of 400 agencies, of which Kent has parts; see borrowing_world().
borrowing_year <- function() {
  world <- borrowing_world(21)
  n <- nrow(world$y)
  agencies <- data.table::data.table(
    ori = sprintf("XX%07d", seq_len(n)), state = "NE", region = "Midwest", agency_type = "City",
    class = rep(1:4, length.out = n), population = 1000 + 40 * world$covariates[, "total"], respondent = world$responds,
    usable_months = 12L, male_officers = 8, female_officers = 2, national_group = 8L, super_group = 1L,
    state_stratum = 4L, msa_status = 1L
  )
  areas <- data.table::data.table(geography = "Kent", kind = "county", ori = agencies$ori[1:60],
    share = rep(c(1, 0.4), c(40, 20)))
  kinds <- rbind(geography_kinds(), list("county", "counties", NA, NA, NA, "yes"))
  scheme <- weighting_scheme("county", "county", required = "total", ladder = data.frame(upper = 10, lower_factor = 1))
  places <- geographies(agencies, areas, kinds)
  universe <- universe_status(agencies, data.table::data.table(state = "NE", kind = "simulated"), rep(TRUE, n), 2023L,
    areas = areas)
  weighed <- weigh_geographies(agencies, world$covariates, universe, places,
    c(weighting_schemes(), list(county = scheme)))
  c(weighed, list(world = world, agencies = agencies, universe = universe, geographies = places, kinds = kinds,
    areas = areas))
}

counts_of <- function(year) {
  respondents <- which(year$agencies$respondent)
  data.table::data.table(ori = rep(year$agencies$ori[respondents], 2),
    offense_code = rep(c("13A", "23F"), each = length(respondents)),
    offenses = as.vector(year$world$y[respondents, 1:2]))
}

test_that("a county with shares, and its groups of agencies, have the totals of a regression of all respondents", {
  logger::log_threshold("FATAL")
  year <- borrowing_year()
  x <- year$world$covariates
  offenses <- counts_of(year)
  cells <- table_cells()
  cells <- cells[which(cells$table %in% c("2a", "2b") & cells$characteristic %in% c(NA, "agency_type")), ]
  annual <- annual_cells(data.table::data.table(ori = offenses$ori, number = offenses$offenses,
    cell = ifelse(offenses$offense_code == "13A", "t_2a_1_1_2", "t_2b_1_1_10")), year$agencies, cells)
  # The stages' matrices have no names.
  dimnames(annual) <- NULL
  known <- estimated_places(year$geographies, year$weights, year$universe, year$agencies, x, year$kinds)
  inputs <- list(geographies = year$geographies, places = known, agencies = year$agencies, weights = year$weights,
    strata = year$strata, covariates = x,
    estimators = data.table::data.table(geography = "Kent", estimator = "model_assisted"))
  kent <- design_of("Kent", inputs, year$kinds)
  settings <- list(year = 2023L, correction = "none")
  by_code <- estimate_offense_codes(kent, offenses, settings, borrowed_by_codes(offenses, inputs))
  by_cell <- estimate_cells(kent, annual, year$agencies$ori, cells, settings,
    borrowed_by_cells(annual, year$agencies$ori, cells, inputs))
  weights <- kent$weights
  respondents <- which(year$agencies$respondent)
  crimes <- regression_crimes()
  fit <- stats::lm(year$world$y[respondents, 1] ~ 0 + x[respondents, crimes], weights = 1 / x[respondents, "total"])
  rows <- match(weights$ori, year$agencies$ori)
  weighted <- weights$weight * year$areas$share[rows]
  gap <- colSums(x[1:60, crimes] * year$areas$share) - colSums(x[rows, crimes] * weighted)
  expected <- sum(weighted * year$world$y[rows, 1]) + sum(gap * coef(fit))
  all_agencies <- by_code[which(by_code$agency_group == "all agencies"), ]
  assault <- all_agencies[all_agencies$cell == "13A", ]
  expect_equal(assault$estimate, expected, tolerance = 1e-10)
  expect_gt(assault$standard_error, 0)
  expect_equal(assault$unweighted, sum(year$world$y[rows, 1] * year$areas$share[rows]))
  cell <- by_cell[which(by_cell$cell == "t_2a_1_1_2"), ][1, ]
  expect_equal(c(cell$estimate, cell$standard_error), c(assault$estimate, assault$standard_error), tolerance = 1e-12)
  # The four classes of residents are all of Kent.
  classes <- by_code[which(by_code$cell == "13A" & grepl("residents", by_code$agency_group)), ]
  expect_equal(nrow(classes), 4L)
  expect_equal(sum(classes$estimate), assault$estimate, tolerance = 1e-10)
  expect_equal(sum(classes$standard_error^2), assault$standard_error^2, tolerance = 1e-10)
  # Groups of fewer than twenty respondents have wider intervals than the normal ones.
  few <- classes[which(classes$respondents < 20), ]
  expect_gt(nrow(few), 0L)
  expect_equal(few$upper_95 - few$estimate, few$standard_error * stats::qt(0.975, few$degrees_of_freedom))
  # Percentages of all that there is are 100.
  shares <- by_cell$percentage[!is.na(by_cell$percentage)]
  expect_true(all(shares >= 0 & shares < 100 + 1e-9))
})

test_that("Table A has all geographies, before and after the regression", {
  logger::log_threshold("FATAL")
  year <- borrowing_year()
  x <- year$world$covariates
  borrowed <- model_of_respondents(x[year$agencies$respondent, ], year$agencies, x)
  estimators <- estimators_of(year$universe, "model_assisted", borrowed$model)
  table <- tables_a(year, x, estimators, borrowed)
  expect_setequal(table$geography, c("US", "Midwest", "NE", "Kent"))
  crimes <- table[which(table$crime %in% regression_crimes()), ]
  expect_lt(max(abs(crimes$assisted_bias_ratio)), 1e-8)
  # Kent's weights know the total alone.
  expect_gt(max(abs(table$bias_ratio[table$geography == "Kent"])), 1)
  shown <- deviations_table(table)
  expect_equal(shown$Geography[[1]], "Kent")
  expect_equal(shown[["After the regression"]][[1]], "+0.0 %")
  asked <- estimators_of(year$universe, "reference", borrowed$model)
  expect_true(all(is.na(tables_a(year, x, asked, borrowed)$assisted)))
})

test_that("what a year is estimated by, and why, is said", {
  universe <- data.table::data.table(geography = c("US", "NE", "AZ"), basis = c("estimate", "estimate", "counts"))
  model <- list(respondents = 9000L, rank = 6L)
  assisted <- estimators_of(universe, "model_assisted", model)
  expect_equal(assisted$estimator, c("model_assisted", "model_assisted", "reference"))
  expect_equal(assisted$reason, c(NA, NA, "counts"))
  lines <- estimator_lines(assisted, c(0L, 3L))
  expect_match(lines[[1]], "US, NE: model-assisted, by a regression on 6 crimes of Return A of 9,000 respondents. 3",
    fixed = TRUE)
  expect_match(lines[[2]], "AZ: the reference's way, because not all agencies are known.", fixed = TRUE)
  expect_equal(estimators_of(universe, "model_assisted", NULL)$reason, c(rep("few_with_return_a", 2), "counts"))
  expect_match(estimator_lines(estimators_of(universe, "reference", model), 0L)[[1]], "ESTIMATOR=reference",
    fixed = TRUE)
})

test_that("the page describes the estimators that were used", {
  universe <- data.table::data.table(geography = c("US", "NE", "AZ"), basis = c("estimate", "estimate", "counts"))
  model <- list(respondents = 9000L, rank = 6L)
  expect_match(estimator_note(estimators_of(universe, "reference", model)), "^An estimate .* calibration estimator")
  assisted <- estimators_of(universe, "model_assisted", model)
  expect_match(estimator_note(assisted), "^An estimate .* regression on Return A")
  # Counts of some agencies are no estimates by another way.
  expect_no_match(estimator_note(assisted), "calibration")
  data.table::set(assisted, 2L, c("estimator", "reason"), list("reference", "few_with_return_a"))
  expect_match(estimator_note(assisted), "regression on Return A.*weights/estimators.csv.*calibration estimator")
})

test_that("weights alone are the default", {
  expect_equal(read_settings(c(DATA_YEAR = "2016"))$estimator, "reference")
  expect_equal(read_settings(c(DATA_YEAR = "2016", ESTIMATOR = "model_assisted"))$estimator, "model_assisted")
  expect_error(read_settings(c(DATA_YEAR = "2016", ESTIMATOR = "greg")), "reference or model_assisted")
})
