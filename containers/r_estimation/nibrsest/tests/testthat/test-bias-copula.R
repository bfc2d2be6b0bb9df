# Agencies of which some are known and one is not.
known_of <- function(...) {
  x <- cbind(...)
  list(full = x, population = x[, 1, drop = FALSE], nothing = x[, 0, drop = FALSE])
}
without <- function(y, recipients) {
  y[recipients, ] <- NA
  y
}

test_that("Kendall's tau is that of R's own definition, with ties", {
  with_seed(1, {
    values <- cbind(stats::rpois(150, 0.4), stats::rpois(150, 3), stats::runif(150), rep(0:1, 75))
    expect_equal(kendall(values), unname(stats::cor(values, method = "kendall")), tolerance = 1e-12)
  })
})

test_that("ranks are shares of one more than there are, the lowest of equals", {
  expect_identical(proportional_ranks(c(5, 0, 0, 7)), c(3, 1, 1, 4) / 5)
})

test_that("quantiles are those of the empirical distribution function", {
  values <- c(0, 0, 1, 4, 9)
  chances <- c(0, 0.2, 0.2000001, 0.4, 0.5, 0.6, 0.99, 1)
  expect_identical(empirical_quantile(values, chances), unname(stats::quantile(values, chances, type = 1)))
})

test_that("correlations that contradict each other become possible, as little changed as may be", {
  wrong <- matrix(c(1, 0.9, -0.9, 0.9, 1, 0.9, -0.9, 0.9, 1), 3)
  nearest <- nearest_correlation(wrong)
  eigenvalues <- eigen(nearest$matrix)$values
  expect_gt(min(eigenvalues), 0)
  expect_equal(diag(nearest$matrix), rep(1, 3))
  expect_equal(nearest$moved, max(abs(nearest$matrix - wrong)))
  # By symmetry the nearest has the same three numbers; two of 1/2 are the most that is possible.
  expect_equal(abs(nearest$matrix[upper.tri(wrong)]), rep(0.5, 3), tolerance = 1e-3)
  possible <- matrix(c(1, 0.3, 0.3, 1), 2)
  expect_identical(nearest_correlation(possible), list(matrix = possible, moved = 0))
  # Two variables that are the same one.
  expect_lt(nearest_correlation(matrix(1, 2, 2))$moved, 1e-4)
})

test_that("what is left of a normal distribution is what the inverse of its correlations says", {
  with_seed(2, {
    correlation <- stats::cov2cor(crossprod(matrix(stats::rnorm(60), 12)))
    known <- c(1, 4)
    found <- conditional_normal(correlation, known)
    precision <- solve(correlation)
    expect_equal(crossprod(found$root), solve(precision[-known, -known]), tolerance = 1e-10)
    expect_equal(t(found$slopes), -solve(precision[-known, -known]) %*% precision[-known, known], tolerance = 1e-10)
    nothing <- conditional_normal(correlation, integer())
    expect_equal(crossprod(nothing$root), correlation, tolerance = 1e-10)
  })
})

test_that("draws have the conditional mean of the distribution that agencies came from", {
  with_seed(3, {
    n <- 6000
    rho <- 0.8
    z <- stats::rnorm(n)
    y <- cbind(y = exp(rho * z + sqrt(1 - rho^2) * stats::rnorm(n)))
    recipients <- 5001:n
    made <- copula_draws(cbind(exp(2 * z)), without(y, recipients))
    # Log-normal given z.
    expected <- exp(rho * z[recipients] + (1 - rho^2) / 2)
    slope <- stats::coef(stats::lm(made$values ~ expected))
    expect_equal(slope[[2]], 1, tolerance = 0.05)
    expect_equal(mean(made$values), mean(expected), tolerance = 0.03)
    # Averages of draws spread less than what is drawn, by the number of draws.
    left <- stats::var(as.vector(made$values / expected))
    expect_equal(left, (exp(1 - rho^2) - 1) / constant("copula_stacks"), tolerance = 0.2)
    # Variables that go together are drawn together.
    both <- cbind(y, twice = 2 * y[, 1])
    made <- copula_draws(cbind(exp(2 * z)), without(both, recipients), stacks = 1)
    expect_gt(stats::cor(made$values)[1, 2], 0.99)
  })
})

test_that("a seed belongs to what is drawn", {
  expect_identical(seed_of("2a", "17", 1, "shares 3"), seed_of("2a", 17, "1", "shares 3"))
  seeds <- c(seed_of("2a", 1, 1, "shares 3"), seed_of("2a", 11, "", "shares 3"), seed_of("2b", 1, 1, "shares 3"))
  expect_identical(anyDuplicated(seeds), 0L)
  expect_true(all(seeds >= 0 & seeds < 2^31))
})

test_that("the ways are tried from the richest, and what cannot be told by one is told by the next", {
  with_seed(4, {
    n <- 60
    size <- stats::rlnorm(n, 9)
    y <- without(cbind(a = stats::rpois(n, size / 2000), b = stats::rpois(n, size / 4000), none = 0), 41:n)
    known <- known_of(size = size, share = stats::runif(n))
    way_of <- function(...) drawn_by_ladder(utils::modifyList(known, list(...)), y)$status$way
    expect_identical(way_of(), c("full", "full", "constant"))
    broken <- known$full
    broken[3, 2] <- NaN
    expect_identical(way_of(full = broken), c("population", "population", "constant"))
    expect_identical(way_of(full = broken, population = broken), c("alone_nothing", "alone_nothing", "constant"))
    expect_identical(way_of(full = broken, population = broken, nothing = broken), c("failed", "failed", "constant"))
    found <- drawn_by_ladder(utils::modifyList(known, list(full = broken, population = broken, nothing = broken)), y)
    expect_identical(unname(colSums(is.na(found$values))), c(20, 20, 0))
  })
})

test_that("few donors, and donors that are all alike, are enough", {
  known <- known_of(size = c(100, 200, 300, 400))
  one <- drawn_by_ladder(known, without(cbind(a = c(7, 0, 0, 0)), 2:4))
  expect_identical(as.vector(one$values), rep(7, 3))
  expect_identical(one$status$way, "constant")
  two <- drawn_by_ladder(known, without(cbind(a = c(1, 5, 0, 0), b = c(5, 1, 0, 0)), 3:4))
  expect_true(all(two$values >= 1 & two$values <= 5))
  # What all donors have in common tells nothing of them.
  same <- drawn_by_ladder(known_of(size = c(100, 100, 300, 400)), without(cbind(a = c(1, 5, 0, 0)), 3:4))
  expect_identical(same$status$way, "full")
  expect_false(anyNA(same$values))
})

columns_of_test <- function(method) {
  data.table::data.table(table = "x", column = "1", method = method, of_columns = "2 3")
}

test_that("totals that are sums are summed, and those that are shares never exceed them", {
  with_seed(5, {
    n <- 80
    size <- stats::rlnorm(n, 8)
    parts <- cbind("2" = stats::rpois(n, size / 900), "3" = stats::rpois(n, size / 3000))
    donors <- 1:60
    known <- known_of(size = size)
    summed <- drawn_totals(known, cbind("1" = rowSums(parts), parts)[donors, ], columns_of_test("sum"))
    expect_equal(summed$values[, "1"], summed$values[, "2"] + summed$values[, "3"])
    expect_identical(summed$status$variable, c("2", "3"))
    any_of <- pmin(rowSums(parts), parts[, "2"] + 1)
    shared <- drawn_totals(known, cbind("1" = any_of, parts)[donors, ], columns_of_test("share"))
    sums <- shared$values[, "2"] + shared$values[, "3"]
    expect_true(all(shared$values[, "1"] <= sums + 1e-9 & shared$values[, "1"] > 0.3 * sums))
    # Nobody has any: neither has who is silent.
    none <- drawn_totals(known, cbind("1" = 0, parts * 0)[donors, ], columns_of_test("share"))
    expect_identical(sum(none$values), 0)
  })
})

test_that("rows add up to their total, to less of it, or can occur together", {
  with_seed(6, {
    n <- 120
    size <- stats::rlnorm(n, 9)
    total <- stats::rpois(n, size / 1500)
    yes <- stats::rbinom(n, total, 0.3)
    rows <- cbind(yes = yes, no = total - yes, some = stats::rbinom(n, total, 0.2), more = stats::rbinom(n, total, 0.7),
      also = stats::rbinom(n, total, 0.6))
    donors <- 1:90
    drawn_total <- c(total[donors], total[-donors] + 0.3)
    drawn_total[119:120] <- c(0, NA)
    made <- drawn_rows(known_of(size = size), rows[donors, ], c("1", "1", "2", "3", "3"), c("1", "1", "2", "3", "3"),
      drawn_total)
    of <- drawn_total[91:118]
    expect_equal(rowSums(made$values[1:28, 1:2]), of)
    expect_true(all(made$values[1:28, 3] <= of + 1e-9))
    expect_true(stats::median(rowSums(made$values[1:28, 4:5]) / of) > 1)
    expect_identical(unname(made$values[29, ]), rep(0, 5))
    expect_true(all(is.na(made$values[30, ])))
    expect_identical(made$status$variable, c(colnames(rows), "rest 2", "ratio 3"))
  })
})

test_that("a difference by rounding is none", {
  rows <- cbind(a = c(0.1, 0.3), b = c(0.2, 0.4))
  helped <- with_helpers(rows, c("1", "1"), c("2", "2"), c(0.3, 0.7))
  expect_false(0.1 + 0.2 == 0.3)
  expect_identical(helped$y[, "rest 1"], c(0, 0))
  expect_identical(with_helpers(rows, c("1", "1"), c("3", "3"), c(0.3, 0.7))$y[, "ratio 1"], c(1, 1))
})

test_that("rows that add up to nothing are divided as those that fit are", {
  helped <- with_helpers(rbind(c(a = 1, b = 3), c(a = 2, b = 2)), c("1", "1"), c("1", "1"), c(4, 4))
  drawn <- rbind(c(0, 0), c(3, 1), c(1, 1), c(2, 0))
  made <- adjusted_rows(drawn, helped, c(8, 2, 2, 0))
  # Donors are divided 1 : 3 and 2 : 2, the third recipient, who fits, 1 : 1; the second does not fit.
  expect_equal(made$values, rbind(8 * c((1 / 4 + 1 / 2 + 1 / 2) / 3, (3 / 4 + 1 / 2 + 1 / 2) / 3), c(1.5, 0.5), c(1, 1),
    c(0, 0)), ignore_attr = TRUE)
  expect_equal(made$share[["1"]], 0.75)
})

test_that("of nobody nothing is drawn, and where nobody is silent there is nothing to draw", {
  cells <- table_cells()
  cells <- cells[which(cells$table == "2c"), ]
  agencies <- data.table::data.table(ori = c("a", "b"), respondent = c(FALSE, FALSE), population = c(10, 20),
    population_group_code = "6", class = 4L, agency_type = "City", msa_status = 1L, male_officers = 1,
    female_officers = 1)
  demographics <- data.table::as.data.table(c(list(ori = character()), lapply(stats::setNames(nm =
    demographic_shares()), function(name) numeric())))
  membership <- Matrix::sparseMatrix(c(1, 2, 2), c(1, 1, 2), x = 1)
  drawn <- function(respond) {
    data.table::set(agencies, NULL, "respondent", respond)
    annual <- Matrix::Matrix(0, sum(respond), nrow(cells), sparse = TRUE)
    groups <- copula_groups(agencies, demographics)
    made <- drawn_sums(annual, agencies$ori[respond], cells, agencies, groups, membership)
    c(made, list(diagnostics = copula_diagnostics(made$status, groups)))
  }
  nobody <- drawn(c(FALSE, FALSE))
  expect_true(all(is.na(nobody$imputed)))
  expect_identical(unique(nobody$diagnostics$donors_from), "none")
  expect_true("failed" %in% nobody$diagnostics$way)
  everyone <- drawn(c(TRUE, TRUE))
  expect_identical(dim(everyone$imputed), c(2L, nrow(cells)))
  expect_identical(sum(everyone$imputed), 0)
  expect_identical(names(everyone$diagnostics), names(file_columns("bias/<tables>-copula.csv")))
  expect_identical(nrow(everyone$diagnostics), 0L)
})

test_that("a total that no donor has, or no recipient, has no rows", {
  known <- known_of(size = 1:6 * 100)
  rows <- matrix(0, 4, 2, dimnames = list(NULL, c("a", "b")))
  nobody <- drawn_rows(known, rows, c("1", "1"), c("2", "2"), c(0, 0, 0, 0, 0, 0))
  expect_identical(sum(nobody$values), 0)
  expect_identical(nobody$status$way, c("none", "none"))
})
