#' The share of each agency that belongs to each geography or group of agencies
#'
#' @param places See [estimated_places()].
#' @param geographies,agencies,covariates See [geography_of()].
#' @return Sparse matrix, rows of `places` by agencies.
#' @noRd
membership_of <- function(places, geographies, agencies, covariates, kinds = geography_kinds()) {
  entries <- lapply(unique(places$geography), function(name) {
    place <- geography_of(name, geographies, agencies, covariates)
    groups <- groups_within(place, agencies$ori[agencies$respondent], kinds)
    data.table::rbindlist(lapply(which(places$geography == name), function(row) {
      inside <- which(groups[[places$agency_group[[row]]]])
      data.table::data.table(row = row, column = place$rows[inside], share = place$share[inside])
    }))
  })
  entries <- data.table::rbindlist(entries)
  Matrix::sparseMatrix(entries$row, entries$column, x = entries$share, dims = c(nrow(places), nrow(agencies)))
}

#' How far estimates are from the sum of what agencies reported and of what silent ones are drawn to have
#'
#' @param tables See [estimate_tables()], with `permutation`.
#' @param imputed Matrix, permutations (`permutation` of its rows) by cells: see [drawn_sums()].
#' @return A data.table, a row per row of `tables`: `permutation`, `cell`, `imputed`, `full_count` (with what
#'   respondents reported), `percent_relative_bias` (100 (estimate - full count) / estimate; missing where the
#'   estimate is 0 or nothing could be drawn).
#' @references METHOD, section 10 (PRB).
#' @noRd
relative_bias <- function(tables, imputed, permutation) {
  drawn <- imputed[cbind(match(tables$permutation, permutation), match(tables$cell, colnames(imputed)))]
  full <- tables$unweighted + drawn
  data.table::data.table(
    permutation = tables$permutation, cell = tables$cell, imputed = drawn, full_count = full,
    percent_relative_bias = ifelse(tables$estimate == 0, NA, 100 * (tables$estimate - full) / tables$estimate)
  )
}
