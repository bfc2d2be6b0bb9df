#' The records with imputed items in place of the reported ones, where there are any
#'
#' @param records See [read_state_records()].
#' @param folder Folder that the stage `impute_items` has written for the state; `NULL` or a folder that does not exist:
#'   the records stay as they were reported.
#' @param imputation Which of several imputations, from 1.
#' @return The records: `age`, `sex`, `race` and `ethnicity` of `victim`, `offender`, `arrestee` and `group_b`, and the
#'   `code` of `victim_offender` (and of `codes$nibrs_relationship`) are the imputed ones. What could not be imputed is
#'   still missing; a relationship then has the code RU, or none.
#' @examples
#' records <- read_state_records(file.path(example_year(), "downloads", "2016", "RI-2016.zip"))
#' identical(items_of(records, NULL), records)
#' @export
items_of <- function(records, folder, imputation = 1L) {
  if (is.null(folder) || !dir.exists(folder)) {
    return(records)
  }
  read <- function(unit) {
    rows <- read_stage_file(file.path(folder, sprintf("%s.csv", imputed_units[[unit]])),
      sprintf("imputed/<ST>/%s.csv", imputed_units[[unit]]))
    wanted <- which(rows$imputation == imputation)
    rows[wanted, ]
  }
  for (unit in setdiff(names(imputed_units), "victim_offender")) {
    rows <- read(unit)
    at <- match(rows[[1]], records[[unit]]$id)
    if (anyNA(at)) {
      stop(folder, ": ", imputed_units[[unit]], ".csv has items of persons that the zip does not have, such as ",
        rows[[1]][is.na(at)][[1]], "; run the stage impute_items again", call. = FALSE)
    }
    changed <- data.table::copy(records[[unit]])
    for (item in person_items) data.table::set(changed, at, item, rows[[item]])
    records[[unit]] <- changed
  }
  rows <- read("victim_offender")
  pairs <- data.table::copy(records$victim_offender)
  # A pair may be there twice: both are imputed, or neither.
  unknown <- which(relationship_category(pairs$code) %in% c(6L, NA))
  numbered <- function(keys) paste(keys, data.table::rowidv(list(keys)))
  at <- unknown[match(numbered(paste(rows$victim_id, rows$offender_id)), numbered(
    paste(records$victim$id[pairs$victim], records$offender$id[pairs$offender])[unknown]))]
  if (anyNA(at)) {
    stop(folder, ": relationships.csv has pairs that the zip does not have; run the stage impute_items again",
      call. = FALSE)
  }
  data.table::set(pairs, at, "code", rows$relationship_code)
  records$victim_offender <- pairs
  records$codes$nibrs_relationship <- relationships_of(pairs)
  records
}

#' How many imputations of a state's items there are, as the diagnostics of its stage say
#'
#' @param folder See [items_of()].
#' @noRd
imputations_of <- function(folder) {
  path <- file.path(folder, "diagnostics.csv")
  if (!file.exists(path)) {
    return(0L)
  }
  max(0L, read_stage_file(path, "imputed/<ST>/diagnostics.csv")$imputation)
}

#' The files of imputed items, by unit
#' @noRd
imputed_units <- c(victim = "victims", offender = "offenders", arrestee = "arrestees", group_b = "group_b_arrestees",
  victim_offender = "relationships")
