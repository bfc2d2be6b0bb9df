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
  if (!file.exists(zip)) {
    stop(zip, " does not exist; put the zip there, or set EXTERNAL_FILE_PATH to the folder it lies in", call. = FALSE)
  }
  # Info-ZIP reports a broken zip by its exit status, which a pipe would hide: test the member first.
  tested <- suppressWarnings(system2("unzip", c("-tqq", shQuote(zip), shQuote(name)), stdout = TRUE, stderr = TRUE))
  if (!is.null(attr(tested, "status"))) {
    stop(zip, " has no sound member ", name, " (unzip: ", paste(tested, collapse = " "),
      "); fetch or extract the zip again", call. = FALSE)
  }
  command <- paste("unzip -p", shQuote(zip), shQuote(name))
  header <- names(data.table::fread(cmd = command, nrows = 0L, showProgress = FALSE))
  missing <- setdiff(names(columns), header)
  if (length(missing) > 0L) {
    stop(zip, ": ", name, " lacks the columns ", paste(missing, collapse = ", "),
      "; published zips of layout 1 have them", call. = FALSE)
  }
  data.table::fread(
    cmd = command, select = columns, na.strings = "", showProgress = FALSE, encoding = "UTF-8"
  )
}

#' Read a CSV file that a stage wrote
#'
#' @param path Path of the file.
#' @param columns Columns to read, named vector of types.
#' @param stage The stage that writes the file, for the message if it is not there.
#' @noRd
read_stage_file <- function(path, columns, stage) {
  if (!file.exists(path)) {
    stop(path, " does not exist; run the stage ", stage, " first", call. = FALSE)
  }
  data.table::fread(path, select = columns, na.strings = "", showProgress = FALSE, encoding = "UTF-8")
}

#' Write a CSV file, whole or not at all
#'
#' @param table A data.table.
#' @param path Path of the file; its folder is made.
#' @noRd
write_stage_file <- function(table, path) {
  dir.create(dirname(path), recursive = TRUE, showWarnings = FALSE)
  partial <- paste0(path, ".partial")
  data.table::fwrite(table, partial, na = "", eol = "\n", scipen = 50L)
  if (!file.rename(partial, path)) {
    stop("cannot write ", path, "; is there space, and may the user write there?", call. = FALSE)
  }
  inform("wrote %s: %d rows", path, nrow(table))
}

#' A table of facts that comes with the package
#'
#' @param name Name of the file in `inst/extdata`.
#' @noRd
package_table <- function(name) {
  data.table::fread(
    system.file("extdata", name, package = "nibrsest", mustWork = TRUE),
    colClasses = "character", na.strings = ""
  )
}

#' Tell what happens, as `sprintf` formats it
#' @noRd
inform <- function(...) {
  logger::log_info(logger::skip_formatter(sprintf(...)))
}
