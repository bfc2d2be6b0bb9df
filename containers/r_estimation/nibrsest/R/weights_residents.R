#' Residents of geographies and groups of agencies by age, sex, race and ethnicity
#'
#' Agencies whose residents are not known by group are taken to have those of the others of the same geography or group
#' of agencies: numbers of residents add up to the population that rates of everyone are over.
#'
#' @param residents A data.table: `ori`, `sex`, `race`, `ethnicity` and columns of residents by age, `age_under_5`,
#'   `age_5_to_11` and so on, see [read_reference()].
#' @param agencies Eligible agencies: `ori`, `population`, `respondent`.
#' @param places See [estimated_places()].
#' @param geographies,covariates See [membership_of()].
#' @return A data.table: `permutation`, `age` (the first year of the group), `sex`, `race`, `ethnicity`, `residents`,
#'   `residents_of_respondents`; no rows where nobody's residents are known.
#' @references METHOD, section 9 (populations of groups).
#' @noRd
residents_of_places <- function(residents, agencies, places, geographies, covariates) {
  if (NROW(residents) == 0L || nrow(places) == 0L) {
    return(data.table::data.table(permutation = integer(), age = integer(), sex = character(), race = character(),
      ethnicity = character(), residents = numeric(), residents_of_respondents = numeric()))
  }
  ages <- grep("^age_", names(residents), value = TRUE)
  keys <- c("sex", "race", "ethnicity")
  long <- data.table::melt(residents, id.vars = c("ori", keys), measure.vars = ages, variable.name = "group",
    value.name = "residents", variable.factor = FALSE)
  first <- ifelse(ages == "age_under_5", 0L, suppressWarnings(as.integer(gsub("^age_([0-9]+).*", "\\1", ages))))
  data.table::set(long, NULL, "age", first[match(long$group, ages)])
  long <- long[which(long$ori %in% agencies$ori & long$residents > 0), ]
  groups <- unique(long[, c("age", keys), with = FALSE])
  data.table::setorderv(groups, c("age", keys))
  of_group <- groups[long, on = c("age", keys), which = TRUE]
  by_agency <- Matrix::sparseMatrix(match(long$ori, agencies$ori), of_group, x = long$residents,
    dims = c(nrow(agencies), nrow(groups)))
  membership <- membership_of(places, geographies, agencies, covariates)
  sums <- function(counted) {
    mine <- membership %*% Matrix::Diagonal(x = as.numeric(counted))
    people <- as.matrix(mine %*% by_agency)
    times <- as.vector(mine %*% agencies$population) / rowSums(people)
    as.vector(t(people * ifelse(is.finite(times), times, NA)))
  }
  number <- nrow(places)
  all_places <- data.table::data.table(permutation = rep(places$permutation, each = nrow(groups)),
    groups[rep(seq_len(nrow(groups)), number), ], residents = sums(rep(1, nrow(agencies))),
    residents_of_respondents = sums(agencies$respondent))
  all_places[which(all_places$residents > 0), ]
}

#' Geographies with the residents of groups of persons in columns of their own
#'
#' @param places A row per permutation.
#' @param residents See [residents_of_places()].
#' @param groups A data.table, a row per group: `ages`, `sexes`, `races`, `ethnicities`, see [in_group()].
#' @param names What the groups are called, see [residents_columns()].
#' @return `places` with the columns; missing where nothing is known.
#' @noRd
with_group_residents <- function(places, residents, groups, names) {
  columns <- residents_columns(names)
  found <- data.table::copy(places)
  for (number in seq_along(names)) {
    rows <- which(in_group(residents, groups[number, ]))
    inside <- residents[rows, ]
    at <- factor(inside$permutation, places$permutation)
    for (kind in names(columns)) {
      people <- as.vector(tapply(inside[[kind]], at, sum))
      data.table::set(found, NULL, columns[[kind]][[number]], people)
    }
  }
  found[]
}

#' Geographies with the residents of all groups that tables have rates of
#' @noRd
with_residents_of_categories <- function(places, residents, definitions) {
  groups <- definitions$persons
  with_group_residents(places, residents, groups, paste(groups$characteristic, groups$category, sep = "_"))
}
