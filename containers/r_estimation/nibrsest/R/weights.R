#' Expansion weights N/n by population class
#'
#' Within a geography the universe is divided into strata by population class; a respondent stands
#' for N/n agencies of its stratum, N being the agencies of the universe and n the respondents.
#' A class without a respondent joins the nearest class that has one; of two equally near, the one
#' of smaller agencies.
#'
#' @param agencies A data.table of eligible agencies with `ori`, `class` (integer) and `respondent`
#'   (logical).
#' @return A list: `weights` (one row per respondent: `ori`, `stratum`, `weight`) and `strata` (one
#'   row per class: `class`, `stratum`, `agencies`, `respondents` of the class, and `N`, `n` of the
#'   stratum). Without any respondent `weights` has no rows and every `stratum` is missing.
#' @references Cochran, Sampling Techniques (1977), section 5.3; METHOD, section 5 (initial weight N/n).
#' @export
expansion_weights <- function(agencies) {
  strata <- agencies[, list(agencies = .N, respondents = sum(respondent)), keyby = "class"]
  data.table::set(strata, NULL, "stratum", collapse_classes(strata$class, strata$respondents))
  strata[, c("N", "n") := list(sum(agencies), sum(respondents)), by = "stratum"]
  weights <- merge(agencies[agencies$respondent, c("ori", "class")], strata[, c("class", "stratum", "N", "n")],
    by = "class")
  data.table::set(weights, NULL, "weight", weights$N / weights$n)
  data.table::setkeyv(weights, "ori")
  list(weights = weights[, c("ori", "stratum", "N", "n", "weight")], strata = strata[])
}

#' The stratum of every class: its own number, or that of the class it joins
#'
#' @param classes Integers in ascending order: larger numbers, smaller agencies.
#' @param respondents Respondents of each class.
#' @return Integers; all missing if nobody responded.
#' @noRd
collapse_classes <- function(classes, respondents) {
  with_respondents <- classes[respondents > 0L]
  if (length(with_respondents) == 0L) {
    return(rep(NA_integer_, length(classes)))
  }
  vapply(classes, function(class) {
    distance <- abs(with_respondents - class)
    max(with_respondents[distance == min(distance)])
  }, integer(1))
}
