#' Write `areas/`: estimates of areas below states, and the page that says how sure they are
#'
#' Nothing if the stage `weight` made none. They are in files of their own: what reads the files of nation, regions and
#' states need not know of them.
#'
#' @param agencies See [weigh_year()].
#' @param notice See [simulated_notice()].
#' @param definitions See [table_definitions()].
#' @noRd
publish_areas <- function(settings, folder, agencies, notice, definitions) {
  to <- file.path(folder, "areas")
  # Of an earlier run of the stage.
  unlink(c(to, file.path(folder, "beside_zip", "areas.html")), recursive = TRUE)
  if (settings$areas == "none") {
    return(invisible())
  }
  found <- areas_found(settings, definitions)
  publish <- function(table, name) {
    write_stage_file(table, file.path(to, paste0(name, ".csv")), sprintf("report/areas/%s.csv", name))
  }
  publish(found$areas[, names(file_columns("report/areas/areas.csv")), with = FALSE], "areas")
  publish(found$offenses, "offenses")
  publish_area_tables(found, settings, to, definitions)
  files <- package_table("files.csv")
  files <- files[which(files$stage == "weight" & startsWith(files$published, "areas/")), ]
  file.copy(file.path(dirname(stage_folder(settings, "weights")), files$file), file.path(folder, files$published))
  source <- covariates_and_source(read_weight_file(settings, "covariates.csv"))$source
  page <- function(where) areas_page(settings$year, found, agencies, source, notice, where)
  write_page(page("in_zip"), file.path(to, "areas.html"))
  dir.create(file.path(folder, "beside_zip"), showWarnings = FALSE)
  write_page(page("beside_zip"), file.path(folder, "beside_zip", "areas.html"))
}

#' What is known of the areas, what of them is for release, and the numbers that decide it or are on the page
#'
#' @return A list of data.tables: `areas`, a row per area in which agencies respond; `tables`, `flags` (of the same
#'   rows), of first rows and the page's cells alone; `offenses`; `members`, a row per area and agency; `released`, see
#'   [places_released_by()].
#' @noRd
areas_found <- function(settings, definitions) {
  read <- function(name) read_weight_file(settings, file.path("areas", name))
  places <- read("places.csv")
  estimators <- read("estimators.csv")
  cells <- table_cells(definitions)
  kept <- cells$cell[cells$total | cells$cell %in% package_table("report_cells.csv")$cell]
  offenses <- read_estimates(settings, "areas", "", "estimates/<group>.csv")
  # All cells of all areas at once are too many.
  of_groups <- lapply(names(table_groups(definitions)), function(group) {
    rows <- area_estimates(settings, group, cells)
    list(clipped = clipped_cells(rows, places$permutation), rows = rows[which(rows$cell %in% kept), ])
  })
  tables <- data.table::rbindlist(lapply(of_groups, `[[`, "rows"))
  data.table::set(places, NULL, c("estimator", "clipped_cells"), list(
    estimators$estimator[match(places$geography, estimators$geography)],
    Reduce(`+`, lapply(of_groups, `[[`, "clipped"))))
  released <- places_released_by(tables, places, cells)
  flags <- release_flags(tables, places, cells, released)
  data.table::set(places, NULL, c("release", "release_reason"), release_of_places(released))
  offense_flags <- offense_release(offenses, released)
  data.table::set(offenses, NULL, "suppression_flag", offense_flags$flag)
  list(areas = places, tables = tables, flags = flags, offenses = offenses, members = read("geographies.csv"),
    released = released)
}

#' Estimates of areas by cell, of a group of tables
#' @noRd
area_estimates <- function(settings, group, cells) {
  with_bias(read_estimates(settings, "areas", paste0("-", group), "estimates/<group>-<tables>.csv"), NULL, cells)
}

#' Write `areas/tables.csv` and `areas/rates.csv`, a group of tables after the other
#'
#' @param found See [areas_found()].
#' @noRd
publish_area_tables <- function(found, settings, folder, definitions) {
  published <- published_tables(definitions)
  residents <- read_weight_file(settings, file.path("areas", "residents.csv"))
  places <- with_residents_of_categories(found$areas, residents, definitions)
  groups <- table_groups(definitions)
  write_whole(file.path(folder, "tables.csv"), function(tables) {
    write_whole(file.path(folder, "rates.csv"), function(rates) {
      for (group in names(groups)) {
        rows <- area_estimates(settings, group, published$cells)
        flags <- release_flags(rows, found$areas, published$cells, found$released)
        compact <- compact_rows(rows, flags, published$cells, !is.na(published$labels$indicator))
        append_rows(compact, tables, "report/areas/tables.csv")
        append_rows(rates_of_areas(rows, flags, places, published, groups[[group]]), rates, "report/areas/rates.csv")
      }
    })
  })
}

#' Rates of areas, each over the residents or officers that its table has it over
#'
#' @param rows,flags Of a group of tables, see [release_flags()].
#' @param places Areas with the residents of groups of persons, see [with_residents_of_categories()].
#' @param published See [published_tables()].
#' @param tables Names of the group's tables.
#' @return A data.table with the columns of `areas/rates.csv`; nothing of those of whom nobody is known to live there.
#' @noRd
rates_of_areas <- function(rows, flags, places, published, tables) {
  statistics <- published$statistics[which(published$statistics$kind == 3L & published$statistics$table %in% tables), ]
  parts <- statistic_parts(rows, flags, places, published, statistics)
  values <- values_of(parts)
  known <- which(parts$cell$applies & !is.na(values$estimate))
  certain <- parts$place$basis == "estimate"
  data.table::data.table(PERMUTATION_NUMBER = parts$place$permutation, der_variable_name = parts$statistic$variable,
    population = people_of_rates(parts$place, parts$population$column), rate = values$estimate,
    rate_standard_error = ifelse(certain, values$error, NA), lower_95 = ifelse(certain, values$lower, NA),
    upper_95 = ifelse(certain, values$upper, NA), suppression_flag = values$flag)[known, ]
}

#' Add rows to a CSV file
#' @param file What `files.csv` calls it.
#' @noRd
append_rows <- function(table, path, file) {
  started <- file.exists(path)
  data.table::fwrite(table[, names(file_columns(file)), with = FALSE], path, append = started, col.names = !started,
    na = "", eol = "\n", scipen = 50L)
}

#' What of a geography is for release, and why
#' @param released See [places_released_by()].
#' @return A list: `release`, `release_reason`.
#' @noRd
release_of_places <- function(released) {
  city <- place_misses_city(released, package_table("release_rules.csv"))
  nothing <- released$no_estimate | released$silent | (released$withheld & !released$covered)
  list(
    ifelse(nothing, "nothing", ifelse(released$covered, "everything", "cell by cell")),
    data.table::fcase(
      released$basis == "residents", "no estimate: respondents are raised by residents for want of Return A",
      released$no_estimate, "no estimate: the respondents' own numbers, nothing added for others",
      city, "an agency that serves a principal city is silent",
      released$silent, "a silent agency has more than a tenth of the residents",
      released$covered, "more than 80 % of residents covered",
      released$withheld, "most totals are too uncertain",
      rep(TRUE, nrow(released)), "what is certain enough by itself"
    )
  )
}
