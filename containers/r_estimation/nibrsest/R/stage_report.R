#' Report: `report/`, what is published of a year
#' @noRd
stage_report <- function(settings) {
  require_settings(settings, c("input", "output"))
  estimates <- read_estimates(settings, "", estimate_columns)
  tables <- read_estimates(settings, "-tables", table_columns)
  places <- read_estimates(settings, "-places", place_columns)
  strata <- read_strata(settings)
  agencies <- read_agencies(settings)
  folder <- file.path(settings$output, "report")
  write_stage_file(estimates, file.path(folder, "offenses.csv"))
  write_stage_file(strata, file.path(folder, "weights", "strata.csv"))
  for (name in c("weights.csv", "agencies.csv", "donors.csv", "missing_months.csv", "covariates.csv", "attempts.csv",
    "table_a.csv")) {
    file.copy(file.path(settings$input, "weights", name), file.path(folder, "weights", name), overwrite = TRUE)
  }
  described <- cbind(places, permutations()[places$permutation, c("description", "folder", "weight_name", "kind")])
  flags <- release_flags(tables, described, table_cells())
  publish_tables(tables, flags, described, settings$year, folder)
  table_a <- file.path(settings$input, "weights", "table_a.csv")
  page <- report_page(settings$year, list(
    tables = tables, flags = flags, places = places, weights = read_weights(settings), strata = strata,
    attempts = read_weight_file(settings, "attempts.csv", c(geography = "character", converged = "logical")),
    table_a = if (file.exists(table_a)) data.table::fread(table_a) else NULL, agencies = agencies,
    donors = read_donors(settings), previous = read_previous(settings$external, settings$year - 1L)
  ))
  writeLines(enc2utf8(page), file.path(folder, "report.html"), useBytes = TRUE)
  readme <- readLines(system.file("zip_readme.md", package = "nibrsest", mustWork = TRUE), encoding = "UTF-8")
  writeLines(enc2utf8(gsub("{{year}}", settings$year, readme, fixed = TRUE)), file.path(folder, "README.md"),
    useBytes = TRUE)
  inform("wrote %s", file.path(folder, "report.html"))
}

#' Estimates of all groups of geographies, stacked
#' @noRd
read_estimates <- function(settings, ending, columns) {
  data.table::rbindlist(lapply(geography_groups, function(group) {
    path <- file.path(settings$input, "estimates", paste0(group, ending, ".csv"))
    # A nation without regions (an unknown division) has no file of them.
    if (group == "regions" && !file.exists(path)) NULL else read_stage_file(path, columns, "estimate")
  }))
}

#' @noRd
estimate_columns <- c(
  data_year = "integer", geography = "character", agency_group = "character", cell = "character", label = "character",
  estimate = "numeric", standard_error = "numeric", lower_95 = "numeric", upper_95 = "numeric",
  relative_standard_error = "numeric", rate_per_100000 = "numeric", rate_standard_error = "numeric",
  bias_method = "character", suppression_flag = "integer", unweighted = "numeric", agency_counts = "integer",
  agencies = "integer", respondents = "integer", population = "numeric", population_of_respondents = "numeric",
  population_coverage = "numeric"
)

#' @noRd
table_columns <- c(
  permutation = "integer", cell = "character", estimate = "numeric", standard_error = "numeric", percentage = "numeric",
  percentage_error = "numeric", unweighted = "numeric", unweighted_percentage = "numeric", agency_counts = "integer"
)

#' @noRd
place_columns <- c(
  permutation = "integer", geography = "character", agency_group = "character", agencies = "integer",
  respondents = "integer", population = "numeric", population_of_respondents = "numeric", coverage = "numeric",
  tribal_coverage = "numeric", state_police_coverage = "numeric", other_coverage = "numeric",
  officers = "numeric", officers_of_respondents = "numeric", missing_over_10_percent = "logical"
)

#' Write a file per geography and table, one of everything, and a workbook per geography
#'
#' @param tables,flags,places Of all permutations: see [estimate_tables()], [release_flags()] and [coverage_of()].
#' @noRd
publish_tables <- function(tables, flags, places, year, folder) {
  definitions <- table_definitions()
  cells <- table_cells(definitions)
  labels <- cell_names(cells, definitions)
  published <- which(!is.na(labels$indicator))
  write_stage_file(compact_rows(tables, flags, places, cells, published), file.path(folder, "tables.csv"))
  write_stage_file(places, file.path(folder, "geographies.csv"))
  for (table in unique(cells$table)) {
    here <- which(tables$cell %in% cells$cell[published][cells$table[published] == table])
    rows <- published_rows(tables[here, ], flags[here, ], places, cells, labels, year)
    write_by_place(rows, places, table, folder)
  }
  for (at in which(!endsWith(places$kind, "group"))) {
    mine <- which(tables$permutation == places$permutation[[at]])
    mine <- mine[match(cells$cell, tables$cell[mine])]
    name <- paste0(file_name_of(places$description[[at]]), ".xlsx")
    write_workbook(file.path(folder, "workbooks", name), tables[mine, ], flags[mine, ], places[at, ], cells, labels,
      year)
  }
  inform("wrote tables of %d geographies and groups of agencies", nrow(places))
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
compact_rows <- function(tables, flags, places, cells, published) {
  keep <- which(tables$cell %in% cells$cell[published] & cells$applies[match(tables$cell, cells$cell)])
  rows <- tables[keep, ]
  data.table::data.table(
    PERMUTATION_NUMBER = rows$permutation, der_variable_name = rows$cell, estimate = rows$estimate,
    standard_error = rows$standard_error, percentage = rows$percentage, percentage_error = rows$percentage_error,
    unweighted = rows$unweighted, agency_counts = rows$agency_counts, suppression_flag = flags$flag[keep],
    percentage_suppression_flag = ifelse(is.na(rows$percentage), NA, flags$flag_percentage[keep])
  )
}
