#' Estimates of all cells of the published tables for one geography and its groups of agencies
#'
#' @param y See [annual_cells()], respondents of the geography.
#' @param weights,strata,covariates,groups See [estimate_geography()].
#' @param cells See [table_cells()].
#' @param correction See [linearised_estimates()].
#' @return A data.table, a row per group and cell: `agency_group`, `cell`, `estimate`, `standard_error`, `percentage`,
#'   `percentage_error` (both in per cent; missing where the cell has none), `unweighted`,
#'   `unweighted_percentage`, `agency_counts` (respondents with any), `degrees_of_freedom` (missing: intervals are
#'   normal), `clipped` (FALSE: weights are positive).
#' @references METHOD, section 9.
#' @examples
#' folder <- example_year()
#' records <- read_state_records(file.path(folder, "downloads", "2016", "RI-2016.zip"))
#' reference <- read_reference(file.path(folder, "reference", "reference-2016.zip"))
#' weighed <- weigh_year(reference, tabulate_offenses(records), "RI", 2016L)
#' of_state <- function(table) table[table$geography == "RI", ]
#' weights <- of_state(weighed$weights)
#' rows <- match(weights$ori, weighed$agencies$ori)
#' # Own months only; stage `weight` adds those that are filled.
#' cells <- table_cells()
#' y <- annual_cells(tabulate_tables(records)[, c("ori", "cell", "number")], weighed$agencies[rows, ], cells)
#' covariates <- as.matrix(weighed$covariates[rows, -(1:4)])
#' found <- estimate_tables(y, weights, of_state(weighed$strata), covariates,
#'   list("all agencies" = rep(TRUE, length(rows))), cells)
#' found[found$cell == "t_2b_1_1_14", ]
#' @export
estimate_tables <- function(y, weights, strata, covariates, groups, cells, correction = "none") {
  used <- covariates_used(weights, strata, covariates)
  design <- with_ratios(weights, strata, covariates)
  made <- lapply(names(groups), function(name) {
    # A group is a domain: agencies outside of it count as zero, and stay in the design.
    mine <- Matrix::Diagonal(x = as.numeric(groups[[name]])) %*% y
    below <- denominators_of(mine, cells)
    found <- linearised_estimates(mine, design, used, below$denominator, below$denominators,
      correction = correction, size = covariates[, "total"])
    unweighted <- Matrix::colSums(mine)
    base <- Matrix::colSums(below$denominators)[below$denominator]
    data.table::data.table(
      agency_group = name, cell = cells$cell, estimate = found$estimate, standard_error = found$standard_error,
      percentage = 100 * zero_if_none(found$share, below$denominator),
      percentage_error = 100 * zero_if_none(found$share_error, below$denominator), unweighted = unweighted,
      unweighted_percentage = 100 * zero_if_none(ifelse(base == 0, NA, unweighted / base), below$denominator),
      agency_counts = as.integer(Matrix::colSums(mine > 0)), degrees_of_freedom = NA_real_, clipped = FALSE
    )
  })
  data.table::rbindlist(made)
}

#' A percentage of nothing is 0, as the reference fills it; a cell without a denominator has none
#' @noRd
zero_if_none <- function(share, denominator) {
  ifelse(is.na(share) & !is.na(denominator), 0, share)
}
