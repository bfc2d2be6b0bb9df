shares <- setdiff(names(file_columns("reference/demographics.csv")), "agency_id")

with_shares <- function(root, rows) {
  folder <- tempfile()
  dir.create(folder)
  write_csv(rows, folder, "demographics.csv")
  zip <- file.path(root, "reference", "reference-2016.zip")
  utils::zip(zip, file.path(folder, "demographics.csv"), flags = "-jqX")
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
  found <- read_reference(with_shares(root, rows))$demographics
  expect_identical(found$ori, c("LA0000002", "AZ0000001"))
  expect_identical(found$age_under_5, c(0.01, 0.03))
  expect_identical(found$race_nhpi, c(NA, rows$race_nhpi[[3]]))
})
