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
  rules <- package_table("release_rules.csv")
  low <- low_coverage(place, cell, rules)
  flag_of <- function(estimate, error) {
    relative <- ifelse(estimate == 0, NA, error / estimate)
    unknown <- is.na(error) & !is.na(estimate)
    uncertain <- (relative > constant("relative_error_limit")) %in% TRUE
    ifelse(cell$applies, unknown | uncertain | ((estimate == 0 | error %in% 0) & low), NA)
  }
  counts <- flag_of(tables$estimate, tables$standard_error)
  shares <- flag_of(tables$percentage, tables$percentage_error)
  no_estimate <- place$basis != "estimate"
  covered <- place$coverage > constant("released_coverage")
  withheld <- withheld_places(tables$permutation, counts, cell, places, rules)[
    match(tables$permutation, places$permutation)]
  decide <- function(flag) {
    final <- no_estimate | ifelse(covered, FALSE, withheld | place_misses_agency(place, rules) | flag)
    as.integer(ifelse(is.na(flag), NA, final))
  }
  flags <- data.table::data.table(
    cell_flag = counts, cell_flag_percentage = shares, released_place = covered & !no_estimate,
    withheld_place = withheld | no_estimate, flag = decide(counts), flag_percentage = decide(shares)
  )
  keep_sound_totals(flags, tables, place, rules)
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
  share <- ifelse(by_agencies | (of_type & cell$category == 6L), place$tribal_coverage,
    ifelse(of_type & cell$category == 4L, place$state_police_coverage,
      ifelse(of_type & cell$category == 5L, place$other_coverage, place$coverage)))
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

#' Where one silent agency has more than a tenth of the residents
#' @noRd
place_misses_agency <- function(place, rules) {
  place$missing_over_10_percent & holds_for(rules$withheld_if_agency_silent, place$kind, rules)
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

#' A withheld state keeps its violent and property crime if neither is flagged by itself
#' @noRd
keep_sound_totals <- function(flags, tables, place, rules) {
  keepable <- strsplit(rules$kept_if_sound, " ", fixed = TRUE)
  total_rows <- which(tables$cell %in% unlist(keepable) & flags$withheld_place & place$basis == "estimate")
  total_rows <- total_rows[paste(place$kind[total_rows], tables$cell[total_rows]) %in%
    paste(rep(rules$kind, lengths(keepable)), unlist(keepable))]
  sound <- tapply(!flags$cell_flag[total_rows] %in% TRUE, tables$permutation[total_rows], all)
  kept <- total_rows[tables$permutation[total_rows] %in% as.integer(names(sound)[sound])]
  data.table::set(flags, kept, "flag", 0L)
  flags
}
