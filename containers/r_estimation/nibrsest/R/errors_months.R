#' How far filled months are from what they stand for, by what they are filled with
#'
#' Of complete reporters whose months were masked and filled, the squared differences of what was filled and what was
#' there are taken to have the mean `dispersion (1 + r) m + variation m^2`: m is what is expected of what was filled
#' (see `expected_counts()`), r how many times the agency's own months count besides themselves. The first term is
#' chance: that of the months seen, raised, and that of the months that are not. The second is that agencies' months do
#' not follow the season. Both are not negative, and are fitted through ten classes of reporters by weighted least
#' squares, with weights one over the mean, by which squares and their means add up. Cells that few masked reporters
#' have share both terms with the rare cells of their pool.
#'
#' @param filled,missed Sparse matrices, cells by masked reporters: what was filled, and what was there.
#' @param raise,seen r of each, and how often what was filled was seen, see `times_seen()`.
#' @param share Of each cell in all counts.
#' @param pool Of each cell.
#' @return A data.table, a row per cell: `dispersion`, `variation`; and `fitted_on`, the number of masked reporters
#'   (0: both are the `months_dispersion` and `months_variation` of [method_constants()]).
#' @references Särndal, Swensson and Wretman (1992), Model Assisted Survey Sampling, chapter 7 (ratio models);
#'   McCullagh and Nelder (1989), Generalized Linear Models, chapter 9 (weights one over the mean).
#' @noRd
months_lines <- function(filled, missed, raise, seen, share, pool) {
  reporters <- ncol(filled)
  if (reporters < constant("masked_for_a_fit")) {
    return(data.table::data.table(dispersion = rep(constant("months_dispersion"), length(pool)),
      variation = constant("months_variation"), fitted_on = 0L))
  }
  classes <- equal_classes(Matrix::colSums(filled), constant("masked_classes"))
  moments <- months_moments(filled, missed, raise, seen, share, classes)
  frequent <- Matrix::rowSums(filled + missed > 0) >= constant("agencies_of_a_slope")
  lines <- two_terms(moments$squares, moments$linear, moments$squared)
  rare <- which(!frequent)
  if (length(rare) > 0L) {
    lines[rare, ] <- pooled_lines(moments, rare, pool)[match(pool[rare], unique(pool[rare])), ]
  }
  # Where nothing was filled or missed nothing is known, nor needed.
  unknown <- which(is.na(lines$dispersion))
  lines$dispersion[unknown] <- constant("months_dispersion")
  lines$variation[unknown] <- constant("months_variation")
  data.table::data.table(lines, fitted_on = reporters)
}

#' Numbers of some size in classes of about as many
#' @noRd
equal_classes <- function(size, number) {
  unname(split(seq_along(size), ceiling(rank(size, ties.method = "first") * number / length(size))))
}

#' Sums by class of squared differences, and of what their mean is made of: cells by classes
#' @noRd
months_moments <- function(filled, missed, raise, seen, share, classes) {
  total <- Matrix::colSums(filled)
  by_class <- lapply(classes, function(rows) {
    given <- filled[, rows, drop = FALSE]
    expected <- expected_counts(given, share, total[rows], seen[rows])
    list(squares = Matrix::rowSums((given - missed[, rows, drop = FALSE])^2), linear = expected %*% (1 + raise[rows]),
      squared = rowSums(expected^2))
  })
  lapply(c(squares = "squares", linear = "linear", squared = "squared"), function(term) {
    matrix(unlist(lapply(by_class, `[[`, term)), ncol = length(classes))
  })
}

#' The terms of the rare cells of each pool, all together; of all rare cells where a pool has none
#' @noRd
pooled_lines <- function(moments, rare, pool) {
  names <- unique(pool[rare])
  of <- function(values) rowsum(values[rare, , drop = FALSE], match(pool[rare], names))
  sums <- lapply(moments, of)
  lines <- two_terms(sums$squares, sums$linear, sums$squared)
  all_together <- lapply(sums, function(values) matrix(colSums(values), 1L))
  everything <- two_terms(all_together$squares, all_together$linear, all_together$squared)
  unknown <- which(is.na(lines$dispersion))
  lines[unknown, ] <- everything[rep(1L, length(unknown)), ]
  lines
}

#' Two terms that are not negative, by weighted least squares with weights one over the mean
#'
#' @param squares,linear,squared Matrices of the same size, a row per fit.
#' @return A data.frame of `dispersion` and `variation`; missing where there is nothing to fit.
#' @noRd
two_terms <- function(squares, linear, squared) {
  some <- rowSums(linear) > 0
  first <- ifelse(some, rowSums(squares) / rowSums(linear), NA)
  second <- numeric(length(first))
  for (round in 1:8) {
    mean <- first * linear + second * squared
    weight <- ifelse(mean > 0, 1 / mean, 0)
    a <- rowSums(weight * linear^2)
    b <- rowSums(weight * linear * squared)
    c <- rowSums(weight * squared^2)
    u <- rowSums(weight * linear * squares)
    v <- rowSums(weight * squared * squares)
    determinant <- a * c - b^2
    both <- determinant > 1e-9 * a * c
    new_first <- ifelse(both, (c * u - b * v) / determinant, u / a)
    new_second <- ifelse(both, (a * v - b * u) / determinant, 0)
    # Of two terms that would be negative the other one stays alone.
    new_first <- ifelse(new_second < 0, u / a, new_first)
    only_second <- new_first < 0
    second <- ifelse(only_second, v / c, pmax(new_second, 0))
    first <- ifelse(only_second, 0, new_first)
    first[which(!is.finite(first) & some)] <- 0
    second[which(!is.finite(second))] <- 0
  }
  data.frame(dispersion = ifelse(some, first, NA), variation = ifelse(some, second, NA))
}

#' What a year's filled months need for their errors
#'
#' @param parts Sparse matrices, agencies by cells, named as in `parts_of_years()`, those of which `filled` has the rows
#'   of `donors`, the others those of `masked`.
#' @param donors,masked See [weigh_year()].
#' @param pool,sums See [borrowed_model()].
#' @return A list: `oris` of the recipients, `raise`, `expected` (cells by recipients, see `expected_counts()`), `lines`
#'   (see `months_lines()`), and, where there are percentages, `has`, `denominator` and `adds` as in `borrowed_model()`
#'   and `below`, what is expected of what they divide by.
#' @noRd
months_model <- function(parts, donors, masked, pool, sums = NULL) {
  filled <- by_respondent(parts$filled)
  masked_filled <- by_respondent(parts$masked_filled)
  share <- shares_of_cells(filled, masked_filled)
  model <- list(oris = donors$ori, raise = donors$own_weight - 1,
    expected = expected_counts(filled, share, Matrix::colSums(filled), times_seen(donors)),
    lines = months_lines(masked_filled, by_respondent(parts$masked_missed), masked$own_weight - 1,
      times_seen(masked), share, pool))
  if (!is.null(sums)) {
    has <- which(!is.na(sums$denominator))
    model <- c(model, list(has = has, denominator = sums$denominator[has], adds = sums$adds,
      below = as.matrix(Matrix::t(sums$adds) %*% model$expected)))
  }
  model
}

#' The variance that filled months add to totals and shares: the sum over recipients of their own
#'
#' Recipients are independent of each other. The season, which they share, is known from thousands of agencies.
#'
#' @param model See `months_model()`.
#' @param oris,weight Respondents, and how often each of them counts in the total, its share of the geography included;
#'   others count nothing.
#' @param estimate Of the cells; needed for shares.
#' @return A data.table, a row per cell: `variance` of the total and `share_variance`, missing where there is no share.
#' @noRd
months_variance <- function(model, oris, weight, estimate) {
  times <- weight[match(model$oris, oris)]
  counting <- which(times != 0)
  times <- times[counting]^2
  raised <- times * (1 + model$raise[counting])
  expected <- model$expected[, counting, drop = FALSE]
  dispersion <- model$lines$dispersion
  variation <- model$lines$variation
  linear <- as.vector(expected %*% raised)
  squared <- as.vector(expected^2 %*% times)
  found <- data.table::data.table(variance = dispersion * linear + variation * squared, share_variance = NA_real_)
  if (is.null(model$has)) {
    return(found)
  }
  base <- as.vector(Matrix::t(model$adds) %*% estimate)
  some <- which(base[model$denominator] >= constant("least_denominator"))
  cell <- model$has[some]
  denominator <- model$denominator[some]
  share <- pmin(estimate[cell] / base[denominator], 1)
  below <- model$below[, counting, drop = FALSE]
  products <- as.vector((expected[cell, , drop = FALSE] * below[denominator, , drop = FALSE]) %*% times)
  # Of y - p v: chance is that of the part and of the rest, each by itself; the variation is common to both.
  chance <- linear[cell] * (1 - 2 * share) + share^2 * as.vector(below %*% raised)[denominator]
  common <- squared[cell] - 2 * share * products + share^2 * as.vector(below^2 %*% times)[denominator]
  sums <- dispersion[cell] * pmax(chance, 0) + variation[cell] * pmax(common, 0)
  data.table::set(found, cell, "share_variance", sums / base[denominator]^2)
  found
}
