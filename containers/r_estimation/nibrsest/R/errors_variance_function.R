#' How far counts lie from what Return A lets expect, by the number of crimes of an agency
#'
#' For each cell the variance of a count about its prediction is taken to be log-linear in the logarithm of the
#' agency's crimes: `log(variance) = level + slope * log(crimes)`. The line goes through twenty classes of agencies of
#' about the same number of crimes, in each of which squared residuals have been averaged.
#'
#' A cell that few agencies have says too little about its slope: such cells of a pool (a section of a table) share
#' one, that of their squared residuals, each cell's divided by its own mean so that every cell counts alike; the level
#' is the cell's own, by which its squared residuals add up. Where a pool has no line either the slope is 1.5. No slope
#' is above 2, at which counts vary in proportion to the crimes; the level is then that by which squared residuals add
#' up.
#'
#' @param squares Mean squared residuals, a matrix of cells by classes; of a ratio those of its linearised residuals.
#' @param classes See [size_classes()].
#' @param frequent Logical, one per cell: whether enough agencies have it.
#' @param pool Of each cell.
#' @return A data.table, a row per cell: `level`, minus infinity where there are no residuals; `slope`.
#' @references Wolter (2007), Introduction to Variance Estimation, chapter 7; Brewer (2002), Combined Survey Sampling
#'   Inference, on the power 1.5.
#' @noRd
variance_function <- function(squares, classes, frequent, pool) {
  lines <- line_through(squares, classes$log_size)
  frequent <- frequent & is.finite(lines$level)
  lines$slope[!frequent] <- pooled_slopes(squares, classes, pool, !frequent)[!frequent]
  # Counts do not vary more than in proportion to the crimes.
  steepest <- constant("steepest_slope")
  frequent <- frequent & lines$slope <= steepest
  lines$slope <- pmin(lines$slope, steepest)
  sums <- as.vector(squares %*% lengths(classes$rows))
  alike <- data.table::data.table(level = 0, slope = lines$slope)
  levels <- log(sums / added_variance(alike, unlist(classes$size), rep(1, sum(lengths(classes$size)))))
  lines$level[!frequent] <- levels[!frequent]
  lines
}

#' The lines through the logarithms of a matrix's rows, by least squares; not finite where a value is 0
#' @noRd
line_through <- function(values, at) {
  logarithms <- log(values)
  if (ncol(values) < 3L) {
    return(data.table::data.table(level = rep(NaN, nrow(values)), slope = rep(NaN, nrow(values))))
  }
  centred <- at - mean(at)
  slope <- as.vector(logarithms %*% centred) / sum(centred^2)
  data.table::data.table(level = rowMeans(logarithms) - slope * mean(at), slope = slope)
}

#' One slope for the rare cells of each pool
#' @return A number per cell.
#' @noRd
pooled_slopes <- function(squares, classes, pool, rare) {
  means <- as.vector(squares %*% lengths(classes$rows))
  used <- which(rare & means > 0)
  numbers <- match(pool, unique(pool))
  slopes <- rep(constant("size_power"), max(numbers))
  if (length(used) > 0L) {
    sums <- rowsum(squares[used, , drop = FALSE] / means[used], numbers[used])
    lines <- line_through(sums, classes$log_size)
    known <- is.finite(lines$slope)
    slopes[as.integer(rownames(sums))[known]] <- lines$slope[known]
  }
  slopes[numbers]
}

#' The variances that agencies add to each cell, all together
#'
#' @param lines See [variance_function()].
#' @param size Crimes by Return A; less than one counts as one.
#' @param factor By what each agency's variance is multiplied.
#' @return A number per cell.
#' @noRd
added_variance <- function(lines, size, factor) {
  if (length(size) == 0L) {
    return(numeric(nrow(lines)))
  }
  # Rare cells share slopes.
  slopes <- unique(lines$slope)
  log_size <- log(pmax(size, 1))
  sums <- vapply(slopes, function(slope) sum(factor * exp(slope * log_size)), numeric(1))
  exp(lines$level) * sums[match(lines$slope, slopes)]
}

#' Agencies in classes of about the same number of crimes by Return A
#'
#' @param size Crimes of each agency.
#' @param rows Which agencies, by their numbers; those of fewer than twenty crimes are in no class.
#' @return A list with an element per class: `rows`, its agencies' numbers; `size` of them; `log_size`, the mean of its
#'   logarithm (a vector).
#' @noRd
size_classes <- function(size, rows) {
  large <- rows[size[rows] >= constant("variance_crimes")]
  wanted <- max(1, min(constant("variance_classes"), length(large) %/% constant("agencies_per_class")))
  log_size <- log(size[large])
  cuts <- unique(stats::quantile(log_size, seq(0, 1, length.out = wanted + 1), names = FALSE))
  class <- if (length(cuts) < 2L) rep(1L, length(large)) else findInterval(log_size, cuts, rightmost.closed = TRUE)
  members <- unname(split(large, class))
  list(rows = members, size = lapply(members, function(inside) size[inside]),
    log_size = vapply(members, function(inside) mean(log(size[inside])), numeric(1)))
}
