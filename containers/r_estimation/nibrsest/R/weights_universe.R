#' Which agencies belong to the universe
#'
#' Active, not covered by another agency, not dormant, not federal, in one of the 50 states or D.C.
#'
#' @param agencies See [read_reference()].
#' @return Logical, one per row.
#' @references METHOD, section 2.1, the eligibility rule.
#' @keywords internal
is_eligible <- function(agencies) {
  agencies$agency_status %in% "A" & agencies$covered %in% "N" & agencies$dormant %in% "N" &
    !toupper(agencies$agency_type) %in% "FEDERAL" & agencies$state %in% states_of_the_union
}

#' The population class of an agency: 1 (100,000 and over) to 4 (under 10,000), 5 state police, 6 not stated
#'
#' @param codes Population group codes of `ref_population_group`.
#' @return Integers.
#' @references METHOD, section 2.6, der_population_group.
#' @keywords internal
population_class <- function(codes) {
  known <- package_table("population_groups.csv")
  class <- as.integer(known$class[match(codes, known$population_group_code)])
  class[is.na(class)] <- 6L
  class
}

#' The groups in which agencies are weighted, and from which a hot deck draws
#'
#' @param agencies A data.table with `population`, `population_group_code` and `agency_type`.
#' @return A data.table in the order of the agencies: `national_group`, `super_group`, `state_stratum` (see
#'   `weighting_groups.csv`), `area_stratum` (1 with residents, 2 without), `hot_deck_group`. An agency
#'   without a group is weighted as a small city.
#' @references METHOD, sections 5.3 and 5.5.
#' @examples
#' weighting_groups(data.table::data.table(population = c(5000, 0), population_group_code = c("6", "9D")))
#' @export
weighting_groups <- function(agencies) {
  known <- package_table("weighting_groups.csv")
  code <- ifelse(agencies$population_group_code %in% known$population_group_code, agencies$population_group_code, "7")
  group_rows <- match(paste(code, ifelse(agencies$population > 0, "some", "none")),
    paste(known$population_group_code, known$residents))
  metropolitan <- startsWith(code, "9")
  data.table::data.table(
    national_group = as.integer(known$national_group[group_rows]),
    super_group = as.integer(known$super_group[group_rows]),
    state_stratum = as.integer(known$state_stratum[group_rows]),
    area_stratum = ifelse(agencies$population > 0, 1L, 2L),
    hot_deck_group = ifelse(startsWith(code, "8"), 8L, ifelse(metropolitan, 9L, match(substr(code, 1L, 1L), 1:7)))
  )
}
