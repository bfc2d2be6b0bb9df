#' Annual counts of respondents by cell, with the totals of several offense codes
#'
#' @param tabulated Counts by `ori`, `month`, `offense_code` of the year, its filled
#'   months included.
#' @param oris ORIs of the respondents: the rows, in this order.
#' @return Numeric matrix; columns are the totals of `offense_totals.csv`, then all offense codes
#'   that occur anywhere, sorted.
#' @keywords internal
annual_counts <- function(tabulated, oris) {
  codes <- sort(unique(tabulated$offense_code))
  counts <- matrix(0, length(oris), length(codes), dimnames = list(NULL, codes))
  asked <- which(tabulated$ori %in% oris)
  annual <- tabulated[asked, list(offenses = sum(offenses)), by = c("ori", "offense_code")]
  counts[cbind(match(annual$ori, oris), match(annual$offense_code, codes))] <- annual$offenses
  totals <- package_table("offense_totals.csv")
  sums <- vapply(unique(totals$total), function(total) {
    rowSums(counts[, codes %in% totals$offense_code[totals$total == total], drop = FALSE])
  }, numeric(length(oris)))
  cbind(matrix(as.numeric(sums), length(oris), length(unique(totals$total)),
    dimnames = list(NULL, unique(totals$total))), counts)
}

#' The columns of [annual_counts()]
#' @noRd
annual_columns <- function(codes) c(unique(package_table("offense_totals.csv")$total), sort(unique(codes)))

#' Counts of offense codes that make up the years of respondents
#'
#' @param tabulated See [tabulate_offenses()].
#' @param months,donors See [weigh_year()].
#' @return A data.table, ordered: `ori` (of the respondent that the counts are for), `offense_code`, `offenses` of
#'   the year, its filled months included.
#' @references METHOD, section 4.
#' @noRd
used_offenses <- function(tabulated, months, donors) {
  used <- with_donated_months(tabulated, months, donors)
  used[, list(offenses = sum(weight * offenses)), keyby = c("ori", "offense_code")]
}
