#' The number, name and weight of every geography, and group of agencies in it, that has tables
#'
#' @param folder Folder of `permutations.csv`; that of the package by default.
#' @return A data.table, a row per permutation: `permutation` (its number), `geography` (as [geographies()] calls it),
#'   `agency_group` (see [agency_groups()]; `all agencies` is everyone), `description`, `folder` (of published files),
#'   `weight_name`, `kind` (of `release_rules.csv`).
#' @references METHOD, sections 2.2 and 11 (permutations 1 to 108).
#' @examples
#' permutations()[c(1, 58), ]
#' @export
permutations <- function(folder = NULL) {
  numbered <- package_table("permutations.csv", folder)
  data.table::set(numbered, NULL, "permutation", as.integer(numbered$permutation))
  numbered[]
}

#' The permutation of a geography and group of agencies; missing where it has no number
#' @noRd
permutation_of <- function(geography, agency_group) {
  known <- permutations()
  known$permutation[match(paste(geography, agency_group, sep = "\r"), paste(known$geography, known$agency_group,
    sep = "\r"))]
}

#' What is known of permutations, by their numbers
#' @noRd
described_permutations <- function(numbers) {
  known <- permutations()
  known[match(numbers, known$permutation), ]
}

#' Groups of agencies for which estimates are made within the nation and the regions
#'
#' The reference's ten groups are not public: these are the five population classes and five types, see
#' `agency_groups.csv`.
#'
#' @param agencies A data.table with `class` (see [population_class()]), `agency_type` and `msa_status`.
#' @return A list, named by group, of logical vectors.
#' @references METHOD, section 2.2 (permutations 2 to 11 and their like).
#' @keywords internal
agency_groups <- function(agencies) {
  rules <- package_table("agency_groups.csv")
  known <- agency_categories(agencies)
  groups <- Map(function(characteristic, categories) {
    wanted <- strsplit(categories, " ", fixed = TRUE)[[1]]
    known[[characteristic]] %in% c(as.integer(setdiff(wanted, "unknown")), if ("unknown" %in% wanted) NA)
  }, rules$characteristic, rules$categories)
  stats::setNames(groups, rules$agency_group)
}
