test_that("a county with shares, and its groups of agencies, have the totals of a regression of all respondents", {
  logger::log_threshold("FATAL")
  year <- borrowing_year()
  x <- year$world$covariates
  offenses <- offenses_of_year(year)
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
  inputs <- without_filled(inputs, offenses)
  kent <- design_of("Kent", inputs, year$kinds)
  settings <- list(year = 2023L, correction = "none")
  borrowed <- borrowed_by_codes(offenses, inputs)
  by_code <- estimate_offense_codes(kent, offenses, settings, borrowed, terms_of_codes(inputs, borrowed))
  of_cells <- borrowed_by_cells(annual, year$agencies$ori, cells, inputs)
  by_cell <- estimate_cells(kent, annual, year$agencies$ori, cells, settings, of_cells,
    terms_of_cells(nothing_filled(cells), cells, inputs, of_cells))
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
  places <- data.table::data.table(
    geography = c("US", "US", "NE", "AZ", "UT"), agency_group = c("all agencies", "tribal agencies", rep("all agencies",
      3)), agencies = c(900L, 30L, 40L, 9L, 12L), respondents = c(600L, 19L, 20L, 9L, 12L),
    basis = c("estimate", "estimate", "estimate", "counts", "estimate"),
    estimator = c("model_assisted", "model_assisted", "model_assisted", "reference", "model_assisted"),
    clipped_cells = c(0L, 3L, 0L, 0L, 0L))
  lines <- estimator_lines(assisted, places)
  expect_length(lines, 5L)
  expect_match(lines[[1]], "US, NE: model-assisted, by a regression on 6 crimes of Return A of 9,000 respondents. 3",
    fixed = TRUE)
  expect_match(lines[[2]], "^\\* 1 crime of Return A takes no part in the regression: no respondent")
  expect_match(lines[[3]], "Student's t: US tribal agencies.", fixed = TRUE)
  expect_match(lines[[4]], "AZ: the reference's way, because not all agencies are known.", fixed = TRUE)
  # Counts of agencies that are no universe are no plain sums of all.
  expect_match(lines[[5]], "All agencies respond: UT. Their", fixed = TRUE)
  # Of all crimes, many respondents, and with silent agencies everywhere there is nothing to say.
  model$rank <- 7L
  expect_length(estimator_lines(estimators_of(universe[1:2, ], "model_assisted", model), places[c(1, 3), ]), 1L)
  expect_equal(estimators_of(universe, "model_assisted", NULL)$reason, c(rep("few_with_return_a", 2), "counts"))
  expect_match(estimator_lines(estimators_of(universe, "reference", model), places)[[1]], "ESTIMATOR=reference",
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

test_that("the README says by what the error of filled months is known", {
  some <- data.table::data.table(ori = 1:60)
  expect_match(months_error_lines(some[0, ], some[0, ]), "No respondent's months .* `months_error` is 0")
  expect_match(months_error_lines(some[1, ], some[1:49, ]), "Months of 1 respondent .*Too few .*49 of the 50 .*assumed")
  expect_match(months_error_lines(some[1:2, ], some), "Months of 2 respondents .*60 complete reporters")
})

test_that("errors have the degrees of freedom of their sampling part, as far as these tell from the normal", {
  expect_equal(degrees_with_terms(c(5, 5, NA, 5, 5), c(2, 2, 2, 0, 1e-12), c(2, 4, 3, 3, 3)), c(5, 80, NA, NA, NA))
  # Of 1,000 degrees limits are those of the normal to 0.2 %.
  expect_equal(stats::qt(0.975, constant("degrees_for_normal")), stats::qnorm(0.975), tolerance = 0.002)
})

test_that("the regression on Return A is the default, and weights alone can be asked for", {
  expect_equal(read_settings(c(DATA_YEAR = "2016"))$estimator, "model_assisted")
  expect_equal(read_settings(c(DATA_YEAR = "2016", ESTIMATOR = "reference"))$estimator, "reference")
  expect_error(read_settings(c(DATA_YEAR = "2016", ESTIMATOR = "greg")), "model_assisted or reference")
})
