#' Sentences on geographies whose numbers are no estimates; none where all are
#'
#' @param universe See [universe_status()].
#' @return Plain text, a sentence or two each: first of the nation and the regions together, then of states that
#'   have agencies.
#' @noRd
universe_sentences <- function(universe) {
  us <- universe[which(universe$geography == "US"), ]
  states <- universe[which(universe$geography %in% states_of_the_union & universe$agencies > 0L), ]
  c(nation_sentence(us), unlist(lapply(which(states$basis != "estimate"), function(row) state_sentence(states[row, ]))))
}

#' Sentences on crimes that were reported and are in no number
#'
#' @param universe See [with_unlisted()].
#' @param agencies Eligible agencies: `agency_name`, `state`, `population`, `respondent`, `stray_months`.
#' @return Plain text, a sentence per state with agencies that are not listed, and one per silent agency with more than
#'   a tenth of the residents of a state in which nothing is added for it.
#' @noRd
missing_sentences <- function(universe, agencies) {
  singles <- universe[which(universe$geography %in% states_of_the_union), ]
  strangers <- singles[which(singles$unlisted_agencies > 0L), ]
  unlisted <- sprintf(paste(
    "%s: %s with %s offenses %s not in the list of agencies of the year. Of what kind they are, and how many residents",
    "they have, is not known: their crimes are in no number."
  ), state_names(strangers$geography), counted(strangers$unlisted_agencies, "agency", "agencies"),
  count(strangers$unlisted_offenses), ifelse(strangers$unlisted_agencies == 1L, "is", "are"))
  at <- match(agencies$state, singles$geography)
  large <- which(!agencies$respondent & singles$basis[at] == "counts" &
    agencies$population > 0.1 * singles$agency_residents[at])
  silent <- sprintf("%s: %s, with %s residents, is no respondent%s: its crimes are in no number.",
    state_names(agencies$state[large]), agencies$agency_name[large], count(agencies$population[large]),
    ifelse(agencies$stray_months[large] > 0L, ", since it reported a part of the year only", ""))
  c(unlisted, silent)
}

#' @noRd
counted <- function(number, one, several) paste(count(number), ifelse(number == 1L, one, several))

#' @noRd
nation_sentence <- function(us) {
  if (us$basis == "estimate") {
    return(character())
  }
  if (us$basis == "residents") {
    return(sprintf("The nation's numbers are raised by residents and not for release: %s",
      return_a_words(us$return_a_share)))
  }
  sprintf(paste(
    "National numbers are no estimates of the nation, but counts of the respondents: the database has all agencies of",
    "%d of %d states%s. The same holds for each region of which a state is missing."
  ), us$whole_states, us$states, if (us$whole_states < us$states) "" else ", but records of fewer than half of them")
}

#' @noRd
state_sentence <- function(row) {
  name <- state_names(row$geography)
  lives <- if (row$simulated) "" else sprintf(" %s known; their residents are %s of about %s (%s).",
    if (row$agencies == 1L) "One agency is" else paste(count(row$agencies), "agencies are"),
    count(row$agency_residents), count(row$residents), percent(row$agency_residents, row$residents))
  if (row$basis == "residents") {
    return(sprintf("%s: numbers are raised by residents and not for release: %s", name,
      return_a_words(row$return_a_share)))
  }
  why <- if (row$universe_status == "reporters_only") {
    "its source lists only agencies that report to NIBRS."
  } else {
    "its agencies are not all there."
  }
  sprintf("%s: numbers are counts of the respondents, no estimates of the state: %s%s", name, why, lives)
}

#' Why weights cannot be calibrated
#' @noRd
return_a_words <- function(share) {
  if (share == 0) {
    return("no agency has counts of Return A, to which weights are calibrated.")
  }
  sprintf("agencies with only %s of the residents have counts of Return A, to which weights are calibrated.",
    percent(share, 1))
}
