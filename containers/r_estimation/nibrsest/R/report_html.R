#' A data frame as an HTML table
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

#' A table with other headings in place of some names
#'
#' Headings are strings: a name of an argument that is not ASCII is garbled where the package is installed in the C
#' locale.
#' @param table A data frame, which is changed.
#' @param headings By name.
#' @noRd
with_headings <- function(table, headings) {
  data.table::setnames(table, names(headings), headings)
  table
}

#' @noRd
escape <- function(text) {
  text <- gsub("&", "&amp;", text, fixed = TRUE)
  gsub("<", "&lt;", text, fixed = TRUE)
}

#' @noRd
count <- function(value) {
  ifelse(is.na(value), "n/a", trimws(formatC(round(value), format = "f", digits = 0L, big.mark = ",")))
}

#' @noRd
decimal <- function(value) {
  ifelse(is.na(value), "n/a", trimws(formatC(value, format = "f", digits = 1L, big.mark = ",")))
}

#' With its sign and one decimal; what rounds to nothing is +0.0
#' @noRd
signed <- function(value) sprintf("%+.1f", round(value, 1L) + 0)

#' @noRd
percent <- function(part, whole) {
  # What is there is not nothing.
  little <- (part > 0 & part < whole / 100) %in% TRUE
  known <- (whole > 0 & !is.na(part)) %in% TRUE
  ifelse(known, sprintf(ifelse(little, "%.2g %%", "%.0f %%"), 100 * part / whole), "n/a")
}
