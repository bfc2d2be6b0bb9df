#' Changes of a year's estimates against the year before, with the covariance of agencies that respond in both
#'
#' @param now,before Of each year a list: `estimates`, a data.table of `permutation`, `cell`, `estimate`,
#'   `standard_error`, `sampling_error`, `flag`; `inputs`, see [year_inputs_of_stages()], or `NULL` if they are not
#'   known.
#' @param correction See [linearised_estimates()].
#' @return A data.table with the columns of `changes.csv`: a row per geography or group and cell that has an estimate
#'   above 0 and an error in both years.
#' @noRd
changes_of_years <- function(now, before, correction) {
  key <- c("permutation", "cell")
  both <- merge(before$estimates, now$estimates, by = key, suffixes = c("_before", ""), sort = FALSE)
  both <- both[which(both$estimate > 0 & both$estimate_before > 0 & !is.na(both$standard_error) &
    !is.na(both$standard_error_before)), ]
  covariance <- rep(NA_real_, nrow(both))
  if (!is.null(now$inputs) && !is.null(before$inputs)) {
    known <- covariances_of_years(before$inputs, now$inputs, unique(both$cell), correction)
    covariance <- known$covariance[match(paste(both$permutation, both$cell), paste(known$permutation, known$cell))]
  }
  change_rows(both, covariance)
}

#' What filled months and Return A leave open in the one year has nothing to do with that of the other.
#'
#' @param both Side by side: `estimate`, `standard_error`, `sampling_error`, `flag` and the same of the year before with
#'   `_before`.
#' @param covariance Of both estimates by sampling; missing: they count as independent.
#' @references The error of a ratio by linearisation: Särndal, Swensson and Wretman (1992), Model Assisted Survey
#'   Sampling, section 5.6.
#' @noRd
change_rows <- function(both, covariance) {
  most <- both$sampling_error * both$sampling_error_before
  errors <- both$standard_error * both$standard_error_before
  # No two estimates go together more than wholly.
  shared <- ifelse(is.na(covariance), 0, pmax(-most, pmin(most, covariance)))
  difference <- sqrt(pmax(0, both$standard_error^2 + both$standard_error_before^2 - 2 * shared))
  ratio <- both$estimate / both$estimate_before
  relative <- sqrt(pmax(0, (both$standard_error / both$estimate)^2 +
    (both$standard_error_before / both$estimate_before)^2 - 2 * shared / (both$estimate * both$estimate_before)))
  percent <- 100 * (ratio - 1)
  half <- interval_factor() * 100 * ratio * relative
  data.table::data.table(
    PERMUTATION_NUMBER = both$permutation, der_variable_name = both$cell, previous = both$estimate_before,
    estimate = both$estimate, difference = both$estimate - both$estimate_before, difference_error = difference,
    percent = percent, percent_error = 100 * ratio * relative, lower_95 = pmax(-100, percent - half),
    upper_95 = percent + half, correlation = ifelse(errors > 0 & !is.na(covariance), shared / errors, NA_real_),
    suppression_flag = as.integer(both$flag %in% 1L | both$flag_before %in% 1L)
  )
}

#' Covariances of two years' estimates, for all geographies and groups that both have
#'
#' @param one,other See [year_inputs_of_stages()].
#' @param cells Names of cells.
#' @return A data.table: `permutation`, `cell`, `covariance`; missing where the years' estimators differ.
#' @noRd
covariances_of_years <- function(one, other, cells, correction) {
  years <- list(year_of_covariance(one, cells), year_of_covariance(other, cells))
  correlation <- NULL
  if (!is.null(years[[1]]$model) && !is.null(years[[2]]$model)) {
    ori <- intersect(years[[1]]$respondents, years[[2]]$respondents)
    correlation <- residual_correlation(years[[1]]$model, years[[2]]$model, match(ori, years[[1]]$respondents),
      match(ori, years[[2]]$respondents))
  }
  names <- intersect(unique(one$places$geography), unique(other$places$geography))
  kinds <- geography_kinds()
  schemes <- weighting_schemes()
  data.table::rbindlist(lapply(names, function(name) {
    designs <- lapply(years, function(year) {
      if (!any(year$inputs$weights$geography == name)) NULL else
        design_with_strata(design_of(name, year$inputs, kinds), schemes)
    })
    if (is.null(designs[[1]]) || is.null(designs[[2]])) {
      return(NULL)
    }
    groups <- intersect(designs[[1]]$places$agency_group, designs[[2]]$places$agency_group)
    data.table::rbindlist(lapply(groups, function(group) {
      covariance <- covariance_of_designs(years, designs, group, correlation, correction)
      data.table::data.table(permutation = permutation_of(name, group), cell = cells, covariance = covariance)
    }))
  }))
}

#' @return A list: `inputs`, `counts` (respondents by cells), `respondents` (their ORIs), `model` (`NULL` if no
#'   geography is estimated with it).
#' @noRd
year_of_covariance <- function(inputs, cells) {
  counts <- counts_of_year(inputs, cells)
  model <- NULL
  if (any(inputs$estimators$estimator == "model_assisted")) {
    table <- sub("^(t_[^_]+_[^_]+)_.*", "\\1", cells)
    model <- model_of_respondents(counts, inputs$agencies, inputs$covariates,
      ifelse(startsWith(cells, "t_"), table, "all"))$model
  }
  list(inputs = inputs, counts = counts, respondents = inputs$agencies$ori[which(inputs$agencies$respondent)],
    model = model)
}

#' Covariances of one geography's group of agencies; missing where its estimator is not that of the other year
#' @noRd
covariance_of_designs <- function(years, designs, group, correlation, correction) {
  estimators <- vapply(designs, `[[`, "", "estimator")
  if (estimators[[1]] != estimators[[2]]) {
    return(rep(NA_real_, ncol(years[[1]]$counts)))
  }
  parts <- Map(function(year, design) {
    if (estimators[[1]] == "model_assisted") assisted_part(year, design, group) else
      stratum_part(year, design, group, correction)
  }, years, designs)
  if (estimators[[1]] == "model_assisted") assisted_covariance(parts[[1]], parts[[2]], correlation) else
    stratum_covariance(parts[[1]], parts[[2]])
}

#' What [stratum_covariance()] takes of a year
#' @noRd
stratum_part <- function(year, design, group, correction) {
  rows <- match(design$weights$ori, year$respondents)
  y <- as.matrix(year$counts[rows, , drop = FALSE]) * design$share * design$inside[[group]]
  used <- covariates_used(design$weights, design$strata, design$covariates)
  weights <- with_ratios(design$weights, design$strata, design$covariates)
  list(
    contributions = stratum_contributions(y, weights, used, correction), ori = design$weights$ori,
    stratum = design$weights$stratum, N = design$weights$N, n = design$weights$n,
    universe = data.table::data.table(ori = design$place$agencies$ori, stratum = design$stratum)
  )
}

#' A design with the `stratum` of every agency of its geography, the silent ones too; without, where no strata decide
#'
#' @param design See [design_of()].
#' @param schemes See [weighting_schemes()].
#' @noRd
design_with_strata <- function(design, schemes) {
  if (design$estimator != "model_assisted") {
    design$stratum <- strata_of_agencies(design, schemes)
  }
  design
}

#' @noRd
strata_of_agencies <- function(design, schemes) {
  place <- design$place
  group <- initial_groups(place$agencies, place$covariates, scheme_of(place$kind, schemes))
  joined <- strsplit(design$strata$joined, " ", fixed = TRUE)
  stratum <- rep(design$strata$stratum, lengths(joined))[match(group, unlist(joined))]
  # What respondents' weights say counts.
  known <- match(place$agencies$ori, design$weights$ori)
  ifelse(is.na(known), stratum, design$weights$stratum[known])
}

#' What [assisted_covariance()] takes of a year
#' @noRd
assisted_part <- function(year, design, group) {
  place <- design$place
  inside <- design$groups[[group]]
  rows <- which(place$agencies$ori %in% year$respondents)
  agency_rows <- match(year$respondents, year$inputs$agencies$ori)
  domain <- assisted_domain(place, design$weights, agency_rows, inside)
  silent <- setdiff(which(inside), rows)
  list(
    model = year$model,
    respondents = data.table::data.table(ori = year$respondents[domain$rows], row = domain$rows,
      factor = (domain$weight - 1) * domain$share),
    silent = data.table::data.table(ori = place$agencies$ori[silent], size = domain$silent$size,
      share = domain$silent$share)
  )
}
