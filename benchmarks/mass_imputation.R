# Three estimators against a known truth: the reference's, model-assisted, and mass imputation by nearest neighbours.
#
#   nibrs simulate --size national --scale 0.1
#   Rscript benchmarks/mass_imputation.R truth 2023 40 0.1
#
# Arguments: the folder of the truth, the data year, the number of draws, and by how much Return A disagrees with the
# incidents. Every draw decides by chance within the population group who responds; years are complete. Printed: of the
# nation and the states, by crime and estimator, bias and root mean squared error in per cent (for states their mean over
# states), and the share of 95 % intervals that hold the truth.
suppressMessages(library(nibrsest))
source(file.path(dirname(sub("^--file=", "", grep("^--file=", commandArgs(), value = TRUE))), "truth.R"))
logger::log_threshold("WARN")
arguments <- commandArgs(trailingOnly = TRUE)
truth <- arguments[[1]]
year <- as.integer(arguments[[2]])
draws <- as.integer(arguments[[3]])
disagreement <- as.numeric(arguments[[4]])

of_year <- function(name) read_truth(truth, sprintf("%s-%d", name, year))

agencies <- eligible_agencies(truth, year)
data.table::set(agencies, NULL, "group", agencies$national_group)

counts <- of_year("counts")
counts <- counts[counts$unit == "offense", ]
larceny <- paste0("23", LETTERS[1:8])
crimes <- list(violent = c("09A", "11A", "11B", "11C", "120", "13A"), property = c("220", "240", larceny),
  murder = "09A", robbery = "120", "aggravated assault" = "13A", burglary = "220", drugs = "35A")
y <- vapply(crimes, function(codes) {
  counted <- counts$code %in% codes
  sums <- tapply(counts$number[counted], factor(counts$agency_id[counted], levels = agencies$agency_id), sum)
  ifelse(is.na(sums), 0, sums)
}, numeric(nrow(agencies)))

return_a <- of_year("return_a")
return_a$ori <- agencies$ori[match(return_a$agency_id, agencies$agency_id)]
annual <- stats::aggregate(number ~ ori + line, return_a[!is.na(return_a$ori), ], sum)
set.seed(year)
annual$number <- round(annual$number * pmax(0, stats::rnorm(nrow(annual), 1, disagreement)))
srs <- srs_covariates(agencies,
  data.table::data.table(ori = annual$ori, year = year, line = annual$line, count = annual$number),
  data.table::data.table(ori = agencies$ori, year = year, months = 12L), year)$covariates
chance <- c("1" = 0.72, "2" = 0.72, "3" = 0.70, "4" = 0.68, "5" = 0.66, "6" = 0.64, "7" = 0.58, "8" = 0.64,
  "9" = 0.68)[substr(agencies$population_group_code, 1, 1)]

places <- geographies(agencies)
places <- places[which(places$kind %in% c("national", "state")), ]
names <- unique(places$geography)
inside <- lapply(stats::setNames(nm = names), function(name) agencies$ori %in% places$ori[places$geography == name])
true <- t(vapply(inside, function(rows) colSums(y[rows, , drop = FALSE]), numeric(ncol(y))))
schemes <- weighting_schemes()

weighted_estimates <- function(drawn, model, name) {
  rows <- which(inside[[name]])
  scheme <- if (name == "US") schemes$national else schemes$state
  found <- weights_of(drawn[rows, ], srs[rows, , drop = FALSE], scheme)
  own <- match(found$weights$ori, agencies$ori)
  silent <- setdiff(rows, own)
  reference <- nibrsest:::estimate_geography(y[own, , drop = FALSE], found$weights, found$strata,
    srs[own, , drop = FALSE], list(all = rep(TRUE, length(own))), "few_respondents")
  assisted <- model_assisted_estimates(model, match(own, which(drawn$respondent)), found$weights$weight,
    rep(1, length(own)), colSums(srs[rows, , drop = FALSE]),
    data.frame(size = srs[silent, "total"], share = rep(1, length(silent))))
  list(reference = reference[, c("estimate", "standard_error")],
    model_assisted = assisted[, c("estimate", "standard_error")])
}

one_draw <- function(draw) {
  set.seed(1000L * year + draw)
  drawn <- data.table::copy(agencies)
  data.table::set(drawn, NULL, "respondent", stats::runif(nrow(agencies)) < chance)
  own <- which(drawn$respondent)
  model <- borrowed_model(Matrix::Matrix(y[own, ], sparse = TRUE), srs[own, ])
  seconds <- system.time(mass <- mass_imputation(y[own, ], drawn, srs, inside))[["elapsed"]]
  rows <- lapply(names, function(name) {
    found <- c(weighted_estimates(drawn, model, name), list(mass_imputation = mass[mass$geography == name, 3:4]))
    data.table::rbindlist(lapply(names(found), function(estimator) {
      data.table::data.table(draw = draw, geography = name, crime = colnames(y), estimator = estimator,
        estimate = found[[estimator]]$estimate, error = found[[estimator]]$standard_error, true = true[name, ])
    }))
  })
  cbind(data.table::rbindlist(rows), seconds = seconds)
}
all_draws <- data.table::rbindlist(parallel::mclapply(seq_len(draws), one_draw, mc.cores = 1L))
all_draws <- all_draws[all_draws$true > 0, ]
all_draws[, c("off", "held") := list(100 * (estimate / true - 1),
  abs(estimate - true) <= stats::qnorm(0.975) * error + 1e-9)]
by_place <- all_draws[, list(bias = mean(off), rmse = sqrt(mean(off^2)), coverage = 100 * mean(held, na.rm = TRUE)),
  by = c("geography", "crime", "estimator")]
data.table::set(by_place, NULL, "place", ifelse(by_place$geography == "US", "US", "states"))
shown <- by_place[, list(bias = mean(bias), rmse = mean(rmse), coverage = mean(coverage)), by = c("place", "crime", "estimator")]
options(width = 200)
print(shown[order(-(shown$place == "US"), match(shown$crime, names(crimes)))], digits = 3, nrows = 100)
cat("seconds of mass imputation, median:", stats::median(all_draws$seconds), "\n")
