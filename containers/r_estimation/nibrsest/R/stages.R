#' Run one stage
#'
#' @param name One of [stage_names()].
#' @param settings See [read_settings()].
#' @return Nothing; the stage's files are written.
#' @export
run_stage <- function(name, settings) {
  stages <- stage_functions()
  if (!name %in% names(stages)) {
    stop("there is no stage \"", name, "\"; there are ", paste(names(stages), collapse = ", "), call. = FALSE)
  }
  stages[[name]](settings)
  invisible()
}

#' The names of all stages, in the order in which they are run
#' @export
stage_names <- function() names(stage_functions())

#' @noRd
stage_functions <- function() {
  list(
    tabulate_state = stage_tabulate_state,
    weight = stage_weight,
    estimate = stage_estimate,
    report = stage_report
  )
}

#' Tabulate states: `tabulated/<ST>.csv` from a state's zip
#' @noRd
stage_tabulate_state <- function(settings) {
  require_settings(settings, c("external", "output", "state"))
  zip <- file.path(settings$external, "downloads", settings$year,
    sprintf("%s-%d.zip", settings$state, settings$year))
  counts <- tabulate_state(zip)
  inform("%s %d: %d offenses of %d agencies", settings$state, settings$year, sum(counts$offenses),
    data.table::uniqueN(counts$ori))
  write_stage_file(counts, file.path(settings$output, "tabulated", paste0(settings$state, ".csv")))
}

#' Weight: `weights/weights.csv` and `weights/strata.csv` for the nation and every state
#' @noRd
stage_weight <- function(settings) {
  require_settings(settings, c("external", "input", "output"))
  tabulated <- sub("[.]csv$", "", list.files(file.path(settings$input, "tabulated"), "^[A-Z]{2}[.]csv$"))
  if (length(tabulated) == 0L) {
    stop(file.path(settings$input, "tabulated"), " holds no state; run the stage tabulate_state first", call. = FALSE)
  }
  agencies <- read_universe(file.path(settings$external, "reference", sprintf("reference-%d.zip", settings$year)))
  agencies <- agencies[is_eligible(agencies), ]
  if (nrow(agencies) == 0L) {
    stop("no agency of the reference extract is eligible in ", settings$year,
      "; check agency_status, agency type and state in ref_agency", call. = FALSE)
  }
  data.table::set(agencies, NULL, "class", population_class(agencies$population_group_code))
  data.table::set(agencies, NULL, "respondent", is_respondent(agencies, tabulated))
  made <- lapply(c("US", sort(unique(agencies$state))), function(place) {
    inside <- lies_in(agencies$state, place)
    found <- expansion_weights(agencies[inside, ])
    inform("%s: %d of %d agencies respond", place, nrow(found$weights), sum(inside))
    lapply(found, function(table) cbind(geography = rep(place, nrow(table)), table))
  })
  folder <- file.path(settings$output, "weights")
  write_stage_file(data.table::rbindlist(lapply(made, `[[`, "weights")), file.path(folder, "weights.csv"))
  write_stage_file(data.table::rbindlist(lapply(made, `[[`, "strata")), file.path(folder, "strata.csv"))
  write_stage_file(agencies, file.path(folder, "agencies.csv"))
}

#' Estimate: `estimates/<group>.csv` for a group of geographies
#' @noRd
stage_estimate <- function(settings) {
  require_settings(settings, c("input", "output", "geography_group"))
  if (!settings$geography_group %in% c("nation", "states")) {
    stop_setting("GEOGRAPHY_GROUP", settings$geography_group, "nation or states")
  }
  weights <- read_weights(settings)
  tabulated <- read_tabulated(settings)
  agencies <- read_agencies(settings)
  mine <- if (settings$geography_group == "nation") "US" else sort(unique(agencies$state))
  made <- lapply(mine, function(place) {
    theirs <- weights$geography == place
    if (!any(theirs)) {
      inform("%s: no agency reported twelve months; it has no estimate", place)
      return(NULL)
    }
    respondents <- weights[theirs, ]
    totals <- estimate_totals(annual_counts(tabulated, respondents$ori), respondents)
    describe_totals(totals, settings$year, place, agencies[lies_in(agencies$state, place), ])
  })
  made <- Filter(Negate(is.null), made)
  if (length(made) == 0L) {
    stop("no agency reported all twelve months of ", settings$year, " in any of ", paste(mine, collapse = ", "),
      "; choose a year that is complete", call. = FALSE)
  }
  write_stage_file(data.table::rbindlist(made),
    file.path(settings$output, "estimates", paste0(settings$geography_group, ".csv")))
}

#' Report: `report/`, what is published of a year
#' @noRd
stage_report <- function(settings) {
  require_settings(settings, c("input", "output"))
  estimates <- data.table::rbindlist(lapply(c("nation", "states"), function(group) {
    read_stage_file(file.path(settings$input, "estimates", paste0(group, ".csv")), estimate_columns, "estimate")
  }))
  strata <- read_stage_file(file.path(settings$input, "weights", "strata.csv"), c(
    geography = "character", class = "integer", stratum = "integer", agencies = "integer", respondents = "integer",
    N = "integer", n = "integer"
  ), "weight")
  folder <- file.path(settings$output, "report")
  write_stage_file(estimates, file.path(folder, "estimates.csv"))
  write_stage_file(strata, file.path(folder, "strata.csv"))
  write_stage_file(read_weights(settings), file.path(folder, "weights.csv"))
  page <- report_page(settings$year, estimates, strata, read_agencies(settings))
  writeLines(enc2utf8(page), file.path(folder, "report.html"), useBytes = TRUE)
  inform("wrote %s", file.path(folder, "report.html"))
}

#' @noRd
read_weights <- function(settings) {
  read_stage_file(file.path(settings$input, "weights", "weights.csv"), c(
    geography = "character", ori = "character", stratum = "integer", N = "integer", n = "integer", weight = "numeric"
  ), "weight")
}

#' @noRd
read_agencies <- function(settings) {
  read_stage_file(file.path(settings$input, "weights", "agencies.csv"), c(
    ori = "character", state = "character", population = "numeric", class = "integer", respondent = "logical"
  ), "weight")
}

#' All states' tables, stacked in the order of their names
#' @noRd
read_tabulated <- function(settings) {
  folder <- file.path(settings$input, "tabulated")
  data.table::rbindlist(lapply(sort(list.files(folder, "^[A-Z]{2}[.]csv$")), function(name) {
    read_stage_file(file.path(folder, name), c(
      ori = "character", month = "integer", offense_code = "character", offenses = "integer"
    ), "tabulate_state")
  }))
}

#' Whether states lie in a geography: the nation holds all
#' @noRd
lies_in <- function(states, place) place == "US" | states == place

#' Totals with what the published table says beside them: rate, limits, coverage
#' @noRd
describe_totals <- function(totals, year, geography, agencies) {
  population <- sum(agencies$population)
  half <- stats::qnorm(0.975) * totals$standard_error
  per_100000 <- if (population > 0) 1e5 / population else NA_real_
  data.table::data.table(
    data_year = year, geography = geography, cell = totals$cell, label = cell_labels(totals$cell),
    estimate = totals$estimate, standard_error = totals$standard_error,
    lower_95 = pmax(0, totals$estimate - half), upper_95 = totals$estimate + half,
    rate_per_100000 = totals$estimate * per_100000, rate_standard_error = totals$standard_error * per_100000,
    agencies = nrow(agencies), respondents = sum(agencies$respondent), population = population,
    population_of_respondents = sum(agencies$population[agencies$respondent])
  )
}

#' @noRd
estimate_columns <- c(
  data_year = "integer", geography = "character", cell = "character", label = "character", estimate = "numeric",
  standard_error = "numeric", lower_95 = "numeric", upper_95 = "numeric", rate_per_100000 = "numeric",
  rate_standard_error = "numeric", agencies = "integer", respondents = "integer", population = "numeric",
  population_of_respondents = "numeric"
)

#' What a cell is called; an offense code that the package does not know is called by its code
#' @noRd
cell_labels <- function(cells) {
  totals <- package_table("offense_totals.csv")
  offenses <- package_table("offense_names.csv")
  names <- c(stats::setNames(totals$label, totals$total), stats::setNames(offenses$offense_name, offenses$offense_code))
  found <- unname(names[cells])
  ifelse(is.na(found), cells, found)
}
