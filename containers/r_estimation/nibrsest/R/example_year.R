#' A made-up year of a made-up Rhode Island, to try things out
#'
#' Sixteen agencies, of which twelve report incidents and one of these misses two months; all send Return A. A zip of
#' layout 1, with the tables and columns that the estimation reads, and a reference extract that says that it is
#' simulated.
#'
#' @param folder Where to write; it is made.
#' @return The folder, laid out as `EXTERNAL_FILE_PATH`: `downloads/2016/RI-2016.zip` and
#'   `reference/reference-2016.zip`.
#' @examples
#' list.files(example_year(), recursive = TRUE)
#' @export
example_year <- function(folder = tempfile("example")) {
  agencies <- example_agencies()
  offenses <- example_offenses(agencies)
  zip_tables(file.path(folder, "downloads", "2016", "RI-2016.zip"), example_records(agencies, offenses))
  zip_tables(file.path(folder, "reference", "reference-2016.zip"), example_reference(agencies))
  folder
}

#' @noRd
example_agencies <- function() {
  population <- c(61000, 34000, 27000, 22000, 18000, 16000, 12000, 9500, 8000, 7200, 6100, 5400, 4800, 3900, 3100, 2200)
  number <- seq_along(population)
  data.table::data.table(
    agency_id = as.character(number), ori = sprintf("RI%07d", number), agency_name = paste("Town", number),
    state = "RI", state_name = "Rhode Island", region = "Northeast", agency_type = "City", agency_status = "A",
    dormant = "N", covered = "N", covering = "N", population = population,
    population_group_code = as.character(cut(population, c(0, 1e4, 25e3, 5e4, Inf), c("6", "5", "4", "3"))),
    suburban = "N", reporting_type = "I", nibrs_start = 2000L * 12L, male_officers = ceiling(population / 600),
    female_officers = ceiling(population / 4000), msa_status = 1L, silent = number %% 4L == 0L
  )
}

#' One row per offense: `agency`, `month`, `code`; agencies have them by their residents
#' @noRd
example_offenses <- function(agencies) {
  codes <- c("120" = 1, "13A" = 4, "220" = 4, "23H" = 12, "240" = 3, "290" = 8)
  with_seed(2016L, {
    each <- stats::rpois(nrow(agencies), agencies$population / 700)
    data.table::data.table(agency = rep(seq_along(each), each), month = sample(12L, sum(each), replace = TRUE),
      code = sample(names(codes), sum(each), replace = TRUE, prob = codes))
  })
}

#' The months in which an agency's incidents are in the zip
#' @noRd
example_reported <- function(agencies) {
  reported <- matrix(!agencies$silent, nrow(agencies), 12L)
  reported[3L, 5:6] <- FALSE
  reported
}

#' Each offense is an incident of its own, with one victim and one offender
#' @noRd
example_records <- function(agencies, offenses) {
  months <- data.table::CJ(agency_id = agencies$agency_id, month_num = 1:12, sorted = FALSE)
  data.table::set(months, NULL, "nibrs_month_id", seq_len(nrow(months)))
  offenses <- offenses[which(example_reported(agencies)[cbind(offenses$agency, offenses$month)]), ]
  id <- seq_len(nrow(offenses))
  codes <- sort(unique(offenses$code))
  # Of two persons each, one is not known.
  persons <- data.table::data.table(age_id = 2L - id %% 2L, age_num = ifelse(id %% 2L == 0L, NA, 15L + id %% 60L),
    sex_code = ifelse(id %% 2L == 0L, "U", ifelse(id %% 3L == 0L, "F", "M")), race_id = 1L + id %% 2L,
    ethnicity_id = 1L)
  none <- function(...) data.table::setnames(data.table::data.table(matrix(integer(), 0L, ...length())), c(...))[]
  code_table <- function(id, code, codes) stats::setNames(data.table::data.table(seq_along(codes), codes), c(id, code))
  one_code <- function(name, code) code_table(paste0(name, "_id"), paste0(name, "_code"), code)
  list(
    nibrs_month = months, cde_agencies = agencies[, c("agency_id", "ori")],
    nibrs_incident = data.table::data.table(incident_id = id, nibrs_month_id = (offenses$agency - 1L) * 12L +
      offenses$month, report_date_flag = "", incident_hour = 12L, cleared_except_id = 1L, cargo_theft_flag = "",
      incident_date = sprintf("2016-%02d-01 00:00:00", offenses$month)),
    nibrs_offense = data.table::data.table(offense_id = id, incident_id = id, offense_type_id = match(offenses$code,
      codes), attempt_complete_flag = "C", location_id = 1L, method_entry_code = ""),
    nibrs_victim = data.table::data.table(victim_id = id, incident_id = id, victim_type_id = 1L,
      activity_type_id = NA, assignment_type_id = NA, persons),
    nibrs_victim_offense = data.table::data.table(victim_id = id, offense_id = id),
    nibrs_offender = data.table::data.table(offender_id = id, incident_id = id, offender_seq_num = 1L, persons),
    nibrs_weapon = none("offense_id", "weapon_id"), nibrs_criminal_act = none("offense_id", "criminal_act_id"),
    nibrs_victim_injury = none("victim_id", "injury_id"),
    nibrs_victim_offender_rel = none("victim_id", "offender_id", "relationship_id"),
    nibrs_property = none("property_id", "incident_id", "prop_loss_id", "stolen_count"),
    nibrs_property_desc = none("property_id", "prop_desc_id", "property_value"),
    nibrs_suspected_drug = none("property_id", "suspected_drug_type_id"),
    nibrs_suspected_drug_type = code_table("suspected_drug_type_id", "suspected_drug_code", "E"),
    nibrs_bias_motivation = none("bias_id", "offense_id"), nibrs_bias_list = one_code("bias", "88"),
    nibrs_arrestee = data.table::data.table(arrestee_id = id, incident_id = id, arrest_type_id = 1L,
      multiple_indicator = "N", offense_type_id = match(offenses$code, codes), under_18_disposition_code = NA,
      arrest_date = sprintf("2016-%02d-02 00:00:00", offenses$month), persons)[id %% 3L == 0L, ],
    nibrs_arrestee_weapon = none("arrestee_id", "weapon_id"),
    nibrs_offense_type = code_table("offense_type_id", "offense_code", codes),
    nibrs_location_type = one_code("location", "20"), nibrs_cleared_except = one_code("cleared_except", "N"),
    nibrs_victim_type = one_code("victim_type", "I"), nibrs_weapon_type = one_code("weapon", "40"),
    nibrs_criminal_act_type = one_code("criminal_act", "N"), nibrs_injury = one_code("injury", "N"),
    nibrs_relationship = one_code("relationship", "ST"), nibrs_prop_desc_type = one_code("prop_desc", "20"),
    nibrs_age = code_table("age_id", "age_code", c("AG", "00")),
    ref_race = code_table("race_id", "race_code", c("U", "W")), nibrs_ethnicity = one_code("ethnicity", "N"),
    nibrs_arrest_type = one_code("arrest_type", "O"), nibrs_activity_type = one_code("activity_type", "01"),
    nibrs_assignment_type = one_code("assignment_type", "F")
  )
}

#' @noRd
example_reference <- function(agencies) {
  months <- data.table::CJ(agency_id = agencies$agency_id, month = 1:12, sorted = FALSE)
  data.table::set(months, NULL, "nibrs_status", ifelse(as.vector(t(example_reported(agencies))), "I", "U"))
  residents_per_crime <- c(robbery = 16000, aggravated_assault = 4500, burglary = 4500, larceny = 1400,
    vehicle_theft = 6000)
  lines <- package_table("return_a_lines.csv")
  lines <- lines$line[match(names(residents_per_crime), lines$crime)]
  return_a <- data.table::CJ(agency = seq_len(nrow(agencies)), line = seq_along(lines))
  list(
    agencies = agencies[, -"silent"], months = months,
    history = data.table::data.table(agency_id = character(), year = integer(), month = integer(),
      offenses = integer()),
    return_a = data.table::data.table(agency_id = agencies$agency_id[return_a$agency], year = 2016L,
      line = lines[return_a$line],
      actual_count = round(agencies$population[return_a$agency] / residents_per_crime[return_a$line])),
    return_a_months = data.table::data.table(agency_id = agencies$agency_id, year = 2016L, months = 12L),
    counties = example_counties(agencies),
    source_notes = data.table::data.table(state = "RI", kind = "simulated", table_name = "", rows = "",
      note = "Made up by example_year().")
  )
}

#' Two counties, of which one is a metropolitan area; the first town lies in both
#' @noRd
example_counties <- function(agencies) {
  pieces <- data.table::data.table(agency = c(1L, seq_len(nrow(agencies))),
    county = c(2L, rep(1:2, length.out = nrow(agencies))))
  metropolitan <- pieces$county == 1L
  residents <- agencies$population[pieces$agency] * ifelse(pieces$agency == 1L, ifelse(metropolitan, 0.75, 0.25), 1)
  data.table::data.table(
    agency_id = agencies$agency_id[pieces$agency], county = pieces$county,
    county_name = c("Kent", "Newport")[pieces$county], county_fips = sprintf("4400%d", 2L * pieces$county + 1L),
    county_known = "Y", metropolitan = ifelse(metropolitan, "Y", "N"),
    metro_division = ifelse(metropolitan, "Kent, RI", "Outside"), msa = ifelse(metropolitan, "39300", NA),
    msa_name = ifelse(metropolitan, "Kent, RI", NA), core_city = ifelse(pieces$agency == 1L, "Y", "N"),
    population = residents, judicial_district = "038", field_office = "07", field_office_name = "Boston"
  )
}

#' Write tables as CSV files into one zip
#' @noRd
zip_tables <- function(path, tables) {
  folder <- tempfile("tables")
  dir.create(folder)
  on.exit(unlink(folder, recursive = TRUE))
  for (name in names(tables)) data.table::fwrite(tables[[name]], file.path(folder, paste0(name, ".csv")))
  dir.create(dirname(path), recursive = TRUE, showWarnings = FALSE)
  zip::zipr(path, list.files(folder, full.names = TRUE))
}
