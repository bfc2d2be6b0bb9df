#' Estimates with what several imputations of unknown items leave open
#'
#' The estimate is the mean of those by each imputation; the variance between them, `(1 + 1 / m) b`, is added to that of
#' the first imputation. Degrees of freedom are those of Barnard and Rubin.
#'
#' @param estimates See [estimate_tables()], of the first imputation, with all other terms of the errors.
#' @param others A list of the same, a table per further imputation: only `estimate` and `percentage` are used. What it
#'   does not have is as by the first.
#' @return `estimates` with `imputation_error` and `percentage_imputation_error`, which `standard_error` and
#'   `percentage_error` then include; both are missing where items are imputed once.
#' @references Rubin (1987), Multiple Imputation for Nonresponse in Surveys, chapter 3; Barnard and Rubin (1999),
#'   Small-sample degrees of freedom with multiple imputation, Biometrika 86, 948.
#' @noRd
with_imputation_error <- function(estimates, others) {
  if (length(others) == 0L) {
    data.table::set(estimates, NULL, c("imputation_error", "percentage_imputation_error"), NA_real_)
    return(estimates[])
  }
  places <- lapply(others, function(other) {
    estimates[other[, c("agency_group", "cell")], on = c("agency_group", "cell"), which = TRUE]
  })
  of <- function(column) {
    first <- estimates[[column]]
    do.call(cbind, c(list(first), Map(function(other, place) replace(first, place, other[[column]]), others, places)))
  }
  count <- pooled(of("estimate"), estimates$standard_error)
  share <- pooled(of("percentage"), estimates$percentage_error)
  data.table::set(estimates, NULL, "degrees_of_freedom",
    degrees_of_imputations(count, length(others) + 1L, estimates$degrees_of_freedom))
  data.table::set(estimates, NULL,
    c("estimate", "standard_error", "imputation_error", "percentage", "percentage_error",
      "percentage_imputation_error"),
    list(count$estimate, count$error, sqrt(count$between), share$estimate, share$error, sqrt(share$between)))
  estimates[]
}

#' Mean, error and variance between imputations
#'
#' @param by_imputation Matrix, a column per imputation.
#' @param within The error by one imputation.
#' @noRd
pooled <- function(by_imputation, within) {
  number <- ncol(by_imputation)
  estimate <- rowMeans(by_imputation)
  between <- (1 + 1 / number) * rowSums((by_imputation - estimate)^2) / (number - 1)
  list(estimate = estimate, between = between, error = sqrt(within^2 + between))
}

#' Degrees of freedom with several imputations; missing where there are so many that limits are normal
#'
#' @param count See [pooled()].
#' @param complete Those that there would be with complete items; missing: so many that they do not matter.
#' @noRd
degrees_of_imputations <- function(count, imputations, complete) {
  part <- ifelse(count$error > 0, count$between / count$error^2, 0)
  between <- (imputations - 1) / part^2
  observed <- (complete + 1) / (complete + 3) * complete * (1 - part)
  degrees <- ifelse(is.na(observed), between, 1 / (1 / between + 1 / observed))
  ifelse(part == 0, complete, ifelse(degrees > constant("degrees_for_normal"), NA, degrees))
}

#' The files of further imputations beside that of the first, in the order of their numbers
#'
#' @param path Of the first imputation, ending with `.rds`.
#' @noRd
further_imputations <- function(path) {
  stem <- sub("[.]rds$", "", basename(path))
  found <- list.files(dirname(path), sprintf("^%s-[0-9]+[.]rds$", stem))
  numbers <- as.integer(sub(".*-([0-9]+)[.]rds$", "\\1", found))
  file.path(dirname(path), found[order(numbers)])
}

#' The file of an imputation; that of the first has no number
#'
#' @param path Of the first imputation, ending with `.rds`.
#' @noRd
imputation_path <- function(path, number) {
  if (number == 1L) path else sub("[.]rds$", sprintf("-%d.rds", number), path)
}
