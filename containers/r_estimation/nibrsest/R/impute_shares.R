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

#' The records that a state's zip has, and how many values in them are in no list
#'
#' @param records See [read_state_records()].
#' @return A data.table with the columns of `imputed/<ST>/records.csv`.
#' @references METHOD, section 13.
#' @noRd
counted_records <- function(records) {
  tables <- c(nibrs_incident = "incident", nibrs_offense = "offense", nibrs_victim = "victim",
    nibrs_offender = "offender", nibrs_arrestee = "arrestee", nibrs_grpb_arrest = "group_b",
    nibrs_property = "property")
  unlisted <- vapply(names(tables), function(table) sum(records$faults$number[records$faults$table == table]), 0)
  unlisted[["nibrs_offense"]] <- sum(!records$offense$code %in% package_table("offense_names.csv")$offense_code)
  data.table::data.table(table = names(tables), records = vapply(records[tables], nrow, 0L),
    unlisted = as.integer(unlisted))
}
