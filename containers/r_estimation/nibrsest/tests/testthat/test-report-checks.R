of_check <- function(checks, begin, name) {
  at <- which(startsWith(checks$check, begin) & checks$of == name)
  checks[at, ]
}

checked_year <- function() {
  list(
    places = data.table::data.table(geography = c("US", "US", "AZ", "LA")),
    table_a = data.table::data.table(geography = c("US", "AZ", "AZ"), crime = c("total", "total", "arson"),
      bias_ratio = c(0.1, -7, NA), assisted_bias_ratio = c(NA, 5.5, NA)),
    weights = data.table::data.table(geography = c("US", "US", "AZ"), weight = c(1, 21, 1 - 1e-9)),
    universe = data.table::data.table(geography = c("US", "AZ", "LA"), agency_residents = c(95, 80, 10),
      residents = c(100, 100, NA), unlisted_agencies = c(0L, 2L, 0L)),
    agencies = data.table::data.table(state = c("AZ", "AZ", "LA"), ori = c("A", "A", "L"),
      reported_months = c(12L, 0L, 0L), reporting_type = c("I", "X", NA), covered = "N", dormant = "N",
      population = c(1, NA, 5)),
    diagnostics = data.table::data.table(state = "AZ", variable = c("age", "sex"), model = "victims",
      unknown = c(3L, 2L), imputed = c(3L, 1L)),
    shares = data.table::data.table(state = "AZ", persons = "victims", item = "sex", category = c("Male", "Female"),
      reported = c(30L, 30L), after_imputation = c(60L, 40L)),
    records = data.table::data.table(state = "AZ", table = c("nibrs_incident", "nibrs_offense", "nibrs_victim"),
      records = c(1000L, 1100L, 1200L), unlisted = c(0L, 1L, 2L))
  )
}

test_that("a check is met, broken, or not verifiable with the reason", {
  checks <- year_checks(checked_year())
  outcome <- function(...) of_check(checks, ...)$outcome
  expect_equal(outcome("Estimated Return A against that of all agencies: total", "US"), "met")
  # After the regression, where there is one.
  expect_equal(outcome("Estimated Return A against that of all agencies: total", "AZ"), "broken")
  expect_equal(of_check(checks, "Estimated Return A against that of all agencies: total", "AZ")$found, "+5.50 %")
  expect_equal(outcome("Estimated Return A against that of all agencies: arson", "AZ"), "not verifiable")
  expect_equal(outcome("Estimated Return A", "LA"), "not verifiable")
  expect_equal(outcome("Weights below", "AZ"), "met")
  expect_equal(outcome("Weights above", "US"), "broken")
  expect_equal(outcome("Weights above", "LA"), "not verifiable")
  expect_equal(c(outcome("Residents of", "US"), outcome("Residents of", "AZ"), outcome("Residents of", "LA")),
    c("met", "broken", "not verifiable"))
  expect_equal(c(outcome("Agencies with offenses", "US"), outcome("Agencies with offenses", "AZ")), c("met", "broken"))
  expect_equal(c(outcome("Agencies that reported", "AZ"), outcome("Agencies that reported", "LA")), c("met", "broken"))
  expect_equal(outcome("Agencies without an identifier", "AZ"), "broken")
  expect_equal(outcome("Agencies with a code", "AZ"), "broken")
  expect_equal(outcome("Agencies without a number", "AZ"), "broken")
  expect_equal(c(outcome("Unknown items that were imputed: age", "AZ"),
    outcome("Unknown items that were imputed: sex", "AZ"), outcome("Unknown items", "LA")),
    c("met", "broken", "not verifiable"))
  expect_equal(outcome("Shares before and after imputation", "AZ"), "not verifiable")
  expect_equal(outcome("Shares before", "LA"), "not verifiable")
  expect_equal(of_check(checks, "Records with every", "AZ")$found, "1,000 incidents")
  expect_equal(of_check(checks, "Values of records", "AZ")[, c("outcome", "found")],
    data.table::data.table(outcome = "broken", found = "3"))
  expect_equal(outcome("Tables, keys and codes", "LA"), "not verifiable")
  expect_true(all(nzchar(checks$why[checks$outcome == "not verifiable"])))
  expect_named(checks, names(file_columns("report/checks.csv")))
})

test_that("the page counts outcomes and names what is broken", {
  page <- paste(checks_page(2016L, year_checks(checked_year()), "SIMULATED & more"), collapse = "\n")
  expect_match(page, "SIMULATED &amp; more", fixed = TRUE)
  expect_match(page, "<td>Weights above 20</td><td>US</td><td>1</td>", fixed = TRUE)
  parts <- strsplit(page, "<h2", fixed = TRUE)[[1]]
  expect_length(gregexpr("<tr>", parts[[2]], fixed = TRUE)[[1]], 1L + 10L)
  expect_no_match(parts[[2]], "no weights", fixed = TRUE)
  expect_match(parts[[3]], "<td>LA</td><td></td><td>0</td><td>no weights", fixed = TRUE)
  expect_no_match(page, "{{", fixed = TRUE)
})

test_that("a state whose shares imputation moves further than that of any other is found", {
  states <- sprintf("S%02d", 1:20)
  # Ten points here and there; in one state fifty.
  moved <- c(rep(c(-5L, 5L), length.out = 19L), 45L)
  shares <- data.table::data.table(state = rep(states, each = 2L), persons = "victims", item = "sex",
    category = c("Male", "Female"), reported = 100L,
    after_imputation = as.vector(rbind(100L + 2L * moved, 100L - 2L * moved)))
  agencies <- data.table::data.table(state = states)
  checks <- share_checks(agencies, shares)
  expect_equal(checks$of[checks$outcome == "broken"], "S20")
  expect_equal(checks$found[checks$of == "S20"], "Male: 50.0 % to 95.0 %")
  expect_equal(as.vector(table(checks$outcome)[c("met", "broken")]), c(19L, 1L))
  # By hand: differences of 18 states are 5 points up or down, of the 19th 5 down, of the last 45 up.
  difference <- moved
  far <- abs(difference - mean(difference)) / stats::sd(difference)
  expect_equal(moved_shares(shares)$distance, far)
  # Nobody can be three deviations away from ten others; with eleven one can.
  expect_equal(share_checks(agencies[1:10, ], shares[1:20, ])$outcome, rep("not verifiable", 10L))
  expect_equal(sum(share_checks(agencies[10:20, ], shares[19:40, ])$outcome == "not verifiable"), 0L)
})

test_that("a year without imputed items or weights has checks all the same", {
  found <- checked_year()
  for (name in c("diagnostics", "shares", "records")) found[[name]] <- found[[name]][0, ]
  found$weights <- found$weights[0, ]
  found$table_a <- found$table_a[0, ]
  checks <- year_checks(found)
  expect_true(all(checks$outcome[checks$part %in% c("Weights", "Totals against Return A", "Imputed items")] ==
    "not verifiable"))
})

test_that("the report has the checks, and scripts that load every indicator table", {
  logger::log_threshold("FATAL")
  folder <- report_of(two_states_done())
  checks <- data.table::fread(file.path(folder, "checks.csv"), na.strings = NULL)
  # Nothing is wrong with the two states; nobody imputed them, and no census knows them.
  expect_setequal(unique(checks$outcome), c("met", "not verifiable"))
  expect_identical(readLines(file.path(folder, "checks.html")), readLines(file.path(folder, "beside_zip",
    "checks.html")))
  load <- readLines(file.path(folder, "postgres_load.sql"))
  copied <- sub("'.*", "", sub("^.copy staged FROM '", "", load[startsWith(load, "\\copy staged FROM")]))
  tables <- list.files(file.path(folder, "indicator_tables"), recursive = TRUE)
  expect_setequal(copied, file.path("indicator_tables", tables))
  expect_no_match(paste(load, collapse = "\n"), "{{", fixed = TRUE)
})
