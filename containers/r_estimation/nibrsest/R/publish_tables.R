#' The published rows of a table, with the reference's columns in its order
#'
#' @param rows Of any permutations, see [estimate_tables()].
#' @param flags Of the same rows, see [release_flags()].
#' @param places A row per permutation: description, weight, and the columns of [coverage_of()].
#' @param cells See [table_cells()].
#' @param labels See [cell_names()], in the order of `cells`.
#' @param year The data year.
#' @return A data.table: a row per count, percentage and rate, ordered by permutation, row and column. `bias_method`
#'   and `basis` stand after the reference's columns.
#' @references METHOD, sections 8.3 and 11.
#' @noRd
published_rows <- function(rows, flags, places, cells, labels, year) {
  at <- match(rows$cell, cells$cell)
  of_row <- list(rows = rows, flags = flags, place = places[match(rows$permutation, places$permutation), ],
    cell = cells[at, ], label = labels[at, ])
  place <- of_row$place
  counts <- one_statistic(rows$estimate, rows$standard_error, rows$unweighted, flags$cell_flag, flags$flag)
  shares <- one_statistic(rows$percentage, rows$percentage_error, rows$unweighted_percentage,
    flags$cell_flag_percentage, flags$flag_percentage)
  rate <- ifelse(place$population > 0, 1e5 / place$population, NA_real_)
  own <- ifelse(place$population_of_respondents > 0, 1e5 / place$population_of_respondents, NA_real_)
  rates <- one_statistic(rows$estimate * rate, rows$standard_error * rate, rows$unweighted * own, flags$cell_flag,
    flags$flag)
  kept <- list(seq_len(nrow(rows)), which(nzchar(of_row$cell$denominator)), which(is_level_one(of_row$cell)))
  found <- data.table::rbindlist(Map(function(table, some) table[some, ], list(counts, shares, rates), kept))
  data.table::set(found, NULL, "kind", rep(1:3, lengths(kept)))
  described <- describe_rows(found, lapply(of_row, function(table) table[unlist(kept), ]))
  # The reference has these two columns from 2024 on.
  late <- if (year < 2024L) c("PROP_ELIG_ORIS_NONZERO_COUNT", "CORRELATION_WITH_PRIOR_YEAR") else character()
  described[, setdiff(names(described), late), with = FALSE]
}

#' One kind of statistic of all rows
#' @noRd
one_statistic <- function(estimate, error, unweighted, cell_flag, flag) {
  half <- stats::qnorm(0.975) * error
  data.table::data.table(
    estimate = estimate, unweighted = unweighted, error = error, upper = estimate + half,
    lower = pmax(0, estimate - half),
    relative = ifelse(estimate == 0, NA, error / estimate), cell_flag = as.integer(cell_flag), flag = flag
  )
}

#' @param found The statistics, with `kind`: 1 count, 2 percentage, 3 rate.
#' @param of What stands beside them, in the same order: `rows`, `flags`, `place`, `cell`, `label`.
#' @noRd
describe_rows <- function(found, of) {
  cell <- of$cell
  place <- of$place
  label <- of$label
  is_rate <- found$kind == 3L
  value <- function(x) ifelse(cell$applies, x, -9)
  # A count of some agencies has no error as an estimate of all.
  uncertain <- function(x) ifelse(place$basis == "estimate", value(x), -9)
  # The rate stands one row below the count that it is of.
  row <- cell$row + is_rate
  blank <- rep(NA_real_, nrow(found))
  table <- data.table::data.table(
    indicator_name = label$indicator, estimate = value(found$estimate), estimate_unweighted = value(found$unweighted),
    estimate_geographic_location = place$description, estimate_type = c("count", "percentage", "rate")[found$kind],
    estimate_type_num = found$kind,
    estimate_type_detail_percentage = ifelse(found$kind == 2L, denominator_wording(cell$denominator), "-9"),
    estimate_type_detail_rate = ifelse(is_rate, "per 100,000 total population", "-9"),
    estimate_domain_1 = ifelse(is_rate, "Rate per 100,000 residents", label$domain_1),
    estimate_domain_2 = label$domain_2, estimate_standard_error = uncertain(found$error),
    estimate_upper_bound = uncertain(found$upper), estimate_lower_bound = uncertain(found$lower),
    relative_standard_error = uncertain(found$relative), analysis_weight_name = place$weight_name, estimate_prb = blank,
    estimate_bias = blank, estimate_rmse = blank, relative_rmse = blank,
    suppression_flag_indicator = value(found$flag), der_elig_suppression = as.integer(cell$applies),
    pop_cov = place$coverage, agency_counts = value(of$rows$agency_counts),
    der_rrmse_30 = uncertain(as.integer(found$relative > 0.3)),
    der_rrmse_gt_30_se_estimate_0_2_cond = value(found$cell_flag),
    der_rrmse_gt_30_se_estimate_0_2_cond_top = ifelse(is_level_one(cell), value(found$cell_flag), NA),
    der_perm_group_unsuppression_flag = as.integer(of$flags$released_place),
    der_perm_group_suppression_flag = as.integer(of$flags$withheld_place), population_estimate = place$population,
    time_series_start_year = blank, full_table = label$full_table,
    der_variable_name = sprintf("t_%s_%d_%d_%d", cell$table, cell$section, row, cell$column),
    PERMUTATION_NUMBER = place$permutation, PRB_ACTUAL = blank,
    POPTOTAL_ORIG_UNIV_ELIG_PERM_AGENCY_MISSING_OVER_10_PERCENT = as.integer(place$missing_over_10_percent),
    POPTOTAL_ORIG_ELIG_PERM_AGENCY_MISSING_PRINCIPAL_CITY = blank,
    PROP_ELIG_ORIS_NONZERO_COUNT = value(of$rows$agency_counts / place$agencies),
    CORRELATION_WITH_PRIOR_YEAR = value(prior_year_correlation(of$rows, place)), estimate_copula = blank,
    bias_method = rep("none", nrow(found)), basis = place$basis
  )
  table[order(place$permutation, row, cell$column, found$kind), ]
}

#' @noRd
denominator_wording <- function(rows) {
  several <- grepl(" ", rows, fixed = TRUE)
  ifelse(nzchar(rows), paste(ifelse(several, "rows", "row"), gsub(" ", ", ", rows)), "-9")
}

#' The correlation with the year before that goes with the share of agencies that count any
#' @references METHOD, section 11 (extra columns of 2024).
#' @noRd
prior_year_correlation <- function(rows, place) {
  limits <- c(0.007, 0.014, 0.024, 0.041, 0.071, 0.121, 0.204, 0.344, 0.564)
  values <- c(0, 0.126, 0.175, 0.261, 0.355, 0.465, 0.585, 0.692, 0.762, 0.835)
  found <- values[findInterval(rows$agency_counts / place$agencies, limits) + 1L]
  ifelse(rows$estimate == 0 | rows$standard_error %in% 0, 0, found)
}

#' What cells are called: the published names, and which cells are not published
#'
#' @return A data.table in the order of `cells`: `indicator` (missing where the column is left out), `domain_1`,
#'   `domain_2`, `full_table`.
#' @references METHOD, section 11 (clean-up).
#' @noRd
cell_names <- function(cells, definitions) {
  names <- data.table::rbindlist(lapply(unique(cells$table), function(table) {
    cbind(of = table, columns_of(definitions, table)[, c("column", "published_name")])
  }))
  rows <- row_labels(definitions, cells$characteristic, cells$category)
  whole <- is.na(cells$characteristic)
  rows[whole] <- paste("Total", counted_name(definitions, cells$table[whole]))
  parts <- strsplit(rows, ": ", fixed = TRUE)
  title <- definitions$tables$title[match(cells$table, definitions$tables$table)]
  data.table::data.table(
    indicator = names$published_name[match(paste(cells$table, cells$column), paste(names$of, names$column))],
    domain_1 = vapply(parts, `[[`, "", 1L),
    domain_2 = vapply(parts, function(part) paste(part[-1], collapse = ": "), ""),
    full_table = paste0("Table ", cells$table, "-", title)
  )
}

#' @noRd
counted_name <- function(definitions, tables) {
  tolower(definitions$tables$title[match(tables, definitions$tables$table)])
}
