rows <- data.table::data.table(
  label = c("Arson", "Fraud <x>", "Nothing"), estimate = c(100, 1000, 0), lower = c(20, 990, 0),
  upper = c(180, 1010, 0),
  flag = c(1L, 0L, 0L), rate = c(1, 10, 0)
)

test_that("an interval of one per cent is seen, and one that is wider than the strip ends in an arrow", {
  plot <- interval_plot(rows, "Certainty")
  lines <- strsplit(plot, "\n")[[1]]
  fraud <- paste(lines[(grep("Fraud", lines)):(grep("Fraud", lines) + 2L)], collapse = "")
  ends <- as.numeric(regmatches(fraud, gregexpr("(?<=<line x1=\")[0-9.]+(?=%\" x2=\"[0-9.]+%\" y1=\"25%)", fraud,
    perl = TRUE))[[1]])
  # The strip reaches from -6 to +6 per cent, the interval from -1 to +1.
  expect_equal(ends, 50 + c(-1, 1) * 50 / 6, tolerance = 0.001)
  expect_match(plot, "\u25c2", fixed = TRUE)
  expect_match(plot, "Fraud &lt;x>", fixed = TRUE)
  expect_match(plot, "<b>100 (20 to 180)</b>*; rate&nbsp;1.0", fixed = TRUE)
  expect_match(plot, "<div class=\"row withheld\"><span class=\"name\">Arson", fixed = TRUE)
  # What was not reported has no relative interval.
  expect_false(grepl("Nothing", plot))
})

test_that("without standard errors there are counts and no intervals", {
  none <- data.table::copy(rows)
  data.table::set(none, NULL, c("lower", "upper"), NA_real_)
  plot <- interval_plot(none, "Counts")
  expect_match(plot, "<b>1,000</b>; rate&nbsp;10.0", fixed = TRUE)
  expect_false(grepl("class=\"interval\"|<circle", plot))
  unknown <- data.table::data.table(state = "DC", crime = "Violent", rate = NA_real_, lower = NA_real_,
    upper = NA_real_, flag = 1L)
  expect_match(state_rates_plot(unknown, "Rates"), "no rates")
})

test_that("strips are explained where there are any", {
  expect_match(nation_note("estimate"), "Strips show.*95 % interval")
  expect_match(nation_note("counts"), "missing months filled, nothing added for others.*for release")
  expect_match(nation_note("residents"), "raised by residents, and without errors")
  expect_false(any(grepl("Strips|interval", c(nation_note("counts"), nation_note("residents")))))
})

test_that("the two crimes of states are those of each", {
  rates <- data.table::data.table(state = c("UT", "UT", "NE", "NE"), crime = c("Violent", "Property"),
    rate = c(100, 2000, 50, 1000), lower = c(90, 1900, 40, 900), upper = c(110, 2100, 60, 1100),
    flag = c(0L, 1L, 0L, 0L))
  plot <- state_rates_plot(rates, "Rates")
  expect_match(plot, "Nebraska.*Utah")
  dots <- as.numeric(regmatches(plot, gregexpr("(?<=cx=\")[0-9.]+", plot, perl = TRUE))[[1]])
  # By state, violent and property; the strips reach to 150 and 2,500, or 3,000.
  expect_equal(dots[[3]] / dots[[1]], 2, tolerance = 0.01)
  expect_equal(dots[[4]] / dots[[2]], 2, tolerance = 0.01)
  expect_match(plot, "<g class=\"withheld\">", fixed = TRUE)
})

test_that("ticks that would touch on a phone are left out, but not nothing", {
  axis <- axis_of(data.frame(at = seq(0, 100, length.out = 7), label = signed_percent(seq(-60, 60, 20))))
  expect_equal(regmatches(axis, gregexpr("[+-]?[0-9]+ %(?=<)", axis, perl = TRUE))[[1]], c("-40 %", "0 %", "+40 %"))
})

test_that("a figure that is not for release is no headline", {
  nation <- data.table::data.table(cell = c("t_2a_1_1_17", "t_2b_1_1_14"), label = c("Violent Crime", "Property Crime"),
    estimate = c(2791, 13747), lower = 1, upper = 2e4, flag = 1:0)
  agencies <- data.table::data.table(respondent = c(TRUE, FALSE), population = c(1, 3))
  us <- data.table::data.table(basis = "estimate", agency_residents = 4, residents = NA_real_)
  tiles <- national_tiles(nation, agencies, us)
  expect_false(any(grepl("2,791", tiles)))
  expect_match(tiles[[3]], "<b>Not for release</b>", fixed = TRUE)
  expect_match(tiles[[4]], "<b>13,747</b>", fixed = TRUE)
  data.table::set(nation, NULL, "flag", 1L)
  data.table::set(us, NULL, "basis", "counts")
  expect_match(national_tiles(nation, agencies, us)[[4]], "<b>No estimate</b>", fixed = TRUE)
})

test_that("a simulated year says so, and any other has nothing to say", {
  universe <- data.table::data.table(geography = c("US", "NE", "TX", "UT"), simulated = c(TRUE, TRUE, FALSE, TRUE),
    agencies = c(5L, 2L, 0L, 3L))
  expect_match(simulated_notice(universe, 2023L), "SIMULATED.* of Nebraska, Utah in 2023 .* do not exist")
  expect_equal(simulated_notice(universe[3, ], 2023L), character())
  expect_true(is_simulated(universe))
  expect_false(is_simulated(universe[3, ]))
  expect_false(any(grepl("Federal Bureau", use_and_citation(2023L, TRUE))))
  expect_match(use_and_citation(2023L, FALSE)[[2]], "nibrs-estimates-2023.zip", fixed = TRUE)
})

test_that("a page has the links of the place where it lies", {
  beside <- links_html(2016L, "beside_zip", "workbooks")
  expect_true(any(grepl("href=\"nibrs-estimates-2016.zip\"", beside, fixed = TRUE)))
  expect_false(any(grepl("README.md\"", beside, fixed = TRUE)))
  expect_false(any(grepl("nibrs-estimates", links_html(2016L, "in_zip", "areas"), fixed = TRUE)))
  expect_false(any(grepl("{{", beside, fixed = TRUE)))
  to_workbooks <- function(where, optional) grep("workbooks", links_html(2016L, where, optional), value = TRUE)
  expect_match(to_workbooks("in_zip", "workbooks"), "href=\"workbooks/National.xlsx\"", fixed = TRUE)
  for (where in c("in_zip", "beside_zip")) expect_length(to_workbooks(where, "areas"), 0L)
})

test_that("what some agencies counted is no rate of all residents", {
  cells <- package_table("report_cells.csv")$cell
  found <- list(
    tables = data.table::data.table(permutation = 1L, cell = cells, estimate = 10, standard_error = 1, rmse = 1,
      months_error = 0.5, degrees_of_freedom = NA_real_),
    places = data.table::data.table(permutation = 1L, population = 1000),
    flags = data.table::data.table(flag = rep(0L, length(cells))), names = stats::setNames(cells, cells)
  )
  rate <- function(basis) {
    unique(headline_rows(c(found, list(universe = data.table::data.table(geography = "US", basis = basis))), 1L)$rate)
  }
  expect_equal(rate("estimate"), 1000)
  expect_identical(rate("counts"), NA_real_)
})
