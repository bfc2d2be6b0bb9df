agencies <- data.table::data.table(
  ori = c("AA1", "AA2", "AA3", "BB1"), state = c("AR", "AR", "AR", "AK"), respondent = c(TRUE, TRUE, FALSE, TRUE),
  reported_months = c(9L, 12L, 4L, 12L), low_months = c(0L, 2L, 0L, 0L), high_months = c(0L, 0L, 3L, 1L)
)
flags <- stats::setNames(as.list(integer(12)), tolower(month.abb))
donors <- data.table::rbindlist(list(
  c(list(ori = "AA1", donor = "BB1"), utils::modifyList(flags, list(jan = 1L, feb = 1L, mar = 1L))),
  c(list(ori = "AA2", donor = "BB1"), utils::modifyList(flags, list(may = 2L)))
))

test_that("months are those of each state's respondents, a low one that stays is not replaced", {
  found <- months_by_state(agencies, donors)
  expect_equal(found$state, c("AK", "AR"))
  expect_equal(found$respondents, c(1, 2))
  expect_equal(found$missed, c(0, 3))
  expect_equal(found$filled, c(0, 3))
  expect_equal(found$low, c(0, 2))
  expect_equal(found$replaced, c(0, 1))
  expect_equal(found$high, c(1, 0))
  expect_match(imputed_note(agencies, donors), "Of 3 respondents 1 missed months, and 1 had .* months of 2 were filled")
})

test_that("bars are as long as the months that others gave, and stand in the order of the states' names", {
  plot <- strsplit(months_plot(months_by_state(agencies, donors), "x"), "\n")[[1]]
  width_of <- function(class) {
    as.numeric(sub(".* width=\"([0-9.]+)%\".*", "\\1", grep(sprintf("class=\"%s\"", class), plot, value = TRUE)))
  }
  expect_equal(width_of("filled")[[2]], 3 * width_of("replaced")[[2]], tolerance = 0.01)
  expect_equal(c(width_of("filled")[[1]], width_of("replaced")[[1]]), c(0, 0))
  expect_match(paste(plot, collapse = ""), "Alaska.*0 filled, 0 low replaced, 1 high kept.*Arkansas.*3 filled, 1 low")
})

test_that("without respondents there is no plot", {
  none <- months_by_state(agencies[which(!agencies$respondent), ], donors[0, ])
  expect_equal(nrow(none), 0L)
  expect_equal(months_plot(none, "x"), "")
})
