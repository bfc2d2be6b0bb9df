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
      unknown = c(3L, 2L), imputed = c(3L, 1L))
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
  expect_true(all(nzchar(checks$why[checks$outcome == "not verifiable"])))
  expect_named(checks, names(file_columns("report/checks.csv")))
})

test_that("the page counts outcomes and names what is broken", {
  page <- paste(checks_page(2016L, year_checks(checked_year()), "SIMULATED & more"), collapse = "\n")
  expect_match(page, "SIMULATED &amp; more", fixed = TRUE)
  expect_match(page, "<td>Weights above 20</td><td>US</td><td>1</td>", fixed = TRUE)
  parts <- strsplit(page, "<h2", fixed = TRUE)[[1]]
  expect_length(gregexpr("<tr>", parts[[2]], fixed = TRUE)[[1]], 1L + 9L)
  expect_no_match(parts[[2]], "no weights", fixed = TRUE)
  expect_match(parts[[3]], "<td>LA</td><td></td><td>0</td><td>no weights", fixed = TRUE)
  expect_no_match(page, "{{", fixed = TRUE)
})

test_that("a year without imputed items or weights has checks all the same", {
  found <- checked_year()
  found$diagnostics <- found$diagnostics[0, ]
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
