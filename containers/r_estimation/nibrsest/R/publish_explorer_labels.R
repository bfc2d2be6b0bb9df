#' What the explorer knows of a year beside its numbers: geographies, and the figures in their order
#'
#' Of a geography the totals are packed in the order of the tables, in each the rows of its totals, and of these its
#' columns, and then the offenses; a group of tables is packed in the order of its tables, their sections, their rows
#' and their columns.
#'
#' @param places A row per geography: see [coverage_of()], with `geography`, `kind` and `description`.
#' @param published See [published_tables()].
#' @param offenses Cells of `offenses.csv`.
#' @param reasons Why figures are for release or not: a data.table of `released` and `text`, in the order of the letters
#'   that stand for them.
#' @param year The data year.
#' @param notice See [simulated_notice()].
#' @return A list that becomes `year.js`.
#' @noRd
explorer_labels <- function(places, published, offenses, reasons, year, notice) {
  definitions <- table_definitions()
  grid <- package_table("state_grid.csv")
  list(
    year = year, notices = I(notice),
    geographies = data.frame(
      id = places$geography, name = places$description, kind = places$kind, permutation = places$permutation,
      file = explorer_file_name(places$geography), agencies = places$agencies, respondents = places$respondents,
      population = round(places$population), covered = round(1000 * places$coverage), basis = places$basis
    ),
    reasons = reasons,
    tables = lapply(unique(published$cells$table), explorer_table, published, definitions),
    offenses = data.frame(cell = offenses, label = cell_labels(offenses)),
    grid = data.frame(id = grid$state, name = state_names(grid$state), row = as.integer(grid$row),
      column = as.integer(grid$column))
  )
}

#' A table: what its columns count, its totals, and the sections that say more of them
#' @noRd
explorer_table <- function(table, published, definitions) {
  mine <- which(published$cells$table == table & !is.na(published$labels$indicator))
  cells <- published$cells[mine, ]
  labels <- published$labels[mine, ]
  columns <- match(unique(cells$column), cells$column)
  lines <- which(cells$column == cells$column[[1]])
  totals <- lines[cells$total[lines]]
  rest <- setdiff(lines, totals)
  sections <- split(rest, factor(cells$section[rest], unique(cells$section[rest])))
  list(
    table = table, title = sub("^Table [^-]*-", "", labels$full_table[[1]]), group = group_of_table(table, definitions),
    columns = data.frame(column = cells$column[columns], name = labels$indicator[columns],
      unit = vapply(cells$column[columns], function(column) counted_noun(table, column, definitions), "")),
    totals = data.frame(section = cells$section[totals], row = cells$row[totals],
      label = ifelse(is.na(cells$characteristic[totals]), "", labels$domain_2[totals])),
    sections = lapply(unname(sections), function(rows) {
      characteristic <- definitions$characteristics$characteristic == cells$characteristic[[rows[[1]]]]
      list(section = cells$section[[rows[[1]]]], first = cells$row[[rows[[1]]]],
        label = definitions$characteristics$title[characteristic],
        rows = I(category_labels(cells[rows, ], definitions)),
        of = denominator_label(cells[rows, ], cells, definitions))
    })
  )
}

#' @noRd
category_labels <- function(cells, definitions) {
  known <- definitions$categories
  known$label[match(paste(cells$characteristic, cells$category), paste(known$characteristic, known$category))]
}

#' What percentages are of, in words: empty for all rows of the section, `all` for the table's total
#' @noRd
denominator_label <- function(section, cells, definitions) {
  rows <- words(section$denominator[[1]])
  if (setequal(rows, as.character(section$row))) {
    return("")
  }
  known <- cells[match(as.integer(rows), cells$row), ]
  if (all(known$total)) "all" else
    paste(row_labels(definitions, known$characteristic, known$category), collapse = " or ")
}

#' @noRd
group_of_table <- function(table, definitions) {
  groups <- table_groups(definitions)
  names(groups)[vapply(groups, function(tables) table %in% tables, TRUE)][[1]]
}

#' What a column of a table counts, in words: `counted_nouns.csv`
#'
#' Where some of its offenses are counted otherwise than the table's unit (`tables/exceptions.csv`), it counts both.
#' @noRd
counted_noun <- function(table, column, definitions) {
  nouns <- package_table("counted_nouns.csv")
  columns <- columns_of(definitions, table)
  codes <- words(columns$offense_codes[match(column, columns$column)])
  otherwise <- which(definitions$exceptions$table == table & definitions$exceptions$offense_code %in% codes)
  exceptions <- definitions$exceptions[otherwise, ]
  unit <- definitions$tables$unit[[match(table, definitions$tables$table)]]
  mine <- which(nouns$unit == unit & is.na(nouns$offense_code) & nouns$table %in% c(table, NA))
  # The line of the table itself counts before that of its unit.
  usual <- nouns$noun[mine[order(is.na(nouns$table[mine]))]][1L]
  other <- nouns$noun[match(paste(exceptions$table, exceptions$offense_code), paste(nouns$table, nouns$offense_code))]
  if (anyNA(c(usual, other))) {
    stop("counted_nouns.csv has no line for what table ", table, " counts: ", unit, " ",
      paste(exceptions$offense_code, collapse = " "), call. = FALSE)
  }
  if (length(codes) > 0L && all(codes %in% exceptions$offense_code)) {
    usual <- character()
  }
  paste(c(usual, other), collapse = " and ")
}

#' A geography's name as that of a file
#' @noRd
explorer_file_name <- function(geography) gsub("[^A-Za-z0-9]+", "_", geography)
