# The made-up year of sixteen towns, example_year(), with areas below states.

# Residents of the made-up towns by age, sex, race and ethnicity; of the last nothing is known.
residents_of_towns <- function(agencies) {
  groups <- data.table::CJ(sex = c("F", "M"), race = c("W", "B"), ethnicity = c("H", "N"), sorted = FALSE)
  ages <- setdiff(names(file_columns("reference/residents.csv")), c("agency_id", names(groups)))
  data.table::rbindlist(lapply(seq_len(nrow(agencies) - 1L), function(number) {
    each <- matrix(seq_len(nrow(groups) * length(ages)) + number, nrow(groups))
    people <- as.numeric(agencies$population[[number]]) * each / sum(each)
    cbind(agency_id = agencies$agency_id[[number]], groups, stats::setNames(data.table::as.data.table(people), ages))
  }))
}

areas_settings <- function(root, ...) settings_of(root, ..., AREAS = "all")

# Its reference extract with residents and with counties that may be changed.
year_of_towns <- function(change = identity) {
  root <- example_year()
  extract <- file.path(root, "reference", "reference-2016.zip")
  folder <- tempfile()
  utils::unzip(extract, exdir = folder)
  counties <- data.table::fread(file.path(folder, "counties.csv"), colClasses = "character")
  data.table::fwrite(change(counties), file.path(folder, "counties.csv"))
  agencies <- data.table::fread(file.path(folder, "agencies.csv"), colClasses = "character")
  data.table::fwrite(residents_of_towns(agencies), file.path(folder, "residents.csv"))
  unlink(extract)
  zip::zipr(extract, list.files(folder, full.names = TRUE))
  root
}

count_areas <- function(root, ...) {
  run_stage("tabulate_state", areas_settings(root, ..., INPUT_STATE = "RI"))
  run_stage("weight", areas_settings(root, ...))
}

run_areas <- function(root, ...) {
  for (group in c("nation", "regions", "states", "areas")) {
    run_stage("estimate", areas_settings(root, ..., GEOGRAPHY_GROUP = group))
  }
  for (stage in c("bias", "report")) run_stage(stage, areas_settings(root, ...))
}

# What is packed of a report for tests: most of it is read from no zip.
zip_report <- function(report, zip, without = "^$") {
  report <- copy_of_folder(report, paste(c("^(indicator_tables|beside_zip|workbooks)/", without), collapse = "|"))
  dir.create(dirname(zip), showWarnings = FALSE)
  zip::zip(zip, list.files(report, recursive = TRUE), root = report, compression_level = 1L)
  zip
}

# All towns are one area, of which the fourth is the principal city and silent. The bias is sought. An earlier run of
# the report wrote what this one does not.
silent_city_done <- made_once(function() {
  logger::log_threshold("FATAL")
  root <- year_of_towns(function(counties) {
    data.table::set(counties, NULL, c("metropolitan", "msa", "msa_name"), list("Y", "39300", "Kent, RI"))
    data.table::set(counties, NULL, "core_city", ifelse(counties$agency_id == "4", "Y", "N"))
    counties
  })
  count_areas(root)
  dir.create(file.path(report_of(root), "workbooks"), recursive = TRUE)
  stopifnot(file.create(file.path(report_of(root), c("changes.csv", "workbooks/Ohio.xlsx"))))
  run_areas(root, BIAS = "copula")
  root
})

# The same again without areas, and with itself as the year before.
year_again_done <- made_once(function() {
  root <- copy_of_folder(silent_city_done())
  zip_report(report_of(root), file.path(root, "estimates", "nibrs-estimates-2015.zip"))
  for (stage in c("weight", "report")) run_stage(stage, settings_of(root, BIAS = "copula"))
  root
})

# Couples and robberies, larcenies and stolen cars in the towns that report. One town lacks two months.
crimes_of_towns <- function() {
  records <- armed_couples(920L)
  id <- records$incidents$incident_id
  others <- which(id %% 6L == 0L)
  records$offenses$offense_type_id[others] <- rep(c("120", "23H", "240"), length.out = length(others))
  with_seed(2L, {
    records$incidents$agency <- sample(setdiff(1:16, c(4, 8, 12, 16)), length(id), replace = TRUE)
    months <- sample(12L, length(id), replace = TRUE)
  })
  records$incidents$month <- ifelse(records$incidents$agency == 3L & months %in% 5:6, 7L, months)
  records
}

# The year with all that there is: all tables, areas, and persons whose items are imputed three times.
full_year_done <- made_once(function() {
  logger::log_threshold("FATAL")
  root <- year_of_towns()
  record_zip(file.path(root, "downloads", "2016", "RI-2016.zip"), "RI", crimes_of_towns(), 16L)
  run_stage("impute_items", areas_settings(root, INPUT_STATE = "RI", IMPUTATIONS = "3"))
  count_areas(root, TABLES = "all")
  run_areas(root, TABLES = "all")
  zip_report(report_of(root), file.path(root, "nibrs-estimates-2016.zip"))
  root
})

# What is published of that year.
full_zip_done <- function() file.path(full_year_done(), "nibrs-estimates-2016.zip")
