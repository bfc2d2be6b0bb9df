# Whether imputed items are like the true ones: shares of a simulated nation after imputation, against its truth.
#
#   nibrs simulate --size small --scale 0.25 --unknown random
#   nibrs run --downloads-only
#   Rscript benchmarks/imputed_items.R .nibrs/objects/nibrs-data truth 2023
#
# Arguments: the folder that holds downloads/<year>, the folder of the truth, the data year. Imputes all states' items
# once and prints, by persons and item, how many are unknown and how many of these stay so; then, over the persons that
# have a value afterwards and the categories, the largest difference in percentage points from the truth of the nation's
# shares: of known values alone, and of known and imputed ones; the same of imputed values alone; the same in the median
# state after imputation, and in how many states the difference is within two standard errors, those of as many
# independent draws as there are imputed values. Offenders and relationships are those that are imputed at all.
suppressMessages(library(nibrsest))
logger::log_threshold("WARN")
inner <- asNamespace("nibrsest")
arguments <- commandArgs(trailingOnly = TRUE)
year <- as.integer(arguments[[3]])
zips <- list.files(file.path(arguments[[1]], "downloads", year), "^[A-Z]{2}-[0-9]{4}[.]zip$", full.names = TRUE)
tables <- c(victim = "nibrs_victim", offender = "nibrs_offender", arrestee = "nibrs_arrestee",
  group_b = "nibrs_grpb_arrest")

truth_of <- function(state, table) {
  path <- file.path(arguments[[2]], year, sprintf("%s-%d-unknown", state, year), paste0(table, ".csv.gz"))
  if (!file.exists(path)) return(data.table::data.table(id = character(), item = character(), value = character()))
  rows <- utils::read.csv(gzfile(path), colClasses = "character", na.strings = "")
  data.table::data.table(id = rows[[1]], item = rows$item, value = rows$value)
}

ages <- function(values) as.character(cut(as.integer(values), c(-1, 4, 14, 17, 24, 34, 64, 99)))

rows_of <- function(unit, item, state, true, reported, found, imputable) {
  data.table::data.table(unit = unit, item = item, state = state, true = true, known = !is.na(reported),
    found = found, imputable = imputable)
}

of_state <- function(zip) {
  state <- substr(basename(zip), 1, 2)
  folder <- tempfile()
  settings <- read_settings(c(DATA_YEAR = as.character(year), INPUT_STATE = state, EXTERNAL_FILE_PATH = arguments[[1]],
    INPUT_PIPELINE_DIR = folder))
  run_stage("impute_items", settings)
  reported <- read_state_records(zip)
  found <- items_of(reported, file.path(folder, "imputed", state))
  persons <- lapply(names(tables), function(unit) {
    hidden <- truth_of(state, tables[[unit]])
    sought <- if (unit == "victim") reported$victim$type %in% c("I", "L") else if (unit == "offender") {
      reported$offender$known & (inner$clearance_of(reported) != 1L)[reported$offender$incident]
    } else rep(TRUE, nrow(reported[[unit]]))
    data.table::rbindlist(lapply(c("age", "sex", "race", "ethnicity"), function(name) {
      truth <- reported[[unit]][[name]]
      of_item <- hidden[which(hidden$item == name), ]
      at <- match(of_item$id, reported[[unit]]$id)
      truth[at[!is.na(at)]] <- of_item$value[!is.na(at)]
      grouped <- if (name == "age") ages else as.character
      rows_of(unit, name, state, grouped(truth), reported[[unit]][[name]], grouped(found[[unit]][[name]]), sought)
    }))
  })
  opened <- inner$open_published_zip(zip)
  pairs <- inner$read_published(opened, "nibrs_victim_offender_rel", c(nibrs_victim_offender_id = "character",
    victim_id = "character", offender_id = "character"))
  hidden <- truth_of(state, "nibrs_victim_offender_rel")
  truth <- reported$victim_offender$code
  at <- match(hidden$id, pairs$nibrs_victim_offender_id)
  truth[at[!is.na(at)]] <- hidden$value[!is.na(at)]
  category <- inner$relationship_category
  changed <- !category(reported$victim_offender$code) %in% 6L
  cleared <- (inner$clearance_of(reported) != 1L)[reported$victim$incident[reported$victim_offender$victim]]
  relationship <- rows_of("pair", "relationship", state, as.character(category(truth)),
    ifelse(changed, reported$victim_offender$code, NA), as.character(category(found$victim_offender$code)), cleared)
  data.table::set(relationship, which(relationship$found == "6"), "found", NA)
  # What the truth does not know either cannot be judged.
  judged <- rbind(data.table::rbindlist(persons), relationship)
  judged[which(judged$imputable & !is.na(judged$true) & !(judged$item == "relationship" & judged$true == "6")), ]
}

difference <- function(one, other) {
  if (length(one) == 0L) return(NA)
  classes <- union(one, other)
  max(abs(prop.table(table(factor(one, classes))) - prop.table(table(factor(other, classes)))))
}

all <- data.table::rbindlist(lapply(zips, of_state))
cat("| persons | item | records | unknown % | left % | known alone | with imputed | imputed alone | median state |",
  "states within 2 s.e. |\n|---|---|---|---|---|---|---|---|---|---|\n")
for (part in split(all, by = c("unit", "item"))) {
  after <- part[which(!is.na(part$found)), ]
  filled <- after[which(!after$known), ]
  states <- split(after, by = "state")
  of_states <- vapply(states, function(rows) difference(rows$found, rows$true), 0)
  within <- vapply(states, function(rows) {
    imputed <- rows[which(!rows$known), ]
    if (nrow(imputed) == 0L) return(NA)
    share <- prop.table(table(factor(rows$true, unique(after$true))))
    error <- sqrt(max(share * (1 - share)) * nrow(imputed)) / nrow(rows)
    difference(rows$found, rows$true) <= 2 * error
  }, NA)
  cat(sprintf("| %s | %s | %s | %.1f | %.1f | %.2f | %.2f | %.2f | %.2f | %d of %d |\n", part$unit[[1]], part$item[[1]],
    format(nrow(part), big.mark = ","), 100 * mean(!part$known), 100 * mean(is.na(part$found[!part$known])),
    100 * difference(part$true[part$known], part$true), 100 * difference(after$found, after$true),
    100 * difference(filled$found, filled$true), 100 * stats::median(of_states), sum(within, na.rm = TRUE),
    sum(!is.na(within))))
}
