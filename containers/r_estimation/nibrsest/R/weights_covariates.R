#' Annual crimes by Return A, for every agency of the universe
#'
#' Of each agency the latest year, of the data year and the four before, in which it reported at least three
#' months; counts of fewer than twelve months are brought to twelve, those of an earlier year to the data year, by how
#' much each crime has changed since where agencies reported twelve months of both. An agency without such a year takes
#' the counts of one that reported twelve months and is drawn at random from its group of like size.
#'
#' @param agencies A data.table with `ori` and `hot_deck_group`.
#' @param return_a A data.table: `ori`, `year`, `line`, `count` (of the year).
#' @param months A data.table: `ori`, `year`, `months` (reported by Return A, 1 to 12).
#' @param year The data year.
#' @param of The year whose crimes are meant, where that is another than the one up to which Return A is looked for.
#' @param rule Counts of an earlier year follow the `trend`, or stand for the data year as they are, as the
#'   `reference` has it.
#' @return A list: `covariates`, a matrix with a row per agency and the columns `total`, `violent`, `property`,
#'   `murder`, `rape`, `aggravated_assault`, `burglary`, `robbery`, `larceny`, `vehicle_theft`; and `source`, a
#'   data.table of `ori`, `srs_year`, `srs_months`, `donor` (ORI of the agency drawn, if one was). Without any
#'   Return A the matrix is 0.
#' @references METHOD, section 5.3, but for the trend.
#' @examples
#' agencies <- data.table::data.table(ori = c("XX0000001", "XX0000002"), hot_deck_group = 7L)
#' return_a <- data.table::data.table(ori = "XX0000001", year = 2016L, line = "larceny", count = 30)
#' months <- data.table::data.table(ori = "XX0000001", year = 2016L, months = 12L)
#' srs_covariates(agencies, return_a, months, 2016L)
#' @export
srs_covariates <- function(agencies, return_a, months, year, of = year, rule = "trend") {
  # Outside of `[`, where columns would hide what has their names.
  recent <- which(months$year <= year & months$year > year - constant("return_a_years") &
    months$months >= constant("return_a_months"))
  recent <- recent[order(-months$year[recent])]
  latest_rows <- recent[match(agencies$ori, months$ori[recent])]
  latest <- list(year = months$year[latest_rows], months = months$months[latest_rows])
  crimes <- crimes_of_lines(return_a)
  names <- c("murder", "manslaughter", "rape", "robbery", "aggravated_assault", "burglary", "larceny", "vehicle_theft")
  key <- paste(agencies$ori, latest$year)
  counts <- matrix(0, nrow(agencies), length(names), dimnames = list(NULL, names))
  places <- cbind(match(paste(crimes$ori, crimes$year), key), match(crimes$crime, names))
  known <- which(!is.na(places[, 1]) & !is.na(places[, 2]))
  counts[places[known, , drop = FALSE]] <- crimes$count[known]
  counts <- counts * 12 / latest$months
  if (rule == "trend") {
    counts <- counts * trends_of_return_a(crimes, months, latest$year, of, names)
  }
  donor <- draw_full_reporters(agencies, latest$months, year)
  without <- is.na(latest$months)
  counts[without, ] <- counts[donor[without], ]
  counts[is.na(counts)] <- 0
  violent <- rowSums(counts[, c("murder", "manslaughter", "rape", "robbery", "aggravated_assault"), drop = FALSE])
  property <- rowSums(counts[, c("burglary", "larceny", "vehicle_theft"), drop = FALSE])
  list(
    covariates = cbind(total = violent + property, violent = violent, property = property,
      counts)[, covariate_names, drop = FALSE],
    source = data.table::data.table(ori = agencies$ori, srs_year = latest$year, srs_months = latest$months,
      donor = ifelse(without, agencies$ori[donor], NA_character_))
  )
}

#' How much each crime has changed between years, by agencies with twelve months of Return A in both
#'
#' @param crimes See `crimes_of_lines()`.
#' @param from,to Years: one for each agency whose counts are brought to another year, and that year.
#' @param names Crimes.
#' @return A matrix of factors, a row for each of `from`; 1 where fewer than `trend_crimes` crimes tell.
#' @noRd
trends_of_return_a <- function(crimes, months, from, to, names) {
  complete <- which(months$months == 12L)
  complete <- split(months$ori[complete], months$year[complete])
  counted <- function(year, agencies) {
    mine <- which(crimes$year == year & crimes$ori %in% agencies)
    as.numeric(tapply(crimes$count[mine], factor(crimes$crime[mine], names), sum, default = 0))
  }
  factors <- matrix(1, length(from), length(names))
  for (year in setdiff(from, c(to, NA))) {
    both <- intersect(complete[[as.character(year)]], complete[[as.character(to)]])
    then <- counted(year, both)
    now <- counted(to, both)
    trend <- ifelse(pmin(then, now) >= constant("trend_crimes"), now / then, 1)
    rows <- which(from == year)
    factors[rows, ] <- rep(trend, each = length(rows))
  }
  factors
}

#' Counts by crime instead of by line of Return A
#' @noRd
crimes_of_lines <- function(return_a) {
  known <- package_table("return_a_lines.csv")
  strange <- setdiff(unique(return_a$line), known$line)
  if (length(strange) > 0L) {
    stop("Return A has the line ", strange[[1]], ", which return_a_lines.csv does not know; ",
      "say there which crime it counts", call. = FALSE)
  }
  by_crime <- data.table::data.table(
    ori = return_a$ori, year = return_a$year, crime = known$crime[match(return_a$line, known$line)],
    count = return_a$count
  )
  by_crime[, list(count = sum(count)), by = c("ori", "year", "crime")]
}

#' For every agency the place of one that reported twelve months, drawn from its group; missing where there is none
#'
#' The draw depends on the year and on the agencies only, not on their order.
#' @noRd
draw_full_reporters <- function(agencies, months, year) {
  order <- order(agencies$ori)
  full <- order[months[order] %in% 12L]
  drawn <- rep(NA_integer_, nrow(agencies))
  if (length(full) == 0L) {
    return(drawn)
  }
  share <- with_seed(year, stats::runif(nrow(agencies)))
  full_of_group <- split(full, agencies$hot_deck_group[full])
  in_order <- seq_along(order)
  for (places in split(in_order, agencies$hot_deck_group[order])) {
    group <- as.character(agencies$hot_deck_group[order[places[[1]]]])
    alike <- full_of_group[[group]]
    pool <- if (is.null(alike)) full else alike
    drawn[order[places]] <- pool[1L + floor(share[places] * length(pool))]
  }
  drawn
}

#' Evaluate with random numbers of one's own, and leave the session's as they were
#' @noRd
with_seed <- function(seed, expression) {
  before <- get0(".Random.seed", envir = globalenv(), inherits = FALSE)
  on.exit(if (is.null(before)) rm(".Random.seed", envir = globalenv()) else
    assign(".Random.seed", before, envir = globalenv()))
  set.seed(seed, kind = "Mersenne-Twister", normal.kind = "Inversion", sample.kind = "Rejection")
  expression
}
