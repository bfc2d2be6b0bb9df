#' A year's counts of respondents: own months that are used, and months taken from others
#'
#' @param states Matrices of states by agency and month, one after the other: a function of a state that reads it.
#' @param names Names of the states.
#' @param parts See [parts_of_years()].
#' @param cells Names of the cells.
#' @return A list, named as the parts, of matrices, see [count_matrix()]; rows are `ori`, those of the part.
#' @references METHOD, section 4.
#' @noRd
used_counts <- function(states, names, parts, cells) {
  entries <- lapply(names, function(name) {
    matrix <- states(name)
    places <- cbind(matrix$rows, place = seq_len(nrow(matrix$rows)))
    counts <- as_sparse(matrix)
    lapply(parts, function(part) {
      used <- with_donated_months(places, part$months, part$donors)
      used <- used[which(used$ori %in% part$oris), ]
      taken <- Matrix::sparseMatrix(match(used$ori, part$oris), used$place, x = used$weight,
        dims = c(length(part$oris), nrow(matrix$rows)))
      as.list(Matrix::summary(taken %*% counts))
    })
  })
  lapply(stats::setNames(nm = names(parts)), function(part) {
    of_part <- data.table::rbindlist(lapply(entries, `[[`, part))
    count_matrix(data.table::data.table(ori = parts[[part]]$oris), cells, of_part$i, of_part$j, of_part$x)
  })
}

#' A year's persons of respondents by types and atoms
#'
#' @param states See [used_counts()]; of [person_counts()].
#' @param names,parts See [used_counts()].
#' @param group A group of tables.
#' @return See [person_counts()]; `rows` are `part` and `ori`.
#' @noRd
used_persons <- function(states, names, parts, group) {
  before <- cumsum(c(0L, vapply(parts, function(part) length(part$oris), 1L)))
  counted <- lapply(names, function(name) {
    persons <- states(name)
    places <- cbind(persons$rows, place = seq_len(nrow(persons$rows)))
    links <- data.table::rbindlist(lapply(seq_along(parts), function(number) {
      part <- parts[[number]]
      used <- with_donated_months(places, part$months, part$donors)
      used <- used[which(used$ori %in% part$oris), ]
      data.table::data.table(row = used$place, to = before[[number]] + match(used$ori, part$oris), weight = used$weight)
    }))
    joined <- persons$counts[links, on = "row", nomatch = NULL, allow.cartesian = TRUE]
    counts <- joined[, list(number = sum(weight * number)), by = c("to", "type", "atom")]
    data.table::setnames(counts, "to", "row")
    list(types = persons$types, counts = counts)
  })
  rows <- data.table::rbindlist(lapply(parts, function(part) data.table::data.table(ori = part$oris)), idcol = "part")
  person_matrix(group, rows, counted)
}

#' The annual counts of respondents in all cells
#'
#' Cells of the agency's own attributes are the counts of the table's row that counts everything of the column, where
#' the agency has the attribute.
#'
#' @param used A data.table `ori`, `cell`, `number`: a respondent's annual counts.
#' @param agencies A data.table, one row per respondent: `ori`, `class`, `agency_type`, `msa_status`.
#' @param cells See [table_cells()].
#' @return Sparse matrix, respondents by cells.
#' @references METHOD, section 8.2.
#' @examples
#' # Of a year without missing months: what was counted in its months.
#' counted <- tabulate_tables(read_state_records(file.path(example_year(), "downloads", "2016", "RI-2016.zip")))
#' used <- counted[, c("ori", "cell", "number")]
#' agencies <- data.table::data.table(ori = sort(unique(used$ori)), class = 4L, agency_type = "City", msa_status = 1L)
#' y <- annual_cells(used, agencies, table_cells())
#' y[, "t_2b_1_1_14"] # property crime
#' @export
annual_cells <- function(used, agencies, cells) {
  row <- match(used$ori, agencies$ori)
  column <- match(used$cell, cells$cell)
  known <- which(!is.na(row) & !is.na(column))
  counted <- count_matrix(agencies[, "ori"], cells$cell, row[known], column[known], used$number[known])
  counts <- as_sparse(with_agency_cells(counted, agencies, cells))
  dimnames(counts) <- list(NULL, cells$cell)
  counts
}

#' Add the cells of the agencies' own attributes
#'
#' @param matrix See [count_matrix()], rows in the order of `agencies`.
#' @noRd
with_agency_cells <- function(matrix, agencies, cells) {
  counted <- matrix$counts
  attributes <- agency_categories(agencies)
  added <- lapply(names(attributes), function(characteristic) {
    own <- which(cells$characteristic %in% characteristic)
    whole <- which(cells$whole)
    first <- whole[match(paste(cells$table, cells$column)[own], paste(cells$table, cells$column)[whole])]
    of_first <- data.table::data.table(first = first, category = cells$category[own], cell = own)
    totals <- data.table::data.table(row = counted$row, first = counted$cell, number = counted$number,
      category = attributes[[characteristic]][counted$row])
    of_first[totals, on = c("first", "category"), nomatch = NULL, allow.cartesian = TRUE][, c("row", "cell", "number")]
  })
  added <- data.table::rbindlist(added)
  counts <- data.table::rbindlist(list(counted, added))
  count_matrix(matrix$rows, matrix$cells, counts$row, counts$cell, counts$number)
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
#' @noRd
denominator_sums <- last_kept(function(cells) {
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
})

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
