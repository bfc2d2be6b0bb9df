#' What has to be read before any number of a simulated year
#'
#' @param universe See [universe_status()].
#' @param year The data year.
#' @return A sentence or two; none if nothing is simulated.
#' @noRd
simulated_notice <- function(universe, year) {
  states <- simulated_states(universe)
  if (length(states) == 0L) {
    return(character())
  }
  names <- if (setequal(states, states_of_the_union)) "all states" else paste(state_names(states), collapse = ", ")
  sprintf(paste(
    "SIMULATED: the incidents, victims, offenders and arrestees of %s in %d were drawn at random by a program and do",
    "not exist. These numbers say nothing about crime in reality; do not quote them, and do not pass them on without",
    "this warning."
  ), names, year)
}

#' Whether a year, or a state of it, does not exist in reality
#' @noRd
is_simulated <- function(universe) length(simulated_states(universe)) > 0L

#' @noRd
simulated_states <- function(universe) {
  universe$geography[universe$simulated & universe$agencies > 0L & universe$geography %in% states_of_the_union]
}

#' What numbers are that are no estimates, see [universe_status()]; none of estimates
#' @noRd
basis_notice <- function(basis) {
  switch(basis,
    counts = paste("NO ESTIMATE: counts of the respondents, nothing added for others. Not for release;",
      "README.md says why."),
    residents = paste("RAISED BY RESIDENTS, for want of Return A, without errors. Not for release; README.md says",
      "why."),
    character()
  )
}

#' Why a total of the nation is no headline
#' @noRd
unreleased_words <- function(basis) {
  switch(basis,
    counts = "what is counted below is that of the respondents",
    residents = "raised by residents, without Return A and without errors",
    "the estimate is too uncertain to be a headline; it stands below"
  )
}

#' What may be done with the numbers, and how to name them
#'
#' @param simulated Whether they are made up.
#' @return A sentence on use, and one on citation.
#' @noRd
use_and_citation <- function(year, simulated) {
  if (simulated) {
    return(c(
      "Simulated numbers may be used for trying out programs, and for nothing that is said about crime.",
      sprintf("Cite as: Simulated NIBRS estimates for %d, nibrs-pipeline. Not statistics of any real place.", year)
    ))
  }
  c(
    paste(
      "The estimates are made from works of the United States government, in which there is no copyright in the United",
      "States (17 U.S.C. 105). You may use, change and pass them on without asking. Please say where they come from."
    ),
    sprintf(paste(
      "Cite as: Federal Bureau of Investigation, Uniform Crime Reporting Program: NIBRS estimates, %d. File",
      "nibrs-estimates-%d.zip, fetched on (day) from (address), SHA-256 (checksum). The checksum stands in",
      "nibrs-estimates-%d.manifest.json beside the zip and says which one you had: estimates are made anew when",
      "agencies correct what they reported."
    ), year, year, year)
  )
}
