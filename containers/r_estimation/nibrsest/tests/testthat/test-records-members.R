state_zip <- function() file.path(two_states(), "downloads", "2016", "AZ-2016.zip")

columns_written <- function(text) {
  path <- tempfile()
  writeBin(charToRaw(text), path)
  member_columns(path)
}

test_that("a file's columns are those of its first line, however it is written", {
  expect_identical(columns_written("a,b,a\n1,2,3\n"), c("a", "b", "a"))
  expect_identical(columns_written("\"a\",\"b, c\"\r\n1,2\r\n"), c("a", "b, c"))
  expect_identical(columns_written("\xef\xbb\xbfa,b\n1,2\n"), c("a", "b"))
  expect_identical(columns_written("a"), "a")
  expect_identical(columns_written("1,2\n"), c("1", "2"))
  expect_identical(columns_written(""), character())
})

test_that("a zip is read alike whether it is unpacked at once or by member", {
  zip <- state_zip()
  opened <- open_published_zip(zip)
  expect_true(dir.exists(opened$unpacked$folder))
  at_once <- records_of(opened)
  opened$unpacked <- NULL
  opened$codes <- new.env()
  expect_equal(records_of(opened), at_once)
  expect_null(unpack_small(zip, most = 10))
})

test_that("what is unpacked goes when nobody can read it any more", {
  opened <- open_published_zip(state_zip())
  folder <- opened$unpacked$folder
  expect_gt(length(list.files(folder)), 0L)
  rm(opened)
  invisible(gc())
  expect_false(dir.exists(folder))
})

test_that("the broken member of a small zip is named, and the others are read", {
  zip <- state_zip()
  content <- readBin(zip, "raw", file.size(zip))
  name <- charToRaw("nibrs_incident.csv")
  starts <- which(content == name[[1]])
  at <- Filter(function(start) identical(content[start + seq_along(name) - 1L], name), starts)[[1]]
  content[at + length(name) + 30:40] <- as.raw(255L)
  writeBin(content, zip)
  expect_null(unpack_small(zip))
  expect_error(read_state_records(zip), "AZ-2016.zip has no sound member nibrs_incident.csv")
  columns <- c(offense_id = "character")
  expect_gt(nrow(read_member(zip, "nibrs_offense.csv", columns)), 0L)
})

test_that("shares of residents are the reference's", {
  root <- two_states()
  settings <- list(external = root, year = 2016L)
  reference <- read_reference(file.path(root, "reference", "reference-2016.zip"))
  expect_equal(residents_of_agencies(settings), reference[c("agencies", "demographics")])
  settings$year <- 2015L
  expect_null(residents_of_agencies(settings))
})
