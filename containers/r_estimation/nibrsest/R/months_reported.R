#' Months that an agency reported to NIBRS, adjusted for its start
#'
#' A month counts as reported when the agency sent incidents (I) or said that there were none (Z), and also where
#' offenses of it are there though the database says that it was not reported (U). Months before the one in which the
#' agency began to report NIBRS do not count, whatever is there; an agency that never began, or begins after the year,
#' has none.
#'
#' @param status Character matrix, agencies by twelve months: I, Z, U or missing.
#' @param start First month of NIBRS reporting, as year * 12 + month - 1; missing if it never began.
#' @param year The data year.
#' @param offenses Numeric matrix of the same size: offenses that are there.
#' @return Logical matrix of the same size.
#' @references METHOD, sections 2.7, 2.8 (d and f) and 5.2.
#' @keywords internal
reported_months <- function(status, start, year, offenses) {
  stopifnot(ncol(status) == 12L, nrow(status) == length(start), dim(offenses) == dim(status))
  month <- year * 12L + rep(0:11, each = nrow(status))
  matrix((status %in% c("I", "Z") | offenses > 0) & !is.na(start) & month >= start, nrow(status))
}

#' The artifact of missing months: a row per agency, a flag per month
#'
#' @param agencies A data.table with `state_name`, `ori`, `agency_name`, `agency_status` (A, D, F or L),
#'   `covered`, `dormant`, `agency_type`, `population`, `population_group_code`.
#' @param reported See [reported_months()], in the order of the agencies.
#' @param year The data year.
#' @return A data.table with the columns that users of the artifact know; flags are 1 (reported) and 0.
#' @references METHOD, sections 2.7 and 14 (the case of four agencies).
#' @keywords internal
missing_months <- function(agencies, reported, year) {
  words <- c(A = "Active", D = NA, F = "Federal", L = "LEOKA")
  flags <- data.table::as.data.table(matrix(as.integer(reported), nrow(reported)))
  data.table::setnames(flags, paste0(toupper(month.abb), "_MM_FLAG"))
  cbind(data.table::data.table(
    STATE_NAME = agencies$state_name, ORI = agencies$ori, UCR_AGENCY_NAME = agencies$agency_name,
    AGENCY_STATUS = unname(words[agencies$agency_status]), COVERED_FLAG = agencies$covered,
    DORMANT_FLAG = agencies$dormant, AGENCY_TYPE_NAME = agencies$agency_type, POPULATION = agencies$population,
    POPULATION_GROUP_CODE = agencies$population_group_code, DATA_YEAR = year
  ), flags)
}

#' Which agencies are respondents
#'
#' An agency of reporting type I (incidents) with at least three usable months: reported, after its start,
#' and not implausibly low. It has to have begun before November of the year, and where Return A says that it had
#' fifty crimes or more, incidents of it have to be there.
#'
#' @param usable Logical matrix, agencies by twelve months.
#' @param start See [reported_months()].
#' @param reporting_type I or S; missing where the database does not say, which is taken for I.
#' @param incidents Number of offenses of the year in the zips.
#' @param crimes Annual number of crimes by Return A (see [srs_covariates()]).
#' @param year The data year.
#' @return Logical, one per agency.
#' @references METHOD, section 5.2 (resp_ind_m3).
#' @keywords internal
is_respondent <- function(usable, start, reporting_type, incidents, crimes, year) {
  rowSums(usable) >= constant("usable_months") & (is.na(reporting_type) | reporting_type == "I") &
    !is.na(start) & start < year * 12L + constant("last_month_to_begin") &
    (crimes < constant("crimes_that_leave_incidents") | incidents > 0)
}
