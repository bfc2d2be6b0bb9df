#' Draw variables jointly, or in simpler ways where that fails
#'
#' All variables together by all that is known, then by what is known of everyone; then each group of variables by
#' itself, by all that is known, by what is known of everyone, by nothing. A variable that is the same for all donors is
#' that for all recipients, and takes no part.
#'
#' @param known A named list of matrices of known variables, from the richest to the poorest, agencies by variables:
#'   `full` (may be absent), `population`, `nothing`. See [copula_draws()].
#' @param y,values See [copula_draws()].
#' @param together Of each variable: the group that is drawn by itself if all together cannot be.
#' @return A list: `values`, recipients by variables, missing where every way failed; `status`, a data.table with a row
#'   per variable: `variable`; `way` (`constant`; `full` or `population`; `alone_full`, `alone_population` or
#'   `alone_nothing`; `failed`); `moved`, see [copula_draws()].
#' @references METHOD, section 10 (fallback ladder).
#' @noRd
drawn_by_ladder <- function(known, y, together = seq_len(ncol(y)), values = NULL) {
  donors <- which(!is.na(y[, 1]))
  found <- matrix(NA_real_, nrow(y) - length(donors), ncol(y), dimnames = list(NULL, colnames(y)))
  status <- data.table::data.table(variable = colnames(y), way = "failed", moved = NA_real_)
  same <- which(!varies(y[donors, , drop = FALSE]))
  found[, same] <- rep(y[donors[[1]], same], each = nrow(found))
  data.table::set(status, same, c("way", "moved"), list("constant", 0))
  left <- setdiff(seq_len(ncol(y)), same)
  for (attempt in attempts_of(known, left, together)) {
    columns <- intersect(attempt$columns, left)
    drawn <- if (length(columns) > 0L) draws_or_null(known[[attempt$by]], y[, columns, drop = FALSE], values[columns])
    if (!is.null(drawn)) {
      found[, columns] <- drawn$values
      data.table::set(status, columns, c("way", "moved"), list(attempt$way, drawn$moved))
      left <- setdiff(left, columns)
    }
  }
  list(values = found, status = status)
}

#' The ways that are tried one after the other: which columns, by which known variables, and what that is called
#' @noRd
attempts_of <- function(known, columns, together) {
  jointly <- lapply(setdiff(names(known), "nothing"), function(by) list(columns = columns, by = by, way = by))
  alone <- lapply(split(columns, together[columns]), function(some) {
    lapply(names(known), function(by) list(columns = some, by = by, way = paste0("alone_", by)))
  })
  c(jointly, unlist(unname(alone), recursive = FALSE))
}

#' @noRd
draws_or_null <- function(x, y, values) {
  tryCatch(copula_draws(x, y, values = values), copula_failure = function(failure) NULL)
}
