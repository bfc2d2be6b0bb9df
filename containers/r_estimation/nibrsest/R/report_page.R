#' The report of a year: one page that needs nothing else
#'
#' @param year The data year.
#' @param found A list of data.tables: `tables` (see [estimate_tables()], with `permutation`), `flags` (see
#'   [release_flags()], of the same rows), `places`, `weights`, `strata`, `attempts`, `table_a` (of all
#'   geographies, see [table_a()]), `estimators` (see [estimators_of()]), `agencies`, `universe` (see
#'   [universe_status()]), `donors`, `changes` (see [changes_of_years()], or NULL), `precision`
#'   (see [publish_precision()]); and `optional`, see [optional_parts()].
#' @param where Where each page lies, in the zip (`"in_zip"`) or beside it (`"beside_zip"`): its links lead to what lies
#'   there.
#' @return The pages, lines of HTML each, in the order of `where`.
#' @noRd
report_pages <- function(year, found, where) {
  found$names <- report_cell_names()
  template <- page_template("report.html")
  agencies <- found$agencies
  nation <- headline_rows(found, 1L)
  us <- found$universe[which(found$universe$geography == "US"), ]
  states <- state_summary(found)
  weights <- found$weights[which(found$weights$geography == "US"), ]
  national_a <- found$table_a[which(found$table_a$geography == "US"), ]
  months <- months_by_state(agencies, found$donors)
  parts <- list(
    year = year, simulated = if (is_simulated(found$universe)) " (simulated)" else "",
    notices = warning_html(simulated_notice(found$universe, year)), tiles = national_tiles(nation, agencies, us),
    universe = universe_note(found$universe, agencies),
    glossary = glossary_html(),
    use = paste0("<p>", escape(use_and_citation(year, is_simulated(found$universe))), "</p>"),
    plot = interval_plot(nation, "95 % intervals of the nation's estimates, in per cent of the estimate"),
    map = state_grid(states, "Share of residents covered and release status by state"),
    nation_note = nation_note(us$basis), changes = changes_section(nation, found$changes, year),
    precision = precision_section(found$precision$rows, found$precision$tables, found$precision$fits),
    rates = state_rates_plot(state_rates(found), "Violent and property crime per 100,000 residents by state"),
    states = html_table(state_table(states)), calibration = calibration_note(found),
    deviations = if (nrow(national_a) == 0L) "<p>The nation is not estimated.</p>" else deviation_plot(national_a,
      "Weighted Return A against the universe's"), all_deviations = html_table(deviations_table(found$table_a)),
    weights = if (nrow(weights) == 0L) "<p>No respondent.</p>" else weights_plot(weights,
      "Weights by national stratum"),
    strata = html_table(strata_table(found$strata[which(found$strata$geography == "US"), ], weights)),
    filled = months_plot(months, "Months filled or replaced by state"), months = html_table(months_table(months)),
    imputed = imputed_note(agencies, found$donors), estimator = estimator_note(found$estimators),
    bias = bias_note(found$bias_method)
  )
  lapply(where, function(place) {
    filled_in(template, c(parts, list(files = links_html(year, place, found$optional))))
  })
}

#' What the cells are called that the report shows: `report_cells.csv`
#' @return Names, named by cell.
#' @noRd
report_cell_names <- function() {
  definitions <- table_definitions()
  cells <- table_cells(definitions)
  shown <- cells[match(package_table("report_cells.csv")$cell, cells$cell), ]
  stats::setNames(cell_names(shown, definitions)$indicator, shown$cell)
}

#' What the report says of the bias
#' @noRd
bias_note <- function(bias_method) {
  if (bias_method == "none") {
    return(paste("The bias of the method is not sought (bias_method = none). If agencies that report differ from those",
      "that do not in more than their Return A, the estimates are biased, and the intervals do not show it."))
  }
  paste0("The bias of the method is found by a copula (bias_method = ", bias_method, ") and is part of intervals and ",
    "release: what silent agencies had is drawn from respondents alike. Where the truth is known, what it finds is ",
    "mostly not the bias that there is.")
}

#' How to read the nation's figures
#'
#' @param basis What they are, see [universe_status()].
#' @return HTML.
#' @noRd
nation_note <- function(basis) {
  counted <- paste("Crimes against persons count victims, robberies and crimes against property count offenses, motor",
    "vehicle theft counts vehicles.")
  release <- "not <a href=\"#for-release\">for release</a>."
  if (basis == "estimate") {
    paste("Strips show how certain an estimate is: its 95 % interval (estimate &plusmn; 1.96 standard errors) in per",
      "cent of the estimate. Beside it the estimated number, its interval, and its rate per 100,000 residents.",
      counted, "Hollow dots, grey figures and *:", release, "Arrows: the interval goes beyond the edge.")
  } else {
    what <- if (basis == "counts") "their missing months filled, nothing added for others." else
      "raised by residents, and without errors."
    paste("Numbers of the <a href=\"#respondent\">respondents</a>,", what, counted, "Grey figures and *:", release)
  }
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
  half <- interval_factor(rows$degrees_of_freedom) * rows$rmse
  # What some agencies counted is no rate of all residents.
  known <- permutations()
  geography <- known$geography[match(permutation, known$permutation)]
  basis <- found$universe$basis[match(geography, found$universe$geography)]
  has_rate <- nrow(place) == 1L && place$population > 0 && !basis %in% "counts"
  rate <- if (has_rate) 1e5 / place$population else NA_real_
  data.table::data.table(
    cell = wanted, label = found$names[wanted], estimate = rows$estimate, standard_error = rows$standard_error,
    lower = pmax(0, rows$estimate - half), upper = rows$estimate + half, flag = found$flags$flag[mine],
    rate = rows$estimate * rate, rate_half = half * rate,
    months_share = ifelse(rows$standard_error > 0, (rows$months_error / rows$standard_error)^2, NA)
  )
}

#' @noRd
national_tiles <- function(nation, agencies, us) {
  tile <- function(figure, text) sprintf("<div class=\"tile\"><b>%s</b><span>%s</span></div>", figure, text)
  totals <- nation[nation$cell %in% c("t_2a_1_1_17", "t_2b_1_1_14"), ]
  released <- totals$flag %in% 0L
  c(
    tile(percent(sum(agencies$respondent), nrow(agencies)), sprintf(
      "of agencies are <a href=\"#respondent\">respondents</a> (%s of %s)", count(sum(agencies$respondent)),
      count(nrow(agencies))
    )),
    tile(
      percent(sum(agencies$population[agencies$respondent]), max(us$agency_residents, us$residents, na.rm = TRUE)),
      if (us$basis == "counts") "of the nation's residents live there" else "of residents live there"
    ),
    # A figure that may not be quoted is no headline.
    tile(ifelse(released, count(totals$estimate), if (us$basis == "counts") "No estimate" else "Not for release"),
      ifelse(released,
        sprintf("%s, estimated; 95 %% interval %s to %s", tolower(totals$label), count(totals$lower),
          count(totals$upper)),
        sprintf("%s: %s", tolower(totals$label), unreleased_words(us$basis))))
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
      violent = text_of(key[1, ]), property = text_of(key[2, ]), violent_months = key$months_share[[1]],
      property_months = key$months_share[[2]]
    )
  })
  data.table::rbindlist(rows)
}

#' @noRd
text_of <- function(row) {
  paste0(with_interval(row$estimate, row$lower, row$upper), star(!row$flag %in% 0L))
}

#' @noRd
whole_percent <- function(share) ifelse(is.na(share), "n/a", sprintf("%.0f %%", 100 * share))

#' @noRd
state_rates <- function(found) {
  known <- permutations()
  there <- intersect(known$permutation[known$kind == "state"], found$places$permutation)
  data.table::rbindlist(lapply(there, function(number) {
    mine <- headline_rows(found, number)
    mine <- mine[mine$cell %in% c("t_2a_1_1_17", "t_2b_1_1_14"), ]
    data.table::data.table(
      state = known$geography[[match(number, known$permutation)]],
      crime = paste(mine$label, "per 100,000"), rate = mine$rate,
      lower = pmax(0, mine$rate - mine$rate_half), upper = mine$rate + mine$rate_half, flag = mine$flag
    )
  }))
}

#' @noRd
state_table <- function(states) {
  data.frame(
    "State" = states$state, "Agencies" = count(states$agencies), "Respondents" = count(states$respondents),
    "Residents covered" = sprintf("%.0f %%", 100 * states$coverage), "Violent crime (95 %)" = states$violent,
    "Property crime (95 %)" = states$property, "Of their error by months" = paste(whole_percent(states$violent_months),
      whole_percent(states$property_months), sep = "; "), check.names = FALSE
  )
}

#' @noRd
strata_table <- function(strata, weights) {
  of <- function(stratum, what) {
    vapply(stratum, function(name) what(weights$weight[weights$stratum == name]), numeric(1))
  }
  shown <- data.frame(
    "Stratum" = strata$stratum, "Groups" = strata$joined, "Agencies" = count(strata$N), "Respondents" = count(strata$n),
    "Weights" = strata$method, "Below 1" = count(of(strata$stratum, function(w) sum(w < 1 - 1e-9))),
    "Above 20" = count(of(strata$stratum, function(w) sum(w > 20))),
    spread = sprintf("%.2f", of(strata$stratum, function(w) 1 + stats::var(w) / mean(w)^2)),
    "Calibrated to" = readable_terms(strata$covariates), check.names = FALSE
  )
  with_headings(shown, c(spread = "1 + CV\u00b2"))
}

#' Names of covariates as words; factors of combined ones with three digits
#' @noRd
readable_terms <- function(covariates) {
  vapply(strsplit(covariates, " ", fixed = TRUE), function(terms) {
    combined <- grepl("+", terms, fixed = TRUE)
    factor <- signif(as.numeric(sub(".*[+](.*)[*].*", "\\1", terms[combined])), 3L)
    terms[combined] <- paste0(sub("[+].*", "", terms[combined]), " + ", factor, " times ", sub(".*[*]", "",
      terms[combined]))
    gsub("_", " ", paste(terms, collapse = ", "))
  }, "")
}

#' How many calibrations were tried, and how they ended
#' @noRd
calibration_note <- function(found) {
  methods <- table(found$strata$method)
  strata <- sprintf("%s strata in all geographies: %s.", count(nrow(found$strata)),
    paste(sprintf("%s %s", count(as.vector(methods)), names(methods)), collapse = ", "))
  if (nrow(found$attempts) == 0L) {
    return(paste(strata, "None was calibrated."))
  }
  sprintf(paste("%s %s attempts at calibrating, of which %s converged. Weights are calibrated (bounded logit) so that",
    "the respondents' crimes by <a href=\"#return-a\">Return A</a>, weighted, are those of all agencies, within groups",
    "of population and type; groups that could not be calibrated were joined with others."), strata,
  count(nrow(found$attempts)), count(sum(found$attempts$converged)))
}

#' Says so if numbers are no estimates
#' @noRd
universe_note <- function(universe, agencies) {
  missing <- missing_sentences(universe, agencies)
  more <- if (length(missing) > 0L) sprintf("<p class=\"warning\">%s</p>", escape(missing))
  sentences <- universe_sentences(universe)
  if (length(sentences) == 0L) {
    return(c(more, ""))
  }
  c("<div class=\"warning\"><p><strong>Not all numbers are estimates.</strong> Those that are not have no error and",
    "are not for release.</p>", sprintf("<p>%s</p>", escape(sentences)), "</div>", more)
}

#' @noRd
warning_html <- function(notices) {
  if (length(notices) == 0L) "" else paste0("<p class=\"warning\"><strong>", escape(notices), "</strong></p>")
}

#' What lies beside the page, with links
#'
#' @param optional See [optional_parts()]: some links lead to these.
#' @noRd
links_html <- function(year, where, optional) {
  known <- package_table("report_links.csv")
  here <- which(known$where == where & (is.na(known$only_with) | known$only_with %in% optional))
  files <- lapply(known[here, ], function(texts) gsub("{{year}}", year, texts, fixed = TRUE))
  paste0("<li><a href=\"", files$link, "\">", escape(files$text), "</a>: ", escape(files$meaning), "</li>")
}

#' @noRd
glossary_html <- function() {
  words <- package_table("glossary.csv")
  id <- gsub("[^a-z0-9]+", "-", tolower(words$term))
  paste0("<dt id=\"", id, "\">", escape(capitalised(words$term)), "</dt><dd>", escape(words$meaning), "</dd>")
}
