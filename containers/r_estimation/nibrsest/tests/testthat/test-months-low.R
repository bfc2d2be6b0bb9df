none <- function(months) matrix(NA_real_, nrow(months), 48)
of_year <- function(colours) colours[, ncol(colours) - 11:0, drop = FALSE]
season <- c(7, 6, 8, 8, 9, 9, 10, 10, 9, 8, 8, 8) / 100

# Agencies of many sizes, of which some have one to four months cut to 6 %.
nation <- function(years = 1L) {
  set.seed(11)
  level <- rep(c(6000, 1200, 400, 120, 24), each = 60)
  year_of <- function() matrix(rnbinom(12 * length(level), size = 60, mu = outer(level, season)), length(level))
  months <- year_of()
  planted <- matrix(FALSE, length(level), 12)
  for (agency in seq(1, length(level), 6)) planted[agency, sample(12, 1 + agency %% 4)] <- TRUE
  months[planted] <- floor(months[planted] * 0.06)
  earlier <- do.call(cbind, c(replicate(years - 1L, year_of(), FALSE), list(matrix(NA_real_, length(level),
    12L * (5L - years)))))
  list(months = months, planted = planted, earlier = earlier, level = level)
}

test_that("planted months are found, and hardly any other, with one year and with five", {
  for (years in c(1L, 5L)) {
    given <- nation(years)
    red <- of_year(seasonal_colours(given$months, given$earlier)) == "red"
    expect_gt(sum(red & given$planted) / sum(red), 0.97)
    large <- given$level >= 400
    expect_gt(sum((red & given$planted)[large, ]) / sum(given$planted[large, ]), 0.97)
    expect_lte(max(rowSums(red)), 4)
    # The rule that splits at the widest gap, for comparison.
    split <- colours_of_months(given$months, given$earlier, FALSE)[, 49:60]
    found <- split %in% c("red", "orange")
    expect_gt(sum(red & given$planted), sum(found & given$planted) - 1)
  }
})

test_that("five months or more are a level, a season is none of either, and small numbers say nothing", {
  usual <- 12 * 100 * season
  months <- rbind(usual, usual, usual, 5 * season * 12, usual)
  months[1, 1:4] <- 3
  months[2, 1:5] <- 3
  months[4, 1:3] <- 0
  months[5, c(2, 9)] <- c(NA, 900)
  months <- rbind(months, matrix(usual, 40, 12, byrow = TRUE))
  colours <- of_year(seasonal_colours(months, none(months)))
  expect_equal(unname(rowSums(colours[1:5, ] == "red", na.rm = TRUE)), c(4, 0, 0, 0, 0))
  expect_true(all(colours[-(1:5), ] == "green"))
  expect_equal(which(colours[5, ] == "blue"), 9)
  expect_true(is.na(colours[5, 2]) && colours[5, 3] == "green")
})

test_that("an agency that is empty every summer is not low in it, once earlier years show that", {
  campus <- c(100, 100, 100, 100, 12, 12, 12, 100, 100, 100, 100, 100)
  months <- rbind(campus, matrix(50, 30, 12))
  alone <- of_year(seasonal_colours(months, none(months)))
  expect_equal(which(alone[1, ] == "red"), 5:7)
  earlier <- none(months)
  earlier[1, 1:48] <- rep(c(campus * 20, campus * 20 + 1), 2)
  # Every year by itself looks the same: the season has to be seen in whole years.
  expect_equal(of_year(seasonal_colours(months, earlier))[1, 5:7], rep("green", 3))
})

test_that("an agency with nothing, too few months or none reported is left as it is", {
  months <- rbind(rep(0, 12), c(50, 50, 2, rep(NA, 9)), rep(NA_real_, 12), c(rep(50, 11), 0),
    matrix(60, 20, 12))
  colours <- of_year(seasonal_colours(months, none(months)))
  expect_equal(unique(colours[1, ]), "green")
  expect_equal(colours[2, 1:4], c("green", "green", "green", NA))
  expect_true(all(is.na(colours[3, ])))
  expect_equal(colours[4, 12], "red")
})

test_that("the median of a row is that of its values that are there", {
  set.seed(2)
  values <- matrix(rpois(400 * 12, 4) / 3, 400)
  values[sample(length(values), 2500)] <- NA
  values[1, ] <- NA
  values[2, ] <- c(7, rep(NA, 11))
  values[3, 1:2] <- c(Inf, NaN)
  expect_equal(row_median(values), apply(values, 1L, stats::median, na.rm = TRUE))
  expect_equal(row_median(values[0, , drop = FALSE]), numeric())
  expect_equal(row_median(rbind(c(NA, 3))), 3)
})
