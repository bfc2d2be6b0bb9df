#' Weight: who responds, whose months are filled in, and the weights of all geographies
#' @noRd
stage_weight <- function(settings) {
  require_settings(settings, c("external", "input", "output"))
  folders <- tabulated_folders(settings)
  reference <- read_reference(file.path(settings$external, "reference", sprintf("reference-%d.zip", settings$year)))
  tabulated <- read_tabulated(folders)
  strangers <- setdiff(tabulated$ori, reference$agencies$ori)
  if (length(strangers) > 0L) {
    inform("%d agencies of the zips are not in the reference extract and are left out, such as %s",
      length(strangers), strangers[[1]])
  }
  areas <- asked_areas(reference, settings)
  all_weighed <- weigh_year(reference, tabulated, names(folders), settings$year, settings$outlier_rule,
    months_rule = settings$months, return_a_rule = settings$return_a, areas = areas)
  weighed <- replace(all_weighed, weighed_tables, weighed_of(all_weighed, setdiff(all_weighed$universe$geography,
    areas$geography)))
  for (sentence in universe_sentences(weighed$universe)) {
    inform("%s", sentence)
  }
  folder <- file.path(settings$output, "weights")
  for (name in names(weighed)) {
    write_weight_file(weighed[[name]], folder, paste0(name, ".csv"))
  }
  covariates <- as.matrix(weighed$covariates[, covariate_names, with = FALSE])
  places <- estimated_places(weighed$geographies, weighed$weights, weighed$universe, weighed$agencies, covariates)
  write_weight_file(places, folder, "places.csv")
  write_weight_file(residents_of_places(reference$residents, weighed$agencies, places, weighed$geographies,
    covariates), folder, "residents.csv")
  write_used_months(folders, tabulated, weighed, folder, wanted_definitions(settings))
  borrowed <- model_of_respondents(covariates[which(weighed$agencies$respondent), , drop = FALSE], weighed$agencies,
    covariates)
  estimators <- estimators_of(weighed$universe, settings$estimator, borrowed$model)
  write_weight_file(estimators, folder, "estimators.csv")
  write_weight_file(tables_a(weighed, covariates, estimators, borrowed), folder, "table_a.csv")
  write_areas(all_weighed, areas, covariates, borrowed, reference$residents, settings)
}

#' The areas below states that have estimates too; `NULL` if none are asked for
#' @noRd
asked_areas <- function(reference, settings) {
  if (settings$areas == "none") {
    return(NULL)
  }
  agencies <- reference$agencies[which(is_eligible(reference$agencies)), ]
  areas <- areas_of(reference$counties, agencies)
  if (nrow(areas) == 0L) {
    stop("AREAS is \"all\", but the reference extract of ", settings$year, " has no metropolitan area, judicial ",
      "district or field office; fill ref_agency_county, or estimate with AREAS=none", call. = FALSE)
  }
  inform("%d areas below states", data.table::uniqueN(areas$geography))
  areas
}

#' `weights/areas/`: what areas are estimated with; nothing if none are asked for
#'
#' @param weighed See [weigh_year()], with areas.
#' @param borrowed See [model_of_respondents()].
#' @param residents See [residents_of_places()].
#' @noRd
write_areas <- function(weighed, areas, covariates, borrowed, residents, settings) {
  folder <- file.path(settings$output, "weights", "areas")
  # Of an earlier run of the stage.
  unlink(folder, recursive = TRUE)
  if (is.null(areas)) {
    return(invisible())
  }
  mine <- weighed_of(weighed, unique(areas$geography))
  described <- areas[, c("geography", "ori", "description", "core_city")]
  places <- places_of_areas(weighed, areas, covariates)
  tables <- list(
    geographies = described[mine$geographies, on = c("geography", "ori")][, names(file_columns(
      "weights/areas/geographies.csv")), with = FALSE],
    weights = mine$weights, strata = mine$strata, universe = mine$universe,
    estimators = estimators_of(mine$universe, settings$estimator, borrowed$model),
    places = places,
    residents = residents_of_places(residents, weighed$agencies, places, mine$geographies, covariates)
  )
  for (name in names(tables)) {
    file <- sprintf("weights/areas/%s.csv", name)
    write_stage_file(tables[[name]], file.path(settings$output, file), file)
  }
}

#' `weights/offenses.csv` and `annual/<tables>/cells.rds`: annual counts of respondents, with the months taken from
#' others; `weights/filled_offenses.csv` and `annual/<tables>/filled.rds`: what of them is filled, and what masked
#' reporters are filled with and had; `annual/<tables>/persons.rds`: all of these by types and atoms of persons
#'
#' State after state, since a donor's months may go to another state and all cells of all months are large.
#' @noRd
write_used_months <- function(folders, tabulated, weighed, folder, definitions) {
  offenses <- used_offenses(tabulated, weighed$months, weighed$donors)
  write_weight_file(offenses, folder, "offenses.csv")
  respondents <- weighed$agencies[which(weighed$agencies$respondent), ]
  parts <- parts_of_years(weighed$months, weighed$donors, weighed$masked, respondents$ori)
  filled <- lapply(parts[-1], function(part) used_offenses(tabulated, part$months, part$donors))
  write_weight_file(data.table::rbindlist(filled, idcol = "part"), folder, "filled_offenses.csv")
  cells <- table_cells(definitions)
  groups <- table_groups(definitions)
  totals <- list(offense_counts(offenses))
  for (group in names(groups)) {
    of_group <- cells[which(cells$table %in% groups[[group]]), ]
    annual_folder <- file.path(dirname(folder), "annual", group)
    used <- used_by_imputation(group, folders, respondents, definitions, annual_folder)
    counts <- used(1L, of_group, parts)
    annual <- counts$used
    path <- file.path(annual_folder, "cells.rds")
    write_count_matrix(annual, path)
    write_count_matrix(stacked_parts(counts[-1]), file.path(annual_folder, "filled.rds"))
    unlink(further_imputations(path))
    for (imputation in further_numbers(group, folders)) {
      # Errors of filled months are those of the first imputation.
      others <- used(imputation, imputed_cells(of_group, definitions), parts["used"])
      write_count_matrix(others$used, imputation_path(path, imputation))
    }
    first_rows <- which(of_group$total & of_group$applies)
    annual$counts <- annual$counts[which(annual$counts$cell %in% first_rows), ]
    totals[[group]] <- counts_of(annual)
  }
  write_weight_file(data.table::rbindlist(totals), folder, "counts.csv")
}

#' Where a state's counts of a group of tables lie
#' @noRd
tabulated_path <- function(folders, state, group) file.path(folders[[state]], sprintf("%s-%s.rds", state, group))

#' The numbers of imputations beside the first that any state has
#' @noRd
further_numbers <- function(group, folders) {
  paths <- vapply(names(folders), function(state) tabulated_path(folders, state, group), "")
  seq_len(max(lengths(lapply(paths, further_imputations)))) + 1L
}

#' Annual counts of respondents by an imputation: a function of its number, of cells and of parts
#'
#' Where persons are counted, `persons.rds` and `persons-<number>.rds` are written, too.
#'
#' @param folder `annual/<tables>`.
#' @return A function that returns a list of matrices, see [used_counts()].
#' @noRd
used_by_imputation <- function(group, folders, respondents, definitions, folder) {
  path_of <- function(state, imputation) {
    path <- tabulated_path(folders, state, group)
    # A state of which nothing is imputed is the same in all imputations.
    if (file.exists(imputation_path(path, imputation))) imputation_path(path, imputation) else path
  }
  all_cells <- table_cells(definitions)
  of_first <- all_cells$cell[which(all_cells$table %in% table_groups(definitions)[[group]])]
  by_cells <- function(imputation, cells, parts) {
    counts <- used_counts(function(state) {
      path <- path_of(state, imputation)
      is_first <- path == tabulated_path(folders, state, group)
      with_cells(read_count_matrix(path, "tabulate_state", if (is_first) of_first else cells$cell), cells$cell)
    }, names(folders), parts, cells$cell)
    lapply(counts, function(part) {
      with_agency_cells(part, respondents[match(part$rows$ori, respondents$ori), ], cells)
    })
  }
  by_persons <- function(imputation, cells, parts) {
    persons <- used_persons(function(state) {
      read_person_counts(path_of(state, imputation), "tabulate_state", definitions)
    }, names(folders), parts, group)
    path <- file.path(folder, "persons.rds")
    if (imputation == 1L) {
      unlink(further_imputations(path))
    }
    write_person_counts(persons, imputation_path(path, imputation), definitions)
    split_parts(cells_of_persons(persons, cells, definitions), names(parts))
  }
  if (group %in% person_groups(definitions)) by_persons else by_cells
}

#' Offenses by code, with violent and property crime, as `counts.csv` has counts
#' @noRd
offense_counts <- function(offenses) {
  by_code <- data.table::data.table(ori = offenses$ori, cell = offenses$offense_code, number = offenses$offenses)
  named <- package_table("offense_totals.csv")
  pairs <- merge(by_code, named, by.x = "cell", by.y = "offense_code", allow.cartesian = TRUE, sort = FALSE)
  sums <- pairs[, list(number = sum(number)), keyby = c("ori", "total")]
  data.table::rbindlist(list(by_code, data.table::data.table(ori = sums$ori, cell = sums$total, number = sums$number)))
}

#' @noRd
write_weight_file <- function(table, folder, name) {
  write_stage_file(table, file.path(folder, name), paste0("weights/", name))
}
