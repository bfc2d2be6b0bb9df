#' Count a state's records into the cells of the published tables
#'
#' Units are counted by place, group (units with the same offense codes) and category once per characteristic; groups
#' are then added up to the columns. Cells that depend on the agency alone (its population group, type, MSA status)
#' are not in it: [annual_cells()] makes them.
#'
#' @param records See [read_state_records()].
#' @param definitions See [table_definitions()].
#' @return A data.table: `ori`, `month` (1 to 12), `cell` (see [table_cells()]) and `number`, without zeros, in this
#'   order of keys.
#' @references METHOD, section 8.2.
#' @export
tabulate_tables <- function(records, definitions = table_definitions()) {
  units <- units_of(records)
  vehicles <- stolen_vehicles(records)
  cells <- table_cells(definitions)
  sections <- sections_by_unit(definitions)
  of_agency <- definitions$characteristics$characteristic[definitions$characteristics$level == "agency"]
  asked <- unique(sections[which(!sections$characteristic %in% of_agency), c("unit", "characteristic")])
  counted <- lapply(seq_len(nrow(asked)), function(at) {
    unit <- units[[asked$unit[[at]]]]
    category <- unit_categories(records, unit, asked$characteristic[[at]], definitions)
    count_units(unit, category, definitions$exceptions, asked$unit[[at]], records, vehicles)
  })
  made <- lapply(split(sections, by = c("table", "unit", "codes", "but")), function(alike) {
    members <- members_of(units[[alike$unit[[1]]]]$groups, alike[1, ], definitions)
    lapply(seq_len(nrow(alike)), function(at) {
      here <- which(asked$unit == alike$unit[[at]] & asked$characteristic %in% alike$characteristic[[at]])
      if (length(here) == 0L) NULL else section_counts(counted[[here]], members, alike[at, ], cells)
    })
  })
  by_name(data.table::rbindlist(c(list(no_counts()), unlist(made, FALSE))), records$places, cells)
}

#' @noRd
no_counts <- function() data.table::data.table(place = integer(), cell = integer(), number = numeric())

#' Counts by numbers of places and cells, with their names and in their order
#' @noRd
by_name <- function(rows, places, cells) {
  sums <- rows[, list(number = sum(number)), by = c("place", "cell")]
  # Numbers sort faster than names: places and cells are put into the order of theirs first.
  place_order <- order(places$ori, places$month, method = "radix")
  cell_order <- order(cells$cell, method = "radix")
  sums <- sums[order(match(sums$place, place_order), match(sums$cell, cell_order)), ]
  data.table::data.table(
    ori = places$ori[sums$place], month = places$month[sums$place], cell = cells$cell[sums$cell], number = sums$number
  )
}

#' Which unit counts which offense codes in each section
#'
#' @return The sections, one row per unit that is counted in it, with `codes`: the only ones that the unit counts,
#'   `but`: the ones that it does not (separated by blanks, missing where all).
#' @noRd
sections_by_unit <- function(definitions) {
  counted <- counted_sections(definitions)
  made <- lapply(seq_len(nrow(counted)), function(at) {
    section <- counted[at, ]
    usual <- definitions$tables$unit[definitions$tables$table == section$table]
    special <- definitions$exceptions[which(definitions$exceptions$table == section$table &
      definitions$exceptions$unit != usual), ]
    keep <- vapply(special$but_not, function(names) !section$characteristic %in% words(names), logical(1))
    special <- special[which(keep), ]
    but <- if (nrow(special) > 0L) paste(special$offense_code, collapse = " ") else NA_character_
    data.table::rbindlist(list(
      cbind(section, unit = usual, codes = NA_character_, but = but),
      cbind(section[rep(1L, nrow(special)), ], unit = special$unit, codes = special$offense_code,
        but = rep(NA_character_, nrow(special)))
    ))
  })
  data.table::rbindlist(made)
}

#' The categories of units: row numbers of units, and a category each
#'
#' Records below the unit give it all their categories, or the highest or lowest, as `characteristics.csv` says.
#' @noRd
unit_categories <- function(records, unit, characteristic, definitions) {
  number <- length(unit$slot)
  if (is.na(characteristic)) {
    return(data.table::data.table(unit = seq_len(number), category = rep(1L, number)))
  }
  at <- match(characteristic, definitions$characteristics$characteristic)
  rule <- as.list(definitions$characteristics[at, ])
  found <- categories_of(records, characteristic, definitions)
  pairs <- raised(records, unit, found$level, found$pairs)
  if (!is.na(rule$wins)) {
    decide <- if (rule$wins == "highest") -1L else 1L
    data.table::setorderv(pairs, c("unit", "category"), c(1L, decide))
    pairs <- unique(pairs, by = "unit")
  }
  if (is.na(rule$absent)) {
    return(pairs)
  }
  without <- setdiff(seq_len(number), pairs$unit)
  added <- data.table::data.table(unit = without, category = rep(rule$absent, length(without)))
  data.table::rbindlist(list(pairs, added))
}

#' From records to the units that they belong to, or that belong to them
#' @noRd
raised <- function(records, unit, level, pairs) {
  above <- unit[[level]]
  if (!is.null(above)) {
    of_record <- integer(max(0L, pairs$record, above))
    of_record[pairs$record] <- pairs$category
    if (sum(of_record > 0L) == nrow(pairs)) {
      # No record has several: a look-up.
      category <- of_record[above]
      there <- which(category > 0L)
      return(data.table::data.table(unit = there, category = category[there]))
    }
    of_unit <- data.table::data.table(unit = seq_along(above), record = above)
    return(pairs[of_unit, on = "record", nomatch = NULL, allow.cartesian = TRUE][, c("unit", "category")])
  }
  # Below the unit: offenses or victims of an incident, or victims of an offense.
  if (is.null(unit$offense)) {
    unit_of <- switch(level, offense = records$offenses$incident, victim = records$victims$incident)
    return(unique(data.table::data.table(unit = unit_of[pairs$record], category = pairs$category)))
  }
  joined <- pairs[records$links, on = c(record = "victim"), nomatch = NULL, allow.cartesian = TRUE]
  unique(data.table::data.table(unit = joined$offense, category = joined$category))
}

#' Number of units by place, group and category
#' @noRd
count_units <- function(unit, categories, exceptions, name, records, vehicles) {
  at <- categories$unit
  most <- max(1L, categories$category)
  key <- (unit$slot[at] - 1L) * most + categories$category
  number <- as.numeric(tabulate(key, nrow(unit$slots) * most))
  counted <- exceptions$offense_code[exceptions$unit == name & exceptions$counted == "vehicles"]
  if (length(counted) > 0L) {
    special <- which(records$offenses$code[unit$offense[at]] %in% counted)
    more <- rowsum(vehicles[unit$incident[at][special]] - 1, key[special])
    more_at <- as.integer(rownames(more))
    number[more_at] <- number[more_at] + more[, 1]
  }
  there <- which(number > 0)
  slot <- (there - 1L) %/% most + 1L
  data.table::data.table(
    place = unit$slots$place[slot], group = unit$slots$group[slot], category = (there - 1L) %% most + 1L,
    number = number[there]
  )
}

#' Which groups of units count in which columns of a table
#' @noRd
members_of <- function(groups, section, definitions) {
  columns <- columns_of(definitions, section$table)
  codes <- lapply(columns$offense_codes, function(text) {
    kept <- setdiff(words(text), words(section$but))
    if (is.na(section$codes)) kept else intersect(kept, words(section$codes))
  })
  wanted <- data.table::data.table(column = rep(columns$column, lengths(codes)), code = unlist(codes))
  members <- unique(groups$codes[wanted, on = "code", nomatch = NULL, allow.cartesian = TRUE][, c("group", "column")])
  of_jackings <- columns$column[columns$only %in% "car_jacking"]
  members[which(!members$column %in% of_jackings | groups$car_jacking[members$group]), ]
}

#' Counts by group added up to the columns of a section's table
#' @noRd
section_counts <- function(counts, members, section, cells) {
  joined <- counts[members, on = "group", nomatch = NULL, allow.cartesian = TRUE]
  sums <- joined[, list(number = sum(number)), by = c("place", "category", "column")]
  mine <- which(cells$table == section$table & cells$section == section$section)
  of <- matrix(NA_integer_, max(cells$category[mine]), max(cells$column[mine]))
  of[cbind(cells$category[mine], cells$column[mine])] <- mine
  data.table::data.table(place = sums$place, cell = of[cbind(sums$category, sums$column)], number = sums$number)
}
