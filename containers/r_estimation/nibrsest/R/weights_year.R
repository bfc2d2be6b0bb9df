#' From a year's reports to respondents, donors and weights
#'
#' @param reference See [read_reference()].
#' @param tabulated Stacked results of [tabulate_offenses()].
#' @param states Postal abbreviations of the states that were tabulated; agencies of others count as silent.
#' @param year The data year.
#' @param outlier_rule How low and high months are found: `seasonal`, see [seasonal_colours()]; `documented`, or
#'   `legacy` for what the reference could reach, see [outlier_colours()].
#' @param months_rule Missing and low months are filled by `own` months and season, see [weighted_months()], or as the
#'   `reference` has it, by the donor's alone.
#' @param return_a_rule Return A of an earlier year follows the `trend`, or stands as it is, as the `reference` has it;
#'   see [srs_covariates()].
#' @param areas Geographies by shares of agencies, see [geographies()]; none by default.
#' @param kinds,schemes Kinds of geographies and how they are weighted, see [geography_kinds()] and
#'   [weighting_schemes()].
#' @return A list of data.tables: `agencies` (eligible ones, with what decided about them), `covariates`,
#'   `earlier_covariates` (the same as of the year before, of which the error of old Return A is known), `donors`,
#'   `masked` (complete reporters filled as if months were missing, by which the error of filled months is known),
#'   `months` (own months that are kept: `ori`, `month`), `missing_months`, `universe` (see
#'   [universe_status()]; with `unlisted_agencies`, which have offenses and are in no list of agencies, and
#'   `unlisted_offenses`), `geographies` (see [geographies()]), and of all of them `weights`, `strata`,
#'   `attempts`, each with a column `geography`.
#' @references METHOD, sections 2.6, 2.7, 2.8, 3, 4 and 5.
#' @examples
#' folder <- example_year()
#' tabulated <- tabulate_offenses(read_state_records(file.path(folder, "downloads", "2016", "RI-2016.zip")))
#' reference <- read_reference(file.path(folder, "reference", "reference-2016.zip"))
#' weighed <- weigh_year(reference, tabulated, "RI", 2016L)
#' weighed$strata
#' weighed$donors
#' @export
weigh_year <- function(reference, tabulated, states, year, outlier_rule = "seasonal", months_rule = "own",
                       return_a_rule = "trend", areas = NULL, kinds = geography_kinds(),
                       schemes = weighting_schemes(year = year)) {
  strangers <- setdiff(areas$ori, reference$agencies$ori)
  if (length(strangers) > 0L) {
    stop("areas name the agency ", strangers[[1]], ", which the reference extract of ", year, " does not have; ",
      "leave it out, or extract the reference again", call. = FALSE)
  }
  keep <- which(is_eligible(reference$agencies))
  if (length(keep) == 0L) {
    stop("no agency of the reference extract is eligible in ", year,
      "; check agency_status, agency type and state in ref_agency", call. = FALSE)
  }
  agencies <- cbind(reference$agencies[keep, ], weighting_groups(reference$agencies[keep, ]))
  data.table::set(agencies, NULL, "class", population_class(agencies$population_group_code))
  counts <- monthly_totals(tabulated, agencies$ori)
  reported <- reported_months(reference$status[keep, , drop = FALSE], agencies$nibrs_start, year, counts) &
    agencies$state %in% states
  months <- ifelse(reported, counts, NA)
  stray <- stray_months(months)
  reported <- reported & !stray
  months[stray] <- NA
  earlier <- earlier_months(reference$history, agencies, year)
  all_colours <- if (outlier_rule == "seasonal") {
    seasonal_colours(months, earlier)
  } else {
    colours_of_months(months, earlier, outlier_rule == "legacy")
  }
  colours <- all_colours[, ncol(earlier) + 1:12, drop = FALSE]
  usable <- reported & !(colours %in% c("red", "orange"))
  srs <- srs_covariates(agencies, reference$return_a, reference$return_a_months, year, rule = return_a_rule)
  staff <- impute_officers(agencies, srs$covariates, year)
  data.table::set(agencies, NULL, names(staff), staff)
  data.table::set(agencies, NULL, paste0(c("earlier", "reported", "stray", "usable", "low", "high"), "_months"), list(
    as.integer(rowSums(!is.na(earlier))), as.integer(rowSums(reported)), as.integer(rowSums(stray)),
    as.integer(rowSums(usable)), as.integer(rowSums(reported & !usable)),
    as.integer(rowSums(matrix(colours %in% c("blue", "brown"), nrow(colours))))
  ))
  data.table::set(agencies, NULL, "respondent", is_respondent(
    usable, agencies$nibrs_start, agencies$reporting_type, rowSums(counts), srs$covariates[, "total"], year
  ) & agencies$stray_months == 0L)
  respondent_rows <- which(agencies$respondent)
  donors <- find_donors(donor_attributes(agencies[respondent_rows, ], year), months[respondent_rows, , drop = FALSE],
    colours[respondent_rows, , drop = FALSE], months_rule)
  ordinary <- ordinary_months(earlier, all_colours)[respondent_rows, , drop = FALSE]
  if (months_rule == "own") {
    donors <- weighted_months(donors, agencies$ori[respondent_rows], months[respondent_rows, , drop = FALSE],
      colours[respondent_rows, , drop = FALSE], ordinary)
  }
  masked <- masked_years(donor_attributes(agencies[respondent_rows, ], year), months[respondent_rows, , drop = FALSE],
    colours[respondent_rows, , drop = FALSE], ordinary, donors, months_rule, year)
  before <- srs_covariates(agencies, reference$return_a, reference$return_a_months, year - 1L, year, return_a_rule)
  kept_months <- which(reported[respondent_rows, , drop = FALSE], arr.ind = TRUE)
  places <- geographies(agencies, areas, kinds)
  universe <- universe_status(agencies, reference$notes, !is.na(srs$source$srs_months), year, states, areas)
  universe <- with_unlisted(universe, tabulated, reference$agencies$ori)
  c(
    list(
      agencies = agencies, covariates = cbind(srs$source, data.table::as.data.table(srs$covariates)), donors = donors,
      masked = masked, earlier_covariates = cbind(before$source, data.table::as.data.table(before$covariates)),
      months = data.table::data.table(ori = agencies$ori[respondent_rows][kept_months[, 1]],
        month = as.integer(kept_months[, 2]),
        key = c("ori", "month")),
      missing_months = missing_months(agencies, reported, year), universe = universe, geographies = places
    ),
    weigh_geographies(agencies, srs$covariates, universe, places, schemes)
  )
}

#' Numbers of offenses in the four years before: agencies by 48 months, missing where a month was not reported
#' @noRd
earlier_months <- function(history, agencies, year) {
  years <- constant("outlier_years") - 1
  counts <- matrix(NA_real_, nrow(agencies), 12L * years)
  agency_rows <- match(history$ori, agencies$ori)
  month <- (history$year - year + years) * 12L + history$month
  began <- history$year * 12L + history$month - 1L >= agencies$nibrs_start[agency_rows]
  known <- which(began & month >= 1L & month <= ncol(counts))
  counts[cbind(agency_rows[known], month[known])] <- history$offenses[known]
  counts
}

#' Colours of a year's months and of those before, seen against each other: agencies by sixty months
#' @noRd
colours_of_months <- function(months, earlier, legacy) {
  current <- rep(c(FALSE, TRUE), c(ncol(earlier), 12L))
  t(apply(cbind(earlier, months), 1L, outlier_colours, current, legacy))
}

#' The months before without those that are out of the ordinary
#' @noRd
ordinary_months <- function(earlier, all_colours) {
  colours <- all_colours[, seq_len(ncol(earlier)), drop = FALSE]
  replace(earlier, is.na(colours) | colours != "green", NA)
}

#' Monthly numbers of offenses: agencies by twelve months
#' @noRd
monthly_totals <- function(tabulated, oris) {
  counts <- matrix(0, length(oris), 12L)
  sums <- tabulated[, list(offenses = sum(offenses)), by = c("ori", "month")]
  agency_rows <- match(sums$ori, oris)
  known <- which(!is.na(agency_rows))
  counts[cbind(agency_rows[known], sums$month[known])] <- sums$offenses[known]
  counts
}

#' What makes agencies alike
#' @noRd
donor_attributes <- function(agencies, year) {
  data.table::data.table(
    ori = agencies$ori, population = agencies$population, suburban = agencies$suburban,
    agency_type = agencies$agency_type, region = agencies$region, male_officers = agencies$male_officers,
    female_officers = agencies$female_officers,
    months_since_start = year * 12L + 1L - agencies$nibrs_start, covering = agencies$covering %in% "Y"
  )
}

#' @param places See [geographies()].
#' @param schemes See [weighting_schemes()].
#' @noRd
weigh_geographies <- function(agencies, covariates, universe, places, schemes) {
  weighed <- lapply(unique(places$geography), function(name) {
    place <- geography_of(name, places, agencies, covariates)
    basis <- universe$basis[universe$geography == name]
    kind <- if (is_whole_state(place, agencies)) "state" else place$kind
    solution <- weights_of(place$agencies, place$covariates, scheme_of(kind, schemes), basis)
    inform("%s: %d of %d agencies respond; strata %s", name, nrow(solution$weights), nrow(place$agencies),
      paste(sprintf("%s (%s)", solution$strata$stratum, solution$strata$method), collapse = ", "))
    lapply(solution, function(table) cbind(geography = rep(name, nrow(table)), table))
  })
  parts <- c("weights", "strata", "attempts")
  stats::setNames(lapply(parts, function(part) data.table::rbindlist(lapply(weighed, `[[`, part), fill = TRUE)), parts)
}
