#' Read tables from a published zip or a reference extract
#'
#' Every column is read as text unless it is named, so that an ORI keeps its zeros and an offense
#' code such as 220 its width.
#'
#' @param zip Path of the zip.
#' @param name Name of the member.
#' @param columns Columns to read, named vector of types (`"character"`, `"integer"`, ...).
#' @param unpacked See [unpack_small()].
#' @return A data.table with exactly these columns.
#' @noRd
read_member <- function(zip, name, columns, unpacked = NULL) {
  path <- unpacked_member(unpacked, name)
  if (is.null(path)) {
    path <- extract_member(zip, name)
    on.exit(unlink(dirname(path), recursive = TRUE))
  }
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
#' Of its first line: data.table looks through a whole file even where it reads no row.
#' @noRd
member_columns <- function(path) {
  first <- readLines(path, n = 1L, encoding = "UTF-8", warn = FALSE)
  if (length(first) == 0L) {
    return(character())
  }
  names(data.table::fread(text = paste0(first, "\n"), header = TRUE, colClasses = "character", showProgress = FALSE))
}

#' Unpack all members of a small zip at once
#'
#' Starting Info-ZIP once for each takes longer than reading them. Large zips would need space for what is not read.
#'
#' @param most Bytes of a zip that is small.
#' @return An environment with `folder`, a temporary one that goes when nothing refers to the environment any more;
#'   `NULL` if the zip is large, or broken: which member is broken shows when it is read.
#' @noRd
unpack_small <- function(zip, most = 2e7) {
  if (file.size(zip) > most) {
    return(NULL)
  }
  unpacked <- new.env()
  unpacked$folder <- tempfile("zip")
  reg.finalizer(unpacked, function(left) unlink(left$folder, recursive = TRUE), onexit = TRUE)
  dir.create(unpacked$folder)
  status <- suppressWarnings(system2("unzip", c("-oqq", shQuote(zip), "-d", shQuote(unpacked$folder)), stdout = FALSE,
    stderr = FALSE))
  if (status == 0L) unpacked else NULL
}

#' Where a member lies unpacked; `NULL` if it does not
#' @noRd
unpacked_member <- function(unpacked, name) {
  path <- file.path(unpacked$folder, name)
  if (length(path) == 1L && file.exists(path)) path else NULL
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
