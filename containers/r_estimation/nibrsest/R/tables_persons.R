#' Count a state's persons by agency, month, atom and type
#'
#' A type is everything that tables ask of a person besides age, sex, race and ethnicity: offense codes, those of
#' offenses that alone count in some tables, and the categories of each characteristic. Most persons share theirs with
#' many others. Cells of tables are sums over types
#' (see [cells_of_persons()]), those of a group of persons sums over its atoms.
#'
#' @param records See [read_state_records()], with [with_group_b()].
#' @param definitions See [table_definitions()].
#' @param group A group of tables that counts by persons.
#' @return A list of class `person_counts`: `group`, `rows` (the places of the records), `types` (see
#'   [types_of_unit()]) and `counts`, a data.table, ordered: `row`, `type` (numbers of these), `atom` (see
#'   [person_atoms()]; missing where what is counted is no person but an incident) and `number`.
#' @noRd
person_counts <- function(records, definitions, group) {
  asked <- asked_of_persons(definitions, group)
  counted <- lapply(asked$units, function(level) types_of_unit(records, definitions, level, asked))
  if (length(asked$of_incidents) > 0L) {
    counted <- c(counted, list(types_of_incidents(records, definitions, asked)))
  }
  person_matrix(group, records$place, counted)
}

#' Types and counts of several units, or several states, together
#'
#' @param group,rows See [person_counts()].
#' @param counted A list of lists: `types`, and `counts` by `row`, `type`, `atom` and `number`.
#' @noRd
person_matrix <- function(group, rows, counted) {
  counted <- lapply(counted, used_types)
  all_types <- data.table::rbindlist(lapply(counted, `[[`, "types"), use.names = TRUE)
  columns <- data.table::copy(names(all_types))
  types <- unique(all_types)
  data.table::setorderv(types, columns)
  number <- types[, list(type = seq_len(.N))]$type
  keyed <- cbind(types, type = number)
  of_all <- keyed[all_types, on = columns]$type
  before <- cumsum(c(0L, vapply(counted, function(one) nrow(one$types), 1L)))
  counts <- data.table::rbindlist(lapply(seq_along(counted), function(part) {
    one <- counted[[part]]$counts
    data.table::set(one, NULL, "type", of_all[one$type + before[[part]]])
  }))
  counts <- counts[, list(number = sum(number)), keyby = setdiff(names(counts), "number")]
  data.table::setkeyv(counts, NULL)
  structure(list(group = group, rows = rows, types = types, counts = counts), class = "person_counts")
}

#' Only types that count anything
#' @noRd
used_types <- function(one) {
  used <- sort(unique(one$counts$type))
  counts <- data.table::copy(one$counts)
  data.table::set(counts, NULL, "type", match(counts$type, used))
  list(types = one$types[used, ], counts = counts)
}

#' What the tables of a group ask of persons
#'
#' @return A list: `tables` (those with cells of their own), `units`, `fields` (characteristics whose categories are
#'   part of a type), `within` (those that depend on the offenses of the column), `of_incidents` (those of these that
#'   count incidents), `codes` (a data.table, a row per column of types with offense codes, see [codes_columns()]),
#'   `few` (fields that only tables with such codes of their own ask for, named by field: the column of the codes).
#' @noRd
asked_of_persons <- function(definitions, group) {
  tables <- definitions$tables[which(definitions$tables$table %in% table_groups(definitions)[[group]] &
    is.na(definitions$tables$cells_of)), ]
  sections <- counted_sections(definitions)
  sections <- sections[which(sections$table %in% tables$table), ]
  rules <- definitions$characteristics
  of_rows <- function(rows) rules$characteristic[rows & rules$characteristic %in% sections$characteristic]
  within <- of_rows(rules$within %in% "yes" & rules$level != "incident")
  of_incidents <- of_rows(rules$within %in% "yes" & rules$level == "incident")
  codes <- codes_columns(tables, sections, definitions)
  by_table <- lapply(tables$table, function(name) {
    mine <- sections[which(sections$table == name), ]
    asked <- rules[match(unique(stats::na.omit(mine$characteristic)), rules$characteristic), ]
    conditions <- c(conditions_of(tables$only[tables$table == name]),
      unlist(lapply(unique(lists_of(mine)), column_conditions, definitions), FALSE))
    c(asked$characteristic[asked$level != "person" & !asked$within %in% "yes"], vapply(conditions, `[[`, "", 1L))
  })
  column <- codes_column(tables$codes_of)
  asking <- data.table::data.table(field = unlist(by_table), column = rep(column, lengths(by_table)))
  columns_of_field <- split(asking$column, asking$field)
  few <- Filter(function(columns) length(unique(columns)) == 1L && columns[[1]] != "codes", columns_of_field)
  list(tables = tables, units = unique(unlist(lapply(tables$unit, words))), fields = unique(asking$field),
    within = within, of_incidents = of_incidents, codes = codes, few = lapply(few, `[[`, 1L))
}

#' The columns of types with offense codes
#'
#' `codes` has all offenses of the unit; a table's `codes_of`, such as those with a firearm, has a column of its own,
#' with the codes that the columns of such tables ask for. What counts incidents by their offenses has one beside each.
#'
#' @param tables,sections Of a group, see [asked_of_persons()].
#' @return A data.table: `column`, `codes_of` (missing for all offenses), `only` (codes, separated by blanks; missing
#'   for all).
#' @noRd
codes_columns <- function(tables, sections, definitions) {
  own <- setdiff(unique(tables$codes_of), c(NA, "arrest"))
  codes <- vapply(own, function(codes_of) {
    mine <- sections[which(sections$table %in% tables$table[tables$codes_of %in% codes_of]), ]
    listed <- lapply(unique(lists_of(mine)), function(list) columns_named(list, definitions)$offense_codes)
    paste(unique(unlist(lapply(unlist(listed), words))), collapse = " ")
  }, "")
  data.table::data.table(column = c("codes", codes_column(own)), codes_of = c(NA_character_, own),
    only = c(NA_character_, unname(codes)))
}

#' What the column of types is called that has the codes of some offenses, see [codes_columns()]
#' @noRd
codes_column <- function(codes_of) {
  ifelse(codes_of %in% c(NA, "arrest"), "codes", paste0("codes_", gsub("[^a-z0-9]+", "_", codes_of)))
}

#' The same of what counts incidents by the offenses of their column
#' @noRd
incident_column <- function(characteristic, codes) sprintf("%s%s", characteristic, sub("^codes", "", codes))

#' The lists of columns that sections count by: those of their table, or of another name
#' @noRd
lists_of <- function(sections) ifelse(is.na(sections$columns), sections$table, sections$columns)

#' Types of the records of a unit
#'
#' @param asked See [asked_of_persons()].
#' @return A list: `types`, a data.table with `unit`, columns of offense codes, separated by blanks (see
#'   [codes_columns()]), `code` (of the arrest), `jacked` (whether it belongs to a car jacking), for each field an
#'   integer whose bits are the categories, or a text of their numbers where they are too many, for each characteristic
#'   within offenses a text of codes with their category; and `counts` of them.
#' @noRd
types_of_unit <- function(records, definitions, level, asked) {
  edges <- definitions$units
  unit <- list(level = level, record = seq_len(nrow(records[[level]])))
  place <- ancestor_rows(records, edges, level, "place")
  kept <- wanted_units(records, unit, asked$tables, definitions) & !is.na(place)
  unit$record <- which(kept)
  n <- length(unit$record)
  code <- if (is.null(records[[level]]$code)) rep("", n) else records[[level]]$code[unit$record]
  types <- data.table::data.table(unit = rep(level, n))
  data.table::set(types, NULL, asked$codes$column, lapply(seq_len(nrow(asked$codes)), function(number) {
    codes_of_units(records, unit, definitions, asked$codes[number, ])
  }))
  data.table::set(types, NULL, c("code", "jacked"), list(ifelse(is.na(code), "", code),
    jacked_units(records, unit, edges)))
  fields <- lapply(asked$fields, function(name) {
    values <- category_values(unit_categories(records, unit, name, definitions), n, name, definitions)
    if (is.null(asked$few[[name]])) {
      return(values)
    }
    # No table asks others for it, and they would be more types.
    replace(values, types[[asked$few[[name]]]] == "", if (is.character(values)) "" else 0L)
  })
  within <- lapply(asked$within, function(name) within_offenses(records, unit, name, definitions))
  of_incidents <- incident_columns(asked)
  empty <- rep(list(rep("", n)), length(of_incidents))
  data.table::set(types, NULL, c(asked$fields, asked$within, of_incidents), c(fields, within, empty))
  counted_types(types, place[unit$record], atom_of(records[[level]][unit$record, person_items, with = FALSE],
    definitions))
}

#' @noRd
counted_types <- function(types, place, atom) {
  columns <- data.table::copy(names(types))
  type <- types[, list(type = .GRP), by = columns]
  data.table::set(types, NULL, "row", place)
  data.table::set(types, NULL, "atom", atom)
  numbered <- type[types, on = columns]
  counts <- numbered[, list(number = as.numeric(.N)), by = c("row", "type", "atom")]
  data.table::set(type, NULL, "type", NULL)
  list(types = type, counts = counts)
}

#' Which records any of the tables counts
#' @noRd
wanted_units <- function(records, unit, tables, definitions) {
  wanted <- lapply(unique(tables$only), function(only) meet(records, unit, conditions_of(only), definitions))
  Reduce(`|`, wanted)
}

#' The codes of the offenses that each unit belongs to, in order
#'
#' @param column A row of [codes_columns()].
#' @noRd
codes_of_units <- function(records, unit, definitions, column) {
  codes <- sort(unique(records$offense$code))
  if (!is.na(column$only)) {
    codes <- intersect(codes, words(column$only))
  }
  offenses <- data.table::data.table(record = seq_len(nrow(records$offense)),
    category = match(records$offense$code, codes))
  counting <- which(!is.na(offenses$category) & counting_offenses(records, column$codes_of, definitions))
  pairs <- units_in(unit, taken_to_unit(records, definitions$units, offenses[counting, ], "offense", unit$level))
  joined_texts(pairs$unit, codes[pairs$category], length(unit$record))
}

#' The texts of each unit, none twice, in order and separated by blanks
#' @noRd
joined_texts <- function(unit, text, number) {
  pairs <- unique(data.table::data.table(unit = unit, text = text))
  data.table::setorderv(pairs, c("unit", "text"))
  joined <- rep("", number)
  single <- !(duplicated(pairs$unit) | duplicated(pairs$unit, fromLast = TRUE))
  joined[pairs$unit[single]] <- pairs$text[single]
  several <- pairs[which(!single), list(text = paste(text, collapse = " ")), by = "unit"]
  joined[several$unit] <- several$text
  joined
}

#' @noRd
jacked_units <- function(records, unit, edges) {
  if (is.null(way_up(edges, unit$level, "incident"))) {
    return(rep(FALSE, length(unit$record)))
  }
  is_car_jacking(records)[ancestor_rows(records, edges, unit$level, "incident")[unit$record]]
}

#' Categories of each unit as bits of an integer, or as a text of their numbers if it has more than an integer has bits
#' @noRd
category_values <- function(pairs, number, characteristic, definitions) {
  if (sum(definitions$categories$characteristic == characteristic) > integer_bits) {
    return(joined_texts(pairs$unit, as.character(pairs$category), number))
  }
  bits <- integer(number)
  for (category in unique(pairs$category)) {
    mine <- unique(pairs$unit[pairs$category == category])
    bits[mine] <- bits[mine] + bitwShiftL(1L, category - 1L)
  }
  bits
}

#' @noRd
no_categories <- function() data.table::data.table(unit = integer(), category = integer())

#' @noRd
integer_bits <- 30L

#' The columns of types that count incidents: of each characteristic by all offenses, and by those that alone count
#' @noRd
incident_columns <- function(asked) {
  as.character(unlist(lapply(asked$codes$column, function(codes) incident_column(asked$of_incidents, codes))))
}

#' For each unit the codes of its offenses with the category that each of them gives, such as `11A:1 13B:2`
#' @noRd
within_offenses <- function(records, unit, characteristic, definitions) {
  edges <- definitions$units
  rule <- rule_of(characteristic, definitions, unit$level)
  meeting <- meeting_unit(edges, "offense", unit$level)
  pairs <- taken_to_unit(records, edges, categories_of(records, rule, definitions), rule$level, meeting)
  codes <- records$offense$code[ancestor_rows(records, edges, meeting, "offense")]
  found <- data.table::data.table(unit = match(ancestor_rows(records, edges, meeting, unit$level)[pairs$record],
    unit$record), code = codes[pairs$record], category = pairs$category)
  found <- found[which(!is.na(found$unit) & !is.na(found$code)), ]
  # The lowest wins, as it does among the codes of a column.
  data.table::setorderv(found, c("unit", "code", "category"))
  found <- unique(found, by = c("unit", "code"))
  joined_texts(found$unit, sprintf("%s:%d", found$code, found$category), length(unit$record))
}

#' Incidents by how many victims of which offenses they have
#'
#' @return As [types_of_unit()]; the text of a characteristic of incidents has the offense codes of victims, joined by
#'   plus signs, with the number of such victims, such as `13A:2 13A+240:1`. Conditions of tables that all victims of an
#'   incident meet or none, such as clearance, hold for the incident; those that its counted victims meet do too.
#' @noRd
types_of_incidents <- function(records, definitions, asked) {
  unit <- list(level = "victim", record = seq_len(nrow(records$victim)))
  unit$record <- which(wanted_units(records, unit, asked$tables, definitions))
  of_incident <- list(level = "incident", record = sort(unique(records$victim$incident[unit$record])))
  n <- length(of_incident$record)
  texts <- lapply(seq_len(nrow(asked$codes)), function(number) {
    victims <- data.table::data.table(incident = records$victim$incident[unit$record],
      codes = gsub(" ", "+", codes_of_units(records, unit, definitions, asked$codes[number, ]), fixed = TRUE))
    # Whose offenses do not count is not counted.
    victims <- victims[which(victims$codes != "" | is.na(asked$codes$only[[number]])), list(number = .N),
      by = c("incident", "codes")]
    joined_texts(match(victims$incident, of_incident$record), sprintf("%s:%d", victims$codes, victims$number), n)
  })
  conditions <- unique(unlist(lapply(asked$tables$only, function(only) vapply(conditions_of(only), `[[`, "", 1L))))
  types <- data.table::data.table(unit = rep("incident", n))
  data.table::set(types, NULL, c(asked$codes$column, "code"), "")
  data.table::set(types, NULL, "jacked", jacked_units(records, of_incident, definitions$units))
  fields <- lapply(asked$fields, function(name) {
    asked_for <- name %in% conditions
    pairs <- if (asked_for) unit_categories(records, of_incident, name, definitions) else no_categories()
    category_values(pairs, n, name, definitions)
  })
  empty <- rep(list(rep("", n)), length(asked$within))
  texts <- rep(texts, each = length(asked$of_incidents))
  data.table::set(types, NULL, c(asked$fields, asked$within, incident_columns(asked)), c(fields, empty, texts))
  counted_types(types, records$incident$place[of_incident$record], rep(NA_integer_, n))
}

#' Records with Group B arrestees in the places of their agencies and months
#'
#' @return `records`, with `group_b_arrestee`: `group_b` with `place`, missing where the zip does not say the agency and
#'   month; places that only these have are added.
#' @noRd
with_group_b <- function(records) {
  arrests <- data.table::copy(records$group_b)
  # Where no arrest says its agency both columns are without a type.
  data.table::set(arrests, NULL, c("ori", "month"), list(as.character(arrests$ori), as.integer(arrests$month)))
  known <- unique(arrests[which(!is.na(arrests$ori) & !is.na(arrests$month)), c("ori", "month")])
  added <- known[!records$place, on = c("ori", "month")]
  data.table::setorderv(added, c("ori", "month"))
  records$place <- rbind(records$place, added)
  data.table::set(arrests, NULL, "place", records$place[arrests, on = c("ori", "month"), which = TRUE])
  lost <- sum(is.na(arrests$place))
  if (lost > 0L) {
    inform("%d Group B arrests name no agency and month: they are in no table", lost)
  }
  records$group_b_arrestee <- arrests
  records
}

#' Write persons by types and atoms, whole or not at all, with what tells that the definitions are the same
#' @noRd
write_person_counts <- function(persons, path, definitions) {
  # Lists, not data.tables: these have pointers, which would not be the same another time.
  stored <- list(group = persons$group, rows = as.list(persons$rows), types = as.list(persons$types),
    counts = as.list(persons$counts), hash = persons_hash(persons$group, definitions))
  write_whole(path, function(partial) saveRDS(stored, partial))
  inform("wrote %s: %d rows, %d types of persons, %d counts", path, nrow(persons$rows), nrow(persons$types),
    nrow(persons$counts))
}

#' Read what [write_person_counts()] wrote
#'
#' @param stage The stage that writes it.
#' @noRd
read_person_counts <- function(path, stage, definitions) {
  if (!file.exists(path)) {
    stop(path, " does not exist; run the stage ", stage, " first", call. = FALSE)
  }
  stored <- tryCatch(readRDS(path), error = function(error) NULL)
  if (!is.list(stored) || !all(c("group", "rows", "types", "counts", "hash") %in% names(stored))) {
    stop(path, " is no whole file of persons; run the stage ", stage, " again", call. = FALSE)
  }
  if (stored$hash != persons_hash(stored$group, definitions)) {
    stop(path, " was made by other definitions of the tables than those that are installed; run the stage ", stage,
      " again", call. = FALSE)
  }
  tables <- lapply(stored[c("rows", "types", "counts")], data.table::as.data.table)
  structure(c(stored["group"], tables), class = "person_counts")
}

#' @noRd
holds_persons <- function(path) {
  stored <- tryCatch(readRDS(path), error = function(error) NULL)
  is.list(stored) && "types" %in% names(stored)
}

#' Names what types and atoms consist of: the hash of the cells, the fields and the ages
#' @noRd
persons_hash <- function(group, definitions) {
  asked <- asked_of_persons(definitions, group)
  cells <- table_cells(definitions)
  cells_hash(c(cells$cell[cells$table %in% asked$tables$table], asked$codes$column, asked$fields, asked$within,
    asked$of_incidents, age_cuts(definitions)))
}
