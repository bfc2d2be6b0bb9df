#' What agencies that are silent had of each column of a table, drawn jointly
#'
#' @param known See [drawn_by_ladder()].
#' @param totals Matrix of the donors' totals, donors by columns of the table; donors stand first in `known`.
#' @param columns The table's lines of [copula_columns()].
#' @return A list: `values`, recipients by columns; `status`, see [drawn_by_ladder()].
#' @references METHOD, section 10, step 1.
#' @noRd
drawn_totals <- function(known, totals, columns) {
  line <- match(colnames(totals), columns$column)
  method <- ifelse(is.na(line), "drawn", columns$method[line])
  parts <- lapply(line, function(number) if (is.na(number)) character() else words(columns$of_columns[[number]]))
  whole <- vapply(parts, function(names) rowSums(totals[, names, drop = FALSE]), numeric(nrow(totals)))
  dim(whole) <- dim(totals)
  drawn <- which(method != "sum")
  variables <- totals
  values <- columns_of_matrix(totals)
  for (column in which(method == "share")) {
    some <- whole[, column] > 0
    # Rounded, since ranks would tell a difference by rounding.
    variables[, column] <- ifelse(some, round(totals[, column] / whole[, column], 9), 0)
    values[[column]] <- if (any(some)) variables[some, column] else 0
  }
  recipients <- nrow(known$nothing) - nrow(totals)
  y <- rbind(variables, matrix(NA_real_, recipients, ncol(totals)))[, drawn, drop = FALSE]
  made <- drawn_by_ladder(known, y, values = values[drawn])
  found <- matrix(NA_real_, recipients, ncol(totals), dimnames = list(NULL, colnames(totals)))
  found[, drawn] <- made$values
  # What is made of others comes after them: first those that are made of none.
  for (column in order(lengths(parts))) {
    if (length(parts[[column]]) > 0L) {
      of_parts <- rowSums(found[, parts[[column]], drop = FALSE])
      found[, column] <- if (method[[column]] == "sum") of_parts else found[, column] * of_parts
    }
  }
  list(values = found, status = made$status)
}
