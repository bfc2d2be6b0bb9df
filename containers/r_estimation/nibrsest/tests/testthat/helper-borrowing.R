# Agencies whose counts follow Return A, of which some respond; the last column is rare.
borrowing_world <- function(seed = 1, n = 400) {
  set.seed(seed)
  size <- round(exp(rnorm(n, 5, 1.2)))
  crimes <- c("murder", "rape", "robbery", "aggravated_assault", "burglary", "larceny", "vehicle_theft")
  parts <- t(vapply(size, function(total) rmultinom(1, total, c(1, 3, 8, 20, 30, 120, 40)), numeric(7)))
  colnames(parts) <- crimes
  covariates <- cbind(total = rowSums(parts), violent = rowSums(parts[, 1:4]), property = rowSums(parts[, 5:7]),
    parts)[, covariate_names]
  y <- cbind(rpois(n, 1.2 * covariates[, "violent"]), rpois(n, 0.3 * covariates[, "larceny"]),
    rpois(n, 0.2 * covariates[, "burglary"]), rpois(n, 0.0004 * size))
  list(y = y, covariates = covariates, responds = stats::runif(n) < 0.7)
}
