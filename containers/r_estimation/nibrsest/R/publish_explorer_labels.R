#' What the explorer knows of a year beside its numbers: geographies, and the figures in their order
#'
#' Of a geography the totals are packed in the order of the tables, in each the rows of its totals, and of these its
#' columns, and then the offenses; a group of tables is packed in the order of its tables, their rows and their columns.
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

#' The tables that the explorer shows: those that have a headline, which their rows say more of
#'
#' @param published See [published_tables()].
#' @return The same of these tables alone.
#' @noRd
explored_tables <- function(published) {
  kept <- which(published$cells$table %in% published$cells$table[is_headline(published$cells)])
  published$statistics <- published$statistics[which(published$statistics$cell %in% published$cells$cell[kept]), ]
  published$cells <- published$cells[kept, ]
  published$labels <- published$labels[kept, ]
  published
}

#' Whether cells are of a row that says what its table is of, in all columns
#'
#' That is a row by whose totals a geography is judged, or the only row of its table that counts all that there is.
#' @noRd
is_headline <- function(cells) {
  rows <- data.table::data.table(table = cells$table, row = paste(cells$table, cells$row), total = cells$total)
  whole <- unique(rows[is.na(cells$characteristic), ])
  headlines <- lapply(split(whole, whole$table), function(rows) {
    if (any(rows$total)) rows$row[rows$total] else if (nrow(rows) == 1L) rows$row
  })
  rows$row %in% unlist(headlines)
}

#' What columns of a table are called: with the table's title before it where the table counts a part of the crime alone
#' @noRd
explorer_crimes <- function(cells, indicators, title) {
  if (any(cells$total)) {
    return(indicators)
  }
  if (data.table::uniqueN(indicators) == 1L) title else paste0(title, ": ", indicators)
}

#' A table: what its columns count, its totals, and the sections that say more of them
#' @noRd
explorer_table <- function(table, published, definitions) {
  mine <- which(published$cells$table == table & !is.na(published$labels$indicator))
  cells <- published$cells[mine, ]
  labels <- published$labels[mine, ]
  statistics <- published$statistics[which(published$statistics$cell %in% cells$cell), ]
  columns <- match(unique(cells$column), cells$column)
  lines <- which(cells$column == cells$column[[1]])
  totals <- lines[is_headline(cells)[lines]]
  rest <- setdiff(lines, totals)
  # Rows of a section whose percentages are of something else are shown by themselves.
  part <- paste(cells$section[rest], cells$denominator[rest])
  sections <- split(rest, factor(part, unique(part)))
  numbers <- vapply(sections, function(rows) cells$section[[rows[[1]]]], 0L)
  ids <- paste0(numbers, ifelse(duplicated(numbers), paste0(".", data.table::rowid(numbers)), ""))
  names <- section_labels(sections, cells, statistics, definitions)
  title <- sub("^Table [^-]*-", "", labels$full_table[[1]])
  list(
    table = table, title = title, group = group_of_table(table, definitions),
    columns = data.frame(column = cells$column[columns],
      name = explorer_crimes(cells, labels$indicator[columns], title),
      unit = vapply(cells$column[columns], function(column) counted_noun(table, column, definitions), "")),
    totals = data.frame(section = cells$section[totals], row = cells$row[totals],
      label = ifelse(is.na(cells$characteristic[totals]), "", labels$domain_2[totals]),
      rates = vapply(cells$cell[totals], rates_over, "", statistics)),
    sections = lapply(seq_along(sections), function(at) {
      rows <- sections[[at]]
      list(id = ids[[at]], section = numbers[[at]], label = names[[at]], numbers = I(cells$row[rows]),
        rows = I(category_labels(cells[rows, ], definitions)),
        of = denominator_label(cells[rows, ], cells, definitions),
        rates = rates_over(cells$cell[rows], statistics))
    })
  )
}

#' What sections are called: by their title or characteristic; where several of a table are called alike, also by what
#' the names of their rows have in common, by what their percentages are of, or by their first row
#' @noRd
section_labels <- function(sections, cells, statistics, definitions) {
  titles <- statistics$title[match(cells$cell, statistics$cell)]
  labels <- vapply(sections, function(rows) {
    characteristic <- definitions$characteristics$characteristic == cells$characteristic[[rows[[1]]]]
    data.table::fcoalesce(titles[[rows[[1]]]], definitions$characteristics$title[characteristic])
  }, "")
  common <- vapply(seq_along(sections), function(at) {
    rows <- cells[sections[[at]], ]
    first <- unique(sub(",.*", "", category_labels(rows, definitions)))
    if (length(first) == 1L) {
      return(first)
    }
    if (duplicated(labels)[[at]]) denominator_label(rows, cells, definitions) else ""
  }, "")
  alike <- labels %in% labels[duplicated(labels)] & nzchar(common)
  labels[alike] <- sprintf("%s: %s", labels[alike], common[alike])
  still <- labels %in% labels[duplicated(labels)] & lengths(sections) > 1L
  first <- vapply(sections[still], function(rows) category_labels(cells[rows[[1]], ], definitions), "")
  labels[still] <- sprintf("%s: %s and others", labels[still], first)
  labels
}

#' What rates of cells are over: residents, residents of the group where some are over those of the cell's own,
#' officers, or nothing
#' @noRd
rates_over <- function(cells, statistics) {
  over <- unique(statistics$population[which(statistics$kind == 3L & statistics$cell %in% cells)])
  if (length(over) == 0L) "" else
    if (length(over) == 1L && over %in% c("residents", "officers")) over else "residents of the group"
}

#' @noRd
category_labels <- function(cells, definitions) {
  known <- definitions$categories
  known <- known[which(known$characteristic %in% cells$characteristic), ]
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
