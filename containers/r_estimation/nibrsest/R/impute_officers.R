#' Fill in how many officers agencies have, and whether they are suburban
#'
#' Chained equations with predictive mean matching: an agency that does not tell takes the number of one that
#' does and is expected to have nearly as many. A single imputation of fifteen rounds; predictors are what
#' [mice::quickpred()] finds, besides state, agency type and subtype, population group and residents. The crimes are
#' annual Return A counts with incomplete years brought to twelve months ([srs_covariates()]).
#'
#' @param agencies Eligible agencies: `ori`, `agency_name`, `agency_type`, `state`, `population`,
#'   `population_group_code`, `suburban` (Y, N, or missing), `male_officers`, `female_officers` (missing where not
#'   told).
#' @param covariates Their annual Return A counts, see [srs_covariates()].
#' @param year The data year, of which the random numbers depend.
#' @return A data.table in the order of the agencies: `suburban`, `male_officers`, `female_officers` without missing
#'   values, and `officers_imputed` (logical). With too few agencies that tell for a model, the median of those that
#'   do (0 if none does); a suburban flag is then N.
#' @references METHOD, section 2.6. van Buuren and Groothuis-Oudshoorn (2011), mice: Multivariate Imputation by
#'   Chained Equations in R, Journal of Statistical Software 45(3).
#' @keywords internal
impute_officers <- function(agencies, covariates, year) {
  targets <- as.data.frame(agencies[, c("suburban", officer_columns), with = FALSE])
  told <- !is.na(targets)
  if (!all(told)) {
    # By ORI, so that what is drawn does not depend on the order of the agencies.
    order <- order(agencies$ori)
    frame <- officer_frame(agencies[order, ], covariates[order, , drop = FALSE])
    if (enough_to_model(frame[rowSums(!told)[order] == 0L, ])) {
      targets[order, ] <- lapply(chained_equations(frame, year)[names(targets)], unfactored)
    } else {
      targets <- medians(targets)
    }
  }
  cbind(data.table::as.data.table(targets), officers_imputed = !(told[, "male_officers"] & told[, "female_officers"]))
}

#' @noRd
unfactored <- function(column) if (is.factor(column)) as.character(column) else column

#' What is known of each agency, as the equations take it
#'
#' Classes become columns of 0 and 1, and what follows from other columns is left out: with dependent predictors mice
#' 3.15 draws coefficients whose errors belong to other columns, and its chains run away.
#' @return A data.frame: `suburban` (factor), `male_officers`, `female_officers`, and independent, standardised columns.
#' @noRd
officer_frame <- function(agencies, covariates) {
  type <- agencies$agency_type
  type[type %in% "Other State Agency" | is.na(type)] <- "Other"
  group <- agencies$population_group_code
  crimes <- covariates[, setdiff(colnames(covariates), c("total", "violent", "property")), drop = FALSE]
  columns <- cbind(
    population = agencies$population, crimes, dummies("group", ifelse(is.na(group), "none", group)),
    dummies("type", type), dummies("subtype", agency_subtype(agencies)), dummies("state", agencies$state)
  )
  varies <- which(apply(columns, 2L, stats::sd) > 0)
  columns <- scale(columns[, varies, drop = FALSE])
  independent <- qr(columns, tol = 1e-6)
  columns <- columns[, sort(independent$pivot[seq_len(independent$rank)]), drop = FALSE]
  data.frame(
    suburban = factor(agencies$suburban, c("N", "Y")), male_officers = agencies$male_officers,
    female_officers = agencies$female_officers, columns, check.names = FALSE
  )
}

#' A column of 0 and 1 for every class
#' @noRd
dummies <- function(name, values) {
  classes <- sort(unique(values))
  columns <- outer(values, classes, `==`) + 0
  colnames(columns) <- paste(name, seq_along(classes), sep = "_")
  columns
}

#' What kind of agency an "Other" or "Other State Agency" is, by words of its name
#'
#' @param agencies `agency_name` and `agency_type`.
#' @return Text: the first subtype of `agency_subtypes.csv` whose pattern is in the name, "other" without any,
#'   "none" for agencies of another type.
#' @references METHOD, section 2.6.4.
#' @noRd
agency_subtype <- function(agencies) {
  known <- package_table("agency_subtypes.csv")
  subtype <- rep("none", nrow(agencies))
  others <- which(agencies$agency_type %in% c("Other", "Other State Agency"))
  subtype[others] <- "other"
  for (line in rev(seq_len(nrow(known)))) {
    subtype[others[grepl(known$pattern[[line]], agencies$agency_name[others], ignore.case = TRUE, perl = TRUE)]] <-
      known$subtype[[line]]
  }
  subtype
}

#' Whether there are more agencies that tell than a model with all their attributes would have coefficients
#' @noRd
enough_to_model <- function(complete) {
  nrow(complete) > constant("rows_per_column") * ncol(complete) + constant("spare_rows")
}

#' @noRd
medians <- function(frame) {
  frame$suburban[is.na(frame$suburban)] <- "N"
  for (name in officer_columns) {
    told <- frame[[name]][!is.na(frame[[name]])]
    frame[[name]][is.na(frame[[name]])] <- if (length(told) > 0L) stats::median(told) else 0
  }
  frame
}

#' The frame with missing values filled in
#'
#' mice must not leave out what is nearly collinear: it would leave out a column that is to be filled in. What a
#' single model cannot use it leaves out of that model, and logs it; that is no reason to warn.
#' @noRd
chained_equations <- function(frame, year) {
  crimes <- intersect(covariate_names, names(frame))
  with_seed(year, {
    predictors <- mice::quickpred(frame, minpuc = constant("usable_cases"),
      include = setdiff(names(frame), c(officer_columns, crimes)))
    imputed <- withCallingHandlers(
      mice::mice(frame, m = 1L, method = "pmm", maxit = constant("imputation_rounds"),
        predictorMatrix = predictors, printFlag = FALSE, remove.collinear = FALSE),
      warning = function(condition) {
        if (grepl("logged events", conditionMessage(condition), fixed = TRUE)) invokeRestart("muffleWarning")
      }
    )
    mice::complete(imputed)
  })
}

#' @noRd
officer_columns <- c("male_officers", "female_officers")
