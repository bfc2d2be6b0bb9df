#' Estimates with their bias and root mean squared errors
#'
#' @param tables See [estimate_tables()], with `permutation`.
#' @param bias See [relative_bias()]; NULL if the bias is not sought.
#' @param cells See [table_cells()].
#' @return `tables` with `percent_relative_bias`, `bias`, `rmse`, `percentage_bias` and `percentage_rmse` (in percentage
#'   points). Where the bias is not known, or the numbers are no estimates, it is missing, and the standard error stands
#'   for the root mean squared error.
#' @references METHOD, section 9 (bias, RMSE).
#' @noRd
with_bias <- function(tables, bias, cells) {
  relative <- found <- of_share <- rep(NA_real_, nrow(tables))
  if (!is.null(bias)) {
    at <- match(paste(tables$permutation, tables$cell), paste(bias$permutation, bias$cell))
    known <- !is.na(tables$standard_error)
    full <- ifelse(known, bias$full_count[at], NA)
    relative <- ifelse(known, bias$percent_relative_bias[at], NA)
    found <- tables$estimate - full
    of_share <- tables$percentage - full_percentages(full, tables, cells)
  }
  cbind(tables, percent_relative_bias = relative, bias = found, rmse = root_mean_square(tables$standard_error, found),
    percentage_bias = of_share, percentage_rmse = root_mean_square(tables$percentage_error, of_share))
}

#' @noRd
root_mean_square <- function(error, bias) data.table::fifelse(is.na(bias), as.numeric(error), sqrt(error^2 + bias^2))

#' Percentages of full counts, by the same denominators as those of estimates
#' @noRd
full_percentages <- function(full, tables, cells) {
  sums <- denominator_sums(cells)
  permutations <- unique(tables$permutation)
  counts <- matrix(NA_real_, nrow(cells), length(permutations))
  place <- cbind(match(tables$cell, cells$cell), match(tables$permutation, permutations))
  counts[place] <- full
  below <- as.matrix(Matrix::crossprod(sums$adds, counts))
  share <- 100 * counts / below[sums$denominator, , drop = FALSE]
  share[is.nan(share)] <- 0
  share[place]
}

#' The bias of all groups of tables; NULL if it is not sought
#' @noRd
read_bias <- function(settings) {
  if (settings$bias == "none") {
    return(NULL)
  }
  data.table::rbindlist(lapply(names(table_groups(wanted_definitions(settings))), function(group) {
    read_stage_file(file.path(stage_folder(settings, "bias"), paste0(group, ".csv")), "bias/<tables>.csv")
  }))
}

#' What the README says of the bias
#'
#' @param bias_method See [read_settings()].
#' @param diagnostics How it was drawn, see `copula_diagnostics()`; NULL if it was not sought.
#' @return Lines of Markdown.
#' @noRd
bias_lines <- function(bias_method, diagnostics) {
  if (bias_method == "none") {
    return(paste("* The bias of estimates is not sought (`bias_method` is `none`): release and limits go by the",
      "standard error."))
  }
  if (nrow(diagnostics) == 0L) {
    return("* No agency is silent, or nothing is estimated: no bias is to be found (`weights/copula.csv` has no rows).")
  }
  likened <- if (bias_method == "copula_return_a") "by residents, their shares and Return A" else
    "by residents and their shares"
  otherwise <- !diagnostics$way %in% c("full", "population", "constant", "none")
  drawn <- sum(diagnostics$variables)
  c(
    paste0("* The bias of the tables' estimates is found by a Gaussian copula (`bias_method` is `", bias_method,
      "`): what silent agencies had is drawn from respondents of their population group, ", likened, ". Release and ",
      "limits of the tables go by the root mean squared error, those of offenses.csv by the standard error. In a ",
      "nation whose truth is known, what a copula finds is mostly not the bias that there is; see docs/method.md."),
    sprintf(paste("* Of %s variables that were drawn, %.1f %% had to be drawn otherwise than together with all others,",
      "and %d could not be drawn; correlations were moved by %.2f at most (`weights/copula.csv`)."),
      format(drawn, big.mark = ","), 100 * sum(diagnostics$variables[otherwise]) / drawn,
      sum(diagnostics$variables[diagnostics$way == "failed"]), max(0, diagnostics$correlation_moved, na.rm = TRUE)),
    if (any(diagnostics$way == "constant")) {
      sprintf("* %s variables are the same in all respondents that they were drawn from, and in silent agencies too.",
        format(sum(diagnostics$variables[diagnostics$way == "constant"]), big.mark = ","))
    },
    other_donors_sentence(diagnostics),
    if (!"shares" %in% diagnostics$subset) {
      "* The database has no shares of residents: agencies were likened without them."
    }
  )
}

#' In how many groups of agencies respondents of others were asked; nothing where in none
#' @noRd
other_donors_sentence <- function(diagnostics) {
  groups <- unique(diagnostics[, c("subset", "stratum", "donors_from")])
  others <- sum(groups$donors_from != "own")
  if (others == 0L) {
    return(NULL)
  }
  sprintf(paste("* In %d of %d groups of agencies nobody responds, or only agencies of one size: these were drawn from",
    "respondents of all population groups (`donors_from`)."), others, nrow(groups))
}
