#' A year's cells of one state's records: own months that are used, and months that others take
#'
#' @param tabulated See [tabulate_tables()].
#' @param months,donors See [weigh_year()].
#' @return A data.table: `ori` (of the respondent that the months count for), `cell`, `number`.
#' @references METHOD, section 4.
#' @noRd
used_cells <- function(tabulated, months, donors) {
  used <- with_donated_months(tabulated, months, donors)
  used[, list(number = sum(weight * number)), keyby = c("ori", "cell")]
}

#' The annual counts of respondents in all cells
#'
#' Cells of the agency's own attributes are the counts of a table's first row where the agency has the attribute.
#'
#' @param used A data.table `ori`, `cell`, `number`: a respondent's annual counts.
#' @param agencies A data.table, one row per respondent: `ori`, `class`, `agency_type`, `msa_status`.
#' @param cells See [table_cells()].
#' @return Sparse matrix, respondents by cells.
#' @references METHOD, section 8.2.
#' @export
annual_cells <- function(used, agencies, cells) {
  row <- match(used$ori, agencies$ori)
  column <- match(used$cell, cells$cell)
  there <- which(!is.na(row) & !is.na(column))
  counted <- Matrix::sparseMatrix(row[there], column[there], x = as.numeric(used$number[there]),
    dims = c(nrow(agencies), nrow(cells)))
  attributes <- agency_categories(agencies)
  own <- which(cells$characteristic %in% names(attributes))
  first <- match(paste(cells$table, 1L, cells$column)[own], paste(cells$table, cells$row, cells$column))
  has <- vapply(own, function(at) {
    as.numeric(attributes[[cells$characteristic[[at]]]] %in% cells$category[[at]])
  }, numeric(nrow(agencies)))
  dim(has) <- c(nrow(agencies), length(own))
  # Added through a product: to assign columns of a sparse matrix takes a hundred times as long.
  placed <- Matrix::sparseMatrix(seq_along(own), own, x = 1, dims = c(length(own), nrow(cells)))
  found <- counted + (counted[, first, drop = FALSE] * has) %*% placed
  dimnames(found) <- list(NULL, cells$cell)
  found
}

#' Which category each agency is in, by characteristic of agencies
#'
#' Federal agencies and possessions are not eligible; a population group that is not stated is none.
#' @references METHOD, section 7.1.
#' @noRd
agency_categories <- function(agencies) {
  types <- c("City" = 1L, "County" = 2L, "University or College" = 3L, "State Police" = 4L, "Other" = 5L,
    "Other State Agency" = 5L, "Tribal" = 6L)
  list(
    population_group = agencies$class, agency_type = unname(types[agencies$agency_type]),
    msa_status = ifelse(is.na(agencies$msa_status), 4L, agencies$msa_status)
  )
}

#' The sums of rows that percentages divide by
#'
#' @param cells See [table_cells()].
#' @return A list: `adds`, a sparse matrix of zeros and ones, cells by sums; `denominator`, for each cell the number of
#'   its sum, NA where the cell has no percentage.
#' @export
denominator_sums <- function(cells) {
  has <- which(nzchar(cells$denominator) & cells$applies)
  key <- paste(cells$table, cells$column, cells$denominator, sep = "|")[has]
  sums <- unique(key)
  first <- has[match(sums, key)]
  rows <- strsplit(cells$denominator[first], " ", fixed = TRUE)
  parts <- paste(rep(cells$table[first], lengths(rows)), unlist(rows), rep(cells$column[first], lengths(rows)))
  part_rows <- match(parts, paste(cells$table, cells$row, cells$column))
  denominator <- rep(NA_integer_, nrow(cells))
  denominator[has] <- match(key, sums)
  list(denominator = denominator, adds = Matrix::sparseMatrix(part_rows, rep(seq_along(sums), lengths(rows)), x = 1,
    dims = c(nrow(cells), length(sums))))
}

#' What percentages divide by, respondents by sums
#'
#' @param y See [annual_cells()].
#' @param cells See [table_cells()].
#' @return A list: `denominators`, a sparse matrix with a column per sum; `denominator`, see [denominator_sums()].
#' @noRd
denominators_of <- function(y, cells) {
  sums <- denominator_sums(cells)
  list(denominators = y %*% sums$adds, denominator = sums$denominator)
}
