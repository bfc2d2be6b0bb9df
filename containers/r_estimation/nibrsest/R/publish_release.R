#' Which estimates may be released
#'
#' @param tables See [estimate_tables()], with `permutation`.
#' @param places A data.table, a row per permutation: `permutation`, `kind`, and the columns of [coverage_of()].
#' @param cells See [table_cells()].
#' @return `tables` with: `eligible` (the cell has a meaning), `relative_error` (of the statistic), `error_over_30`,
#'   `cell_flag`, `released_place`, `withheld_place`, `flag` (0 released, 1 not, NA without meaning) for counts, and the
#'   same with the ending `_percentage` for percentages where they differ.
#'   Where numbers are no estimates ([universe_status()]), nothing is released.
#' @references METHOD, section 11; relative standard errors stand for relative root mean squared errors until bias is
#'   estimated.
#' @noRd
release_flags <- function(tables, places, cells) {
  place <- places[match(tables$permutation, places$permutation), ]
  cell <- cells[match(tables$cell, cells$cell), ]
  low <- low_coverage(place, cell)
  flag_of <- function(estimate, error) {
    relative <- ifelse(estimate == 0, NA, error / estimate)
    unknown <- is.na(error) & !is.na(estimate)
    ifelse(cell$applies, unknown | (relative > 0.3) %in% TRUE | ((estimate == 0 | error %in% 0) & low), NA)
  }
  counts <- flag_of(tables$estimate, tables$standard_error)
  shares <- flag_of(tables$percentage, tables$percentage_error)
  no_estimate <- place$basis != "estimate"
  withheld <- withheld_places(tables$permutation, counts, cell, places)
  at <- match(tables$permutation, places$permutation)
  decide <- function(flag) {
    final <- no_estimate | ifelse(place$coverage > 0.8, FALSE, withheld[at] | place_misses_agency(place) | flag)
    as.integer(ifelse(is.na(flag), NA, final))
  }
  found <- data.table::data.table(
    cell_flag = counts, cell_flag_percentage = shares, released_place = place$coverage > 0.8 & !no_estimate,
    withheld_place = withheld[at] | no_estimate, flag = decide(counts), flag_percentage = decide(shares)
  )
  state_exception(found, tables, place)
}

#' Whether coverage is too low for a zero to be believed
#'
#' Agency coverage decides for tribal agencies and for the rows of tribal, state police and other state agencies.
#' @noRd
low_coverage <- function(place, cell) {
  of_type <- cell$characteristic %in% "agency_type"
  share <- ifelse(place$kind == "tribal" | (of_type & cell$category == 6L), place$tribal_coverage,
    ifelse(of_type & cell$category == 4L, place$state_police_coverage,
      ifelse(of_type & cell$category == 5L, place$other_coverage, place$coverage)))
  is.na(share) | share < 0.8
}

#' Geographies of which more than three quarters of the tables' totals are flagged, and too few residents covered
#'
#' The nation has no such rule.
#' @noRd
withheld_places <- function(permutation, flag, cell, places) {
  first <- which(cell$total & !is.na(flag))
  share <- tapply(flag[first], factor(permutation[first], places$permutation), mean)
  (as.vector(share) > 0.75) %in% TRUE & places$coverage < 0.8 & places$kind != "national"
}

#' Where one silent agency has more than a tenth of the residents
#' @noRd
place_misses_agency <- function(place) {
  place$missing_over_10_percent & place$kind %in% c("national group", "region", "region group", "state")
}

#' A withheld state keeps its violent and property crime if neither is flagged by itself
#' @noRd
state_exception <- function(found, tables, place) {
  key <- which(tables$cell %in% c("t_2a_1_1_17", "t_2b_1_1_14") & place$kind == "state" & found$withheld_place &
    place$basis == "estimate")
  sound <- tapply(!found$cell_flag[key] %in% TRUE, tables$permutation[key], all)
  kept <- key[tables$permutation[key] %in% as.integer(names(sound)[sound])]
  data.table::set(found, kept, "flag", 0L)
  found
}
