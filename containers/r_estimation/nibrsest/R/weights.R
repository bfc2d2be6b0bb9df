#' Expansion weights N/n by population class
#'
#' Within a geography the universe is divided into strata by population class; a respondent stands
#' for N/n agencies of its stratum, N being the agencies of the universe and n the respondents.
#' A class whose variance cannot be estimated, because nobody or only one of several responds, joins
#' the nearest; of two equally near, the one of smaller agencies; and so on, until every stratum has
#' two respondents or is complete.
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
  data.table::set(strata, NULL, "stratum", collapse_classes(strata$class, strata$agencies, strata$respondents))
  strata[, c("N", "n") := list(sum(agencies), sum(respondents)), by = "stratum"]
  weights <- merge(agencies[agencies$respondent, c("ori", "class")], strata[, c("class", "stratum", "N", "n")],
    by = "class")
  data.table::set(weights, NULL, "weight", weights$N / weights$n)
  data.table::setkeyv(weights, "ori")
  list(weights = weights[, c("ori", "stratum", "N", "n", "weight")], strata = strata[])
}

#' The stratum of every class: the largest class number among those that are joined
#'
#' @param classes Integers in ascending order: larger numbers, smaller agencies.
#' @param agencies,respondents Agencies and respondents of each class.
#' @return Integers; all missing if nobody responded.
#' @noRd
collapse_classes <- function(classes, agencies, respondents) {
  if (sum(respondents) == 0L) {
    return(rep(NA_integer_, length(classes)))
  }
  strata <- as.list(seq_along(classes))
  repeat {
    lonely <- which(vapply(strata, function(members) {
      sum(respondents[members]) < min(2L, sum(agencies[members]))
    }, logical(1)))
    if (length(lonely) == 0L || length(strata) == 1L) {
      break
    }
    strata <- join_nearest(strata, lonely[[1]], classes)
  }
  labels <- vapply(strata, function(members) max(classes[members]), integer(1))
  rep(labels, lengths(strata))
}

#' Join a stratum with the nearer of its neighbours, of two equally near with the following one
#' @noRd
join_nearest <- function(strata, place, classes) {
  edges <- function(at) range(classes[strata[[at]]])
  before <- if (place > 1L) edges(place)[[1]] - edges(place - 1L)[[2]] else Inf
  after <- if (place < length(strata)) edges(place + 1L)[[1]] - edges(place)[[2]] else Inf
  first <- if (after <= before) place else place - 1L
  strata[[first]] <- c(strata[[first]], strata[[first + 1L]])
  strata[-(first + 1L)]
}
