#' The models by which unknown items are imputed
#'
#' @return A data.table, a row per model in the order in which they are run: `model`; the `unit` that it is of; the
#'   `subset` of its records, by words; the wider subset whose records are donors too where those of the subset are too
#'   few (`fallback`; missing: none); `targets`, its variables; those that are `always` among the predictors; the groups
#'   of `predictors` from which others are chosen; `what` it is of. Words of subsets: `cleared` or `open`, `person` (of
#'   incidents with a person among the victims) or `other`; of relationships `person_offense` and `property_offense`,
#'   `few` and `many` offenders; of Group B arrestees what their agency is. Groups of predictors are functions in
#'   impute_predictors.R.
#' @references METHOD, sections 6.2 to 6.6.
#' @examples
#' imputation_models()[, c("model", "unit", "subset", "targets")]
#' @export
imputation_models <- function() package_table("imputation/models.csv")

#' The records of a unit that a subset has
#'
#' @param world See [world_of_items()].
#' @param subset Words, separated by blanks, that all have to hold.
#' @return Row numbers.
#' @noRd
rows_of_subset <- function(world, unit, subset) {
  known <- subset_words(world, unit)
  rows <- which(Reduce(`&`, known[words(subset)]))
  # Of persons and offenders only those are sought of whom anything can be known.
  rows[world$items[[unit]]$sought[rows]]
}

#' What words of subsets stand for: logical vectors in the order of the unit's records
#' @noRd
subset_words <- function(world, unit) {
  items <- world$items[[unit]]
  all <- list(all = rep(TRUE, nrow(items)))
  if (unit == "group_b") {
    agency <- world$agencies[match(items$ori, world$agencies$ori), ]
    university <- agency$agency_type %in% "University or College"
    tribal <- agency$agency_type %in% "Tribal"
    nobody <- agency$population %in% 0 & !university & !tribal
    return(c(all, list(university = university, tribal = tribal, nobody = nobody,
      rest = !university & !tribal & !nobody)))
  }
  incident <- world$incident[items$incident, ]
  words <- c(all, list(cleared = incident$cleared, open = !incident$cleared, person = incident$person,
    other = !incident$person))
  if (unit == "victim_offender") {
    few <- incident$offenders <= constant("few_offenders")
    words <- c(words, list(person_offense = items$person_offense,
      property_offense = items$property_offense & !items$person_offense, few = few, many = !few))
  }
  words
}

#' Run one model
#'
#' @param world See [world_of_items()].
#' @param model A row of [imputation_models()].
#' @param draw A list: `state`, `year`, `imputation`: what the random numbers depend on besides the model.
#' @return The world with the items imputed, and with lines in `log`.
#' @noRd
run_model <- function(world, model, draw) {
  rows <- rows_of_subset(world, model$unit, model$subset)
  targets <- words(model$targets)
  values <- world$items[[model$unit]]
  gaps <- lapply(values[rows, targets, with = FALSE], function(column) rows[is.na(column)])
  ways <- list(pmm = rows)
  if (!is.na(model$fallback)) {
    ways$fallback <- rows_of_subset(world, model$unit, model$fallback)
  }
  log <- data.table::data.table(model = model$model, variable = targets, rule = ifelse(lengths(gaps) > 0L, "no_donors",
    "reported"), records = length(rows), unknown = lengths(gaps), donors = length(rows) - lengths(gaps), imputed = 0L,
  predictors = 0L, rounds = 0L)
  for (way in names(ways)) {
    open <- targets[lengths(gaps) > 0L & log$rule == "no_donors"]
    if (length(open) == 0L) break
    found <- with_seed(seed_of("impute_items", draw$state, draw$year, model$model, way, draw$imputation),
      imputed_rows(world, model, ways[[way]], open))
    for (target in names(found$donors)) {
      mine <- found$gaps[[target]] %in% gaps[[target]]
      world <- with_values(world, model$unit, target, found$gaps[[target]][mine], found$donors[[target]][mine])
      at <- match(target, targets)
      line <- found$log[match(target, found$log$variable), ]
      data.table::set(log, at, c("rule", "donors", "imputed", "predictors", "rounds"),
        list(way, line$donors, sum(mine), line$predictors, line$rounds))
    }
  }
  world$log <- c(world$log, list(log))
  with_same_person(world)
}

#' Donors for the gaps of some records, by row numbers of the unit
#' @return A list: `gaps` and `donors` by target, and `log`, see [chained_donors()].
#' @noRd
imputed_rows <- function(world, model, rows, targets) {
  values <- world$items[[model$unit]][rows, ]
  own <- lapply(stats::setNames(nm = words(model$targets)), function(target) as_variable(target, values[[target]]))
  groups <- lapply(words(model$predictors), function(group) predictor_groups()[[group]](world, model$unit, rows))
  frame <- data.table::as.data.table(c(own, unlist(groups, recursive = FALSE)))
  found <- chained_donors(frame, targets, words(model$always))
  donors <- lapply(found$donors, function(donor) rows[donor])
  gaps <- lapply(frame[, names(donors), with = FALSE], function(column) rows[is.na(column)])
  list(gaps = gaps, donors = donors, log = found$log)
}

#' An item as a variable of a model: ages are numbers, relationships their categories, the rest classes
#' @noRd
as_variable <- function(name, values) {
  switch(name, age = as.numeric(values), code = factor(relationship_category(values)), factor(values))
}

#' Put donors' values in the place of gaps
#' @noRd
with_values <- function(world, unit, item, gaps, donors) {
  values <- world$items[[unit]]
  data.table::set(values, gaps, item, values[[item]][donors])
  data.table::set(values, gaps, paste0(item, "_flag"), "I")
  if (unit == "same_person") {
    for (side in c("offender", "arrestee")) {
      data.table::set(world$items[[side]], values[[side]][gaps], item, values[[item]][gaps])
      data.table::set(world$items[[side]], values[[side]][gaps], paste0(item, "_flag"), "I")
    }
  }
  world
}
