# A small world on disk: two states with four agencies each, of which the last does not report.

write_csv <- function(table, folder, name) {
  data.table::fwrite(table, file.path(folder, name), na = "", quote = FALSE)
}

zip_of <- function(path, tables) {
  folder <- tempfile()
  dir.create(folder)
  for (name in names(tables)) write_csv(tables[[name]], folder, name)
  dir.create(dirname(path), recursive = TRUE, showWarnings = FALSE)
  utils::zip(path, file.path(folder, names(tables)), flags = "-jqX")
  path
}

# The code tables of a zip: identifiers are made up, as they differ between real zips.
code_tables_of_world <- function() {
  of <- function(id, code, codes) stats::setNames(data.frame(100 + seq_along(codes), codes), c(id, code))
  list(
    "nibrs_offense_type.csv" = of("offense_type_id", "offense_code",
      c("120", "13A", "23H", "09A", "240", "35A", "35B", "09B", "100")),
    "nibrs_location_type.csv" = of("location_id", "location_code", c("20", "13", "58")),
    "nibrs_weapon_type.csv" = of("weapon_id", "weapon_code", c("12", "40", "99", "95", "01", "16", "12A", "13", "15")),
    "nibrs_criminal_act_type.csv" = of("criminal_act_id", "criminal_act_code", c("N", "G", "B", "D", "P", "U", "C")),
    "nibrs_victim_type.csv" = of("victim_type_id", "victim_type_code", c("I", "B", "S", "L", "G")),
    "nibrs_injury.csv" = of("injury_id", "injury_code", c("N", "M", "G", "U")),
    "nibrs_relationship.csv" = of("relationship_id", "relationship_code", c("SE", "ST", "RU", "SB")),
    "nibrs_cleared_except.csv" = of("cleared_except_id", "cleared_except_code", c("A", "B", "N")),
    "nibrs_prop_desc_type.csv" = of("prop_desc_id", "prop_desc_code", c("03", "20", "10", "13")),
    "nibrs_suspected_drug_type.csv" = of("suspected_drug_type_id", "suspected_drug_code", c("A", "B", "E", "L", "X")),
    "nibrs_age.csv" = of("age_id", "age_code", c("AG", "NN", "NB", "BB", "00", "99")),
    "ref_race.csv" = of("race_id", "race_code", c("W", "B", "I", "A", "P", "U", "NS")),
    "nibrs_ethnicity.csv" = of("ethnicity_id", "ethnicity_code", c("H", "N", "U")),
    "nibrs_bias_list.csv" = of("bias_id", "bias_code", c("88", "12")),
    "nibrs_arrest_type.csv" = of("arrest_type_id", "arrest_type_code", c("O", "S", "T")),
    "nibrs_activity_type.csv" = of("activity_type_id", "activity_type_code", c("01", "08", "11")),
    "nibrs_assignment_type.csv" = of("assignment_type_id", "assignment_type_code", c("F", "G", "K", "L"))
  )
}

# Puts identifiers in place of codes, by the code tables of the world; a code that is in none gets one that is in none.
with_identifiers <- function(table) {
  known <- code_tables_of_world()
  for (codes in known) {
    id <- names(codes)[[1]]
    if (id %in% names(table)) {
      found <- codes[[1]][match(table[[id]], codes[[2]])]
      table[[id]] <- ifelse(is.na(found) & !is.na(table[[id]]), 999, found)
    }
  }
  table
}

# A zip of layout 1 from records with codes; tables that are not given are empty.
record_zip <- function(path, state, records, agencies = 4L) {
  agencies <- data.frame(agency_id = seq_len(agencies), ori = sprintf("%s%07d", state, seq_len(agencies)))
  months <- expand.grid(agency_id = agencies$agency_id, month_num = 1:12)
  months$nibrs_month_id <- seq_len(nrow(months))
  incidents <- records$incidents
  incidents$nibrs_month_id <- match(paste(incidents$agency, incidents$month), paste(months$agency_id, months$month_num))
  # Of persons nothing is known that is not given.
  persons <- function(name, ...) {
    given(name, ..., age_id = "00", age_num = "", sex_code = "U", race_id = "U", ethnicity_id = "U")
  }
  given <- function(name, ...) {
    table <- as.data.frame(records[[name]])
    columns <- list(...)
    for (column in names(columns)) if (is.null(table[[column]])) table[[column]] <- rep(columns[[column]], nrow(table))
    with_identifiers(table[names(columns)])
  }
  records$incidents <- incidents
  group_b <- if (!is.null(records$group_b)) {
    list("nibrs_grpb_arrest.csv" = persons("group_b", grpb_arrest_id = 0, agency_id = 1,
      arrest_date = "2016-02-01 00:00:00", offense_type_id = "120", arrest_type_id = "O",
      under_18_disposition_code = ""),
    "nibrs_grpb_arrest_weapon.csv" = given("group_b_weapons", grpb_arrest_id = 0, weapon_id = "01"))
  }
  zip_of(path, c(group_b, list(
    "nibrs_month.csv" = months, "cde_agencies.csv" = agencies,
    "nibrs_incident.csv" = given("incidents", incident_id = 0, nibrs_month_id = 0, report_date_flag = "",
      incident_hour = 12, cleared_except_id = "N", incident_date = "2016-01-31 00:00:00", cargo_theft_flag = ""),
    "nibrs_offense.csv" = given("offenses", offense_id = 0, incident_id = 0, offense_type_id = "120",
      attempt_complete_flag = "C", location_id = "20", method_entry_code = ""),
    "nibrs_weapon.csv" = given("weapons", offense_id = 0, weapon_id = "12"),
    "nibrs_criminal_act.csv" = given("acts", offense_id = 0, criminal_act_id = "N"),
    "nibrs_victim.csv" = persons("victims", victim_id = 0, incident_id = 0, victim_type_id = "I",
      activity_type_id = "", assignment_type_id = ""),
    "nibrs_victim_offense.csv" = given("links", victim_id = 0, offense_id = 0),
    "nibrs_victim_injury.csv" = given("injuries", victim_id = 0, injury_id = "N"),
    "nibrs_victim_offender_rel.csv" = given("relationships", victim_id = 0, offender_id = 0,
      relationship_id = "ST"),
    "nibrs_offender.csv" = persons("offenders", offender_id = 0, incident_id = 0, offender_seq_num = 1),
    "nibrs_property.csv" = given("properties", property_id = 0, incident_id = 0, prop_loss_id = 7, stolen_count = ""),
    "nibrs_property_desc.csv" = given("descriptions", property_id = 0, prop_desc_id = "03", property_value = ""),
    "nibrs_suspected_drug.csv" = given("drugs", property_id = 0, suspected_drug_type_id = "E"),
    "nibrs_bias_motivation.csv" = given("biases", bias_id = "88", offense_id = 0),
    "nibrs_arrestee.csv" = persons("arrestees", arrestee_id = 0, incident_id = 0, offense_type_id = "120",
      arrest_type_id = "O", multiple_indicator = "N", under_18_disposition_code = "",
      arrest_date = "2016-02-01 00:00:00"),
    "nibrs_arrestee_weapon.csv" = given("arrestee_weapons", arrestee_id = 0, weapon_id = "01")
  ), code_tables_of_world()))
}

# One row per offense: agency (1 to 4), month, code. Every offense is an incident with a person for a victim.
state_zip <- function(root, state, offenses, year = 2016L) {
  id <- seq_len(nrow(offenses))
  record_zip(file.path(root, "downloads", year, sprintf("%s-%d.zip", state, year)), state, list(
    incidents = data.frame(incident_id = id, agency = offenses$agency, month = offenses$month),
    offenses = data.frame(offense_id = id, incident_id = id, offense_type_id = offenses$code),
    victims = data.frame(victim_id = id, incident_id = id), links = data.frame(victim_id = id, offense_id = id),
    offenders = data.frame(offender_id = id, incident_id = id)
  ))
}

# States of four agencies and 20,000 residents are no real ones: they are all the residents that there are.
simulated <- function(states) notes_of(states, "simulated")

notes_of <- function(states, kind) {
  data.frame(state = states, kind = rep(kind, length(states)), table_name = rep("", length(states)),
    rows = rep("", length(states)), note = rep("A sentence.", length(states)))
}

no_history <- data.frame(agency_id = character(), year = integer(), month = integer(), offenses = integer())

reference_zip <- function(root, states, silent = 4L, year = 2016L, return_a = TRUE, status = "A",
                          history = no_history, notes = simulated(states)) {
  agencies <- data.frame(
    agency_id = paste0(rep(states, each = 4), 1:4), ori = sprintf("%s%07d", rep(states, each = 4), 1:4),
    agency_name = "Agency", state = rep(states, each = 4), state_name = rep(states, each = 4),
    region = ifelse(rep(states, each = 4) == "AZ", "West", "South"), agency_type = "City", agency_status = status,
    dormant = "N", covered = "N", covering = "N", population = 5000, population_group_code = "6", suburban = "N",
    reporting_type = "I", nibrs_start = 2000L * 12L, male_officers = 9, female_officers = 1, msa_status = 1
  )
  months <- expand.grid(agency_id = agencies$agency_id, month = 1:12)
  months$nibrs_status <- ifelse(substring(months$agency_id, 3) %in% silent, "U", "I")
  sent <- data.frame(agency_id = agencies$agency_id, year = year)
  return_a_rows <- cbind(sent, line = "larceny", actual_count = 10 * as.integer(substring(sent$agency_id, 3)))
  kept <- if (return_a) seq_len(nrow(sent)) else integer()
  zip_of(file.path(root, "reference", sprintf("reference-%d.zip", year)), list(
    "agencies.csv" = agencies, "months.csv" = months,
    "history.csv" = history, "source_notes.csv" = notes,
    "return_a.csv" = return_a_rows[kept, ],
    "return_a_months.csv" = cbind(sent, months = 12L)[kept, ]
  ))
}

# The package's definitions of tables in a folder of their own, with lines added to some files.
definitions_with <- function(...) {
  folder <- tempfile("tables")
  dir.create(folder)
  package <- system.file("extdata", "tables", package = "nibrsest")
  file.copy(list.files(package, full.names = TRUE), folder)
  more <- list(...)
  for (name in names(more)) cat(more[[name]], file = file.path(folder, paste0(name, ".csv")), sep = "\n", append = TRUE)
  folder
}

# The definitions of some tables alone, which are counted sooner than all. Without `offense_codes` there is no estimate
# by offense code.
few_tables <- function(tables, definitions = table_definitions()) {
  # What is given stays as it is.
  definitions <- lapply(definitions, data.table::copy)
  of_groups <- vapply(strsplit(definitions$groups$tables, " ", fixed = TRUE), function(of_group) {
    paste(intersect(of_group, tables), collapse = " ")
  }, "")
  data.table::set(definitions$groups, NULL, "tables", of_groups)
  definitions$groups <- definitions$groups[which(nzchar(of_groups)), ]
  for (name in c("tables", "sections")) {
    definitions[[name]] <- definitions[[name]][which(definitions[[name]]$table %in% tables), ]
  }
  definitions
}

# While `code` runs the package's definitions are others: what it has read and derived of its own is put back.
with_definitions <- function(definitions, code) {
  before <- as.list(tables_read)
  replaced_by <- function(kept) {
    rm(list = ls(tables_read), envir = tables_read)
    list2env(kept, tables_read)
  }
  on.exit(replaced_by(before))
  replaced_by(list(definitions = definitions))
  force(code)
}

# What respondents use of a table of counts by agency, month and cell: months of their own, and their donors'.
used_of <- function(counted, months, donors) {
  cells <- unique(counted$cell)
  rows <- unique(counted[, c("ori", "month")])
  matrix <- count_matrix(rows, cells, match(paste(counted$ori, counted$month), paste(rows$ori, rows$month)),
    match(counted$cell, cells), counted$number)
  oris <- unique(c(months$ori, donors$ori))
  parts <- list(used = list(months = months, donors = donors, oris = oris))
  counts_of(used_counts(function(state) matrix, "AZ", parts, cells)$used)
}

# What is given comes first, and decides. Tables of persons, drugs and guns have most of the cells, and workbooks take
# most of a report's time: tests ask for them.
settings_of <- function(root, ...) {
  folder <- file.path(root, "pipeline")
  read_settings(c(
    ..., DATA_YEAR = "2016", EXTERNAL_FILE_PATH = root, INPUT_PIPELINE_DIR = folder, TABLES = "crimes",
    WORKBOOKS = "none"
  ))
}

# What several tests only read is made when the first of them asks for it, and kept: whoever changes it takes a copy.
made_once <- function(make) {
  made <- new.env()
  function() {
    if (is.null(made$value)) made$value <- make()
    made$value
  }
}

two_states_made <- made_once(function() {
  root <- tempfile()
  robberies <- data.frame(agency = c(1, 1, 2, 3), month = c(1, 1, 5, 12), code = c("120", "120", "23H", "120"))
  state_zip(root, "AZ", robberies)
  state_zip(root, "LA", data.frame(agency = c(1, 2, 3), month = c(2, 3, 4), code = c("13A", "13A", "13A")))
  reference_zip(root, c("AZ", "LA"))
  root
})
two_states <- function() copy_of_folder(two_states_made())

# The same with both states tabulated, for tests of later stages.
two_states_counted <- made_once(function() {
  root <- two_states()
  for (state in c("AZ", "LA")) run_stage("tabulate_state", settings_of(root, INPUT_STATE = state))
  root
})
two_states_tabulated <- function() copy_of_folder(two_states_counted())

run_all <- function(root, states = c("AZ", "LA"), ...) {
  for (state in states) run_stage("tabulate_state", settings_of(root, INPUT_STATE = state))
  run_stage("weight", settings_of(root))
  for (group in c("nation", "regions", "states")) run_stage("estimate", settings_of(root, GEOGRAPHY_GROUP = group))
  run_stage("report", settings_of(root, ...))
  report_of(root)
}

# The folder of two states that have been through all stages. A workbook takes as long as all else of the report: there
# is the nation's alone.
two_states_done <- made_once(function() {
  root <- two_states()
  run_all(root, WORKBOOKS = "nation")
  root
})

# The same with two tables alone, of unlike sizes, and with all workbooks of them.
booked_of_world <- c("2b", "LEOKA")
definitions_of_booked <- function() few_tables(c("offense_codes", booked_of_world))
all_booked_done <- made_once(function() {
  root <- two_states()
  with_definitions(definitions_of_booked(), run_all(root, WORKBOOKS = "all"))
  root
})

report_of <- function(root) file.path(root, "pipeline", "report")

# For tests that write into a folder that was made once; `without` what they do not need, a pattern of paths.
copy_of_folder <- function(folder, without = "^$") {
  copy <- tempfile()
  files <- grep(without, list.files(folder, recursive = TRUE), value = TRUE, invert = TRUE)
  for (under in unique(dirname(file.path(copy, files)))) dir.create(under, recursive = TRUE, showWarnings = FALSE)
  stopifnot(file.copy(file.path(folder, files), file.path(copy, files)))
  copy
}
