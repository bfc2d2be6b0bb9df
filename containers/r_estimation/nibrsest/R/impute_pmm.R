#' Donors by predictive mean matching
#'
#' A regression of the variable on its predictors, by cross-products; coefficients and variance are drawn from their
#' posterior distribution; each record without a value takes that of a record whose prediction lies near its own.
#'
#' Three things are done otherwise than mice 3.15 does them. Donors and recipients are both predicted by the drawn
#' coefficients (mice's `matchtype = 2`; its default predicts donors by the estimated ones), so that records with equal
#' predictors have equal predictions: where predictors are classes, a recipient would else be matched to another class,
#' which may have hardly any donors. A variable of classes is quantified by its first canonical
#' variate with the predictors, not by the numbers that its classes happen to have. And among donors of equal
#' prediction every recipient draws for itself from all of them: mice breaks ties once per call, so that all recipients
#' of equal prediction share five donors.
#'
#' @param design Numeric matrix without missing values, a row per record and a column per predictor; may have no
#'   columns.
#' @param y Values (numeric), or numbers of classes (integer, from 1) if `classes` is given; those of recipients do not
#'   matter.
#' @param known,wanted Row numbers of donors (at least one) and of recipients.
#' @param classes How many classes there are; `NULL` for a numeric variable.
#' @param columns The predictors' columns in the design.
#' @return For each recipient the row number of its donor. Random numbers are taken from the session's state.
#' @references Little (1988), Missing-data adjustments in large surveys, Journal of Business and Economic Statistics 6,
#'   287; van Buuren (2018), Flexible Imputation of Missing Data, section 3.4.
#' @examples
#' set.seed(1)
#' x <- cbind(rnorm(200))
#' y <- 3 * x[, 1] + rnorm(200)
#' donors <- pmm_donors(x, y, known = 1:150, wanted = 151:200)
#' cor(y[donors], y[151:200])
#' @export
pmm_donors <- function(design, y, known, wanted, classes = NULL, columns = seq_len(ncol(design))) {
  if (length(wanted) == 0L) {
    return(integer())
  }
  moments <- moments_of(design, known, columns)
  given <- y[known]
  values <- if (is.null(classes)) given else quantified(design, moments, given, known, classes)
  spread <- stats::sd(values)
  if (length(moments$columns) == 0L || is.na(spread) || spread == 0) {
    return(known[sample.int(length(known), length(wanted), replace = TRUE)])
  }
  values <- (values - mean(values)) / spread
  coefficients <- drawn_coefficients(moments, values, products_with(design, moments, values, known))
  known[matched_donors(predictions(design, known, moments, coefficients),
    predictions(design, wanted, moments, coefficients), constant("matching_donors"))]
}

#' Digits of predictions
#' @noRd
prediction_digits <- 10L

#' So many rows at once are copied out of the design
#' @noRd
block_rows <- 65536L

#' Row numbers in blocks
#' @noRd
blocks_of <- function(rows) {
  starts <- seq(1L, max(1L, length(rows)), by = block_rows)
  lapply(starts, function(start) rows[start:min(length(rows), start + block_rows - 1L)])
}

#' Means and centred cross-products of predictors over some records; predictors that do not vary are left out
#'
#' @return A list: `number` of records, `columns` that vary, their `mean`, `deviation` (standard) and `correlation`
#'   (their matrix, with a ridge that makes it soluble whatever depends on what).
#' @noRd
moments_of <- function(design, rows, columns) {
  number <- length(rows)
  sums <- numeric(length(columns))
  squares <- matrix(0, length(columns), length(columns))
  for (block in blocks_of(rows)) {
    part <- design[block, columns, drop = FALSE]
    sums <- sums + colSums(part)
    squares <- squares + crossprod(part)
  }
  mean <- sums / number
  covariance <- squares / number - tcrossprod(mean)
  deviation <- sqrt(pmax(diag(covariance), 0))
  varies <- which(deviation > 1e-6 * (1 + abs(mean)))
  correlation <- covariance[varies, varies, drop = FALSE] / tcrossprod(deviation[varies])
  diag(correlation) <- 1 + constant("matching_ridge")
  list(number = number, columns = columns[varies], mean = mean[varies], deviation = deviation[varies],
    correlation = correlation)
}

#' Mean products of standardised predictors with a centred variable
#' @noRd
products_with <- function(design, moments, values, rows) {
  sums <- numeric(length(moments$columns))
  done <- 0L
  for (block in blocks_of(rows)) {
    part <- values[done + seq_along(block)]
    sums <- sums + drop(crossprod(design[block, moments$columns, drop = FALSE], part))
    done <- done + length(block)
  }
  (sums / moments$number - moments$mean * mean(values)) / moments$deviation
}

#' Numbers for classes: the first canonical variate of the classes with the predictors
#'
#' @param given Numbers of the donors' classes.
#' @return For each donor the score of its class; all 0 where predictors say nothing of the classes.
#' @noRd
quantified <- function(design, moments, given, known, classes) {
  sizes <- tabulate(given, classes)
  present <- which(sizes > 0L)
  if (length(present) <= 2L || length(moments$columns) == 0L) {
    return(as.numeric(given))
  }
  sums <- matrix(0, length(present), length(moments$columns))
  done <- 0L
  for (block in blocks_of(known)) {
    of_block <- rowsum(design[block, moments$columns, drop = FALSE], given[done + seq_along(block)])
    at <- match(as.integer(rownames(of_block)), present)
    sums[at, ] <- sums[at, ] + of_block
    done <- done + length(block)
  }
  # Distances of the classes' means from the mean of all, in standard deviations; weighted by the classes' sizes.
  means <- sweep(sweep(sums / sizes[present], 2L, moments$mean), 2L, moments$deviation, "/")
  weighted <- means * sqrt(sizes[present] / moments$number)
  between <- weighted %*% chol2inv(chol(moments$correlation)) %*% t(weighted)
  first <- eigen((between + t(between)) / 2, symmetric = TRUE)$vectors[, 1L]
  scores <- numeric(classes)
  scores[present] <- first / sqrt(sizes[present] / moments$number)
  scores[given]
}

#' Coefficients of standardised predictors, drawn from their posterior distribution
#' @noRd
drawn_coefficients <- function(moments, values, products) {
  root <- chol(moments$correlation)
  inverse <- chol2inv(root)
  estimated <- drop(inverse %*% products)
  freedom <- max(moments$number - length(products) - 1L, 1L)
  residual <- moments$number * max(mean(values^2) - sum(estimated * products), 0)
  sigma <- sqrt(residual / stats::rchisq(1L, freedom))
  estimated + backsolve(root, stats::rnorm(length(products)) * sigma / sqrt(moments$number))
}

#' Predictions, in standard deviations, rounded: equal predictors have equal ones, whatever the rounding errors
#' @noRd
predictions <- function(design, rows, moments, coefficients) {
  slopes <- coefficients / moments$deviation
  round(unlist(lapply(blocks_of(rows), function(block) {
    drop(design[block, moments$columns, drop = FALSE] %*% slopes)
  }), use.names = FALSE) - sum(slopes * moments$mean), prediction_digits)
}

#' One of the nearest donors for each target, whole ties drawn from
#'
#' The window of so many donors nearest by their predictions is widened at both ends to all donors of equal prediction;
#' every target draws from its own.
#'
#' @param donors,targets Predictions.
#' @param number How many donors are near.
#' @return Numbers of donors.
#' @noRd
matched_donors <- function(donors, targets, number) {
  ranked <- order(donors, method = "radix")
  sorted <- donors[ranked]
  size <- length(sorted)
  number <- min(number, size)
  distinct <- unique(targets)
  left <- pmin(pmax(findInterval(distinct, sorted) - number + 1L, 1L), size - number + 1L)
  for (step in seq_len(number)) {
    next_right <- pmin(left + number, size)
    nearer <- left + number <= size & sorted[next_right] - distinct < distinct - sorted[left]
    left <- left + nearer
  }
  runs <- c(TRUE, sorted[-1L] != sorted[-size])
  starts <- which(runs)
  ends <- c(starts[-1L] - 1L, size)
  run <- cumsum(runs)
  first <- starts[run[left]]
  width <- ends[run[left + number - 1L]] - first + 1L
  of_target <- if (length(distinct) == length(targets)) seq_along(targets) else match(targets, distinct)
  ranked[first[of_target] + floor(stats::runif(length(targets)) * width[of_target])]
}
