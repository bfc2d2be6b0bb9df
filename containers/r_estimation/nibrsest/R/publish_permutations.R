#' The number, name and weight of every geography that has tables: permutations 1 to 108
#'
#' @return A data.table: `permutation`, `geography` (as [geographies()] calls it), `agency_group`, `description`,
#'   `folder` (of published files), `weight_name`, `kind` (`national`, `national group`, `region`, `region group`,
#'   `state`, `university`, `tribal`).
#' @references METHOD, sections 2.2 and 11.
#' @export
permutations <- function() {
  groups <- c("all agencies", names(agency_group_rules()))
  regions <- c("Northeast", "Midwest", "South", "West")
  abbreviations <- states_of_the_union[order(state_names(states_of_the_union))]
  states <- state_names(abbreviations)
  region_names <- rep(regions, each = length(groups))
  in_groups <- rep(groups, length(regions))
  described <- function(name, group) ifelse(group == "all agencies", name, paste(name, group, sep = ", "))
  kinds <- function(kind, group) ifelse(group == "all agencies", kind, paste(kind, "group"))
  data.table::data.table(
    permutation = 1:108, geography = c(rep("US", length(groups)), region_names, abbreviations,
      "University or College", "Tribal"),
    agency_group = c(groups, in_groups, rep("all agencies", length(states) + 2L)),
    description = c(described("National", groups), described(paste("Region", region_names), in_groups), states,
      "University or college agencies", "Tribal agencies"),
    folder = c(rep("National", length(groups)), rep("Region", length(region_names)), rep("State", length(states)),
      "University", "Tribal"),
    weight_name = c(rep("NationalWgt", length(groups)), rep("RegionWgt", length(region_names)),
      rep("StateWgt", length(states)), "UniversityWgt", "TribalWgt"),
    kind = c(kinds("national", groups), kinds("region", in_groups), rep("state", length(states)), "university",
      "tribal")
  )
}

#' @noRd
agency_group_rules <- function() {
  list(
    "100,000 residents and over" = list(class = 1L), "25,000 to 99,999 residents" = list(class = 2L),
    "10,000 to 24,999 residents" = list(class = 3L), "under 10,000 residents" = list(class = 4L),
    "state police (population group)" = list(class = 5L),
    "city agencies" = list(type = 1L), "county agencies" = list(type = 2L), "university agencies" = list(type = 3L),
    "state police agencies" = list(type = 4L), "tribal and other agencies" = list(type = c(NA, 5L, 6L))
  )
}

#' Groups of agencies for which estimates are made within the nation and the regions
#'
#' The reference's ten groups are not public: these are the five population classes and five types.
#'
#' @param agencies A data.table with `class` (see [population_class()]) and `agency_type`.
#' @return A list, named by group, of logical vectors.
#' @references METHOD, section 2.2 (permutations 2 to 11 and their like).
#' @export
agency_groups <- function(agencies) {
  type <- agency_categories(agencies)$agency_type
  lapply(agency_group_rules(), function(rule) {
    if (is.null(rule$type)) agencies$class %in% rule$class else type %in% rule$type
  })
}
