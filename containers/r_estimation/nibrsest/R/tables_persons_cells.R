#' The cells of tables that count persons: sums over types and atoms
#'
#' @param persons See [person_counts()].
#' @param cells See [table_cells()]; those of other tables are left out.
#' @param definitions See [table_definitions()].
#' @param atoms Numbers of the atoms that count; all, and what is no person, by default.
#' @return See [count_matrix()].
#' @noRd
cells_of_persons <- function(persons, cells, definitions, atoms = NULL) {
  counts <- persons$counts
  if (!is.null(atoms)) {
    counts <- counts[which(counts$atom %in% atoms), ]
  }
  tables <- intersect(asked_of_persons(definitions, persons$group)$tables$table, cells$table)
  found <- lapply(tables, function(table) {
    sections <- counted_sections(definitions)
    # Outside of `[`, where the column would hide the table.
    lines <- which(sections$table == table & sections$characteristic %in% cells$characteristic[cells$table == table])
    sections <- sections[lines, ]
    lapply(split(sections, lists_of(sections)), function(of_list) {
      columns <- type_columns(persons$types, table, lists_of(of_list)[[1]], definitions)
      of_columns <- table_counts(counts, columns$class)
      lapply(split(of_list, by = "characteristic"), function(alike) {
        name <- alike$characteristic[[1]]
        sums <- section_sums(of_columns, persons$types, columns, name, definitions)
        rows <- unlist(Map(seq.int, alike$first_row, alike$last_row))
        mine <- which(cells$table == table & cells$row %in% rows)
        at <- data.table::data.table(column = cells$column[mine], category = cells$category[mine], cell = mine)
        at[sums, on = c("column", "category"), nomatch = NULL, allow.cartesian = TRUE][, c("row", "cell", "number")]
      })
    })
  })
  found <- data.table::rbindlist(c(list(data.table::data.table(row = integer(), cell = integer(), number = numeric())),
    unlist(unlist(found, FALSE), FALSE)))
  count_matrix(persons$rows, cells$cell, found$row, found$cell, found$number)
}

#' In which columns of a table each type counts
#'
#' @param list Which columns: the table's, or those that sections name.
#' @return A list: `class` of each type (types with the same codes, that meet the same conditions, count in the same
#'   columns; missing where in none), `columns`, a data.table: `class`, `column`, `definitions`, the lines of
#'   `columns.csv`, and `codes`, the column of types with the codes that count.
#' @noRd
type_columns <- function(types, table, list, definitions) {
  number <- match(table, definitions$tables$table)
  line <- definitions$tables[number, ]
  counts <- types$unit %in% words(line$unit) | types$unit == "incident"
  for (condition in conditions_of(line$only)) {
    counts <- counts & values_meet(types[[condition[[1]]]], condition[-1])
  }
  codes <- codes_column(line$codes_of)
  if (codes != "codes") {
    # Most types have no such offense.
    counts <- counts & (types$unit == "incident" | types[[codes]] != "")
  }
  conditions <- column_conditions(list, definitions)
  deciding <- unique(c("unit", codes, "code", "jacked", vapply(conditions, `[[`, "", 1L)))
  kinds <- types[which(counts), deciding, with = FALSE]
  # What belongs to an incident is decided by its text of victims, see section_sums().
  class <- rep(NA_integer_, nrow(types))
  numbered <- kinds[, list(class = .GRP), by = deciding]
  class[counts] <- numbered[kinds, on = deciding]$class
  by_arrest <- line$codes_of %in% "arrest"
  columns <- columns_named(list, definitions)
  own <- strsplit(numbered[[codes]], " ", fixed = TRUE)
  members <- lapply(seq_len(nrow(columns)), function(number) {
    column <- columns[number, ]
    arrest <- by_arrest || column$only %in% "arrest"
    inside <- if (arrest) are_of_column(numbered$code, column$offense_codes) else
      any_of_column(own, column$offense_codes)
    if (column$only %in% "car_jacking") {
      inside <- inside & numbered$jacked
    } else if (!column$only %in% c(NA, "arrest")) {
      condition <- words(column$only)
      inside <- inside & values_meet(numbered[[condition[[1]]]], condition[-1])
    }
    data.table::data.table(class = numbered$class[inside], column = rep(column$column, sum(inside)))
  })
  list(class = class, columns = data.table::rbindlist(members), definitions = columns, codes = codes)
}

#' Whether values of types, see [category_values()], have any of some categories
#' @noRd
values_meet <- function(values, categories) {
  if (is.character(values)) {
    return(Reduce(`|`, lapply(categories, function(category) has_word(values, category))))
  }
  bitwAnd(values, sum(bitwShiftL(1L, as.integer(categories) - 1L))) > 0L
}

#' Whether each code is of a column: one of its codes, or any but some
#' @noRd
are_of_column <- function(codes, offense_codes) {
  given <- words(offense_codes)
  without <- substring(given[startsWith(given, "-")], 2L)
  (codes %in% given | "*" %in% given) & !codes %in% without
}

#' Whether any code of each list is of a column
#' @noRd
any_of_column <- function(lists, offense_codes) {
  inside <- are_of_column(unlist(lists), offense_codes)
  seq_along(lists) %in% rep(seq_along(lists), lengths(lists))[inside]
}

#' Counts of the types that a table counts, with their class
#' @noRd
table_counts <- function(counts, class) {
  of_type <- class[counts$type]
  kept <- which(!is.na(of_type))
  mine <- counts[kept, ]
  data.table::set(mine, NULL, "class", of_type[kept])
  mine
}

#' Sums by row, column and category of a characteristic
#'
#' @param counts See [table_counts()].
#' @param columns See [type_columns()].
#' @noRd
section_sums <- function(counts, types, columns, characteristic, definitions) {
  line <- match(characteristic, definitions$characteristics$characteristic)
  rule <- if (is.na(line)) list(level = "none", within = NA) else as.list(definitions$characteristics[line, ])
  of_incidents <- rule$within %in% "yes" && rule$level == "incident"
  counts <- counts[which((types$unit[counts$type] == "incident") == of_incidents), ]
  if (rule$within %in% "yes") {
    return(sums_within(counts, types, columns, rule))
  }
  by <- if (is.na(characteristic)) "none" else if (rule$level == "person") "atom" else "bits"
  value <- switch(by, none = rep(1L, nrow(counts)), atom = counts$atom, bits = types[[characteristic]][counts$type])
  sums <- data.table::data.table(row = counts$row, class = counts$class, value = value, number = counts$number)
  sums <- sums[, list(number = sum(number)), by = c("row", "class", "value")]
  categories <- switch(by,
    none = data.table::data.table(value = 1L, category = 1L),
    atom = data.table::setnames(atom_categories(characteristic, definitions), "atom", "value")[],
    bits = categories_of_values(unique(sums$value))
  )
  sums <- categories[sums, on = "value", nomatch = NULL, allow.cartesian = TRUE]
  sums <- sums[, list(number = sum(number)), by = c("row", "class", "category")]
  sums <- columns$columns[sums, on = "class", nomatch = NULL, allow.cartesian = TRUE]
  sums[, list(number = sum(number)), by = c("row", "column", "category")]
}

#' The categories that values of types stand for: `value`, `category`
#' @noRd
categories_of_values <- function(values) {
  if (is.character(values)) {
    parts <- strsplit(values, " ", fixed = TRUE)
    return(data.table::data.table(value = rep(values, lengths(parts)), category = as.integer(unlist(parts))))
  }
  data.table::rbindlist(lapply(seq_len(integer_bits), function(category) {
    with_bit <- values[bitwAnd(values, bitwShiftL(1L, category - 1L)) > 0L]
    data.table::data.table(value = with_bit, category = rep(category, length(with_bit)))
  }))
}

#' Sums by category of what depends on the offenses of the column
#'
#' @param rule The line of `characteristics.csv`.
#' @noRd
sums_within <- function(counts, types, columns, rule) {
  of_incidents <- rule$level == "incident"
  told <- types[[if (of_incidents) incident_column(rule$characteristic, columns$codes) else rule$characteristic]]
  texts <- unique(told)
  parts <- strsplit(texts, " ", fixed = TRUE)
  value <- unlist(parts)
  known <- data.table::data.table(text = rep(seq_along(parts), lengths(parts)), codes = sub(":.*", "", value),
    category = as.integer(sub(".*:", "", value)))
  none <- data.table::data.table(text = integer(), category = integer(), column = integer())
  by_text <- data.table::rbindlist(c(list(none), lapply(seq_len(nrow(columns$definitions)), function(number) {
    column <- columns$definitions[number, ]
    lists <- strsplit(known$codes, "+", fixed = TRUE)
    inside <- known[any_of_column(lists, column$offense_codes), ]
    if (nrow(inside) == 0L) {
      return(NULL)
    }
    categories <- if (of_incidents) inside[, list(category = pmin(sum(category), 4L)), by = "text"] else
      inside[, list(category = min(category)), by = "text"]
    cbind(categories, column = rep(column$column, nrow(categories)))
  })))
  sums <- data.table::data.table(row = counts$row, class = counts$class,
    text = match(told, texts)[counts$type], number = counts$number)
  sums <- sums[, list(number = sum(number)), by = c("row", "class", "text")]
  if (of_incidents) {
    jackings <- columns$definitions$column[columns$definitions$only %in% "car_jacking"]
    jacked <- unique(data.table::data.table(class = counts$class, jacked = types$jacked[counts$type]))
    found <- by_text[sums, on = "text", nomatch = NULL, allow.cartesian = TRUE]
    found <- found[which(!found$column %in% jackings | jacked$jacked[match(found$class, jacked$class)]), ]
  } else {
    in_columns <- columns$columns[sums, on = "class", nomatch = NULL, allow.cartesian = TRUE]
    found <- by_text[in_columns, on = c("text", "column")]
    found <- found[, c("row", "column", "category", "number")]
    data.table::set(found, which(is.na(found$category)), "category", rule$absent)
    found <- found[which(!is.na(found$category)), ]
  }
  found[, list(number = sum(number)), by = c("row", "column", "category")]
}
