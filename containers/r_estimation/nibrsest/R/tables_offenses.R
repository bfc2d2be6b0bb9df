#' Count a state's offenses by agency, month and offense code
#'
#' The unit is the offense record: one per kind of offense in an incident. The month is the one that
#' the agency reported the incident for. The table is sparse: what is absent is zero, provided that
#' the agency reported the month.
#'
#' @param records See [read_state_records()].
#' @return A data.table with `ori` (text), `month` (1 to 12), `offense_code` (text) and `offenses`
#'   (integer, at least 1), in this order of keys.
#' @references METHOD, sections 2.8 and 8.2 (agency-level totals).
#' @examples
#' tabulate_offenses(read_state_records(file.path(example_year(), "downloads", "2016", "RI-2016.zip")))
#' @export
tabulate_offenses <- function(records) {
  place <- records$incident$place[records$offense$incident]
  rows <- data.table::data.table(
    ori = records$place$ori[place], month = records$place$month[place], offense_code = records$offense$code
  )
  rows[, list(offenses = .N), keyby = c("ori", "month", "offense_code")]
}
