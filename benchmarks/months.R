# Whether missing and implausibly low months are found, and how near the years are that were filled in: against the truth
# of a simulated nation.
#
#   nibrs simulate --size national --scale 0.1 && nibrs run
#   Rscript benchmarks/months.R truth .nibrs/objects/nibrs-data/runs/<run_id>/estimation/2023 2023
arguments <- commandArgs(trailingOnly = TRUE)
truth <- arguments[[1]]
folder <- file.path(arguments[[2]], "weights")
year <- as.integer(arguments[[3]])
read_truth <- function(name) utils::read.csv(file.path(truth, sprintf("%s-%d.csv.gz", name, year)), na.strings = "")
agencies <- read_truth("agencies")
made <- utils::read.csv(file.path(folder, "agencies.csv"))
donors <- utils::read.csv(file.path(folder, "donors.csv"))
offenses <- utils::read.csv(file.path(folder, "offenses.csv"))
counts <- read_truth("counts")
counts <- counts[counts$unit == "offense", ]
counts$ori <- agencies$ori[match(counts$agency_id, agencies$agency_id)]

flags <- matrix(0L, nrow(made), 12L)
flags[match(donors$ori, made$ori), ] <- as.matrix(donors[tolower(month.abb)])
letters_of <- function(text) do.call(rbind, strsplit(text, "", fixed = TRUE))
at <- match(made$ori, agencies$ori)
planted <- letters_of(agencies$low_months[at]) == "Y"
silent <- letters_of(agencies$nibrs_months[at]) == "U"
monthly <- tapply(counts$number, list(factor(counts$ori, made$ori), factor(counts$month, 1:12)), sum)
monthly[is.na(monthly)] <- 0

responds <- made$respondent
share <- function(found, of) sprintf("%s of %s (%.0f %%)", sum(found & of), sum(of), 100 * sum(found & of) / sum(of))
cat("missing months of respondents that were filled:", share(flags == 1L, silent & responds), "\n")
for (least in c(0, 10, 20, 50)) {
  large <- planted & responds & rowMeans(monthly) >= least
  cat(sprintf("low months replaced, agencies with %d offenses a month and more: %s\n", least, share(flags == 2L, large)))
}
cat("months replaced that were not low:", sum(flags == 2L & !planted), "of", sum(responds) * 12L, "\n")

known <- tapply(counts$number, factor(counts$ori, made$ori), sum)
known[is.na(known)] <- 0
ours <- tapply(offenses$offenses, factor(offenses$ori, made$ori), sum)
ours[is.na(ours)] <- 0
for (kind in c("missing months filled", "low months replaced")) {
  some <- rowSums(flags == if (kind == "low months replaced") 2L else 1L) > 0L & responds
  error <- abs(ours[some] - known[some]) / pmax(known[some], 1)
  cat(sprintf("%s: %d agency-years; all together %+.1f %% of the truth; median error of an agency's year %.1f %%, %.1f %% where it has 100 offenses and more\n",
    kind, sum(some), 100 * (sum(ours[some]) / sum(known[some]) - 1), 100 * stats::median(error),
    100 * stats::median(error[known[some] >= 100])))
}
