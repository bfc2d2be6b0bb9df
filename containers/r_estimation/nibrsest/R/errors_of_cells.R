#' The error of a sum, a difference or a ratio of published cells
#'
#' From a published zip alone. How the error is made depends on what the zip knows:
#'
#' * `published`: a single cell has the error that is published of it.
#' * `exact`: all cells are offenses by code or first rows of tables, whose counts by respondent are in
#'   `weights/counts.csv`, and of one geography: the combination is estimated as a cell of its own is, and nothing is
#'   assumed of covariances. What filled months and Return A of silent agencies leave open in its cells is added as if
#'   these were wrong together where they are added, and in opposite directions where they are subtracted or divided:
#'   more it cannot be.
#' * `generalised`: of one geography, and one table on each side: the variance of a sum of cells that do not overlap is
#'   what the table's generalised variance function says of the sum, times how much more or less than that function
#'   the published errors of its cells are (the geometric mean). Of a difference A - B it is V(A) + V(B) - 2 C, with
#'   2 C = V(A + B) - V(A) - V(B) where both are of one table. Different tables count as independent: errors of their
#'   differences are then rather too large, those of sums rather too small. With `part = TRUE` B contains A, and A
#'   and what is left of B do not overlap.
#' * `independent`: of two geographies without a respondent in common the variances add up.
#'
#' Errors are standard errors, without any bias. A ratio's error is linearised. Geographies that share respondents, such
#' as a state and the nation, are refused.
#'
#' @param zip Path of `nibrs-estimates-<year>.zip`.
#' @param first Names of cells, added up: `der_variable_name` of `tables.csv`, or `cell` of `offenses.csv`.
#' @param second Names of cells, added up, that are taken away or divided by; `NULL` for a sum.
#' @param kind `"sum"`, `"difference"` or `"ratio"`.
#' @param geography Of `geographies.csv`, such as `"US"`, `"South"` or `"AZ"`; one for both sides or one for each.
#' @param agency_group See [permutations()].
#' @param part Whether the second cells contain the first ones, as a total contains a row; otherwise they do not
#'   overlap.
#' @param method `"best"`: the first of the above that is possible; or one of `"exact"`, `"generalised"`.
#' @return A data.table with one row: `estimate`, `standard_error`, `lower_95`, `upper_95`, `method`.
#' @references Wolter (2007), Introduction to Variance Estimation, chapter 7; Särndal, Swensson and Wretman (1992),
#'   Model Assisted Survey Sampling, section 5.6 (ratios).
#' @examples
#' # A made-up year, from its incidents to the zip.
#' zip <- example_zip()
#' error_of_cells(zip, c("120", "13A"), geography = "RI")
#' # Shares and differences, too: robberies per aggravated assault.
#' error_of_cells(zip, "120", "13A", "ratio", "RI")
#' error_of_cells(zip, "120", "13A", "difference", "RI")
#' @export
error_of_cells <- function(zip, first, second = NULL, kind = if (is.null(second)) "sum" else "difference",
                           geography = "US", agency_group = "all agencies", part = FALSE, method = "best") {
  some_of("kind", kind, c("sum", "difference", "ratio"))
  some_of("method", method, c("best", "exact", "generalised"))
  if (is.null(second) != (kind == "sum")) {
    stop("kind is \"", kind, "\"; a sum has first cells only, a difference and a ratio have second ones too",
      call. = FALSE)
  }
  cells <- list(first, second)[c(TRUE, kind != "sum")]
  geography <- rep_len(geography, length(cells))
  sides <- Map(function(names, place) published_side(zip, names, place, agency_group), cells, geography)
  if (length(unique(geography)) > 1L) {
    refuse_shared(zip, geography)
    errors <- vapply(sides, function(side) direct_error(zip, side), numeric(1))
    return(combined_error(sides, kind, errors, 0, "independent"))
  }
  if (method == "best" && identical(lengths(cells), 1L)) {
    return(combined_error(sides, kind, sides[[1]]$rows$standard_error, 0, "published"))
  }
  if (method == "exact" || (method == "best" && all(are_counted(unlist(cells))))) {
    exact_error(zip, first, second, kind, geography[[1]], agency_group, sides)
  } else {
    generalised_combination(zip, sides, kind, part)
  }
}

#' Whether `counts.csv` has the respondents' counts of cells: offenses by code and first rows of tables
#' @noRd
are_counted <- function(cells) !startsWith(cells, "t_") | cells %in% compared_cells()

#' Published rows of the cells of one side
#' @return A list: `permutation`, `rows` (`cell`, `table`, `estimate`, `standard_error`, `months_error`,
#'   `return_a_error`).
#' @noRd
published_side <- function(zip, cells, geography, agency_group) {
  if (anyDuplicated(cells)) {
    stop("the cell ", cells[duplicated(cells)][[1]], " is there twice; name each once", call. = FALSE)
  }
  number <- permutation_of(geography, agency_group)
  if (is.na(number)) {
    stop("there is no geography ", geography, " with the group ", agency_group, "; permutations() has all",
      call. = FALSE)
  }
  terms <- c("months_error", "return_a_error")
  offenses <- read_zipped(zip, "offenses.csv", "estimates/<group>.csv", c("geography", "agency_group", "cell",
    "estimate", "standard_error", terms))
  # Outside of `[`, where columns would hide the arguments.
  of_place <- which(offenses$geography == geography & offenses$agency_group == agency_group)
  offenses <- offenses[of_place, ]
  tables <- if (all(cells %in% offenses$cell)) NULL else read_zipped(zip, "tables.csv", "report/tables.csv",
    c("PERMUTATION_NUMBER", "der_variable_name", "estimate", "standard_error", terms))
  tables <- tables[which(tables$PERMUTATION_NUMBER == number), ]
  all_rows <- data.table::data.table(cell = c(offenses$cell, tables$der_variable_name),
    estimate = c(offenses$estimate, tables$estimate), standard_error = c(offenses$standard_error,
      tables$standard_error), months_error = c(offenses$months_error, tables$months_error),
    return_a_error = c(offenses$return_a_error, tables$return_a_error))
  lacking <- setdiff(cells, all_rows$cell)
  if (length(lacking) > 0L) {
    stop(zip, " has no cell ", lacking[[1]], " of ", geography, ", ", agency_group,
      "; see der_variable_name of tables.csv and cell of offenses.csv", call. = FALSE)
  }
  rows <- all_rows[match(cells, all_rows$cell), ]
  if (anyNA(rows$standard_error)) {
    stop(geography, ", ", agency_group, " has no estimates but counts, which have no error; see basis in ",
      "geographies.csv", call. = FALSE)
  }
  data.table::set(rows, NULL, "table", ifelse(startsWith(cells, "t_"), sub("^t_([^_]+)_.*", "\\1", cells), "offenses"))
  list(permutation = number, rows = rows)
}

#' @noRd
refuse_shared <- function(zip, geography) {
  weights <- read_zipped(zip, "weights/weights.csv", "weights/weights.csv", c("geography", "ori"))
  oris <- split(weights$ori, weights$geography)
  shared <- intersect(oris[[geography[[1]]]], oris[[geography[[2]]]])
  if (length(shared) > 0L) {
    stop(geography[[1]], " and ", geography[[2]], " have ", length(shared), " respondents in common, such as ",
      shared[[1]], "; only geographies that share none can be compared", call. = FALSE)
  }
}

#' Estimate, error and limits from the variances of both sides and their covariance
#'
#' @param errors Standard errors of the sides.
#' @noRd
combined_error <- function(sides, kind, errors, covariance, method) {
  totals <- vapply(sides, function(side) sum(side$rows$estimate), numeric(1))
  estimate <- switch(kind, sum = totals[[1]], difference = totals[[1]] - totals[[2]], ratio = totals[[1]] / totals[[2]])
  variance <- switch(kind,
    sum = errors[[1]]^2, difference = sum(errors^2) - 2 * covariance,
    ratio = (errors[[1]]^2 + estimate^2 * errors[[2]]^2 - 2 * estimate * covariance) / totals[[2]]^2
  )
  described_error(estimate, sqrt(max(0, variance)), kind, method)
}

#' @noRd
described_error <- function(estimate, error, kind, method) {
  half <- interval_factor() * error
  lowest <- if (kind == "difference") -Inf else 0
  data.table::data.table(estimate = estimate, standard_error = error, lower_95 = max(lowest, estimate - half),
    upper_95 = estimate + half, method = method)
}

#' By the counts of respondents: the combination is a cell, its second side what a percentage divides by
#' @noRd
exact_error <- function(zip, first, second, kind, geography, agency_group, sides) {
  year <- unique(as.integer(sub(".*-([0-9]{4})[.]zip$", "\\1", zip)))
  inputs <- year_inputs_of_zip(zip, year)
  if (is.null(inputs)) {
    stop(zip, " lacks weights/counts.csv, without which there is no exact error; estimate that year again, or take ",
      "method = \"generalised\"", call. = FALSE)
  }
  cells <- union(first, second)
  counts <- counts_of_year(inputs, cells)
  adds <- cbind(combination = (cells %in% first) - (kind == "difference") * (cells %in% second),
    below = as.numeric(cells %in% second))
  combined <- counts %*% methods::as(adds, "CsparseMatrix")
  colnames(combined) <- colnames(adds)
  pseudo <- data.table::data.table(cell = colnames(adds), table = "x", section = 1L, row = 1:2, column = 1L,
    characteristic = NA_character_, category = NA_integer_, denominator = c(if (kind == "ratio") "2" else "", ""),
    total = FALSE, applies = TRUE)
  respondents <- inputs$agencies$ori[which(inputs$agencies$respondent)]
  design <- design_of(geography, inputs, geography_kinds())
  rows <- sampled_cells(design, combined, respondents, pseudo, list(correction = "few_respondents"),
    borrowed_by_cells(combined, respondents, pseudo, inputs))
  row <- rows[which(rows$agency_group == agency_group & rows$cell == "combination"), ]
  sampling <- if (kind == "ratio") row$percentage_error / 100 else row$standard_error
  combined <- combined_error(sides, kind, c(0, 0), 0, "exact")
  terms <- vapply(c("months_error", "return_a_error"), largest_term, numeric(1), sides = sides, kind = kind)
  described_error(combined$estimate, sqrt(sampling^2 + sum(terms^2)), kind, "exact")
}

#' What filled months, or Return A of the silent, can add to the error of a combination at most
#'
#' It would be that much if all cells of a side were wrong in one direction, and those of the other side in the opposite
#' one.
#'
#' @param term `months_error` or `return_a_error`.
#' @noRd
largest_term <- function(term, sides, kind) {
  errors <- vapply(sides, function(side) sum(side$rows[[term]]), numeric(1))
  totals <- vapply(sides, function(side) sum(side$rows$estimate), numeric(1))
  if (kind == "ratio") (errors[[1]] + totals[[1]] / totals[[2]] * errors[[2]]) / totals[[2]] else sum(errors)
}

#' By generalised variance functions
#' @noRd
generalised_combination <- function(zip, sides, kind, part) {
  fits <- read_zipped(zip, "generalised_variances.csv", "report/generalised_variances.csv")
  fits <- fits[which(fits$PERMUTATION_NUMBER == sides[[1]]$permutation), ]
  variances <- vapply(sides, function(side) generalised_sum(side$rows, fits), numeric(1))
  covariance <- 0
  if (kind != "sum") {
    one <- sides[[1]]$rows
    other <- sides[[2]]$rows
    if (length(unique(c(one$table, other$table))) == 1L) {
      covariance <- if (part) (variances[[1]] + variances[[2]] - rest_of(one, other, fits)) / 2 else
        (generalised_sum(rbind(one, other), fits) - sum(variances)) / 2
    }
    most <- sqrt(prod(variances))
    covariance <- max(-most, min(most, covariance))
  }
  combined_error(sides, kind, sqrt(variances), covariance, "generalised")
}

#' The variance of a sum of cells that do not overlap; of several tables as if they were independent
#'
#' @param rows `table`, `estimate`, `standard_error`.
#' @param fits Of the geography, see [generalised_variances()].
#' @noRd
generalised_sum <- function(rows, fits) {
  sum(vapply(split(seq_len(nrow(rows)), rows$table), function(inside) {
    if (length(inside) == 1L) {
      return(rows$standard_error[[inside]]^2)
    }
    scaled_variance(sum(rows$estimate[inside]), rows[inside, ], fits)
  }, numeric(1)))
}

#' The variance of a number by the function of a table, times how far its cells' errors are from that function
#' @noRd
scaled_variance <- function(total, rows, fits) {
  fit <- fits[which(fits$table == rows$table[[1]]), ]
  if (nrow(fit) == 0L) {
    stop("table ", rows$table[[1]], " has no generalised variance function in this geography; its errors are known ",
      "cell by cell only", call. = FALSE)
  }
  known <- which(rows$estimate > 0 & rows$standard_error > 0)
  if (total <= 0 || length(known) == 0L) {
    return(sum(rows$standard_error^2))
  }
  direct <- rows$standard_error[known] / rows$estimate[known]
  times <- exp(mean(log(direct / generalised_error(fit, rows$estimate[known]))))
  (total * times * generalised_error(fit, total))^2
}

#' The variance of what is left of the second cells without the first
#' @noRd
rest_of <- function(one, other, fits) {
  scaled_variance(sum(other$estimate) - sum(one$estimate), other, fits)
}

#' @noRd
direct_error <- function(zip, side) {
  if (nrow(side$rows) == 1L) {
    return(side$rows$standard_error)
  }
  fits <- read_zipped(zip, "generalised_variances.csv", "report/generalised_variances.csv")
  sqrt(generalised_sum(side$rows, fits[which(fits$PERMUTATION_NUMBER == side$permutation), ]))
}
