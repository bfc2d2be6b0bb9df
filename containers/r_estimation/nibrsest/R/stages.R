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

#' Weight: who responds, whose months are filled in, and the weights of all geographies
#' @noRd
stage_weight <- function(settings) {
  require_settings(settings, c("external", "input", "output"))
  states <- sub("[.]csv$", "", list.files(file.path(settings$input, "tabulated"), "^[A-Z]{2}[.]csv$"))
  if (length(states) == 0L) {
    stop(file.path(settings$input, "tabulated"), " holds no state; run the stage tabulate_state first", call. = FALSE)
  }
  reference <- read_reference(file.path(settings$external, "reference", sprintf("reference-%d.zip", settings$year)))
  tabulated <- read_tabulated(settings)
  strangers <- setdiff(tabulated$ori, reference$agencies$ori)
  if (length(strangers) > 0L) {
    inform("%d agencies of the zips are not in the reference extract and are left out, such as %s",
      length(strangers), strangers[[1]])
  }
  made <- weigh_year(reference, tabulated, states, settings$year)
  folder <- file.path(settings$output, "weights")
  for (name in names(made)) {
    write_stage_file(made[[name]], file.path(folder, paste0(name, ".csv")))
  }
  national <- made$weights[which(made$weights$geography == "US"), ]
  if (nrow(national) > 0L) {
    covariates <- as.matrix(made$covariates[, covariate_names, with = FALSE])
    write_stage_file(table_a(national, made$agencies, covariates), file.path(folder, "table_a.csv"))
  }
}

#' @noRd
covariate_names <- c("total", "violent", "property", "murder", "rape", "aggravated_assault", "burglary", "robbery",
  "larceny", "vehicle_theft")

#' Which geographies each value of GEOGRAPHY_GROUP stands for
#' @noRd
geography_groups <- c("nation", "regions", "states")

#' Estimate: `estimates/<group>.csv` for a group of geographies
#' @noRd
stage_estimate <- function(settings) {
  require_settings(settings, c("input", "output", "geography_group"))
  if (!settings$geography_group %in% geography_groups) {
    stop_setting("GEOGRAPHY_GROUP", settings$geography_group, paste(geography_groups, collapse = ", "))
  }
  agencies <- read_agencies(settings)
  weights <- read_weights(settings)
  strata <- read_strata(settings)
  covariates <- as.matrix(read_weight_file(settings, "covariates.csv",
    stats::setNames(rep("numeric", length(covariate_names)), covariate_names)))
  used <- with_donated_months(
    read_tabulated(settings), read_weight_file(settings, "months.csv", c(ori = "character", month = "integer")),
    read_weight_file(settings, "donors.csv",
      c(ori = "character", donor = "character", stats::setNames(rep("integer", 12L), tolower(month.abb))))
  )
  places <- geographies(agencies)
  scheme <- vapply(places, `[[`, "", "scheme")
  mine <- names(places)[match(scheme, c("national", "region", "state", "expansion")) %in%
    list(nation = 1L, regions = 2L, states = 3:4)[[settings$geography_group]]]
  made <- lapply(mine, function(name) {
    theirs <- weights[which(weights$geography == name), ]
    if (nrow(theirs) == 0L) {
      inform("%s: no agency responds; it has no estimate", name)
      return(NULL)
    }
    estimate_place(name, places[[name]], theirs, strata[which(strata$geography == name), ], agencies, covariates, used,
      settings$year)
  })
  made <- Filter(Negate(is.null), made)
  if (length(made) == 0L) {
    stop("no agency reported three usable months of ", settings$year, " in any of ", paste(mine, collapse = ", "),
      "; choose a year in which some did", call. = FALSE)
  }
  write_stage_file(data.table::rbindlist(made),
    file.path(settings$output, "estimates", paste0(settings$geography_group, ".csv")))
}

#' @noRd
estimate_place <- function(name, place, weights, strata, agencies, covariates, used, year) {
  at <- match(weights$ori, agencies$ori)
  inside <- which(place$inside)
  groups <- list("all agencies" = rep(TRUE, nrow(agencies)))
  if (place$scheme %in% c("national", "region")) {
    groups <- c(groups, agency_groups(agencies))
  }
  counts <- annual_counts(used, weights$ori)
  found <- estimate_geography(counts, weights, strata, covariates[at, , drop = FALSE], lapply(groups, `[`, at))
  describe_estimates(found, year, name, agencies[inside, ], lapply(groups, `[`, inside))
}

#' Report: `report/`, what is published of a year
#' @noRd
stage_report <- function(settings) {
  require_settings(settings, c("input", "output"))
  estimates <- data.table::rbindlist(lapply(geography_groups, function(group) {
    path <- file.path(settings$input, "estimates", paste0(group, ".csv"))
    # A nation without regions (an unknown division) has no file of them.
    if (group == "regions" && !file.exists(path)) NULL else read_stage_file(path, estimate_columns, "estimate")
  }))
  strata <- read_strata(settings)
  agencies <- read_agencies(settings)
  folder <- file.path(settings$output, "report")
  write_stage_file(estimates, file.path(folder, "estimates.csv"))
  write_stage_file(strata, file.path(folder, "strata.csv"))
  write_stage_file(read_weights(settings), file.path(folder, "weights.csv"))
  for (name in c("agencies.csv", "donors.csv", "missing_months.csv", "covariates.csv", "attempts.csv", "table_a.csv")) {
    file.copy(file.path(settings$input, "weights", name), file.path(folder, name), overwrite = TRUE)
  }
  page <- report_page(settings$year, estimates, strata, agencies)
  writeLines(enc2utf8(page), file.path(folder, "report.html"), useBytes = TRUE)
  inform("wrote %s", file.path(folder, "report.html"))
}

#' @noRd
read_weight_file <- function(settings, name, columns) {
  read_stage_file(file.path(settings$input, "weights", name), columns, "weight")
}

#' @noRd
read_weights <- function(settings) {
  read_weight_file(settings, "weights.csv", c(
    geography = "character", ori = "character", stratum = "character", N = "integer", n = "integer", weight = "numeric"
  ))
}

#' @noRd
read_strata <- function(settings) {
  found <- read_weight_file(settings, "strata.csv", c(
    geography = "character", stratum = "character", N = "integer", n = "integer", method = "character",
    covariates = "character", joined = "character"
  ))
  data.table::set(found, which(is.na(found$covariates)), "covariates", "")
  found
}

#' @noRd
read_agencies <- function(settings) {
  read_weight_file(settings, "agencies.csv", c(
    ori = "character", agency_name = "character", state = "character", region = "character", agency_type = "character",
    population = "numeric", population_group_code = "character", class = "integer", reported_months = "integer",
    usable_months = "integer", low_months = "integer", high_months = "integer", respondent = "logical"
  ))
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

#' @noRd
estimate_columns <- c(
  data_year = "integer", geography = "character", agency_group = "character", cell = "character", label = "character",
  estimate = "numeric", standard_error = "numeric", lower_95 = "numeric", upper_95 = "numeric",
  relative_standard_error = "numeric", rate_per_100000 = "numeric", rate_standard_error = "numeric",
  bias_method = "character", suppression_flag = "integer", unweighted = "numeric", agency_counts = "integer",
  agencies = "integer", respondents = "integer", population = "numeric", population_of_respondents = "numeric",
  population_coverage = "numeric"
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
