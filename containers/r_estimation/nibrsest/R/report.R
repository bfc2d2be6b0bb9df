#' The report of a year: one page that needs nothing else
#'
#' @param year The data year.
#' @param estimates See the columns of `estimates.csv`.
#' @param strata Of all geographies, see [weights_of()].
#' @param agencies Eligible agencies with `state`, `population`, `respondent`.
#' @return The page, lines of HTML.
#' @noRd
report_page <- function(year, estimates, strata, agencies) {
  nation <- estimates[which(estimates$geography == "US" & estimates$agency_group == "all agencies"), ]
  codes <- nation[!nation$cell %in% package_table("offense_totals.csv")$total, ]
  codes <- codes[order(-codes$estimate, codes$cell), ]
  template <- readLines(system.file("report.html", package = "nibrsest", mustWork = TRUE), encoding = "UTF-8")
  parts <- c(
    year = year,
    tiles = paste(national_tiles(nation, agencies), collapse = "\n"),
    plot = interval_plot(utils::head(codes, 15L)),
    nation = html_table(nation_table(nation)),
    states = html_table(state_table(estimates, agencies)),
    strata = html_table(strata_table(strata[which(strata$geography == "US"), ])),
    universe = universe_note(agencies),
    imputed = imputed_note(agencies)
  )
  for (name in names(parts)) {
    template <- gsub(paste0("{{", name, "}}"), parts[[name]], template, fixed = TRUE)
  }
  template
}

#' @noRd
national_tiles <- function(nation, agencies) {
  tile <- function(figure, text) sprintf("<div class=\"tile\"><b>%s</b><span>%s</span></div>", figure, text)
  totals <- nation[nation$cell %in% c("violent", "property"), ]
  c(
    tile(percent(sum(agencies$respondent), nrow(agencies)), sprintf(
      "of agencies are respondents (%s of %s)", count(sum(agencies$respondent)), count(nrow(agencies))
    )),
    tile(percent(sum(agencies$population[agencies$respondent]), sum(agencies$population)), "of residents live there"),
    tile(count(totals$estimate), sprintf(
      "%s offenses, estimated; 95 %% interval %s to %s", tolower(totals$label), count(totals$lower_95),
      count(totals$upper_95)
    ))
  )
}

#' @noRd
nation_table <- function(nation) {
  data.frame(
    "Offense" = nation$label, "Code" = ifelse(nation$cell %in% c("violent", "property"), "", nation$cell),
    "Estimate" = count(nation$estimate), "Standard error" = count(nation$standard_error),
    "95 % interval" = paste(count(nation$lower_95), "to", count(nation$upper_95)),
    "Per 100,000" = decimal(nation$rate_per_100000), check.names = FALSE
  )
}

#' @noRd
state_table <- function(estimates, agencies) {
  # Names that are no columns: inside `[` a column hides a variable of the same name.
  rows <- lapply(sort(unique(agencies$state)), function(abbreviation) {
    here <- agencies$state == abbreviation
    mine <- agencies[here, ]
    text <- function(wanted) {
      row <- estimates[which(estimates$geography == abbreviation & estimates$cell == wanted), ]
      if (nrow(row) == 0L) "no respondent" else paste0(count(row$estimate), " (", count(row$standard_error), ")")
    }
    data.frame(
      "State" = abbreviation, "Agencies" = count(nrow(mine)), "Respondents" = count(sum(mine$respondent)),
      "Residents covered" = percent(sum(mine$population[mine$respondent]), sum(mine$population)),
      "Violent crime (SE)" = text("violent"), "Property crime (SE)" = text("property"), check.names = FALSE
    )
  })
  do.call(rbind, rows)
}

#' @noRd
strata_table <- function(strata) {
  data.frame(
    "Stratum" = strata$stratum, "Groups" = strata$joined, "Agencies" = count(strata$N), "Respondents" = count(strata$n),
    "Weights" = strata$method, "Calibrated to" = gsub("_", " ", gsub(" ", ", ", strata$covariates)), check.names = FALSE
  )
}

#' How many respondents needed months of others
#' @noRd
imputed_note <- function(agencies) {
  mine <- agencies[which(agencies$respondent), ]
  sprintf(paste(
    "Of %s respondents %s missed months, and %s had months with implausibly few crimes; these months were taken from",
    "similar agencies that reported all twelve."
  ), count(nrow(mine)), count(sum(mine$reported_months < 12L)), count(sum(mine$low_months > 0L)))
}

#' Says so if the universe is not the whole country
#' @noRd
universe_note <- function(agencies) {
  there <- length(unique(agencies$state))
  all <- length(states_of_the_union)
  if (there == all) {
    return("")
  }
  sprintf(paste(
    "<p class=\"warning\"><strong>Not the whole country.</strong> The database knows agencies of %d of %d states;",
    "\"nation\" on this page, and US in the tables, means these only.</p>"
  ), there, all)
}

#' Estimates as dots with their 95 % intervals, largest first, as SVG
#' @noRd
interval_plot <- function(rows) {
  left <- 290
  width <- 880
  line <- 24
  top <- 34
  height <- top + line * nrow(rows) + 12
  most <- max(rows$upper_95, rows$estimate, 1, na.rm = TRUE)
  ticks <- pretty(c(0, most), 5)
  x <- function(value) left + (width - left - 30) * value / max(ticks)
  y <- top + line * (seq_len(nrow(rows)) - 0.5)
  grid <- sprintf(
    paste0(
      "<line x1=\"%.1f\" x2=\"%.1f\" y1=\"%d\" y2=\"%d\" class=\"grid\"/>",
      "<text x=\"%.1f\" y=\"%d\" class=\"tick\">%s</text>"
    ),
    x(ticks), x(ticks), top, height - 10, x(ticks), top - 10, count(ticks)
  )
  has_interval <- !is.na(rows$standard_error)
  low <- ifelse(has_interval, rows$lower_95, rows$estimate)
  high <- ifelse(has_interval, rows$upper_95, rows$estimate)
  marks <- sprintf(
    paste0(
      "<text x=\"%d\" y=\"%.1f\" class=\"name\">%s</text>",
      "<line x1=\"%.1f\" x2=\"%.1f\" y1=\"%.1f\" y2=\"%.1f\" class=\"interval\"/>",
      "<circle cx=\"%.1f\" cy=\"%.1f\" r=\"5\"><title>%s: %s, 95 %% interval %s to %s</title></circle>"
    ),
    left - 12, y + 4, escape(shortened(rows$label)), x(low), x(high), y, y, x(rows$estimate), y,
    escape(rows$label), count(rows$estimate), count(rows$lower_95), count(rows$upper_95)
  )
  paste(c(
    sprintf("<svg viewBox=\"0 0 %d %d\" role=\"img\" aria-label=\"Estimated offenses with 95 %% intervals\">",
      width, height),
    grid, marks, "</svg>"
  ), collapse = "\n")
}

#' Labels that fit beside a plot
#' @noRd
shortened <- function(labels, most = 38L) {
  ifelse(nchar(labels) > most, paste0(substr(labels, 1L, most - 1L), "\u2026"), labels)
}

#' @noRd
html_table <- function(table) {
  if (is.null(table) || nrow(table) == 0L) {
    return("<p>Nothing to show.</p>")
  }
  head <- paste0("<th scope=\"col\">", escape(names(table)), "</th>", collapse = "")
  body <- apply(as.matrix(table), 1L, function(row) {
    paste0("<tr>", paste0("<td>", escape(row), "</td>", collapse = ""), "</tr>")
  })
  paste(c("<table>", "<thead><tr>", head, "</tr></thead><tbody>", body, "</tbody></table>"), collapse = "\n")
}

#' @noRd
escape <- function(text) {
  text <- gsub("&", "&amp;", text, fixed = TRUE)
  gsub("<", "&lt;", text, fixed = TRUE)
}

#' @noRd
count <- function(value) {
  ifelse(is.na(value), "n/a", trimws(formatC(round(value), format = "d", big.mark = ",")))
}

#' @noRd
decimal <- function(value) {
  ifelse(is.na(value), "n/a", trimws(formatC(value, format = "f", digits = 1L, big.mark = ",")))
}

#' @noRd
percent <- function(part, whole) {
  ifelse(whole > 0, sprintf("%.0f %%", 100 * part / whole), "n/a")
}
