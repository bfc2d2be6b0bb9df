test_that("each constant of the method is used by its name, and has a unit, a meaning and a source", {
  constants <- method_constants()
  expect_false(anyNA(constants))
  expect_equal(anyDuplicated(constants$name), 0L)
  space <- asNamespace("nibrsest")
  source <- unlist(lapply(ls(space), function(name) {
    object <- get(name, envir = space)
    if (is.function(object)) deparse(body(object))
  }))
  calls <- unlist(regmatches(source, gregexpr("constant\\(\"[a-z_]+\"\\)", source)))
  expect_setequal(gsub("constant\\(\"|\"\\)", "", calls), constants$name)
  expect_error(constant("number_of_moons"), "subscript out of bounds")
})

test_that("permutations are numbered from 1 without a gap, and name geographies, groups and kinds that there are", {
  known <- permutations()
  expect_equal(known$permutation, 1:108)
  expect_equal(anyDuplicated(known$description), 0L)
  expect_setequal(known$agency_group, c("all agencies", package_table("agency_groups.csv")$agency_group))
  expect_setequal(c(known$kind, area_kinds()), package_table("release_rules.csv")$kind)
  expect_setequal(sub("^national group$", "national", sub("^region group$", "region", known$kind)),
    setdiff(geography_kinds()$kind, area_kinds()))
  expect_setequal(area_kinds(), package_table("area_kinds.csv")$kind)
  # Numbers of areas are those that no geography has.
  ranges <- lapply(geography_kinds()$permutations, numbers_of_ranges)
  expect_equal(sort(unlist(ranges)), 109:709)
  expect_equal(permutation_of(c("US", "WY", "Kent"), "all agencies"), c(1L, 106L, NA))
  expect_equal(described_permutations(c(58L, 1L))$description, c("Arizona", "National"))
})

test_that("groups of agencies are those of the table; what type an agency is need not be known", {
  agencies <- data.table::data.table(class = c(1L, 4L, 5L, 6L), msa_status = 1L,
    agency_type = c("City", "Tribal", "State Police", "Something"))
  groups <- agency_groups(agencies)
  expect_equal(which(groups[["100,000 residents and over"]]), 1L)
  expect_equal(which(groups[["state police (population group)"]]), 3L)
  expect_equal(which(groups[["tribal and other agencies"]]), c(2L, 4L))
})

test_that("a kind of geography without rules of release is refused by its name", {
  rules <- package_table("release_rules.csv")
  expect_error(holds_for(rules$withheld_if_flagged, c("state", "county"), rules), "no line for the kind \"county\"")
  expect_equal(holds_for(rules$withheld_if_agency_silent, c("state", "tribal"), rules), c(TRUE, FALSE))
})
