#' Weighted crimes of the respondents against those of all agencies
#'
#' @param weights Of one geography, see [weights_of()].
#' @param agencies,covariates Of the same geography.
#' @param assisted The model-assisted estimates of the crimes, in the order of the covariates; missing where there are
#'   none.
#' @return A data.table, a row per crime: `crime`, `weighted`, `standard_error`, `relative_error`, `universe`,
#'   `bias_ratio` (per cent), `remarkable` (more than 5 per cent), and after the regression `assisted` and
#'   `assisted_bias_ratio` (per cent).
#' @references METHOD, sections 5.6 and 13 (Table A).
#' @examples
#' agencies <- data.table::data.table(ori = c("XX0000001", "XX0000002", "XX0000003", "XX0000004"))
#' covariates <- cbind(total = c(40, 60, 90, 70))
#' weights <- data.table::data.table(ori = agencies$ori[1:3], stratum = "all", N = 4L, n = 3L, weight = 4 / 3)
#' table_a(weights, agencies, covariates)
#' @export
table_a <- function(weights, agencies, covariates, assisted = rep(NA_real_, ncol(covariates))) {
  y <- covariates[match(weights$ori, agencies$ori), , drop = FALSE]
  totals <- linearised_estimates(y, weights)
  universe <- colSums(covariates)
  bias_of <- function(estimate) 100 * (estimate - universe) / ifelse(universe == 0, NA, universe)
  ratio <- bias_of(totals$estimate)
  data.table::data.table(
    crime = colnames(covariates), weighted = totals$estimate, standard_error = totals$standard_error,
    relative_error = totals$standard_error / ifelse(totals$estimate == 0, NA, totals$estimate),
    universe = universe, bias_ratio = ratio, remarkable = abs(ratio) > constant("remarkable_bias"),
    assisted = assisted, assisted_bias_ratio = bias_of(assisted)
  )
}

#' Table A of every geography that is estimated
#'
#' @param weighted See [weigh_year()].
#' @param covariates Matrix of the agencies' covariates.
#' @param estimators See [estimators_of()].
#' @param borrowed The model of the covariates themselves, see [model_of_respondents()].
#' @return A data.table: `geography`, and the columns of [table_a()].
#' @noRd
tables_a <- function(weighted, covariates, estimators, borrowed) {
  known <- weighted$universe$geography[weighted$universe$basis == "estimate"]
  names <- intersect(known, weighted$weights$geography)
  empty <- cbind(geography = character(), table_a(weighted$weights[0, ], weighted$agencies[0, ], covariates[0, ])[0, ])
  data.table::rbindlist(c(list(empty), lapply(names, function(name) {
    place <- geography_of(name, weighted$geographies, weighted$agencies, covariates)
    weights <- weighted$weights[which(weighted$weights$geography == name), ]
    assisted <- rep(NA_real_, ncol(covariates))
    if (estimators$estimator[estimators$geography == name] == "model_assisted") {
      domain <- assisted_domain(place, weights, borrowed$rows)
      assisted <- do.call(model_assisted_estimates, c(list(borrowed$model), domain))$estimate
    }
    cbind(geography = name, table_a(weights, place$agencies, place$covariates, assisted))
  })))
}
