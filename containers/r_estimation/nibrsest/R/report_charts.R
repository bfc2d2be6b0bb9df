#' A chart of rows: a name, strips with marks, and a note, as HTML that fits any width
#'
#' Positions in a strip are per cent of its width. Nothing is scaled: text is as large on a phone, where name and note
#' stand above the strip, as on a screen or on paper.
#'
#' @param title What a screen reader says.
#' @param names Text of each row.
#' @param panels A list of strips side by side, each a list: `ticks` (data.frame of `at`, per cent of the width, and
#'   `label`), `marks` (SVG of each row), and `head` if there are several.
#' @param notes HTML at the right of each row, or NULL.
#' @param withheld Whether a row is not for release.
#' @return HTML.
#' @noRd
strip_chart <- function(title, names, panels, notes = NULL, withheld = FALSE) {
  rows <- length(names)
  strips <- vapply(panels, function(panel) {
    paste0("<svg class=\"strip\" aria-hidden=\"true\">\n", grid_of(panel$ticks), "\n", panel$marks, "\n</svg>")
  }, character(rows))
  strips <- matrix(unlist(strips), nrow = rows)
  # A screen reader hears names and notes; strips show them once more.
  line <- function(name, strips, note, class) {
    paste0("<div class=\"", class, "\"><span class=\"name\">", name, "</span>", strips,
      if (!is.null(notes)) paste0("<span class=\"note\">", note, "</span>"), "</div>")
  }
  across <- if (length(panels) > 0L) apply(strips, 1L, paste, collapse = "") else rep("", rows)
  axis <- paste(vapply(panels, function(panel) axis_of(panel$ticks, panel$head), ""), collapse = "")
  class <- sprintf("chart strips-%d%s", length(panels), if (is.null(notes)) " without-notes" else "")
  paste(c(
    sprintf("<div class=\"%s\" role=\"group\" aria-label=\"%s\">", class, escape(title)),
    line("", axis, "", "row axis"),
    # "Destruction/Damage/Vandalism" may break on a phone.
    line(gsub("/", "/<wbr>", escape(names), fixed = TRUE), across, notes,
      paste0("row", ifelse(rep_len(withheld, rows), " withheld", ""))),
    "</div>"
  ), collapse = "\n")
}

#' @noRd
grid_of <- function(ticks) {
  paste(sprintf("<line x1=\"%.2f%%\" x2=\"%.2f%%\" y1=\"0\" y2=\"100%%\" class=\"grid\"/>", ticks$at, ticks$at),
    collapse = "")
}

#' @noRd
axis_of <- function(ticks, head = NULL) {
  if (nrow(ticks) > 4L) {
    # Some of the labels, among them that of nothing: more would touch on a phone and on paper.
    nothing <- which(grepl("^0( %)?$", ticks$label))
    ticks <- ticks[(seq_len(nrow(ticks)) - c(nothing, 1L)[[1]]) %% ceiling(nrow(ticks) / 4) == 0L, ]
  }
  anchor <- ifelse(ticks$at < 5, "start", ifelse(ticks$at > 95, "end", "middle"))
  svg <- paste(sprintf("<text x=\"%.2f%%\" y=\"14\" class=\"tick\" text-anchor=\"%s\">%s</text>", ticks$at, anchor,
    escape(ticks$label)), collapse = "")
  paste0("<span class=\"scale\">", if (!is.null(head)) paste0("<b>", escape(head), "</b>"),
    "<svg class=\"strip\" aria-hidden=\"true\">", svg, "</svg></span>")
}

#' Where a value lies between the ends of a strip, per cent
#' @noRd
position_in <- function(ends) {
  function(value) 100 * (pmax(ends[[1]], pmin(value, ends[[2]])) - ends[[1]]) / diff(ends)
}

#' Ticks at values, labelled
#' @noRd
ticks_at <- function(values, ends, label) {
  inside <- values >= ends[[1]] & values <= ends[[2]]
  data.frame(at = position_in(ends)(values[inside]), label = label(values[inside]))
}

#' A dot with its interval; ends that lie outside the strip are arrows
#'
#' @param value,lower,upper In the units of `ends`.
#' @param ends What the strip reaches from and to.
#' @noRd
interval_marks <- function(value, lower, upper, ends) {
  x <- position_in(ends)
  end <- function(limit, outside, arrow, anchor) {
    ifelse(outside,
      sprintf("<text x=\"%.2f%%\" y=\"50%%\" dy=\".36em\" class=\"beyond\" text-anchor=\"%s\">%s</text>", x(limit),
        anchor, arrow),
      sprintf("<line x1=\"%.2f%%\" x2=\"%.2f%%\" y1=\"25%%\" y2=\"75%%\" class=\"interval\"/>", x(limit), x(limit)))
  }
  known <- !is.na(lower) & !is.na(upper)
  interval <- ifelse(known, paste0(
    sprintf("<line x1=\"%.2f%%\" x2=\"%.2f%%\" y1=\"50%%\" y2=\"50%%\" class=\"interval\"/>", x(lower), x(upper)),
    end(lower, lower < ends[[1]], "\u25c2", "start"), end(upper, upper > ends[[2]], "\u25b8", "end")
  ), "")
  paste0(interval, sprintf("<circle cx=\"%.2f%%\" cy=\"50%%\" r=\"4\"/>", x(value)))
}

#' An estimate with its interval as text
#' @noRd
with_interval <- function(estimate, lower, upper, format = count) {
  ifelse(is.na(lower), format(estimate), sprintf("%s (%s to %s)", format(estimate), format(lower), format(upper)))
}

#' The mark of what is not for release
#' @noRd
star <- function(withheld) ifelse(withheld, "*", "")
