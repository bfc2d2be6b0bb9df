# Whether estimates find what is known to be true: many draws of who responds, in a simulated nation.
#
#   nibrs simulate --size national --scale 0.1 --reporting complete
#   Rscript benchmarks/known_truth.R truth 2023 500 random
#
# Arguments: the folder of the truth, the data year, the number of draws, the mechanism (random: by chance
# within the population group; size: the more residents, the likelier; crime: the less crime for its size, the
# likelier); and, if wanted, the correction of residuals (few_respondents, as published, or none: see
# linearised_estimates). Every draw decides for each eligible agency whether it responds, weights nation, regions and states anew, and
# estimates violent and property crime. Printed: relative bias of the mean, coverage of 95 % intervals, and the
# ratio of the mean standard error to the standard deviation of the estimates.
suppressMessages(library(nibrsest))
logger::log_threshold("WARN")
arguments <- commandArgs(trailingOnly = TRUE)
truth <- arguments[[1]]
year <- as.integer(arguments[[2]])
draws <- as.integer(arguments[[3]])
mechanism <- arguments[[4]]
correction <- if (length(arguments) > 4L) arguments[[5]] else "few_respondents"

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
  mine <- counts$code %in% codes
  sums <- tapply(counts$number[mine], factor(counts$agency_id[mine], levels = agencies$agency_id), sum)
  ifelse(is.na(sums), 0, sums)
}
larceny <- paste0("23", LETTERS[1:8])
y <- cbind(violent = total_of(c("09A", "11A", "11B", "11C", "120", "13A")), property = total_of(c("220", "240", larceny)))

return_a <- read_truth("return_a")
return_a$ori <- agencies$ori[match(return_a$agency_id, agencies$agency_id)]
return_a <- return_a[!is.na(return_a$ori), ]
annual <- stats::aggregate(number ~ ori + line, return_a, sum)
srs <- srs_covariates(agencies,
  data.table::data.table(ori = annual$ori, year = year, line = annual$line, count = annual$number),
  data.table::data.table(ori = agencies$ori, year = year, months = 12L), year)$covariates

level <- log((rowSums(y) + 1) / (agencies$population + 2000))
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
sums <- t(vapply(rows_of, function(inside) colSums(y[inside, , drop = FALSE]), numeric(2)))
estimate <- array(NA_real_, c(draws, length(names), 2), list(NULL, names, colnames(y)))
error <- estimate
started <- Sys.time()
one_draw <- function(draw) {
  set.seed(1000L * year + draw)
  responds <- stats::runif(nrow(agencies)) < chance
  drawn <- data.table::copy(agencies)
  data.table::set(drawn, NULL, "respondent", responds)
  found <- matrix(NA_real_, length(names), 4)
  for (at in seq_along(names)) {
    inside <- rows_of[[at]]
    serves <- vapply(schemes, function(scheme) kinds[[at]] %in% scheme$kinds, TRUE)
    made <- weights_of(drawn[inside, ], srs[inside, , drop = FALSE], schemes[[which(serves)]])
    if (nrow(made$weights) == 0L) next
    rows <- match(made$weights$ori, agencies$ori)
    result <- estimate_geography(y[rows, , drop = FALSE], made$weights, made$strata, srs[rows, , drop = FALSE],
      list("all agencies" = rep(TRUE, length(rows))), correction)
    found[at, ] <- c(result$estimate, result$standard_error)
  }
  found
}
made <- parallel::mclapply(seq_len(draws), one_draw, mc.cores = parallel::detectCores())
for (draw in seq_len(draws)) {
  estimate[draw, , ] <- made[[draw]][, 1:2]
  error[draw, , ] <- made[[draw]][, 3:4]
}
covered <- abs(sweep(estimate, 2:3, sums)) <= stats::qnorm(0.975) * error
summary_of <- function(rows, name) {
  for (what in colnames(y)) {
    bias <- 100 * (colMeans(estimate[, rows, what, drop = FALSE], na.rm = TRUE) / sums[rows, what] - 1)
    coverage <- 100 * colMeans(covered[, rows, what, drop = FALSE], na.rm = TRUE)
    spread <- apply(estimate[, rows, what, drop = FALSE], 2, stats::sd, na.rm = TRUE)
    ratio <- colMeans(error[, rows, what, drop = FALSE], na.rm = TRUE) / spread
    relative <- 100 * spread / sums[rows, what]
    cat(sprintf("| %s | %s | %.2f | %.1f | %.2f | %.2f |\n", name, what, stats::median(bias), stats::median(coverage),
      stats::median(ratio), stats::median(relative)))
  }
}
cat(sprintf("%s, %d draws, %d agencies, %.0f s\n", mechanism, draws, nrow(agencies),
  as.numeric(Sys.time() - started, units = "secs")))
cat("| geography | crime | relative bias, % | coverage, % | mean SE / SD | SD, % |\n|---|---|---|---|---|---|\n")
for (name in intersect(c("US", regions), names)) summary_of(name, name)
states <- which(kinds == "state")
summary_of(states, "median state")
