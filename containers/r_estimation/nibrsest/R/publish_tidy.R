#' Write the published numbers of a year with their labels: `beside_zip/nibrs-estimates-<year>.csv.gz`
#'
#' Those of tables that are not booked (persons, drugs and guns), which are several times as many, are in the zip alone.
#' A row per number, with what it is of in words: for programs that read one file. The zip has the same numbers in the
#' reference's form.
#'
#' @param tables,flags,reasons,places,offenses,offense_reasons,published See [publish_explorer()].
#' @noRd
publish_tidy <- function(tables, flags, reasons, places, offenses, offense_reasons, settings, folder, published) {
  units <- column_units(published$cells, table_definitions())
  of_places <- split(seq_len(nrow(tables)), factor(tables$permutation, places$permutation))
  of_tables <- lapply(places$permutation, function(number) {
    mine <- of_places[[as.character(number)]]
    place <- places[match(number, places$permutation), ]
    tidy_cells(tables[mine, ], flags[mine, ], reasons[mine, ], place, published, units)
  })
  rows <- data.table::rbindlist(c(of_tables, list(tidy_offenses(offenses, offense_reasons, places))))
  # By reference: there are millions.
  data.table::set(rows, NULL, "data_year", settings$year)
  data.table::setcolorder(rows, "data_year")
  columns <- file_columns("report/tidy.csv")
  stopifnot(identical(names(rows), names(columns)))
  dir.create(file.path(folder, "beside_zip"), showWarnings = FALSE)
  path <- file.path(folder, "beside_zip", sprintf("nibrs-estimates-%d.csv.gz", settings$year))
  data.table::fwrite(rows, path, compress = "gzip", na = "", quote = "auto", nThread = 1L)
  # What types its columns have, for whoever makes another form of it.
  data.table::fwrite(data.table::data.table(column = names(columns), type = unname(columns)),
    file.path(folder, "tidy_columns.csv"))
  inform("wrote %s: %d rows", path, nrow(rows))
}

#' What each cell's column counts, in words
#' @noRd
column_units <- function(cells, definitions) {
  known <- unique(cells[, c("table", "column")])
  nouns <- vapply(seq_len(nrow(known)), function(at) {
    counted_noun(known$table[[at]], known$column[[at]], definitions)
  }, "")
  nouns[match(paste(cells$table, cells$column), paste(known$table, known$column))]
}

#' The numbers of a geography or group of agencies that have a meaning
#' @noRd
tidy_cells <- function(tables, flags, reasons, place, published, units) {
  parts <- statistic_parts(tables, flags, place, published)
  values <- values_of(parts)
  keep <- which(parts$cell$applies & !is.na(values$estimate))
  statistic <- parts$statistic[keep, ]
  values <- values[keep, ]
  label <- parts$label[keep, ]
  table <- parts$cell$table[keep]
  row <- parts$row[keep]
  tables_named <- unique(label$full_table)
  titles <- sub("^Table [^-]*-", "", tables_named)[match(label$full_table, tables_named)]
  limit <- function(x) if (place$basis == "estimate") x else rep(NA_real_, length(x))
  data.table::data.table(
    geography = place$geography, geography_name = place$description, geography_kind = place$kind,
    agency_group = place$agency_group, table = table, table_title = titles,
    characteristic = data.table::fifelse(is.na(parts$cell$characteristic[keep]), "Total", label$domain_1),
    category = data.table::fifelse(nzchar(label$domain_2), label$domain_2, NA_character_), offense = label$indicator,
    unit = units[match(parts$cell$cell[keep], published$cells$cell)], statistic = statistic_kinds[statistic$kind],
    variable = statistic$variable, estimate = values$estimate, standard_error = limit(values$error),
    lower_95 = limit(values$lower), upper_95 = limit(values$upper), for_release = values$flag == 0L,
    reason = data.table::fifelse(statistic$kind == 2L, reasons$percentage[row], reasons$count[row]),
    respondents_with_any = tables$agency_counts[row], coverage = place$coverage
  )
}

#' The numbers of `offenses.csv`, counts and rates, in the same columns
#' @noRd
tidy_offenses <- function(offenses, reasons, places) {
  known <- match(paste(offenses$geography, offenses$agency_group), paste(places$geography, places$agency_group))
  place <- places[known, ]
  certain <- offenses$basis == "estimate"
  per_100000 <- data.table::fifelse(offenses$population > 0, 1e5 / offenses$population, NA_real_)
  statistics <- list(count = rep(1, nrow(offenses)), rate = per_100000)
  data.table::rbindlist(lapply(names(statistics), function(name) {
    times <- statistics[[name]]
    limit <- function(x) data.table::fifelse(certain, x * times, NA_real_)
    rows <- data.table::data.table(
      geography = offenses$geography, geography_name = place$description, geography_kind = place$kind,
      agency_group = offenses$agency_group, table = "offenses", table_title = "Offenses by code",
      characteristic = "Total", category = NA_character_, offense = offenses$label, unit = "offense records",
      statistic = name,
      variable = offenses$cell, estimate = offenses$estimate * times, standard_error = limit(offenses$standard_error),
      lower_95 = limit(offenses$lower_95), upper_95 = limit(offenses$upper_95),
      for_release = offenses$suppression_flag == 0L, reason = reasons, respondents_with_any = offenses$agency_counts,
      coverage = offenses$population_coverage
    )
    rows[which(!is.na(rows$estimate)), ]
  }))
}
