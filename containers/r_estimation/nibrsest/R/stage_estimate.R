#' Estimate: `estimates/<group>.csv` by offense code, `estimates/<group>-<tables>.csv` by cell of the tables
#'
#' One group of tables, or all if `TABLE_GROUP` does not say which.
#' @noRd
stage_estimate <- function(settings) {
  require_settings(settings, c("input", "output", "geography_group"))
  kinds <- geography_kinds()
  refuse_setting(settings, "geography_group", unique(kinds$geography_group))
  definitions <- wanted_definitions(settings)
  groups <- table_groups(definitions)
  if (nzchar(settings$table_group)) {
    refuse_setting(settings, "table_group", names(groups))
    groups <- groups[settings$table_group]
  }
  inputs <- estimate_inputs(settings, kinds)
  if (length(inputs$names) == 0L) {
    inform("there are no %s", settings$geography_group)
  } else {
    for (group in names(groups)) {
      estimate_tables_of(group, groups[[group]], inputs, settings, kinds, table_cells(definitions))
    }
  }
}

#' What the estimates of a group of geographies are made from
#'
#' @return A list: `names` of the geographies, `responding`, those of them that have estimates, `geographies`,
#'   `agencies`, `weights`, `strata`, `covariates`, `places` (see [estimated_places()]), `estimators` (see
#'   [estimators_of()]), `year`, and what errors are made of: `source` of the covariates, `earlier` (both as of the year
#'   before), `donors`, `masked`, `offenses`, `filled_offenses`.
#' @noRd
estimate_inputs <- function(settings, kinds) {
  read <- function(name) read_weight_file(settings, name)
  # Areas have files of their own of what differs by geography.
  name_of <- function(name) if (settings$geography_group == "areas") file.path("areas", name) else name
  read_places <- function(name) read(name_of(name))
  geographies <- read_places("geographies.csv")
  of_group <- kinds$kind[kinds$geography_group == settings$geography_group]
  names <- unique(geographies$geography[geographies$kind %in% of_group])
  places <- read_places("places.csv")
  responding <- names[names %in% places$geography]
  for (name in setdiff(names, responding)) {
    inform("%s: no agency responds; it has no estimate", name)
  }
  if (length(responding) == 0L && length(names) > 0L) {
    stop("no agency reported three usable months of ", settings$year, " in any of ", paste(names, collapse = ", "),
      "; choose a year in which some did", call. = FALSE)
  }
  c(list(
    names = names, responding = responding, geographies = geographies, places = places, year = settings$year,
    agencies = read("agencies.csv"), weights = read_places("weights.csv"),
    strata = read_strata(settings, name_of("strata.csv")), estimators = read_places("estimators.csv"),
    earlier = covariates_and_source(read("earlier_covariates.csv")),
    donors = read("donors.csv"), masked = read("masked.csv"), offenses = read("offenses.csv"),
    filled_offenses = read("filled_offenses.csv")
  ), covariates_and_source(read("covariates.csv")))
}

#' Return A of all agencies, and where it comes from
#' @noRd
covariates_and_source <- function(table) {
  list(covariates = as.matrix(table[, covariate_names, with = FALSE]),
    source = table[, c("srs_year", "srs_months", "donor")])
}

#' Estimate a group of tables for all geographies, and write the files
#'
#' @param tables Names of tables; `offense_codes` stands for the estimates by offense code.
#' @param inputs See [estimate_inputs()].
#' @param all_cells See [table_cells()]: of these tables and any others.
#' @noRd
estimate_tables_of <- function(group, tables, inputs, settings, kinds, all_cells) {
  designs <- lapply(inputs$responding, design_of, inputs, kinds)
  cells <- all_cells[which(all_cells$table %in% tables), ]
  folder <- stage_folder(settings, file.path("annual", group))
  annual <- read_count_matrix(file.path(folder, "cells.rds"), "weight", cells$cell)
  counts <- as_sparse(annual)
  borrowed <- borrowed_by_cells(counts, annual$rows$ori, cells, inputs)
  imputed <- lapply(further_imputations(file.path(folder, "cells.rds")), function(path) {
    of_items <- imputed_cells(cells, table_definitions())
    others <- counts_of_imputation(counts, as_sparse(read_count_matrix(path, "weight", of_items$cell)), cells, of_items)
    c(others, list(borrowed = borrowed_by_cells(others$counts, annual$rows$ori, others$cells, inputs)))
  })
  terms <- terms_of_cells(read_count_matrix(file.path(folder, "filled.rds"), "weight", cells$cell), cells, inputs,
    borrowed)
  of_areas <- settings$geography_group == "areas"
  estimates <- lapply(designs, function(design) {
    rows <- estimate_cells(design, counts, annual$rows$ori, cells, settings, borrowed, terms, imputed)
    if (of_areas) rows[is_something(rows, cells), ] else rows
  })
  path <- file.path(settings$output, "estimates", settings$geography_group)
  write_stage_file(data.table::rbindlist(estimates), sprintf("%s-%s.csv", path, group),
    "estimates/<group>-<tables>.csv")
  if ("offense_codes" %in% tables) {
    borrowed <- borrowed_by_codes(inputs$offenses, inputs)
    terms <- terms_of_codes(inputs, borrowed)
    estimates <- lapply(designs, estimate_offense_codes, inputs$offenses, settings, borrowed, terms)
    write_stage_file(data.table::rbindlist(estimates), paste0(path, ".csv"), "estimates/<group>.csv")
  }
}

#' Rows of cells that are something: first rows, which decide what is released, what anybody counted or may have, by any
#' imputation, and what came out below 0
#'
#' Most cells of most areas are nothing, and areas are many.
#' @noRd
is_something <- function(rows, cells) {
  which(cells$total[match(rows$cell, cells$cell)] | rows$agency_counts > 0L | rows$clipped |
    rows$estimate >= constant("clipped_number") | rows$imputation_error > 0)
}

#' The regression that model-assisted estimates borrow, of cells of the tables
#'
#' @param annual,oris,cells See [estimate_cells()].
#' @param inputs See [estimate_inputs()].
#' @return See [model_of_respondents()]; `NULL` if no geography is estimated with it.
#' @noRd
borrowed_by_cells <- function(annual, oris, cells, inputs) {
  if (!any(inputs$estimators$estimator == "model_assisted")) {
    return(NULL)
  }
  respondents <- inputs$agencies$ori[which(inputs$agencies$respondent)]
  counts <- annual[match(respondents, oris), , drop = FALSE]
  colnames(counts) <- cells$cell
  model_of_respondents(counts, inputs$agencies, inputs$covariates, paste(cells$table, cells$section),
    denominator_sums(cells))
}

#' What the errors of cells of the tables are made of: see [error_terms()]
#'
#' @param stacked The matrix of `annual/<tables>/filled.rds`.
#' @noRd
terms_of_cells <- function(stacked, cells, inputs, borrowed) {
  oris <- list(filled = inputs$donors$ori, masked_filled = inputs$masked$ori, masked_missed = inputs$masked$ori)
  error_terms(parted(stacked, oris), inputs, paste(cells$table, cells$section), denominator_sums(cells), borrowed)
}

#' The same of offense codes
#' @noRd
terms_of_codes <- function(inputs, borrowed) {
  oris <- list(filled = inputs$donors$ori, masked_filled = inputs$masked$ori, masked_missed = inputs$masked$ori)
  columns <- annual_columns(inputs$offenses$offense_code)
  parts <- lapply(stats::setNames(nm = names(oris)), function(part) {
    # Outside of `[`, where the column would hide the part.
    of_part <- which(inputs$filled_offenses$part == part)
    counts <- annual_counts(inputs$filled_offenses[of_part, ], oris[[part]])
    all_codes <- matrix(0, length(oris[[part]]), length(columns), dimnames = list(NULL, columns))
    # What only agencies have that are no respondents any more is in no year.
    codes <- intersect(colnames(counts), columns)
    all_codes[, codes] <- counts[, codes]
    all_codes
  })
  error_terms(parts, inputs, rep("all", length(columns)), NULL, borrowed)
}

#' The same of offense codes
#' @noRd
borrowed_by_codes <- function(offenses, inputs) {
  if (!any(inputs$estimators$estimator == "model_assisted")) {
    return(NULL)
  }
  respondents <- inputs$agencies$ori[which(inputs$agencies$respondent)]
  model_of_respondents(annual_counts(offenses, respondents), inputs$agencies, inputs$covariates)
}

#' Everything that the estimates of one geography need besides the counts
#'
#' @return A list: `place` (see [geography_of()], with `source` of the covariates, `basis`, `universe_status`
#'   and `residents`), `estimator` (see
#'   [estimators_of()]), `places` (rows of [estimated_places()]), `groups` (see [groups_within()]), and of the
#'   respondents, in the order of `weights`: `weights`, `covariates`, `share`, `inside` (as `groups`); `strata`.
#' @noRd
design_of <- function(name, inputs, kinds) {
  weights <- inputs$weights[which(inputs$weights$geography == name), ]
  place <- geography_of(name, inputs$geographies, inputs$agencies, inputs$covariates)
  place$source <- inputs$source[place$rows, ]
  places <- inputs$places[which(inputs$places$geography == name), ]
  status <- as.list(places[1, c("basis", "universe_status", "residents")])
  groups <- groups_within(place, weights$ori, kinds)
  respondents <- match(weights$ori, place$agencies$ori)
  list(
    place = c(place, status), estimator = inputs$estimators$estimator[inputs$estimators$geography == name],
    places = places, groups = groups, weights = weights,
    strata = inputs$strata[which(inputs$strata$geography == name), ],
    covariates = place$covariates[respondents, , drop = FALSE], share = place$share[respondents],
    inside = lapply(groups, `[`, respondents)
  )
}

#' Estimates of one geography by cell, with `permutation`: see [estimate_tables()]
#'
#' @param design See [design_of()].
#' @param annual Sparse matrix, respondents by cells; `oris` are those of its rows.
#' @param borrowed See [borrowed_by_cells()].
#' @param terms See [error_terms()].
#' @param imputed A list of `cells`, `counts` (see [counts_of_imputation()]) and `borrowed` by each further imputation.
#' @noRd
estimate_cells <- function(design, annual, oris, cells, settings, borrowed, terms, imputed = list()) {
  tables <- with_error_terms(sampled_cells(design, annual, oris, cells, settings, borrowed), design, terms)
  tables <- with_imputation_error(tables, lapply(imputed, function(one) {
    sampled_cells(design, one$counts, oris, one$cells, settings, one$borrowed)
  }))
  if (design$place$basis != "estimate") {
    # Counts of some agencies have no error as estimates of all.
    data.table::set(tables, NULL, grep("_error$", names(tables), value = TRUE), NA_real_)
  }
  places <- design$places
  number <- places$permutation[match(tables$agency_group, places$agency_group)]
  columns <- setdiff(names(file_columns("estimates/<group>-<tables>.csv")), "permutation")
  cbind(permutation = number, tables[, columns, with = FALSE])
}

#' The same with errors of sampling alone, and `agency_group`: see [estimate_tables()]
#' @noRd
sampled_cells <- function(design, annual, oris, cells, settings, borrowed) {
  if (design$estimator == "model_assisted") {
    tables <- estimate_assisted(borrowed, design$place, design$weights, design$groups)
  } else {
    rows <- match(design$weights$ori, oris)
    stopifnot(!anyNA(rows))
    counts <- Matrix::Diagonal(x = design$share) %*% annual[rows, , drop = FALSE]
    tables <- estimate_tables(counts, design$weights, design$strata, design$covariates, design$inside, cells,
      settings$correction)
  }
  places <- design$places
  # Where all respond their numbers are known, and there is nothing to be uncertain about.
  complete <- places$agency_group[places$agencies == places$respondents]
  sure <- which(tables$agency_group %in% complete)
  data.table::set(tables, sure, "estimate", tables$unweighted[sure])
  data.table::set(tables, sure, "percentage", tables$unweighted_percentage[sure])
  data.table::set(tables, sure, "standard_error", 0)
  data.table::set(tables, sure[!is.na(tables$percentage[sure])], "percentage_error", 0)
  tables[]
}

#' Estimates of one geography by offense code: see [describe_estimates()]
#'
#' @param design See [design_of()].
#' @param offenses Annual counts: `ori`, `offense_code`, `offenses`.
#' @param borrowed See [borrowed_by_codes()].
#' @param terms See [error_terms()].
#' @noRd
estimate_offense_codes <- function(design, offenses, settings, borrowed, terms) {
  if (design$estimator == "model_assisted") {
    estimates <- estimate_assisted(borrowed, design$place, design$weights, design$groups)
  } else {
    counts <- annual_counts(offenses, design$weights$ori) * design$share
    estimates <- estimate_geography(counts, design$weights, design$strata, design$covariates, design$inside,
      settings$correction)
  }
  estimates <- with_error_terms(estimates, design, terms)
  describe_estimates(estimates, settings$year, design$place$name, design$place, design$place$agencies, design$groups)
}
