# Whether the bias that a copula finds is the bias that there is: draws of who responds, in a simulated nation.
#
#   nibrs simulate --size national --scale 0.1
#   Rscript benchmarks/copula.R truth 2023 30 random
#
# Arguments: the folder of the truth, the data year, the number of draws, the mechanism (random, size, crime, as in
# known_truth.R) and, if wanted, by how much Return A disagrees with the incidents (0.1: 10 %) and the number of
# processes (one per core).
#
# Every draw decides for each eligible agency whether it responds, weights nation, regions and states, estimates ten
# crimes from complete years, and draws what the silent agencies had from the copula, by residents and their shares
# (copula) and by these and Return A (copula_return_a). Found bias is estimate minus what respondents reported and silent
# agencies were drawn to have; the error is estimate minus truth. Printed: of nation, regions and the median state the
# mean of both over the draws, and how often intervals by the standard error and by the root mean squared error hold
# the truth; over all states and crimes the correlation of found bias and error, of their means over the draws, and
# how much wider intervals become.
suppressMessages(library(nibrsest))
source(file.path(dirname(sub("^--file=", "", grep("^--file=", commandArgs(), value = TRUE))), "truth.R"))
logger::log_threshold("WARN")
arguments <- commandArgs(trailingOnly = TRUE)
truth <- arguments[[1]]
year <- as.integer(arguments[[2]])
draws <- as.integer(arguments[[3]])
mechanism <- arguments[[4]]
disagreement <- if (length(arguments) > 4L) as.numeric(arguments[[5]]) else 0
processes <- if (length(arguments) > 5L) as.integer(arguments[[6]]) else parallel::detectCores()

of_year <- function(name) data.table::as.data.table(read_truth(truth, sprintf("%s-%d", name, year)))

agencies <- eligible_agencies(truth, year)
regions <- c("Northeast", "Midwest", "South", "West")
demographics <- data.table::as.data.table(read_truth(truth, "demographics"))
demographics <- cbind(ori = agencies$ori[match(demographics$agency_id, agencies$agency_id)],
  demographics[, -c("agency_id", "data_year")])

counts <- of_year("counts")
counts <- counts[which(counts$unit == "offense"), ]
total_of <- function(codes) {
  counted <- counts[which(counts$code %in% codes), list(number = sum(number)), by = "agency_id"]
  data.table::fcoalesce(as.numeric(counted$number[match(agencies$agency_id, counted$agency_id)]), 0)
}
# The crimes that are drawn; violent and property crime are sums of them.
crimes <- list(murder = "09A", rape = c("11A", "11B", "11C"), robbery = "120", assault = "13A", burglary = "220",
  larceny = paste0("23", LETTERS[1:8]), "vehicle theft" = "240", drugs = "35A")
y <- vapply(crimes, total_of, numeric(nrow(agencies)))
y <- cbind(violent = rowSums(y[, 1:4]), property = rowSums(y[, 5:7]), y)
sums <- data.table::data.table(column = c("violent", "property"), method = "sum",
  of_columns = c("murder rape robbery assault", "burglary larceny theft"))
colnames(y)[colnames(y) == "vehicle theft"] <- "theft"

return_a <- of_year("return_a")
data.table::set(return_a, NULL, "ori", agencies$ori[match(return_a$agency_id, agencies$agency_id)])
annual <- return_a[!is.na(return_a$ori), list(number = sum(number)), keyby = c("ori", "line")]
set.seed(year)
sent <- round(annual$number * pmax(0, stats::rnorm(nrow(annual), 1, disagreement)))
srs <- srs_covariates(agencies,
  data.table::data.table(ori = annual$ori, year = year, line = annual$line, count = sent),
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
true <- t(vapply(rows_of, function(inside) colSums(y[inside, , drop = FALSE]), numeric(ncol(y))))
likened_by <- list(copula = NULL, copula_return_a = srs)

# What silent agencies are drawn to have: agencies by crimes, missing where they respond.
drawn_of <- function(drawn, covariates, draw) {
  found <- y
  found[] <- NA
  for (group in nibrsest:::copula_groups(drawn, demographics, covariates)) {
    made <- nibrsest:::with_seed(1000L * draw + match(group$subset, c("shares", "residents", "officers")) * 10L +
      group$stratum, nibrsest:::drawn_totals(group$known, y[group$donors, , drop = FALSE], sums))
    found[group$recipients, ] <- made$values
  }
  found
}

# Geographies by crimes by: estimate, standard error, and what is found with and without Return A.
one_draw <- function(draw) {
  set.seed(1000L * year + draw)
  drawn <- data.table::copy(agencies)
  data.table::set(drawn, NULL, "respondent", stats::runif(nrow(agencies)) < chance)
  imputed <- lapply(likened_by, drawn_of, drawn = drawn, draw = draw)
  made <- array(NA_real_, c(length(names), ncol(y), 2L + length(imputed)))
  for (number in seq_along(names)) {
    inside <- rows_of[[number]]
    serves <- vapply(schemes, function(scheme) kinds[[number]] %in% scheme$kinds, TRUE)
    weighted <- weights_of(drawn[inside, ], srs[inside, , drop = FALSE], schemes[[which(serves)]])
    if (nrow(weighted$weights) == 0L) next
    rows <- match(weighted$weights$ori, agencies$ori)
    estimates <- nibrsest:::estimate_geography(y[rows, , drop = FALSE], weighted$weights, weighted$strata,
      srs[rows, , drop = FALSE], list("all agencies" = rep(TRUE, length(rows))), "few_respondents")
    silent <- setdiff(inside, rows)
    full <- lapply(imputed, function(values) colSums(y[rows, , drop = FALSE]) + colSums(values[silent, , drop = FALSE]))
    made[number, , ] <- cbind(estimates$estimate, estimates$standard_error, do.call(cbind, full))
  }
  made
}
started <- Sys.time()
made <- parallel::mclapply(seq_len(draws), one_draw, mc.cores = processes)
every <- simplify2array(made)
dimnames(every) <- list(names, colnames(y), c("estimate", "error", names(likened_by)), NULL)

relative <- function(values) 100 * sweep(values, 1:2, ifelse(true == 0, NA, true), "/")
estimate <- array(every[, , "estimate", ], dim(every)[-3], dimnames(every)[-3])
standard <- array(every[, , "error", ], dim(every)[-3], dimnames(every)[-3])
error <- sweep(estimate, 1:2, true)
found <- lapply(stats::setNames(nm = names(likened_by)), function(name) estimate - array(every[, , name, ], dim(error)))
average <- function(values) apply(values, 1:2, mean, na.rm = TRUE)
# What Return A tells exactly is estimated but for rounding.
held <- function(half) 100 * average(abs(error) <= stats::qnorm(0.975) * half + 1e-6 * as.vector(pmax(true, 1)))
rmse <- lapply(found, function(bias) sqrt(standard^2 + bias^2))

cat(sprintf("%s, %d draws, %d agencies, Return A off by %.0f %%, %.0f s\n\n", mechanism, draws, nrow(agencies),
  100 * disagreement, as.numeric(Sys.time() - started, units = "secs")))
tables <- c(list(true = average(relative(error))), lapply(found, function(bias) average(relative(bias))),
  list(by_error = held(standard)), lapply(rmse, held))
cat("| geography | crime | bias, % | found | found with Return A | held by SE, % | by RMSE | by RMSE with Return A |\n")
cat("|---|---|---|---|---|---|---|---|\n")
states <- names[kinds == "state"]
shown <- c(stats::setNames(nm = intersect(c("US", regions), names)), list("median state" = states))
for (place in names(shown)) {
  for (crime in colnames(y)) {
    middle <- vapply(tables, function(table) stats::median(table[shown[[place]], crime], na.rm = TRUE), numeric(1))
    cat(sprintf("| %s | %s | %.2f | %.2f | %.2f | %.0f | %.0f | %.0f |\n", place, crime, middle[[1]], middle[[2]],
      middle[[3]], middle[[4]], middle[[5]], middle[[6]]))
  }
}
cat("\n| what | copula | with Return A |\n|---|---|---|\n")
over_states <- function(values) as.vector(relative(values)[states, , ])
means <- function(values) as.vector(average(relative(values))[states, ])
line <- function(what, of) {
  values <- vapply(names(likened_by), of, numeric(1))
  cat(sprintf("| %s | %.2f | %.2f |\n", what, values[[1]], values[[2]]))
}
line("correlation of found bias and error, states and crimes of all draws",
  function(name) stats::cor(over_states(found[[name]]), over_states(error), use = "complete.obs"))
line("the same of their means over the draws",
  function(name) stats::cor(means(found[[name]]), means(error), use = "complete.obs"))
line("median absolute error of states, %", function(name) stats::median(abs(over_states(error)), na.rm = TRUE))
line("median absolute found bias, %", function(name) stats::median(abs(over_states(found[[name]])), na.rm = TRUE))
line("median absolute error of states after the found bias is taken off, %",
  function(name) stats::median(abs(over_states(error) - over_states(found[[name]])), na.rm = TRUE))
line("median width of states' intervals by RMSE, over those by SE",
  function(name) stats::median((rmse[[name]] / standard)[states, , ], na.rm = TRUE))
line("the same of the nation", function(name) stats::median((rmse[[name]] / standard)["US", , ], na.rm = TRUE))
