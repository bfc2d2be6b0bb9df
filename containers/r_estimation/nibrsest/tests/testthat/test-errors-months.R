sparse <- function(values) methods::as(methods::as(Matrix::Matrix(values, sparse = TRUE), "dMatrix"), "CsparseMatrix")

lines_of <- function(world, pool = c("a", "a")) {
  filled <- sparse(world$filled)
  months_lines(filled, sparse(world$missed), world$raise, 1 / world$raise, shares_of_cells(filled), pool)
}

donors_of <- function(oris, own_weight, filled = 3) {
  flags <- stats::setNames(as.list(rep(c(1L, 0L), c(filled, 12 - filled))), tolower(month.abb))
  data.table::as.data.table(c(list(ori = oris, own_weight = own_weight), flags))
}

# Years of agencies, cells by agencies: months seen, and months that are filled with r times these. Counts are
# Poisson's; the months that are not seen deviate from the season by a share whose variance is `variation`.
filled_world <- function(n = 4000, variation = 0.04, seed = 1) {
  set.seed(seed)
  size <- exp(rnorm(n, 4, 0.8))
  hidden <- sample(1:8, n, TRUE)
  raise <- hidden / (12 - hidden)
  month <- function(months, deviation) matrix(rpois(2 * n, outer(c(1, 0.3), size * months / 12 * deviation)), 2)
  kept <- month(12 - hidden, 1)
  list(missed = month(hidden, rgamma(n, 1 / variation, 1 / variation)), filled = kept * rep(raise, each = 2),
    raise = raise)
}

# Agencies of some hundred crimes, of which 0.3 % are murders, more of them in some than in others.
rare_world <- function(n, seed) {
  set.seed(seed)
  size <- exp(rnorm(n, 5, 0.8))
  hidden <- sample(1:8, n, TRUE)
  rate <- rbind(0.003 * rgamma(n, 2, 2), 0.997) * rep(size, each = 2)
  counted <- function(months) matrix(rpois(2 * n, rate * rep(months / 12, each = 2)), 2)
  raise <- hidden / (12 - hidden)
  list(filled = counted(12 - hidden) * rep(raise, each = 2), missed = counted(hidden), raise = raise)
}

test_that("rare counts are expected to be what agencies with as many crimes have, frequent ones what they are", {
  counts <- rbind(c(0, 2, 0), c(400, 3998, 40))
  share <- c(0.001, 0.999)
  found <- expected_counts(counts, share, colSums(counts), c(1, 1, 3))
  m <- 0.4
  expect_equal(found[1, 1], (1 - m / (1 + m)) * 0.4)
  expect_equal(found[1, 2], 4 / 5 * 2 + 1 / 5 * 4)
  expect_equal(found[1, 3], (1 - 0.12 / 1.12) * 0.04)
  expect_equal(found[2, ], counts[2, ], tolerance = 0.001)
  # By the gamma distribution: means of draws given what was counted.
  set.seed(3)
  rate <- stats::rgamma(2e5, 1, 1 / 0.7)
  seen <- stats::rpois(2e5, rate * 3) / 3
  missing <- stats::rpois(2e5, rate)
  for (times in 0:4) {
    here <- which(seen == times / 3)
    expect_equal(expected_counts(cbind(times / 3), 0.7, 1, 3)[[1]], mean(missing[here]), tolerance = 0.05)
  }
  expect_equal(expected_counts(matrix(0, 2, 0), c(0, 0), numeric(), numeric()), matrix(0, 2, 0))
  expect_equal(expected_counts(cbind(c(0, 0)), shares_of_cells(cbind(c(0, 0))), 0, 1), cbind(c(0, 0)))
})

test_that("agencies whose months tell of no murder have an error of it, and intervals of groups hold", {
  fit <- rare_world(4000, 11)
  lines <- lines_of(fit)
  share <- shares_of_cells(fit$filled)
  held <- vapply(1:400, function(draw) {
    world <- rare_world(20, 20000 + draw)
    model <- list(oris = sprintf("R%02d", 1:20), raise = world$raise, lines = lines,
      expected = expected_counts(world$filled, share, colSums(world$filled), 1 / world$raise))
    variance <- months_variance(model, model$oris, rep(1, 20))$variance
    abs(rowSums(world$filled - world$missed)) <= 1.96 * sqrt(variance)
  }, logical(2))
  expect_true(all(rowMeans(held) > 0.91 & rowMeans(held) < 0.99))
})

test_that("two terms are those of a weighted regression, and none is negative", {
  set.seed(2)
  linear <- matrix(runif(30, 1, 100), 3)
  squared <- linear^2 * matrix(runif(30, 0.5, 2), 3)
  squares <- 2 * linear + 0.05 * squared + matrix(rnorm(30, 0, 5), 3)
  found <- two_terms(squares, linear, squared)
  for (row in 1:3) {
    fit <- list(coefficients = c(2, 0.05))
    for (round in 1:30) {
      mean <- drop(cbind(linear[row, ], squared[row, ]) %*% fit$coefficients)
      fit <- stats::lm(squares[row, ] ~ 0 + linear[row, ] + squared[row, ], weights = 1 / mean)
    }
    expect_equal(c(found$dispersion[[row]], found$variation[[row]]), coef(fit), tolerance = 1e-4, ignore_attr = TRUE)
    # With weights one over the mean, squares and means add up.
    expect_equal(sum(found$dispersion[[row]] * linear[row, ] + found$variation[[row]] * squared[row, ]),
      sum(squares[row, ]), tolerance = 1e-4)
  }
  less <- two_terms(2 * linear - 0.001 * squared, linear, squared)
  expect_equal(less$variation, rep(0, 3))
  only <- two_terms(0.05 * squared - linear / 50, linear, squared)
  expect_equal(only$dispersion, rep(0, 3))
  expect_true(all(is.na(two_terms(matrix(0, 1, 4), matrix(0, 1, 4), matrix(0, 1, 4)))))
})

test_that("chance and what does not follow the season are found apart", {
  world <- filled_world(20000, variation = 0.04)
  found <- lines_of(world)
  # Counts of Poisson: the variance of r times the months seen and of those that are not is (1 + r) a.
  expect_equal(found$dispersion, c(1, 1), tolerance = 0.15)
  expect_equal(found$variation[[1]], 0.04, tolerance = 0.2)
  expect_equal(found$fitted_on, c(20000L, 20000L))
})

test_that("the variance of filled months is that of draws of them", {
  fit <- filled_world(6000, seed = 3)
  model <- list(oris = sprintf("R%03d", 1:150), lines = lines_of(fit))
  share <- shares_of_cells(fit$filled)
  weight <- rep(c(1, 2.5, 1), 50)
  draws <- lapply(1:800, function(draw) {
    world <- filled_world(150, seed = 1000 + draw)
    model$raise <- world$raise
    model$expected <- expected_counts(world$filled, share, colSums(world$filled), 1 / world$raise)
    error <- drop((world$filled - world$missed) %*% weight)
    list(error = error, variance = months_variance(model, model$oris, weight)$variance)
  })
  errors <- vapply(draws, `[[`, numeric(2), "error")
  variances <- vapply(draws, `[[`, numeric(2), "variance")
  expect_equal(rowMeans(variances), rowMeans(errors^2), tolerance = 0.2)
  expect_gt(mean(abs(errors[1, ]) < 1.96 * sqrt(variances[1, ])), 0.9)
})

test_that("the error of a share is that of its linearised counts, and 0 where the part is all", {
  set.seed(5)
  filled <- matrix(rpois(60, 8) * 1.5, 3)
  filled[3, ] <- filled[1, ] + filled[2, ]
  oris <- sprintf("R%02d", 1:20)
  donors <- donors_of(oris, 1 + runif(20))
  sums <- list(adds = Matrix::sparseMatrix(3, 1, x = 1, dims = c(3, 1)), denominator = c(1L, 1L, 1L))
  none <- donors[0, ]
  empty <- matrix(0, 0, 3)
  model <- months_model(list(filled = t(filled), masked_filled = empty, masked_missed = empty), donors, none,
    rep("a", 3), sums)
  weight <- runif(20, 1, 2)
  found <- months_variance(model, oris, weight, c(300, 200, 500))
  p <- 0.6
  # Chance of the part (1 - p)^2 and of the rest p^2: that is (1 - 2 p) of the part and p^2 of the whole. What is common
  # to both by the linearised count.
  raise <- 1 + model$raise
  of <- expected_counts(filled, rowSums(filled) / sum(filled), colSums(filled), 3)
  expect_equal(model$expected, of)
  chance <- of[1, ] * (1 - 2 * p) + p^2 * of[3, ]
  expected <- constant("months_dispersion") * sum(weight^2 * raise * chance) +
    constant("months_variation") * sum(weight^2 * (of[1, ] - p * of[3, ])^2)
  expect_equal(found$share_variance[[1]], expected / 500^2, tolerance = 1e-10)
  expect_equal(found$share_variance[[3]], 0)
  expect_equal(found$variance[[1]], constant("months_dispersion") * sum(weight^2 * raise * of[1, ]) +
    constant("months_variation") * sum(weight^2 * of[1, ]^2), tolerance = 1e-10)
  # Who does not belong to the total adds nothing.
  expect_equal(months_variance(model, oris[1:5], weight[1:5], c(300, 200, 500))$variance[[2]],
    months_variance(model, oris, replace(weight, 6:20, 0), c(300, 200, 500))$variance[[2]])
  # A share of nothing is none.
  expect_true(all(is.na(months_variance(model, oris, weight, c(0, 0, 0))$share_variance)))
})

test_that("rare cells share what their section knows, others what all rare ones do, and unseen ones what is assumed", {
  world <- filled_world(1000, seed = 6)
  rare <- matrix(0, 3, 1000)
  rare[1, 1:30] <- rare[2, 31:60] <- 1
  filled <- rbind(world$filled[1, ], rare)
  missed <- rbind(world$missed[1, ], rare * 3)
  rares <- list(filled = filled, missed = missed, raise = world$raise)
  found <- lines_of(rares, c("a", "b", "b", "c"))
  expect_equal(found[2, ], found[3, ])
  expect_false(isTRUE(all.equal(found$dispersion[[1]], found$dispersion[[2]])))
  # The section c was never seen: it takes that of the other rare cells.
  expect_equal(found[4, ], found[2, ])
  nothing <- list(filled = matrix(0, 2, 1000), missed = matrix(0, 2, 1000), raise = world$raise)
  only <- lines_of(nothing, c("a", "b"))
  expect_equal(only$dispersion, rep(constant("months_dispersion"), 2))
})

test_that("without recipients nothing is added, and without reporters to mask errors are those that are assumed", {
  donors <- donors_of("A", 12)[0, ]
  empty <- matrix(0, 0, 2)
  parts <- list(filled = empty, masked_filled = empty, masked_missed = empty)
  model <- months_model(parts, donors, donors, c("a", "a"))
  expect_equal(months_variance(model, c("A", "B"), c(1, 2))$variance, c(0, 0))
  expect_equal(model$lines$fitted_on, c(0L, 0L))
  one <- months_model(replace(parts, "filled", list(matrix(c(4, 0), 1))), donors_of("A", 12), donors,
    c("a", "a"))
  expect_equal(months_variance(one, c("A", "B"), c(2, 1))$variance,
    c(4 * (constant("months_dispersion") * 12 * 4 + constant("months_variation") * 16), 0))
})

test_that("masked reporters lose months as recipients do, are at most half, and depend on the year alone", {
  made <- crowd_of_reporters()
  made$months[3, 5:7] <- NA
  made$colours[3, 5:7] <- NA
  earlier <- matrix(NA_real_, nrow(made$months), 48)
  donors <- find_donors(made$agencies, made$months, made$colours)
  masked <- masked_years(made$agencies, made$months, made$colours, earlier, donors, "own", 2020L)
  expect_equal(nrow(masked), 29L)
  expect_false("XX0000003" %in% c(masked$ori, masked$donor))
  expect_length(intersect(masked$ori, masked$donor), 0L)
  flags <- as.matrix(masked[, tolower(month.abb), with = FALSE])
  expect_true(all(t(flags) == rep(c(0, 1, 0), c(4, 3, 5))))
  expect_gt(min(masked$own_weight), 1)
  set.seed(99)
  order <- sample(nrow(made$months))
  again <- masked_years(made$agencies[order, ], made$months[order, ], made$colours[order, ], earlier, donors, "own",
    2020L)
  expect_equal(again, masked)
  expect_equal(nrow(masked_years(made$agencies, made$months, made$colours, earlier, donors[0, ], "own", 2020L)), 0L)
  few <- c(3, 4)
  expect_equal(nrow(masked_years(made$agencies[few, ], made$months[few, ], made$colours[few, ], earlier[few, ], donors,
    "own", 2020L)), 0L)
  expect_equal(unique(masked_years(made$agencies, made$months, made$colours, earlier, donors, "reference",
    2020L)$own_weight), 1)
})

test_that("offense codes and cells of the tables have the error of their filled months, each part by itself", {
  logger::log_threshold("FATAL")
  year <- borrowing_year()
  counted <- offenses_of_year(year)
  complete <- year$agencies$ori[which(year$agencies$respondent)]
  donors <- data.table::data.table(ori = complete[1:10], own_weight = 1.5)
  masked <- data.table::data.table(ori = complete[11:100], own_weight = 1.5)
  data.table::set(donors, NULL, tolower(month.abb), rep(list(1L, 0L), c(4, 8)))
  data.table::set(masked, NULL, tolower(month.abb), rep(list(1L, 0L), c(4, 8)))
  part_of <- function(oris, times) {
    some <- counted[which(counted$ori %in% oris), ]
    data.table::set(data.table::copy(some), NULL, "offenses", some$offenses * times)[]
  }
  filled <- list(filled = part_of(donors$ori, 0.3), masked_filled = part_of(masked$ori, 0.3),
    masked_missed = part_of(masked$ori, 0.36))
  inputs <- without_filled(list(agencies = year$agencies, covariates = year$world$covariates), counted)
  inputs[c("donors", "masked")] <- list(donors, masked)
  inputs$filled_offenses <- data.table::rbindlist(filled, idcol = "part")
  cells <- table_cells()
  cells <- cells[which(cells$table %in% c("2a", "2b") & is.na(cells$characteristic)), ]
  cell_of <- c("13A" = "t_2a_1_1_2", "23F" = "t_2b_1_1_10")
  matrices <- lapply(filled, function(part) {
    oris <- unique(part$ori)
    count_matrix(data.table::data.table(ori = oris), cells$cell, match(part$ori, oris),
      match(cell_of[part$offense_code], cells$cell), part$offenses)
  })
  by_code <- terms_of_codes(inputs, NULL)$months
  by_cell <- terms_of_cells(stacked_parts(matrices), cells, inputs, NULL)$months
  by_agency <- function(part, names, code_of) {
    oris <- unique(part$ori)
    counts <- matrix(0, length(names), length(oris), dimnames = list(names, NULL))
    counts[cbind(match(code_of(part$offense_code), names), match(part$ori, oris))] <- part$offenses
    counts
  }
  expected_of <- function(counts, both, donors) {
    expected_counts(counts, shares_of_cells(both$filled, both$masked_filled), colSums(counts), times_seen(donors))
  }
  tables <- lapply(filled, by_agency, cells$cell, function(codes) cell_of[codes])
  expect_equal(by_cell$expected, expected_of(tables$filled, tables, donors), ignore_attr = TRUE)
  codes <- lapply(filled, by_agency, names(cell_of), identity)
  known <- match(names(cell_of), rownames(by_code$expected))
  expect_equal(by_code$expected[known, ] > 0, codes$filled > 0, ignore_attr = TRUE)
  # What was missed was a fifth more than what was filled; the squares of a pool's rare cells add up.
  expected <- expected_of(tables$masked_filled, tables, masked)
  squares <- sum((0.2 * filled$masked_filled$offenses)^2)
  mean <- rowSums(by_cell$lines$dispersion * 1.5 * expected + by_cell$lines$variation * expected^2)
  expect_equal(sum(mean), squares, tolerance = 1e-3)
  assault <- by_code$lines[match("13A", rownames(by_code$expected)), ]
  expect_gt(assault$dispersion + assault$variation, 0)
  weight <- rep(2, length(complete))
  expect_gt(months_variance(by_code, complete, weight)$variance[[match("13A", rownames(by_code$expected))]], 0)
  # Whoever is no recipient adds nothing.
  expect_equal(months_variance(by_code, complete[11:20], weight[1:10])$variance, rep(0, nrow(by_code$expected)),
    ignore_attr = TRUE)
})

test_that("parts of years add up: what is kept and what is filled, what masked reporters keep and miss", {
  made <- crowd_of_reporters()
  made$months[3, 5:7] <- NA
  made$colours[3, 5:7] <- NA
  earlier <- matrix(NA_real_, nrow(made$months), 48)
  donors <- weighted_months(find_donors(made$agencies, made$months, made$colours), made$agencies$ori, made$months,
    made$colours, earlier)
  masked <- masked_years(made$agencies, made$months, made$colours, earlier, donors, "own", 2020L)
  there <- which(!is.na(made$months), arr.ind = TRUE)
  tabulated <- data.table::data.table(ori = made$agencies$ori[there[, 1]], month = as.integer(there[, 2]),
    offense_code = "220", offenses = made$months[there])
  parts <- parts_of_years(tabulated[, c("ori", "month")], donors, masked, made$agencies$ori)
  sums <- lapply(parts, function(part) used_offenses(tabulated, part$months, part$donors))
  kept <- sum(made$months[3, ], na.rm = TRUE)
  expect_equal(sums$filled$offenses, sums$used$offenses[sums$used$ori == "XX0000003"] - kept)
  mine <- masked$ori[[5]]
  at <- match(mine, made$agencies$ori)
  expect_equal(sums$masked_missed$offenses[sums$masked_missed$ori == mine], sum(made$months[at, 5:7]))
  donor <- match(masked$donor[[5]], made$agencies$ori)
  expect_equal(sums$masked_filled$offenses[sums$masked_filled$ori == mine],
    (masked$own_weight[[5]] - 1) * sum(made$months[at, -(5:7)]) +
      masked$donor_weight[[5]] * sum(made$months[donor, 5:7]))
  cells <- c("x", "y")
  rows <- unique(tabulated[, c("ori", "month")])
  matrix <- count_matrix(rows, cells, seq_len(nrow(rows)), rep(1L, nrow(rows)), tabulated$offenses)
  counted <- used_counts(function(state) matrix, "XX", parts, cells)
  stacked <- stacked_parts(counted[-1])
  apart <- parted(stacked, list(filled = donors$ori, masked_missed = rev(masked$ori)))
  expect_equal(unname(as.matrix(apart$filled)), cbind(sums$filled$offenses, 0))
  expect_equal(apart$masked_missed[, 1], rev(sums$masked_missed$offenses[match(masked$ori, sums$masked_missed$ori)]))
})
