#' What the estimates of a year were made of, from the folder of the stages
#'
#' @return A list: `year`, `agencies`, `weights`, `strata`, `estimators`, `geographies`, `places`, `covariates` (a
#'   matrix), `counts` (a data.table: `ori`, `cell`, `number`, of respondents).
#' @noRd
year_inputs_of_stages <- function(settings) {
  read <- function(name) read_weight_file(settings, name)
  c(list(year = settings$year, geographies = read("geographies.csv"), places = read("places.csv")),
    year_inputs(read))
}

#' The same from a published zip; `NULL` if it lacks the counts of its respondents
#'
#' @param zip Path of `nibrs-estimates-<year>.zip`.
#' @noRd
year_inputs_of_zip <- function(zip, year) {
  members <- utils::unzip(zip, list = TRUE)$Name
  if (!"weights/counts.csv" %in% members) {
    return(NULL)
  }
  read <- function(name) read_zipped(zip, file.path("weights", name), file.path("weights", name))
  inputs <- year_inputs(read)
  # Areas that no column of the agencies tells are not published.
  c(list(year = year, geographies = geographies(inputs$agencies),
    # What zips of before groups of persons were estimated do not say is left out.
    places = read_zipped(zip, "geographies.csv", "report/geographies.csv", setdiff(names(file_columns(
      "report/geographies.csv")), "withheld"))), inputs)
}

#' @noRd
year_inputs <- function(read) {
  strata <- read("strata.csv")
  data.table::set(strata, which(is.na(strata$covariates)), "covariates", "")
  list(agencies = read("agencies.csv"), weights = read("weights.csv"), strata = strata,
    estimators = read("estimators.csv"), counts = read("counts.csv"),
    covariates = as.matrix(read("covariates.csv")[, covariate_names, with = FALSE]))
}

#' A file of a published zip
#'
#' @param name Its name in the zip; `file` is what `files.csv` calls it.
#' @param columns Those that are read.
#' @noRd
read_zipped <- function(zip, name, file, columns = names(file_columns(file))) {
  path <- extract_member(zip, name)
  on.exit(unlink(dirname(path), recursive = TRUE))
  lacking <- setdiff(columns, member_columns(path))
  if (length(lacking) > 0L) {
    stop(zip, ": ", name, " lacks the column ", lacking[[1]], "; estimate that year again", call. = FALSE)
  }
  data.table::fread(path, select = file_columns(file)[columns], na.strings = "", showProgress = FALSE,
    encoding = "UTF-8", integer64 = "double")
}

#' Counts of all respondents of a year, in a matrix of chosen cells
#'
#' @param inputs See [year_inputs_of_stages()].
#' @param cells Names of cells; offenses by code are `violent`, `property` and codes.
#' @return A sparse matrix, a row per respondent in the order of `agencies`.
#' @noRd
counts_of_year <- function(inputs, cells) {
  respondents <- inputs$agencies$ori[which(inputs$agencies$respondent)]
  row <- match(inputs$counts$ori, respondents)
  column <- match(inputs$counts$cell, cells)
  known <- which(!is.na(row) & !is.na(column))
  counts <- Matrix::sparseMatrix(row[known], column[known], x = inputs$counts$number[known],
    dims = c(length(respondents), length(cells)))
  dimnames(counts) <- list(NULL, cells)
  counts
}
