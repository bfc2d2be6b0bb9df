#' Bias: `bias/<tables>.csv`, how far estimates are from what a copula finds for silent agencies
#'
#' One group of tables, or all if `TABLE_GROUP` does not say which. Without `BIAS` there is nothing to do.
#' @noRd
stage_bias <- function(settings) {
  require_settings(settings, c("external", "input", "output"))
  if (settings$bias == "none") {
    inform("BIAS is none: the bias of estimates is not sought")
    return(invisible())
  }
  groups <- table_groups(wanted_definitions(settings))
  if (nzchar(settings$table_group)) {
    refuse_setting(settings, "table_group", names(groups))
    groups <- groups[settings$table_group]
  }
  world <- bias_inputs(settings)
  for (group in names(groups)) {
    bias_of_tables(group, groups[[group]], world, settings)
  }
}

#' What agencies are likened by, and where they belong
#' @return A list: `places`, `agencies`, `groups` (see [copula_groups()]), `membership` (see [membership_of()]).
#' @noRd
bias_inputs <- function(settings) {
  reference <- read_reference(file.path(settings$external, "reference", sprintf("reference-%d.zip", settings$year)))
  agencies <- read_weight_file(settings, "agencies.csv")
  covariates <- as.matrix(read_weight_file(settings, "covariates.csv")[, covariate_names, with = FALSE])
  places <- read_weight_file(settings, "places.csv")
  if (nrow(reference$demographics) == 0L) {
    inform("the reference extract has no shares of residents: agencies are likened by their residents alone")
  }
  # Of counts nothing is estimated that could have a bias.
  groups <- if (!any(places$basis == "estimate")) list() else
    copula_groups(agencies, reference$demographics, if (settings$bias == "copula_return_a") covariates else NULL)
  for (group in groups) {
    if (group$level != "own") {
      inform("%s: %d silent agencies are drawn from %s", group$name, length(group$recipients), switch(group$level,
        joined = "respondents of all strata", all = "all respondents", none = "nobody: nobody responds"))
    }
  }
  list(places = places, agencies = agencies, groups = groups,
    membership = membership_of(places, read_weight_file(settings, "geographies.csv"), agencies, covariates))
}

#' @param tables Names of tables; `offense_codes` is none.
#' @noRd
bias_of_tables <- function(group, tables, world, settings) {
  all_cells <- table_cells()
  cells <- all_cells[which(all_cells$table %in% tables), ]
  folder <- file.path(settings$output, "bias")
  drawn <- cells$table %in% copula_rows()$table
  if (!any(drawn)) {
    inform("%s: the bias of these tables is not sought", group)
    write_bias(group, empty_file("bias/<tables>.csv"), empty_file("bias/<tables>-copula.csv"), folder)
    return(invisible())
  }
  annual <- read_count_matrix(file.path(stage_folder(settings, file.path("annual", group)), "cells.rds"), "weight",
    cells$cell)
  estimated <- read_estimates(settings, geography_groups_of(world$places, settings), paste0("-", group),
    "estimates/<group>-<tables>.csv")
  sums <- drawn_sums(as_sparse(annual)[, drawn, drop = FALSE], annual$rows$ori, cells[drawn, ], world$agencies,
    world$groups, world$membership)
  of_drawn <- which(estimated$cell %in% cells$cell[drawn])
  write_bias(group, relative_bias(estimated[of_drawn, ], sums$imputed, world$places$permutation),
    copula_diagnostics(sums$status, world$groups), folder)
}

#' @noRd
write_bias <- function(group, bias, diagnostics, folder) {
  write_stage_file(diagnostics, file.path(folder, sprintf("%s-copula.csv", group)), "bias/<tables>-copula.csv")
  write_stage_file(bias, file.path(folder, sprintf("%s.csv", group)), "bias/<tables>.csv")
}

#' Files without a row, of groups of tables whose bias is not sought
#' @noRd
empty_file <- function(file) data.table::as.data.table(lapply(file_columns(file), function(type) vector(type, 0L)))

#' How variables were drawn, a row per table, column, group of agencies and way
#'
#' @param status See [drawn_sums()].
#' @param groups See [copula_groups()].
#' @return A data.table with the columns of `bias/<tables>-copula.csv`.
#' @noRd
copula_diagnostics <- function(status, groups) {
  diagnostics <- status[, list(
    variables = .N, correlation_moved = if (all(is.na(moved))) NA_real_ else max(moved, na.rm = TRUE),
    adjusted = if (all(is.na(adjusted))) NA_real_ else mean(adjusted, na.rm = TRUE)
  ), by = c("table", "column", "group", "way")]
  at <- match(diagnostics$group, vapply(groups, `[[`, character(1), "name"))
  text_of <- function(what) vapply(groups, `[[`, character(1), what)[at]
  size_of <- function(what) vapply(groups, function(group) length(group[[what]]), integer(1))[at]
  data.table::data.table(
    table = diagnostics$table, column = as.integer(diagnostics$column), subset = text_of("subset"),
    stratum = vapply(groups, `[[`, integer(1), "stratum")[at], donors_from = text_of("level"),
    donors = size_of("donors"), recipients = size_of("recipients"), way = diagnostics$way,
    variables = diagnostics$variables, correlation_moved = diagnostics$correlation_moved,
    adjusted = diagnostics$adjusted
  )
}
