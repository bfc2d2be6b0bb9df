# Whether estimates find what is known to be true: many draws of who responds and which months are missing, low or begun
# late, in a simulated nation, through the whole chain from monthly counts to intervals.
#
#   nibrs simulate --size national --scale 0.1 --seed 2
#   Rscript benchmarks/known_truth.R truth 2023 20 random 0.1
#
# Arguments: the folder of the truth, the data year, the number of draws, the mechanism (random: by chance
# within the population group; size: the more residents, the likelier; crime: the less crime for its size, the
# likelier), by how much Return A disagrees with the incidents (0.1: each number of an agency and crime is multiplied by a
# random factor with a standard deviation of 10 %; 0: not at all); and, if wanted, the number of processes (one per core)
# and a CSV file for all estimates of all draws. Ten draws take some two minutes of one processor.
#
# Drawn are, as the simulation draws them: who reports NIBRS; of these 5 % that begin during the year, 8 % that miss one
# to eight months in a row, and 3 % of which one or two months have 6 % of their incidents; Return A of five years, of
# which 87 % of the others send each, one in eight with gaps. Low months are found, months are filled, geographies are
# weighted anew, and ten crimes are estimated as the reference does it and model-assisted.
#
# Printed are, of nation, regions and the median state: relative bias of the mean, coverage of 95 % intervals, the ratio of
# the mean standard error to the root mean squared error, the latter, and which part of the variance is that of months and
# of Return A. Of the states: the mean over states of the root mean squared error, coverage of all states together, and how
# many states' intervals hold the truth in less than 85 and in more than 99 % of the draws; beside the first, how many would
# by chance if each interval held in 95 %: of 12 draws six of 51 states, of 40 one. States of which a silent agency has
# more than a tenth of the residents are withheld; they are left out of the states, counted and named.
suppressMessages(library(nibrsest))
logger::log_threshold("FATAL")
inner <- asNamespace("nibrsest")
arguments <- commandArgs(trailingOnly = TRUE)
truth <- arguments[[1]]
year <- as.integer(arguments[[2]])
draws <- as.integer(arguments[[3]])
mechanism <- arguments[[4]]
disagreement <- as.numeric(arguments[[5]])
processes <- if (length(arguments) > 5L) as.integer(arguments[[6]]) else parallel::detectCores()
file <- if (length(arguments) > 6L) arguments[[7]] else NULL

source(file.path(dirname(sub("^--file=", "", grep("^--file=", commandArgs(), value = TRUE))), "truth.R"))
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

# What the database of one draw says: see read_reference(), and counts by agency, month and code.
drawn_year <- function(draw) {
  set.seed(100000L * match(mechanism, c("random", "size", "crime")) + draw)
  reporter <- stats::runif(n) < chance
  begins <- reporter & stats::runif(n) < 0.05
  first <- ifelse(begins, sample(2:11, n, TRUE), 1L)
  reported <- reporter & outer(first, 1:12, `<=`) & !gaps(reporter & !begins & stats::runif(n) < 0.08)
  low <- matrix(FALSE, n, 12L)
  for (agency in which(reporter & stats::runif(n) < 0.03)) low[agency, sample(12L, sample(2L, 1L))] <- TRUE
  thinned <- function(table) ifelse(low[cbind(table$row, table$month)], stats::rbinom(nrow(table), table$number, 0.06),
    table$number)
  seen <- which(reported[cbind(counts$row, counts$month)])
  tabulated <- data.table::data.table(ori = agencies$ori[counts$row], month = counts$month, offense_code = counts$code,
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

kinds <- geography_kinds()
kinds$agency_groups <- "no"

# Estimates of all geographies by both estimators, from what the database says.
estimated <- function(drawn) {
  made <- weigh_year(drawn$reference, drawn$tabulated, unique(agencies$state), year)
  covariates <- as.matrix(made$covariates[, inner$covariate_names, with = FALSE])
  respondents <- made$agencies$ori[made$agencies$respondent]
  parts <- inner$parts_of_years(made$months, made$donors, made$masked, respondents)
  offenses <- lapply(parts, function(part) inner$used_offenses(drawn$tabulated, part$months, part$donors))
  inputs <- c(made[c("geographies", "agencies", "weights", "strata", "donors", "masked")], list(
    places = inner$estimated_places(made$geographies, made$weights, made$universe, made$agencies, covariates, kinds),
    offenses = offenses$used, filled_offenses = data.table::rbindlist(offenses[-1], idcol = "part"), year = year,
    earlier = inner$covariates_and_source(made$earlier_covariates),
    estimators = data.table::data.table(geography = made$universe$geography, estimator = "model_assisted")
  ), inner$covariates_and_source(made$covariates))
  borrowed <- inner$borrowed_by_codes(inputs$offenses, inputs)
  terms <- inner$terms_of_codes(inputs, borrowed)
  settings <- list(year = year, correction = "few_respondents")
  wanted <- unique(made$geographies$geography[made$geographies$kind %in% c("national", "region", "state")])
  data.table::rbindlist(lapply(intersect(wanted, inputs$places$geography), function(name) {
    design <- inner$design_of(name, inputs, kinds)
    data.table::rbindlist(lapply(c("reference", "model_assisted"), function(estimator) {
      found <- inner$estimate_offense_codes(replace(design, "estimator", estimator), inputs$offenses, settings, borrowed,
        terms)
      found <- found[match(crimes, found$cell), ]
      data.table::data.table(geography = name, kind = design$place$kind, crime = names(crimes), estimator = estimator,
        found[, c("estimate", "standard_error", "months_error", "return_a_error", "lower_95", "upper_95")],
        withheld = design$places$missing_over_10_percent[[1]] %in% TRUE)
    }))
  }))
}

started <- Sys.time()
made <- parallel::mclapply(seq_len(draws), function(draw) estimated(drawn_year(draw)), mc.cores = processes)
broken <- Filter(function(one) inherits(one, "try-error"), made)
if (length(broken) > 0L) stop(broken[[1]])
made <- data.table::rbindlist(made)

true_of <- function(name) {
  inside <- name == "US" | regions[agencies$region] == name | agencies$state == name
  colSums(totals[inside, , drop = FALSE])
}
true <- vapply(stats::setNames(nm = unique(made$geography)), true_of, numeric(length(crimes)))
rownames(true) <- names(crimes)
data.table::set(made, NULL, "truth", true[cbind(made$crime, made$geography)])
if (!is.null(file)) data.table::fwrite(made, file)
# Of no crime nothing is a per cent.
made <- made[which(made$truth > 0), ]
made[, `:=`(off = estimate / truth - 1, held = lower_95 <= truth + 1e-9 & upper_95 >= truth - 1e-9)]
# A single respondent of a geography has no known error by the reference's way; such draws are in no coverage.
share_of <- function(term, error) mean(term^2, na.rm = TRUE) / mean(error^2, na.rm = TRUE)
by_place <- made[made$kind != "state" | !made$withheld, list(
  draws = .N, bias = 100 * mean(off), coverage = 100 * mean(held, na.rm = TRUE), rmse = 100 * sqrt(mean(off^2)),
  error = 100 * mean(standard_error / truth, na.rm = TRUE), months = share_of(months_error, standard_error),
  return_a = share_of(return_a_error, standard_error)
), by = c("geography", "kind", "crime", "estimator")]

cat(sprintf("%s, %d draws, %d agencies, Return A off by %.0f %%, %.0f s of the clock\n", mechanism, draws, n,
  100 * disagreement, as.numeric(Sys.time() - started, units = "secs")))
cat("| geography | crime | estimator | bias, % | coverage, % | SE / RMSE | RMSE, % | of the variance: months, % | Return A, % |\n")
cat("|---|---|---|---|---|---|---|---|---|\n")
shown <- c(stats::setNames(nm = intersect(c("US", regions), by_place$geography)),
  list("median state" = unique(by_place$geography[by_place$kind == "state"])))
for (name in names(shown)) for (crime_name in names(crimes)) for (way in c("reference", "model_assisted")) {
  rows <- by_place[by_place$geography %in% shown[[name]] & by_place$crime == crime_name & by_place$estimator == way, ]
  middle <- vapply(rows[, c("bias", "coverage", "rmse", "months", "return_a")], stats::median, numeric(1), na.rm = TRUE)
  cat(sprintf("| %s | %s | %s | %.2f | %.0f | %.2f | %.2f | %.0f | %.0f |\n", name, crime_name, way, middle[["bias"]],
    middle[["coverage"]], stats::median(rows$error / rows$rmse, na.rm = TRUE), middle[["rmse"]],
    100 * middle[["months"]], 100 * middle[["return_a"]]))
}
# The share of intervals that hold in 95 % whose draws hold in less than 85 %.
below_by_chance <- function(number) stats::pbinom(ceiling(0.85 * number) - 1, number, 0.95)
cat("| crime | estimator | mean RMSE of states, % | coverage of all states, % | states below 85 % | by chance | above 99 % |\n")
cat("|---|---|---|---|---|---|---|\n")
for (crime_name in names(crimes)) for (way in c("reference", "model_assisted")) {
  rows <- by_place[by_place$kind == "state" & by_place$crime == crime_name & by_place$estimator == way, ]
  cat(sprintf("| %s | %s | %.2f | %.1f | %d of %d | %.1f | %d |\n", crime_name, way, mean(rows$rmse),
    stats::weighted.mean(rows$coverage, rows$draws, na.rm = TRUE), sum(rows$coverage < 85, na.rm = TRUE), nrow(rows),
    sum(below_by_chance(rows$draws)), sum(rows$coverage > 99, na.rm = TRUE)))
}
withheld <- made[made$kind == "state" & made$crime == "violent" & made$estimator == "model_assisted", ]
often <- sort(table(withheld$geography[withheld$withheld]), decreasing = TRUE)
cat(sprintf("withheld: %.1f states a draw; in how many draws: %s\n", sum(withheld$withheld) / draws,
  paste(names(often), often, collapse = ", ")))
