#' Read tables from a published zip or a reference extract
#'
#' Every column is read as text unless it is named, so that an ORI keeps its zeros and an offense
#' code such as 220 its width.
#'
#' @param zip Path of the zip.
#' @param name Name of the member.
#' @param columns Columns to read, named vector of types (`"character"`, `"integer"`, ...).
#' @return A data.table with exactly these columns.
#' @noRd
read_member <- function(zip, name, columns) {
  path <- extract_member(zip, name)
  on.exit(unlink(dirname(path), recursive = TRUE))
  header <- names(data.table::fread(path, nrows = 0L, showProgress = FALSE))
  # Later layouts repeat a column, and write some names in capitals.
  at <- match(names(columns), tolower(header))
  if (anyNA(at)) {
    stop(zip, ": ", name, " lacks the columns ", paste(names(columns)[is.na(at)], collapse = ", "),
      "; published zips have them", call. = FALSE)
  }
  types <- lapply(split(at, unname(columns)), sort)
  found <- data.table::fread(path, select = types, na.strings = "", showProgress = FALSE, encoding = "UTF-8",
    integer64 = "double")
  data.table::setnames(found, tolower(names(found)))
  data.table::setcolorder(found, names(columns))
  found[]
}

#' Unpack a member into a temporary folder of its own
#'
#' Info-ZIP reports a broken zip by its exit status, which a pipe to the reader would hide.
#' @noRd
extract_member <- function(zip, name) {
  if (!file.exists(zip)) {
    stop(zip, " does not exist; put the zip there, or set EXTERNAL_FILE_PATH to the folder it lies in", call. = FALSE)
  }
  folder <- tempfile("member")
  dir.create(folder)
  said <- suppressWarnings(system2("unzip", c("-joqq", shQuote(zip), shQuote(name), "-d", shQuote(folder)),
    stdout = TRUE, stderr = TRUE))
  if (!is.null(attr(said, "status"))) {
    unlink(folder, recursive = TRUE)
    stop(zip, " has no sound member ", name, " (unzip: ", paste(said, collapse = " "),
      "); fetch or extract the zip again", call. = FALSE)
  }
  file.path(folder, basename(name))
}

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
  dir.create(dirname(path), recursive = TRUE, showWarnings = FALSE)
  partial <- paste0(path, ".partial")
  data.table::fwrite(table, partial, na = "", eol = "\n", scipen = 50L)
  if (!file.rename(partial, path)) {
    stop("cannot write ", path, "; is there space, and may the user write there?", call. = FALSE)
  }
}

#' A table of facts that comes with the package, read once
#'
#' @param name Name of the file.
#' @param folder Folder in which it lies; that of the package by default. Other folders are read each time.
#' @return A data.table of text, a copy for the caller.
#' @noRd
package_table <- function(name, folder = NULL) {
  if (!is.null(folder)) {
    return(read_facts(file.path(folder, name)))
  }
  if (is.null(tables_read[[name]])) {
    path <- system.file("extdata", name, package = "nibrsest", mustWork = TRUE)
    assign(name, read_facts(path), envir = tables_read)
  }
  data.table::copy(tables_read[[name]])
}

#' @noRd
tables_read <- new.env()

#' @noRd
read_facts <- function(path) data.table::fread(path, colClasses = "character", na.strings = "")

#' Tell what happens, as `sprintf` formats it
#' @noRd
inform <- function(...) {
  logger::log_info(logger::skip_formatter(sprintf(...)))
}
