#' Estimates as dots with 95 % intervals on a logarithmic scale, as SVG
#'
#' @param rows A data.table: `label`, `estimate`, `lower`, `upper`, `note` (text at the right), `flag` (1: not for
#'   release).
#' @param title What a screen reader says.
#' @return Text of an SVG.
#' @noRd
interval_plot <- function(rows, title) {
  rows <- rows[which(rows$estimate > 0), ]
  if (nrow(rows) == 0L) {
    return("<p>Nothing was reported.</p>")
  }
  left <- 296
  right <- 620
  # What has no limits is a dot.
  limit <- function(value) ifelse(is.na(value), rows$estimate, value)
  low <- pmax(limit(rows$lower), rows$estimate / 20, 0.5)
  high <- limit(rows$upper)
  ends <- c(floor(log10(min(low))), ceiling(log10(max(high))))
  x <- function(value) left + (right - left) * (log10(value) - ends[[1]]) / max(1, diff(ends))
  line <- 25
  top <- 40
  y <- top + line * (seq_len(nrow(rows)) - 0.5)
  ticks <- 10^seq(ends[[1]], ends[[2]])
  kind <- ifelse(rows$flag %in% 1L, " class=\"withheld\"", "")
  svg_of(900, top + line * nrow(rows) + 8, title, c(
    grid_lines(x(ticks), count(ticks), top, top + line * nrow(rows)),
    sprintf("<text x=\"%d\" y=\"%.1f\" class=\"name\">%s</text>", left - 12, y + 4, escape(shortened(rows$label))),
    sprintf("<g%s><line x1=\"%.1f\" x2=\"%.1f\" y1=\"%.1f\" y2=\"%.1f\" class=\"interval\"/>", kind, x(low),
      x(high), y, y),
    sprintf("<circle cx=\"%.1f\" cy=\"%.1f\" r=\"5\"><title>%s: %s</title></circle></g>", x(rows$estimate), y,
      escape(rows$label), rows$note),
    sprintf("<text x=\"%d\" y=\"%.1f\" class=\"note\">%s</text>", right + 16, y + 4, rows$note)
  )[interleaved(nrow(rows), length(ticks))])
}

#' The order of the parts of [interval_plot()]: grid lines first, then row by row, so that groups stay closed
#' @noRd
interleaved <- function(rows, ticks) {
  parts <- matrix(ticks + seq_len(4L * rows), rows)
  c(seq_len(ticks), as.vector(t(parts)))
}

#' Two rates of every state side by side, with intervals
#'
#' @param rows A data.table: `state`, `crime` (two values), `rate`, `lower`, `upper`, `flag`.
#' @noRd
state_rates_plot <- function(rows, title) {
  states <- unique(rows$state)
  states <- states[order(state_names(states))]
  line <- 16
  top <- 52
  crimes <- unique(rows$crime)
  height <- top + line * length(states)
  y_of <- function(state) top + line * (match(state, states) - 0.5)
  panels <- lapply(seq_along(crimes), function(at) {
    mine <- rows[which(rows$crime == crimes[[at]]), ]
    left <- 160 + 380 * (at - 1)
    # Intervals as wide as the plot say no more than that: the scale is that of the estimates.
    most <- max(1.25 * mine$rate, 1, na.rm = TRUE)
    ticks <- pretty(c(0, most), 4)
    x <- function(value) left + 330 * pmin(value, max(ticks)) / max(ticks)
    y <- y_of(mine$state)
    kind <- ifelse(mine$flag %in% 1L, " class=\"withheld\"", "")
    limit <- function(value) ifelse(is.na(value), mine$rate, value)
    c(
      sprintf("<text x=\"%d\" y=\"16\" class=\"head\">%s</text>", left, escape(crimes[[at]])),
      grid_lines(x(ticks), count(ticks), top, height),
      sprintf(paste0("<g%s><line x1=\"%.1f\" x2=\"%.1f\" y1=\"%.1f\" y2=\"%.1f\" class=\"interval\"/>",
        "<circle cx=\"%.1f\" cy=\"%.1f\" r=\"4\"><title>%s: %s (%s to %s)</title></circle></g>"), kind,
        x(limit(mine$lower)), x(limit(mine$upper)), y, y, x(mine$rate), y, mine$state, decimal(mine$rate),
        decimal(mine$lower), decimal(mine$upper))
    )
  })
  names <- sprintf("<text x=\"148\" y=\"%.1f\" class=\"name\">%s</text>", y_of(states) + 4,
    escape(state_names(states)))
  svg_of(900, height + 6, title, c(names, unlist(panels)))
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
  shade <- ifelse(is.na(coverage), 1L, findInterval(coverage, c(0.3, 0.6, 0.8)) + 2L)
  fills <- c("#ffffff", "#d6e4f2", "#9dc1e0", "#4c8cc2", "#12507f")
  side <- 58
  x <- as.integer(grid$column) * (side + 4) + 4
  y <- as.integer(grid$row) * (side + 4) + 4
  ink <- ifelse(shade >= 4L, "#ffffff", "#1b1b1b")
  marks <- c(released = "\u25cf", "in part" = "\u25d0", withheld = "\u25cb", none = "")
  text <- ifelse(is.na(coverage), "\u2013", sprintf("%.0f %%", 100 * coverage))
  svg_of(11 * (side + 4) + 8, 8 * (side + 4) + 8, title, sprintf(
    paste0("<g><title>%s: %s of residents covered, %s</title><rect x=\"%d\" y=\"%d\" width=\"%d\" height=\"%d\" ",
      "fill=\"%s\" stroke=\"#6b7785\"/><text x=\"%d\" y=\"%d\" fill=\"%s\" class=\"abb\">%s</text>",
      "<text x=\"%d\" y=\"%d\" fill=\"%s\" class=\"mark\">%s</text>",
      "<text x=\"%d\" y=\"%d\" fill=\"%s\" class=\"cov\">%s</text></g>"),
    grid$state, text, status, x, y, side, side, fills[shade], x + 6, y + 20, ink, grid$state, x + side - 6, y + 20, ink,
    marks[status], x + 6, y + side - 9, ink, text
  ))
}

#' The weights of strata: range, middle half and median, on a logarithmic scale
#'
#' @param weights A data.table: `stratum`, `weight`.
#' @noRd
weights_plot <- function(weights, title) {
  names <- unique(weights$stratum)
  names <- names[order(suppressWarnings(as.numeric(sub(" .*", "", names))), names)]
  five <- t(vapply(names, function(name) {
    stats::quantile(pmax(weights$weight[weights$stratum == name], 0.1), c(0, 0.25, 0.5, 0.75, 1))
  }, numeric(5)))
  most <- max(five, 10)
  ticks <- c(0.5, 1, 2, 5, 10, 20, 50, 100, 200, 500, 1000)
  ticks <- ticks[ticks <= most * 1.3 & ticks >= min(five, 1) / 1.3]
  ends <- log(range(ticks, five))
  x <- function(value) 180 + 660 * (log(value) - ends[[1]]) / diff(ends)
  line <- 22
  top <- 40
  y <- top + line * (seq_along(names) - 0.5)
  svg_of(880, top + line * length(names) + 8, title, c(
    grid_lines(x(ticks), format(ticks, drop0trailing = TRUE, trim = TRUE), top, top + line * length(names)),
    sprintf("<text x=\"168\" y=\"%.1f\" class=\"name\">%s</text>", y + 4, escape(paste("Stratum", names))),
    sprintf("<line x1=\"%.1f\" x2=\"%.1f\" y1=\"%.1f\" y2=\"%.1f\" class=\"thin\"/>", x(five[, 1]), x(five[, 5]), y, y),
    sprintf("<rect x=\"%.1f\" y=\"%.1f\" width=\"%.1f\" height=\"12\" class=\"half\"/>", x(five[, 2]), y - 6,
      pmax(1, x(five[, 4]) - x(five[, 2]))),
    sprintf("<line x1=\"%.1f\" x2=\"%.1f\" y1=\"%.1f\" y2=\"%.1f\" class=\"middle\"/>", x(five[, 3]), x(five[, 3]),
      y - 8, y + 8)
  ))
}

#' How far weighted crimes of Return A are from the universe's, per cent
#'
#' @param table_a See [table_a()].
#' @noRd
deviation_plot <- function(table_a, title) {
  most <- max(5, ceiling(abs(table_a$bias_ratio)), na.rm = TRUE)
  ticks <- pretty(c(-most, most), 4)
  most <- max(ticks)
  x <- function(value) 200 + 600 * (value + most) / (2 * most)
  line <- 22
  top <- 40
  y <- top + line * (seq_len(nrow(table_a)) - 0.5)
  value <- ifelse(is.na(table_a$bias_ratio), 0, table_a$bias_ratio)
  name <- gsub("_", " ", table_a$crime)
  svg_of(880, top + line * nrow(table_a) + 8, title, c(
    grid_lines(x(ticks), ifelse(ticks == 0, "0 %", sprintf("%+g %%", ticks)), top,
      top + line * nrow(table_a)),
    sprintf("<text x=\"188\" y=\"%.1f\" class=\"name\">%s</text>", y + 4, escape(name)),
    sprintf(paste0("<line x1=\"%.1f\" x2=\"%.1f\" y1=\"%.1f\" y2=\"%.1f\" class=\"interval\"/>",
      "<circle cx=\"%.1f\" cy=\"%.1f\" r=\"5\"><title>%s: %+.2f %%</title></circle>"), x(0), x(value), y, y,
      x(value), y, escape(name), value)
  ))
}

#' Changes in per cent as dots with 95 % intervals
#'
#' @param changes See [changes_against()].
#' @noRd
change_plot <- function(changes, title) {
  if (nrow(changes) == 0L) {
    return("<p>Nothing was estimated in both years.</p>")
  }
  # Intervals as wide as the plot say no more than that: the scale is that of the changes.
  most <- max(5, 1.5 * abs(changes$percent))
  ticks <- pretty(c(-most, most), 6)
  most <- max(ticks)
  x <- function(value) 296 + 410 * (pmax(-most, pmin(value, most)) + most) / (2 * most)
  line <- 25
  top <- 40
  y <- top + line * (seq_len(nrow(changes)) - 0.5)
  kind <- ifelse(changes$flag %in% 1L, " class=\"withheld\"", "")
  svg_of(900, top + line * nrow(changes) + 8, title, c(
    grid_lines(x(ticks), ifelse(ticks == 0, "0 %", sprintf("%+g %%", ticks)), top, top + line * nrow(changes)),
    sprintf("<line x1=\"%.1f\" x2=\"%.1f\" y1=\"%d\" y2=\"%d\" class=\"middle\"/>", x(0), x(0), top,
      top + line * nrow(changes)),
    sprintf("<text x=\"284\" y=\"%.1f\" class=\"name\">%s</text>", y + 4, escape(shortened(changes$label))),
    sprintf(paste0("<g%s><line x1=\"%.1f\" x2=\"%.1f\" y1=\"%.1f\" y2=\"%.1f\" class=\"interval\"/>",
      "<circle cx=\"%.1f\" cy=\"%.1f\" r=\"5\"><title>%s: %s %% (%s to %s %%)</title></circle></g>"), kind,
      x(changes$lower), x(changes$upper), y, y, x(changes$percent), y, escape(changes$label), signed(changes$percent),
      signed(changes$lower), signed(changes$upper)),
    sprintf("<text x=\"724\" y=\"%.1f\" class=\"note\">%s %% (%s to %s)</text>", y + 4, signed(changes$percent),
      signed(changes$lower), signed(changes$upper))
  ))
}

#' @noRd
svg_of <- function(width, height, title, parts) {
  paste(c(sprintf("<svg viewBox=\"0 0 %d %d\" role=\"img\" aria-label=\"%s\">", as.integer(width), as.integer(height),
    escape(title)), parts, "</svg>"), collapse = "\n")
}

#' @noRd
grid_lines <- function(x, labels, top, bottom) {
  sprintf(paste0("<line x1=\"%.1f\" x2=\"%.1f\" y1=\"%d\" y2=\"%d\" class=\"grid\"/>",
    "<text x=\"%.1f\" y=\"%d\" class=\"tick\">%s</text>"), x, x, as.integer(top), as.integer(bottom), x,
    as.integer(top) - 8L, labels)
}

#' Labels that fit beside a plot
#' @noRd
shortened <- function(labels, most = 38L) {
  ifelse(nchar(labels) > most, paste0(substr(labels, 1L, most - 1L), "\u2026"), labels)
}
