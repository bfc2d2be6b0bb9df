#' Chained equations: donors for every gap of some variables
#'
#' Every variable with gaps is drawn anew in each round from what the others have by then; see [pmm_donors()]. It is
#' predicted from the variables that are correlated with it, or with its being known, and that are known for enough of
#' its gaps. Gaps of predictors are filled along with it, and forgotten. One incomplete variable needs one round.
#'
#' @param frame A data.table, a row per record: numbers and factors, with missing values.
#' @param targets Names of the variables whose gaps are to be filled.
#' @param always Names of those that predict whatever their correlation is.
#' @return A list: `donors`, by target the row numbers of the donors of its gaps, in their order (nothing if fewer than
#'   ten records know it), and `log`, a data.table with a row per target: `variable`, `donors`, `predictors`, `rounds`.
#' @references METHOD, section 6.3; van Buuren and Groothuis-Oudshoorn (2011), mice, Journal of Statistical Software
#'   45(3).
#' @noRd
chained_donors <- function(frame, targets, always) {
  gaps <- lapply(frame, function(column) which(is.na(column)))
  known <- lapply(frame, function(column) which(!is.na(column)))
  usable <- names(frame)[vapply(frame, has_two_values, TRUE)]
  sought <- targets[lengths(known[targets]) >= constant("fewest_donors") & lengths(gaps[targets]) > 0L]
  coded <- coded_frame(frame[, union(usable, sought), with = FALSE])
  predictors <- list()
  wanted <- sought
  while (length(wanted) > 0L) {
    # A predictor with gaps has predictors of its own.
    predictors[wanted] <- lapply(wanted, chosen_predictors, coded, gaps, usable, union(targets, always))
    wanted <- setdiff(unlist(predictors[wanted]), names(predictors))
    wanted <- wanted[lengths(gaps[wanted]) > 0L]
  }
  incomplete <- names(predictors)
  rounds <- if (length(incomplete) > 1L) as.integer(constant("imputation_rounds")) else length(incomplete)
  list(
    donors = drawn_in_rounds(coded, predictors, known[incomplete], gaps[incomplete], rounds)[sought],
    log = data.table::data.table(variable = targets, donors = lengths(known[targets]),
      predictors = lengths(predictors[targets]), rounds = ifelse(targets %in% sought, rounds, 0L))
  )
}

#' Whether a variable has two values at least
#' @noRd
has_two_values <- function(column) {
  known <- column[!is.na(column)]
  length(known) > 1L && any(known != known[[1]])
}

#' Variables as columns of numbers: a factor has a column of 0 and 1 for each of its classes but the first
#'
#' @return A list: `design` (matrix, with missing values), `columns` (by variable the numbers of its columns),
#'   `values` (by variable its numbers, or those of its classes), `classes` (by variable how many there are).
#' @noRd
coded_frame <- function(frame) {
  parts <- lapply(frame, function(column) {
    if (!is.factor(column)) {
      return(matrix(as.numeric(column)))
    }
    code <- as.integer(column)
    classes <- seq_len(nlevels(column))[-1L]
    matrix(as.numeric(rep(code, length(classes)) == rep(classes, each = length(code))), length(code))
  })
  widths <- vapply(parts, ncol, 1L)
  ends <- cumsum(widths)
  list(
    design = do.call(cbind, c(unname(parts), list(matrix(0, nrow(frame), 0L)))),
    columns = Map(function(end, width) seq_len(width) + end - width, ends, widths),
    values = lapply(frame, function(column) if (is.factor(column)) as.integer(column) else as.numeric(column)),
    classes = lapply(frame, function(column) if (is.factor(column)) nlevels(column))
  )
}

#' What predicts a variable: what is correlated with it, or with its being known, in a sample of the records
#'
#' @param gaps By variable the rows without a value.
#' @param usable Variables that vary.
#' @param always Those that are chosen whatever their correlation is.
#' @noRd
chosen_predictors <- function(target, coded, gaps, usable, always) {
  candidates <- setdiff(usable, target)
  if (length(candidates) == 0L) {
    return(character())
  }
  of_gaps <- gaps[[target]]
  usable_share <- vapply(gaps[candidates], function(rows) mean(!of_gaps %in% rows), 0)
  number <- nrow(coded$design)
  sample <- unique(round(seq(1, number, length.out = min(number, constant("correlation_rows")))))
  known <- as.numeric(!is.na(coded$values[[target]][sample]))
  outcome <- cbind(known, coded$design[sample, coded$columns[[target]], drop = FALSE])
  related <- vapply(candidates, function(name) {
    found <- suppressWarnings(
      stats::cor(coded$design[sample, coded$columns[[name]], drop = FALSE], outcome, use = "pairwise.complete.obs")
    )
    max(abs(found), 0, na.rm = TRUE)
  }, 0)
  candidates[usable_share >= constant("usable_cases") &
    (related > constant("predictor_correlation") | candidates %in% always)]
}

#' @param predictors By variable with gaps, in the order in which they are drawn, the names of its predictors.
#' @param known,gaps By the same the rows with and without a value.
#' @return By variable the donors of its gaps.
#' @noRd
drawn_in_rounds <- function(coded, predictors, known, gaps, rounds) {
  design <- coded$design
  donors <- lapply(names(predictors), function(name) {
    known[[name]][sample.int(length(known[[name]]), length(gaps[[name]]), replace = TRUE)]
  })
  names(donors) <- names(predictors)
  for (name in names(predictors)) {
    at <- coded$columns[[name]]
    design[gaps[[name]], at] <- design[donors[[name]], at]
  }
  for (round in seq_len(rounds)) {
    for (name in names(predictors)) {
      columns <- unlist(coded$columns[predictors[[name]]], use.names = FALSE)
      donors[[name]] <- pmm_donors(design, coded$values[[name]], known[[name]], gaps[[name]], coded$classes[[name]],
        columns)
      at <- coded$columns[[name]]
      design[gaps[[name]], at] <- design[donors[[name]], at]
    }
  }
  donors
}
