#' Weighted crimes of the respondents against those of all agencies
#'
#' @param weights Of one geography, see [weights_of()].
#' @param agencies,covariates Of the same geography.
#' @return A data.table, a row per crime: `crime`, `weighted`, `standard_error`, `relative_error`, `universe`,
#'   `bias_ratio` (per cent), `remarkable` (more than 5 per cent).
#' @references METHOD, sections 5.6 and 13 (Table A).
#' @examples
#' agencies <- data.table::data.table(ori = c("XX0000001", "XX0000002", "XX0000003", "XX0000004"))
#' covariates <- cbind(total = c(40, 60, 90, 70))
#' weights <- data.table::data.table(ori = agencies$ori[1:3], stratum = "all", N = 4L, n = 3L, weight = 4 / 3)
#' table_a(weights, agencies, covariates)
#' @export
table_a <- function(weights, agencies, covariates) {
  y <- covariates[match(weights$ori, agencies$ori), , drop = FALSE]
  totals <- linearised_estimates(y, weights)
  universe <- colSums(covariates)
  ratio <- 100 * (totals$estimate - universe) / ifelse(universe == 0, NA, universe)
  data.table::data.table(
    crime = colnames(covariates), weighted = totals$estimate, standard_error = totals$standard_error,
    relative_error = totals$standard_error / ifelse(totals$estimate == 0, NA, totals$estimate), universe = universe,
    bias_ratio = ratio, remarkable = abs(ratio) > constant("remarkable_bias")
  )
}
