#' How certain estimates are: 95 % intervals in per cent of the estimate, with the figures beside them
#'
#' On a scale of offenses the interval of a frequent offense would be thinner than its dot.
#'
#' @param rows See [headline_rows()].
#' @param title What a screen reader says.
#' @return HTML.
#' @noRd
interval_plot <- function(rows, title) {
  rows <- rows[which(rows$estimate > 0), ]
  if (nrow(rows) == 0L) {
    return("<p>Nothing was reported.</p>")
  }
  withheld <- rows$flag %in% 1L
  rate <- ifelse(is.na(rows$rate), "", paste0("; rate&nbsp;", decimal(rows$rate)))
  note <- sprintf("<b>%s</b>%s%s", with_interval(rows$estimate, rows$lower, rows$upper), star(withheld), rate)
  if (all(is.na(rows$lower))) {
    # Counts have no interval, and a dot without one would look certain.
    return(strip_chart(title, rows$label, list(), note, withheld))
  }
  lower <- 100 * (rows$lower / rows$estimate - 1)
  upper <- 100 * (rows$upper / rows$estimate - 1)
  # The scale is that of what may be quoted; wider intervals than 100 % say no more than that.
  decisive <- if (all(withheld)) upper else upper[!withheld]
  ticks <- pretty(c(-1, 1) * min(100, max(decisive, 5, na.rm = TRUE)), 4L)
  ends <- range(ticks)
  strip_chart(title, rows$label, list(list(
    ticks = ticks_at(ticks, ends, signed_percent), marks = interval_marks(rep(0, nrow(rows)), lower, upper, ends)
  )), note, withheld)
}

#' @noRd
signed_percent <- function(values) ifelse(values == 0, "0 %", sprintf("%+g %%", values))

#' Two rates of every state side by side, with intervals
#'
#' @param rows A data.table: `state`, `crime` (two values), `rate`, `lower`, `upper`, `flag`.
#' @noRd
state_rates_plot <- function(rows, title) {
  rows <- rows[!is.na(rows$rate), ]
  if (nrow(rows) == 0L) {
    return("<p>There are no rates: what a part of a state's agencies counted says nothing of all its residents.</p>")
  }
  states <- unique(rows$state)
  states <- states[order(state_names(states))]
  crimes <- unique(rows$crime)
  panels <- lapply(seq_along(crimes), function(panel) {
    mine <- rows[which(rows$crime == crimes[[panel]]), ]
    mine <- mine[match(states, mine$state), ]
    # Intervals as wide as the plot say no more than that: the scale is that of the estimates.
    ticks <- pretty(c(0, max(1.25 * mine$rate, 1, na.rm = TRUE)), 3L)
    ends <- range(ticks)
    marks <- interval_marks(mine$rate, mine$lower, mine$upper, ends)
    list(head = crimes[[panel]], ticks = ticks_at(ticks, ends, count),
      marks = ifelse(is.na(mine$rate), "", ifelse(mine$flag %in% 1L, paste0("<g class=\"withheld\">", marks, "</g>"),
        marks)))
  })
  paste(
    "<p class=\"note\">Rates with 95 % intervals, from each state's own respondents; they do not add up to the",
    "nation's. Hollow dots are not for release. Arrows: the interval goes beyond the edge.</p>",
    strip_chart(title, state_names(states), panels), sep = "\n"
  )
}

#' The states as a grid of squares, darker the more residents are covered
#'
#' @param states A data.table: `state`, `coverage` (0 to 1), `status` (`released`, `in part`, `withheld`, `none`).
#' @noRd
state_grid <- function(states, title) {
  grid <- package_table("state_grid.csv")
  at <- match(grid$state, states$state)
  coverage <- states$coverage[at]
  status <- ifelse(is.na(at), "none", states$status[at])
  shade <- ifelse(is.na(coverage), 0L, findInterval(coverage, c(0.3, 0.6, 0.8)) + 1L)
  marks <- c(released = "\u25cf", "in part" = "\u25d0", withheld = "\u25cb", none = "")
  text <- ifelse(is.na(coverage), "\u2013", sprintf("%.0f %%", 100 * coverage))
  squares <- sprintf(paste0("<div class=\"state shade-%d\" style=\"grid-area:%d/%d\" title=\"%s: %s of residents ",
    "covered, %s\"><b>%s</b><i>%s</i><span>%s</span></div>"), shade, as.integer(grid$row) + 1L,
    as.integer(grid$column) + 1L, state_names(grid$state), text, status, grid$state, marks[status], text)
  paste(c(sprintf("<div class=\"grid-map\" role=\"img\" aria-label=\"%s\">", escape(title)), squares, "</div>"),
    collapse = "\n")
}

#' The weights of strata: range, middle half and median, on a logarithmic scale
#'
#' @param weights A data.table: `stratum`, `weight`.
#' @noRd
weights_plot <- function(weights, title) {
  names <- unique(weights$stratum)
  names <- names[order(suppressWarnings(as.numeric(sub(" .*", "", names))), names)]
  five <- t(vapply(names, function(name) {
    stats::quantile(weights$weight[weights$stratum == name], c(0, 0.25, 0.5, 0.75, 1))
  }, numeric(5)))
  shown <- log(pmax(five, 0.1))
  ticks <- c(0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 50, 100, 200, 500, 1000)
  ticks <- ticks[ticks <= max(five, 10) * 1.3 & ticks >= min(exp(shown), 1) / 1.3]
  ends <- range(log(ticks), shown)
  x <- position_in(ends)
  labelled <- ticks_at(log(ticks), ends, function(at) format(round(exp(at), 1L), drop0trailing = TRUE, trim = TRUE))
  marks <- sprintf(paste0(
    "<line x1=\"%.2f%%\" x2=\"%.2f%%\" y1=\"50%%\" y2=\"50%%\" class=\"thin\"/>",
    "<rect x=\"%.2f%%\" y=\"25%%\" width=\"%.2f%%\" height=\"50%%\" class=\"half\"/>",
    "<line x1=\"%.2f%%\" x2=\"%.2f%%\" y1=\"15%%\" y2=\"85%%\" class=\"middle\"/>"
  ), x(shown[, 1]), x(shown[, 5]), x(shown[, 2]), pmax(0.2, x(shown[, 4]) - x(shown[, 2])), x(shown[, 3]),
  x(shown[, 3]))
  strip_chart(title, paste("Stratum", names), list(list(ticks = labelled, marks = marks)),
    sprintf("median <b>%s</b>, %s to %s", decimal(five[, 3]), decimal(five[, 1]), decimal(five[, 5])))
}

#' How far weighted crimes of Return A are from the universe's, per cent
#'
#' @param table_a See [table_a()].
#' @noRd
deviation_plot <- function(table_a, title) {
  ticks <- pretty(c(-1, 1) * max(5, ceiling(abs(table_a$bias_ratio)), na.rm = TRUE), 4L)
  ends <- range(ticks)
  x <- position_in(ends)
  value <- ifelse(is.na(table_a$bias_ratio), 0, table_a$bias_ratio)
  marks <- sprintf(paste0("<line x1=\"%.2f%%\" x2=\"%.2f%%\" y1=\"50%%\" y2=\"50%%\" class=\"interval\"/>",
    "<circle cx=\"%.2f%%\" cy=\"50%%\" r=\"5\"/>"), x(0), x(value), x(value))
  strip_chart(title, capitalised(gsub("_", " ", table_a$crime)), list(list(
    ticks = ticks_at(ticks, ends, signed_percent), marks = marks
  )), ifelse(is.na(table_a$bias_ratio), "none known", sprintf("<b>%s %%</b>", signed(table_a$bias_ratio))))
}

#' @noRd
capitalised <- function(text) paste0(toupper(substr(text, 1L, 1L)), substring(text, 2L))

#' Changes in per cent as dots with 95 % intervals
#'
#' @param changes See [changes_against()].
#' @noRd
change_plot <- function(changes, title) {
  if (nrow(changes) == 0L) {
    return("<p>Nothing was estimated in both years.</p>")
  }
  withheld <- changes$flag %in% 1L
  # Intervals as wide as the plot say no more than that: the scale is that of the changes. Nothing falls below -100 %.
  most <- max(5, 1.5 * abs(changes$percent))
  ticks <- pretty(c(max(-100, -most), most), 5L)
  ticks <- ticks[ticks >= -100]
  ends <- range(ticks)
  middle <- sprintf("<line x1=\"%.2f%%\" x2=\"%.2f%%\" y1=\"0\" y2=\"100%%\" class=\"middle\"/>", position_in(ends)(0),
    position_in(ends)(0))
  strip_chart(title, changes$label, list(list(
    ticks = ticks_at(ticks, ends, signed_percent),
    marks = paste0(middle, interval_marks(changes$percent, changes$lower, changes$upper, ends))
  )), sprintf("<b>%s %%</b>%s (%s to %s)", signed(changes$percent), star(withheld), signed(changes$lower),
    signed(changes$upper)), withheld)
}
