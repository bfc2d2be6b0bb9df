#' What the errors of filled months and of Return A are made of, for a year and a set of cells
#'
#' @param parts A list of matrices, agencies by cells, see [months_model()].
#' @param inputs See `estimate_inputs()`.
#' @param pool,sums See [borrowed_model()].
#' @param borrowed See [model_of_respondents()]; `NULL` if no geography is estimated with it.
#' @return A list: `months` (see [months_model()]), `return_a` (see [return_a_model()]), `NULL` without a regression.
#' @noRd
error_terms <- function(parts, inputs, pool, sums, borrowed) {
  return_a <- NULL
  if (!is.null(borrowed$model)) {
    crimes <- regression_crimes()
    return_a <- return_a_model(borrowed$model$coefficients, inputs$covariates[, crimes, drop = FALSE], inputs$source,
      list(covariates = inputs$earlier$covariates[, crimes, drop = FALSE], source = inputs$earlier$source),
      masked_crimes(inputs$masked, inputs$offenses, inputs$filled_offenses), inputs$agencies$hot_deck_group,
      inputs$year)
  }
  list(months = months_model(parts, inputs$donors, inputs$masked, pool, sums), return_a = return_a, year = inputs$year)
}

#' The crimes of Return A among the offenses of masked reporters, in the months they kept and in the others
#'
#' @param masked See [weigh_year()].
#' @param offenses Annual counts of respondents: `ori`, `offense_code`, `offenses`.
#' @param filled_offenses The same with `part`, see [parts_of_years()].
#' @return A list: `kept` and `missed`, matrices with a row per masked reporter; `months` kept.
#' @noRd
masked_crimes <- function(masked, offenses, filled_offenses) {
  known <- package_table("return_a_offenses.csv")
  crimes <- regression_crimes()
  sums <- function(rows) {
    counted <- data.table::data.table(ori = rows$ori, crime = known$crime[match(rows$offense_code, known$offense_code)],
      number = rows$offenses)
    counted <- counted[which(!is.na(counted$crime) & counted$ori %in% masked$ori), ]
    as.matrix(Matrix::sparseMatrix(match(counted$ori, masked$ori), match(counted$crime, crimes), x = counted$number,
      dims = c(nrow(masked), length(crimes)), dimnames = list(NULL, crimes)))
  }
  missed <- sums(filled_offenses[which(filled_offenses$part == "masked_missed"), ])
  flags <- as.matrix(masked[, tolower(month.abb), with = FALSE])
  list(kept = sums(offenses) - missed, missed = missed, months = 12 - rowSums(flags > 0L))
}

#' Estimates with the errors of filled months and of Return A beside that of sampling
#'
#' @param estimates See [estimate_tables()], of one geography, groups one after the other with all cells each;
#'   `standard_error` and `percentage_error` are those of sampling, and 0 where all agencies of a group respond.
#' @param design See `design_of()`.
#' @param terms See [error_terms()].
#' @return `estimates`, in which `standard_error` and `percentage_error` are those of all terms, with the terms:
#'   `sampling_error`, `months_error`, `return_a_error`, and the same of percentages.
#' @noRd
with_error_terms <- function(estimates, design, terms) {
  by_group <- split(seq_len(nrow(estimates)), factor(estimates$agency_group, unique(estimates$agency_group)))
  added <- data.table::rbindlist(lapply(names(by_group), function(group) {
    variances_of_group(estimates[by_group[[group]], ], design, design$groups[[group]], terms)
  }))
  total <- function(sampling, months, return_a) sqrt(sampling^2 + months + return_a)
  sampling <- estimates$standard_error
  error <- total(sampling, added$months, added$return_a)
  data.table::set(estimates, NULL, "degrees_of_freedom",
    degrees_with_terms(estimates$degrees_of_freedom, sampling, error))
  data.table::set(estimates, NULL, c("standard_error", "sampling_error", "months_error", "return_a_error"),
    list(error, sampling, sqrt(added$months), sqrt(added$return_a)))
  if ("percentage_error" %in% names(estimates)) {
    of_sampling <- estimates$percentage_error
    shares <- lapply(added[, c("months_share", "return_a_share")], function(variance) {
      # A percentage of nothing is 0 and certain.
      1e4 * ifelse(is.na(variance) & !is.na(of_sampling), 0, variance)
    })
    data.table::set(estimates, NULL, paste0("percentage", c("", "_sampling", "_months", "_return_a"), "_error"),
      list(total(of_sampling, shares$months_share, shares$return_a_share), of_sampling, sqrt(shares$months_share),
        sqrt(shares$return_a_share)))
  }
  estimates[]
}

#' Degrees of freedom of the errors of all terms, of which that of sampling alone is uncertain itself
#'
#' @param sampling,error The error of sampling, and that of all terms.
#' @return Numbers; missing where there are so many, or no sampling error, that limits are those of the normal
#'   distribution.
#' @noRd
degrees_with_terms <- function(degrees_of_freedom, sampling, error) {
  degrees <- degrees_of_freedom * ifelse(sampling > 0, (error / sampling)^4, NA)
  ifelse(degrees > constant("degrees_for_normal"), NA, degrees)
}

#' The variances that both terms add to one group of agencies
#'
#' @param estimates Of the group, all cells.
#' @param inside Logical, which agencies of the geography it consists of.
#' @return A data.table, a row per cell: `months`, `return_a`, `months_share`, `return_a_share`.
#' @noRd
variances_of_group <- function(estimates, design, inside, terms) {
  place <- design$place
  respondents <- match(design$weights$ori, place$agencies$ori)
  kept <- inside[respondents]
  silent <- setdiff(which(inside), respondents)
  weight <- if (length(silent) == 0L) rep(1, sum(kept)) else design$weights$weight[kept]
  months <- months_variance(terms$months, design$weights$ori[kept], weight * design$share[kept], estimates$estimate)
  added <- data.table::data.table(months = months$variance, return_a = 0, months_share = months$share_variance,
    return_a_share = ifelse(is.na(months$share_variance), NA, 0))
  if (design$estimator != "model_assisted" || length(silent) == 0L) {
    return(added)
  }
  unknown <- silent_return_a(place, silent, terms$return_a)
  data.table::set(added, NULL, "return_a", return_a_variance(terms$return_a, unknown, terms$year))
  shares <- which(!is.na(added$months_share))
  if (length(shares) > 0L) {
    months_of <- terms$months
    denominator <- months_of$denominator[match(shares, months_of$has)]
    base <- as.vector(Matrix::t(months_of$adds) %*% estimates$estimate)[denominator]
    coefficients <- terms$return_a$coefficients
    below <- as.matrix(Matrix::t(months_of$adds) %*% coefficients)[denominator, , drop = FALSE]
    linearised <- coefficients[shares, , drop = FALSE] - pmin(estimates$estimate[shares] / base, 1) * below
    data.table::set(added, shares, "return_a_share",
      return_a_variance(terms$return_a, unknown, terms$year, shares, linearised) / base^2)
  }
  added
}

#' What is known of the Return A of silent agencies
#' @noRd
silent_return_a <- function(place, silent, model) {
  share <- place$share[silent]
  list(
    covariates = place$covariates[silent, colnames(model$coefficients), drop = FALSE] / share, share = share,
    srs_year = place$source$srs_year[silent], srs_months = place$source$srs_months[silent],
    drawn = !is.na(place$source$donor[silent]), group = place$agencies$hot_deck_group[silent]
  )
}
