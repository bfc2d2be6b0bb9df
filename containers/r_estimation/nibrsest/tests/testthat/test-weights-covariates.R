agencies <- data.table::data.table(ori = c("A", "B", "C", "D"), hot_deck_group = c(1, 1, 1, 2))
return_a <- data.table::data.table(
  ori = c("A", "A", "B", "B", "D", "A"), year = c(2023L, 2023L, 2021L, 2023L, 2023L, 2020L),
  line = c("murder", "robbery_knife", "larceny", "larceny", "burglary_force", "murder"), count = c(2, 10, 60, 1, 24, 99)
)
months <- data.table::data.table(
  ori = c("A", "A", "B", "B", "D"), year = c(2023L, 2020L, 2021L, 2023L, 2023L), months = c(12L, 12L, 6L, 2L, 12L)
)

test_that("the latest year with three months counts, brought to twelve months", {
  found <- srs_covariates(agencies, return_a, months, 2023L)
  expect_equal(found$covariates[1, c("total", "violent", "murder", "robbery")],
    c(total = 12, violent = 12, murder = 2, robbery = 10))
  expect_equal(unname(found$covariates[2, c("total", "property", "larceny")]), c(120, 120, 120))
  expect_equal(found$source$srs_year, c(2023L, 2021L, NA, 2023L))
})

test_that("Return A of an earlier year follows the trend of agencies that tell of both years", {
  # Larceny has grown by a fifth since 2021 where 30 agencies tell; of murder there are too few to know.
  many <- data.table::data.table(ori = sprintf("M%02d", 1:30), hot_deck_group = 3)
  counted <- function(year, line, count) data.table::data.table(ori = many$ori, year = year, line = line, count = count)
  more <- rbind(return_a, counted(2021L, "larceny", 100), counted(2023L, "larceny", 120), counted(2021L, "murder", 1),
    counted(2023L, "murder", 3))
  twelve <- data.table::CJ(ori = many$ori, year = c(2021L, 2023L))[, c("ori", "year")]
  data.table::set(twelve, NULL, "months", 12L)
  # One that reported half of 2023 says nothing of it.
  half <- data.table::data.table(ori = "H", year = c(2021L, 2023L), months = c(12L, 6L))
  more <- rbind(more, data.table::data.table(ori = "H", year = c(2021L, 2023L), line = "larceny", count = c(9000, 1)))
  of <- function(...) srs_covariates(rbind(agencies, many), more, rbind(months, twelve, half), 2023L, ...)$covariates
  expect_equal(of()[2, c("larceny", "total")], c(larceny = 120 * 1.2, total = 144))
  expect_equal(of(rule = "reference")[2, c("larceny", "total")], c(larceny = 120, total = 120))
  expect_equal(of()[-2, ], of(rule = "reference")[-2, ])
  old <- srs_covariates(many, more, twelve, 2022L, 2023L)
  expect_equal(unname(old$covariates[1, c("larceny", "murder")]), c(120, 1))
  expect_equal(old$source$srs_year, rep(2021L, 30))
})

test_that("an agency without Return A takes the counts of a full reporter of its group, whatever the order", {
  found <- srs_covariates(agencies, return_a, months, 2023L)
  expect_equal(found$source$donor[[3]], "A")
  expect_equal(found$covariates[3, ], found$covariates[1, ])
  back <- srs_covariates(agencies[4:1, ], return_a, months, 2023L)
  expect_equal(back$covariates[4:1, ], found$covariates)
})

test_that("a year without Return A has covariates of 0, an unknown line is refused by name", {
  none <- srs_covariates(agencies, return_a[0, ], months[0, ], 2023L)
  expect_true(all(none$covariates == 0))
  strange <- data.table::copy(return_a)
  strange$line[[1]] <- "piracy"
  expect_error(srs_covariates(agencies, strange, months, 2023L), "line piracy")
})

test_that("the session's random numbers stay as they were", {
  set.seed(7)
  expected <- runif(1)
  set.seed(7)
  srs_covariates(agencies, return_a, months, 2023L)
  expect_equal(runif(1), expected)
})
