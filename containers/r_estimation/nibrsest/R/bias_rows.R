#' The rows of a column, drawn for agencies of which the column's total is drawn already
#'
#' Sections of rows exclude each other and are complete (type 1: they add up to the total), exclude each other (type 2:
#' what is left is a row of its own, here called `rest`), or can occur together (type 3: how many there are for each of
#' the total is drawn too, here called `ratio`). Where the total is 0 so are its rows. Afterwards rows are adjusted to
#' what they have to add up to.
#'
#' @param known See [drawn_by_ladder()]; donors stand first.
#' @param rows Matrix of the donors' rows, donors by rows.
#' @param section,type Of each row: its section, and that section's type.
#' @param total The total that sections are rows of, of donors and recipients.
#' @return A list: `values`, recipients by rows; `status`, see [drawn_by_ladder()], with `adjusted`, the share of
#'   recipients with any whose rows had to be adjusted.
#' @references METHOD, section 10, steps 2 and 3.
#' @noRd
drawn_rows <- function(known, rows, section, type, total) {
  donors <- seq_len(nrow(rows))
  with_any <- which(total > 0)
  some_donors <- intersect(donors, with_any)
  some_recipients <- setdiff(with_any, donors)
  found <- matrix(0, length(total) - nrow(rows), ncol(rows), dimnames = dimnames(rows))
  found[is.na(total[seq_len(nrow(found)) + nrow(rows)]), ] <- NA
  if (length(some_donors) == 0L || length(some_recipients) == 0L) {
    return(list(values = found, status = no_status(colnames(rows))))
  }
  helped <- with_helpers(rows[some_donors, , drop = FALSE], section, type, total[some_donors])
  given <- lapply(known, function(x) cbind(total = total, x)[with_any, , drop = FALSE])
  y <- rbind(helped$y, matrix(NA_real_, length(some_recipients), ncol(helped$y)))
  made <- drawn_by_ladder(given, y, helped$section)
  adjusted <- adjusted_rows(made$values, helped, total[some_recipients])
  found[some_recipients - length(donors), ] <- adjusted$values[, seq_len(ncol(rows)), drop = FALSE]
  share <- adjusted$share[match(helped$section, names(adjusted$share))]
  list(values = found, status = cbind(made$status, adjusted = share))
}

#' @noRd
no_status <- function(variables) {
  data.table::data.table(variable = variables, way = "none", moved = 0, adjusted = 0)
}

#' Rows with what is left of the total, or the ratio to it, of each section
#' @return A list: `y`, donors by rows and helpers; `section` of these; `is_ratio`; `total`.
#' @noRd
with_helpers <- function(rows, section, type, total) {
  sections <- unique(section)
  helpers <- lapply(sections, function(name) {
    sums <- rowSums(rows[, section == name, drop = FALSE])
    # What differs by rounding has to be the same, since ranks tell any difference.
    switch(type[[match(name, section)]], "1" = NULL, "2" = round(pmax(0, total - sums), 9),
      "3" = round(sums / total, 9))
  })
  needed <- !vapply(helpers, is.null, TRUE)
  added <- do.call(cbind, helpers)
  is_ratio <- type[match(sections[needed], section)] == "3"
  if (!is.null(added)) {
    colnames(added) <- paste(ifelse(is_ratio, "ratio", "rest"), sections[needed])
  }
  list(y = cbind(rows, added), section = c(section, sections[needed]),
    is_ratio = c(rep(FALSE, ncol(rows)), is_ratio), total = total)
}

#' Rows that add up to the total, or to the ratio's share of it
#'
#' Rows are multiplied by what they have to add up to over what they do. Where they add up to nothing and should not,
#' they are divided as those of donors are on average, and of recipients whose rows fit.
#'
#' @param drawn Recipients by rows and helpers.
#' @param helped See [with_helpers()].
#' @param total Of the recipients.
#' @return A list: `values`, as `drawn`; `share`, by section: of how many recipients the rows were changed.
#' @references METHOD, section 10, step 3.
#' @noRd
adjusted_rows <- function(drawn, helped, total) {
  sections <- unique(helped$section)
  share <- stats::setNames(numeric(length(sections)), sections)
  for (name in sections) {
    columns <- which(helped$section == name & !helped$is_ratio)
    ratio <- which(helped$section == name & helped$is_ratio)
    target <- if (length(ratio) > 0L) total * drawn[, ratio] else total
    target_of_donors <- if (length(ratio) > 0L) helped$total * helped$y[, ratio] else helped$total
    rows <- drawn[, columns, drop = FALSE]
    sums <- rowSums(rows)
    fits <- abs(sums - target) <= constant("copula_tolerance")
    drawn[, columns] <- rows * ifelse(sums > 0, target / sums, 0)
    empty <- which(sums == 0 & target > 0)
    if (length(empty) > 0L) {
      like <- rbind(divided(helped$y[, columns, drop = FALSE], target_of_donors),
        divided(rows[which(fits), , drop = FALSE], target[which(fits)]))
      drawn[empty, columns] <- outer(target[empty], colMeans(like))
    }
    share[[name]] <- mean(!fits)
  }
  list(values = drawn, share = share)
}

#' Rows as shares of their total, where that is not 0
#' @noRd
divided <- function(rows, total) {
  some <- which(total > 0)
  rows[some, , drop = FALSE] / total[some]
}
