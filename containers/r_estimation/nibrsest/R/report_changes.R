#' Changes of estimates against those of the year before
#'
#' @param rows Of the year: `cell`, `label`, `estimate`, `standard_error`, `flag` (1: not for release).
#' @param previous Of the year before: `cell`, `estimate`, `standard_error`, `flag`.
#' @return A data.table, a row per cell of `rows` that has an estimate above 0 and an error in both years: `cell`,
#'   `label`, `previous`, `estimate`, `percent`, `lower`, `upper` (the 95 % interval of `percent`, not below -100),
#'   `flag` (1 if either is not for release). The two years count as independent. Mostly the same agencies report in
#'   both, which makes the change more certain than that: the intervals are wide rather than narrow.
#' @references The error of a ratio by linearisation: Sarndal, Swensson and Wretman (1992), Model Assisted Survey
#'   Sampling, section 5.6.
#' @noRd
changes_against <- function(rows, previous) {
  at <- match(rows$cell, previous$cell)
  before <- previous$estimate[at]
  # What has no error is no estimate, see [universe_status()].
  error_before <- previous$standard_error[at]
  keep <- which(rows$estimate > 0 & before > 0 & !is.na(rows$standard_error) & !is.na(error_before))
  ratio <- rows$estimate[keep] / before[keep]
  relative <- sqrt(
    (rows$standard_error[keep] / rows$estimate[keep])^2 + (error_before[keep] / before[keep])^2
  )
  half <- 100 * interval_factor() * ratio * relative
  percent <- 100 * (ratio - 1)
  data.table::data.table(
    cell = rows$cell[keep], label = rows$label[keep], previous = before[keep], estimate = rows$estimate[keep],
    percent = percent, lower = pmax(-100, percent - half), upper = percent + half,
    flag = as.integer(rows$flag[keep] %in% 1L | previous$flag[at][keep] %in% 1L)
  )
}

#' Estimates of the nation in a published zip, or NULL if there is none
#'
#' @param external Folder of what comes from outside the stages, or `""`.
#' @param year The year of the zip.
#' @return A data.table: `cell`, `estimate`, `standard_error`, `flag`.
#' @noRd
read_previous <- function(external, year) {
  path <- file.path(external, "estimates", sprintf("nibrs-estimates-%d.zip", year))
  if (!nzchar(external) || !file.exists(path)) {
    return(NULL)
  }
  found <- read_member(path, "tables.csv", c(
    permutation_number = "integer", der_variable_name = "character", estimate = "numeric", standard_error = "numeric",
    suppression_flag = "integer"
  ))
  nation <- which(found$permutation_number == 1L)
  data.table::data.table(
    cell = found$der_variable_name[nation], estimate = found$estimate[nation],
    standard_error = found$standard_error[nation], flag = found$suppression_flag[nation]
  )
}

#' The report's section on changes; nothing without a year before
#' @noRd
changes_section <- function(rows, previous, year) {
  if (is.null(previous)) {
    return("")
  }
  changes <- changes_against(rows, previous)
  if (nrow(changes) == 0L) {
    return("")
  }
  table <- data.frame(
    "Offenses" = changes$label, "Before" = count(changes$previous), "Now" = count(changes$estimate),
    "Change" = sprintf("%s %%%s", signed(changes$percent), ifelse(changes$flag == 1L, "*", "")),
    "95 % interval" = sprintf("%s to %s %%", signed(changes$lower), signed(changes$upper)), check.names = FALSE
  )
  names(table)[2:3] <- as.character(c(year - 1L, year))
  c(
    sprintf("<h2>Changes since %d</h2>", year - 1L),
    paste(
      "<p class=\"note\">Change of the nation's estimates in per cent, with 95 % intervals as if the two years were",
      "independent; mostly the same agencies report in both, so that changes are rather more certain than shown.",
      "Hollow dots and *: an estimate of either year is not for release. Arrows: the interval goes beyond the edge.</p>"
    ),
    change_plot(changes, sprintf("Change of the nation's estimates since %d, per cent", year - 1L)),
    "<details><summary>The changes in figures</summary><p class=\"note\">* not for release</p><div class=\"scroll\">",
    html_table(table), "</div></details>"
  )
}
