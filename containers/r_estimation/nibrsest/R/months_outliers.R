#' Months that are out of the ordinary
#'
#' An agency's monthly totals are split at their widest gap. If both parts lie apart from each other by the
#' standard of their own spread, the larger (or the higher, if it has a third of the months) is the main one;
#' otherwise all months are. Months far from the main part are red or orange (low), blue or brown (high).
#'
#' Low months count as missing and are imputed; high ones only keep an agency from being a donor.
#'
#' @param counts Monthly totals; missing where the month was not reported.
#' @param current Which months belong to the data year; all by default.
#' @param legacy Whether only what the reference could reach is flagged: within the main part, red at five
#'   spreads below and nothing else.
#' @return Colours, one per month: `green`, `red`, `orange`, `blue`, `brown`; missing where counts are.
#' @references METHOD, section 3.
#' @examples
#' outlier_colours(c(52, 48, 55, 50, 3, 49, 51, 47, 53, 50, 52, 48))
#' @export
outlier_colours <- function(counts, current = rep(TRUE, length(counts)), legacy = FALSE) {
  colours <- rep(NA_character_, length(counts))
  reported <- !is.na(counts)
  colours[reported] <- "green"
  x <- counts[reported]
  if (length(x) < constant("outlier_months") || stats::var(x) == 0) {
    return(colours)
  }
  parts <- split_at_widest_gap(x)
  colours[reported] <- if (parts$accepted) {
    of_parts <- rep("green", length(x))
    of_parts[parts$main] <- main_colours(x[parts$main], legacy)
    of_parts[!parts$main] <- minor_colour(x[!parts$main], x[parts$main], parts)
    of_parts
  } else {
    main_colours(x, legacy)
  }
  # A level that changed is not an outlier.
  if (any(!current & reported) && sum(colours[current] %in% "green") < constant("green_months_of_level")) {
    colours[current & reported] <- "green"
  }
  colours
}

#' Single-linkage clusters of one dimension, two of them: the parts on both sides of the widest gap
#' @noRd
split_at_widest_gap <- function(x) {
  sorted <- sort(x)
  cut <- sorted[[which.max(diff(sorted))]]
  low <- x <= cut
  separated <- function(limit) {
    apart <- function(part, nearest) {
      spread <- stats::mad(part)
      spread == 0 || abs(stats::median(part) - nearest) / spread > limit
    }
    score <- (apart(x[low], min(x[!low])) * sum(low) + apart(x[!low], max(x[low])) * sum(!low)) / length(x)
    score > constant("split_score")
  }
  larger <- max(sum(low), sum(!low))
  enough <- length(x) >= constant("split_months")
  accepted <- enough && separated(constant("split_spreads")) && larger >= constant("split_larger_part")
  strict <- enough && separated(constant("strict_split_spreads")) && larger >= constant("strict_split_larger_part")
  high_is_main <- sum(!low) >= max(constant("high_part_months"), length(x) / constant("high_part_one_in"))
  list(accepted = accepted, strict = strict, main = if (high_is_main) !low else low, minor_is_low = high_is_main)
}

#' @noRd
main_colours <- function(x, legacy) {
  middle <- stats::median(x)
  spread <- stats::mad(x)
  z <- if (spread == 0) ifelse(x == middle, 0, sign(x - middle) * Inf) else (x - middle) / spread
  low <- middle - x >= constant("least_difference")
  high <- x - middle >= constant("least_difference")
  sure <- constant("outlier_spreads")
  doubtful <- constant("doubtful_spreads")
  if (legacy) {
    return(ifelse(low & z <= -sure, "red", "green"))
  }
  ifelse(
    low & (z <= -sure | (z <= -doubtful & x <= constant("next_to_nothing") * middle)), "red",
    ifelse(low & z <= -doubtful, "orange",
      ifelse(high & z >= sure, "blue", ifelse(high & z >= doubtful, "brown", "green")))
  )
}

#' @noRd
minor_colour <- function(minor, main, parts) {
  difference <- stats::median(main) - stats::median(minor)
  if (abs(difference) < constant("least_difference")) {
    "green"
  } else if (!parts$minor_is_low) {
    "blue"
  } else if (parts$strict || stats::median(minor) <= constant("next_to_nothing") * stats::median(main)) {
    "red"
  } else {
    "orange"
  }
}
