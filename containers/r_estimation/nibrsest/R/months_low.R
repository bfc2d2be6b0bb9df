#' Months that are far from what the agency's year and the season let expect
#'
#' What is expected of a month is the agency's level times the month's share in a year (see [weighted_months()]); the
#' level is the median of the months reported, each over its share. A month is low if it has at most `low_share` of what
#' is expected, `least_difference` offenses less, if so few have a probability below `chance_of_a_month` by a negative
#' binomial distribution whose months differ by `month_variation` besides chance, and if it stands out by
#' `low_spreads` median absolute deviations of the agency's other months. High months are those with
#' `high_times` of what is expected, by the same rules. More than `most_low_months` low ones are a level, and none of
#' them is low; so with high ones. The numbers are [method_constants()].
#'
#' An agency's months are not split into parts, as [outlier_colours()] does, which takes seasons and chance
#' for parts.
#'
#' @param months Numeric matrix of monthly totals, agencies by twelve, missing where a month was not reported.
#' @param earlier Numeric matrix of the same for years before, agencies by a multiple of twelve.
#' @return Character matrix, agencies by the months of `earlier` and then of `months`: `green`, `red` (low), `blue`
#'   (high); missing where counts are. Each year is seen by itself; the years before give the agency's season, to which
#'   belongs what is out of the ordinary in more than half of them.
#' @references Hilbe (2011), Negative Binomial Regression, ch. 8, for the distribution.
#' @examples
#' months <- rbind(c(100, 104, 97, 99, 6, 96, 101, 103, 98, 100, 95, 99), 40:51)
#' seasonal_colours(months, matrix(NA_real_, 2, 48))[1, 49:60]
#' @export
seasonal_colours <- function(months, earlier) {
  all_months <- cbind(earlier, months)
  year_columns <- split(seq_len(ncol(all_months)), (seq_len(ncol(all_months)) - 1L) %/% 12L)
  season <- robust_season(months)
  flat <- matrix(season, nrow(months), 12L, byrow = TRUE)
  years <- lapply(year_columns, function(columns) colours_by_shares(all_months[, columns, drop = FALSE], flat))
  # What comes in more than half of the years is the season of the agency.
  known <- Reduce(`+`, lapply(years, function(colours) !is.na(colours)))
  out <- Reduce(`+`, lapply(years, function(colours) !is.na(colours) & colours != "green"))
  every_year <- known >= 2L & out > known / 2
  before <- do.call(cbind, lapply(years[-length(years)], function(colours) {
    replace(colours, every_year & !is.na(colours), "green")
  }))
  ordinary <- if (is.null(before)) earlier else replace(earlier, is.na(before) | before != "green", NA)
  cbind(before, colours_by_shares(months, own_seasons(season, ordinary)))
}

#' The nation's season, without the agencies whose months are out of the ordinary by what it would be with them
#' @noRd
robust_season <- function(months) {
  flat <- matrix(1 / 12, nrow(months), 12L)
  colours <- ifelse(is.na(months), NA_character_, "green")
  for (round in 1:2) {
    complete <- rowSums(is.na(colours) | colours != "green") == 0L
    if (any(complete)) {
      flat <- matrix(nation_season(months, colours), nrow(months), 12L, byrow = TRUE)
    }
    colours <- colours_by_shares(months, flat)
  }
  nation_season(months, colours)
}

#' Colours of one year's months
#'
#' @param shares The share of each month in the agency's year: agencies by twelve.
#' @noRd
colours_by_shares <- function(months, shares) {
  expected <- row_median(months / shares) * shares
  ratio <- months / expected
  # Of the other months: four of twelve would hide themselves.
  usual <- replace(ratio, which(ratio <= constant("low_share") | ratio >= constant("high_times")), NA)
  spread <- 1.4826 * row_median(abs(usual - row_median(usual)))
  apart <- abs(ratio - 1) >= constant("low_spreads") * spread
  size <- 1 / constant("month_variation")^2
  chance <- function(at_most, from) stats::pnbinom(at_most, size = size, mu = from)
  enough <- rowSums(!is.na(months)) >= constant("outlier_months")
  low <- apart & ratio <= constant("low_share") & expected - months >= constant("least_difference") &
    chance(months, expected) < constant("chance_of_a_month")
  high <- apart & ratio >= constant("high_times") & months - expected >= constant("least_difference") &
    1 - chance(months - 1, expected) < constant("chance_of_a_month")
  few <- function(found) found & !is.na(found) & enough & rowSums(found, na.rm = TRUE) <= constant("most_low_months")
  colours <- ifelse(is.na(months), NA_character_, "green")
  colours[few(low)] <- "red"
  colours[few(high)] <- "blue"
  colours
}

#' The median of each row, missing values left out; missing where a row has none
#' @noRd
row_median <- function(values) {
  number <- rowSums(!is.na(values))
  # Each row's values become a column, the missing ones last.
  sorted <- matrix(values[order(row(values), values)], ncol(values), nrow(values))
  at <- function(place) sorted[cbind(pmax(place, 1), seq_len(nrow(values)))]
  (at((number + 1) %/% 2) + at(number %/% 2 + 1)) / 2
}
