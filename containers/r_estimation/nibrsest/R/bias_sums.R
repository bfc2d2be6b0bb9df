#' What silent agencies had, drawn from a copula table by table and summed up by geography
#'
#' @param annual Sparse matrix of annual counts, respondents by `cells`; `oris` are those of its rows.
#' @param cells See [table_cells()]: of one or more tables.
#' @param agencies Eligible agencies: see [copula_groups()], with what `agency_categories()` needs.
#' @param groups See [copula_groups()].
#' @param membership Sparse matrix, permutations by agencies: the share of a silent agency that belongs to each.
#' @return A list: `imputed`, a matrix of permutations by cells, missing where agencies belong to it for which nothing
#'   could be drawn; `status`, a data.table with a row per variable that was drawn: `table`, `column` (missing for
#'   totals, which are drawn together), `group`, `variable`, `way`, `moved` (see `drawn_by_ladder()`), `adjusted` (see
#'   `drawn_rows()`).
#' @references METHOD, section 10.
#' @noRd
drawn_sums <- function(annual, oris, cells, agencies, groups, membership) {
  groups <- lapply(groups, function(group) {
    c(group, list(counted = match(agencies$ori[group$donors], oris), categories = lapply(agency_categories(agencies),
      `[`, group$recipients), membership = membership[, group$recipients, drop = FALSE]))
  })
  made <- lapply(unique(cells$table), function(table) {
    mine <- which(cells$table == table)
    drawn_table(annual[, mine, drop = FALSE], cells[mine, ], groups, nrow(membership))
  })
  list(imputed = do.call(cbind, lapply(made, `[[`, "imputed")),
    status = data.table::rbindlist(lapply(made, `[[`, "status")))
}

#' The same of one table
#' @param permutations How many there are.
#' @noRd
drawn_table <- function(annual, cells, groups, permutations) {
  name <- cells$table[[1]]
  columns <- lines_of_table(copula_columns(), name)
  table <- list(cells = cells, annual = annual, columns = columns, rows = lines_of_table(copula_rows(), name),
    drawn = setdiff(as.character(sort(unique(cells$column))), columns$column[columns$method == "sum"]))
  totals <- lapply(groups, totals_of_group, table)
  parts <- lapply(table$drawn, column_of_groups, groups, totals, table)
  imputed <- matrix(0, permutations, nrow(cells), dimnames = list(NULL, cells$cell))
  for (part in parts) {
    imputed[, part$number] <- part$imputed
  }
  # Where nobody is silent there is no status.
  status <- data.table::rbindlist(c(list(no_drawn), unlist(lapply(totals, `[[`, "status"), recursive = FALSE),
    lapply(parts, `[[`, "status")), use.names = TRUE)
  data.table::set(status, NULL, "table", rep(name, nrow(status)))
  list(imputed = with_summed_columns(imputed, cells, columns), status = status)
}

#' @noRd
no_drawn <- data.table::data.table(column = character(), group = character(), variable = character(),
  way = character(), moved = numeric(), adjusted = numeric())

#' @noRd
lines_of_table <- function(lines, name) lines[which(lines$table == name), ]

#' Totals of all columns of a table for one group of agencies, one after the other for each row that is a total
#'
#' @return A list: `values`, by row a matrix of donors and recipients by columns; `status`, see [drawn_sums()].
#' @noRd
totals_of_group <- function(group, table) {
  rows <- sort(unique(table$cells$row[table$cells$total]))
  made <- lapply(stats::setNames(nm = rows), function(row) {
    of_row <- which(table$cells$row == row)
    counted <- as.matrix(table$annual[group$counted, of_row, drop = FALSE])
    colnames(counted) <- table$cells$column[of_row]
    if (group$level == "none") {
      nothing <- matrix(NA_real_, length(group$recipients), length(of_row), dimnames = list(NULL, colnames(counted)))
      failed <- data.table::data.table(variable = colnames(counted), way = "failed", moved = NA_real_)
      return(list(values = rbind(counted, nothing), status = of_totals(group, failed)))
    }
    drawn <- with_seed(seed_of(table$cells$table[[1]], row, "totals", group$name),
      drawn_totals(group$known, counted, table$columns))
    list(values = rbind(counted, drawn$values), status = of_totals(group, drawn$status))
  })
  list(values = lapply(made, `[[`, "values"), status = lapply(made, `[[`, "status"))
}

#' Totals belong to no one column, and are not adjusted
#' @noRd
of_totals <- function(group, status) {
  cbind(column = NA_character_, group = group$name, status, adjusted = NA_real_)
}

#' One column of a table for all groups of agencies
#'
#' @return A list: `number`, of the column's cells among those of the table; `imputed`, permutations by these;
#'   `status`.
#' @noRd
column_of_groups <- function(column, groups, totals, table) {
  number <- which(table$cells$column == as.integer(column))
  cells <- table$cells[number, ]
  imputed <- 0
  status <- list()
  for (at in seq_along(groups)) {
    group <- groups[[at]]
    found <- column_of_group(column, group, totals[[at]]$values, number, table)
    imputed <- imputed + as.matrix(group$membership %*% found$values)
    # A table may have totals only.
    status[[at]] <- if (nrow(found$status) > 0L) cbind(column = column, group = group$name, found$status)
  }
  list(number = number, imputed = imputed, status = data.table::rbindlist(status))
}

#' One column of a table for one group of agencies: totals, what agencies are, rows of totals, rows of rows
#' @return A list: `values`, recipients by the column's cells; `status`.
#' @noRd
column_of_group <- function(column, group, totals, number, table) {
  cells <- table$cells[number, ]
  donors <- seq_along(group$donors)
  counted <- as.matrix(table$annual[group$counted, number, drop = FALSE])
  colnames(counted) <- cells$cell
  values <- rbind(counted, matrix(NA_real_, length(group$recipients), nrow(cells)))
  for (row in names(totals)) {
    of_row <- which(cells$row == as.integer(row))
    values[, of_row] <- totals[[row]][, column]
  }
  first <- which(cells$row == min(as.integer(names(totals))))
  recipients <- setdiff(seq_len(nrow(values)), donors)
  for (characteristic in names(group$categories)) {
    of_agency <- which(cells$characteristic %in% characteristic)
    is_category <- outer(group$categories[[characteristic]], cells$category[of_agency], `==`) %in% TRUE
    values[recipients, of_agency] <- values[recipients, first] * is_category
  }
  section <- match(cells$section, table$rows$section)
  status <- list()
  for (tier in 1:2) {
    for (parent in unique(table$rows$parent[which(table$rows$tier == tier)])) {
      some <- which(table$rows$tier[section] == tier & table$rows$parent[section] == parent)
      total <- values[, which(cells$row == parent)]
      drawn <- with_seed(seed_of(cells$table[[1]], column, parent, group$name), drawn_rows(group$known,
        counted[, some, drop = FALSE], as.character(cells$section[some]), table$rows$type[section[some]], total))
      values[recipients, some] <- drawn$values
      status <- c(status, list(drawn$status))
    }
  }
  list(values = values[recipients, , drop = FALSE], status = data.table::rbindlist(status))
}

#' Columns that are sums of others, of whatever row
#' @noRd
with_summed_columns <- function(imputed, cells, columns) {
  for (number in which(columns$method == "sum")) {
    own <- which(cells$column == as.integer(columns$column[[number]]))
    imputed[, own] <- 0
    for (part in as.integer(words(columns$of_columns[[number]]))) {
      of_part <- match(paste(cells$row[own], part), paste(cells$row, cells$column))
      imputed[, own] <- imputed[, own] + imputed[, of_part]
    }
  }
  imputed
}

#' A seed that belongs to what is drawn, so that nothing else that is drawn changes it
#' @noRd
seed_of <- function(...) {
  Reduce(function(hash, letter) (hash * 31 + letter) %% 2147483647, utf8ToInt(paste(..., sep = "|")), 7)
}
