#' Count a state's records into the cells of the published tables
#'
#' Cells that depend on the agency alone (its population group, type, MSA status) are not in it: [annual_cells()] makes
#' them.
#'
#' @param records See [read_state_records()].
#' @param definitions See [table_definitions()].
#' @return A data.table: `ori`, `month` (1 to 12), `cell` (see [table_cells()]) and `number`, without zeros, in this
#'   order of keys.
#' @references METHOD, section 8.2.
#' @examples
#' tabulate_tables(read_state_records(file.path(example_year(), "downloads", "2016", "RI-2016.zip")))
#' @export
tabulate_tables <- function(records, definitions = table_definitions()) {
  cells <- table_cells(definitions)
  records <- with_group_b(records)
  counts <- cell_counts(records, definitions, cells)
  of_persons <- lapply(person_groups(definitions), function(group) {
    of_group <- cells_of_persons(person_counts(records, definitions, group), cells, definitions)$counts
    data.table::setnames(of_group, "row", "place")
  })
  counts <- data.table::rbindlist(c(list(counts), of_persons), use.names = TRUE)
  sums <- counts[, list(number = sum(number)), by = c("place", "cell")]
  # Numbers sort faster than names: places and cells are put into the order of theirs first.
  place_order <- order(records$place$ori, records$place$month, method = "radix")
  cell_order <- order(cells$cell, method = "radix")
  sums <- sums[order(match(sums$place, place_order), match(sums$cell, cell_order)), ]
  data.table::data.table(
    ori = records$place$ori[sums$place], month = records$place$month[sums$place], cell = cells$cell[sums$cell],
    number = sums$number
  )
}

#' The same by numbers of places and cells
#'
#' Units are counted by place, group (units with the same offense codes) and category once per characteristic; groups
#' are then added up to the columns.
#'
#' @param cells See [table_cells()].
#' @return A data.table: `place` and `cell` (numbers of `records$place` and `cells`), `number`; a pair may be there
#'   several times.
#' @noRd
cell_counts <- function(records, definitions, cells) {
  sections <- sections_by_unit(definitions)
  of_tables <- split(seq_along(cells$table), cells$table)
  counts <- lapply(rows_alike(sections, c("unit", "only", "codes_of")), function(rows) {
    of_unit <- sections[rows, ]
    records <- records_in_columns(records, of_unit, definitions)
    vehicles <- stolen_vehicles(records)
    conditions <- unlist(lapply(unique(of_unit$list), column_conditions, definitions), FALSE)
    unit <- counted_unit(records, definitions, of_unit$unit[[1]], of_unit$only[[1]], of_unit$codes_of[[1]],
      unique(vapply(conditions, `[[`, "", 1L)))
    of_level <- which(definitions$exceptions$unit == unit$level)
    special <- definitions$exceptions[of_level, ]
    characteristics <- unique(of_unit$characteristic[!of_unit$by_incident])
    counted <- lapply(stats::setNames(characteristics, paste(characteristics)), function(characteristic) {
      pairs <- unit_categories(records, unit, characteristic, definitions)
      count_units(unit, pairs, special, records, vehicles, definitions$units)
    })
    lapply(rows_alike(of_unit, c("table", "list", "codes", "but")), function(rows) {
      alike <- of_unit[rows, ]
      members <- members_of(unit$groups, alike[1, ], definitions)
      lapply(seq_len(nrow(alike)), function(number) {
        section <- lapply(alike, `[[`, number)
        if (section$by_incident) {
          most <- sum(definitions$categories$characteristic == section$characteristic)
          sums <- units_by_incident(unit, members, records, definitions$units, most)
          return(placed_counts(sums, section, cells, of_tables))
        }
        section_counts(counted[[paste(section$characteristic)]], members, section, cells, of_tables)
      })
    })
  })
  none <- data.table::data.table(place = integer(), cell = integer(), number = numeric())
  data.table::rbindlist(c(list(none), unlist(unlist(counts, FALSE), FALSE)))
}

#' Numbers of rows that are alike in some columns, in the order in which they first appear
#' @noRd
rows_alike <- function(table, columns) {
  key <- do.call(paste, c(lapply(columns, function(column) table[[column]]), sep = "\t"))
  unname(split(seq_along(key), factor(key, unique(key))))
}

#' Which unit counts which offense codes in each section
#'
#' Sections of the agencies' own attributes are not among them, nor those that count persons by atoms.
#'
#' @return The sections, one row per unit that is counted in it, with `unit`, `only` and `codes_of` (see
#'   [counted_unit()]), `list` (of columns, see [columns_named()]), `by_incident` (whether units are counted by incident
#'   and column, see [units_by_incident()]), `codes`: the only ones that the unit counts, `but`: the ones that it does
#'   not (separated by blanks, missing where all).
#' @noRd
sections_by_unit <- function(definitions) {
  counted <- counted_sections(definitions)
  by_persons <- unlist(table_groups(definitions)[person_groups(definitions)])
  of_agency <- definitions$characteristics$characteristic[definitions$characteristics$level == "agency"]
  within <- definitions$characteristics$characteristic[definitions$characteristics$within %in% "yes"]
  counted <- counted[which(!counted$table %in% by_persons & !counted$characteristic %in% of_agency), ]
  usual <- definitions$tables[match(counted$table, definitions$tables$table), ]
  sections <- cbind(counted, usual[, c("unit", "only", "codes_of")],
    list = ifelse(is.na(counted$columns), counted$table, counted$columns),
    by_incident = counted$characteristic %in% within, codes = NA_character_, but = NA_character_)
  special <- lapply(seq_len(nrow(definitions$exceptions)), function(number) {
    exception <- definitions$exceptions[number, ]
    lines <- which(sections$table == exception$table & usual$unit != exception$unit &
      !sections$characteristic %in% words(exception$but_not))
    before <- sections$but[lines]
    otherwise <- sections[lines, ]
    data.table::set(sections, lines, "but", ifelse(is.na(before), exception$offense_code,
      paste(before, exception$offense_code)))
    data.table::set(otherwise, NULL, c("unit", "only", "codes", "but"),
      list(exception$unit, NA_character_, exception$offense_code, NA_character_))
  })
  data.table::rbindlist(c(list(sections), special))
}

#' The categories of units: numbers of units, and a category each
#'
#' Records below the unit give it all their categories, or the highest or lowest, as `characteristics.csv` says.
#' @noRd
unit_categories <- function(records, unit, characteristic, definitions) {
  number <- length(unit$record)
  if (is.na(characteristic)) {
    return(data.table::data.table(unit = seq_len(number), category = rep(1L, number)))
  }
  rule <- rule_of(characteristic, definitions, unit$level)
  pairs <- categories_of(records, rule, definitions)
  taken <- if (rule$wins %in% "first") first_records else taken_to_unit
  pairs <- units_in(unit, taken(records, definitions$units, pairs, rule$level, unit$level))
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

#' Number of units by place, group and category, side by side in a list
#'
#' @param pairs See [unit_categories()].
#' @param special Lines of `exceptions.csv` for the unit.
#' @noRd
count_units <- function(unit, pairs, special, records, vehicles, edges) {
  most <- max(1L, pairs$category)
  key <- (unit$slot[pairs$unit] - 1L) * most + pairs$category
  number <- as.numeric(tabulate(key, nrow(unit$slots) * most))
  by_vehicle <- special$offense_code[special$counted == "vehicles"]
  if (length(by_vehicle) > 0L) {
    record <- unit$record[pairs$unit]
    of_code <- which(records$offense$code[ancestor_rows(records, edges, unit$level, "offense")[record]] %in% by_vehicle)
    incident <- ancestor_rows(records, edges, unit$level, "incident")[record[of_code]]
    more <- rowsum(vehicles[incident] - 1, key[of_code])
    more_keys <- as.integer(rownames(more))
    number[more_keys] <- number[more_keys] + more[, 1]
  }
  with_any <- which(number > 0)
  slot <- (with_any - 1L) %/% most + 1L
  list(
    place = unit$slots$place[slot], group = unit$slots$group[slot], category = (with_any - 1L) %% most + 1L,
    number = number[with_any]
  )
}

#' The lines of `columns.csv` of a table, or of a list that sections name
#' @noRd
columns_named <- function(list, definitions) definitions$columns[which(has_word(definitions$columns$tables, list)), ]

#' Conditions that units meet in columns: a characteristic and its categories each
#' @noRd
column_conditions <- function(list, definitions) {
  lapply(setdiff(columns_named(list, definitions)$only, c(NA, "car_jacking", "arrest")), words)
}

#' The records of incidents that any of the columns can count
#'
#' All, if that is most of them.
#' @noRd
records_in_columns <- function(records, sections, definitions) {
  codes <- unlist(lapply(unique(sections$list), function(list) {
    lapply(columns_named(list, definitions)$offense_codes, words)
  }))
  counting <- records$offense$code %in% codes
  incidents <- unique(records$offense$incident[counting])
  if (2L * length(incidents) > nrow(records$incident)) {
    return(records)
  }
  counting <- counting & counting_offenses(records, sections$codes_of[[1]], definitions)
  records_of_incidents(records, unique(records$offense$incident[counting]), definitions$units)
}

#' Which groups of units count in which columns of a table
#' @noRd
members_of <- function(groups, section, definitions) {
  columns <- columns_named(section$list, definitions)
  codes <- lapply(columns$offense_codes, function(text) {
    kept <- setdiff(words(text), words(section$but))
    if (is.na(section$codes)) kept else intersect(kept, words(section$codes))
  })
  wanted <- data.table::data.table(column = rep(columns$column, lengths(codes)), code = unlist(codes))
  members <- unique(groups$codes[wanted, on = "code", nomatch = NULL, allow.cartesian = TRUE][, c("group", "column")])
  of_jackings <- columns$column[columns$only %in% "car_jacking"]
  members <- members[which(!members$column %in% of_jackings | groups$car_jacking[members$group]), ]
  conditional <- which(!columns$only %in% c(NA, "car_jacking", "arrest"))
  if (length(conditional) == 0L) {
    return(members)
  }
  conditions <- lapply(columns$only[conditional], words)
  wanted <- data.table::data.table(column = rep(columns$column[conditional], lengths(conditions) - 1L),
    code = unlist(lapply(conditions, function(condition) condition_codes(condition[[1]], condition[-1]))))
  meeting <- unique(groups$codes[wanted, on = "code", nomatch = NULL, allow.cartesian = TRUE][, c("group", "column")])
  free <- members[which(!members$column %in% columns$column[conditional]), ]
  data.table::rbindlist(list(free, members[meeting, on = c("group", "column"), nomatch = NULL]))
}

#' Incidents by how many units of a column they have, up to `most`, which stands for that many or more
#'
#' @param members See [members_of()].
#' @return A data.table: `place`, `category`, `column`, `number`.
#' @noRd
units_by_incident <- function(unit, members, records, edges, most) {
  units <- data.table::data.table(group = unit$slots$group[unit$slot],
    incident = ancestor_rows(records, edges, unit$level, "incident")[unit$record])
  numbers <- members[units, on = "group", nomatch = NULL, allow.cartesian = TRUE]
  numbers <- numbers[, list(category = pmin(.N, most)), by = c("incident", "column")]
  data.table::set(numbers, NULL, "place", records$incident$place[numbers$incident])
  numbers[, list(number = as.numeric(.N)), by = c("place", "category", "column")]
}

#' Counts by group as those of the columns of a section's table, which several groups can count in
#' @noRd
section_counts <- function(counts, members, section, cells, of_tables) {
  # Without data.table, which takes longer to begin than this does for a small state.
  by_group <- order(members$group)
  group <- members$group[by_group]
  first <- match(counts$group, group)
  known <- which(!is.na(first))
  times <- tabulate(group, max(group, 0L))[counts$group[known]]
  row <- rep(known, times)
  column <- members$column[by_group][sequence(times, first[known])]
  placed <- placed_counts(list(place = counts$place[row], category = counts$category[row], column = column,
    number = counts$number[row]), section, cells, of_tables)
  # Whoever takes the counts adds them up; those of large states would take too much memory until then.
  if (length(row) < 1e5) placed else
    data.table::as.data.table(placed)[, list(number = sum(number)), by = c("place", "cell")]
}

#' Sums by place, category and column as counts of a section's cells; categories that the section has no row of are none
#'
#' @param of_tables Numbers of the cells of each table.
#' @return A list, see [cell_counts()]: to make a data.table of each section takes longer than to count small states.
#' @noRd
placed_counts <- function(sums, section, cells, of_tables) {
  of_table <- of_tables[[section$table]]
  row <- cells$row[of_table]
  in_section <- of_table[row >= section$first_row & row <= section$last_row]
  cell <- matrix(NA_integer_, max(cells$category[in_section]), max(cells$column[in_section]))
  cell[cbind(cells$category[in_section], cells$column[in_section])] <- in_section
  known <- which(sums$category <= nrow(cell))
  placed <- cell[cbind(sums$category[known], sums$column[known])]
  inside <- which(!is.na(placed))
  list(place = sums$place[known[inside]], cell = placed[inside], number = sums$number[known[inside]])
}
