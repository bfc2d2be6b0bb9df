#' Sentences on geographies whose numbers are no estimates; none where all are
#'
#' @param universe See [universe_status()].
#' @return Plain text, a sentence or two each: first of the nation and the regions together, then of states that
#'   have agencies.
#' @noRd
universe_sentences <- function(universe) {
  us <- universe[which(universe$geography == "US"), ]
  states <- universe[which(universe$geography %in% states_of_the_union & universe$agencies > 0L), ]
  c(nation_sentence(us), unlist(lapply(which(states$basis != "estimate"), function(at) state_sentence(states[at, ]))))
}

#' @noRd
nation_sentence <- function(us) {
  if (us$basis == "estimate") {
    return(character())
  }
  if (us$basis == "residents") {
    return(sprintf(paste(
      "The nation's numbers are raised by residents and not for release: agencies with only %.0f %% of its residents",
      "have counts of Return A, to which weights are calibrated."
    ), 100 * us$return_a_share))
  }
  sprintf(paste(
    "National numbers are no estimates of the nation, but counts of the agencies that reported: the database has all",
    "agencies of %d of %d states%s. The same holds for each region of which a state is missing."
  ), us$whole_states, us$states, if (us$whole_states < us$states) "" else ", but records of fewer than half of them")
}

#' @noRd
state_sentence <- function(row) {
  name <- state_names(row$geography)
  lives <- if (row$simulated) "" else sprintf(" %s known; their residents are %s of about %s (%s).",
    if (row$agencies == 1L) "One agency is" else paste(count(row$agencies), "agencies are"),
    count(row$agency_residents), count(row$residents), percent(row$agency_residents, row$residents))
  if (row$basis == "residents") {
    return(sprintf(paste(
      "%s: numbers are raised by residents and not for release: agencies with only %.0f %% of the residents have",
      "counts of Return A, to which weights are calibrated."
    ), name, 100 * row$return_a_share))
  }
  why <- if (row$universe_status == "reporters_only") {
    "its source lists only agencies that report to NIBRS."
  } else {
    "its agencies are not all there."
  }
  sprintf("%s: numbers are counts of the agencies that reported, no estimates of the state: %s%s", name, why, lives)
}
