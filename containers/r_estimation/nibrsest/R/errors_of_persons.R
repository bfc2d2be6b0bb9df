#' Estimates of a table of victims or arrestees for a group of persons
#'
#' From a published zip alone: respondents' persons are added up to the group's cells, and these are estimated as the
#' published tables are, with all terms of the error. For everyone the numbers are those of the published tables.
#' Rates are over the residents of the group; those per officers, and numbers of victims summarised by incident, are not
#' made of groups of persons.
#'
#' @param zip Path of `nibrs-estimates-<year>.zip`.
#' @param table `"3a"`, `"3aclear"`, `"3aunclear"`, `"4a"`, `"5a"`, `"GV2a"` (victims of offenses with a firearm),
#'   `"DM7"`, `"DM9"`, `"DM10"` (arrestees of drug violations), or one of their tables of rates, such as `"3b"` or
#'   `"GV2b"`.
#' @param domain A number of [domains()], or items separated by commas, such as `"female, 12-17"`,
#'   `"non-Hispanic Black, 18+"` or `"all"`. Whose item is not known is in no group that asks for it.
#' @param geography Of `geographies.csv`, such as `"US"`, `"South"` or `"AZ"`, or of `areas/areas.csv`, such as
#'   `"MSA 33860"`, if areas below states were estimated.
#' @param agency_group See [permutations()].
#' @param rows,columns Numbers of rows and columns of the table; `NULL` for all.
#' @param correction See [linearised_estimates()].
#' @return A data.table with the columns of the published indicator tables, a row per count, percentage and rate.
#'   Columns of a numbered domain have 1000 times its number added, in `der_variable_name` too; so has
#'   `PERMUTATION_NUMBER`. `estimate_domain` says the group.
#' @references METHOD, sections 8.5, 9 and 11.
#' @examples
#' zip <- example_zip()
#' women <- estimate_persons(zip, "3a", "female, 18+", "RI", rows = 1)
#' women[, c("indicator_name", "estimate", "estimate_standard_error", "suppression_flag_indicator")]
#' @export
estimate_persons <- function(zip, table, domain = "all", geography = "US", agency_group = "all agencies",
                             rows = NULL, columns = NULL, correction = "few_respondents") {
  definitions <- table_definitions()
  published <- published_tables(definitions)
  groups <- table_groups(definitions)[person_groups(definitions)]
  some_of("table", table, unlist(groups))
  group <- names(groups)[vapply(groups, function(tables) table %in% tables, TRUE)]
  of_domain <- domain_of(domain, definitions)
  everyone <- is.na(of_domain$ages) && is.na(of_domain$sexes) && is.na(of_domain$races) && is.na(of_domain$ethnicities)
  statistics <- asked_statistics(published, table, rows, columns)
  if (!everyone) {
    statistics <- statistics_of_persons(statistics, group, !is.null(rows), published$cells, definitions)
  }
  cells <- cells_for(statistics, published$cells)
  if (!sprintf("persons/%s-types.csv", group) %in% utils::unzip(zip, list = TRUE)$Name) {
    stop(zip, " has no persons: its year was estimated with TABLES=crimes; estimate it with TABLES=all", call. = FALSE)
  }
  inputs <- person_inputs(zip, geography)
  number <- inputs$places$permutation[inputs$places$geography == geography & inputs$places$agency_group == agency_group]
  if (length(number) == 0L) {
    stop("there are no estimates of ", geography, ", ", agency_group, "; see geographies.csv, or areas/areas.csv if ",
      "areas below states were estimated", call. = FALSE)
  }
  atoms <- if (everyone) seq_len(nrow(person_atoms(definitions))) else
    which(in_group(person_atoms(definitions), of_domain))
  found <- estimates_of_atoms(zip, group, atoms, cells, inputs, geography, definitions, correction)
  found <- found[which(found$permutation == number), ]
  place <- inputs$places[match(number, inputs$places$permutation), ]
  place <- domain_place(place, inputs$residents, of_domain, everyone, definitions)
  released <- cbind(place, no_estimate = place$basis != "estimate",
    silent = place_misses_agency(place, package_table("release_rules.csv")),
    covered = (place$coverage > constant("released_coverage")) %in% TRUE)
  shown <- published
  shown$cells <- cells
  shown$labels <- published$labels[match(cells$cell, published$cells$cell), ]
  tables <- with_bias(found, NULL, cells)
  made <- published_rows(tables, release_flags(tables, place, cells, released), place, shown, inputs$year, "none",
    statistics)
  data.table::set(made, NULL, "estimate_domain", of_domain$label)
  numbered_domain(made, of_domain$domain)
}

#' The statistics of a table's rows and columns
#' @noRd
asked_statistics <- function(published, table, rows, columns) {
  mine <- published$statistics$table == table
  for (asked in list(list("rows", rows, published$statistics$row), list("columns", columns,
    published$statistics$column))) {
    if (!is.null(asked[[2]])) {
      some_of(asked[[1]], asked[[2]], unique(asked[[3]][mine]))
      mine <- mine & asked[[3]] %in% asked[[2]]
    }
  }
  published$statistics[which(mine), ]
}

#' Statistics without those of rows that count incidents, which are of no group of persons
#'
#' @param by_row Whether rows were asked for by number: such a row is an error then.
#' @noRd
statistics_of_persons <- function(statistics, group, by_row, cells, definitions) {
  characteristic <- cells$characteristic[match(statistics$cell, cells$cell)]
  of_incidents <- characteristic %in% asked_of_persons(definitions, group)$of_incidents
  if (by_row && any(of_incidents)) {
    stop("row ", statistics$row[of_incidents][[1]], " of table ", statistics$table[[1]], " counts incidents by their ",
      "victims, not persons: it is of no group of persons; ask for other rows, or for \"all\"", call. = FALSE)
  }
  statistics[which(!of_incidents), ]
}

#' The cells of statistics, and all others of the same sections and of what percentages divide by
#'
#' Rare cells of a section share their errors' terms, whichever of them is asked for.
#' @noRd
cells_for <- function(statistics, cells) {
  asked <- cells[match(unique(statistics$cell), cells$cell), ]
  below <- unique(unlist(lapply(unique(asked$denominator), function(rows) as.integer(strsplit(rows, " ")[[1]]))))
  of_table <- cells[which(cells$table == asked$table[[1]]), ]
  sections <- unique(c(asked$section, of_table$section[of_table$row %in% below]))
  # What these sections divide by may be in others again.
  more <- of_table[which(of_table$section %in% sections), ]
  below <- unique(unlist(lapply(unique(more$denominator), function(rows) as.integer(strsplit(rows, " ")[[1]]))))
  sections <- unique(c(sections, of_table$section[of_table$row %in% below]))
  of_table[which(of_table$section %in% sections), ]
}

#' What the estimates of a geography of a published year are made from
#' @noRd
person_inputs <- function(zip, geography) {
  year <- unique(as.integer(sub(".*-([0-9]{4})[.]zip$", "\\1", zip)))
  inputs <- year_inputs_of_zip(zip, year)
  members <- utils::unzip(zip, list = TRUE)$Name
  if (is.null(inputs) || !"weights/filled_offenses.csv" %in% members) {
    stop(zip, " lacks weights/filled_offenses.csv, without which no group of persons is estimated; estimate that year ",
      "again", call. = FALSE)
  }
  read <- function(name) read_zipped(zip, file.path("weights", name), file.path("weights", name))
  inputs <- c(inputs[setdiff(names(inputs), "places")], list(
    places = read_zipped(zip, "geographies.csv", "report/geographies.csv"), residents = read("residents.csv")))
  if (!geography %in% inputs$places$geography && "areas/areas.csv" %in% members) {
    inputs <- area_inputs(zip, inputs)
  }
  counts <- inputs$counts
  codes <- which(!startsWith(counts$cell, "t_") & !counts$cell %in% package_table("offense_totals.csv")$total)
  c(inputs, covariates_and_source(read("covariates.csv"))["source"], list(
    earlier = covariates_and_source(read("earlier_covariates.csv")), donors = read("donors.csv"),
    masked = read("masked.csv"), filled_offenses = read("filled_offenses.csv"),
    offenses = data.table::data.table(ori = counts$ori[codes], offense_code = counts$cell[codes],
      offenses = counts$number[codes])
  ))
}

#' The same, of areas below states instead of nation, regions and states
#' @noRd
area_inputs <- function(zip, inputs) {
  read <- function(name, file) read_zipped(zip, file.path("areas", name), file)
  members <- read("agencies.csv", "weights/areas/geographies.csv")
  strata <- read("strata.csv", "weights/areas/strata.csv")
  data.table::set(strata, which(is.na(strata$covariates)), "covariates", "")
  places <- read("areas.csv", "report/areas/areas.csv")
  kinds <- package_table("area_kinds.csv")
  data.table::set(places, NULL, c("agency_group", "residents", "weight_name", "withheld"), list("all agencies",
    NA_real_, kinds$weight_name[match(places$kind, kinds$kind)], places$release == "nothing"))
  replace(inputs, c("geographies", "weights", "strata", "estimators", "places", "residents"), list(
    members[, names(inputs$geographies), with = FALSE], read("weights.csv", "weights/areas/weights.csv"), strata,
    places[, c("geography", "estimator")], places, read("residents.csv", "weights/areas/residents.csv")))
}

#' Estimates of cells of some atoms, of one geography and its groups of agencies
#' @noRd
estimates_of_atoms <- function(zip, group, atoms, cells, inputs, geography, definitions, correction) {
  oris <- list(used = inputs$agencies$ori[which(inputs$agencies$respondent)], filled = inputs$donors$ori,
    masked_filled = inputs$masked$ori, masked_missed = inputs$masked$ori)
  counted <- function(imputation, cells, oris) {
    rows <- data.table::rbindlist(lapply(oris, function(ori) data.table::data.table(ori = ori)), idcol = "part")
    persons <- read_published_persons(zip, group, atoms, rows, definitions, imputation)
    split_parts(cells_of_persons(persons, cells, definitions), names(oris))
  }
  counts <- counted(1L, cells, oris)
  annual <- as_sparse(counts$used)
  borrowed <- borrowed_by_cells(annual, oris$used, cells, inputs)
  terms <- terms_of_cells(stacked_parts(counts[-1]), cells, inputs, borrowed)
  # Who is in a group of persons is imputed itself: all cells are.
  imputed <- lapply(seq_len(published_imputations(zip, group))[-1], function(imputation) {
    others <- as_sparse(counted(imputation, cells, oris["used"])$used)
    list(cells = cells, counts = others, borrowed = borrowed_by_cells(others, oris$used, cells, inputs))
  })
  design <- design_of(geography, inputs, geography_kinds())
  estimate_cells(design, annual, oris$used, cells, list(correction = correction), borrowed, terms, imputed)
}

#' A geography with the residents of a group of persons alone
#' @noRd
domain_place <- function(place, residents, of_domain, everyone, definitions) {
  rows <- which(residents$permutation == place$permutation)
  residents <- residents[rows, ]
  if (!everyone) {
    inside <- which(in_group(residents, of_domain))
    residents <- residents[inside, ]
    people <- if (nrow(residents) == 0L) list(NA_real_, NA_real_) else
      list(sum(residents$residents), sum(residents$residents_of_respondents))
    data.table::set(place, NULL, c("population", "population_of_respondents"), people)
    data.table::set(place, NULL, c("officers", "officers_of_respondents"), NA_real_)
  }
  with_residents_of_categories(place, residents, definitions)
}

#' Numbers of columns and permutations as the method counts those of domains
#' @noRd
numbered_domain <- function(rows, number) {
  if (is.na(number)) {
    return(rows[])
  }
  column <- as.integer(sub(".*_", "", rows$der_variable_name)) + 1000L * number
  data.table::set(rows, NULL, "der_variable_name", paste0(sub("[^_]*$", "", rows$der_variable_name), column))
  data.table::set(rows, NULL, "PERMUTATION_NUMBER", rows$PERMUTATION_NUMBER + 1000L * number)
  rows[]
}
