# Predictive mean matching: ours beside that of mice, how far what is imputed varies with the seed, and how long it takes.
#
#   Rscript benchmarks/imputation.R [40]
#
# Argument: the number of seeds. Of 30,000 records 20,000 know a variable of two values, of which the second has a share
# of about 0.3; 10,000 do not. Predictors are classes: one of two that says nothing, two of three, six of three. Printed:
# the standard deviation over the seeds of the share that is imputed, beside that of 10,000 independent draws, and the
# share that is to be found. Then a million records with fourteen predictors, a fifth without a value: seconds of
# processor time of one draw, and the largest memory, each way in a process of its own.
suppressMessages(library(nibrsest))
arguments <- commandArgs(trailingOnly = TRUE)

cells_of <- function(predictors, levels, number) {
  classes <- matrix(sample.int(levels, number * predictors, replace = TRUE), number)
  dummies <- lapply(seq_len(predictors), function(column) outer(classes[, column], seq_len(levels)[-1], `==`) + 0)
  list(design = do.call(cbind, dummies), mean = rowMeans(classes) / levels)
}

spread <- function(predictors, levels, informative, seeds) {
  set.seed(1)
  world <- cells_of(predictors, levels, 30000L)
  chance <- if (informative) 0.9 * (world$mean - mean(world$mean)) + 0.3 else rep(0.3, 30000L)
  y <- (stats::runif(30000L) < chance) + 0
  known <- rep(c(TRUE, FALSE), c(20000L, 10000L))
  shares <- vapply(seq_len(seeds), function(seed) {
    set.seed(seed)
    of_mice <- mean(mice::mice.impute.pmm(y, known, world$design))
    set.seed(seed)
    donors <- pmm_donors(world$design, as.integer(y) + 1L, which(known), which(!known), 2L)
    c(of_mice, mean(y[donors]))
  }, c(0, 0))
  truth <- mean(chance[!known])
  sprintf("| %d of %d%s | %d | %.4f | %.4f | %.4f | %.3f | %.3f | %.3f |", predictors, levels,
    if (informative) "" else ", saying nothing", levels^predictors, sqrt(truth * (1 - truth) / 10000),
    stats::sd(shares[1, ]), stats::sd(shares[2, ]), truth, mean(shares[1, ]), mean(shares[2, ]))
}

if (length(arguments) > 0L && arguments[[1]] %in% c("ours", "mice")) {
  set.seed(1)
  design <- matrix(stats::rnorm(14e6), 1e6)
  design[, 1:7] <- (design[, 1:7] > 0) + 0
  y <- drop(round(3 * (design %*% stats::rnorm(14) + stats::rnorm(1e6))))
  known <- stats::runif(1e6) > 0.2
  invisible(gc(reset = TRUE))
  time <- system.time(
    if (arguments[[1]] == "ours") pmm_donors(design, y, which(known), which(!known)) else
      mice::mice.impute.pmm(y, known, design)
  )
  cat(sprintf("| %s | %.2f | %.0f |\n", arguments[[1]], sum(time[c("user.self", "sys.self")]), sum(gc()[, 6])))
} else {
  seeds <- if (length(arguments) > 0L) as.integer(arguments[[1]]) else 40L
  cat("| predictors | cells | binomial | mice | ours | share to find | mean of mice | mean of ours |\n")
  cat("|---|---|---|---|---|---|---|---|\n")
  cat(spread(1L, 2L, FALSE, seeds), spread(2L, 3L, TRUE, seeds), spread(6L, 3L, TRUE, seeds), sep = "\n")
  cat("\n\n| a million records, fourteen predictors | s of a core | MB |\n|---|---|---|\n")
  script <- sub("^--file=", "", grep("^--file=", commandArgs(), value = TRUE))
  for (way in c("ours", "mice")) cat(system2("Rscript", c(script, way), stdout = TRUE), sep = "\n")
}
