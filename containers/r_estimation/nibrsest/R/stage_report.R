#' Report: `report/`, what is published of a year
#' @noRd
stage_report <- function(settings) {
  require_settings(settings, c("input", "output"))
  folder <- file.path(settings$output, "report")
  publish_weights(settings, folder)
  publish_imputed(settings, folder)
  diagnostics <- publish_copula(settings, folder)
  year <- year_to_publish(settings, folder)
  # Of an earlier run of the stage, which wrote more.
  unlink(file.path(folder, c("indicator_tables", "workbooks")), recursive = TRUE)
  done_at_once(c(
    function() publish_areas(settings, folder, year$agencies, year$notice, year$definitions),
    function() publish_tidy_of(year, settings, folder),
    function() publish_changes_and_pages(year, diagnostics, settings, folder),
    publish_tables(year$tables, year$flags, year$reasons, year$described, year$with_residents, settings, folder,
      year$notice, year$published),
    function() publish_persons(settings, folder, year$definitions)
  ), settings$processes)
  publish_database(settings, folder)
  publish_readme(year, diagnostics, settings, folder)
  inform("wrote %s", file.path(folder, "report.html"))
}

#' What a year's files are written from; `offenses.csv` is, since all that is said of offenses begins with it
#'
#' @return A list: `tables`, `flags` and `reasons` (of the same rows), see [publish_tables()]; `places` as the weighting
#'   left them, `described` as they are published, `with_residents`, see [with_group_residents()]; `estimates` by
#'   offense code and `offense_flags`, see [offense_release()]; `universe`, `agencies` and `estimators`, see
#'   [weigh_year()]; `notice`, see [simulated_notice()]; `definitions`, `published`, see [published_tables()].
#' @noRd
year_to_publish <- function(settings, folder) {
  places <- read_weight_file(settings, "places.csv")
  geography_groups <- geography_groups_of(places, settings)
  estimates <- read_estimates(settings, geography_groups, "", "estimates/<group>.csv")
  definitions <- wanted_definitions(settings)
  cells <- table_cells(definitions)
  tables <- with_bias(read_tables(settings, geography_groups, places, cells), read_bias(settings), cells)
  estimators <- read_weight_file(settings, "estimators.csv")
  described <- cbind(places,
    described_permutations(places$permutation)[, c("description", "folder", "weight_name", "kind")],
    estimator = estimators$estimator[match(places$geography, estimators$geography)],
    clipped_cells = clipped_cells(tables, places$permutation))
  universe <- read_weight_file(settings, "universe.csv")
  released_places <- places_released_by(tables, described, cells)
  data.table::set(described, NULL, "withheld", released_places$withheld)
  flags <- release_flags(tables, described, cells, released_places)
  offense_flags <- offense_release(estimates, released_places)
  data.table::set(estimates, NULL, "suppression_flag", offense_flags$flag)
  write_stage_file(estimates, file.path(folder, "offenses.csv"), "estimates/<group>.csv")
  list(
    tables = tables, flags = flags, reasons = release_reasons(tables, flags, described, cells), places = places,
    described = described, with_residents = with_residents_of_categories(described,
      read_weight_file(settings, "residents.csv"), definitions),
    estimates = estimates, offense_flags = offense_flags, universe = universe,
    agencies = read_weight_file(settings, "agencies.csv"), estimators = estimators,
    notice = simulated_notice(universe, settings$year), definitions = definitions,
    published = published_tables(definitions)
  )
}

#' Write the file of all numbers with their labels, see [publish_tidy()]
#' @param year See [year_to_publish()].
#' @noRd
publish_tidy_of <- function(year, settings, folder) {
  # Tables of persons, drugs and guns are too large for one file.
  booked <- booked_tables(year$published, year$definitions)
  publish_tidy(year$tables, year$flags, year$reasons, year$described, year$estimates, year$offense_flags$reason,
    settings, folder, booked)
}

#' Write how numbers changed, and the pages that show it or say how sure the year is: checks, explorer, report
#'
#' @param year See [year_to_publish()].
#' @param diagnostics See [publish_copula()].
#' @noRd
publish_changes_and_pages <- function(year, diagnostics, settings, folder) {
  weights <- lapply(c(weights = "weights.csv", attempts = "attempts.csv", table_a = "table_a.csv",
    donors = "donors.csv"), read_weight_file, settings = settings)
  shown <- c(year[c("tables", "flags", "places", "estimators", "agencies", "universe")], weights, list(
    strata = read_strata(settings), bias_method = settings$bias,
    changes = publish_changes(compared_estimates(year$tables, year$flags, year$estimates), settings, folder),
    precision = publish_precision(year$tables, folder, year$published), optional = optional_parts(settings)
  ))
  publish_checks(c(shown[c("places", "table_a", "weights", "universe", "agencies")],
    lapply(c(diagnostics = "diagnostics", shares = "shares", records = "records"), read_of_states,
      settings = settings)), settings, folder, year$notice)
  publish_explorer(year$tables, year$flags, year$reasons, year$with_residents, year$estimates,
    year$offense_flags$reason, shown$changes, settings, folder, year$notice, explored_tables(year$published))
  pages <- report_pages(settings$year, shown, c("in_zip", "beside_zip"))
  Map(write_page, pages, file.path(folder, c("report.html", "beside_zip.html")))
}

#' Write the README of a year's zip
#'
#' @param year See [year_to_publish()].
#' @param diagnostics See [publish_copula()].
#' @noRd
publish_readme <- function(year, diagnostics, settings, folder) {
  readme <- template_lines("zip_readme.md")
  donors <- read_weight_file(settings, "donors.csv")
  parts <- list(year = settings$year,
    notices = if (length(year$notice) > 0L) paste0("> **", year$notice, "**\n") else "",
    universe = universe_lines(year$universe, year$agencies), estimator = c(estimator_lines(year$estimators,
      year$described), months_error_lines(donors, read_weight_file(settings, "masked.csv"))),
    bias = bias_lines(settings$bias, diagnostics), glossary = markdown_glossary(),
    use = use_and_citation(settings$year, is_simulated(year$universe)),
    workbooks = if (settings$workbooks != "none") c(template_lines("zip_readme_workbooks.md"), "") else "",
    persons = if (settings$tables == "all") c(template_lines("zip_readme_persons.md"), "") else "",
    more_tables = if (settings$tables == "all") template_lines("zip_readme_more_tables.md") else
      "Tables of persons, drugs, guns and youth were not wanted (`TABLES=crimes`).")
  write_page(c(filled_in(readme, parts), describe_files("published")), file.path(folder, "README.md"))
}

#' The parts of a year's files that there need not be: those that there are
#' @noRd
optional_parts <- function(settings) {
  c("areas", "workbooks")[c(settings$areas, settings$workbooks) != "none"]
}

#' Write `changes.csv`, if the year before is published
#'
#' @param estimates See [compared_estimates()].
#' @return See [changes_of_years()]; `NULL` without a year before.
#' @noRd
publish_changes <- function(estimates, settings, folder) {
  before <- read_previous(settings$external, settings$year - 1L)
  path <- file.path(folder, "changes.csv")
  if (is.null(before)) {
    # Of an earlier run of the stage, with another year beside it.
    unlink(path)
    return(NULL)
  }
  now <- list(estimates = estimates, inputs = year_inputs_of_stages(settings))
  changes <- changes_of_years(now, before, settings$correction)
  write_stage_file(changes, path, "report/changes.csv")
  changes
}

#' Write `generalised_variances.csv`
#'
#' @param tables See [estimate_tables()], with `permutation`.
#' @param published See [published_tables()].
#' @return A list: `rows` and `tables` (of the published counts of the nation) and `fits`, see
#'   [generalised_variances()].
#' @noRd
publish_precision <- function(tables, folder, published) {
  cells <- published$cells[which(published$cells$applies & !is.na(published$labels$indicator)), ]
  rows <- tables[which(tables$cell %in% cells$cell), ]
  of_table <- cells$table[match(rows$cell, cells$cell)]
  fits <- generalised_variances(rows, of_table)
  written <- data.table::copy(fits)
  data.table::setnames(written, "permutation", "PERMUTATION_NUMBER")
  write_stage_file(written, file.path(folder, "generalised_variances.csv"), "report/generalised_variances.csv")
  nation <- which(rows$permutation == 1L)
  list(rows = rows[nation, ], tables = of_table[nation], fits = fits)
}

#' @noRd
template_lines <- function(name) {
  readLines(system.file(name, package = "nibrsest", mustWork = TRUE), encoding = "UTF-8")
}

#' The template of a page, with the head that all pages have
#' @noRd
page_template <- function(name) c(template_lines("page_head.html"), template_lines(name))

#' @noRd
write_page <- function(lines, path) writeLines(enc2utf8(lines), path, useBytes = TRUE)

#' A template with its parts in place of `{{name}}`
#' @noRd
filled_in <- function(template, parts) {
  for (name in names(parts)) {
    template <- gsub(paste0("{{", name, "}}"), paste(parts[[name]], collapse = "\n"), template, fixed = TRUE)
  }
  template
}

#' @noRd
markdown_glossary <- function() {
  words <- package_table("glossary.csv")
  sprintf("* **%s**: %s", capitalised(words$term), words$meaning)
}

#' What the README says of numbers that are no estimates
#' @noRd
universe_lines <- function(universe, agencies) {
  sentences <- universe_sentences(universe)
  missing <- missing_sentences(universe, agencies)
  c(
    if (length(sentences) > 0L) {
      c("**Not all numbers are estimates.** Those that are not have no error and are not for release:", "",
        paste("*", sentences), "")
    },
    if (length(missing) > 0L) c("**Crimes that are in no number:**", "", paste("*", missing), "")
  )
}

#' How many cells of each permutation came out below -0.5 and are 0
#' @noRd
clipped_cells <- function(tables, permutations) {
  as.integer(table(factor(tables$permutation[which(tables$clipped)], permutations)))
}

#' Copy what `files.csv` says is published of the weights
#' @noRd
publish_weights <- function(settings, folder) {
  files <- package_table("files.csv")
  dir.create(file.path(folder, "weights"), recursive = TRUE, showWarnings = FALSE)
  files <- files[which(files$stage == "weight" & startsWith(files$published, "weights/")), ]
  file.copy(file.path(dirname(stage_folder(settings, "weights")), files$file), file.path(folder, files$published),
    overwrite = TRUE)
}

#' Copy what was imputed of each state; nothing if the stage `impute_items` was not run
#' @noRd
publish_imputed <- function(settings, folder) {
  from <- stage_folder(settings, "imputed")
  to <- file.path(folder, "imputed")
  unlink(to, recursive = TRUE)
  for (name in list.files(from, recursive = TRUE)) {
    dir.create(dirname(file.path(to, name)), recursive = TRUE, showWarnings = FALSE)
    file.copy(file.path(from, name), file.path(to, name))
  }
}

#' Write how the bias was found, of all groups of tables; nothing if it was not sought
#' @return What was written; NULL if nothing was.
#' @noRd
publish_copula <- function(settings, folder) {
  path <- file.path(folder, "weights", "copula.csv")
  if (settings$bias == "none") {
    unlink(path)
    return(NULL)
  }
  diagnostics <- data.table::rbindlist(lapply(names(table_groups(wanted_definitions(settings))), function(group) {
    read_stage_file(file.path(stage_folder(settings, "bias"), paste0(group, "-copula.csv")), "bias/<tables>-copula.csv")
  }))
  write_stage_file(diagnostics, path, "bias/<tables>-copula.csv")
  diagnostics
}

#' The groups of geographies that have estimates
#' @noRd
geography_groups_of <- function(places, settings) {
  geographies <- read_weight_file(settings, "geographies.csv")
  kinds <- geography_kinds()
  present <- unique(geographies$kind[geographies$geography %in% places$geography])
  unique(kinds$geography_group[kinds$kind %in% present])
}

#' Estimates of all groups of geographies, stacked
#'
#' @param ending What the files' names have after the group.
#' @param file What `files.csv` calls them.
#' @noRd
read_estimates <- function(settings, geography_groups, ending, file) {
  folder <- stage_folder(settings, "estimates")
  data.table::rbindlist(lapply(geography_groups, function(group) {
    read_stage_file(file.path(folder, paste0(group, ending, ".csv")), file)
  }))
}

#' Estimates of all cells, in the order of geographies and cells
#' @noRd
read_tables <- function(settings, geography_groups, places, cells) {
  tables <- data.table::rbindlist(lapply(names(table_groups(wanted_definitions(settings))), function(group) {
    read_estimates(settings, geography_groups, paste0("-", group), "estimates/<group>-<tables>.csv")
  }))
  tables[order(match(tables$permutation, places$permutation), match(tables$cell, cells$cell)), ]
}

#' What is to be written of the tables: a file per geography and table, one of everything, and the workbooks wanted
#'
#' Tables that are not booked, which have more cells than all others together, are in no workbook, and have files of
#' their own for geographies only: groups of agencies have them in `tables.csv`.
#'
#' @param tables,flags,reasons,places Of all permutations: see [estimate_tables()], [release_flags()],
#'   [release_reasons()] and [coverage_of()].
#' @param with_residents See [with_group_residents()].
#' @param notice See [simulated_notice()].
#' @param published See [published_tables()].
#' @return Functions that write them, see [done_at_once()].
#' @noRd
publish_tables <- function(tables, flags, reasons, places, with_residents, settings, folder, notice, published) {
  booked <- booked_tables(published)
  whole_places <- places$permutation[!endsWith(places$kind, "group")]
  write_compact <- function() {
    rows <- compact_rows(tables, flags, published$cells, !is.na(published$labels$indicator))
    write_stage_file(rows, file.path(folder, "tables.csv"), "report/tables.csv")
    write_stage_file(places, file.path(folder, "geographies.csv"), "report/geographies.csv")
  }
  cell_numbers <- match(tables$cell, published$cells$cell)
  write_table <- function(table) {
    of_table <- which(published$statistics$table == table)
    statistics <- published$statistics[of_table, ]
    is_asked <- published$cells$cell %in% statistics$cell
    asked <- which(is_asked[cell_numbers] &
      (table %in% booked$statistics$table | tables$permutation %in% whole_places))
    rows <- published_rows(tables[asked, ], flags[asked, ], with_residents, published, settings$year, settings$bias,
      statistics)
    write_by_place(rows, places, table, folder)
  }
  write_book <- function(number) {
    of_place <- which(tables$permutation == places$permutation[[number]])
    of_place <- of_place[match(booked$cells$cell, tables$cell[of_place])]
    name <- paste0(file_name_of(places$description[[number]]), ".xlsx")
    rows <- list(tables = tables[of_place, ], flags = flags[of_place, ], reasons = reasons[of_place, ])
    write_workbook(file.path(folder, "workbooks", name), rows, places[number, ], booked, settings$year, notice)
  }
  wanted <- switch(settings$workbooks, all = !endsWith(places$kind, "group"), nation = places$kind == "national",
    none = rep(FALSE, nrow(places)))
  c(
    write_compact,
    lapply(unique(published$statistics$table), function(table) function() write_table(table)),
    lapply(which(wanted), function(number) function() write_book(number))
  )
}

#' A file per geography of a table's rows
#' @noRd
write_by_place <- function(rows, places, table, folder) {
  of_place <- split(seq_len(nrow(rows)), rows$PERMUTATION_NUMBER)
  for (number in names(of_place)) {
    at <- match(as.integer(number), places$permutation)
    under <- file.path(folder, "indicator_tables", places$folder[[at]], file_name_of(places$description[[at]]))
    write_quietly(rows[of_place[[number]], ], file.path(under, sprintf("Indicator_Tables_%s_%s.csv", number, table)))
  }
}

#' A description as part of a file's name
#' @references METHOD, section 11.
#' @noRd
file_name_of <- function(description) gsub("[ ,-]+", "_", description)

#' A row per geography and cell, with the statistics side by side
#' @noRd
compact_rows <- function(tables, flags, cells, cell_is_published) {
  keep <- which(tables$cell %in% cells$cell[cell_is_published & cells$applies])
  rows <- tables[keep, ]
  data.table::data.table(
    PERMUTATION_NUMBER = rows$permutation, der_variable_name = rows$cell, estimate = rows$estimate,
    standard_error = rows$standard_error, sampling_error = rows$sampling_error, months_error = rows$months_error,
    return_a_error = rows$return_a_error, imputation_error = rows$imputation_error, percentage = rows$percentage,
    percentage_error = rows$percentage_error,
    percentage_sampling_error = rows$percentage_sampling_error, percentage_months_error = rows$percentage_months_error,
    percentage_return_a_error = rows$percentage_return_a_error,
    percentage_imputation_error = rows$percentage_imputation_error,
    degrees_of_freedom = rows$degrees_of_freedom, bias = rows$bias, rmse = ifelse(is.na(rows$bias), NA, rows$rmse),
    percentage_bias = rows$percentage_bias,
    percentage_rmse = ifelse(is.na(rows$percentage_bias), NA, rows$percentage_rmse),
    unweighted = rows$unweighted, agency_counts = rows$agency_counts,
    suppression_flag = flags$flag[keep],
    percentage_suppression_flag = ifelse(is.na(rows$percentage), NA, flags$flag_percentage[keep])
  )
}
