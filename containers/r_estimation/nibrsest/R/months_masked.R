#' Complete reporters whose years are filled as if months were missing, to see how far filled months are from the truth
#'
#' Each of a sample of complete reporters loses the months that one of the year's recipients lacks, and is filled by the
#' same rule. At most half of the complete reporters are masked, so that the others can tell the season and give.
#'
#' @param agencies,months,colours,rule See [find_donors()], in one order: the respondents.
#' @param earlier See [weighted_months()].
#' @param donors The year's recipients, see [find_donors()].
#' @param year The data year, from which the random numbers come.
#' @return A data.table like `donors`, a row per masked reporter; none where nobody is a recipient, or fewer than two
#'   reported all twelve months.
#' @noRd
masked_years <- function(agencies, months, colours, earlier, donors, rule, year) {
  ordinary <- !is.na(months) & colours %in% "green"
  dim(ordinary) <- dim(months)
  complete <- which(rowSums(!ordinary) == 0L)
  complete <- complete[order(agencies$ori[complete])]
  number <- min(length(complete) %/% 2L, constant("masked_reporters"))
  if (nrow(donors) == 0L || number == 0L) {
    return(donors[0, ])
  }
  flags <- as.matrix(donors[, tolower(month.abb), with = FALSE]) > 0L
  drawn <- with_seed(year, list(who = sample(length(complete), number), pattern = sample(nrow(flags), number, TRUE)))
  hidden <- matrix(FALSE, length(complete), 12L)
  hidden[drawn$who, ] <- flags[drawn$pattern, ]
  seen <- replace(months[complete, , drop = FALSE], hidden, NA)
  shown <- replace(colours[complete, , drop = FALSE], hidden, NA)
  masked <- find_donors(agencies[complete, ], seen, shown, rule)
  if (rule == "own" && nrow(masked) > 0L) {
    masked <- weighted_months(masked, agencies$ori[complete], seen, shown, earlier[complete, , drop = FALSE])
  }
  masked
}

#' Which months of which agencies make up the parts of years that estimates and their errors are made of
#'
#' @param months,donors,masked See [weigh_year()].
#' @param oris The respondents.
#' @return A list of lists, each with the `months` and `donors` that [with_donated_months()] takes, and the `oris` that
#'   they are for: `used`, the respondents' years; `filled`, what of these is filled; `masked_filled`, what masked
#'   reporters are filled with; `masked_missed`, what they had in these months.
#' @noRd
parts_of_years <- function(months, donors, masked, oris) {
  raised <- function(recipients) {
    list(months = months[which(months$ori %in% recipients$ori), ], oris = recipients$ori,
      donors = data.table::copy(recipients)[, "own_weight" := recipients$own_weight - 1][])
  }
  flags <- which(as.matrix(masked[, tolower(month.abb), with = FALSE]) > 0L, arr.ind = TRUE)
  list(
    used = list(months = months, donors = donors, oris = oris), filled = raised(donors), masked_filled = raised(masked),
    masked_missed = list(months = data.table::data.table(ori = masked$ori[flags[, 1]], month = as.integer(flags[, 2])),
      donors = masked[0, ], oris = masked$ori)
  )
}
