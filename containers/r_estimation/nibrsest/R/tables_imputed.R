#' The cells whose counts depend on imputed items
#'
#' Of several imputations only these are counted and estimated again: the others are the same in all.
#'
#' @param cells See [table_cells()]; of some tables, with all rows.
#' @return The rows of `cells` of sections that ask for an imputed characteristic, and of tables that count only units
#'   of some of its categories; agencies' own attributes of such tables among them.
#' @noRd
imputed_cells <- function(cells, definitions) {
  rules <- definitions$characteristics
  imputed <- rules$characteristic[rules$imputed %in% "yes"]
  conditional <- vapply(definitions$tables$only, function(only) {
    any(vapply(conditions_of(only), `[[`, "", 1L) %in% imputed)
  }, TRUE)
  cells[which(cells$characteristic %in% imputed | cells$table %in% definitions$tables$table[conditional]), ]
}

#' The definitions of the sections that have any of some cells
#' @noRd
definitions_of_cells <- function(cells, definitions) {
  asked <- paste(definitions$sections$table, definitions$sections$first_row) %in% paste(cells$table, cells$row)
  definitions$sections <- definitions$sections[which(asked), ]
  definitions
}

#' Counts by another imputation, of what depends on imputed items and of what its percentages divide by
#'
#' @param counts Sparse matrix, agencies by `cells`, of the first imputation.
#' @param others The same by the other imputation, agencies by `imputed`.
#' @param imputed See [imputed_cells()].
#' @return A list: `cells`, a table as [table_cells()] makes it, and `counts`, a sparse matrix, agencies by these.
#' @noRd
counts_of_imputation <- function(counts, others, cells, imputed) {
  rows <- strsplit(imputed$denominator, " ", fixed = TRUE)
  below <- paste(rep(imputed$table, lengths(rows)), unlist(rows), rep(imputed$column, lengths(rows)))
  same <- which(paste(cells$table, cells$row, cells$column) %in% below & !cells$cell %in% imputed$cell)
  list(cells = rbind(imputed, cells[same, ]), counts = cbind(others, counts[, same, drop = FALSE]))
}
