# A small world on disk: two states with four agencies each, of which the last does not report.

write_csv <- function(table, folder, name) {
  utils::write.csv(table, file.path(folder, name), row.names = FALSE, na = "", quote = FALSE)
}

zip_of <- function(path, tables) {
  folder <- tempfile()
  dir.create(folder)
  for (name in names(tables)) write_csv(tables[[name]], folder, name)
  dir.create(dirname(path), recursive = TRUE, showWarnings = FALSE)
  utils::zip(path, file.path(folder, names(tables)), flags = "-jqX")
  path
}

# One row per offense: agency (1 to 4), month, code.
state_zip <- function(root, state, offenses, year = 2016L) {
  agencies <- data.frame(agency_id = paste0(state, 1:4), ori = sprintf("%s%07d", state, 1:4))
  months <- expand.grid(agency_id = agencies$agency_id, month_num = 1:12)
  months$nibrs_month_id <- seq_len(nrow(months))
  incident_month <- match(
    paste(paste0(state, offenses$agency), offenses$month), paste(months$agency_id, months$month_num)
  )
  codes <- c("120", "13A", "23H", "09A")
  zip_of(file.path(root, "downloads", year, sprintf("%s-%d.zip", state, year)), list(
    "nibrs_month.csv" = months, "cde_agencies.csv" = agencies,
    "nibrs_incident.csv" = data.frame(incident_id = seq_len(nrow(offenses)), nibrs_month_id = incident_month),
    "nibrs_offense.csv" = data.frame(
      incident_id = seq_len(nrow(offenses)), offense_type_id = match(offenses$code, codes)
    ),
    "nibrs_offense_type.csv" = data.frame(offense_type_id = seq_along(codes), offense_code = codes)
  ))
}

reference_zip <- function(root, states, silent = 4L, year = 2016L, return_a = TRUE, status = "A") {
  agencies <- data.frame(
    agency_id = paste0(rep(states, each = 4), 1:4), ori = sprintf("%s%07d", rep(states, each = 4), 1:4),
    agency_name = "Agency", state = rep(states, each = 4), state_name = rep(states, each = 4),
    region = ifelse(rep(states, each = 4) == "AZ", "West", "South"), agency_type = "City", agency_status = status,
    dormant = "N", covered = "N", covering = "N", population = 5000, population_group_code = "6", suburban = "N",
    reporting_type = "I", nibrs_start = 2000L * 12L, male_officers = 9, female_officers = 1
  )
  months <- expand.grid(agency_id = agencies$agency_id, month = 1:12)
  months$nibrs_status <- ifelse(substring(months$agency_id, 3) %in% silent, "U", "I")
  sent <- data.frame(agency_id = agencies$agency_id, year = year)
  return_a_rows <- cbind(sent, line = "larceny", actual_count = 10 * as.integer(substring(sent$agency_id, 3)))
  kept <- if (return_a) seq_len(nrow(sent)) else integer()
  zip_of(file.path(root, "reference", sprintf("reference-%d.zip", year)), list(
    "agencies.csv" = agencies, "months.csv" = months, "return_a.csv" = return_a_rows[kept, ],
    "return_a_months.csv" = cbind(sent, months = 12L)[kept, ]
  ))
}

settings_of <- function(root, ...) {
  folder <- file.path(root, "pipeline")
  read_settings(c(
    DATA_YEAR = "2016", EXTERNAL_FILE_PATH = root, INPUT_PIPELINE_DIR = folder, ...
  ))
}

two_states <- function() {
  root <- tempfile()
  robberies <- data.frame(agency = c(1, 1, 2, 3), month = c(1, 1, 5, 12), code = c("120", "120", "23H", "120"))
  state_zip(root, "AZ", robberies)
  state_zip(root, "LA", data.frame(agency = c(1, 2, 3), month = c(2, 3, 4), code = c("13A", "13A", "13A")))
  reference_zip(root, c("AZ", "LA"))
  root
}
