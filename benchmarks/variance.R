# Estimates and standard errors of all cells at once, against a loop of survey::svytotal over the same cells.
#
#   Rscript benchmarks/variance.R .nibrs/objects/nibrs-data/runs/<run_id>/estimation/2023 300
#
# Arguments: what the stages of a year have left, and how many cells the loop goes through. Both get the respondents of the
# nation, calibrated to Return A in the same strata (linearly, by the survey package, so that both have the same
# weights). Then ours makes all cells of all tables, with percentages.
suppressMessages({
  library(nibrsest)
  library(survey)
})
logger::log_threshold("WARN")
arguments <- commandArgs(trailingOnly = TRUE)
folder <- file.path(arguments[[1]], "weights")
number <- as.integer(arguments[[2]])

read <- function(name) data.table::fread(file.path(folder, name))
agencies <- read("agencies.csv")
weights <- read("weights.csv")
weights <- weights[which(weights$geography == "US"), ]
weights$stratum <- as.character(weights$stratum)
at <- match(weights$ori, agencies$ori)
cells <- table_cells()
counts <- data.table::rbindlist(lapply(list.files(file.path(arguments[[1]], "annual"), full.names = TRUE), function(path) {
  csv <- tempfile(fileext = ".csv")
  export_matrix(file.path(path, "cells.rds"), csv)
  data.table::fread(csv)
}))
counts <- counts[which(counts$ori %in% weights$ori), ]
y <- Matrix::sparseMatrix(match(counts$ori, weights$ori), match(counts$cell, cells$cell), x = counts$number,
  dims = c(nrow(weights), nrow(cells)), dimnames = list(NULL, cells$cell))
x <- as.matrix(read("covariates.csv")[at, c("total", "violent", "burglary")])
chosen <- utils::head(order(-Matrix::colSums(y)), number)

frame <- data.frame(as.matrix(y[, chosen]), x, stratum = weights$stratum, N = weights$N)
plain <- svydesign(~1, strata = ~stratum, fpc = ~N, data = frame)
totals <- as.vector(rowsum(x * weights$weight, weights$stratum))
design <- calibrate(plain, ~ 0 + stratum:total + stratum:violent + stratum:burglary, totals)

seconds <- function(expression) unname(system.time(expression)[["elapsed"]])
loop <- seconds(theirs <- vapply(colnames(y)[chosen], function(cell) {
  found <- svytotal(stats::reformulate(cell), design)
  c(coef(found), SE(found))
}, numeric(2)))
used <- weights
used$weight <- 1 / design$prob
one <- seconds(ours <- linearised_estimates(y[, chosen], used, x))
strata <- data.table::data.table(stratum = unique(used$stratum), covariates = "total violent burglary")
groups <- list("all agencies" = rep(TRUE, nrow(used)))
all_cells <- seconds(estimate_tables(y, used, strata, x, groups, cells))
cat(sprintf("%d respondents, %d strata, %d of %d cells\n", nrow(y), data.table::uniqueN(used$stratum), number, ncol(y)))
cat(sprintf("largest relative difference: estimate %.1e, standard error %.1e\n",
  max(abs(ours$estimate / theirs[1, ] - 1)), max(abs(ours$standard_error / theirs[2, ] - 1))))
cat(sprintf("loop of svytotal %.2f s, ours %.3f s: %.0f times\n", loop, one, loop / one))
cat(sprintf("ours, all %d cells with percentages: %.2f s\n", ncol(y), all_cells))
