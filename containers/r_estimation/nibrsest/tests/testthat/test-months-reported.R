test_that("the four agencies of the gold case have the months that they reported", {
  status <- matrix("U", 4, 12)
  status[1, c(1, 4:12)] <- "I"
  status[2, 2] <- "Z"
  status[3, 3] <- "I"
  agencies <- data.table::data.table(
    state_name = "Somewhere", ori = paste0("ORI", 1:4), agency_name = letters[1:4],
    agency_status = c("A", "D", "F", "L"), covered = "N", dormant = "N", agency_type = "City", population = 1:4,
    population_group_code = "7"
  )
  reported <- reported_months(status, rep(2010L * 12L, 4), 2021L, matrix(0, 4, 12))
  found <- missing_months(agencies, reported, 2021L)
  expect_equal(found$AGENCY_STATUS, c("Active", NA, "Federal", "LEOKA"))
  flags <- as.matrix(found[, paste0(toupper(month.abb), "_MM_FLAG"), with = FALSE])
  expect_equal(unname(flags[1, ]), c(1, 0, 0, rep(1, 9)))
  expect_equal(unname(which(flags[2, ] == 1)), 2)
  expect_equal(unname(which(flags[3, ] == 1)), 3)
  expect_equal(sum(flags[4, ]), 0)
})

test_that("months before the start of reporting do not count", {
  status <- matrix("I", 4, 12)
  start <- c(2021L * 12L + 3L, 2020L * 12L + 5L, 2022L * 12L, NA)
  found <- reported_months(status, start, 2021L, matrix(1, 4, 12))
  expect_equal(rowSums(found), c(9, 12, 0, 0))
  expect_false(any(found[1, 1:3]))
})

test_that("a month of which offenses are there counts, whatever its status, but not before the start", {
  status <- matrix(c("U", NA, "U", "I"), 2, 12)
  offenses <- matrix(0, 2, 12)
  offenses[1, c(1, 3)] <- 5
  offenses[2, 1:3] <- 1
  found <- reported_months(status, c(2010L * 12L, 2021L * 12L + 2L), 2021L, offenses)
  expect_equal(which(found[1, ]), c(1, 3))
  expect_equal(which(found[2, ]), c(3, seq(4, 12, 2)))
})

test_that("a respondent has three usable months, began before November and has the incidents that Return A speaks of", {
  usable <- matrix(FALSE, 7, 12)
  usable[, 1:3] <- TRUE
  usable[2, 3] <- FALSE
  start <- c(rep(2000L * 12L, 6), 2021L * 12L + 10L)
  found <- is_respondent(usable, start, c("I", "I", "S", "I", "I", NA, "I"), c(9, 9, 9, 0, 0, 1, 9),
    c(100, 100, 100, 100, 49, 100, 100), 2021L)
  expect_equal(found, c(TRUE, FALSE, FALSE, FALSE, TRUE, TRUE, FALSE))
})
