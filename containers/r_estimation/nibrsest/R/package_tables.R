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
read_facts <- function(path) data.table::fread(path, colClasses = "character", na.strings = "", fill = TRUE)
