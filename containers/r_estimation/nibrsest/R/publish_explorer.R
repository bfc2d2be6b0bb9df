#' Write what the explorer shows of a year: `beside_zip/explorer/`
#'
#' Files are scripts that hand their content to the page, since a page that is opened from a folder may read nothing
#' else: `year.js` (what there is), `totals.js` (the totals of all geographies), and one per geography and group of
#' tables. Numbers are rounded as the page shows them: counts to whole ones, rates and percentages to one decimal.
#'
#' @param tables,flags,reasons,places See [publish_tables()].
#' @param offenses See [describe_estimates()].
#' @param offense_reasons Why each of them is for release or not, see [offense_release()].
#' @param changes See [changes_of_years()], or `NULL`.
#' @param notice See [simulated_notice()].
#' @param published See [explored_tables()].
#' @noRd
publish_explorer <- function(tables, flags, reasons, places, offenses, offense_reasons, changes, settings, folder,
                             notice, published) {
  target <- file.path(folder, "beside_zip", "explorer")
  unlink(target, recursive = TRUE)
  dir.create(target, recursive = TRUE)
  shown <- places[which(!endsWith(places$kind, "group")), ]
  cells <- unique(offenses$cell)
  of_places <- split(seq_len(nrow(tables)), factor(tables$permutation, shown$permutation))
  explored <- which(tables$cell %in% published$cells$cell)
  known <- reason_letters(flags, reasons, explored, offenses$suppression_flag, offense_reasons)
  labels <- explorer_labels(shown, published, cells, known, settings$year, notice)
  write_script(labels, file.path(target, "year.js"))
  packs <- packed_cells(labels$tables, published)
  totals <- list()
  for (number in shown$permutation) {
    place <- shown[match(number, shown$permutation), ]
    of_place <- of_places[[as.character(number)]]
    values <- explorer_values(tables[of_place, ], flags[of_place, ], reasons[of_place, ], place, published, known)
    mine <- which(offenses$geography == place$geography & offenses$agency_group == "all agencies")
    of_offenses <- offense_values(offenses[mine, ], offense_reasons[mine], cells, known)
    moved <- if (!is.null(changes)) changes[which(changes$PERMUTATION_NUMBER == number), ]
    totals[[place$geography]] <- pack_totals(values, of_offenses, moved, packs$totals)
    for (group in unique(vapply(labels$tables, `[[`, "", "group"))) {
      of_group <- Filter(function(table) table$group == group, labels$tables)
      tables_of_group <- vapply(of_group, `[[`, "", "table")
      packed <- lapply(packs$tables[tables_of_group], pack_table, values = values)
      write_script(list(year = settings$year, geography = place$geography, group = group, tables = packed),
        file.path(target, sprintf("%s-%s.js", explorer_file_name(place$geography), group)))
    }
  }
  write_script(list(year = settings$year, totals = totals), file.path(target, "totals.js"))
}

#' The cells of which numbers are packed together: `totals`, and of each of the `tables` all others
#' @noRd
packed_cells <- function(tables, published) {
  headline <- is_headline(published$cells)
  named <- !is.na(published$labels$indicator)
  names <- vapply(tables, `[[`, "", "table")
  list(
    totals = published$cells$cell[which(headline & named)],
    tables = lapply(stats::setNames(nm = names), function(name) {
      published$cells$cell[which(published$cells$table == name & !headline & named)]
    })
  )
}

#' Every reason once, those for release first
#' @param rows Which of `flags` and `reasons` are shown.
#' @noRd
reason_letters <- function(flags, reasons, rows, offense_flags, offense_reasons) {
  once <- function(flag, text) unique(data.table::data.table(flag = flag, text = text))
  given <- unique(data.table::rbindlist(list(
    once(flags$flag[rows], reasons$count[rows]), once(flags$flag_percentage[rows], reasons$percentage[rows]),
    once(offense_flags, offense_reasons)
  )))
  given <- given[which(!is.na(given$flag) & !is.na(given$text)), ]
  given <- given[order(given$flag, given$text), ]
  data.frame(released = given$flag == 0L, text = given$text)
}

#' The letter of each reason; a full stop where there is none
#' @noRd
letter_of <- function(flag, text, known) {
  letter <- c(LETTERS, letters)[seq_len(nrow(known))]
  of <- function(released) letter[known$released == released][match(text, known$text[known$released == released])]
  found <- data.table::fifelse(flag == 0L, of(TRUE), of(FALSE))
  replace(found, is.na(found), ".")
}

#' Counts, percentages and rates of a geography's cells, with limits, and the letters of their reasons
#'
#' @param tables,flags,reasons Of the geography.
#' @return A data.table, a row per published statistic: `cell`, `kind`, `estimate`, `lower`, `upper`, `letter`.
#' @noRd
explorer_values <- function(tables, flags, reasons, place, published, known) {
  parts <- statistic_parts(tables, flags, place, published)
  values <- values_of(parts)
  share <- parts$statistic$kind == 2L
  reason <- ifelse(share, reasons$percentage[parts$row], reasons$count[parts$row])
  applies <- parts$cell$applies
  certain <- applies & parts$place$basis == "estimate"
  data.table::data.table(
    cell = parts$cell$cell, kind = parts$statistic$kind, estimate = ifelse(applies, values$estimate, NA),
    lower = ifelse(certain, values$lower, NA), upper = ifelse(certain, values$upper, NA),
    letter = letter_of(ifelse(applies, values$flag, NA), reason, known)
  )
}

#' The same of a geography's offenses, in the order of `cells`
#' @noRd
offense_values <- function(offenses, reasons, cells, known) {
  at <- match(cells, offenses$cell)
  rows <- offenses[at, ]
  certain <- rows$basis == "estimate"
  per_100000 <- ifelse(rows$population > 0, 1e5 / rows$population, NA)
  kinds <- lapply(list(count = 1, rate = per_100000), function(times) {
    data.table::data.table(
      cell = cells, estimate = rows$estimate * times, lower = ifelse(certain, rows$lower_95 * times, NA),
      upper = ifelse(certain, rows$upper_95 * times, NA), letter = letter_of(rows$suppression_flag, reasons[at], known)
    )
  })
  data.table::rbindlist(list(cbind(kinds$count, kind = 1L), cbind(kinds$rate, kind = 3L)), use.names = TRUE)
}

#' Counts, rates and changes of what counts everything, and of offenses
#' @noRd
pack_totals <- function(values, of_offenses, changes, totals) {
  all <- data.table::rbindlist(list(values[values$cell %in% totals, ], of_offenses), use.names = TRUE)
  cells <- c(totals, unique(of_offenses$cell))
  pack <- list(count = packed(all, 1L, cells), rate = packed(all, 3L, cells))
  if (!is.null(changes)) {
    # A geography may have no change.
    moved <- data.table::data.table(cell = changes$der_variable_name, kind = rep(4L, nrow(changes)),
      estimate = changes$percent, lower = changes$lower_95, upper = changes$upper_95,
      letter = ifelse(changes$suppression_flag == 0L, "R", "N"))
    pack$change <- packed(moved, 4L, cells)
  }
  pack
}

#' Counts, percentages and, where there are any, rates of cells
#' @noRd
pack_table <- function(values, cells) {
  pack <- list(count = packed(values, 1L, cells), percentage = packed(values, 2L, cells))
  if (any(values$cell[values$kind == 3L] %in% cells)) {
    pack$rate <- packed(values, 3L, cells)
  }
  pack
}

#' Numbers in few bytes: differences from one to the next of estimate, lower and upper limit
#'
#' @param values A data.table: `cell`, `kind`, `estimate`, `lower`, `upper`, `letter`.
#' @param kind 1 count, 2 percentage, 3 rate, 4 change in per cent; all but counts are in tenths.
#' @return A list of texts, in the order of `cells`: `e` estimates, `d` how far the lower limit lies below, `x` how much
#'   more the upper limit lies above than that, each divided by commas, with nothing for exactly 0 and `-` for what is
#'   not known; `r` the letters of reasons, each followed by how often it comes if that is more than once.
#' @noRd
packed <- function(values, kind, cells) {
  of_kind <- which(values$kind == kind)
  mine <- values[of_kind[match(cells, values$cell[of_kind])], ]
  times <- if (kind == 1L) 1 else 10
  estimate <- round(mine$estimate * times)
  below <- estimate - round(mine$lower * times)
  above <- round(mine$upper * times) - estimate
  list(
    e = short_numbers(estimate, mine$estimate), d = short_numbers(below), x = short_numbers(above - below),
    r = run_lengths(ifelse(is.na(mine$letter), ".", mine$letter))
  )
}

#' @noRd
short_numbers <- function(rounded, exact = rounded) {
  # Most numbers are few, come often, and take long to write.
  known <- unique(rounded)
  text <- sprintf("%.0f", known + 0)[match(rounded, known)]
  text[which(exact == 0)] <- ""
  text[is.na(rounded)] <- "-"
  paste(text, collapse = ",")
}

#' @noRd
run_lengths <- function(letters) {
  runs <- rle(letters)
  paste0(runs$values, ifelse(runs$lengths > 1L, runs$lengths, ""), collapse = "")
}

#' A script that hands a value to the page
#' @noRd
write_script <- function(value, path) {
  json <- jsonlite::toJSON(value, auto_unbox = TRUE, digits = NA, na = "null", dataframe = "rows")
  # A line that ends no script, wherever it is put.
  write_page(sprintf("nibrsExplorer(%s);", gsub("</", "<\\/", json, fixed = TRUE)), path)
}
