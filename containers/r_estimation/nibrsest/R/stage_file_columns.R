#' The columns of a file that stages read or write
#'
#' @param file Its name in `inst/extdata/files.csv`, such as `weights/agencies.csv` or `tabulated/<ST>.csv`.
#' @return Types (`"character"`, `"integer"`, `"numeric"`, `"logical"`), named by column, in the file's order.
#' @noRd
file_columns <- function(file) {
  mine <- columns_of_file(package_table("file_columns.csv"), file)
  stopifnot(nrow(mine) > 0L)
  stats::setNames(mine$type, mine$column)
}

#' @noRd
columns_of_file <- function(columns, file) columns[which(has_word(columns$files, file)), ]

#' What every column of files means, as Markdown
#'
#' @param only `"published"` for the files of a year's zip by the names that they have there, `"stages"` for all, by
#'   the names that stages know them by.
#' @return Lines: of each file a heading, what a row stands for, and a table.
#' @examples
#' writeLines(describe_files("published")[1:12])
#' @export
describe_files <- function(only = c("stages", "published")) {
  only <- match.arg(only)
  files <- package_table("files.csv")
  columns <- package_table("file_columns.csv")
  if (only == "published") {
    files <- files[which(!is.na(files$published)), ]
    # Estimates before what they were made with.
    files <- files[order(startsWith(files$published, "weights/"), startsWith(files$published, "imputed/"),
      startsWith(files$published, "areas/")), ]
  }
  unlist(lapply(seq_len(nrow(files)), function(at) {
    file <- files[at, ]
    mine <- columns_of_file(columns, file$file)
    name <- if (only == "published") file$published else if (file$stage == "report") {
      # What is published beside the zip lies in a folder of that name.
      sub("^[.][.]", "report/beside_zip", sub("^([^.])", "report/\\1", file$published))
    } else {
      file$file
    }
    writer <- if (only == "stages") sprintf("Written by `%s`. ", file$stage) else ""
    c(sprintf("### `%s`", name), "", sprintf("%sA row per %s.", writer, file$row), "", "| column | meaning |",
      "|---|---|", sprintf("| `%s` | %s |", mine$column, mine$meaning), "")
  }))
}
