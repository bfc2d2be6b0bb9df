#' Read a CSV file that a stage wrote
#'
#' @param path Path of the file.
#' @param file What `files.csv` calls it.
#' @return A data.table with the columns of [file_columns()].
#' @noRd
read_stage_file <- function(path, file) {
  if (!file.exists(path)) {
    known <- package_table("files.csv")
    stop(path, " does not exist; run the stage ", known$stage[known$file == file], " first", call. = FALSE)
  }
  data.table::fread(path, select = file_columns(file), na.strings = "", showProgress = FALSE, encoding = "UTF-8",
    integer64 = "double")
}

#' Write a CSV file, whole or not at all
#'
#' @param table A data.table with the columns of [file_columns()].
#' @param path Path of the file; its folder is made.
#' @param file What `files.csv` calls it.
#' @noRd
write_stage_file <- function(table, path, file) {
  stopifnot(identical(names(table), names(file_columns(file))))
  write_quietly(table, path)
  inform("wrote %s: %d rows", path, nrow(table))
}

#' The same without a line in the log, for the many files of one kind
#' @noRd
write_quietly <- function(table, path) {
  write_whole(path, function(partial) data.table::fwrite(table, partial, na = "", eol = "\n", scipen = 50L))
}

#' Write a file beside its place, and move it there when it is whole
#'
#' @param path The file; its folder is made.
#' @param write A function of the path to write to.
#' @noRd
write_whole <- function(path, write) {
  dir.create(dirname(path), recursive = TRUE, showWarnings = FALSE)
  partial <- paste0(path, ".partial")
  write(partial)
  if (!file.rename(partial, path)) {
    stop("cannot write ", path, "; is there space, and may the user write there?", call. = FALSE)
  }
}
