#' Months with stray reports of agencies that reported for a part of the year only
#'
#' An agency that begins to report NIBRS within the year, or stops, may have a few stray incidents in the other months;
#' these months are not reported, and are no sign of how much happened. Usual volume is what the second-highest month
#' has, or the highest if that is a hundred. Stray are months with at most a tenth of it, and ten offenses fewer. The
#' agency reported a part of the year if seven months or more are stray or not reported, three of them stray, and
#' all stray ones lie before all others, or after. Where the volume is in the middle, or at both ends, the agency is
#' seasonal.
#'
#' @param months Numeric matrix, agencies by twelve months: offenses, missing where a month was not reported.
#' @return Logical matrix of the same size: stray months of partial-year reporters.
#' @examples
#' # The police of the District of Columbia in 2021 began to report NIBRS in August.
#' which(stray_months(rbind(c(1, 1, NA, 2, 1, NA, 4, 7357, 7424, 7242, 5918, 5747))))
#' @export
stray_months <- function(months) {
  counts <- replace(months, is.na(months), -1)
  sorted <- t(apply(counts, 1L, sort, decreasing = TRUE))
  dim(sorted) <- dim(months)
  usual <- ifelse(sorted[, 1] >= constant("sure_volume"), sorted[, 1], sorted[, 2])
  stray <- !is.na(months) & months <= constant("stray_share") * usual & usual - months >= constant("least_difference")
  full <- !is.na(months) & !stray
  first <- function(which) apply(which, 1L, function(row) if (any(row)) min(which(row)) else 13L)
  last <- function(which) apply(which, 1L, function(row) if (any(row)) max(which(row)) else 0L)
  apart <- last(stray) < first(full) | first(stray) > last(full)
  partial <- apart & rowSums(stray) >= constant("fewest_stray_months") &
    rowSums(!full) >= constant("fewest_months_without")
  stray & partial
}
