#' Estimates that are compared between years: totals of the tables, and offenses by code
#'
#' @param tables,flags See [estimate_tables()], with `permutation`, and [release_flags()] of the same rows.
#' @param offenses See [describe_estimates()], with its flags.
#' @return A data.table: `permutation`, `cell`, `estimate`, `standard_error`, `sampling_error`, `flag` (1: not for
#'   release).
#' @noRd
compared_estimates <- function(tables, flags, offenses) {
  totals <- which(tables$cell %in% compared_cells())
  data.table::rbindlist(list(
    data.table::data.table(permutation = tables$permutation[totals], cell = tables$cell[totals],
      estimate = tables$estimate[totals], standard_error = tables$standard_error[totals],
      sampling_error = tables$sampling_error[totals], flag = flags$flag[totals]),
    compared_offenses(offenses)
  ))
}

#' The cells of the tables' first rows, which are published
#' @noRd
compared_cells <- function() {
  if (is.null(tables_read$compared_cells)) {
    definitions <- table_definitions()
    cells <- table_cells(definitions)
    totals <- cells[which(cells$total & cells$applies), ]
    is_published <- !is.na(cell_names(totals, definitions)$indicator)
    assign("compared_cells", totals$cell[is_published], envir = tables_read)
  }
  tables_read$compared_cells
}

#' @noRd
compared_offenses <- function(offenses) {
  data.table::data.table(permutation = permutation_of(offenses$geography, offenses$agency_group),
    cell = offenses$cell, estimate = offenses$estimate, standard_error = offenses$standard_error,
    sampling_error = offenses$sampling_error, flag = offenses$suppression_flag)
}

#' Estimates of a published zip, and what they were made of; `NULL` if there is no zip
#'
#' @param external Folder of what comes from outside the stages, or `""`.
#' @param year The year of the zip.
#' @return A list: `estimates`, see [compared_estimates()]; `inputs`, see [year_inputs_of_zip()].
#' @noRd
read_previous <- function(external, year) {
  path <- file.path(external, "estimates", sprintf("nibrs-estimates-%d.zip", year))
  if (!nzchar(external) || !file.exists(path)) {
    return(NULL)
  }
  tables <- read_zipped(path, "tables.csv", "report/tables.csv", c("PERMUTATION_NUMBER", "der_variable_name",
    "estimate", "standard_error", "sampling_error", "suppression_flag"))
  data.table::setnames(tables, 1:2, c("permutation", "cell"))
  offenses <- read_zipped(path, "offenses.csv", "estimates/<group>.csv", c("geography", "agency_group", "cell",
    "estimate", "standard_error", "sampling_error", "suppression_flag"))
  list(estimates = compared_estimates(tables, list(flag = tables$suppression_flag), offenses),
    inputs = year_inputs_of_zip(path, year))
}

#' The report's section on changes; nothing without a year before
#'
#' @param nation See [headline_rows()].
#' @param changes See [changes_of_years()]; `NULL` without a year before.
#' @noRd
changes_section <- function(nation, changes, year) {
  mine <- changes[which(changes$PERMUTATION_NUMBER == 1L & changes$der_variable_name %in% nation$cell), ]
  if (NROW(mine) == 0L) {
    return("")
  }
  rows <- data.table::data.table(cell = mine$der_variable_name, label = nation$label[match(mine$der_variable_name,
    nation$cell)], previous = mine$previous, estimate = mine$estimate, percent = mine$percent, lower = mine$lower_95,
    upper = mine$upper_95, flag = mine$suppression_flag)
  rows <- rows[order(match(rows$cell, nation$cell)), ]
  independent <- all(is.na(mine$correlation))
  c(
    sprintf("<h2 id=\"changes\">Changes since %d</h2>", year - 1L),
    paste(
      "<p class=\"note\">Change of the nation's estimates in per cent, with 95 % intervals",
      if (independent) paste("as if the two years were independent, rather too wide since mostly the same agencies",
        "report in both.") else
        "that know which agencies report in both years (<code>changes.csv</code>: all geographies).",
      "Hollow dots and *: an estimate of either year is not for release. Arrows: the interval goes beyond the edge.</p>"
    ),
    change_plot(rows, sprintf("Change of the nation's estimates since %d, per cent", year - 1L)),
    "<details><summary>The changes in figures</summary><p class=\"note\">* not for release</p><div class=\"scroll\">",
    html_table(change_table(rows, year)), "</div></details>",
    places_with_changes(changes)
  )
}

#' @noRd
change_table <- function(rows, year) {
  table <- data.frame(
    "Offenses" = rows$label, "Before" = count(rows$previous), "Now" = count(rows$estimate),
    "Change" = sprintf("%s %%%s", signed(rows$percent), star(rows$flag %in% 1L)),
    "95 % interval" = sprintf("%s to %s %%", signed(rows$lower), signed(rows$upper)), check.names = FALSE
  )
  names(table)[2:3] <- as.character(c(year - 1L, year))
  table
}

#' Changes of violent and property crime in regions and states
#' @noRd
places_with_changes <- function(changes) {
  known <- permutations()
  places <- known[known$kind %in% c("region", "state") & known$permutation %in% changes$PERMUTATION_NUMBER, ]
  if (nrow(places) == 0L) {
    return(character())
  }
  text <- function(cell) {
    row <- match(paste(places$permutation, cell), paste(changes$PERMUTATION_NUMBER, changes$der_variable_name))
    ifelse(is.na(row), "", sprintf("%s %%%s (%s to %s)", signed(changes$percent[row]),
      star(changes$suppression_flag[row] %in% 1L), signed(changes$lower_95[row]), signed(changes$upper_95[row])))
  }
  table <- data.frame("Region or state" = places$description, "Violent crime (95 %)" = text("t_2a_1_1_17"),
    "Property crime (95 %)" = text("t_2b_1_1_14"), check.names = FALSE)
  c("<details><summary>Regions and states</summary><p class=\"note\">* not for release</p><div class=\"scroll\">",
    html_table(table), "</div></details>")
}
