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

#' A function of one argument that remembers what it gave last, and for what
#'
#' For what a stage derives many times from the same tables. A copy is remembered, and a copy given: a data.table can be
#' changed where it is.
#' @param make A function of one argument whose value depends on nothing else.
#' @noRd
last_kept <- function(make) {
  kept <- new.env()
  function(argument) {
    if (!identical(kept$argument, argument)) {
      assign("value", make(argument), envir = kept)
      assign("argument", data.table::copy(argument), envir = kept)
    }
    data.table::copy(kept$value)
  }
}
