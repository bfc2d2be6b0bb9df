# Counts whose relative errors follow a curve, with a spread of some per cent.
counts_of_table <- function(n = 60, noise = 0.05, permutation = 1L, seed = 2) {
  set.seed(seed)
  estimate <- exp(seq(2, 9, length.out = n))
  direct <- exp(0.4 - 0.5 * log(estimate) + 0.01 * log(estimate)^2 + stats::rnorm(n, 0, noise))
  data.table::data.table(permutation = permutation, cell = paste0("c", seq_len(n)), estimate = estimate,
    standard_error = estimate * direct, agency_counts = 9L)
}

test_that("a curve that is there is found, and its fit said", {
  rows <- counts_of_table(noise = 0)
  found <- generalised_variances(rows, rep("1a", nrow(rows)))
  expect_equal(unlist(found[, c("intercept", "slope", "curve")], use.names = FALSE), c(0.4, -0.5, 0.01))
  expect_equal(unlist(found[, c("r_squared", "ratio_10", "ratio_median", "ratio_90")], use.names = FALSE), rep(1, 4))
  rows <- counts_of_table(noise = 0.2)
  found <- generalised_variances(rows, rep("1a", nrow(rows)))
  theirs <- stats::lm(log(standard_error / estimate) ~ log(estimate) + I(log(estimate)^2), rows)
  expect_equal(unlist(found[, c("intercept", "slope", "curve")], use.names = FALSE), unname(stats::coef(theirs)))
  expect_equal(found$r_squared, summary(theirs)$r.squared)
  ratio <- exp(stats::fitted(theirs)) / (rows$standard_error / rows$estimate)
  expect_equal(c(found$ratio_10, found$ratio_median, found$ratio_90),
    unname(stats::quantile(ratio, c(0.1, 0.5, 0.9))))
  expect_equal(c(found$cells, found$lowest, found$highest), c(60, range(rows$estimate)))
})

test_that("a few counts that Return A tells exactly do not bend the curve", {
  rows <- counts_of_table(noise = 0.05)
  sure <- data.table::copy(rows)
  data.table::set(sure, c(10L, 50L), "standard_error", sure$standard_error[c(10, 50)] / 1000)
  found <- generalised_variances(sure, rep("1a", nrow(sure)))
  rest <- generalised_variances(rows[-c(10, 50), ], rep("1a", nrow(rows) - 2L))
  same <- c("intercept", "slope", "curve", "r_squared")
  expect_equal(found[, same, with = FALSE], rest[, same, with = FALSE])
  expect_equal(found$cells, 60L)
})

test_that("each geography and table has its own, where there are enough counts that differ", {
  rows <- rbind(counts_of_table(), counts_of_table(permutation = 56L, seed = 3),
    counts_of_table(permutation = 57L)[1:19])
  tables <- c(rep(c("1a", "2a"), 30), rep("1a", 60), rep("1a", 19))
  found <- generalised_variances(rows, tables)
  expect_equal(paste(found$permutation, found$table), c("1 1a", "1 2a", "56 1a"))
  # Zeros, counts without an error, counts of few agencies and doubles are no counts.
  without <- data.table::copy(rows[1:24, ])
  data.table::set(without, 1:5, "agency_counts", 4L)
  expect_equal(nrow(generalised_variances(without, rep("1a", 24))), 0L)
  data.table::set(without, 1:5, "agency_counts", 9L)
  expect_equal(generalised_variances(without, rep("1a", 24))$cells, 24L)
  data.table::set(without, 1:2, "standard_error", 0)
  data.table::set(without, 3:5, "standard_error", NA_real_)
  expect_equal(nrow(generalised_variances(without, rep("1a", 24))), 0L)
  expect_equal(generalised_variances(rbind(rows[1:20], rows[1:20]), rep("1a", 40))$cells, 20L)
  alike <- data.table::copy(rows[1:24, ])
  data.table::set(alike, NULL, "estimate", 7)
  expect_equal(nrow(generalised_variances(alike, rep("1a", 24))), 0L)
})

test_that("beyond the counts that it was fitted to a function keeps its value", {
  rows <- counts_of_table()
  fit <- generalised_variances(rows, rep("1a", nrow(rows)))
  ends <- generalised_error(fit, range(rows$estimate))
  expect_equal(generalised_error(fit, c(1e-3, 1e9)), ends)
  expect_gt(ends[[1]], ends[[2]])
})

test_that("the report draws each table of the nation, with a limited number of dots", {
  rows <- rbind(counts_of_table(400), counts_of_table(400, permutation = 56L))
  tables <- rep(c("1a", "2a"), 400)
  section <- precision_section(rows, tables, generalised_variances(rows, tables))
  page <- paste(section, collapse = "\n")
  expect_equal(lengths(regmatches(page, gregexpr("<figure>", page))), 2L)
  expect_equal(lengths(regmatches(page, gregexpr("<circle", page))), 2L * constant("dots_of_a_panel"))
  expect_false(grepl("NaN|NA[^A-Z]|Inf", page))
  expect_match(page, "<td>1a</td><td>200</td>", fixed = TRUE)
  expect_match(precision_section(rows, tables, no_generalised())[[2]], "too few counts with an error")
})
