# Whether changes between two years find what is known to be true: many draws of who responds in two years of a simulated
# nation, most agencies in both or in neither, and the change's interval with the covariance of those that respond in
# both years, and without it.
#
#   nibrs simulate --size national --scale 0.1 --seed 2 --years 2022-2023
#   Rscript benchmarks/known_truth_changes.R truth 2023 20 random 0.1
#
# Arguments as of known_truth.R; the year is the later of the two. Of the agencies that report in the earlier year 97 %
# do in the later one, of the others 6 %. Printed are, of nation, regions and the median state: bias of the change in
# percentage points, coverage of 95 % intervals, the ratio of the mean standard error to the root mean squared error, and
# the latter; and coverage and that ratio if the two years are taken as independent. Withheld states are left out.
benchmarks <- dirname(sub("^--file=", "", grep("^--file=", commandArgs(), value = TRUE)))
source(file.path(benchmarks, "drawn_arguments.R"))
kinds <- geography_kinds()
kinds$agency_groups <- "no"

# A world per year: what drawn_years.R makes of its truth.
world_of <- function(year) {
  world <- new.env(parent = globalenv())
  assign("truth", truth, world)
  assign("year", year, world)
  assign("mechanism", mechanism, world)
  assign("disagreement", disagreement, world)
  assign("benchmarks", benchmarks, world)
  sys.source(file.path(benchmarks, "drawn_years.R"), world)
  world
}
worlds <- lapply(year - 1:0, world_of)
crimes <- worlds[[1]]$crimes

# Who reports in each of the years.
reporters <- function(draw) {
  set.seed(200000L + draw)
  before <- stats::runif(worlds[[1]]$n) < worlds[[1]]$chance
  at <- match(worlds[[2]]$agencies$ori, worlds[[1]]$agencies$ori)
  kept <- stats::runif(length(at))
  known <- before[at] %in% TRUE
  new <- is.na(at) & stats::runif(length(at)) < worlds[[2]]$chance
  list(before, ifelse(known, kept < 0.97, kept < 0.06) & !is.na(at) | new)
}

# Estimates of one year as changes_of_years() takes them.
year_of <- function(world, draw, reporter) {
  inputs <- world$drawn_inputs(world$drawn_year(draw + 1000L * (world$year %% 100L), reporter), kinds)
  borrowed <- inner$borrowed_by_codes(inputs$offenses, inputs)
  terms <- inner$terms_of_codes(inputs, borrowed)
  settings <- list(year = world$year, correction = "few_respondents")
  wanted <- unique(inputs$geographies$geography[inputs$geographies$kind %in% c("national", "region", "state")])
  estimates <- data.table::rbindlist(lapply(intersect(wanted, inputs$places$geography), function(name) {
    design <- inner$design_of(name, inputs, kinds)
    found <- inner$estimate_offense_codes(design, inputs$offenses, settings, borrowed, terms)
    found <- found[match(crimes, found$cell), ]
    data.table::data.table(geography = name, kind = design$place$kind,
      permutation = inner$permutation_of(name, "all agencies"), found[, c("cell", "estimate", "standard_error",
        "sampling_error")], flag = 0L, withheld = design$places$missing_over_10_percent[[1]] %in% TRUE)
  }))
  inputs$counts <- inner$offense_counts(inputs$offenses)
  list(estimates = estimates, inputs = inputs)
}

changed <- function(draw) {
  reporter <- reporters(draw)
  years <- Map(year_of, worlds, draw, reporter)
  found <- inner$changes_of_years(years[[2]], years[[1]], "few_respondents")
  alone <- inner$changes_of_years(c(years[[2]]["estimates"], list(inputs = NULL)), years[[1]], "few_respondents")
  stopifnot(identical(found$der_variable_name, alone$der_variable_name))
  places <- unique(years[[2]]$estimates[, c("permutation", "geography", "kind", "withheld")])
  at <- match(found$PERMUTATION_NUMBER, places$permutation)
  withheld <- unique(years[[1]]$estimates$geography[years[[1]]$estimates$withheld])
  data.table::data.table(places[at, -"permutation"], cell = found$der_variable_name,
    found[, c("percent", "percent_error", "lower_95", "upper_95", "correlation")],
    independent_error = alone$percent_error, independent_lower = alone$lower_95, independent_upper = alone$upper_95,
    withheld_before = places$geography[at] %in% withheld)
}

started <- Sys.time()
made <- parallel::mclapply(seq_len(draws), changed, mc.cores = processes)
broken <- Filter(function(one) inherits(one, "try-error"), made)
if (length(broken) > 0L) stop(broken[[1]])
made <- data.table::rbindlist(made)
true_of <- function(name) {
  sums <- lapply(worlds, function(world) {
    inside <- name == "US" | world$regions[world$agencies$region] == name | world$agencies$state == name
    colSums(world$totals[inside, , drop = FALSE])
  })
  100 * (sums[[2]] / sums[[1]] - 1)
}
true <- vapply(stats::setNames(nm = unique(made$geography)), true_of, numeric(length(crimes)))
rownames(true) <- crimes
data.table::set(made, NULL, "truth", true[cbind(made$cell, made$geography)])
made <- made[which(is.finite(made$truth) & !(made$kind == "state" & (made$withheld | made$withheld_before))), ]
by_place <- made[, list(
  bias = mean(percent - truth), coverage = 100 * mean(lower_95 <= truth & upper_95 >= truth),
  rmse = sqrt(mean((percent - truth)^2)), error = mean(percent_error), correlation = mean(correlation, na.rm = TRUE),
  independent_coverage = 100 * mean(independent_lower <= truth & independent_upper >= truth),
  independent_error = mean(independent_error), draws = .N
), by = c("geography", "kind", "cell")]
cat(sprintf("%s, %d draws of two years, %d agencies, %.0f s of the clock\n", mechanism, draws, worlds[[2]]$n,
  as.numeric(Sys.time() - started, units = "secs")))
cat("| geography | crime | bias, points | RMSE, points | correlation | coverage, % | SE / RMSE | coverage as if independent, % | SE / RMSE as if independent |\n")
cat("|---|---|---|---|---|---|---|---|---|\n")
shown <- c(stats::setNames(nm = c("US", unname(worlds[[1]]$regions))),
  list("median state" = unique(by_place$geography[by_place$kind == "state"])))
for (name in names(shown)) for (crime in names(crimes)) {
  rows <- by_place[by_place$geography %in% shown[[name]] & by_place$cell == crimes[[crime]], ]
  if (nrow(rows) == 0L) next
  middle <- vapply(rows[, c("bias", "rmse", "correlation", "coverage", "independent_coverage")], stats::median,
    numeric(1), na.rm = TRUE)
  cat(sprintf("| %s | %s | %.2f | %.2f | %.2f | %.0f | %.2f | %.0f | %.2f |\n", name, crime, middle[["bias"]],
    middle[["rmse"]], middle[["correlation"]], middle[["coverage"]], stats::median(rows$error / rows$rmse),
    middle[["independent_coverage"]], stats::median(rows$independent_error / rows$rmse)))
}
states <- by_place[by_place$kind == "state", ]
cat("| crime | coverage of all states, % | SE / RMSE, median state | states below 85 % | by chance | coverage as if independent, % |\n")
cat("|---|---|---|---|---|---|\n")
for (crime in names(crimes)) {
  rows <- states[states$cell == crimes[[crime]], ]
  cat(sprintf("| %s | %.1f | %.2f | %d of %d | %.1f | %.1f |\n", crime,
    stats::weighted.mean(rows$coverage, rows$draws), stats::median(rows$error / rows$rmse),
    sum(rows$coverage < 85), nrow(rows), sum(stats::pbinom(ceiling(0.85 * rows$draws) - 1, rows$draws, 0.95)),
    stats::weighted.mean(rows$independent_coverage, rows$draws)))
}
