#' Checks of a year, each with one of three outcomes
#'
#' `met`, `broken`, or `not verifiable`: what the check needs is not there, and `why` says what. A broken check stops
#' nothing; it is where to look.
#'
#' @param found A list of data.tables: `places`, `table_a` (see [tables_a()]), `weights`, `universe`, `agencies`, and
#'   of the imputation of all states with the column `state` (no rows if nothing was imputed) `diagnostics`, `shares`
#'   and `records`, see [read_of_states()].
#' @return A data.table with the columns of `checks.csv`.
#' @references METHOD, section 13.
#' @noRd
year_checks <- function(found) {
  data.table::rbindlist(list(
    input_checks(found$agencies), record_checks(found$agencies, found$records), universe_checks(found$universe),
    table_a_checks(found$places, found$table_a), weight_checks(found$places, found$weights),
    imputation_checks(found$agencies, found$diagnostics), share_checks(found$agencies, found$shares)
  ))
}

#' Rows of `checks.csv`
#'
#' @param met `TRUE`, `FALSE`, or `NA` where it cannot be known.
#' @param found,limit Numbers in words.
#' @param why What is missing, where it cannot be known, or what else there is to say.
#' @noRd
checks_of <- function(part, check, of, met, found = "", limit = "", why = "") {
  outcome <- ifelse(is.na(met), "not verifiable", ifelse(met, "met", "broken"))
  n <- length(of)
  data.table::data.table(part = rep(part, n), check = rep_len(check, n), of = of, outcome = outcome,
    found = rep_len(found, n), limit = rep_len(limit, n), why = rep_len(why, n))
}

#' Input: rows and known codes of the agencies, by state
#' @noRd
input_checks <- function(agencies) {
  part <- "Input"
  states <- sort(unique(agencies$state))
  of_state <- split(agencies, factor(agencies$state, states))
  count <- function(rule) vapply(of_state, function(mine) sum(rule(mine), na.rm = TRUE), 0)
  reporters <- count(function(mine) mine$reported_months > 0L)
  nameless <- count(function(mine) is.na(mine$ori) | duplicated(mine$ori))
  unknown <- count(function(mine) {
    !mine$reporting_type %in% c("I", "S", NA) | !mine$covered %in% c("Y", "N") | !mine$dormant %in% c("Y", "N")
  })
  lost <- count(function(mine) is.na(mine$population) | mine$population < 0)
  rbind(
    checks_of(part, "Agencies that reported a month", states, reporters > 0, whole_number(reporters), "at least 1"),
    checks_of(part, "Agencies without an identifier of their own", states, nameless == 0, whole_number(nameless), "0"),
    checks_of(part, "Agencies with a code that is not known (reporting type, covered, dormant)", states, unknown == 0,
      whole_number(unknown), "0"),
    checks_of(part, "Agencies without a number of residents", states, lost == 0, whole_number(lost), "0")
  )
}

#' Input: rows and codes of the records, by state
#'
#' A state whose records lack a table, a column, or what others refer to, or that have a key twice, is refused by the
#' stage that imputes it: that its records were counted says that they are sound.
#' @noRd
record_checks <- function(agencies, records) {
  part <- "Input"
  states <- sort(unique(agencies$state))
  there <- intersect(states, records$state)
  without <- setdiff(states, there)
  sum_of <- function(column, rows) {
    as.vector(tapply(records[[column]][rows], factor(records$state[rows], there), sum, default = 0L))
  }
  unlisted <- sum_of("unlisted", seq_len(nrow(records)))
  incidents <- sum_of("records", which(records$table == "nibrs_incident"))
  nothing <- "the stage that imputes has left no numbers of the state's records"
  rbind(
    checks_of(part, "Records with every required table, column, key and reference", there, rep(TRUE, length(there)),
      paste(whole_number(incidents), "incidents"), "all"),
    checks_of(part, "Values of records that are in no list (offenses, victims, relationships, items of persons)", there,
      unlisted == 0L, whole_number(unlisted), "0"),
    checks_of(part, "Tables, keys and codes of records", without, rep(NA, length(without)), why = nothing)
  )
}

#' Universe: its residents against the census, and crimes of agencies that it lacks
#' @noRd
universe_checks <- function(universe) {
  part <- "Universe"
  share <- universe$agency_residents / universe$residents
  limit <- constant("least_resident_share")
  rbind(
    checks_of(part, "Residents of the agencies, of those that the census counts", universe$geography, share >= limit,
      ifelse(is.na(share), "", sprintf("%.1f %%", 100 * share)), sprintf("at least %g %%", 100 * limit),
      ifelse(is.na(share), "no census to compare with: simulated, or a type of agencies", "")),
    checks_of(part, "Agencies with offenses that the list of agencies lacks", universe$geography,
      universe$unlisted_agencies == 0L, whole_number(universe$unlisted_agencies), "0")
  )
}

#' Published totals against the summary system (Table A): of every geography and crime
#' @noRd
table_a_checks <- function(places, table_a) {
  part <- "Totals against Return A"
  limit <- constant("remarkable_bias")
  ratio <- ifelse(is.na(table_a$assisted_bias_ratio), table_a$bias_ratio, table_a$assisted_bias_ratio)
  others <- setdiff(unique(places$geography), table_a$geography)
  rbind(
    checks_of(part, paste("Estimated Return A against that of all agencies:", table_a$crime), table_a$geography,
      abs(ratio) <= limit, ifelse(is.na(ratio), "", sprintf("%+.2f %%", ratio)), sprintf("within %g %%", limit),
      ifelse(is.na(ratio), "all agencies together report none of it", "")),
    checks_of(part, "Estimated Return A against that of all agencies", others, rep(NA, length(others)),
      why = "no estimate: Return A or agencies are missing")
  )
}

#' Weights: none below 1, none above the limit, of every geography
#' @noRd
weight_checks <- function(places, weights) {
  part <- "Weights"
  names <- unique(places$geography)
  of_place <- split(weights$weight, factor(weights$geography, names))
  none <- lengths(of_place) == 0L
  count <- function(rule) ifelse(none, NA, vapply(of_place, function(mine) sum(rule(mine)), 0L))
  effect <- vapply(of_place, function(mine) length(mine) * sum(mine^2) / sum(mine)^2, 0)
  smallest <- constant("smallest_weight")
  largest <- constant("largest_weight")
  # A calibrated weight of 1 may come out a hair below.
  low <- count(function(mine) mine < smallest - 1e-6)
  high <- count(function(mine) mine > largest)
  why <- ifelse(none, "no weights: not estimated, or nobody responds",
    sprintf("%d respondents, unequal weighting effect %.2f", lengths(of_place), effect))
  rbind(
    checks_of(part, sprintf("Weights below %g", smallest), names, low == 0L, whole_number(low), "0", why),
    checks_of(part, sprintf("Weights above %g", largest), names, high == 0L, whole_number(high), "0", why)
  )
}

#' Imputation: whether every unknown item of a model was filled, by state
#' @noRd
imputation_checks <- function(agencies, diagnostics) {
  part <- "Imputed items"
  states <- sort(unique(agencies$state))
  without <- setdiff(states, diagnostics$state)
  mine <- diagnostics[which(diagnostics$unknown > 0L), ]
  rbind(
    checks_of(part, sprintf("Unknown items that were imputed: %s (%s)", mine$variable, mine$model), mine$state,
      mine$imputed == mine$unknown, sprintf("%s of %s", whole_number(mine$imputed), whole_number(mine$unknown)), "all",
      ifelse(mine$imputed == mine$unknown, "", "no donor of its kind in the state")),
    checks_of(part, "Unknown items that were imputed", without, rep(NA, length(without)),
      why = "items of this state were not imputed, or its imputation left no diagnostics")
  )
}

#' Imputation: how far it moves each state's shares of a category, against the other states
#'
#' A state is remarkable whose difference is further from the mean of all states' than three standard deviations; of
#' several categories of an item the furthest is told.
#' @param shares See [shares_of_items()], with `state`.
#' @references METHOD, section 13 (item-imputation validation).
#' @noRd
share_checks <- function(agencies, shares) {
  part <- "Imputed items"
  states <- sort(unique(agencies$state))
  without <- setdiff(states, shares$state)
  limit <- constant("remarkable_deviations")
  moved <- moved_shares(shares)
  # The largest distance that one of n can have is (n - 1) / sqrt(n).
  least <- ceiling(((limit + sqrt(limit^2 + 4)) / 2)^2)
  few <- unique(moved$state[moved$states < least])
  known <- moved[which(moved$states >= least), ]
  check <- "Shares before and after imputation"
  rbind(
    checks_of(part, sprintf("%s: %s of %s", check, known$item, known$persons), known$state, known$distance <= limit,
      sprintf("%s: %.1f %% to %.1f %%", known$category, known$before, known$after),
      sprintf("within %g standard deviations of the states' mean difference", limit)),
    checks_of(part, check, few, rep(NA, length(few)),
      why = sprintf("of fewer than %d states with such persons none can be remarkable", least)),
    checks_of(part, check, without, rep(NA, length(without)), why = "items of this state were not imputed")
  )
}

#' Percentages of each state's persons before and after imputation, in the category that is furthest from other states
#'
#' @return A data.table: `state`, `persons`, `item`, `category`, `before` and `after` (percent), `distance` (standard
#'   deviations of the states' differences from their mean) and `states`, how many have such persons.
#' @noRd
moved_shares <- function(shares) {
  percent <- function(number) {
    100 * number / stats::ave(as.numeric(number), shares$state, shares$persons, shares$item, FUN = sum)
  }
  known <- data.table::data.table(shares[, c("state", "persons", "item", "category")],
    before = percent(shares$reported), after = percent(shares$after_imputation))
  known <- known[which(is.finite(known$before) & is.finite(known$after)), ]
  difference <- known$after - known$before
  over_states <- function(what) stats::ave(difference, known$persons, known$item, known$category, FUN = what)
  distance <- abs(difference - over_states(mean)) / over_states(stats::sd)
  # Where imputation moves no state, or one alone has such persons, nobody stands out.
  data.table::set(known, NULL, c("distance", "states"), list(ifelse(is.finite(distance), distance, 0),
    over_states(length)))
  data.table::setorderv(known, c("state", "persons", "item", "distance"), c(1L, 1L, 1L, -1L))
  unique(known, by = c("state", "persons", "item"))
}

#' @noRd
whole_number <- function(x) ifelse(is.na(x), "", formatC(x, format = "d", big.mark = ","))

#' What the stage that imputes has left of all states in a file each
#'
#' @param name `diagnostics`, `shares` or `records`.
#' @return A data.table: `state` and the columns of the file, of the first imputation.
#' @noRd
read_of_states <- function(settings, name) {
  file <- sprintf("imputed/<ST>/%s.csv", name)
  columns <- file_columns(file)
  nothing <- data.table::as.data.table(lapply(c(c(state = "character"), columns), vector, length = 0L))
  paths <- Sys.glob(file.path(stage_folder(settings, "imputed"), "*", paste0(name, ".csv")))
  data.table::rbindlist(c(list(nothing), lapply(paths, function(path) {
    found <- read_stage_file(path, file)
    if ("imputation" %in% names(found)) found <- found[which(found$imputation == 1L), ]
    cbind(state = basename(dirname(path)), found)
  })), use.names = TRUE)
}

#' Write `checks.csv`, and the page of the checks in the zip and beside it
#'
#' @param found See [year_checks()].
#' @param notice See [simulated_notice()].
#' @noRd
publish_checks <- function(found, settings, folder, notice) {
  checks <- year_checks(found)
  write_stage_file(checks, file.path(folder, "checks.csv"), "report/checks.csv")
  page <- checks_page(settings$year, checks, notice)
  write_page(page, file.path(folder, "checks.html"))
  dir.create(file.path(folder, "beside_zip"), showWarnings = FALSE)
  write_page(page, file.path(folder, "beside_zip", "checks.html"))
}

#' The checks for people: how many of each outcome, then what is broken and what cannot be known
#' @noRd
checks_page <- function(year, checks, notice) {
  template <- page_template("checks.html")
  outcomes <- c("met", "broken", "not verifiable")
  parts <- unique(checks$part)
  counts <- table(factor(checks$part, parts), factor(checks$outcome, outcomes))
  summary <- data.table::data.table(Part = parts, Met = counts[, 1], Broken = counts[, 2],
    `Not verifiable` = counts[, 3])
  shown <- function(wanted) {
    mine <- checks[which(checks$outcome == wanted), ]
    alike <- split(seq_len(nrow(mine)), factor(paste(mine$part, mine$check, mine$found, mine$why),
      unique(paste(mine$part, mine$check, mine$found, mine$why))))
    first <- vapply(alike, `[[`, 0L, 1L)
    html_table(data.table::data.table(Part = mine$part[first], Check = mine$check[first],
      Of = vapply(alike, function(at) paste(mine$of[at], collapse = ", "), ""), Found = mine$found[first],
      Limit = mine$limit[first], Note = mine$why[first]))
  }
  filled_in(template, list(year = year, notices = warning_html(notice), summary = html_table(summary),
    broken = shown("broken"), unknown = shown("not verifiable")))
}
