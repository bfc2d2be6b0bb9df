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
  # Later layouts repeat a column, and write some names in capitals.
  position <- match(names(columns), tolower(member_columns(path)))
  if (anyNA(position)) {
    stop(zip, ": ", name, " lacks the columns ", paste(names(columns)[is.na(position)], collapse = ", "),
      "; published zips have them", call. = FALSE)
  }
  types <- lapply(split(position, unname(columns)), sort)
  rows <- data.table::fread(path, select = types, na.strings = "", showProgress = FALSE, encoding = "UTF-8",
    integer64 = "double")
  data.table::setnames(rows, tolower(names(rows)))
  data.table::setcolorder(rows, names(columns))
  rows[]
}

#' The names of a CSV file's columns
#'
#' As text, since data.table warns of identifiers of 64 bits even where it reads no row.
#' @noRd
member_columns <- function(path) {
  names(data.table::fread(path, nrows = 0L, colClasses = "character", showProgress = FALSE))
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
