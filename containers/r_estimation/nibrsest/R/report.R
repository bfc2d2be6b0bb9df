#' The report of a year: one page that needs nothing else
#'
#' @param year The data year.
#' @param found A list of data.tables: `tables` (see [estimate_tables()], with `permutation`), `flags` (see
#'   [release_flags()], of the same rows), `places`, `weights`, `strata`, `attempts`, `table_a` (of the nation, or
#'   NULL), `agencies`, `universe` (see [universe_status()]), `donors`, `previous` (the nation's estimates of the year
#'   before, or NULL, see [read_previous()]).
#' @return The page, lines of HTML.
#' @noRd
report_page <- function(year, found) {
  definitions <- table_definitions()
  cells <- table_cells(definitions)
  found$names <- stats::setNames(cell_names(cells, definitions)$indicator, cells$cell)
  template <- readLines(system.file("report.html", package = "nibrsest", mustWork = TRUE), encoding = "UTF-8")
  agencies <- found$agencies
  nation <- headline_rows(found, 1L)
  us <- found$universe[which(found$universe$geography == "US"), ]
  states <- state_summary(found)
  weights <- found$weights[which(found$weights$geography == "US"), ]
  months <- months_by_state(agencies, found$donors)
  parts <- list(
    year = year, tiles = national_tiles(nation, agencies, us), universe = universe_note(found$universe),
    plot = interval_plot(nation, "National estimates with 95 % intervals"),
    map = state_grid(states, "Share of residents covered and release status by state"),
    changes = changes_section(nation, found$previous, year),
    rates = state_rates_plot(state_rates(found), "Violent and property crime per 100,000 residents by state"),
    states = html_table(state_table(states)), calibration = calibration_note(found),
    deviations = if (is.null(found$table_a)) "<p>The nation is not estimated.</p>" else deviation_plot(found$table_a,
      "Weighted Return A against the universe's"),
    weights = if (nrow(weights) == 0L) "<p>No respondent.</p>" else weights_plot(weights,
      "Weights by national stratum"),
    strata = html_table(strata_table(found$strata[which(found$strata$geography == "US"), ], weights)),
    filled = months_plot(months, "Months filled or replaced by state"), months = html_table(months_table(months)),
    imputed = imputed_note(agencies, found$donors)
  )
  for (name in names(parts)) {
    template <- gsub(paste0("{{", name, "}}"), paste(parts[[name]], collapse = "\n"), template, fixed = TRUE)
  }
  template
}

#' The cells that the report shows, of one permutation
#' @noRd
headline_rows <- function(found, permutation) {
  wanted <- package_table("report_cells.csv")$cell
  mine <- which(found$tables$permutation == permutation)
  mine <- mine[match(wanted, found$tables$cell[mine])]
  rows <- found$tables[mine, ]
  at <- which(found$places$permutation == permutation)
  place <- found$places[at, ]
  half <- stats::qnorm(0.975) * rows$standard_error
  rate <- if (nrow(place) == 1L && place$population > 0) 1e5 / place$population else NA_real_
  data.table::data.table(
    cell = wanted, label = found$names[wanted], estimate = rows$estimate, standard_error = rows$standard_error,
    lower = pmax(0, rows$estimate - half), upper = rows$estimate + half, flag = found$flags$flag[mine],
    rate = rows$estimate * rate, rate_half = half * rate,
    note = sprintf("%s%s (%s per 100,000)", count(rows$estimate), ifelse(is.na(half), " counted", paste(" \u00b1",
      count(half))), decimal(rows$estimate * rate))
  )
}

#' @noRd
national_tiles <- function(nation, agencies, us) {
  tile <- function(figure, text) sprintf("<div class=\"tile\"><b>%s</b><span>%s</span></div>", figure, text)
  totals <- nation[nation$cell %in% c("t_2a_1_1_17", "t_2b_1_1_14"), ]
  c(
    tile(percent(sum(agencies$respondent), nrow(agencies)), sprintf(
      "of agencies are respondents (%s of %s)", count(sum(agencies$respondent)), count(nrow(agencies))
    )),
    tile(
      percent(sum(agencies$population[agencies$respondent]), max(us$agency_residents, us$residents, na.rm = TRUE)),
      if (us$basis == "counts") "of the nation's residents live there" else "of residents live there"
    ),
    tile(count(totals$estimate), ifelse(is.na(totals$lower),
      sprintf("%s in these agencies; no estimate of the nation", tolower(totals$label)),
      sprintf("%s, estimated; 95 %% interval %s to %s", tolower(totals$label), count(totals$lower), count(totals$upper))
    ))
  )
}

#' What is known of each state: coverage, release, main estimates
#' @noRd
state_summary <- function(found) {
  known <- permutations()
  rows <- lapply(known$permutation[known$kind == "state"], function(number) {
    at <- which(found$places$permutation == number)
    place <- found$places[at, ]
    if (nrow(place) == 0L) {
      return(NULL)
    }
    mine <- headline_rows(found, number)
    key <- mine[mine$cell %in% c("t_2a_1_1_17", "t_2b_1_1_14"), ]
    data.table::data.table(
      state = place$geography, agencies = place$agencies, respondents = place$respondents, coverage = place$coverage,
      status = if (all(key$flag %in% 0L)) "released" else if (any(key$flag %in% 0L)) "in part" else "withheld",
      violent = text_of(key[1, ]), property = text_of(key[2, ])
    )
  })
  data.table::rbindlist(rows)
}

#' @noRd
text_of <- function(row) {
  star <- if (row$flag %in% 0L) "" else "*"
  limits <- if (is.na(row$lower)) "no limits" else paste(count(row$lower), "to", count(row$upper))
  sprintf("%s%s (%s)", count(row$estimate), star, limits)
}

#' @noRd
state_rates <- function(found) {
  known <- permutations()
  there <- intersect(known$permutation[known$kind == "state"], found$places$permutation)
  data.table::rbindlist(lapply(there, function(number) {
    mine <- headline_rows(found, number)
    mine <- mine[mine$cell %in% c("t_2a_1_1_17", "t_2b_1_1_14"), ]
    data.table::data.table(
      state = known$geography[[number]], crime = paste(mine$label, "per 100,000 residents"), rate = mine$rate,
      lower = pmax(0, mine$rate - mine$rate_half), upper = mine$rate + mine$rate_half, flag = mine$flag
    )
  }))
}

#' @noRd
state_table <- function(states) {
  data.frame(
    "State" = states$state, "Agencies" = count(states$agencies), "Respondents" = count(states$respondents),
    "Residents covered" = sprintf("%.0f %%", 100 * states$coverage), "Violent crime (95 %)" = states$violent,
    "Property crime (95 %)" = states$property, check.names = FALSE
  )
}

#' @noRd
strata_table <- function(strata, weights) {
  of <- function(stratum, what) {
    vapply(stratum, function(name) what(weights$weight[weights$stratum == name]), numeric(1))
  }
  data.frame(
    "Stratum" = strata$stratum, "Groups" = strata$joined, "Agencies" = count(strata$N), "Respondents" = count(strata$n),
    "Weights" = strata$method, "Below 1" = count(of(strata$stratum, function(w) sum(w < 1 - 1e-9))),
    "Above 20" = count(of(strata$stratum, function(w) sum(w > 20))),
    "1 + CV\u00b2" = sprintf("%.2f", of(strata$stratum, function(w) 1 + stats::var(w) / mean(w)^2)),
    "Calibrated to" = gsub("_", " ", gsub(" ", ", ", strata$covariates)), check.names = FALSE
  )
}

#' How many calibrations were tried, and how they ended
#' @noRd
calibration_note <- function(found) {
  methods <- table(found$strata$method)
  sprintf("%s strata in all geographies: %s. %s attempts at calibrating, of which %s converged.",
    count(nrow(found$strata)), paste(sprintf("%s %s", count(as.vector(methods)), names(methods)), collapse = ", "),
    count(nrow(found$attempts)), count(sum(found$attempts$converged)))
}

#' Says so if numbers are no estimates
#' @noRd
universe_note <- function(universe) {
  sentences <- universe_sentences(universe)
  if (length(sentences) == 0L) {
    return("")
  }
  c("<div class=\"warning\"><p><strong>Not all numbers are estimates.</strong> Those that are not have no error and",
    "are not for release.</p>", sprintf("<p>%s</p>", escape(sentences)), "</div>")
}
