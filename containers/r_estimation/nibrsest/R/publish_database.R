#' Write the scripts that make an estimates database in PostgreSQL of the published files
#'
#' `postgres_setup.sql` creates lookup tables of geographies, variables and types of estimates, and the estimates with
#' their unique key; `postgres_load.sql` fills them from the year's files, which it names one by one.
#'
#' @param settings See [read_settings()].
#' @param folder Where the files lie that it loads: `geographies.csv` and `indicator_tables/`.
#' @references METHOD, section 11.
#' @noRd
publish_database <- function(settings, folder) {
  files <- sort(list.files(file.path(folder, "indicator_tables"), "[.]csv$", recursive = TRUE), method = "radix")
  if (length(files) == 0L) {
    stop(folder, " has no indicator tables", call. = FALSE)
  }
  indicator <- file.path("indicator_tables", files)
  # Some columns are those of certain years.
  there <- names(data.table::fread(file.path(folder, indicator[[1]]), nrows = 0L))
  columns <- file_columns("report/indicator_tables.csv")
  parts <- list(
    year = settings$year, columns = sql_columns(columns[there]),
    geography_columns = sql_columns(file_columns("report/geographies.csv")), copies = sql_copies("staged", indicator)
  )
  for (name in c("postgres_setup.sql", "postgres_load.sql")) {
    template <- readLines(system.file(name, package = "nibrsest", mustWork = TRUE), encoding = "UTF-8")
    write_page(filled_in(template, parts), file.path(folder, name))
  }
}

#' Columns as PostgreSQL declares them
#'
#' @param types See [file_columns()].
#' @noRd
sql_columns <- function(types) {
  kinds <- c(character = "text", integer = "integer", numeric = "double precision", logical = "boolean")
  paste0("    ", tolower(names(types)), " ", kinds[types], collapse = ",\n")
}

#' A psql command per file that copies it into a table
#' @noRd
sql_copies <- function(table, files) {
  sprintf("\\copy %s FROM '%s' WITH (FORMAT csv, HEADER)", table, gsub("'", "''", files, fixed = TRUE))
}
