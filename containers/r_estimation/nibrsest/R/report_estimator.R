#' By which estimator a year's numbers were made, for the README
#'
#' @param estimators See [estimators_of()].
#' @param places Geographies and groups of agencies that are published: `geography`, `agency_group`, `agencies`,
#'   `respondents`, `basis`, `estimator`, `clipped_cells` (that came out below -0.5).
#' @return Sentences.
#' @noRd
estimator_lines <- function(estimators, places) {
  assisted <- estimators$estimator == "model_assisted"
  reasons <- c(asked = "as `ESTIMATOR=reference` has it",
    few_with_return_a = "because too few respondents have Return A",
    residents = "because Return A is lacking", counts = "because not all agencies are known")
  sentences <- vapply(unique(estimators$reason[!assisted]), function(reason) {
    sprintf("%s: the reference's way, %s.", geographies_named(estimators$geography[estimators$reason %in% reason]),
      reasons[[reason]])
  }, "")
  if (!any(assisted)) {
    return(c(paste("*", sentences), complete_sentence(places)))
  }
  c(
    sprintf("* %s: model-assisted, by a regression on %d crimes of Return A of %s respondents. %s",
      geographies_named(estimators$geography[assisted]), max(estimators$crimes_of_model),
      count(max(estimators$respondents_of_model)), clipped_sentence(places$clipped_cells)),
    left_out_sentence(max(estimators$crimes_of_model)), few_sentence(places),
    if (length(sentences) > 0L) paste("*", sentences), complete_sentence(places)
  )
}

#' That crimes of Return A take no part in the regression; nothing where all do
#' @noRd
left_out_sentence <- function(number) {
  left_out <- length(regression_crimes()) - number
  if (left_out == 0L) {
    return(NULL)
  }
  sprintf(paste("* %s of Return A %s no part in the regression: no respondent of the model has one, or its numbers",
    "follow from those of the others."), counted(left_out, "crime", "crimes"), if (left_out == 1L) "takes" else "take")
}

#' Which model-assisted numbers have limits by Student's t; nothing where none has
#' @noRd
few_sentence <- function(places) {
  few <- places[which(places$estimator == "model_assisted" & places$respondents < places$agencies &
    places$respondents < constant("respondents_for_normal")), ]
  if (nrow(few) == 0L) {
    return(NULL)
  }
  named <- unique(ifelse(few$agency_group == "all agencies", few$geography, paste(few$geography, few$agency_group)))
  sprintf("* Fewer than twenty agencies respond, so that limits are by Student's t: %s.", geographies_named(named,
    "geographies and groups of agencies"))
}

#' Where there is nothing to estimate; nothing where agencies are silent everywhere
#' @noRd
complete_sentence <- function(places) {
  complete <- places$geography[which(places$agency_group == "all agencies" & places$basis == "estimate" &
    places$respondents == places$agencies)]
  if (length(complete) == 0L) {
    return(NULL)
  }
  sprintf("* All agencies respond: %s. Their numbers are plain sums, and their errors those of filled months.",
    geographies_named(complete))
}

#' By what the error of filled months is known, for the README
#'
#' @param donors,masked See [weigh_year()].
#' @return A sentence.
#' @noRd
months_error_lines <- function(donors, masked) {
  if (nrow(donors) == 0L) {
    return("* No respondent's months were filled or replaced; `months_error` is 0.")
  }
  filled <- counted(nrow(donors), "respondent", "respondents")
  if (nrow(masked) < constant("masked_for_a_fit")) {
    return(sprintf(paste("* Months of %s were filled or replaced. Too few agencies reported all twelve months to find",
      "out how far that is from the truth (%d of the %d needed): `months_error` is by numbers that are assumed."),
      filled, nrow(masked), as.integer(constant("masked_for_a_fit"))))
  }
  sprintf(paste("* Months of %s were filled or replaced. `months_error` is that of %s complete reporters of which",
    "months were hidden and filled in the same way (`weights/masked.csv`)."), filled, count(nrow(masked)))
}

#' How estimates and errors come about, for the page
#'
#' @param estimators See [estimators_of()].
#' @return HTML.
#' @noRd
estimator_note <- function(estimators) {
  assisted <- paste("An estimate is the respondents' weighted count and, for the Return A that the weights miss,",
    "what a regression on Return A of all the year's respondents expects. Its standard error says how far respondents",
    "lie from that regression, and how far agencies of the silent ones' size do.")
  reference <- paste("An estimate is the respondents' weighted count. Standard errors are those of the calibration",
    "estimator, by Taylor linearisation, with residuals corrected for few respondents and with finite population",
    "correction, as if the respondents of a stratum were drawn at random.")
  kinds <- unique(estimators$estimator[which(estimators$reason %in% c(NA, "asked", "few_with_return_a"))])
  if (setequal(kinds, c("model_assisted", "reference"))) {
    return(paste(assisted, "That is so of the geographies that weights/estimators.csv calls model_assisted; of others:",
      reference))
  }
  if (identical(kinds, "model_assisted")) assisted else reference
}

#' @noRd
clipped_sentence <- function(clipped) {
  if (!any(clipped > 0L)) {
    return("No cell came out below -0.5; what is nearer is 0.")
  }
  sprintf("%s cells came out below -0.5 and are 0; `geographies.csv` says where.", count(sum(clipped)))
}

#' Names of geographies as a part of a sentence; their number if there are many
#' @noRd
geographies_named <- function(names, what = "geographies") {
  if (length(names) > 6L) sprintf("%d %s", length(names), what) else paste(names, collapse = ", ")
}

#' For each geography the crime of Return A that the weights miss most, and what the regression leaves of it
#'
#' @param table_a Of all geographies.
#' @return A data frame to be shown, the largest deviation first.
#' @noRd
deviations_table <- function(table_a) {
  known <- table_a[which(!is.na(table_a$bias_ratio)), ]
  if (nrow(known) == 0L) {
    return(NULL)
  }
  worst <- known[order(-abs(known$bias_ratio)), ]
  worst <- worst[!duplicated(worst$geography), ]
  after <- ifelse(is.na(worst$assisted_bias_ratio), "n/a", paste(signed(worst$assisted_bias_ratio), "%"))
  data.frame(
    "Geography" = worst$geography, "Crime" = capitalised(gsub("_", " ", worst$crime)),
    "All agencies" = count(worst$universe), "Weights alone" = paste(signed(worst$bias_ratio), "%"),
    "After the regression" = after, check.names = FALSE
  )
}
