#' Write `areas/`: estimates of areas below states, and the page that says how sure they are
#'
#' Nothing if the stage `weight` made none. They are in files of their own: what reads the files of nation, regions and
#' states need not know of them.
#'
#' @param agencies See [weigh_year()].
#' @param notice See [simulated_notice()].
#' @noRd
publish_areas <- function(settings, folder, agencies, notice) {
  to <- file.path(folder, "areas")
  # Of an earlier run of the stage.
  unlink(c(to, file.path(folder, "beside_zip", "areas.html")), recursive = TRUE)
  if (settings$areas == "none") {
    return(invisible())
  }
  found <- areas_found(settings)
  publish <- function(table, name) {
    write_stage_file(table, file.path(to, paste0(name, ".csv")), sprintf("report/areas/%s.csv", name))
  }
  publish(found$areas[, names(file_columns("report/areas/areas.csv")), with = FALSE], "areas")
  publish(found$offenses, "offenses")
  published <- published_tables()
  rows <- compact_rows(found$tables, found$flags, published$cells, !is.na(published$labels$indicator))
  publish(rows[, names(file_columns("report/areas/tables.csv")), with = FALSE], "tables")
  files <- package_table("files.csv")
  files <- files[which(files$stage == "weight" & startsWith(files$published, "areas/")), ]
  file.copy(file.path(dirname(stage_folder(settings, "weights")), files$file), file.path(folder, files$published))
  source <- covariates_and_source(read_weight_file(settings, "covariates.csv"))$source
  page <- function(where) areas_page(settings$year, found, agencies, source, notice, where)
  write_page(page("in_zip"), file.path(to, "areas.html"))
  dir.create(file.path(folder, "beside_zip"), showWarnings = FALSE)
  write_page(page("beside_zip"), file.path(folder, "beside_zip", "areas.html"))
}

#' Estimates of areas, what is known of the areas, and what of them is for release
#'
#' @return A list of data.tables: `areas`, a row per area in which agencies respond; `tables`, `flags` (of the same
#'   rows), `offenses`; `members`, a row per area and agency.
#' @noRd
areas_found <- function(settings) {
  read <- function(name) read_weight_file(settings, file.path("areas", name))
  places <- read("places.csv")
  estimators <- read("estimators.csv")
  offenses <- read_estimates(settings, "areas", "", "estimates/<group>.csv")
  tables <- with_bias(read_estimates(settings, "areas", paste0("-", area_tables()), "estimates/<group>-<tables>.csv"),
    NULL, table_cells())
  data.table::set(places, NULL, c("estimator", "clipped_cells"), list(
    estimators$estimator[match(places$geography, estimators$geography)], clipped_cells(tables, places$permutation)))
  released <- places_released_by(tables, places, table_cells())
  flags <- release_flags(tables, places, table_cells(), released)
  data.table::set(places, NULL, c("release", "release_reason"), release_of_places(released))
  offense_flags <- offense_release(offenses, released)
  data.table::set(offenses, NULL, "suppression_flag", offense_flags$flag)
  list(areas = places, tables = tables, flags = flags, offenses = offenses, members = read("geographies.csv"))
}

#' The group of tables that areas have estimates of
#' @noRd
area_tables <- function() names(table_groups())[[1]]

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
      released$no_estimate, "its numbers are no estimates, see basis",
      city, "an agency that serves a principal city is silent",
      released$silent, "a silent agency has more than a tenth of the residents",
      released$covered, "more than 80 % of residents covered",
      released$withheld, "most totals are too uncertain",
      rep(TRUE, nrow(released)), "what is certain enough by itself"
    )
  )
}
