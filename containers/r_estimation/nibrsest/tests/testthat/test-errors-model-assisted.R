model_of <- function(world, ...) {
  borrowed_model(Matrix::Matrix(world$y[world$responds, ], sparse = TRUE), world$covariates[world$responds, ], ...)
}

# Geographies are the first of the agencies, with shares; weights are made up.
place_of <- function(world, agencies, share = rep(1, length(agencies))) {
  responding <- world$responds[agencies]
  rows <- match(agencies[responding], which(world$responds))
  set.seed(length(agencies))
  list(rows = rows, weight = 1 + stats::runif(length(rows)), share = share[responding],
    totals = colSums(world$covariates[agencies, regression_crimes(), drop = FALSE] * share),
    silent = data.frame(size = world$covariates[agencies[!responding], "total"], share = share[!responding]),
    agencies = agencies, own = agencies[responding])
}

assisted <- function(model, place) do.call(model_assisted_estimates, c(list(model), place[1:5]))

test_that("totals are those of a linear calibration of the survey package", {
  skip_if_not_installed("survey")
  world <- borrowing_world()
  everyone <- place_of(world, seq_len(400))
  respondents <- which(world$responds)
  x <- world$covariates[respondents, regression_crimes()]
  size <- world$covariates[respondents, "total"]
  frame <- data.frame(y = world$y[respondents, ], x, size = size)
  design <- survey::svydesign(~1, weights = everyone$weight, data = frame)
  # survey's coefficients have the weights of the design: with 1 / (w z) they are those of 1 / z.
  calibrated <- survey::calibrate(design, stats::reformulate(c("0", colnames(x))), everyone$totals,
    calfun = "linear", variance = everyone$weight * size)
  found <- assisted(model_of(world), everyone)
  expect_equal(found$estimate, unname(coef(survey::svytotal(~ y.1 + y.2 + y.3 + y.4, calibrated))), tolerance = 1e-10)
})

test_that("errors of totals and shares are those of residuals and of the variance function", {
  world <- borrowing_world(2)
  sums <- list(adds = Matrix::sparseMatrix(c(1, 2, 3), c(1, 1, 1), x = 1, dims = c(4, 1)),
    denominator = c(1L, 1L, NA, 1L))
  model <- model_of(world, sums = sums, pool = c("a", "a", "b", "b"))
  share <- rep(c(1, 0.4), c(40, 20))
  place <- place_of(world, 1:60, share)
  found <- assisted(model, place)
  # The same by the residuals themselves.
  fitted <- which(world$responds)
  x <- world$covariates[fitted, regression_crimes()]
  size <- world$covariates[fitted, "total"]
  y <- world$y[fitted, ]
  fits <- lapply(1:4, function(cell) stats::lm(y[, cell] ~ 0 + x, weights = 1 / size))
  coefficients <- vapply(fits, coef, numeric(7))
  gap <- place$totals - colSums(x[place$rows, ] * place$weight * place$share)
  expected <- colSums(y[place$rows, ] * place$weight * place$share) + drop(gap %*% coefficients)
  expect_equal(found$estimate, unname(expected), tolerance = 1e-10)
  classes <- cut(log(size), stats::quantile(log(size[size >= 20]), seq(0, 1, length.out = 21)), include.lowest = TRUE,
    right = FALSE)
  line_of <- function(residuals, slope = NULL) {
    squares <- tapply(residuals^2, classes, mean)
    at <- tapply(log(size), classes, mean)
    line <- stats::coef(stats::lm(log(squares) ~ at))
    if (is.null(slope)) {
      return(line)
    }
    large <- size >= 20
    c(log(sum(residuals[large]^2) / sum(size[large]^slope)), slope)
  }
  variance_of_residuals <- function(residuals, line) {
    sum((place$weight - 1)^2 * place$share^2 * residuals[place$rows]^2) +
      sum(place$silent$share^2 * exp(line[[1]] + line[[2]] * log(pmax(place$silent$size, 1))))
  }
  residuals <- vapply(fits, function(fit) stats::resid(fit) / (1 - stats::hatvalues(fit)), numeric(length(fitted)))
  for (cell in 1:3) {
    variance <- variance_of_residuals(residuals[, cell], line_of(residuals[, cell]))
    expect_equal(found$standard_error[[cell]], sqrt(variance), tolerance = 1e-8)
  }
  # The rare cell is alone in its pool: its slope is that of its own squares where all classes have some.
  slope <- line_of(residuals[, 4])[[2]]
  expect_equal(found$standard_error[[4]], sqrt(variance_of_residuals(residuals[, 4], line_of(residuals[, 4], slope))),
    tolerance = 1e-8)
  base <- sum(found$estimate[1:3])
  below <- rowSums(residuals[, 1:3])
  for (cell in 1:2) {
    ratio <- found$share[[cell]]
    expect_equal(ratio, found$estimate[[cell]] / base, tolerance = 1e-12)
    linear <- residuals[, cell] - ratio * below
    expect_equal(found$share_error[[cell]], sqrt(variance_of_residuals(linear, line_of(linear))) / base,
      tolerance = 1e-8)
  }
  expect_equal(found$share[[3]], NA_real_)
})

test_that("cells, and halves of a geography, add up", {
  world <- borrowing_world(3)
  world$y <- cbind(world$y, world$y[, 1] + world$y[, 2])
  model <- model_of(world)
  whole <- place_of(world, 1:80)
  found <- assisted(model, whole)
  expect_equal(found$estimate[[5]], sum(found$estimate[1:2]), tolerance = 1e-12)
  part <- function(inside) {
    place <- whole
    chosen <- whole$own %in% inside
    place$rows <- whole$rows[chosen]
    place$weight <- whole$weight[chosen]
    place$share <- whole$share[chosen]
    place$totals <- colSums(world$covariates[inside, regression_crimes()])
    place$silent <- data.frame(size = world$covariates[inside[!world$responds[inside]], "total"], share = 1)
    assisted(model, place)
  }
  halves <- list(part(1:40), part(41:80))
  expect_equal(halves[[1]]$estimate + halves[[2]]$estimate, found$estimate, tolerance = 1e-12)
  expect_equal(halves[[1]]$standard_error^2 + halves[[2]]$standard_error^2, found$standard_error^2, tolerance = 1e-12)
})

test_that("half of every agency is half of the estimate and of its error", {
  world <- borrowing_world(4)
  model <- model_of(world)
  whole <- assisted(model, place_of(world, 1:50))
  half <- assisted(model, place_of(world, 1:50, rep(0.5, 50)))
  expect_equal(half$estimate, whole$estimate / 2, tolerance = 1e-12)
  expect_equal(half$standard_error, whole$standard_error / 2, tolerance = 1e-12)
})

test_that("a geography in which all respond has its own counts, without error", {
  world <- borrowing_world(5)
  agencies <- which(world$responds)[1:30]
  place <- place_of(world, agencies)
  place$weight <- rep(1, 30)
  found <- assisted(model_of(world), place)
  expect_equal(found$estimate, colSums(world$y[agencies, ]), tolerance = 1e-12)
  expect_equal(found$standard_error, rep(0, 4))
})

test_that("what Return A says wholly is estimated as Return A has it, nearly without error", {
  world <- borrowing_world(6)
  world$y <- cbind(world$y, world$covariates[, c("robbery", "larceny")])
  place <- place_of(world, 1:70)
  found <- assisted(model_of(world), place)
  expect_equal(found$estimate[5:6], unname(place$totals[c("robbery", "larceny")]), tolerance = 1e-10)
  expect_lt(max(found$standard_error[5:6] / found$estimate[5:6]), 1e-6)
})

test_that("a cell below zero is zero and said to be clipped", {
  world <- borrowing_world(7)
  place <- place_of(world, 1:40)
  place$totals <- place$totals * 0.1
  place$weight <- rep(1, length(place$rows))
  world$y[place$own, 4] <- 0
  found <- assisted(model_of(world), place)
  expect_true(found$clipped[[4]])
  expect_equal(found$estimate[[4]], 0)
  expect_gt(found$standard_error[[4]], 0)
})

test_that("with fewer than twenty respondents intervals are by Student's t", {
  world <- borrowing_world(8)
  model <- model_of(world)
  few <- place_of(world, 1:10)
  found <- assisted(model, few)
  line <- model$lines[1, ]
  spread <- function(size) exp(line$level + line$slope * log(size))
  respondents <- (few$weight - 1)^2 * model$inflation[few$rows] * spread(model$size[few$rows])
  silent <- sum(spread(few$silent$size))
  expect_equal(found$degrees_of_freedom[[1]],
    (sum(respondents) + silent)^2 / (sum(respondents^2) + silent^2 / 18), tolerance = 1e-10)
  expect_true(all(found$degrees_of_freedom > 1))
  expect_true(all(is.na(assisted(model, place_of(world, 1:60))$degrees_of_freedom)))
})

test_that("crimes that nobody has, or that follow from others, are left out; a cell that nobody has is 0", {
  world <- borrowing_world(9)
  world$covariates[, "murder"] <- 0
  world$covariates[, "burglary"] <- world$covariates[, "larceny"] * 2
  world$y[, 4] <- 0
  model <- model_of(world)
  expect_equal(model$rank, 5L)
  found <- assisted(model, place_of(world, 1:60))
  expect_true(all(is.finite(found$estimate)))
  expect_equal(c(found$estimate[[4]], found$standard_error[[4]]), c(0, 0))
})

test_that("what all agencies have alike leaves no error", {
  world <- borrowing_world(10)
  world$y[, 1] <- 3 * world$covariates[, "robbery"]
  found <- assisted(model_of(world), place_of(world, 1:60))
  expect_lt(found$standard_error[[1]], 1e-6 * found$estimate[[1]])
})

test_that("without enough respondents with Return A nothing is borrowed", {
  world <- borrowing_world(11)
  none <- world
  none$covariates[] <- 0
  expect_null(model_of(none))
  few <- lapply(world[c("y", "covariates")], function(matrix) matrix[1:60, ])
  expect_null(borrowed_model(Matrix::Matrix(few$y, sparse = TRUE), few$covariates))
})

test_that("the regression is that of respondents whose months are their own, if they are enough", {
  world <- borrowing_world(12)
  respondents <- which(world$responds)
  complete <- seq_along(respondents) > 100
  world$y[respondents[!complete], ] <- world$y[respondents[!complete], ] * 10
  own <- model_of(world, complete = complete)
  without <- borrowed_model(Matrix::Matrix(world$y[respondents[complete], ], sparse = TRUE),
    world$covariates[respondents[complete], ])
  expect_equal(own$coefficients, without$coefficients, tolerance = 1e-12)
  expect_equal(own$lines, without$lines, tolerance = 1e-12)
})

test_that("no variance grows faster than in proportion to the crimes", {
  size <- exp(seq(3, 9, length.out = 400))
  classes <- size_classes(size, seq_along(size))
  squares <- rbind(vapply(classes$size, function(inside) mean(inside^3), numeric(1)),
    vapply(classes$size, function(inside) mean(inside^1.2), numeric(1)))
  lines <- variance_function(squares, classes, c(TRUE, TRUE), c("a", "a"))
  expect_equal(lines$slope[[1]], 2)
  expect_equal(sum(exp(lines$level[[1]]) * size^2), sum(size^3), tolerance = 1e-10)
  expect_equal(lines$slope[[2]], 1.2, tolerance = 0.01)
})

test_that("a part is never more than 100 per cent, though what else there is came out below zero", {
  world <- borrowing_world(13)
  place <- place_of(world, 1:60)
  # The second cell is the fourth and what the regression takes below zero.
  world$y[, 2] <- world$y[, 4] + world$covariates[, "larceny"] %/% 50
  world$y[, 3] <- 2 * world$y[, 2]
  sums <- list(adds = Matrix::sparseMatrix(2, 1, x = 1, dims = c(4, 1)), denominator = c(NA, NA, 1L, 1L))
  model <- model_of(world, sums = sums)
  # Return A for which the regression makes the whole 1 and its part 2.
  weighted <- drop(crossprod(world$y[place$own, c(2, 4)], place$weight))
  two <- model$coefficients[c(2, 4), ]
  gap <- drop(t(two) %*% solve(tcrossprod(two), c(1, 2) - weighted))
  place$totals <- drop(crossprod(model$x[place$rows, ], place$weight)) + gap
  found <- assisted(model, place)
  expect_equal(found$estimate[[2]] / found$estimate[[4]], 0.5)
  expect_equal(found$share[[4]], 1)
  expect_equal(found$share[[3]], 2)
  # Of next to nothing, as is left of parts above and below 0, there is none either: its error would be beyond measure.
  place$totals <- place$totals - gap + drop(t(two) %*% solve(tcrossprod(two), c(1e-9, 2) - weighted))
  nothing <- assisted(model, place)
  expect_lt(nothing$estimate[[2]], 1e-6)
  expect_equal(nothing$estimate[[4]], 2)
  expect_true(all(is.na(nothing$share) & is.na(nothing$share_error)))
  place$totals <- place$totals - drop(t(two) %*% solve(tcrossprod(two), c(1e-9, 2) - weighted)) + gap
  # Without a whole there is no part.
  place$totals <- place$totals - gap + drop(t(two) %*% solve(tcrossprod(two), c(-1, -2) - weighted))
  expect_true(all(is.na(assisted(model, place)$share)))
})
