tables <- published_tables()
cells <- tables$cells
wanted <- c("t_2a_1_1_17", "t_2a_4_11_17", "t_2a_4_12_17", "t_2a_4_12_5", "t_1a_13_62_1")
place <- function(kind = "national", coverage = 0.5, over = FALSE, number = 1L, basis = "estimate") {
  data.table::data.table(
    permutation = number, kind = kind, description = "Somewhere", weight_name = "NationalWgt", agencies = 10L,
    respondents = 5L, population = 2e5, population_of_respondents = 1e5, coverage = coverage, tribal_coverage = 0.9,
    state_police_coverage = 0.9, other_coverage = 0.9, missing_over_10_percent = over, basis = basis
  )
}
rows_of <- function(estimate, error, number = 1L, bias = NULL) {
  with_bias(data.table::data.table(
    permutation = number, cell = wanted, estimate = estimate, standard_error = error, percentage = c(NA, 40, 60, 0, 1),
    percentage_error = c(NA, 2, 2, 0, 1), unweighted = 5, unweighted_percentage = c(NA, 50, 50, 0, 1),
    agency_counts = 3L, degrees_of_freedom = NA_real_
  ), bias, cells)
}

test_that("a cell is flagged by its relative error, or as zero where too few are covered", {
  flag <- function(rows, place) release_flags(rows, place, cells)$flag
  rows <- rows_of(c(100, 100, 0, 0, 0), c(31, 29, 0, 0, 0))
  expect_equal(flag(rows, place()), c(1L, 0L, 1L, NA, 0L))
  # Agencies of the tribes decide about their row, whatever share of the residents is covered.
  expect_equal(flag(rows, place(coverage = 0.79))[[5]], 0L)
  expect_equal(flag(rows, place(coverage = 0.81)), c(0L, 0L, 0L, NA, 0L))
})

test_that("where one silent agency has a tenth of the residents nothing is released, but in the nation", {
  rows <- rows_of(c(100, 100, 100, 0, 100), rep(1, 5))
  expect_equal(release_flags(rows, place("national", over = TRUE), cells)$flag, c(0L, 0L, 0L, NA, 0L))
  expect_equal(release_flags(rows, place("region", over = TRUE), cells)$flag, c(1L, 1L, 1L, NA, 1L))
  expect_equal(release_flags(rows, place("university", over = TRUE), cells)$flag, c(0L, 0L, 0L, NA, 0L))
})

test_that("the first rule that holds decides", {
  rows <- rows_of(rep(100, 5), rep(1, 5))
  flag <- function(...) release_flags(rows, place(...), cells)$flag[[1]]
  cases <- data.frame(
    kind = c("state", "state", "state", "national group", "region", "university", "tribal", "national"),
    coverage = c(0.85, 0.85, 0.5, 0.85, 0.85, 0.85, 0.85, 0.85),
    over = c(TRUE, FALSE, TRUE, TRUE, TRUE, TRUE, TRUE, TRUE), released = c(1L, 0L, 1L, 1L, 1L, 0L, 0L, 0L)
  )
  found <- Map(flag, cases$kind, cases$coverage, cases$over)
  expect_equal(unlist(found, use.names = FALSE), cases$released)
})

test_that("offenses are released as the tables of their geography are", {
  key <- cells[which(cells$row == 1L & cells$table %in% c("2a", "2b")), ]
  rows <- with_bias(data.table::data.table(permutation = 60L, cell = key$cell, estimate = 100, standard_error = 50,
    percentage = NA_real_, percentage_error = NA_real_), NULL, cells)
  offenses <- data.table::data.table(geography = described_permutations(60L)$geography, agency_group = "all agencies",
    cell = c("violent", "property", "120", "35A"), estimate = 100, standard_error = c(1, 1, 1, 50))
  flag <- function(offenses, ...) {
    known <- cbind(place("state", number = 60L, ...), offenses[1, c("geography", "agency_group")])
    offense_release(offenses, places_released_by(rows, known, cells))$flag
  }
  expect_equal(flag(offenses), c(0L, 0L, 1L, 1L))
  expect_equal(flag(offenses, over = TRUE), rep(1L, 4))
  expect_equal(flag(offenses, coverage = 0.81), rep(0L, 4))
  expect_equal(flag(offenses, coverage = 0.81, over = TRUE), rep(1L, 4))
  expect_equal(flag(offenses, basis = "counts"), rep(1L, 4))
  data.table::set(offenses, 1L, "standard_error", 50)
  expect_equal(flag(offenses), rep(1L, 4))
})

test_that("a place whose totals are mostly flagged is withheld, but a state keeps violent and property crime", {
  key <- cells[which(cells$row == 1L & cells$table %in% c("2a", "2b")), ]
  rows <- data.table::data.table(
    permutation = 60L, cell = key$cell, estimate = 100, standard_error = 50, rmse = 50, percentage = NA_real_,
    percentage_error = NA_real_, percentage_rmse = NA_real_
  )
  data.table::set(rows, which(rows$cell %in% c("t_2a_1_1_17", "t_2b_1_1_14")), c("standard_error", "rmse"), 1)
  found <- release_flags(rows, place("state", number = 60L), cells)
  expect_true(all(found$withheld_place))
  expect_equal(rows$cell[found$flag == 0L], c("t_2a_1_1_17", "t_2b_1_1_14"))
  data.table::set(rows, which(rows$cell == "t_2b_1_1_14"), c("standard_error", "rmse"), 50)
  expect_equal(unique(release_flags(rows, place("state", number = 60L), cells)$flag), 1L)
  expect_equal(sum(release_flags(rows, place("national", number = 60L), cells)$flag == 0L), 1L)
})

test_that("what is no estimate is never released, and published without errors or limits", {
  rows <- rows_of(c(100, 100, 100, 0, 100), NA)
  data.table::set(rows, NULL, "percentage_error", NA_real_)
  for (basis in c("counts", "residents")) {
    for (kind in c("national", "national group", "region", "state", "university", "tribal")) {
      covered <- place(kind, coverage = 1, basis = basis)
      flags <- release_flags(rows, covered, cells)
      expect_equal(flags$flag, c(1L, 1L, 1L, NA, 1L), info = paste(basis, kind))
      expect_equal(unique(flags$flag_percentage), c(1L, NA), info = paste(basis, kind))
      expect_false(any(flags$released_place), info = paste(basis, kind))
      found <- published_rows(rows, flags, covered, tables, 2023L)
      errors <- c("estimate_standard_error", "estimate_upper_bound", "estimate_lower_bound", "relative_standard_error")
      expect_equal(unique(unlist(found[, errors, with = FALSE])), -9)
      expect_equal(unique(found$basis), basis)
    }
  }
})

test_that("it is told why a figure is for release or not", {
  reason <- function(rows, place) release_reasons(rows, release_flags(rows, place, cells), place, cells)
  rows <- rows_of(c(100, 100, 0, 0, 0), c(31, 29, 0, 0, 0))
  expect_equal(reason(rows, place())$count, c("relative standard error above 30 %",
    "relative standard error at most 30 %", "a zero, or without error, where fewer than 80 % are covered", NA,
    "a zero where at least 80 % are covered"))
  expect_equal(reason(rows, place())$percentage[1:2], c(NA, "relative standard error at most 30 %"))
  covered <- reason(rows, place(coverage = 0.81))$count
  expect_equal(unique(stats::na.omit(covered)), "more than 80 % of residents covered")
  rows <- rows_of(c(100, 100, 100, 0, 100), c(NA, 1, 1, 0, 1))
  expect_equal(reason(rows, place())$count[[1]], "no standard error is known")
  expect_equal(unique(stats::na.omit(reason(rows, place("region", over = TRUE))$count)),
    "a silent agency has more than a tenth of the residents")
  # Every flag has a reason, and nothing without a meaning has one.
  flags <- release_flags(rows, place("state", over = TRUE), cells)
  expect_equal(is.na(reason(rows, place("state", over = TRUE))$count), is.na(flags$flag))
})

test_that("rows are published with the reference's columns in its order", {
  rows <- rows_of(c(100, 40, 60, 0, 0), c(10, 5, 5, 0, 0))[1:4, ]
  flags <- release_flags(rows, place(), cells)
  found <- published_rows(rows, flags, place(), tables, 2024L)
  expect_equal(names(found)[1:6], c("indicator_name", "estimate", "estimate_unweighted", "estimate_geographic_location",
    "estimate_type", "estimate_type_num"))
  expect_equal(utils::tail(names(found), 5), c("PROP_ELIG_ORIS_NONZERO_COUNT", "CORRELATION_WITH_PRIOR_YEAR",
    "estimate_copula", "bias_method", "basis"))
  expect_equal(names(found), names(file_columns("report/indicator_tables.csv")))
  earlier <- published_rows(rows, flags, place(), tables, 2023L)
  expect_equal(setdiff(names(found), names(earlier)), c("PROP_ELIG_ORIS_NONZERO_COUNT", "CORRELATION_WITH_PRIOR_YEAR"))
  rate <- found[which(found$estimate_type == "rate"), ]
  expect_equal(rate$der_variable_name, "t_2a_1_2_17")
  expect_equal(c(rate$estimate, rate$estimate_standard_error, rate$estimate_unweighted), c(50, 5, 5))
  share <- found[which(found$der_variable_name == "t_2a_4_12_17" & found$estimate_type == "percentage"), ]
  expect_equal(c(share$estimate, share$estimate_standard_error), c(60, 2))
  expect_equal(share$estimate_type_detail_percentage, "rows 11, 12")
  expect_equal(c(share$estimate_domain_1, share$estimate_domain_2), c("Injury", "Yes"))
  nothing <- found[which(found$der_variable_name == "t_2a_4_12_5"), ]
  expect_equal(unique(nothing$estimate), -9)
  expect_equal(unique(nothing$suppression_flag_indicator), -9)
  count <- found[which(found$der_variable_name == "t_2a_1_1_17"), ]
  expect_equal(count$estimate_upper_bound, 100 + stats::qnorm(0.975) * 10)
  # 3 of 10 agencies have any: the step from 0.204 to 0.344.
  expect_equal(c(count$PROP_ELIG_ORIS_NONZERO_COUNT, count$CORRELATION_WITH_PRIOR_YEAR), c(0.3, 0.692))
})

test_that("legacy rape has no row, and names are the published ones", {
  names <- tables$labels
  expect_true(all(is.na(names$indicator[cells$table == "2a" & cells$column %in% 10:12])))
  expect_equal(unique(names$indicator[cells$table == "2a" & cells$column == 16]), "Rape")
  expect_equal(unique(names$indicator[cells$table == "2a" & cells$column == 13]), "Criminal Sexual Contact")
})

test_that("totals and percentages of tables are those of the survey package", {
  testthat::skip_if_not_installed("survey")
  set.seed(5)
  n <- 60L
  agencies <- data.table::data.table(ori = sprintf("A%02d", seq_len(n)), class = 1L, agency_type = "City",
    msa_status = 1L)
  asked <- c("t_2a_1_1_17", "t_2a_2_3_17", "t_2a_2_4_17", "t_2a_3_5_17", "t_2a_3_6_17")
  used <- data.table::CJ(ori = agencies$ori, cell = asked)
  data.table::set(used, NULL, "number", stats::rpois(nrow(used), 3))
  y <- annual_cells(used, agencies, cells)
  stratum <- rep(c("1", "2"), n / 2)
  x <- cbind(total = stats::rpois(n, 20) + 1, robbery = stats::rpois(n, 4))
  design <- data.table::data.table(stratum = stratum, N = 100L, n = 30L, weight = 100 / 30)
  frame <- data.frame(as.matrix(y[, asked]), x, stratum = stratum, fpc = 100L)
  plain <- survey::svydesign(~1, strata = ~stratum, fpc = ~fpc, data = frame)
  by_stratum <- rowsum(x, stratum) * 1.1 * 100 / 30
  calibrated <- survey::calibrate(plain, ~ 0 + stratum:total + stratum:robbery, as.vector(by_stratum),
    calfun = "logit", bounds = c(0.3, 3), epsilon = 1e-12)
  data.table::set(design, NULL, "weight", 1 / calibrated$prob)
  strata <- data.table::data.table(stratum = c("1", "2"), method = "calibrated", covariates = "total robbery")
  found <- estimate_tables(y, design, strata, x, list("all agencies" = rep(TRUE, n)), cells)
  ours <- found[match(asked, found$cell), ]
  theirs <- survey::svytotal(stats::reformulate(asked), calibrated)
  expect_equal(ours$estimate, unname(stats::coef(theirs)), tolerance = 1e-8)
  expect_equal(ours$standard_error, unname(survey::SE(theirs)), tolerance = 1e-8)
  share <- survey::svyratio(~t_2a_2_4_17, ~ I(t_2a_2_3_17 + t_2a_2_4_17), calibrated)
  expect_equal(ours$percentage[[3]], 100 * unname(stats::coef(share)), tolerance = 1e-8)
  expect_equal(ours$percentage_error[[3]], 100 * as.vector(survey::SE(share)), tolerance = 1e-8)
  type <- survey::svyratio(~t_2a_3_6_17, ~t_2a_2_4_17, calibrated)
  expect_equal(ours$percentage_error[[5]], 100 * as.vector(survey::SE(type)), tolerance = 1e-8)
})
