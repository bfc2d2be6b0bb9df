#' The report's section on generalised variance functions, with their fit for the nation
#'
#' @param rows,tables,fits See [generalised_variances()].
#' @noRd
precision_section <- function(rows, tables, fits) {
  national <- fits[which(fits$permutation == 1L), ]
  if (nrow(national) == 0L) {
    return(c("<h2 id=\"precision\">Errors of sums of one's own</h2>",
      "<p>The nation's tables have too few counts with an error for a curve through them.</p>"))
  }
  states <- fits[which(fits$permutation %in% permutations()$permutation[permutations()$kind == "state"]), ]
  panels <- vapply(seq_len(nrow(national)), function(number) {
    fit <- national[number, ]
    mine <- which(rows$permutation == 1L & tables == fit$table & rows$estimate > 0 & rows$standard_error > 0 &
      rows$agency_counts >= constant("agencies_of_generalised"))
    fit_panel(rows$estimate[mine], rows$standard_error[mine] / rows$estimate[mine], fit)
  }, "")
  summary <- data.frame(
    "Table" = national$table, "Counts" = count(national$cells), r_squared = sprintf("%.2f", national$r_squared),
    "Fitted / direct: 10th percentile" = sprintf("%.2f", national$ratio_10),
    "median" = sprintf("%.2f", national$ratio_median), "90th percentile" = sprintf("%.2f", national$ratio_90),
    median_r_squared = vapply(national$table, function(table) {
      of_table <- states$r_squared[states$table == table]
      if (length(of_table) == 0L) "" else sprintf("%.2f", stats::median(of_table))
    }, ""), check.names = FALSE
  )
  summary <- with_headings(summary, c(r_squared = "R\u00b2", median_r_squared = "States: median R\u00b2"))
  c(
    "<h2 id=\"precision\">Errors of sums of one's own</h2>",
    paste(
      "<p>An error for a number that is not in the tables, such as the sum of some of their counts, is read off a",
      "curve per table and geography (<code>generalised_variances.csv</code>; <code>error_of_cells()</code> of the R",
      "package does it, and knows better where it can). The curves below are the nation's. Each dot is a count of the",
      "table: across its estimated number, upright its relative standard error; the larger the count, the smaller the",
      "error. The line is what the curve says. Counts far below the line follow Return A closely: for sums of such",
      "the curve says too much.</p>"
    ),
    "<div class=\"fits\">", panels, "</div>",
    "<details><summary>How well the curves fit</summary><div class=\"scroll\">", html_table(summary), "</div></details>"
  )
}

#' One table's counts and their errors on logarithmic scales, with the curve
#'
#' At most some hundred dots, evenly by size, so that the page stays light.
#' @noRd
fit_panel <- function(estimate, direct, fit) {
  shown <- order(estimate)
  shown <- shown[unique(round(seq(1, length(shown), length.out = min(length(shown), constant("dots_of_a_panel")))))]
  powers <- function(values) 10^seq(floor(log10(min(values))), ceiling(log10(max(values))))
  across <- powers(estimate)
  upright <- powers(direct[shown])
  x <- function(value) 44 + 210 * (log(value) - log(across[[1]])) / log(across[[length(across)]] / across[[1]])
  y <- function(value) 150 - 140 * (log(value) - log(upright[[1]])) / log(upright[[length(upright)]] / upright[[1]])
  line <- exp(seq(log(fit$lowest), log(fit$highest), length.out = 40L))
  # Labels of every other power where there are many.
  some <- across[seq(1, length(across), by = if (length(across) > 5L) 2 else 1)]
  labels <- vapply(some, function(value) {
    if (value >= 1e6) paste(value / 1e6, "m") else format(value, big.mark = ",", scientific = FALSE)
  }, "")
  paste0(
    sprintf(paste0("<figure><figcaption>Table %s</figcaption><svg viewBox=\"0 0 264 180\" role=\"img\" aria-label=",
      "\"Table %s: relative errors of counts and the curve through them\">"), fit$table, fit$table),
    paste(sprintf("<line x1=\"44\" x2=\"254\" y1=\"%.1f\" y2=\"%.1f\" class=\"grid\"/>", y(upright), y(upright)),
      collapse = ""),
    paste(sprintf("<text x=\"40\" y=\"%.1f\" text-anchor=\"end\">%s %%</text>", y(upright) + 4,
      format(100 * upright, trim = TRUE, drop0trailing = TRUE, scientific = FALSE)), collapse = ""),
    # The last label ends at the edge, beyond which it would be cut off.
    paste(sprintf("<text x=\"%.1f\" y=\"166\" text-anchor=\"%s\">%s</text>", x(some),
      ifelse(some == across[[length(across)]], "end", "middle"), labels), collapse = ""),
    paste(sprintf("<circle cx=\"%.1f\" cy=\"%.1f\" r=\"1.8\"/>", x(estimate[shown]), y(direct[shown])),
      collapse = ""),
    sprintf("<polyline points=\"%s\"/>", paste(sprintf("%.1f,%.1f", x(line), y(generalised_error(fit, line))),
      collapse = " ")),
    "<text x=\"149\" y=\"178\" text-anchor=\"middle\">estimated number</text></svg></figure>"
  )
}
