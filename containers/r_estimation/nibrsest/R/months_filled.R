#' What an agency's own months and its donor's stand for in its year
#'
#' A respondent that misses months, or has low ones, is brought to twelve by its own months first: with the nation's
#' season, the months that it has stand for season(missing) / season(kept) of themselves besides themselves. An agency
#' with few offenses says little about its level by itself: the nearest donor's months, brought to the agency's level,
#' take over a share of k / (n + k) of what is missing, n being the agency's own offenses in the months kept and k
#' `own_offenses` of [method_constants()]. One weight holds for all records of an agency's months, so that whatever adds
#' up of whole months adds up of filled ones.
#'
#' The season of an agency is the nation's (of agencies whose twelve months are there and not out of the ordinary), and
#' its own in earlier years to the extent that it has offenses in them: shares of months are those of `season_offenses`
#' offenses of the nation's season and all of the agency's earlier years with twelve ordinary months. The donor's scale
#' is the agency's offenses over its own, in the months of all years that both have, `scale_offenses` added to either;
#' it is at most `donor_scale_limit`, and at least its inverse.
#'
#' @param donors See [find_donors()].
#' @param oris ORIs of the rows of `months` and `earlier`.
#' @param months Numeric matrix of monthly totals, agencies by twelve, missing where a month was not reported.
#' @param colours Character matrix of the same size, see [outlier_colours()].
#' @param earlier Numeric matrix of the same for the four years before, agencies by 48; missing where a month was not
#'   reported or is out of the ordinary.
#' @return `donors` with the columns `own_weight` and `donor_weight`: how often a record of the agency's kept months
#'   counts, and one of the donor's in the months that are filled. Where there is no donor, the own months
#'   alone fill.
#' @references The season as an auxiliary variable of a ratio estimator: Särndal, Swensson and Wretman (1992), ch. 7.
#' @examples
#' donors <- data.table::as.data.table(c(list(ori = "XX0000002", donor = "XX0000001"),
#'   stats::setNames(as.list(rep(c(1L, 0L), c(3, 9))), tolower(month.abb))))
#' months <- rbind(rep(40, 12), c(NA, NA, NA, rep(20, 9)))
#' colours <- ifelse(is.na(months), NA, "green")
#' weighted_months(donors, c("XX0000001", "XX0000002"), months, colours, matrix(NA_real_, 2, 48))
#' @export
weighted_months <- function(donors, oris, months, colours, earlier) {
  flags <- as.matrix(donors[, tolower(month.abb), with = FALSE])
  own_rows <- match(donors$ori, oris)
  donor_rows <- match(donors$donor, oris)
  filled <- flags > 0L
  own_months <- months[own_rows, , drop = FALSE]
  kept <- ifelse(filled, 0, own_months)
  shares <- own_seasons(nation_season(months, colours), earlier[own_rows, , drop = FALSE])
  share_filled <- rowSums(shares * filled)
  own <- rowSums(kept)
  trust <- ifelse(is.na(donor_rows), 1, own / (own + constant("own_offenses")))
  donor_kept <- ifelse(filled, 0, months[donor_rows, , drop = FALSE])
  both <- !is.na(earlier[own_rows, , drop = FALSE]) & !is.na(earlier[donor_rows, , drop = FALSE])
  earlier_of <- function(rows) rowSums(ifelse(both, earlier[rows, , drop = FALSE], 0))
  more <- constant("scale_offenses")
  scale <- (own + earlier_of(own_rows) + more) / (rowSums(donor_kept) + earlier_of(donor_rows) + more)
  limit <- constant("donor_scale_limit")
  scale <- pmin(pmax(scale, 1 / limit), limit)
  data.table::set(donors, NULL, "own_weight", 1 + trust * share_filled / (1 - share_filled))
  data.table::set(donors, NULL, "donor_weight", ifelse(is.na(donor_rows), 0, (1 - trust) * scale))
  donors[]
}

#' The share of each month in a year of the agencies that reported all twelve, none of them out of the ordinary
#'
#' Where no agency did, all months have the same. One offense is added to each, so that none has no share.
#' @noRd
nation_season <- function(months, colours) {
  complete <- which(rowSums(is.na(months)) == 0L & rowSums(matrix(colours %in% "green", nrow(colours))) == 12L)
  offenses <- colSums(months[complete, , drop = FALSE]) + 1
  offenses / sum(offenses)
}

#' The share of each month in the year of each agency: agencies by twelve
#' @noRd
own_seasons <- function(season, earlier) {
  years <- ncol(earlier) %/% 12L
  own <- matrix(0, nrow(earlier), 12L)
  for (year in seq_len(years)) {
    of_year <- earlier[, (year - 1L) * 12L + seq_len(12L), drop = FALSE]
    whole <- which(rowSums(is.na(of_year)) == 0L)
    own[whole, ] <- own[whole, , drop = FALSE] + of_year[whole, , drop = FALSE]
  }
  prior <- constant("season_offenses")
  (own + rep(prior * season, each = nrow(own))) / (rowSums(own) + prior)
}
