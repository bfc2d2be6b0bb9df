design_of_normals <- function(number, columns) matrix(stats::rnorm(number * columns), number)

test_that("with continuous predictors our draws and those of mice cannot be told apart", {
  world <- with_seed(11L, {
    x <- design_of_normals(400L, 2L)
    list(x = x, y = drop(x %*% c(2, -1)) + stats::rnorm(400L), known = stats::runif(400L) < stats::plogis(x[, 1]))
  })
  wanted <- which(!world$known)
  means <- with_seed(12L, vapply(1:150, function(repetition) {
    c(mean(world$y[pmm_donors(world$x, world$y, which(world$known), wanted)]),
      mean(mice::mice.impute.pmm(world$y, world$known, world$x, matchtype = 2L)))
  }, c(0, 0)))
  expect_gt(suppressWarnings(stats::ks.test(means[1, ], means[2, ])$p.value), 0.01)
  expect_equal(mean(means[1, ]), mean(means[2, ]), tolerance = 0.02)
  # The truth, within what 250 donors can tell.
  expect_lt(abs(mean(means[1, ]) - mean(world$y[wanted])), 0.15)
})

test_that("recipients of equal predictors draw from all donors that are like them, not from five", {
  share_by_seed <- function(seed) {
    with_seed(seed, {
      sex <- as.integer(stats::runif(3000L) < 0.3) + 1L
      donors <- pmm_donors(cbind(rep(0:1, 1500L)), sex, 1:2000, 2001:3000, 2L)
      expect_gt(data.table::uniqueN(donors), 500L)
      mean(sex[donors] == 2L)
    })
  }
  shares <- vapply(1:20, share_by_seed, 0)
  # The binomial's spread, of donors and of recipients, is 0.018.
  expect_lt(stats::sd(shares), 0.03)
  expect_equal(mean(shares), 0.3, tolerance = 0.05)
})

test_that("classes are quantified by what predictors say of them, whatever their numbers are", {
  drawn <- with_seed(3L, {
    x <- design_of_normals(4000L, 1L)
    # Of three classes the second is far from the first and third, which are alike.
    class <- ifelse(x[, 1] + stats::rnorm(4000L, sd = 0.3) > 1, 2L, sample(c(1L, 3L), 4000L, replace = TRUE))
    recode <- function(class) c(3L, 1L, 2L)[class]
    list(x = x, class = class, one = pmm_donors(x, class, 1:3000, 3001:4000, 3L),
      other = pmm_donors(x, recode(class), 1:3000, 3001:4000, 3L))
  })
  of_recipients <- drawn$class[3001:4000] == 2L
  for (way in c("one", "other")) {
    expect_gt(mean((drawn$class[drawn[[way]]] == 2L) == of_recipients), 0.9)
  }
})

test_that("without a predictor, a variation or more than one donor, any donor is taken", {
  none <- matrix(0, 10L, 0L)
  expect_true(all(pmm_donors(none, 1:10, 1:5, 6:10) %in% 1:5))
  expect_true(all(pmm_donors(cbind(rep(1, 10L)), 1:10, 1:5, 6:10) %in% 1:5))
  expect_true(all(pmm_donors(cbind(1:10), rep(4, 10L), 1:5, 6:10) %in% 1:5))
  expect_equal(pmm_donors(cbind(1:10), 1:10, 3L, 6:7), c(3L, 3L))
  expect_equal(pmm_donors(cbind(1:10), 1:10, 1:10, integer()), integer())
  # Predictors of which one is the sum of others, and a class that no donor has.
  twice <- cbind(1:40, 2 * (1:40), rep(0:1, 20L))
  expect_true(all(pmm_donors(twice, rep(c(1L, 3L), 20L), 1:30, 31:40, 4L) %in% 1:30))
})

test_that("the window of nearest donors is widened to whole ties, at both ends and at the margins", {
  donors <- c(5, 1, 1, 1, 2, 3, 3, 9)
  drawn <- function(target, number) sort(unique(with_seed(1L, matched_donors(donors, rep(target, 400L), number))))
  expect_equal(drawn(1, 2L), 2:4)
  expect_equal(drawn(2.9, 1L), 6:7)
  expect_equal(drawn(2.4, 2L), 5:7)
  expect_equal(drawn(100, 1L), 8L)
  expect_equal(drawn(-100, 1L), 2:4)
  expect_equal(drawn(0, 100L), 1:8)
})

test_that("where enough donors have a recipient's own predictors, its donor is one of them", {
  # A predictor that says next to nothing: the predictions of its two values hardly differ.
  class <- rep(rep(0:1, c(90L, 10L)), 30L)
  value <- with_seed(1L, stats::rnorm(3000L))
  same <- vapply(1:20, function(seed) {
    donors <- with_seed(seed, pmm_donors(cbind(class), value, 1:2000, 2001:3000))
    mean(class[donors] == class[2001:3000])
  }, 0)
  expect_equal(same, rep(1, 20L))
})
