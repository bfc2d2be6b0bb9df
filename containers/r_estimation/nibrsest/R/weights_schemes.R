#' A weighting scheme: how the agencies of a geography are grouped, and what their weights are calibrated to
#'
#' Nothing else in the package asks which scheme it has before it: what schemes differ in stands in the record.
#'
#' @param name What the scheme is called.
#' @param kinds Kinds of geographies that are weighted by it, see [geographies()].
#' @param grouping Column of the agencies that groups them; `""`: all are one group.
#' @param joined A data.frame of groups that are joined beforehand in particular states: `state`, `stratum`,
#'   `joined_to`; `NULL` for none.
#' @param self_representing From how many times the mean number of crimes on an agency stands for itself alone, if all
#'   such agencies respond.
#' @param covered Share of a group's crimes, 0 to 1, from which on its respondents stand for themselves.
#' @param least_covered Share of a group's crimes, 0 to 1, below which all groups are joined to one.
#' @param collapse Column of the agencies by which groups that cannot be solved join each other; `""`: they do not join,
#'   the ratio of crimes decides.
#' @param required,optional Names of covariates, see [srs_covariates()]. Weights are calibrated to the required ones and
#'   as many of the optional ones as can be: all first, then each set of one fewer, at last none. Without either, a
#'   weight is the number of agencies over that of respondents.
#' @param ladder A data.frame of bounds in the order in which they are tried: `upper` (highest g-weight, above 1),
#'   `lower_factor` (lowest final weight, above 0, at most 1).
#' @param combined A data.frame of covariates that some groups are calibrated to as one: `group`, `covariate`, `added`
#'   (times the group's ratio of both totals); `NULL` for none.
#' @return A record of class `weighting_scheme`: a list of the above, with `covariates`, the sets in the order in
#'   which they are tried, in place of `required` and `optional`.
#' @references METHOD, section 5.5.
#' @examples
#' weighting_scheme("county", "county", grouping = "state_stratum", covered = 0.99, required = "total",
#'   optional = c("violent", "property"), ladder = data.frame(upper = 10, lower_factor = 1))
#' @seealso [weighting_schemes()] for those of the package.
#' @export
weighting_scheme <- function(name, kinds, grouping = "", joined = NULL, self_representing = Inf, covered = Inf,
                             least_covered = 0, collapse = "", required = character(), optional = character(),
                             ladder = NULL, combined = NULL) {
  refuse <- function(what, value, remedy) {
    stop("weighting scheme ", name, ": ", what, " is ", paste(value, collapse = " "), "; ", remedy, call. = FALSE)
  }
  strange <- setdiff(c(required, optional, combined$covariate, combined$added), covariate_names)
  if (length(strange) > 0L) {
    refuse("a covariate", strange[[1]], paste("it has to be one of", paste(covariate_names, collapse = ", ")))
  }
  covariates <- covariate_sets(required, optional)
  if (length(covariates) > 0L && NROW(ladder) == 0L) {
    refuse("the ladder", "empty", "a scheme with covariates needs bounds to try, see calibration_ladder.csv")
  }
  outside <- which(!(ladder$upper > 1 & ladder$lower_factor > 0 & ladder$lower_factor <= 1))
  if (length(outside) > 0L) {
    refuse("a rung of the ladder", c(ladder$upper[outside[[1]]], ladder$lower_factor[outside[[1]]]),
      "upper has to be above 1, lower_factor above 0 and at most 1")
  }
  refuse_limits(refuse, self_representing, covered, least_covered)
  structure(list(
    name = name, kinds = kinds, grouping = grouping, joined = joined, self_representing = self_representing,
    covered = covered, least_covered = least_covered, collapse = collapse, covariates = covariates, ladder = ladder,
    combined = combined
  ), class = "weighting_scheme")
}

#' @noRd
refuse_limits <- function(refuse, self_representing, covered, least_covered) {
  if (is.na(self_representing) || self_representing <= 1) {
    refuse("self_representing", self_representing, "it has to be above 1")
  }
  if (is.na(covered) || covered <= 0) {
    refuse("covered", covered, "it has to be above 0")
  }
  if (is.na(least_covered) || least_covered < 0 || least_covered >= 1) {
    refuse("least_covered", least_covered, "it has to be at least 0 and below 1")
  }
}

#' Sets of covariates in the order in which they are tried
#' @noRd
covariate_sets <- function(required, optional) {
  if (length(required) + length(optional) == 0L) {
    return(list())
  }
  fewer <- lapply(rev(seq_along(optional)), function(size) utils::combn(optional, size, simplify = FALSE))
  sets <- lapply(c(unlist(fewer, recursive = FALSE), list(character())), function(set) c(required, set))
  sets[lengths(sets) > 0L]
}

#' @export
print.weighting_scheme <- function(x, ...) {
  line <- function(title, text) if (length(text) > 0L && nzchar(text)) cat(sprintf("  %-22s %s\n", title, text))
  cat("Weighting scheme ", x$name, "\n", sep = "")
  line("geographies", paste(x$kinds, collapse = ", "))
  line("groups", if (nzchar(x$grouping)) x$grouping else "all agencies are one")
  line("joined beforehand", if (NROW(x$joined) > 0L) sprintf("%d groups of %d states", nrow(x$joined),
    data.table::uniqueN(x$joined$state)))
  line("self-representing", if (is.finite(x$self_representing)) sprintf("from %g times the mean crimes on",
    x$self_representing))
  line("stand for themselves", if (is.finite(x$covered)) sprintf("respondents with %g %% of the crimes",
    100 * x$covered))
  line("all one group", if (x$least_covered > 0) sprintf("if respondents of any have less than %g %% of its crimes",
    100 * x$least_covered))
  line("calibrated to", calibration_words(x))
  line("as one covariate", if (NROW(x$combined) > 0L) {
    paste(sprintf("%s and %s in group %s", x$combined$covariate, x$combined$added, x$combined$group), collapse = ", ")
  })
  line("if nothing helps", if (length(x$covariates) > 0L) {
    if (nzchar(x$collapse)) paste("groups join within", x$collapse) else "the ratio of crimes"
  })
  invisible(x)
}

#' @noRd
calibration_words <- function(scheme) {
  sets <- scheme$covariates
  if (length(sets) == 0L) {
    return("nothing: agencies over respondents")
  }
  paste0(paste(sets[[1]], collapse = ", "),
    if (length(sets) > 1L) sprintf(", or one of %d smaller sets", length(sets) - 1L),
    sprintf("; %d %s of bounds", nrow(scheme$ladder), if (nrow(scheme$ladder) == 1L) "pair" else "pairs"))
}

#' The weighting schemes of the estimation
#'
#' @param folder Folder of `weighting_schemes.csv`, `calibration_ladder.csv`, `combined_covariates.csv` and the tables
#'   of joined groups that the first names: that of the package by default.
#' @param year The data year: before 2023 robbery and aggravated assault are one covariate in the largest cities.
#' @return A list of [weighting_scheme()] records, by name.
#' @examples
#' weighting_schemes()$state
#' @export
weighting_schemes <- function(folder = NULL, year = Inf) {
  lines <- package_table("weighting_schemes.csv", folder)
  ladders <- package_table("calibration_ladder.csv", folder)
  combined <- package_table("combined_covariates.csv", folder)
  combined <- combined[which(as.numeric(combined$before_year) > year), ]
  words <- function(text) if (is.na(text)) character() else strsplit(text, " ", fixed = TRUE)[[1]]
  text <- function(value) if (is.na(value)) "" else value
  limit <- function(value, without = Inf) if (is.na(value)) without else as.numeric(value)
  schemes <- lapply(seq_len(nrow(lines)), function(number) {
    line <- as.list(lines[number, ])
    rungs <- ladders[which(ladders$ladder == line$ladder), ]
    weighting_scheme(line$scheme, words(line$kinds),
      grouping = text(line$grouping), joined = if (!is.na(line$joined)) package_table(line$joined, folder),
      self_representing = limit(line$self_representing), covered = limit(line$covered),
      least_covered = limit(line$least_covered, 0), collapse = text(line$collapse),
      required = words(line$required), optional = words(line$optional),
      ladder = data.frame(upper = as.numeric(rungs$upper), lower_factor = as.numeric(rungs$lower_factor)),
      combined = combined[which(combined$scheme == line$scheme), c("group", "covariate", "added")]
    )
  })
  stats::setNames(schemes, lines$scheme)
}

#' The scheme by which geographies of a kind are weighted
#' @noRd
scheme_of <- function(kind, schemes) {
  serving <- which(vapply(schemes, function(scheme) kind %in% scheme$kinds, TRUE))
  if (length(serving) != 1L) {
    stop(length(serving), " weighting schemes serve geographies of the kind \"", kind, "\"",
      "; name it in the column kinds of one line of weighting_schemes.csv", call. = FALSE)
  }
  schemes[[serving]]
}
