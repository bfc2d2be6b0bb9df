# Agencies whose counts follow Return A, of which some respond; the last column is rare.
borrowing_world <- function(seed = 1, n = 400) {
  set.seed(seed)
  size <- round(exp(rnorm(n, 5, 1.2)))
  crimes <- c("murder", "rape", "robbery", "aggravated_assault", "burglary", "larceny", "vehicle_theft")
  parts <- t(vapply(size, function(total) rmultinom(1, total, c(1, 3, 8, 20, 30, 120, 40)), numeric(7)))
  colnames(parts) <- crimes
  covariates <- cbind(total = rowSums(parts), violent = rowSums(parts[, 1:4]), property = rowSums(parts[, 5:7]),
    parts)[, covariate_names]
  y <- cbind(rpois(n, 1.2 * covariates[, "violent"]), rpois(n, 0.3 * covariates[, "larceny"]),
    rpois(n, 0.2 * covariates[, "burglary"]), rpois(n, 0.0004 * size))
  list(y = y, covariates = covariates, responds = stats::runif(n) < 0.7)
}

# A year of which no month is filled and all Return A is that of the year: what estimates need to know of errors.
without_filled <- function(inputs, offenses) {
  nobody <- empty_donors(tolower(month.abb))
  n <- nrow(inputs$agencies)
  source <- data.table::data.table(srs_year = rep(2023L, n), srs_months = 12L, donor = NA_character_)
  c(inputs, list(year = 2023L, donors = nobody, masked = nobody, offenses = offenses,
    filled_offenses = cbind(part = character(), offenses[0, ]), source = source,
    earlier = list(covariates = inputs$covariates, source = source)))
}

nothing_filled <- function(cells) {
  stacked_parts(lapply(list(filled = 1, masked_filled = 2, masked_missed = 3), function(part) {
    count_matrix(data.table::data.table(ori = character()), cells$cell, integer(), integer(), numeric())
  }))
}

# A nation of one state of 400 agencies, of which Kent has parts; see borrowing_world().
borrowing_year <- function() {
  world <- borrowing_world(21)
  n <- nrow(world$y)
  agencies <- data.table::data.table(
    ori = sprintf("XX%07d", seq_len(n)), state = "NE", region = "Midwest", agency_type = "City",
    class = rep(1:4, length.out = n), population = 1000 + 40 * world$covariates[, "total"], respondent = world$responds,
    usable_months = 12L, hot_deck_group = 7L, male_officers = 8, female_officers = 2, national_group = 8L,
    super_group = 1L,
    state_stratum = 4L, msa_status = 1L
  )
  areas <- data.table::data.table(geography = "Kent", kind = "county", ori = agencies$ori[1:60],
    share = rep(c(1, 0.4), c(40, 20)))
  kinds <- rbind(geography_kinds(), list("county", "counties", NA, NA, NA, "yes", NA))
  scheme <- weighting_scheme("county", "county", required = "total", ladder = data.frame(upper = 10, lower_factor = 1))
  places <- geographies(agencies, areas, kinds)
  universe <- universe_status(agencies, data.table::data.table(state = "NE", kind = "simulated"), rep(TRUE, n), 2023L,
    areas = areas)
  weighed <- weigh_geographies(agencies, world$covariates, universe, places,
    c(weighting_schemes(), list(county = scheme)))
  c(weighed, list(world = world, agencies = agencies, universe = universe, geographies = places, kinds = kinds,
    areas = areas))
}

offenses_of_year <- function(year) {
  respondents <- which(year$agencies$respondent)
  data.table::data.table(ori = rep(year$agencies$ori[respondents], 2),
    offense_code = rep(c("13A", "23F"), each = length(respondents)),
    offenses = as.vector(year$world$y[respondents, 1:2]))
}
