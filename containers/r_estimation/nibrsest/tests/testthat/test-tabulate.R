test_that("offenses are counted by agency, month and code", {
  counts <- tabulate_offenses(read_state_records(
    file.path(two_states(), "downloads", "2016", "AZ-2016.zip")
  ))
  expect_equal(counts$ori, c("AZ0000001", "AZ0000002", "AZ0000003"))
  expect_equal(counts$month, c(1L, 5L, 12L))
  expect_equal(counts$offense_code, c("120", "23H", "120"))
  expect_equal(counts$offenses, c(2L, 1L, 1L))
})

test_that("an offense whose incident is missing is refused, by name", {
  root <- two_states()
  path <- file.path(root, "downloads", "2016", "AZ-2016.zip")
  folder <- tempfile()
  utils::unzip(path, exdir = folder)
  cat("99,99,101,C,101,\n", file = file.path(folder, "nibrs_offense.csv"), append = TRUE)
  unlink(path)
  utils::zip(path, list.files(folder, full.names = TRUE), flags = "-jqX")
  expect_error(read_state_records(path), "1 rows refer to a incident_id .* such as 99")
})

test_that("a file that is no zip is refused with its name and a remedy", {
  path <- tempfile(fileext = ".zip")
  writeLines("nothing", path)
  expect_error(read_state_records(path), "is not a sound zip; fetch or extract the zip again")
  expect_error(read_state_records("nowhere.zip"), "nowhere.zip does not exist")
})
