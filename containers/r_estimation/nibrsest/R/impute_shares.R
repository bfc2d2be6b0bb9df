#' How persons are distributed over ages, sexes, races and ethnicities before and after imputation
#'
#' Persons whose items are not sought (unknown offenders, victims that are no persons) are in neither.
#'
#' @param items By unit a data.table with the items, a flag each and `sought`, see [world_of_items()].
#' @param imputation Its number.
#' @return A data.table with the columns of `imputed/<ST>/shares.csv`.
#' @references METHOD, section 13 (item-imputation validation).
#' @noRd
shares_of_items <- function(items, imputation, definitions = table_definitions()) {
  units <- setdiff(names(imputed_units), "victim_offender")
  pairs <- data.table::CJ(unit = units, item = person_items, sorted = FALSE)
  data.table::rbindlist(Map(function(unit, item) {
    persons <- items[[unit]][which(items[[unit]]$sought), ]
    reported <- data.table::copy(persons)
    data.table::set(reported, which(persons[[paste0(item, "_flag")]] != "R"), item, NA)
    known <- unique(definitions$persons$category[definitions$persons$characteristic == item])
    count <- function(of) tabulate(match(person_categories(of, item, definitions)$category, known), length(known))
    label <- definitions$categories$label[match(paste(item, known), paste(definitions$categories$characteristic,
      definitions$categories$category))]
    data.table::data.table(imputation = imputation, persons = imputed_units[[unit]], item = item, category = label,
      reported = count(reported), after_imputation = count(persons))
  }, pairs$unit, pairs$item))
}
