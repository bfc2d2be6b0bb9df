# Whether estimates find what is known to be true: many draws of who responds, in a simulated nation.
#
#   nibrs simulate --size national --scale 0.1
#   Rscript benchmarks/known_truth.R truth 2023 500 random
#
# Arguments: the folder of the truth, the data year, the number of draws, the mechanism (random: by chance
# within the population group; size: the more residents, the likelier; crime: the less crime for its size, the
# likelier); and, if wanted, by how much Return A disagrees with the incidents (0.1: each number of an agency and crime
# is multiplied by a random factor with a standard deviation of 10 %), and the number of processes (one per core).
#
# Every draw decides for each eligible agency whether it responds, weights nation, regions and states anew, and
# estimates ten crimes twice with these weights: as the reference does it, and model-assisted. Printed: of nation,
# regions and the median state relative bias of the mean, coverage of 95 % intervals, the ratio of the mean standard
# error to the standard deviation of the estimates, and that standard deviation; of all states the mean over states of
# the root mean squared error, and how many states' intervals hold the truth in less than 85 and in more than 99 % of
# the draws.
suppressMessages(library(nibrsest))
logger::log_threshold("WARN")
arguments <- commandArgs(trailingOnly = TRUE)
truth <- arguments[[1]]
year <- as.integer(arguments[[2]])
draws <- as.integer(arguments[[3]])
mechanism <- arguments[[4]]
disagreement <- if (length(arguments) > 4L) as.numeric(arguments[[5]]) else 0
processes <- if (length(arguments) > 5L) as.integer(arguments[[6]]) else parallel::detectCores()

read_truth <- function(name) utils::read.csv(file.path(truth, sprintf("%s-%d.csv.gz", name, year)), na.strings = "")

agencies <- data.table::as.data.table(read_truth("agencies"))
regions <- c("Northeast", "Midwest", "South", "West")
eligible <- which(agencies$agency_type != "Federal" & agencies$dormant == "N" & is.na(agencies$covered_by))
agencies <- agencies[eligible, ]
data.table::set(agencies, NULL, "region", regions[agencies$region])
data.table::set(agencies, NULL, "population_group_code", agencies$population_group)
agencies <- cbind(agencies, weighting_groups(agencies))

counts <- read_truth("counts")
counts <- counts[counts$unit == "offense", ]
total_of <- function(codes) {
  counted <- counts$code %in% codes
  sums <- tapply(counts$number[counted], factor(counts$agency_id[counted], levels = agencies$agency_id), sum)
  ifelse(is.na(sums), 0, sums)
}
larceny <- paste0("23", LETTERS[1:8])
crimes <- list(
  violent = c("09A", "11A", "11B", "11C", "120", "13A"), property = c("220", "240", larceny), murder = "09A",
  rape = c("11A", "11B", "11C"), robbery = "120", "aggravated assault" = "13A", burglary = "220", larceny = larceny,
  "vehicle theft" = "240", drugs = "35A"
)
y <- vapply(crimes, total_of, numeric(nrow(agencies)))

return_a <- read_truth("return_a")
return_a$ori <- agencies$ori[match(return_a$agency_id, agencies$agency_id)]
return_a <- return_a[!is.na(return_a$ori), ]
annual <- stats::aggregate(number ~ ori + line, return_a, sum)
set.seed(year)
annual$number <- round(annual$number * pmax(0, stats::rnorm(nrow(annual), 1, disagreement)))
srs <- srs_covariates(agencies,
  data.table::data.table(ori = annual$ori, year = year, line = annual$line, count = annual$number),
  data.table::data.table(ori = agencies$ori, year = year, months = 12L), year)$covariates

level <- log((rowSums(y[, c("violent", "property")]) + 1) / (agencies$population + 2000))
level <- as.numeric(scale(level - ave(level, agencies$national_group)))
chance <- switch(mechanism,
  random = c("1" = 0.72, "2" = 0.72, "3" = 0.70, "4" = 0.68, "5" = 0.66, "6" = 0.64, "7" = 0.58, "8" = 0.64,
    "9" = 0.68)[substr(agencies$population_group_code, 1, 1)],
  size = stats::plogis(0.8 * (log10(agencies$population + 300) - 3.8) + 0.6),
  crime = stats::plogis(0.65 - 0.7 * level)
)

schemes <- weighting_schemes()
places <- geographies(agencies)
places <- places[which(!places$kind %in% c("university", "tribal")), ]
names <- unique(places$geography)
kinds <- places$kind[match(names, places$geography)]
rows_of <- split(match(places$ori, agencies$ori), factor(places$geography, names))
sums <- t(vapply(rows_of, function(inside) colSums(y[inside, , drop = FALSE]), numeric(ncol(y))))
# Of no crime nothing is a per cent.
sums[sums == 0] <- NA
normal <- stats::qnorm(0.975)

# Of one geography and estimator: crimes by estimate, standard error and how many of these an interval reaches.
as_reference <- function(inside, weighted, model) {
  rows <- match(weighted$weights$ori, agencies$ori)
  estimates <- nibrsest:::estimate_geography(y[rows, , drop = FALSE], weighted$weights, weighted$strata,
    srs[rows, , drop = FALSE], list("all agencies" = rep(TRUE, length(rows))), "few_respondents")
  cbind(estimates$estimate, estimates$standard_error, normal)
}

as_model_assisted <- function(inside, weighted, model) {
  rows <- match(weighted$weights$ori, agencies$ori)
  silent <- setdiff(inside, rows)
  estimates <- model_assisted_estimates(model$model, match(rows, model$rows), weighted$weights$weight,
    rep(1, length(rows)), colSums(srs[inside, , drop = FALSE]),
    data.frame(size = srs[silent, "total"], share = rep(1, length(silent))))
  degrees <- estimates$degrees_of_freedom
  cbind(estimates$estimate, estimates$standard_error, ifelse(is.na(degrees), normal, stats::qt(0.975, degrees)))
}

estimators <- list(reference = as_reference, model_assisted = as_model_assisted)
started <- Sys.time()
one_draw <- function(draw) {
  set.seed(1000L * year + draw)
  responds <- stats::runif(nrow(agencies)) < chance
  drawn <- data.table::copy(agencies)
  data.table::set(drawn, NULL, "respondent", responds)
  rows <- which(responds)
  model <- list(rows = rows, model = borrowed_model(Matrix::Matrix(y[rows, ], sparse = TRUE), srs[rows, ]))
  drawn_estimates <- array(NA_real_, c(length(names), ncol(y), length(estimators), 3))
  for (number in seq_along(names)) {
    inside <- rows_of[[number]]
    serves <- vapply(schemes, function(scheme) kinds[[number]] %in% scheme$kinds, TRUE)
    weighted <- weights_of(drawn[inside, ], srs[inside, , drop = FALSE], schemes[[which(serves)]])
    if (nrow(weighted$weights) == 0L) next
    for (estimator in seq_along(estimators)) {
      drawn_estimates[number, , estimator, ] <- estimators[[estimator]](inside, weighted, model)
    }
  }
  drawn_estimates
}
made <- parallel::mclapply(seq_len(draws), one_draw, mc.cores = processes)
all_draws <- aperm(simplify2array(made), c(5, 1, 2, 3, 4))
dimnames(all_draws) <- list(NULL, names, colnames(y), names(estimators), c("estimate", "error", "factor"))

# Per geography, crime and estimator.
true <- array(rep(sums, each = draws), c(draws, dim(sums)))
statistics <- lapply(stats::setNames(nm = names(estimators)), function(estimator) {
  estimate <- array(all_draws[, , , estimator, "estimate"], dim(true))
  error <- array(all_draws[, , , estimator, "error"], dim(true))
  held <- abs(estimate - true) <= array(all_draws[, , , estimator, "factor"], dim(true)) * error + 1e-9
  average <- function(values) apply(values, 2:3, mean, na.rm = TRUE)
  spread <- apply(estimate, 2:3, stats::sd, na.rm = TRUE)
  statistics <- list(bias = 100 * (average(estimate) / sums - 1), coverage = 100 * average(held),
    ratio = average(error) / spread, spread = 100 * spread / sums,
    rmse = 100 * sqrt(average((estimate - true)^2)) / sums)
  lapply(statistics, function(values) {
    dimnames(values) <- dimnames(sums)
    values
  })
})
cat(sprintf("%s, %d draws, %d agencies, Return A off by %.0f %%, %.0f s\n", mechanism, draws, nrow(agencies),
  100 * disagreement, as.numeric(Sys.time() - started, units = "secs")))
cat("| geography | crime | estimator | relative bias, % | coverage, % | mean SE / SD | SD, % |\n",
  "|---|---|---|---|---|---|---|\n", sep = "")
line_of <- function(rows, name, crime, estimator) {
  middle <- vapply(statistics[[estimator]][c("bias", "coverage", "ratio", "spread")], function(values) {
    stats::median(values[rows, crime], na.rm = TRUE)
  }, numeric(1))
  cat(sprintf("| %s | %s | %s | %.2f | %.1f | %.2f | %.2f |\n", name, crime, estimator, middle[[1]], middle[[2]],
    middle[[3]], middle[[4]]))
}
states <- names[kinds == "state"]
shown <- c(stats::setNames(nm = intersect(c("US", regions), names)), list("median state" = states))
for (name in names(shown)) {
  for (crime in colnames(y)) for (estimator in names(estimators)) line_of(shown[[name]], name, crime, estimator)
}
cat("| crime | estimator | mean RMSE of states, % | states covered below 85 % | above 99 % |\n|---|---|---|---|---|\n")
for (crime in colnames(y)) {
  for (estimator in names(estimators)) {
    of_states <- lapply(statistics[[estimator]], function(values) values[states, crime])
    cat(sprintf("| %s | %s | %.2f | %d | %d |\n", crime, estimator, mean(of_states$rmse, na.rm = TRUE),
      sum(of_states$coverage < 85, na.rm = TRUE), sum(of_states$coverage > 99, na.rm = TRUE)))
    low <- of_states$coverage[which(of_states$coverage < 85)]
    if (length(low) > 0L) cat("<!--", paste(names(low), round(low), collapse = ", "), "-->\n")
  }
}
