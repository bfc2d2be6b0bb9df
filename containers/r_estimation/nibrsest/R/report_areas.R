#' The page of areas below states: what is published of each, how sure it is, and which agencies are silent
#'
#' @param year The data year.
#' @param found See [areas_found()].
#' @param agencies See [weigh_year()].
#' @param source Of each agency's Return A, in the order of the agencies: `srs_year`, `srs_months`, see
#'   [srs_covariates()].
#' @param notice See [simulated_notice()].
#' @param where Where the page lies, see [report_pages()].
#' @return The page, lines of HTML.
#' @noRd
areas_page <- function(year, found, agencies, source, notice, where) {
  template <- page_template("areas.html")
  kinds <- package_table("area_kinds.csv")
  kinds <- kinds[which(kinds$kind %in% found$areas$kind), ]
  silent <- silent_agencies(found$members, agencies, source, year)
  rates <- area_rates(found)
  filled_in(template, list(
    year = year, simulated = if (length(notice) > 0L) " (simulated)" else "", notices = warning_html(notice),
    report = if (where == "in_zip") "../report.html" else "report.html",
    links = sprintf("<a href=\"#%s\">%s</a>", c(kinds$links_to, "files"), c(kinds$heading, "Files")),
    summary = html_table(area_summary(found$areas, kinds)),
    areas = vapply(seq_len(nrow(kinds)), function(number) {
      kind_section(kinds[number, ], found$areas, rates, silent)
    }, ""),
    files = area_links(where, year)
  ))
}

#' How many areas of each kind have what
#' @noRd
area_summary <- function(areas, kinds) {
  numbers <- function(release) {
    count(vapply(kinds$kind, function(kind) sum(areas$kind == kind & areas$release == release), 1L))
  }
  data.frame("Areas" = kinds$heading, "With respondents" = count(as.vector(table(factor(areas$kind, kinds$kind)))),
    "Everything for release" = numbers("everything"), "Cell by cell" = numbers("cell by cell"),
    "Nothing" = numbers("nothing"), check.names = FALSE)
}

#' Numbers that the page shows of each area: those of the report, as counts and rates
#' @return A data.table, a row per area and cell.
#' @noRd
area_rates <- function(found) {
  cells <- package_table("report_cells.csv")$cell
  shown <- which(found$tables$cell %in% cells)
  rows <- found$tables[shown, ]
  place <- found$areas[match(rows$permutation, found$areas$permutation), ]
  per <- ifelse(place$population > 0 & place$basis != "counts", 1e5 / place$population, NA)
  half <- interval_factor(rows$degrees_of_freedom) * rows$standard_error
  data.table::data.table(
    permutation = rows$permutation, cell = rows$cell, order = match(rows$cell, cells),
    label = unname(report_cell_names()[rows$cell]), estimate = rows$estimate, lower = pmax(0, rows$estimate - half),
    upper = rows$estimate + half, rate = rows$estimate * per, rate_half = half * per,
    withheld = !found$flags$flag[shown] %in% 0L
  )
}

#' The silent agencies of each area, by residents
#'
#' @return A data.table, a row per area and silent agency: `geography`, `agency_name`, `residents` (those in the area),
#'   `share` (of the agency), `return_a` (what is known of its Return A, in words).
#' @noRd
silent_agencies <- function(members, agencies, source, year) {
  at <- match(members$ori, agencies$ori)
  rows <- which(!agencies$respondent[at])
  at <- at[rows]
  known <- data.table::fcase(
    source$srs_year[at] == year & source$srs_months[at] == 12L, "Return A complete",
    source$srs_year[at] == year, sprintf("%d months of Return A", source$srs_months[at]),
    !is.na(source$srs_year[at]), sprintf("Return A of %d", source$srs_year[at]),
    rep(TRUE, length(at)), "no Return A"
  )
  found <- data.table::data.table(geography = members$geography[rows], agency_name = agencies$agency_name[at],
    residents = agencies$population[at] * members$share[rows], share = members$share[rows],
    core_city = members$core_city[rows], return_a = known)
  found[order(found$geography, -found$residents, found$agency_name), ]
}

#' A heading and a line to open per area
#' @param group A line of `area_kinds.csv`.
#' @noRd
kind_section <- function(group, areas, rates, silent) {
  mine <- areas[which(areas$kind == group$kind), ]
  mine <- mine[order(mine$description), ]
  of_area <- split(seq_len(nrow(rates)), factor(rates$permutation, mine$permutation))
  silent_rows <- split(seq_len(nrow(silent)), factor(silent$geography, mine$geography))
  lines <- vapply(seq_len(nrow(mine)), function(number) {
    area_details(mine[number, ], rates[of_area[[number]], ], silent[silent_rows[[number]], ])
  }, "")
  paste(c(sprintf("<h2 id=\"%s\">%s</h2>", group$links_to, group$heading),
    "<div class=\"head\"><span>Area</span><span>Residents</span><span>Covered</span><span>Violent crime</span>",
    "<span>Property crime</span></div>", lines), collapse = "\n")
}

#' @noRd
area_details <- function(area, rates, silent) {
  rates <- rates[order(rates$order), ]
  mark <- c(everything = "&#9679;", "cell by cell" = "&#9680;", nothing = "&#9675;")[[area$release]]
  rate <- function(wanted, label) {
    row <- rates[which(rates$cell == wanted), ]
    text <- if (nrow(row) == 0L || is.na(row$rate)) "n/a" else if (is.na(row$rate_half)) decimal(row$rate) else
      sprintf("%s &plusmn; %s", decimal(row$rate), decimal(row$rate_half))
    hidden <- nrow(row) == 0L || row$withheld
    sprintf("<span data-label=\"%s\"%s>%s%s</span>", label, if (hidden) " class=\"withheld\"" else "", text,
      star(hidden))
  }
  figures <- data.frame(
    "Offense" = rates$label, "Estimate (95 %)" = paste0(with_interval(rates$estimate, rates$lower, rates$upper),
      star(rates$withheld)), "Per 100,000" = decimal(rates$rate), check.names = FALSE)
  paste(c(
    sprintf("<details id=\"%s\"><summary><span class=\"name\"><span class=\"mark\">%s</span><b>%s</b></span>",
      gsub("[^A-Za-z0-9]+", "-", area$geography), mark, escape(area$description)),
    sprintf("<span data-label=\"Residents\">%s</span><span data-label=\"Covered\">%s</span>", count(area$population),
      percent(area$coverage, 1)),
    rate("t_2a_1_1_17", "Violent"), rate("t_2b_1_1_14", "Property"), "</summary><div class=\"inside\">",
    sprintf("<p>%s. %s of %s agencies respond. For release: %s (%s).</p>", escape(area$geography),
      count(area$respondents), count(area$agencies), area$release, escape(area$release_reason)),
    "<div class=\"scroll\">", html_table(figures), "</div>", silent_list(silent), "</div></details>"
  ), collapse = "")
}

#' The largest silent agencies by name, the others by their number
#' @noRd
silent_list <- function(silent) {
  if (nrow(silent) == 0L) {
    return("<p>No agency is silent.</p>")
  }
  named <- seq_len(min(nrow(silent), constant("silent_agencies_named")))
  shown <- silent[named, ]
  part <- ifelse(shown$share < 1, sprintf(" here (%s of the agency)", percent(shown$share, 1)), "")
  lines <- sprintf("<li>%s%s: %s residents%s; %s</li>", escape(shown$agency_name),
    ifelse(shown$core_city, " (principal city)", ""), count(shown$residents), part, shown$return_a)
  rest <- silent[-named, ]
  c("<p>Silent agencies:</p><ul>", lines,
    if (nrow(rest) > 0L) sprintf("<li>and %s with %s residents together</li>",
      if (nrow(rest) == 1L) "one other" else paste(count(nrow(rest)), "others"), count(sum(rest$residents))), "</ul>")
}

#' @noRd
area_links <- function(where, year) {
  files <- c(areas.csv = "every area with its agencies, residents and coverage, and what of it is for release",
    offenses.csv = "estimates by offense code", tables.csv = "every cell of the tables that is not 0",
    rates.csv = "rates of these, over residents, residents of a group of persons, or officers",
    agencies.csv = "which agencies belong to which area, by which share", weights.csv = "the respondents' weights",
    residents.csv = "residents by age, sex, race and ethnicity")
  if (where == "in_zip") {
    return(sprintf("<li><a href=\"%s\">%s</a>: %s</li>", names(files), names(files), files))
  }
  zip <- sprintf("nibrs-estimates-%d.zip", year)
  c(sprintf("<li><a href=\"%s\">%s</a>, folder <code>areas</code>, has:</li>", zip, zip),
    sprintf("<li><code>%s</code>: %s</li>", names(files), files))
}
