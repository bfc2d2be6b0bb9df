# Whether the agencies of a database are all there are: where they are not, their counts are no estimates.

agencies_of <- function(states, population, region = regions_of_states()[states], type = "City") {
  data.table::data.table(state = states, region = unname(region), agency_type = type, population = population)
}
no_notes <- data.table::data.table(state = character(), kind = character(), note = character())
status_of <- function(agencies, notes = no_notes, return_a = TRUE, year = 2020L) {
  found <- universe_status(agencies, notes, rep(return_a, length.out = nrow(agencies)), year)
  stats::setNames(lapply(seq_len(nrow(found)), function(at) as.list(found[at, ])), found$geography)
}
everyone <- function() agencies_of(states_of_the_union, census_residents(states_of_the_union, 2020L))

test_that("residents are those of the censuses, and between two of them on a straight line", {
  states <- states_of_the_union
  totals <- c("1990" = 248709873, "2000" = 281421906, "2010" = 308745538, "2020" = 331449281)
  for (census in names(totals)) {
    expect_equal(sum(census_residents(states, as.integer(census))), totals[[census]], info = census)
  }
  expect_equal(census_residents("DC", 2015L), (601723 + 689545) / 2)
  expect_equal(census_residents(c("DC", "PR"), 2024L), c(689545, NA))
  expect_equal(census_residents("DC", 1985L), 606900)
})

test_that("a nation of all agencies of all states is a universe", {
  found <- status_of(everyone())
  expect_equal(unique(vapply(found, `[[`, "", "basis")), "estimate")
  expect_equal(found$US$whole_states, 51L)
  expect_equal(length(found), 56L)
  expect_equal(universe_sentences(universe_status(everyone(), no_notes, rep(TRUE, 51), 2020L)), character())
})

test_that("a state with less than nine tenths of the census's residents is none, nor is what contains it", {
  some <- everyone()
  data.table::set(some, which(some$state == "MN"), "population", 0.89 * census_residents("MN", 2020L))
  found <- status_of(some)
  expect_equal(found$MN[c("basis", "universe_status")], list(basis = "counts", universe_status = "too_few_residents"))
  expect_equal(c(found$Midwest$basis, found$US$basis, found$West$basis, found$WI$basis),
    c("counts", "counts", "estimate", "estimate"))
  expect_equal(c(found$US$universe_status, found$US$whole_states), c("too_few_residents", "50"))
  data.table::set(some, which(some$state == "MN"), "population", 0.91 * census_residents("MN", 2020L))
  expect_equal(status_of(some)$US$basis, "estimate")
})

test_that("a source of reporters only is none, however many residents they have", {
  notes <- data.table::data.table(state = "VT", kind = "reporters_only", note = "")
  found <- status_of(everyone(), notes)
  expect_equal(c(found$VT$universe_status, found$VT$basis, found$Northeast$basis, found$US$basis, found$South$basis),
    c("reporters_only", "counts", "counts", "counts", "estimate"))
  said <- universe_sentences(universe_status(everyone(), notes, rep(TRUE, 51), 2020L))
  expect_match(said[[1]], "50 of 51 states", fixed = TRUE)
  expect_match(said[[2]], "Vermont: numbers are counts of the respondents", fixed = TRUE)
  # Other notes say nothing of that.
  data.table::set(notes, NULL, "kind", "renumbered")
  expect_equal(status_of(everyone(), notes)$US$basis, "estimate")
})

test_that("agencies with offenses that no list has are counted by state, and said", {
  tabulated <- data.table::data.table(ori = c("NB0000001", "NB0000009", "MN0000009", "MN0000009", "ZZ0000001"),
    offenses = c(9L, 7L, 1L, 2L, 5L))
  universe <- with_unlisted(universe_status(everyone(), no_notes, rep(TRUE, 51), 2020L), tabulated, "NB0000001")
  found <- universe[universe$geography %in% c("US", "Midwest", "South", "NE", "MN", "HI"), ]
  expect_equal(stats::setNames(found$unlisted_agencies, found$geography),
    c(US = 3L, Midwest = 2L, South = 0L, HI = 0L, MN = 1L, NE = 1L))
  expect_equal(found$unlisted_offenses, c(15, 10, 0, 0, 3, 7))
  agencies <- cbind(everyone(), agency_name = "Police", respondent = TRUE, stray_months = 0L)
  said <- missing_sentences(universe, agencies)
  expect_length(said, 2L)
  expect_match(said[[1]], "^Minnesota: 1 agency with 3 offenses is not in the list of agencies .* in no number.$")
})

test_that("a large agency whose crimes are in no count is named, and why", {
  universe <- universe_status(everyone()[1:2, ], no_notes, c(TRUE, TRUE), 2020L)
  universe <- with_unlisted(universe, data.table::data.table(ori = character(), offenses = integer()), character())
  agencies <- cbind(everyone()[1:2, ], agency_name = c("City of A", "City of B"), respondent = FALSE,
    stray_months = c(0L, 5L))
  data.table::set(universe, which(universe$geography %in% agencies$state), "basis", "counts")
  said <- missing_sentences(universe, agencies)
  expect_match(said, "residents, is no respondent")
  expect_equal(grepl("since it reported a part of the year only", said), c(FALSE, TRUE))
  data.table::set(agencies, NULL, "respondent", TRUE)
  expect_length(missing_sentences(universe, agencies), 0L)
})

test_that("a share of Return A is not said to be nothing, nor nothing to be a share", {
  expect_match(return_a_words(0), "^no agency has")
  expect_match(return_a_words(0.003), "only 0.3 % of")
  expect_match(return_a_words(0.42), "only 42 % of")
})

test_that("three states are no nation, and half a region is no region", {
  some <- everyone()[match(c("HI", "AK", "DE"), states_of_the_union), ]
  found <- status_of(some)
  expect_equal(c(found$HI$basis, found$US$basis, found$West$basis, found$South$basis),
    c("estimate", "counts", "counts", "counts"))
  expect_equal(found$US$universe_status, "states_missing")
  expect_equal(c(found$TX$universe_status, found$TX$agencies), c("no_agencies", "0"))
})

test_that("where agencies of all states are known but few have records, the nation is none", {
  found <- function(recorded) {
    table <- universe_status(everyone(), no_notes, rep(TRUE, 51), 2020L, recorded)
    stats::setNames(table$basis, table$geography)[c("US", "West", "Midwest", "MN")]
  }
  expect_equal(unname(found("MN")), c("counts", "counts", "counts", "estimate"))
  # Florida and others had nobody who reported: they are silent, and the nation is one.
  silent <- c("FL", "NY", "CA", "PA")
  expect_equal(unname(found(setdiff(states_of_the_union, silent))), rep("estimate", 4))
  said <- universe_sentences(universe_status(everyone(), no_notes, rep(TRUE, 51), 2020L, "MN"))
  expect_match(said[[1]], "all agencies of 51 of 51 states, but records of fewer than half of them", fixed = TRUE)
})

test_that("a simulated nation is as large as it is; beside real states its own are real", {
  made_up <- agencies_of(c("NE", "RI", "SC", "UT"), c(100, 200, 300, 400))
  notes <- data.table::data.table(state = made_up$state, kind = "simulated", note = "")
  found <- status_of(made_up, notes)
  expect_equal(unique(vapply(found, `[[`, "", "basis")), "estimate")
  expect_equal(c(found$US$states, found$RI$residents), c(4, NA))
  expect_equal(status_of(made_up, notes[1:3, ])$US$basis, "counts")
})

test_that("without Return A of those who have four fifths of the residents, residents raise", {
  some <- agencies_of("HI", c(800000, 655271))
  expect_equal(status_of(some, return_a = c(TRUE, FALSE))$HI$basis, "residents")
  expect_equal(status_of(agencies_of("HI", c(1200000, 255271)), return_a = c(TRUE, FALSE))$HI$basis, "estimate")
  made_up <- data.table::data.table(state = "HI", kind = "simulated", note = "")
  tribal <- agencies_of("HI", c(0, 0, 0), type = c("City", "Tribal", "Tribal"))
  found <- status_of(tribal, made_up, c(FALSE, TRUE, TRUE))
  # Without residents agencies count; types of agencies are weighted by numbers, without Return A.
  expect_equal(c(found$HI$basis, found$Tribal$basis), c("residents", "estimate"))
})

test_that("respondents without Return A stand for the residents of their group, without a universe for themselves", {
  agencies <- data.table::data.table(
    ori = paste0("A", 1:6), state = "OK", respondent = c(TRUE, FALSE, TRUE, FALSE, FALSE, TRUE),
    population = c(100, 300, 50, 50, 20, 0), state_stratum = c(1L, 1L, 4L, 4L, 2L, 3L)
  )
  none <- matrix(0, 6, length(covariate_names), dimnames = list(NULL, covariate_names))
  raised <- weights_of(agencies, none, weighting_schemes()$state, "residents")
  expect_equal(raised$weights$weight, c(4, 2.4, 1))
  expect_equal(raised$strata$method, c("residents", "complete", "residents"))
  counted <- weights_of(agencies, none, weighting_schemes()$state, "counts")
  expect_equal(counted$weights$weight, c(1, 1, 1))
  expect_equal(c(counted$strata$N, counted$strata$n), c(6L, 3L))
})

test_that("a state of reporters only has counts of its agencies, and says so in report and README", {
  logger::log_threshold("FATAL")
  root <- two_states()
  reference_zip(root, c("AZ", "LA"), notes = rbind(simulated(c("AZ", "LA")), notes_of("AZ", "reporters_only")))
  folder <- with_definitions(definitions_of_booked(), run_all(root))
  estimates <- data.table::fread(file.path(folder, "offenses.csv"))
  robbery <- estimates[which(estimates$cell == "120" & estimates$agency_group == "all agencies"), ]
  expect_equal(stats::setNames(robbery$basis, robbery$geography),
    c(US = "counts", South = "estimate", West = "counts", AZ = "counts", LA = "estimate"))
  expect_equal(robbery$estimate[robbery$geography %in% c("US", "AZ")], c(3, 3))
  expect_equal(is.na(robbery$standard_error), robbery$basis == "counts")
  tables <- data.table::fread(file.path(folder, "tables.csv"))
  of_counts <- tables[which(tables$PERMUTATION_NUMBER %in% c(1L, 45L, 58L)), ]
  expect_setequal(sub("^t_([^_]*)_.*", "\\1", of_counts$der_variable_name), booked_of_world)
  expect_true(all(of_counts$suppression_flag == 1L))
  table_a <- data.table::fread(file.path(folder, "weights", "table_a.csv"))
  expect_setequal(table_a$geography, c("South", "LA"))
  for (name in c("report.html", "README.md")) {
    text <- paste(readLines(file.path(folder, name)), collapse = "\n")
    expect_match(text, "Arizona: numbers are counts of the respondents", fixed = TRUE)
    expect_no_match(text, "Louisiana: numbers", fixed = TRUE)
  }
})

test_that("an extract that does not tell its sources is read as before", {
  root <- two_states()
  reference <- file.path(root, "reference", "reference-2016.zip")
  system2("zip", c("-dq", reference, "source_notes.csv"))
  expect_equal(nrow(read_reference(reference)$notes), 0L)
  expect_equal(nrow(read_reference(reference_zip(tempfile(), c("AZ", "LA")))$notes), 2L)
})
