#' Months that respondents missed, or that were implausibly low or high, by state
#'
#' @param agencies Eligible agencies: `ori`, `state`, `respondent`, `reported_months`, `low_months`, `high_months`.
#' @param donors See [find_donors()].
#' @return A data.table, a row per state with respondents: `state`, `respondents`, and numbers of agencies' months:
#'   `missed` (not reported), `filled` (of these), `low`, `replaced` (of these), `high`.
#' @noRd
months_by_state <- function(agencies, donors) {
  mine <- agencies[which(agencies$respondent), ]
  states <- sort(unique(mine$state))
  flags <- as.matrix(donors[, tolower(month.abb), with = FALSE])
  sums <- function(values, of) {
    found <- as.vector(tapply(values, factor(of, states), sum))
    ifelse(is.na(found), 0, found)
  }
  recipients <- agencies$state[match(donors$ori, agencies$ori)]
  data.table::data.table(
    state = states, respondents = sums(rep(1, nrow(mine)), mine$state),
    missed = sums(12 - mine$reported_months, mine$state), filled = sums(rowSums(flags == 1L), recipients),
    low = sums(mine$low_months, mine$state), replaced = sums(rowSums(flags == 2L), recipients),
    high = sums(mine$high_months, mine$state)
  )
}

#' @noRd
months_table <- function(months) {
  data.frame(
    "State" = months$state, "Respondents" = count(months$respondents), "Months not reported" = count(months$missed),
    "Months filled" = count(months$filled), "Low months" = count(months$low),
    "Low months replaced" = count(months$replaced), "High months" = count(months$high), check.names = FALSE
  )
}

#' How much of each state's year is filled: bars of filled and replaced months
#'
#' @param months See [months_by_state()].
#' @param title What a screen reader says.
#' @noRd
months_plot <- function(months, title) {
  if (nrow(months) == 0L) {
    return("")
  }
  months <- months[order(state_names(months$state)), ]
  share <- function(number) 100 * number / (12 * months$respondents)
  ticks <- pretty(c(0, share(months$filled + months$replaced), 1), 4L)
  ends <- range(ticks)
  x <- position_in(ends)
  bars <- cbind(x(0), x(share(months$filled)), x(share(months$filled + months$replaced)))
  bar <- function(from, class) {
    sprintf("<rect x=\"%.2f%%\" y=\"22%%\" width=\"%.2f%%\" height=\"56%%\" class=\"%s\"/>", bars[, from],
      bars[, from + 1L] - bars[, from], class)
  }
  strip_chart(title, state_names(months$state), list(list(
    ticks = ticks_at(ticks, ends, function(values) paste(values, "%")),
    marks = paste(bar(1L, "filled"), bar(2L, "replaced"), sep = "\n")
  )), sprintf("%s filled, %s low replaced, %s high kept", count(months$filled), count(months$replaced),
    count(months$high)))
}

#' How many respondents' months were filled
#' @noRd
imputed_note <- function(agencies, donors) {
  mine <- agencies[which(agencies$respondent), ]
  sprintf(paste(
    "Of %s %s missed months, and %s had months with implausibly few crimes; months of",
    "%s were filled, by their own others or those of similar agencies."
  ), counted(nrow(mine), "respondent", "respondents"), count(sum(mine$reported_months < 12L)),
  count(sum(mine$low_months > 0L)), count(nrow(donors)))
}
