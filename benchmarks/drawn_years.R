# Many draws of who responds and which months are missing in a simulated nation whose truth is known: what
# known_truth.R, known_truth_areas.R, known_truth_changes.R and known_truth_persons.R share. They say truth (the folder),
# year, mechanism and disagreement.
source(file.path(benchmarks, "truth.R"))
of_year <- function(name) data.table::as.data.table(read_truth(truth, sprintf("%s-%d", name, year)))

agencies <- of_year("agencies")
agencies <- agencies[order(agencies$ori), ]
agencies <- agencies[agencies$agency_type != "Federal" & agencies$dormant == "N" & is.na(agencies$covered_by), ]
n <- nrow(agencies)
regions <- c("Northeast", "Midwest", "South", "West")
described <- data.table::data.table(
  agencies[, c("ori", "agency_name", "state", "agency_type", "population", "male_officers", "female_officers")],
  state_name = agencies$state, region = regions[agencies$region], agency_status = "A", dormant = "N", covered = "N",
  covering = "N", population_group_code = agencies$population_group, suburban = "N", reporting_type = "I", msa_status = 1L
)

# Codes of a crime become one; what is no crime of ours is "90Z".
code_of <- c("09A" = "09A", "11A" = "11A", "11B" = "11A", "11C" = "11A", "120" = "120", "13A" = "13A", "220" = "220",
  "240" = "240", "35A" = "35A", stats::setNames(rep("23H", 8), paste0("23", LETTERS[1:8])))
crimes <- c(violent = "violent", property = "property", murder = "09A", rape = "11A", robbery = "120",
  "aggravated assault" = "13A", burglary = "220", larceny = "23H", "vehicle theft" = "240", drugs = "35A")
counts <- of_year("counts")
counts <- counts[counts$unit == "offense", ]
counts <- data.table::data.table(row = match(counts$agency_id, agencies$agency_id), month = counts$month,
  code = ifelse(is.na(code_of[counts$code]), "90Z", code_of[counts$code]), number = counts$number)
counts <- counts[which(!is.na(counts$row)), list(number = sum(number)), by = c("row", "month", "code")]

return_a <- of_year("return_a")
lines <- inner$crimes_of_lines(data.table::data.table(ori = match(return_a$agency_id, agencies$agency_id),
  year = return_a$month, line = return_a$line, count = return_a$number))
lines <- lines[which(!is.na(lines$ori)), ]
data.table::setnames(lines, c("row", "month", "crime", "number"))
counted_crimes <- c("murder", "manslaughter", "rape", "robbery", "aggravated_assault", "burglary", "larceny",
  "vehicle_theft")
lines <- lines[which(lines$crime %in% counted_crimes), ]
known_lines <- inner$package_table("return_a_lines.csv")
data.table::set(lines, NULL, "line", known_lines$line[match(lines$crime, known_lines$crime)])
set.seed(year)
factor_of <- matrix(pmax(0, stats::rnorm(n * 8, 1, disagreement)), n)
data.table::set(lines, NULL, "factor", factor_of[cbind(lines$row, match(lines$crime, counted_crimes))])

totals <- inner$annual_counts(data.table::data.table(ori = agencies$ori[counts$row], offense_code = counts$code,
  offenses = counts$number), agencies$ori)[, crimes]
level <- log((rowSums(totals[, c("violent", "property")]) + 1) / (agencies$population + 2000))
group <- substr(agencies$population_group, 1, 1)
level <- as.numeric(scale(level - ave(level, group)))
chance <- switch(mechanism,
  random = c("1" = 0.72, "2" = 0.72, "3" = 0.70, "4" = 0.68, "5" = 0.66, "6" = 0.64, "7" = 0.58, "8" = 0.64,
    "9" = 0.68)[group],
  size = stats::plogis(0.8 * (log10(agencies$population + 300) - 3.8) + 0.6),
  crime = stats::plogis(0.65 - 0.7 * level)
)

# Of some agencies one to eight months in a row.
gaps <- function(which) {
  length <- sample(8L, n, TRUE)
  from <- 1L + floor(stats::runif(n) * (13 - length))
  seq_along(which) %in% base::which(which) & outer(from, 1:12, `<=`) & outer(from + length, 1:12, `>`)
}

# Who reports, drawn or given, and in which months: `reporter`, `begins` (during the year, in the month `first`),
# `reported` and `low`, agencies by months. Low months have `low_share` of their incidents.
low_share <- 0.06
drawn_months <- function(draw, given = NULL) {
  set.seed(100000L * match(mechanism, c("random", "size", "crime")) + draw)
  reporter <- if (is.null(given)) stats::runif(n) < chance else given
  begins <- reporter & stats::runif(n) < 0.05
  first <- ifelse(begins, sample(2:11, n, TRUE), 1L)
  reported <- reporter & outer(first, 1:12, `<=`) & !gaps(reporter & !begins & stats::runif(n) < 0.08)
  low <- matrix(FALSE, n, 12L)
  for (agency in which(reporter & stats::runif(n) < 0.03)) low[agency, sample(12L, sample(2L, 1L))] <- TRUE
  list(reporter = reporter, begins = begins, first = first, reported = reported, low = low)
}

# What the database of one draw says: see read_reference(), and counts by agency, month and code. Who reports is drawn,
# or given; counts are those of the truth in reported months, or what a function of drawn_months() makes of them.
drawn_year <- function(draw, given = NULL, counted = NULL) {
  drawn <- drawn_months(draw, given)
  reporter <- drawn$reporter
  begins <- drawn$begins
  first <- drawn$first
  reported <- drawn$reported
  low <- drawn$low
  thinned <- function(table) ifelse(low[cbind(table$row, table$month)], stats::rbinom(nrow(table), table$number, low_share),
    table$number)
  seen <- which(reported[cbind(counts$row, counts$month)])
  tabulated <- if (!is.null(counted)) counted(drawn) else
    data.table::data.table(ori = agencies$ori[counts$row], month = counts$month, offense_code = counts$code,
      offenses = as.integer(thinned(counts)))[seen, ]
  sent <- lapply(0:4, function(years) {
    months <- stats::runif(n) < 0.87 & !gaps(stats::runif(n) < 1 / 8)
    months[reporter, ] <- reported[reporter, ]
    there <- which(months[cbind(lines$row, lines$month)])
    number <- if (years == 0L) thinned(lines) else stats::rpois(nrow(lines), lines$number * 1.027^years *
      exp(stats::rnorm(n * 8L, 0, 0.085))[lines$row + n * (match(lines$crime, counted_crimes) - 1L)])
    found <- data.table::data.table(row = lines$row, line = lines$line, count = number * lines$factor)[there, ]
    found <- found[, list(count = round(sum(count))), by = c("row", "line")]
    list(return_a = data.table::data.table(ori = agencies$ori[found$row], year = year - years, line = found$line,
      count = found$count),
    months = data.table::data.table(ori = agencies$ori, year = year - years, months = as.integer(rowSums(months))))
  })
  with_months <- data.table::rbindlist(lapply(sent, `[[`, "months"))
  start <- ifelse(reporter, ifelse(begins, year * 12L + first - 1L, (year - 10L) * 12L), NA)
  reference <- list(
    agencies = data.table::data.table(described, nibrs_start = as.integer(start)),
    status = ifelse(reported, "I", NA_character_),
    history = data.table::data.table(ori = character(), year = integer(), month = integer(), offenses = numeric()),
    return_a = data.table::rbindlist(lapply(sent, `[[`, "return_a")), return_a_months = with_months[with_months$months > 0L, ],
    notes = data.table::data.table(state = unique(agencies$state), kind = "simulated", note = "")
  )
  list(reference = reference, tabulated = tabulated)
}


# What one draw is estimated with: see estimate_inputs(); all geographies, and areas, if there are any.
drawn_inputs <- function(drawn, kinds, areas = NULL) {
  made <- weigh_year(drawn$reference, drawn$tabulated, unique(agencies$state), year, areas = areas)
  covariates <- as.matrix(made$covariates[, inner$covariate_names, with = FALSE])
  respondents <- made$agencies$ori[made$agencies$respondent]
  parts <- inner$parts_of_years(made$months, made$donors, made$masked, respondents)
  offenses <- lapply(parts, function(part) inner$used_offenses(drawn$tabulated, part$months, part$donors))
  c(made[c("geographies", "agencies", "weights", "strata", "donors", "masked", "universe")], list(
    places = inner$estimated_places(made$geographies, made$weights, made$universe, made$agencies, covariates, kinds),
    parts = parts, offenses = offenses$used, filled_offenses = data.table::rbindlist(offenses[-1], idcol = "part"), year = year,
    earlier = inner$covariates_and_source(made$earlier_covariates),
    estimators = data.table::data.table(geography = made$universe$geography, estimator = "model_assisted")
  ), inner$covariates_and_source(made$covariates))
}
