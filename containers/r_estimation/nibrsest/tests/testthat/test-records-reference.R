shares <- setdiff(names(file_columns("reference/demographics.csv")), "agency_id")

with_file <- function(root, rows, name = "demographics.csv") {
  folder <- tempfile()
  dir.create(folder)
  write_csv(rows, folder, name)
  zip <- file.path(root, "reference", "reference-2016.zip")
  utils::zip(zip, file.path(folder, name), flags = "-jqX")
  zip
}

test_that("shares of residents are read by ORI, and an extract without them has none", {
  root <- two_states()
  zip <- file.path(root, "reference", "reference-2016.zip")
  none <- read_reference(zip)$demographics
  expect_identical(names(none), c("ori", shares))
  expect_identical(nrow(none), 0L)
  rows <- data.frame(agency_id = c("LA2", "nobody", "AZ1"), matrix(seq(0.01, 0.45, by = 0.01), 3,
    dimnames = list(NULL, shares)))
  rows$race_nhpi[[1]] <- NA
  found <- read_reference(with_file(root, rows))$demographics
  expect_identical(found$ori, c("LA0000002", "AZ0000001"))
  expect_identical(found$age_under_5, c(0.01, 0.03))
  expect_identical(found$race_nhpi, c(NA, rows$race_nhpi[[3]]))
})

test_that("numbers of residents are read by ORI, and an extract without them has none", {
  root <- two_states()
  none <- read_reference(file.path(root, "reference", "reference-2016.zip"))$residents
  expect_identical(names(none), c("ori", setdiff(names(file_columns("reference/residents.csv")), "agency_id")))
  expect_identical(nrow(none), 0L)
  ages <- setdiff(names(none), c("ori", "sex", "race", "ethnicity"))
  rows <- data.frame(agency_id = c("LA2", "LA2", "nobody"), sex = c("F", "M", "F"), race = "W",
    ethnicity = c("H", "N", "N"), matrix(1:30, 3, dimnames = list(NULL, ages)))
  found <- read_reference(with_file(root, rows, "residents.csv"))$residents
  expect_identical(found$ori, c("LA0000002", "LA0000002"))
  expect_identical(found$ethnicity, c("H", "N"))
  expect_identical(sum(found[, .SD, .SDcols = ages]), sum(rows[1:2, ages]) + 0)
})
