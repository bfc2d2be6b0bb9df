#' What is published of the tables: cells, statistics, and what they are called
#'
#' @param definitions See [table_definitions()].
#' @return A list: `cells` (see [table_cells()]), `labels` (see [cell_names()], in the order of `cells`), `statistics`
#'   (see [table_statistics()], of cells whose column is published), `populations` (see `populations.csv`).
#' @noRd
published_tables <- function(definitions = table_definitions()) published_of_definitions(definitions)

#' @noRd
published_of_definitions <- last_kept(function(definitions) {
  cells <- table_cells(definitions)
  labels <- cell_names(cells, definitions)
  statistics <- table_statistics(definitions)
  published <- !is.na(labels$indicator)[match(statistics$cell, cells$cell)]
  list(cells = cells, labels = labels, statistics = statistics[which(published), ],
    populations = definitions$populations)
})

#' The same of the tables that are in workbooks, the explorer and the file of all numbers
#'
#' @param published See [published_tables()].
#' @noRd
booked_tables <- function(published, definitions = table_definitions()) {
  booked <- unlist(table_groups(definitions)[definitions$groups$booked %in% "yes"])
  kept <- which(published$cells$table %in% booked)
  published$statistics <- published$statistics[which(published$statistics$table %in% booked), ]
  published$cells <- published$cells[kept, ]
  published$labels <- published$labels[kept, ]
  published
}

#' The published rows of a table, with the reference's columns in its order
#'
#' @param rows Of any permutations, see [with_bias()].
#' @param flags Of the same rows, see [release_flags()].
#' @param places A row per permutation: description, weight, and the columns of [coverage_of()].
#' @param tables See [published_tables()].
#' @param year The data year.
#' @param bias_method See [read_settings()].
#' @param statistics Those of `tables` that are published, all by default.
#' @return A data.table: a row per count, percentage and rate, ordered by permutation, row and column. `bias_method`
#'   and `basis` stand after the reference's columns.
#' @references METHOD, sections 8.3 and 11.
#' @noRd
published_rows <- function(rows, flags, places, tables, year, bias_method = "none",
                           statistics = tables$statistics) {
  parts <- statistic_parts(rows, flags, places, tables, statistics, in_order = TRUE)
  described <- describe_rows(values_of(parts), parts, bias_method)
  # The reference has these two columns from 2024 on.
  if (year < 2024L) {
    data.table::set(described, NULL, c("PROP_ELIG_ORIS_NONZERO_COUNT", "CORRELATION_WITH_PRIOR_YEAR"), NULL)
  }
  described
}

#' Every published statistic of rows, with what stands beside it
#'
#' @param rows,flags,places,tables,statistics See [published_rows()].
#' @param in_order Whether statistics are ordered by permutation, row, column and kind; else they are in the order of
#'   `rows`.
#' @return A list of what [describe_rows()] takes, in the same order, and `row`: the number of each statistic's row.
#' @noRd
statistic_parts <- function(rows, flags, places, tables, statistics = tables$statistics, in_order = FALSE) {
  # A row of the result per statistic of each row's cell.
  known <- unique(statistics$cell)
  by_cell <- order(match(statistics$cell, known))
  statistics_of <- tabulate(match(statistics$cell, known), length(known))
  cell <- match(rows$cell, known)
  times <- data.table::fifelse(is.na(cell), 0L, statistics_of[cell])
  before <- cumsum(statistics_of) - statistics_of
  chosen <- by_cell[sequence(times, before[cell] + 1L)]
  numbers <- rep(seq_len(nrow(rows)), times)
  if (in_order) {
    # Numbers are ordered here, since what they stand for is wide.
    ranked <- order(rows$permutation[numbers], statistics$row[chosen], statistics$column[chosen],
      statistics$kind[chosen])
    chosen <- chosen[ranked]
    numbers <- numbers[ranked]
  }
  rated_over <- match(statistics$population, tables$populations$population)
  # Places have residents of every category of persons, of which most tables need none.
  people <- unlist(tables$populations[unique(rated_over), c("column", "column_of_respondents")])
  place_columns <- intersect(names(places), c(shown_columns$place, people))
  cell_row <- match(statistics$cell, tables$cells$cell)[chosen]
  list(
    statistic = statistics[chosen, ], rows = rows[numbers, shown_columns$rows, with = FALSE],
    flags = flags[numbers, ],
    place = places[match(rows$permutation[numbers], places$permutation), place_columns, with = FALSE],
    cell = tables$cells[cell_row, shown_columns$cell, with = FALSE], label = tables$labels[cell_row, ],
    population = tables$populations[rated_over[chosen], shown_columns$population, with = FALSE],
    row = numbers
  )
}

#' What is shown of rows, places, cells and populations: others of their columns need not be there once per statistic
#' @noRd
shown_columns <- list(
  rows = c("permutation", "estimate", "standard_error", "rmse", "bias", "percentage", "percentage_error",
    "percentage_rmse", "percentage_bias", "unweighted", "unweighted_percentage", "agency_counts", "degrees_of_freedom"),
  place = c("permutation", "basis", "description", "weight_name", "coverage", "population", "missing_over_10_percent",
    "agencies"),
  cell = c("table", "column", "cell", "characteristic", "denominator", "applies", "total"),
  population = c("label", "wording", "column", "column_of_respondents")
)

#' Per how many people a rate per 100,000 is: 1e5 / population, missing where it is 0
#'
#' @param places,columns See [people_of_rates()].
#' @noRd
per_100000 <- function(places, columns) {
  people <- people_of_rates(places, columns)
  data.table::fifelse(people > 0, 1e5 / people, NA_real_)
}

#' How many people rates are over
#'
#' @param places A row per rate, or one: columns as `populations.csv` names them.
#' @param columns The column of each rate; missing where there is no rate.
#' @noRd
people_of_rates <- function(places, columns) {
  lost <- setdiff(columns, c(names(places), NA))
  if (length(lost) > 0L) {
    stop("populations.csv: geographies have no column ", lost[[1]], "; rates over it need one", call. = FALSE)
  }
  people <- rep(NA_real_, length(columns))
  for (column in unique(columns[!is.na(columns)])) {
    over <- which(columns == column)
    people[over] <- if (nrow(places) == 1L) places[[column]] else places[[column]][over]
  }
  people
}

#' Estimates, errors, limits and flags of statistics
#'
#' @param parts See [describe_rows()].
#' @noRd
values_of <- function(parts) {
  rows <- parts$rows
  flags <- parts$flags
  is_share <- parts$statistic$kind == 2L
  is_rate <- parts$statistic$kind == 3L
  times <- data.table::fifelse(is_rate, per_100000(parts$place, parts$population$column), 1)
  times_unweighted <- data.table::fifelse(is_rate, per_100000(parts$place, parts$population$column_of_respondents), 1)
  estimate <- data.table::fifelse(is_share, rows$percentage, rows$estimate * times)
  error <- data.table::fifelse(is_share, rows$percentage_error, rows$standard_error * times)
  rmse <- data.table::fifelse(is_share, rows$percentage_rmse, rows$rmse * times)
  half <- interval_factor(rows$degrees_of_freedom) * rmse
  data.table::data.table(
    estimate = estimate,
    unweighted = data.table::fifelse(is_share, rows$unweighted_percentage, rows$unweighted * times_unweighted),
    error = error, upper = estimate + half, lower = pmax(0, estimate - half),
    relative = data.table::fifelse(estimate == 0, NA_real_, error / estimate), rmse = rmse,
    relative_rmse = data.table::fifelse(estimate == 0, NA_real_, rmse / estimate),
    bias = data.table::fifelse(is_share, rows$percentage_bias, rows$bias * times),
    cell_flag = as.integer(data.table::fifelse(is_share, flags$cell_flag_percentage, flags$cell_flag)),
    flag = data.table::fifelse(is_share, flags$flag_percentage, flags$flag)
  )
}

#' The published columns of statistics
#'
#' @param values See [values_of()].
#' @param parts What stands beside them, in the same order: `statistic` (of [table_statistics()]), `rows`, `flags`,
#'   `place`, `cell`, `label`, `population` (of `populations.csv`).
#' @param bias_method See [read_settings()].
#' @noRd
describe_rows <- function(values, parts, bias_method) {
  statistic <- parts$statistic
  cell <- parts$cell
  place <- parts$place
  label <- parts$label
  kind <- statistic$kind
  value <- function(x) data.table::fifelse(cell$applies, x, -9)
  # A count of some agencies has no error as an estimate of all.
  uncertain <- function(x) data.table::fifelse(place$basis == "estimate", value(x), -9)
  blank <- rep(NA_real_, nrow(values))
  # Without a bias there is nothing but the standard error.
  of_bias <- function(x) data.table::fifelse(is.na(values$bias), NA_real_, uncertain(x))
  data.table::data.table(
    indicator_name = label$indicator, estimate = value(values$estimate), estimate_unweighted = value(values$unweighted),
    estimate_geographic_location = place$description, estimate_type = statistic_kinds[kind], estimate_type_num = kind,
    estimate_type_detail_percentage = data.table::fifelse(kind == 2L, denominator_wording(cell$denominator), "-9"),
    estimate_type_detail_rate = data.table::fifelse(kind == 3L, parts$population$wording, "-9"),
    estimate_domain_1 = first_domains(statistic, label, parts$population),
    estimate_domain_2 = label$domain_2, estimate_standard_error = uncertain(values$error),
    estimate_upper_bound = uncertain(values$upper), estimate_lower_bound = uncertain(values$lower),
    relative_standard_error = uncertain(values$relative), analysis_weight_name = place$weight_name,
    estimate_prb = of_bias(data.table::fifelse(values$estimate == 0, NA_real_, 100 * values$bias / values$estimate)),
    estimate_bias = of_bias(values$bias), estimate_rmse = of_bias(values$rmse),
    relative_rmse = of_bias(values$relative_rmse),
    suppression_flag_indicator = value(values$flag), der_elig_suppression = as.integer(cell$applies),
    pop_cov = place$coverage, agency_counts = value(parts$rows$agency_counts),
    der_rrmse_30 = uncertain(as.integer(values$relative_rmse > 0.3)),
    der_rrmse_gt_30_se_estimate_0_2_cond = value(values$cell_flag),
    der_rrmse_gt_30_se_estimate_0_2_cond_top = data.table::fifelse(cell$total, value(values$cell_flag), NA_real_),
    der_perm_group_unsuppression_flag = as.integer(parts$flags$released_place),
    der_perm_group_suppression_flag = as.integer(parts$flags$withheld_place), population_estimate = place$population,
    time_series_start_year = blank, full_table = full_tables(statistic$table), der_variable_name = statistic$variable,
    PERMUTATION_NUMBER = place$permutation, PRB_ACTUAL = blank,
    POPTOTAL_ORIG_UNIV_ELIG_PERM_AGENCY_MISSING_OVER_10_PERCENT = as.integer(place$missing_over_10_percent),
    POPTOTAL_ORIG_ELIG_PERM_AGENCY_MISSING_PRINCIPAL_CITY = blank,
    PROP_ELIG_ORIS_NONZERO_COUNT = value(parts$rows$agency_counts / place$agencies),
    CORRELATION_WITH_PRIOR_YEAR = value(prior_year_correlation(parts$rows, place)),
    estimate_copula = of_bias(values$estimate - values$bias), bias_method = bias_method, basis = place$basis
  )
}

#' The first part of what a statistic is called: of its section, of its row, or of what it is a rate over
#' @noRd
first_domains <- function(statistic, label, population) {
  data.table::fifelse(!is.na(statistic$title), statistic$title,
    data.table::fifelse(statistic$own_row | is.na(population$label), label$domain_1, population$label))
}

#' @noRd
denominator_wording <- function(rows) {
  known <- unique(rows)
  several <- grepl(" ", known, fixed = TRUE)
  wording <- ifelse(nzchar(known), paste(ifelse(several, "rows", "row"), gsub(" ", ", ", known)), "-9")
  wording[match(rows, known)]
}

#' The correlation with the year before that goes with the share of agencies that count any
#' @references METHOD, section 11 (extra columns of 2024).
#' @noRd
prior_year_correlation <- function(rows, place) {
  limits <- c(0.007, 0.014, 0.024, 0.041, 0.071, 0.121, 0.204, 0.344, 0.564)
  values <- c(0, 0.126, 0.175, 0.261, 0.355, 0.465, 0.585, 0.692, 0.762, 0.835)
  correlation <- values[findInterval(rows$agency_counts / place$agencies, limits) + 1L]
  data.table::fifelse(rows$estimate == 0 | rows$standard_error %in% 0, 0, correlation)
}

#' What cells are called: the published names, and which cells are not published
#'
#' @return A data.table in the order of `cells`: `indicator` (missing where the column is left out), `domain_1`,
#'   `domain_2`, `full_table`.
#' @references METHOD, section 11 (clean-up).
#' @noRd
cell_names <- function(cells, definitions) {
  names <- data.table::rbindlist(lapply(unique(cells$table), function(table) {
    cbind(table = table, columns_of(definitions, table)[, c("column", "published_name")])
  }))
  rows <- row_labels(definitions, cells$characteristic, cells$category)
  whole <- is.na(cells$characteristic)
  rows[whole] <- paste("Total", counted_name(definitions, cells$table[whole]))
  parts <- strsplit(rows, ": ", fixed = TRUE)
  data.table::data.table(
    indicator = names$published_name[match(paste(cells$table, cells$column), paste(names$table, names$column))],
    domain_1 = vapply(parts, `[[`, "", 1L),
    domain_2 = vapply(parts, function(part) paste(part[-1], collapse = ": "), ""),
    full_table = full_tables(cells$table, definitions)
  )
}

#' What tables are called
#' @noRd
full_tables <- function(tables, definitions = table_definitions()) {
  known <- unique(tables)
  titles <- paste0("Table ", known, "-", definitions$tables$title[match(known, definitions$tables$table)])
  titles[match(tables, known)]
}

#' @noRd
counted_name <- function(definitions, tables) {
  tolower(definitions$tables$title[match(tables, definitions$tables$table)])
}
