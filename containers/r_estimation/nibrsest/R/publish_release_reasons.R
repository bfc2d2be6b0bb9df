#' Why a figure is for release, or is not
#'
#' @param tables,places,cells See [release_flags()].
#' @param flags What [release_flags()] found of the same rows.
#' @return A data.table, a row per row of `tables`: `count` and `percentage`, a few words each; missing where the figure
#'   has no meaning.
#' @references METHOD, section 11.
#' @noRd
release_reasons <- function(tables, flags, places, cells) {
  rules <- package_table("release_rules.csv")
  place <- places[match(tables$permutation, places$permutation), ]
  silent <- place_misses_agency(place, rules)
  city <- place_misses_city(place, rules)
  error_name <- function(ending) {
    data.table::fifelse(is.na(tables$bias), paste("relative standard error", ending),
      paste("relative root mean squared error", ending))
  }
  too_large <- error_name("above 30 %")
  small_enough <- error_name("at most 30 %")
  reason <- function(flag, own, estimate, error) {
    relative <- data.table::fifelse(estimate == 0, NA_real_, error / estimate)
    withheld <- data.table::fcase(
      place$basis == "counts", "no estimate: counts of the respondents",
      place$basis == "residents", "raised by residents, without Return A",
      city, "a principal city is silent",
      silent, "a silent agency has more than a tenth of the residents",
      is.na(error), "no standard error is known",
      (relative > constant("relative_error_limit")) %in% TRUE, too_large,
      own %in% TRUE, "a zero, or without error, where fewer than 80 % are covered",
      flags$withheld_place, "most totals of this geography are not for release",
      default = "not for release in this geography"
    )
    released <- data.table::fcase(
      place$coverage > constant("released_coverage"), "more than 80 % of residents covered",
      flags$withheld_place, "violent and property crime of a state, sound by themselves",
      estimate == 0, "a zero where at least 80 % are covered",
      rep(TRUE, nrow(tables)), small_enough
    )
    data.table::fifelse(flag %in% 1L, withheld, data.table::fifelse(flag %in% 0L, released, NA_character_))
  }
  data.table::data.table(
    count = reason(flags$flag, flags$cell_flag, tables$estimate, tables$rmse),
    percentage = replace(reason(flags$flag_percentage, flags$cell_flag_percentage, tables$percentage,
      tables$percentage_rmse), is.na(tables$percentage), NA)
  )
}
