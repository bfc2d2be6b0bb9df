#' By which estimator a year's numbers were made, for the README
#'
#' @param estimators See [estimators_of()].
#' @param clipped Numbers of cells that came out below -0.5, by geography or group of agencies.
#' @return Sentences.
#' @noRd
estimator_lines <- function(estimators, clipped) {
  assisted <- estimators$estimator == "model_assisted"
  reasons <- c(asked = "as `ESTIMATOR=reference` has it",
    few_with_return_a = "because too few respondents have Return A",
    residents = "because Return A is lacking", counts = "because not all agencies are known")
  sentences <- vapply(unique(estimators$reason[!assisted]), function(reason) {
    sprintf("%s: the reference's way, %s.", geographies_named(estimators$geography[estimators$reason %in% reason]),
      reasons[[reason]])
  }, "")
  if (!any(assisted)) {
    return(paste("*", sentences))
  }
  c(
    sprintf("* %s: model-assisted, by a regression on %d crimes of Return A of %s respondents. %s",
      geographies_named(estimators$geography[assisted]), max(estimators$crimes_of_model),
      count(max(estimators$respondents_of_model)), clipped_sentence(clipped)),
    if (length(sentences) > 0L) paste("*", sentences)
  )
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
geographies_named <- function(names) {
  if (length(names) > 6L) sprintf("%d geographies", length(names)) else paste(names, collapse = ", ")
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
