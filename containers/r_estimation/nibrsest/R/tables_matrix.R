#' Counts of many cells, those that are not zero: a sparse matrix
#'
#' Integers rather than a matrix of the package Matrix, whose loading takes as long as the counting of a small state.
#'
#' @param rows A data.table that says what the rows are: `ori`, or `ori` and `month`.
#' @param cells Names of the columns, in the order of [table_cells()].
#' @param row,cell,number Side by side: numbers of rows and cells, and the count; counts of the same row and cell are
#'   added up.
#' @return A list of class `count_matrix`: `rows`, `cells`, and `counts`, a data.table of `row`, `cell` and `number`,
#'   ordered by cell and row.
#' @noRd
count_matrix <- function(rows, cells, row, cell, number) {
  counts <- data.table::data.table(row = as.integer(row), cell = as.integer(cell), number = as.numeric(number))
  counts <- counts[, list(number = sum(number)), keyby = c("cell", "row")]
  data.table::setkeyv(counts, NULL)
  data.table::setcolorder(counts, c("row", "cell", "number"))
  structure(list(rows = rows, cells = cells, counts = counts), class = "count_matrix")
}

#' The same counts, of some of the cells alone
#' @noRd
with_cells <- function(matrix, cells) {
  if (identical(matrix$cells, cells)) {
    return(matrix)
  }
  cell <- match(matrix$cells, cells)[matrix$counts$cell]
  kept <- which(!is.na(cell))
  count_matrix(matrix$rows, cells, matrix$counts$row[kept], cell[kept], matrix$counts$number[kept])
}

#' The same as a matrix of the package Matrix, without names
#' @noRd
as_sparse <- function(matrix) {
  Matrix::sparseMatrix(matrix$counts$row, matrix$counts$cell, x = matrix$counts$number,
    dims = c(nrow(matrix$rows), length(matrix$cells)))
}

#' Matrices of the same cells, one below the other; a column `part` says which
#' @noRd
stacked_parts <- function(parts) {
  before <- cumsum(c(0L, vapply(parts, function(part) nrow(part$rows), integer(1))))
  counts <- data.table::rbindlist(lapply(seq_along(parts), function(number) {
    of_part <- data.table::copy(parts[[number]]$counts)
    data.table::set(of_part, NULL, "row", of_part$row + before[[number]])
  }))
  rows <- data.table::rbindlist(lapply(parts, `[[`, "rows"), idcol = "part")
  count_matrix(rows, parts[[1]]$cells, counts$row, counts$cell, counts$number)
}

#' The matrices of the parts again, without the column `part`
#' @noRd
split_parts <- function(stacked, parts) {
  part <- match(stacked$rows$part, parts)
  place <- data.table::rowidv(part)
  rows_of <- split(seq_along(part), factor(part, seq_along(parts)))
  counts_of <- split(seq_len(nrow(stacked$counts)), factor(part[stacked$counts$row], seq_along(parts)))
  stats::setNames(Map(function(rows, lines) {
    counts <- stacked$counts[lines, ]
    count_matrix(stacked$rows[rows, -"part"], stacked$cells, place[counts$row], counts$cell, counts$number)
  }, rows_of, counts_of), parts)
}

#' The same as sparse matrices, rows of each part in the order of the ORIs that are asked for
#'
#' @param oris A list, named by part.
#' @noRd
parted <- function(stacked, oris) {
  counts <- as_sparse(stacked)
  lapply(stats::setNames(nm = names(oris)), function(part) {
    of_part <- which(stacked$rows$part == part)
    counts[of_part[match(oris[[part]], stacked$rows$ori[of_part])], , drop = FALSE]
  })
}

#' Names a dictionary of cells: its MD5
#' @noRd
cells_hash <- function(cells) {
  path <- tempfile()
  on.exit(unlink(path))
  writeLines(cells, path, useBytes = TRUE)
  unname(tools::md5sum(path))
}

#' Write a matrix of counts, whole or not at all, with the hash of its cells
#' @noRd
write_count_matrix <- function(matrix, path) {
  # Lists, not data.tables: these have pointers, which would not be the same another time.
  stored <- list(rows = as.list(matrix$rows), cells = matrix$cells, counts = as.list(matrix$counts),
    hash = cells_hash(matrix$cells))
  write_whole(path, function(partial) saveRDS(stored, partial))
  inform("wrote %s: %d rows, %d counts", path, nrow(matrix$rows), nrow(matrix$counts))
}

#' Read a matrix of counts that a stage wrote
#'
#' @param path The file.
#' @param stage The stage that writes it.
#' @param cells The cells that it has to have; NULL if any will do.
#' @return See [count_matrix()].
#' @noRd
read_count_matrix <- function(path, stage, cells = NULL) {
  if (!file.exists(path)) {
    stop(path, " does not exist; run the stage ", stage, " first", call. = FALSE)
  }
  stored <- tryCatch(readRDS(path), error = function(error) NULL)
  if (!is.list(stored) || !all(c("rows", "cells", "counts", "hash") %in% names(stored)) ||
    stored$hash != cells_hash(stored$cells)) {
    stop(path, " is not a whole matrix of counts; run the stage ", stage, " again", call. = FALSE)
  }
  if (!is.null(cells) && stored$hash != cells_hash(cells)) {
    stop(path, " was made by other definitions of the tables than those that are installed; run the stage ", stage,
      " again", call. = FALSE)
  }
  structure(list(rows = data.table::as.data.table(stored$rows), cells = stored$cells,
    counts = data.table::as.data.table(stored$counts)), class = "count_matrix")
}

#' Write a matrix of counts that a stage has left as a CSV file
#'
#' Of persons by types and atoms (`tabulated/<ST>-<tables>.rds` of their tables, `annual/<tables>/persons.rds`) the
#' cells are written that they add up to.
#'
#' @param path The matrix: `tabulated/<ST>-<tables>.rds` or `annual/<tables>/cells.rds`.
#' @param csv The CSV file to write: a line per row and cell that counts any.
#' @return Nothing; `csv` has the columns `ori`, `month` (of tabulated states, 1 to 12), `cell` (see [table_cells()])
#'   and `number`.
#' @examples
#' folder <- tempfile()
#' run_stage("tabulate_state", read_settings(c(DATA_YEAR = "2016", INPUT_STATE = "RI",
#'   EXTERNAL_FILE_PATH = example_year(), INPUT_PIPELINE_DIR = folder)))
#' csv <- tempfile(fileext = ".csv")
#' export_matrix(file.path(folder, "tabulated", "RI-crimes.rds"), csv)
#' head(data.table::fread(csv))
#' @export
export_matrix <- function(path, csv) {
  definitions <- table_definitions()
  matrix <- if (holds_persons(path)) {
    cells_of_persons(read_person_counts(path, "that writes it", definitions), table_cells(definitions), definitions)
  } else {
    read_count_matrix(path, "that writes it")
  }
  write_quietly(counts_of(matrix), csv)
}

#' A matrix of counts as a table: a row per row and cell that counts any
#' @noRd
counts_of <- function(matrix) {
  counts <- matrix$counts[order(matrix$counts$row, matrix$counts$cell), ]
  cbind(matrix$rows[counts$row, ], cell = matrix$cells[counts$cell], number = counts$number)
}
