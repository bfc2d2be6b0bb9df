#' Impute the unknown items of a state's persons, and unknown relationships
#'
#' First edits: what one of two records of the same person knows, the other knows too (see [same_persons()]). Then the
#' models of [imputation_models()], one after the other, each with what those before it have filled in. Unknown
#' offenders stay unknown, and so do offenders of incidents that are not cleared. A relationship is sought in cleared
#' incidents, where there is one offender or the offender was arrested.
#'
#' @param records See [read_state_records()].
#' @param known A list: `facts` (see [read_facts_of_incidents()]) and `residents`, the `agencies` and `demographics` of
#'   the reference extract, or `NULL`.
#' @param draw A list: `state`, `year`, `imputation` (a number): what the random numbers depend on.
#' @return A list of data.tables with the columns of the files `imputed/<ST>/`: `victims`, `offenders`, `arrestees`,
#'   `group_b_arrestees`, `relationships` (rows of which something differs from what was reported), `diagnostics` and
#'   `shares`.
#' @references METHOD, section 6.
#' @noRd
impute_items <- function(records, known, draw) {
  world <- with_same_person(world_of_items(records, known))
  models <- imputation_models()
  for (number in seq_len(nrow(models))) {
    world <- run_model(world, models[number, ], draw)
  }
  persons <- lapply(setdiff(names(imputed_units), "victim_offender"), changed_persons, world, draw$imputation)
  names(persons) <- imputed_units[setdiff(names(imputed_units), "victim_offender")]
  pairs <- world$items$victim_offender
  pairs <- pairs[which(pairs$code_flag != "R"), ]
  c(persons, list(
    relationships = data.table::data.table(victim_id = records$victim$id[pairs$victim],
      offender_id = records$offender$id[pairs$offender], imputation = rep(draw$imputation, nrow(pairs)),
      relationship_code = pairs$code, relationship_flag = pairs$code_flag),
    diagnostics = diagnostics_of(world, draw$imputation), shares = shares_of_items(world$items, draw$imputation)
  ))
}

#' Everything that models need, with the edits made
#'
#' @return A list: `records`, `facts`, `agencies`, `demographics`; `incident`, what is known of each; `victim_codes` and
#'   `incident_codes`, the offense codes of each; `items`, by unit a data.table with the items, a flag per item (R, E,
#'   I, S) and `sought`, whether items are imputed at all; `log`, a list of data.tables.
#' @noRd
world_of_items <- function(records, known) {
  same <- same_persons(records, known$facts)
  items <- lapply(list(victim = records$victim, offender = records$offender, arrestee = records$arrestee,
    group_b = records$group_b), with_flags, person_items)
  aged <- same[which(same$aged), ]
  data.table::set(items$offender, aged$offender, "age", records$arrestee$age[aged$arrestee])
  data.table::set(items$offender, aged$offender, "age_flag", "E")
  data.table::set(items$victim, NULL, "sought", records$victim$type %in% c("I", "L"))
  data.table::set(items$offender, NULL, "sought", records$offender$known)
  data.table::set(items$arrestee, NULL, "sought", rep(TRUE, nrow(items$arrestee)))
  data.table::set(items$group_b, NULL, "sought", rep(TRUE, nrow(items$group_b)))
  items$same_person <- same_person_items(same, items)
  incident_codes <- unique(data.table::data.table(record = records$offense$incident, code = records$offense$code))
  victim_codes <- unique(data.table::data.table(record = records$victim_offense$victim,
    code = records$offense$code[records$victim_offense$offense]))
  world <- list(records = records, facts = known$facts, incident = incidents_of_items(records, known$facts),
    agencies = known$residents$agencies, demographics = known$residents$demographics, items = items,
    victim_codes = victim_codes, incident_codes = incident_codes, log = list(edits_log(records, same)))
  if (is.null(world$agencies)) world[c("agencies", "demographics")] <- without_agencies
  world$items$victim_offender <- pairs_of_items(world)
  world
}

#' @noRd
without_agencies <- list(
  data.table::data.table(ori = character(), agency_type = character(), population = numeric(),
    population_group_code = character(), suburban = character()),
  data.table::data.table(ori = character())
)

#' @noRd
with_flags <- function(table, items) {
  table <- data.table::copy(table)
  for (item in items) data.table::set(table, NULL, paste0(item, "_flag"), rep("R", nrow(table)))
  table
}

#' Persons who are offender and arrestee, by the items that both have
#' @noRd
same_person_items <- function(same, items) {
  race <- data.table::fcoalesce(items$offender$race[same$offender], items$arrestee$race[same$arrestee])
  with_flags(data.table::data.table(same[, c("incident", "offender", "arrestee")],
    age = items$arrestee$age[same$arrestee], sex = items$arrestee$sex[same$arrestee], race = race,
    sought = rep(TRUE, nrow(same))
  ), "race")
}

#' What models need to know of incidents: a row per incident
#' @noRd
incidents_of_items <- function(records, facts) {
  number <- nrow(records$incident)
  at <- seq_len(number)
  weapons <- records$codes$nibrs_weapon_type
  recodes <- table_definitions()$recodes
  recodes <- recodes[recodes$characteristic == "weapon_type", ]
  kinds <- data.table::data.table(incident = records$offense$incident[weapons$offense],
    kind = recodes$category[match(weapons$code, recodes$code)])
  kinds <- kinds[order(kinds$kind), ]
  weapon <- kinds$kind[match(at, kinds$incident)]
  data.table::data.table(
    cleared = clearance_of(records) != 1L,
    person = at %in% records$victim$incident[records$victim$type %in% c("I", "L")],
    offenders = numbers_in(records, "offender", records$offender$known), victims = numbers_in(records, "victim"),
    offenses = numbers_in(records, "offense"), cargo = facts$cargo, biased = facts$biased, forced = facts$forced,
    weapon = ifelse(is.na(weapon), 0L, weapon)
  )
}

#' Pairs of victims and offenders, and which relationships are sought
#'
#' @return A data.table: `victim`, `offender`, `incident`, `code` (missing where it is to be imputed), `code_flag`,
#'   `person_offense` and `property_offense` (whether the victim suffered one), `sought`.
#' @noRd
pairs_of_items <- function(world) {
  records <- world$records
  pairs <- data.table::copy(records$victim_offender)
  incident <- records$victim$incident[pairs$victim]
  arrested <- pairs$offender %in% world$items$same_person$offender
  unknown <- relationship_category(pairs$code) %in% c(6L, NA)
  cleared <- world$incident$cleared[incident] & records$offender$known[pairs$offender]
  wanted <- unknown & cleared & (world$incident$offenders[incident] == 1L | arrested)
  groups <- package_table("imputation/recodes.csv")
  has <- function(categories) {
    codes <- unlist(lapply(groups$codes[groups$category %in% categories & groups$what == "offenses"], words))
    pairs$victim %in% world$victim_codes$record[world$victim_codes$code %in% codes]
  }
  data.table::set(pairs, NULL, c("incident", "person_offense", "property_offense", "sought"), list(incident,
    has(c("assault_homicide", "kidnapping_trafficking", "sex_offense")),
    has(c("arson_burglary_vandalism", "vehicle_theft_robbery", "other_property")), cleared & (!unknown | wanted)))
  data.table::set(pairs, which(wanted), "code", NA_character_)
  with_flags(pairs, "code")
}

#' Categories of relationship codes, as tables have them; 6 is unknown
#' @noRd
relationship_category <- function(codes) {
  recodes <- table_definitions()$recodes
  recodes <- recodes[recodes$characteristic == "relationship", ]
  recodes$category[match(codes, recodes$code)]
}

#' Persons of whom an item was edited or imputed, as a file has them
#' @noRd
changed_persons <- function(unit, world, imputation) {
  items <- world$items[[unit]]
  flags <- paste0(person_items, "_flag")
  changed <- which(Reduce(`|`, lapply(items[, flags, with = FALSE], function(flag) flag != "R")))
  file <- names(file_columns(sprintf("imputed/<ST>/%s.csv", imputed_units[[unit]])))
  rows <- cbind(items$id[changed], rep(imputation, length(changed)), items[changed, c(person_items, flags),
    with = FALSE])
  for (item in person_items) {
    data.table::set(rows, which(is.na(rows[[item]])), paste0(item, "_flag"), "U")
  }
  data.table::setnames(rows, file)
  rows[]
}

#' Rules and how often they applied, as lines of the diagnostics
#' @noRd
edits_log <- function(records, same) {
  faults <- rbind(records$faults, record_faults(records))
  data.table::data.table(
    model = "edits",
    variable = c(paste(sub("^nibrs_", "", faults$table), faults$variable), "offender age", "offender and arrestee"),
    rule = c(faults$fault, "age of the arrestee a year later", "same person"),
    records = c(faults$number, sum(same$aged), nrow(same))
  )
}

#' @noRd
diagnostics_of <- function(world, imputation) {
  log <- data.table::rbindlist(world$log, fill = TRUE)
  columns <- names(file_columns("imputed/<ST>/diagnostics.csv"))
  data.table::set(log, NULL, "imputation", imputation)
  data.table::setcolorder(log, columns)
  log[]
}
