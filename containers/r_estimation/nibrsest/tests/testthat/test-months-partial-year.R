# As the District of Columbia's police in 2021: two months without a report, then a few incidents, then all of them.
began <- c(1, 1, NA, 2, 1, NA, 4, 7357, 7424, 7242, 5918, 5747)

test_that("stray months are those of agencies that began or stopped within the year, and of no others", {
  stray_in <- function(...) which(stray_months(rbind(c(...))))
  expect_equal(stray_in(began), c(1L, 2L, 4L, 5L, 7L))
  expect_equal(stray_in(rev(began)), c(6L, 8L, 9L, 11L, 12L))
  expect_equal(stray_in(3, 2, 4, 1, 0, 2, 5, 3, 1, 2, 2, 7000), 1:11)
  expect_equal(stray_in(rep(0, 7), 20, 25, 21, 19, 22), 1:7)
  # Six months of the usual volume; too few stray ones; a spree; seasons; differences that say nothing.
  expect_equal(stray_in(1, 1, 1, 2, 1, 1, 700, 720, 690, 650, 700, 710), integer())
  expect_equal(stray_in(1, 1, rep(NA, 5), 700, 720, 690, 650, 700), integer())
  expect_equal(stray_in(3, 2, 4, 1, 0, 2, 5, 3, 1, 2, 2, 60), integer())
  expect_equal(stray_in(0, 0, 1, 0, 0, 40, 55, 48, 1, 0, 0, 0), integer())
  expect_equal(stray_in(60, 70, 80, 1, 0, 0, 1, 0, 2, 1, 0, 65), integer())
  expect_equal(stray_in(0, 1, 0, 0, 1, 0, 0, 9, 8, 9, 10, 9), integer())
  expect_equal(stray_in(rep(0, 12)), integer())
  expect_equal(stray_in(rep(NA_real_, 12)), integer())
  # Agency by agency.
  both <- stray_months(rbind(began, rep(50, 12)))
  expect_equal(dim(both), c(2L, 12L))
  expect_equal(rowSums(both), c(5, 0), ignore_attr = TRUE)
})

test_that("such an agency is silent, its stray months were not reported, and nobody takes months from it", {
  root <- two_states()
  reference <- read_reference(reference_zip(root, "AZ"))
  counts <- rbind(began, 50, 40)
  tabulated <- data.table::data.table(
    ori = sprintf("AZ%07d", rep(1:3, 12)), month = rep(1:12, each = 3), offense_code = "23H",
    offenses = as.integer(ifelse(is.na(counts), 0, counts))
  )
  # In months without incidents there is no row; the second month of the second agency was not reported.
  tabulated <- tabulated[tabulated$offenses > 0L & !(tabulated$ori == "AZ0000002" & tabulated$month == 2L), ]
  reference$status[1, is.na(began)] <- "U"
  reference$status[2, 2] <- "U"
  logger::log_threshold("FATAL")
  made <- weigh_year(reference, tabulated, "AZ", 2016L)
  expect_equal(made$agencies$respondent, c(FALSE, TRUE, TRUE, FALSE))
  expect_equal(made$agencies$stray_months, c(5L, 0L, 0L, 0L))
  expect_equal(made$agencies$reported_months[1:3], c(5L, 11L, 12L))
  expect_equal(unlist(made$missing_months[1, paste0(toupper(month.abb), "_MM_FLAG"), with = FALSE]),
    rep(0:1, c(7, 5)), ignore_attr = TRUE)
  expect_equal(c(made$donors$ori, made$donors$donor), c("AZ0000002", "AZ0000003"))
  expect_false("AZ0000001" %in% made$weights$ori)
})
