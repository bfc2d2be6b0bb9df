#' Which estimates may be released
#'
#' What is published by offense and what is published by table goes through here, so that the two never disagree.
#'
#' @param tables See [with_bias()].
#' @param places A data.table, a row per permutation: `permutation`, `kind`, and the columns of [coverage_of()].
#' @param cells See [table_cells()].
#' @param released_places See [released_places()].
#' @return `tables` with: `eligible` (the cell has a meaning), `relative_error` (of the statistic), `error_over_30`,
#'   `cell_flag`, `released_place`, `withheld_place`, `flag` (0 released, 1 not, NA without meaning) for counts, and the
#'   same with the ending `_percentage` for percentages where they differ.
#'   Where numbers are no estimates ([universe_status()]), nothing is released.
#' @references METHOD, section 11.
#' @noRd
release_flags <- function(tables, places, cells, released_places = places_released_by(tables, places, cells)) {
  place <- released_places[match(tables$permutation, released_places$permutation), ]
  cell <- cells[match(tables$cell, cells$cell), ]
  rules <- package_table("release_rules.csv")
  counts <- cell_flags(tables$estimate, tables$standard_error, tables$rmse, place, cell, rules)
  shares <- cell_flags(tables$percentage, tables$percentage_error, tables$percentage_rmse, place, cell, rules)
  flags <- data.table::data.table(
    cell_flag = counts, cell_flag_percentage = shares, released_place = place$covered & !place$no_estimate,
    withheld_place = place$withheld | place$no_estimate, flag = decided(counts, place),
    flag_percentage = decided(shares, place)
  )
  keep_sound_totals(flags, tables, place, rules)
}

#' Release flags of offenses, and their reasons, by the rules that hold for the tables of the same geographies
#'
#' @param offenses See [describe_estimates()].
#' @param released_places See [places_released_by()].
#' @return A data.table, a row per row: `flag`, 0 released, 1 not; `reason`, see [release_reasons()].
#' @noRd
offense_release <- function(offenses, released_places) {
  rows <- data.table::data.table(
    permutation = released_places$permutation[match(paste(offenses$geography, offenses$agency_group, sep = "\r"),
      paste(released_places$geography, released_places$agency_group, sep = "\r"))], cell = offenses$cell,
    estimate = offenses$estimate, standard_error = offenses$standard_error, rmse = offenses$standard_error,
    percentage = NA_real_, percentage_error = NA_real_, percentage_rmse = NA_real_, bias = NA_real_
  )
  # An offense is a cell of no table, and of no type of agency.
  cells <- data.table::data.table(
    cell = unique(offenses$cell), applies = TRUE, total = FALSE, characteristic = NA_character_, category = NA_integer_
  )
  flags <- release_flags(rows, released_places, cells, released_places)
  data.table::data.table(flag = flags$flag, reason = release_reasons(rows, flags, released_places, cells)$count)
}

#' What holds for all that is said of a geography, or of a group of agencies in it
#'
#' @param tables,places,cells See [release_flags()].
#' @return `places` with four logical columns: `no_estimate`; `silent` (one silent agency has more than a tenth of the
#'   residents, or a principal city, which withholds all); `covered` (more than 80 per cent of the residents are, which
#'   releases all); `withheld` (most totals of its tables are flagged).
#' @noRd
places_released_by <- function(tables, places, cells) {
  rules <- package_table("release_rules.csv")
  place <- places[match(tables$permutation, places$permutation), ]
  cell <- cells[match(tables$cell, cells$cell), ]
  flag <- cell_flags(tables$estimate, tables$standard_error, tables$rmse, place, cell, rules)
  cbind(places,
    no_estimate = places$basis != "estimate",
    silent = place_misses_agency(places, rules),
    covered = (places$coverage > constant("released_coverage")) %in% TRUE,
    withheld = withheld_places(tables$permutation, flag, cell, places, rules)
  )
}

#' Whether an estimate is too uncertain by itself; NA where it has no meaning
#' @noRd
cell_flags <- function(estimate, error, rmse, place, cell, rules) {
  relative <- data.table::fifelse(estimate == 0, NA_real_, rmse / estimate)
  unknown <- is.na(error) & !is.na(estimate)
  uncertain <- (relative > constant("relative_error_limit")) %in% TRUE
  low <- low_coverage(place, cell, rules)
  data.table::fifelse(cell$applies, unknown | uncertain | ((estimate == 0 | error %in% 0) & low), NA)
}

#' The first rule that holds decides: a silent agency, coverage, the geography's other totals, the cell itself
#' @noRd
decided <- function(flag, place) {
  final <- place$no_estimate | place$silent | (!place$covered & (place$withheld | flag))
  as.integer(data.table::fifelse(is.na(flag), NA, final))
}

#' Whether coverage is too low for a zero to be believed
#'
#' Which coverage decides says `release_rules.csv`; in the rows of tribal, state police and other state agencies that of
#' these agencies does.
#'
#' @param rules Lines of `release_rules.csv`.
#' @noRd
low_coverage <- function(place, cell, rules) {
  of_type <- cell$characteristic %in% "agency_type"
  by_agencies <- rules$coverage[match(place$kind, rules$kind)] == "tribal_coverage"
  share <- data.table::fifelse(by_agencies | (of_type & cell$category == 6L), place$tribal_coverage,
    data.table::fifelse(of_type & cell$category == 4L, place$state_police_coverage,
      data.table::fifelse(of_type & cell$category == 5L, place$other_coverage, place$coverage)))
  is.na(share) | share < constant("believed_coverage")
}

#' Geographies of which more than three quarters of the tables' totals are flagged, and too few residents covered
#'
#' The nation has no such rule.
#' @noRd
withheld_places <- function(permutation, flag, cell, places, rules) {
  first <- which(cell$total & !is.na(flag))
  share <- tapply(flag[first], factor(permutation[first], places$permutation), mean)
  (as.vector(share) > constant("flagged_totals")) %in% TRUE & places$coverage < constant("believed_coverage") &
    holds_for(rules$withheld_if_flagged, places$kind, rules)
}

#' Where one silent agency has more than a tenth of the residents, or serves a principal city of a metropolitan area
#' @noRd
place_misses_agency <- function(place, rules) {
  (place$missing_over_10_percent & holds_for(rules$withheld_if_agency_silent, place$kind, rules)) |
    place_misses_city(place, rules)
}

#' Only areas tell of principal cities
#' @noRd
place_misses_city <- function(place, rules) {
  silent <- if (is.null(place$missing_principal_city)) FALSE else place$missing_principal_city
  silent & holds_for(rules$withheld_if_principal_city_silent, place$kind, rules)
}

#' Whether a rule holds for each of some kinds of geographies; one that is not named in `release_rules.csv` is refused
#' @noRd
holds_for <- function(rule, kinds, rules) {
  line <- match(kinds, rules$kind)
  if (anyNA(line)) {
    stop("release_rules.csv has no line for the kind \"", kinds[is.na(line)][[1]], "\"; say there when it is withheld",
      call. = FALSE)
  }
  rule[line] == "yes"
}

#' A state that is withheld for its other totals keeps its violent and property crime if neither is flagged by itself
#'
#' One that lacks its largest agency keeps nothing: what is not known there is most of these crimes.
#' @noRd
keep_sound_totals <- function(flags, tables, place, rules) {
  keepable <- strsplit(rules$kept_if_sound, " ", fixed = TRUE)
  total_rows <- which(tables$cell %in% unlist(keepable) & place$withheld & !place$silent & !place$no_estimate)
  total_rows <- total_rows[paste(place$kind[total_rows], tables$cell[total_rows]) %in%
    paste(rep(rules$kind, lengths(keepable)), unlist(keepable))]
  sound <- tapply(!flags$cell_flag[total_rows] %in% TRUE, tables$permutation[total_rows], all)
  kept <- total_rows[tables$permutation[total_rows] %in% as.integer(names(sound)[sound])]
  data.table::set(flags, kept, "flag", 0L)
  flags
}
