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
benchmarks <- dirname(sub("^--file=", "", grep("^--file=", commandArgs(), value = TRUE)))
source(file.path(benchmarks, "drawn_arguments.R"))
source(file.path(benchmarks, "drawn_years.R"))

kinds <- geography_kinds()
kinds$agency_groups <- "no"

# Estimates of all geographies by both estimators, from what the database says.
estimated <- function(drawn) {
  inputs <- drawn_inputs(drawn, kinds)
  borrowed <- inner$borrowed_by_codes(inputs$offenses, inputs)
  terms <- inner$terms_of_codes(inputs, borrowed)
  settings <- list(year = year, correction = "few_respondents")
  wanted <- unique(inputs$geographies$geography[inputs$geographies$kind %in% c("national", "region", "state")])
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
