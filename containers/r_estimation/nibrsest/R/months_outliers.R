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
#' @export
outlier_colours <- function(counts, current = rep(TRUE, length(counts)), legacy = FALSE) {
  colours <- rep(NA_character_, length(counts))
  there <- !is.na(counts)
  colours[there] <- "green"
  x <- counts[there]
  if (length(x) < 4L || stats::var(x) == 0) {
    return(colours)
  }
  parts <- split_at_widest_gap(x)
  colours[there] <- if (parts$accepted) {
    found <- rep("green", length(x))
    found[parts$main] <- main_colours(x[parts$main], legacy)
    found[!parts$main] <- minor_colour(x[!parts$main], x[parts$main], parts)
    found
  } else {
    main_colours(x, legacy)
  }
  # A level that changed is not an outlier.
  if (any(!current & there) && sum(colours[current] %in% "green") < 4L) {
    colours[current & there] <- "green"
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
    apart <- function(mine, nearest) {
      spread <- stats::mad(mine)
      spread == 0 || abs(stats::median(mine) - nearest) / spread > limit
    }
    score <- (apart(x[low], min(x[!low])) * sum(low) + apart(x[!low], max(x[low])) * sum(!low)) / length(x)
    score > 0.5
  }
  larger <- max(sum(low), sum(!low))
  accepted <- separated(3.5) && larger >= 4L && length(x) >= 5L
  strict <- separated(5) && larger >= 5L && length(x) >= 5L
  high_is_main <- sum(!low) >= max(4, length(x) / 3)
  list(accepted = accepted, strict = strict, main = if (high_is_main) !low else low, minor_is_low = high_is_main)
}

#' Least number of crimes by which a month has to differ
#' @noRd
least_difference <- 10

#' @noRd
main_colours <- function(x, legacy) {
  middle <- stats::median(x)
  spread <- stats::mad(x)
  z <- if (spread == 0) ifelse(x == middle, 0, sign(x - middle) * Inf) else (x - middle) / spread
  low <- middle - x >= least_difference
  high <- x - middle >= least_difference
  if (legacy) {
    return(ifelse(low & z <= -5, "red", "green"))
  }
  ifelse(
    low & (z <= -5 | (z <= -3.5 & x <= 0.1 * middle)), "red",
    ifelse(low & z <= -3.5, "orange", ifelse(high & z >= 5, "blue", ifelse(high & z >= 3.5, "brown", "green")))
  )
}

#' @noRd
minor_colour <- function(minor, main, parts) {
  difference <- stats::median(main) - stats::median(minor)
  if (abs(difference) < least_difference) {
    "green"
  } else if (!parts$minor_is_low) {
    "blue"
  } else if (parts$strict || stats::median(minor) <= 0.1 * stats::median(main)) {
    "red"
  } else {
    "orange"
  }
}
