# Geographies are rows of (agency, share); areas that no column tells are more such rows.

agencies_of_state <- function(n = 24) {
  set.seed(11)
  data.table::data.table(
    ori = sprintf("XX%07d", seq_len(n)), state = "NE", region = "Midwest", agency_type = "City", class = 4L,
    population = round(exp(rnorm(n, 9, 0.6))), respondent = rep(c(TRUE, TRUE, FALSE), length.out = n),
    male_officers = 8, female_officers = 2, national_group = 8L, super_group = 1L, state_stratum = 4L, msa_status = 1L
  )
}

crimes_of <- function(agencies) {
  set.seed(12)
  violent <- rpois(nrow(agencies), agencies$population / 300)
  property <- rpois(nrow(agencies), agencies$population / 60)
  found <- matrix(0, nrow(agencies), length(covariate_names), dimnames = list(NULL, covariate_names))
  found[, "violent"] <- found[, "aggravated_assault"] <- violent
  found[, "property"] <- found[, "larceny"] <- property
  found[, "total"] <- violent + property
  found
}

# What a new kind of geography takes: a line in each of two tables.
county_kind <- function() {
  rbind(geography_kinds(), list("county", "counties", NA, NA, NA, "no", NA))
}
county_scheme <- function() {
  scheme <- weighting_scheme("county", "county", required = c("violent", "property"),
    ladder = data.frame(upper = 10, lower_factor = 1))
  c(weighting_schemes(), list(county = scheme))
}

# Kent has twenty agencies; half of the first two, a respondent each, and a quarter of the third, which is silent.
kent <- function(agencies) {
  data.table::data.table(geography = "Kent", kind = "county", ori = agencies$ori[1:20],
    share = c(0.5, 0.5, 0.25, rep(1, 17)))
}

test_that("nation, region and state have all their agencies whole, types of agencies theirs", {
  agencies <- agencies_of_state(3)
  data.table::set(agencies, 2L, "agency_type", "Tribal")
  data.table::set(agencies, 3L, c("state", "region"), list("RI", "Northeast"))
  found <- geographies(agencies)
  expect_equal(unique(found$share), 1)
  expect_equal(split(found$ori, factor(found$geography, unique(found$geography))), list(
    US = agencies$ori, Midwest = agencies$ori[1:2], Northeast = agencies$ori[3], NE = agencies$ori[1:2],
    RI = agencies$ori[3], Tribal = agencies$ori[2]
  ))
  expect_equal(unique(found$kind), c("national", "region", "state", "tribal"))
})

test_that("a county with shares of agencies has the totals and errors of these shares", {
  logger::log_threshold("FATAL")
  agencies <- agencies_of_state()
  x <- crimes_of(agencies)
  places <- geographies(agencies, kent(agencies), county_kind())
  universe <- universe_status(agencies, data.table::data.table(state = "NE", kind = "simulated"), rep(TRUE, 24), 2023L,
    areas = kent(agencies))
  made <- weigh_geographies(agencies, x, universe, places, county_scheme())
  weights <- made$weights[which(made$weights$geography == "Kent"), ]
  respondents <- match(weights$ori, agencies$ori)
  share <- kent(agencies)$share
  expect_equal(unique(made$strata$method[made$strata$geography == "Kent"]), "calibrated")
  of_shares <- c("violent", "property")
  expect_equal(colSums(x[respondents, of_shares] * share[respondents] * weights$weight),
    colSums(x[1:20, of_shares] * share), tolerance = 1e-6)
  # The survey package, given the shares' Return A and offenses.
  offenses <- data.table::data.table(ori = agencies$ori[respondents], offense_code = "13A",
    offenses = rpois(length(respondents), x[respondents, "violent"] * 1.3))
  frame <- data.frame(x[respondents, of_shares] * share[respondents], y = offenses$offenses * share[respondents],
    N = 20)
  attempt <- made$attempts[which(made$attempts$geography == "Kent"), ][1, ]
  design <- survey::calibrate(survey::svydesign(~1, fpc = ~N, data = frame), ~ violent + property - 1,
    colSums(x[1:20, of_shares] * share), calfun = "logit", bounds = c(attempt$lower, attempt$upper), epsilon = 1e-10)
  expected <- survey::svytotal(~y, design)
  known <- estimated_places(places, made$weights, universe, agencies, x, county_kind())
  inputs <- list(geographies = places, places = known, agencies = agencies, weights = made$weights,
    strata = made$strata, covariates = x,
    estimators = data.table::data.table(geography = "Kent", estimator = "reference"))
  inputs <- without_filled(inputs, offenses)
  kent <- design_of("Kent", inputs, county_kind())
  cells <- table_cells()
  annual <- annual_cells(data.table::data.table(ori = offenses$ori, cell = "t_2a_1_1_2", number = offenses$offenses),
    agencies, cells)
  settings <- list(year = 2023L, correction = "none")
  by_code <- estimate_offense_codes(kent, offenses, settings, NULL, terms_of_codes(inputs, NULL))
  assault <- by_code[by_code$cell == "13A", ]
  expect_equal(c(assault$estimate, assault$standard_error), c(coef(expected), survey::SE(expected)),
    tolerance = 1e-6, ignore_attr = TRUE)
  expect_equal(assault$unweighted, sum(frame$y))
  by_cell <- estimate_cells(kent, annual, agencies$ori, cells, settings, NULL,
    terms_of_cells(nothing_filled(cells), cells, inputs, NULL))
  cell <- by_cell[by_cell$cell == "t_2a_1_1_2", ]
  expect_equal(c(cell$estimate, cell$standard_error), c(assault$estimate, assault$standard_error), tolerance = 1e-12)
  # Residents and officers are those of the shares too.
  known <- known[known$geography == "Kent", ]
  expect_equal(c(known$population, known$officers), c(sum(agencies$population[1:20] * share), 10 * sum(share)))
  expect_equal(c(known$agencies, known$respondents), c(20L, 14L))
})

test_that("halves of an agency in two counties add up to what it counts", {
  agencies <- agencies_of_state(4)
  areas <- data.table::data.table(geography = rep(c("Kent", "York"), each = 2), kind = "county",
    ori = agencies$ori[c(1, 2, 2, 3)], share = c(1, 0.3, 0.7, 1))
  places <- geographies(agencies, areas, county_kind())
  x <- crimes_of(agencies)
  parts <- lapply(c("Kent", "York"), geography_of, places, agencies, x)
  expect_equal(colSums(parts[[1]]$covariates) + colSums(parts[[2]]$covariates), colSums(x[1:3, ]))
  expect_equal(sum(parts[[1]]$agencies$population, parts[[2]]$agencies$population), sum(agencies$population[1:3]))
  # What is cut is a copy.
  expect_equal(agencies$population, agencies_of_state(4)$population)
})

test_that("a year is weighed with areas, which are what the states of their agencies are", {
  logger::log_threshold("FATAL")
  root <- tempfile()
  reference <- read_reference(reference_zip(root, c("AZ", "LA")))
  tabulated <- data.table::data.table(ori = rep(reference$agencies$ori[-c(4, 8)], each = 12), month = 1:12,
    offense_code = "120", offenses = 2L)
  areas <- data.table::data.table(geography = "Kent", kind = "county", ori = reference$agencies$ori[c(1, 2, 4, 5)],
    share = c(1, 1, 1, 0.5))
  made <- weigh_year(reference, tabulated, c("AZ", "LA"), 2016L, areas = areas, kinds = county_kind(),
    schemes = county_scheme())
  kent <- as.list(made$universe[made$universe$geography == "Kent", ])
  expect_equal(kent[c("basis", "agencies", "agency_residents", "states", "residents")],
    list(basis = "estimate", agencies = 4L, agency_residents = 17500, states = 2L, residents = NA_real_))
  expect_setequal(made$weights$ori[made$weights$geography == "Kent"], areas$ori[c(1, 2, 4)])
  expect_error(weigh_year(reference, tabulated, "AZ", 2016L, areas = rbind(areas, list("Kent", "county", "XX0000009",
    1)), kinds = county_kind(), schemes = county_scheme()), "XX0000009, which the reference extract of 2016 does not")
})

test_that("areas that cannot be meant are refused with geography and agency", {
  agencies <- agencies_of_state(4)
  area <- function(...) {
    given <- list(geography = "Kent", kind = "county", ori = agencies$ori[1:2], share = 0.5)
    changes <- list(...)
    given[names(changes)] <- changes
    geographies(agencies, data.table::as.data.table(given), county_kind())
  }
  expect_equal(nrow(area()), 4L * 3L + 2L)
  expect_error(area(share = c(0.5, 1.5)), "Kent, agency XX0000002: its share is 1.5")
  expect_error(area(share = c(0, 1)), "its share is 0; it has to be above 0")
  expect_error(area(share = NA_real_), "its share is NA")
  expect_error(area(ori = agencies$ori[c(1, 1)]), "twice; add its shares up")
  expect_error(area(kind = "village"), "village is not in geography_kinds.csv")
  expect_error(area(geography = "NE"), "another geography has that name")
  expect_error(geographies(agencies, data.table::data.table(geography = "Kent", ori = "XX0000001"), county_kind()),
    "lack the column kind")
  expect_error(area(ori = c("XX0000008", "XX0000009")), "the area Kent has no eligible agency")
  # One that is not eligible is not among the agencies, and drops out.
  expect_equal(nrow(area(ori = c("XX0000001", "XX0000008"))), 4L * 3L + 1L)
})
