test_that("even months are green, and so are too few", {
  expect_equal(unique(outlier_colours(rep(50, 12))), "green")
  expect_equal(outlier_colours(c(5, 100, 3)), rep("green", 3))
  expect_equal(outlier_colours(c(100, NA, 98, 103, 99, 101))[[2]], NA_character_)
})

test_that("a month with next to nothing is red, one that is half is orange", {
  usual <- c(100, 104, 97, 99, 102, 96, 101, 103, 98, 100, 95)
  expect_equal(outlier_colours(c(usual, 2)), c(rep("green", 11), "red"))
  noisy <- c(100, 130, 80, 110, 90, 120, 75, 125, 95, 105, 85)
  colours <- outlier_colours(c(noisy, 15))
  expect_equal(colours[1:11], rep("green", 11))
  expect_true(colours[[12]] %in% c("red", "orange"))
})

test_that("a high month is blue, and small agencies have no outliers", {
  expect_equal(outlier_colours(c(10, 12, 9, 11, 10, 12, 8, 11, 10, 9, 11, 90))[[12]], "blue")
  expect_equal(unique(outlier_colours(c(5, 4, 6, 5, 5, 4, 6, 5, 5, 4, 6, 0))), "green")
})

test_that("three low months of twelve are the minor part", {
  colours <- outlier_colours(c(3, 5, 4, 100, 104, 97, 99, 102, 96, 101, 103, 98))
  expect_equal(colours, c(rep("red", 3), rep("green", 9)))
})

test_that("with legacy only the red of five spreads is reached within the main part", {
  noisy <- c(100, 130, 80, 110, 90, 120, 75, 125, 95, 105, 85, 260)
  expect_true(outlier_colours(noisy)[[12]] %in% c("blue", "brown"))
  near <- c(100, 101, 99, 100, 102, 98, 100, 101, 99, 100, 101, 88)
  expect_true(all(outlier_colours(near, legacy = TRUE) %in% c("green", "red")))
})

test_that("a new level of the year is not an outlier", {
  earlier <- c(100, 104, 97, 99, 102, 96, 101, 103, 98, 100, 95, 99)
  colours <- outlier_colours(c(earlier, earlier, earlier / 20), rep(c(FALSE, FALSE, TRUE), each = 12))
  expect_equal(unique(colours[25:36]), "green")
})

test_that("a year whose months are all low by themselves is seen against the four before", {
  agencies <- data.table::data.table(ori = c("A", "B"), nibrs_start = c(2000L * 12L, 2015L * 12L + 6L))
  history <- data.table::CJ(ori = c("A", "B"), year = 2011:2015, month = 1:12)
  data.table::set(history, NULL, "offenses", 100 + history$month %% 3)
  earlier <- earlier_months(history, agencies, 2016L)
  # The year 2011 is too long ago, and months before the agency began do not count.
  expect_equal(rowSums(!is.na(earlier)), c(48, 6))
  expect_equal(earlier[1, 37:39], 100 + 1:3 %% 3)
  months <- rbind(c(rep(4, 8), 100, 101, 102, 100), rep(100, 12))
  expect_equal(colours_of_months(months, earlier, FALSE)[1, 49:60], rep(c("red", "green"), c(8, 4)))
})

test_that("the weights' stage looks at the years before, and OUTLIER_RULE decides what counts", {
  logger::log_threshold("ERROR")
  root <- tempfile()
  # The first agency has a hundred larcenies a month for four years, then five a month for six months.
  before <- expand.grid(agency_id = "AZ1", year = 2012:2015, month = 1:12)
  before$offenses <- 100 + before$month %% 3
  reference <- read_reference(reference_zip(root, "AZ", history = before))
  tabulated <- data.table::data.table(
    ori = rep(c("AZ0000001", "AZ0000002"), each = 12), month = rep(1:12, 2), offense_code = "23H",
    offenses = as.integer(c(rep(5, 6), rep(100, 6), rep(c(40, 42, 44), 4)))
  )
  agencies <- weigh_year(reference, tabulated, "AZ", 2016L, "documented")$agencies
  expect_equal(agencies$earlier_months, c(48L, 0L, 0L, 0L))
  expect_equal(agencies$low_months, c(6L, 0L, 0L, 0L))
  alone <- read_reference(reference_zip(tempfile(), "AZ"))
  expect_equal(weigh_year(alone, tabulated, "AZ", 2016L, "documented")$agencies$low_months[[1]], 6L)
  # Six of twelve are a level, by the default.
  expect_equal(weigh_year(reference, tabulated, "AZ", 2016L)$agencies$low_months[[1]], 0L)
  # Beside a month that is far above, four spreads below the rest are low by intent, and out of the reference's reach.
  data.table::set(tabulated, 13:24, "offenses", c(100L, 110L, 90L, 105L, 95L, 115L, 85L, 108L, 92L, 112L, 40L, 220L))
  expect_equal(weigh_year(alone, tabulated, "AZ", 2016L, "documented")$agencies$low_months[[2]], 1L)
  expect_equal(weigh_year(alone, tabulated, "AZ", 2016L, "legacy")$agencies$low_months[[2]], 0L)
})
