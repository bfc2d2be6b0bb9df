# Areas below states: pieces of agencies by county, judicial districts, field offices.

counties_of <- function(...) {
  rows <- data.table::data.table(ori = c("XX0000001", "XX0000001", "XX0000002", "XX0000003"),
    county = c("1", "2", "2", "3"), county_name = c("Kent", "York", "York", "Hull"), county_fips = NA,
    county_known = "Y", metropolitan = c("Y", "N", "N", "Y"), metro_division = "x", msa = c("10100", NA, NA, "10100"),
    msa_name = c("Kent, NE", NA, NA, "Kent, NE"), core_city = c("Y", "Y", "N", "N"), population = c(300, 100, 900, 50),
    judicial_district = c("031", "031", "031", NA), field_office = NA_character_, field_office_name = NA_character_)
  changes <- list(...)
  for (name in names(changes)) data.table::set(rows, NULL, name, changes[[name]])
  rows
}
three <- data.table::data.table(ori = sprintf("XX%07d", 1:3), state_name = "Nebraska")

test_that("an agency lies in an area with the share of its residents there, in a district whole", {
  found <- areas_of(counties_of(), three)
  expect_equal(found[found$kind == "msa", c("geography", "ori", "share", "description", "core_city")],
    data.table::data.table(geography = "MSA 10100", ori = c("XX0000001", "XX0000003"), share = c(0.75, 1),
      description = "Kent, NE", core_city = c(TRUE, FALSE)))
  expect_equal(found[found$kind == "judicial_district", c("geography", "ori", "share", "description")],
    data.table::data.table(geography = "JD 031", ori = c("XX0000001", "XX0000002"), share = 1,
      description = "Judicial district 031, Nebraska"))
  expect_equal(nrow(found), 4L)
  # Without residents the counties have equal parts; two counties of one area add up.
  nobody <- areas_of(counties_of(population = c(0, NA, 900, 50)), three)
  expect_equal(nobody$share[nobody$kind == "msa"], c(0.5, 1))
  both <- areas_of(counties_of(metropolitan = "Y", msa = "10100"), three)
  expect_equal(both$share[both$kind == "msa"], c(1, 1, 1))
  # A piece without residents of an agency that has some elsewhere is none.
  none <- areas_of(counties_of(population = c(0, 400, 900, 50)), three)
  expect_equal(none$ori[none$kind == "msa"], "XX0000003")
  # Who is not eligible is in no area, and decides about no share.
  expect_equal(unique(areas_of(counties_of(), three[2, ])$ori), "XX0000002")
  offices <- areas_of(counties_of(field_office = c("07", "07", NA, "08"), field_office_name = c("Omaha", "Omaha", NA,
    NA)), three)
  expect_equal(offices[offices$kind == "field_office", c("geography", "description")], data.table::data.table(
    geography = c("FO 07", "FO 08"), description = c("Field office Omaha", "Field office 08")))
})

test_that("pieces of an agency add up to it", {
  set.seed(3)
  ori <- rep(sprintf("XX%07d", 1:40), times = sample(4, 40, TRUE))
  rows <- data.table::data.table(ori = ori, county = seq_along(ori), county_name = "x", county_fips = NA,
    county_known = "Y", metropolitan = "Y", metro_division = "x", msa = as.character(10000 + seq_along(ori) %% 7),
    msa_name = "x", core_city = "N", population = rpois(length(ori), 2) * 1000, judicial_district = NA_character_,
    field_office = NA_character_, field_office_name = NA_character_)
  found <- areas_of(rows, data.table::data.table(ori = unique(ori), state_name = "Nebraska"))
  expect_equal(unname(tapply(found$share, found$ori, sum)), rep(1, 40), ignore_attr = TRUE)
  expect_gt(min(found$share), 0)
})

test_that("a county that no reference table knows is refused by name", {
  expect_error(areas_of(counties_of(county_known = c("Y", "N", "N", "Y")), three), paste("the county 2 \\(York\\) of",
    "the agency XX0000001 is not in the reference tables .*; neither are those of 1 other rows; complete"))
  expect_error(areas_of(counties_of(msa = NA_character_), three), "county 1 of the agency XX0000001 is metropolitan")
})

test_that("areas are numbered within the ranges of their kinds, and go on where these end", {
  areas <- data.table::data.table(geography = sprintf("%s %03d", rep(c("JD", "FO"), c(92, 2)), 1:94),
    kind = rep(c("judicial_district", "field_office"), c(92, 2)), description = "x")
  expect_equal(numbered_areas(rbind(areas, areas))$permutation, c(493:582, 710:711, 583:584))
  many <- data.table::data.table(geography = sprintf("FO %03d", 1:400), kind = "field_office", description = "x")
  expect_error(numbered_areas(many), "400 areas are more than there are numbers for")
})

test_that("groups of which too little is known are weighted as one, but for agencies that stand for themselves", {
  agencies <- data.table::data.table(ori = sprintf("XX%07d", 1:12), state = "XX", population = rep(c(9000, 0), c(8, 4)),
    area_stratum = rep(1:2, c(8, 4)), respondent = rep(c(TRUE, FALSE, TRUE, FALSE), c(6, 2, 1, 3)))
  covariates <- matrix(0, 12, length(covariate_names), dimnames = list(NULL, covariate_names))
  covariates[, c("total", "property", "larceny")] <- c(rep(50, 8), 10, 30, 30, 30)
  scheme <- function(...) {
    weighting_scheme("x", "x", grouping = "area_stratum", required = "total",
      ladder = data.frame(upper = 10, lower_factor = 1), ...)
  }
  strata <- function(...) weights_of(agencies, covariates, scheme(...))$strata$stratum
  expect_equal(strata(), c("1", "2"))
  expect_equal(strata(least_covered = 0.2), "all")
  expect_equal(strata(least_covered = 0.05), c("1", "2"))
  covariates[1, ] <- 5000
  expect_equal(strata(least_covered = 0.2, self_representing = 5), c("all", "self-representing"))
  expect_error(scheme(least_covered = 1), "least_covered is 1; it has to be at least 0 and below 1")
})

test_that("areas go through the stages into files of their own, and leave the others as they are", {
  logger::log_threshold("FATAL")
  root <- full_year_done()
  folder <- report_of(root)
  read <- function(...) data.table::fread(file.path(folder, ...))
  areas <- read("areas", "areas.csv")
  expect_equal(areas$geography, c("MSA 39300", "JD 038", "FO 07"))
  expect_equal(areas$permutation, c(109L, 493L, 583L))
  offenses <- read("areas", "offenses.csv")
  states <- read("offenses.csv")
  expect_equal(unique(states$geography), c("US", "Northeast", "RI"))
  # A judicial district that is a whole state has the state's numbers.
  of <- function(rows, place) rows[rows$geography == place, -"geography"]
  expect_equal(of(offenses, "JD 038"), of(states, "RI"))
  tables <- read("areas", "tables.csv")
  state_tables <- read("tables.csv")
  numbers <- c("der_variable_name", "estimate", "standard_error", "percentage", "percentage_error")
  ri <- state_tables[PERMUTATION_NUMBER == 95 & der_variable_name %in% tables$der_variable_name, numbers, with = FALSE]
  expect_gt(nrow(ri), 500)
  of_district <- tables[PERMUTATION_NUMBER == 493, numbers, with = FALSE]
  expect_equal(of_district[order(der_variable_name), ], ri[order(der_variable_name), ])
  of_persons <- "^t_(3a|3aclear|3aunclear|4a|5a|DM1|GV2a|YT1)_"
  expect_gt(sum(grepl(of_persons, of_district$der_variable_name)), 500)
  # Rates too, those over residents of a row's own group among them.
  rates <- read("areas", "rates.csv")
  ri_rates <- data.table::rbindlist(lapply(c("3a", "3b", "3bclear", "4b", "5b", "2a", "LEOKA"), function(table) {
    read("indicator_tables", "State", "Rhode_Island", sprintf("Indicator_Tables_95_%s.csv", table))
  }))[estimate_type_num == 3, ]
  of_district <- rates[PERMUTATION_NUMBER == 493, ]
  at <- match(of_district$der_variable_name, ri_rates$der_variable_name)
  of_these <- grepl("^t_(3a|3b|3bclear|4b|5b|2a|LEOKA)_", of_district$der_variable_name)
  expect_equal(is.na(at), !of_these)
  expect_gt(sum(grepl("^t_3b_(2|4|10)_", of_district$der_variable_name) & of_district$rate > 0), 50)
  columns <- c(rate = "estimate", rate_standard_error = "estimate_standard_error", lower_95 = "estimate_lower_bound",
    upper_95 = "estimate_upper_bound", suppression_flag = "suppression_flag_indicator")
  for (column in names(columns)) {
    expect_equal(of_district[[column]][of_these], ri_rates[[columns[[column]]]][at[of_these]], label = column)
  }
  # No rate that the state has is missing, but those that are 0.
  positive <- ri_rates$der_variable_name[which(ri_rates$estimate > 0)]
  expect_gt(length(positive), 500)
  expect_equal(setdiff(positive, of_district$der_variable_name), character())
  # All eight agencies of the metropolitan area respond: their plain sum, three quarters of the first town's.
  months <- data.table::fread(file.path(folder, "..", "weights", "offenses.csv"))
  members <- read("areas", "agencies.csv")
  members <- members[geography == "MSA 39300", ]
  expect_equal(members$share[[1]], 0.75)
  assaults <- months[offense_code == "13A", ]
  expect_equal(offenses[geography == "MSA 39300" & cell == "13A", estimate],
    sum(members$share * assaults$offenses[match(members$ori, assaults$ori)], na.rm = TRUE))
  # Victims and arrestees by the same shares, and rates over such residents: women of three quarters of the first town.
  first <- file.path(root, "pipeline", "annual", "victims", "cells.rds")
  women <- mean(vapply(c(first, further_imputations(first)), function(path) {
    annual <- read_count_matrix(path, "weight")
    counted <- as_sparse(annual)[match(members$ori, annual$rows$ori), match("t_3a_3_16_18", annual$cells)]
    sum(counted * members$share, na.rm = TRUE)
  }, 0))
  expect_equal(tables[PERMUTATION_NUMBER == 109 & der_variable_name == "t_3a_3_16_18", estimate], women)
  agencies <- data.table::fread(file.path(folder, "weights", "agencies.csv"))
  female <- residents_of_towns(data.table::data.table(agency_id = agencies$ori, population = agencies$population))
  female <- female[female$sex == "F", ]
  residents <- rowSums(female[, grep("^age_", names(female)), with = FALSE])
  residents <- sum(residents * members$share[match(female$agency_id, members$ori)], na.rm = TRUE)
  rate_of_women <- rates[PERMUTATION_NUMBER == 109 & der_variable_name == "t_3b_3_16_18", ]
  expect_gt(women, 10)
  expect_equal(rate_of_women$population, residents)
  expect_equal(rate_of_women$rate, 1e5 * women / residents)
  # Groups of persons of areas, from the zip: the district's are the state's, and women of the area are a row of all.
  zip <- full_zip_done()
  asked <- function(...) estimate_persons(zip, "3b", "female, 18+", ..., rows = c(1, 3, 27), columns = 17:18)
  district <- asked("JD 038")
  expect_equal(district$analysis_weight_name, rep("JDWgt", nrow(district)))
  of_place <- c("estimate_geographic_location", "analysis_weight_name", "PERMUTATION_NUMBER")
  expect_gt(sum(district$estimate > 0, na.rm = TRUE), 1)
  expect_equal(district[, -of_place, with = FALSE], asked("RI")[, -of_place, with = FALSE])
  of_area <- estimate_persons(zip, "3b", "female", "MSA 39300", rows = c(1, 3), columns = 18)
  expect_equal(of_area$estimate, c(women, rate_of_women$rate))
  expect_equal(of_area$suppression_flag_indicator, c(0, 0))
  expect_error(asked("MSA 1"), "there are no estimates of MSA 1, all agencies; see geographies.csv, or areas/areas.csv")
  # Without areas the other files are the same, and there are none of areas.
  same <- c("tables.csv", "geographies.csv", "offenses.csv")
  of <- function(folder) unname(tools::md5sum(file.path(folder, same)))
  expect_true(dir.exists(file.path(report_of(silent_city_done()), "areas")))
  expect_equal(of(report_of(year_again_done())), of(report_of(silent_city_done())))
  expect_false(dir.exists(file.path(year_again_done(), "pipeline", "weights", "areas")))
  expect_false(dir.exists(file.path(report_of(year_again_done()), "areas")))
})

test_that("an area says why nothing of it is for release, or that everything is", {
  area <- function(...) {
    usual <- list(kind = "msa", basis = "estimate", no_estimate = FALSE, silent = FALSE, covered = FALSE,
      withheld = FALSE, missing_over_10_percent = FALSE, missing_principal_city = FALSE)
    unlist(release_of_places(data.table::as.data.table(utils::modifyList(usual, list(...)))))
  }
  expect_equal(area(), c("cell by cell", "what is certain enough by itself"))
  expect_equal(area(covered = TRUE)[[1]], "everything")
  expect_equal(area(basis = "residents", no_estimate = TRUE, covered = TRUE),
    c("nothing", "no estimate: respondents are raised by residents for want of Return A"))
  expect_equal(area(basis = "counts", no_estimate = TRUE),
    c("nothing", "no estimate: the respondents' own numbers, nothing added for others"))
  expect_equal(area(silent = TRUE, missing_principal_city = TRUE, covered = TRUE)[[2]],
    "an agency that serves a principal city is silent")
  expect_equal(area(silent = TRUE, missing_over_10_percent = TRUE)[[2]],
    "a silent agency has more than a tenth of the residents")
  expect_equal(area(withheld = TRUE), c("nothing", "most totals are too uncertain"))
})

test_that("an area whose principal city is silent is withheld, and says so", {
  logger::log_threshold("FATAL")
  folder <- report_of(silent_city_done())
  area <- data.table::fread(file.path(folder, "areas", "areas.csv"))[kind == "msa", ]
  expect_equal(area$release, "nothing")
  expect_equal(area$release_reason, "an agency that serves a principal city is silent")
  # Nobody has more than a tenth of the residents and is silent, and 84 % are covered: a district would be released.
  expect_false(area$missing_over_10_percent)
  offenses <- data.table::fread(file.path(folder, "areas", "offenses.csv"))
  expect_equal(unique(offenses[geography == "MSA 39300", suppression_flag]), 1L)
  expect_equal(unique(offenses[geography == "JD 038", suppression_flag]), 0L)
  # The area is the whole state, in two counties or not: its numbers are the state's.
  numbers <- c("cell", "estimate", "standard_error", "lower_95", "upper_95", "rate_per_100000")
  state <- data.table::fread(file.path(folder, "offenses.csv"))[geography == "RI", numbers, with = FALSE]
  expect_equal(offenses[geography == "MSA 39300", numbers, with = FALSE], state)
  page <- paste(readLines(file.path(folder, "areas", "areas.html"), encoding = "UTF-8"), collapse = "\n")
  expect_false(grepl("{{", page, fixed = TRUE))
  area <- regmatches(page, regexpr("(?s)<details id=\"MSA-39300\">.*?</details>", page, perl = TRUE))
  expect_match(area, "For release: nothing (an agency that serves a principal city is silent).", fixed = TRUE)
  expect_match(area, "12 of 16 agencies respond", fixed = TRUE)
  expect_match(area, "<li>Town 4 (principal city): 22,000 residents; Return A complete</li>", fixed = TRUE)
  expect_match(area, sprintf("<td>Violent Crime</td><td>%s \\(.*?\\)\\*</td>",
    count(state$estimate[state$cell == "violent"])), perl = TRUE)
  beside <- paste(readLines(file.path(folder, "beside_zip", "areas.html"), encoding = "UTF-8"), collapse = "\n")
  expect_match(beside, "<a href=\"report.html\">", fixed = TRUE)
  expect_match(paste(readLines(file.path(folder, "report.html")), collapse = "\n"), "href=\"areas/areas.html\"",
    fixed = TRUE)
})

# Kent and the rest of a state of 400 agencies, of which twenty lie in both; see borrowing_year().
kent_year <- function(respond) {
  world <- borrowing_world(21)
  n <- nrow(world$y)
  agencies <- data.table::data.table(
    ori = sprintf("XX%07d", seq_len(n)), state = "NE", region = "Midwest", agency_type = "City",
    class = rep(1:4, length.out = n), population = 1000 + 40 * world$covariates[, "total"],
    respondent = respond(world), usable_months = 12L, hot_deck_group = 7L, male_officers = 8, female_officers = 2,
    national_group = 8L, super_group = 1L, state_stratum = 4L, area_stratum = 1L, msa_status = 1L)
  areas <- data.table::data.table(geography = rep(c("MSA 1", "MSA 2"), c(60, 360)), kind = "msa",
    ori = agencies$ori[c(1:60, 41:400)], share = rep(c(1, 0.4, 0.6, 1), c(40, 20, 20, 340)))
  places <- geographies(agencies, areas)
  universe <- universe_status(agencies, data.table::data.table(state = "NE", kind = "simulated"), rep(TRUE, n), 2023L,
    areas = areas)
  list(world = world, agencies = agencies, areas = areas, places = places, weighed = weigh_geographies(agencies,
    world$covariates, universe, places, weighting_schemes()))
}

test_that("in a census every area has exactly what its shares of agencies counted, and areas add up", {
  logger::log_threshold("FATAL")
  made <- kent_year(function(world) rep(TRUE, nrow(world$y)))
  model <- model_of_respondents(made$world$y, made$agencies, made$world$covariates)
  estimates <- lapply(c("MSA 1", "MSA 2", "NE"), function(name) {
    place <- geography_of(name, made$places, made$agencies, made$world$covariates)
    weights <- made$weighed$weights[made$weighed$weights$geography == name, ]
    do.call(model_assisted_estimates, c(list(model$model), assisted_domain(place, weights, model$rows)))
  })
  inside <- made$areas[made$areas$geography == "MSA 1", ]
  rows <- match(inside$ori, made$agencies$ori)
  expect_equal(estimates[[1]]$estimate, colSums(made$world$y[rows, ] * inside$share), tolerance = 1e-12)
  expect_equal(estimates[[1]]$standard_error, rep(0, 4))
  expect_equal(estimates[[1]]$estimate + estimates[[2]]$estimate, estimates[[3]]$estimate, tolerance = 1e-12)
})

# What an area is estimated with: its agencies, their weights and strata.
area_of <- function(made, name) {
  of_area <- function(table) table[table$geography == name, ]
  list(place = geography_of(name, made$places, made$agencies, made$world$covariates),
    weights = of_area(made$weighed$weights), strata = of_area(made$weighed$strata))
}

test_that("errors of an area with shares of agencies are those of the survey package", {
  logger::log_threshold("FATAL")
  made <- kent_year(function(world) world$responds)
  area <- area_of(made, "MSA 1")
  place <- area$place
  weights <- area$weights
  strata <- area$strata
  expect_equal(strata$method, "calibrated")
  respondents <- match(weights$ori, place$agencies$ori)
  covariates <- place$covariates[respondents, , drop = FALSE]
  y <- made$world$y[place$rows[respondents], 1:3] * place$share[respondents]
  ours <- linearised_estimates(y, with_ratios(weights, strata, covariates),
    covariates_used(weights, strata, covariates), correction = "none", size = covariates[, "total"])
  # The same weights, whose errors are those of residuals on what they were calibrated to, weighted by the design's.
  used <- strsplit(strata$covariates, " ")[[1]]
  design <- survey::svydesign(~1, fpc = ~N, data = data.frame(covariates, N = 60))
  residual <- apply(y, 2, function(one) stats::resid(stats::lm(one ~ covariates[, used] - 1)))
  expected <- sqrt(diag(survey::svyrecvar(residual * weights$weight, data.frame(seq_along(respondents)),
    data.frame(rep(1, length(respondents))), design$fpc)))
  expect_equal(ours$estimate, colSums(y * weights$weight), tolerance = 1e-12, ignore_attr = TRUE)
  expect_equal(ours$standard_error, expected, tolerance = 1e-8, ignore_attr = TRUE)
})

test_that("percentages of persons in an area with shares of agencies have the errors of the survey package", {
  logger::log_threshold("FATAL")
  made <- kent_year(function(world) world$responds)
  area <- area_of(made, "MSA 1")
  place <- area$place
  weights <- area$weights
  strata <- area$strata
  respondents <- match(weights$ori, place$agencies$ori)
  covariates <- place$covariates[respondents, , drop = FALSE]
  # Victims of the first column by sex, a part of each agency's.
  cells <- table_cells()
  cells <- cells[which(cells$table == "3a" & cells$column == 1L & cells$row %in% c(1L, 15:17)), ]
  victims <- round(made$world$y[place$rows[respondents], 1])
  men <- with_seed(5L, stats::rbinom(length(victims), victims, 0.6))
  y <- cbind(victims, men, victims - men, 0) * place$share[respondents]
  colnames(y) <- cells$cell
  ours <- estimate_tables(methods::as(y, "CsparseMatrix"), weights, strata, covariates,
    list("all agencies" = rep(TRUE, length(respondents))), cells)
  used <- strsplit(strata$covariates, " ")[[1]]
  design <- survey::svydesign(~1, fpc = ~N, data = data.frame(covariates, N = 60))
  share <- sum(y[, 2] * weights$weight) / sum(y[, 1] * weights$weight)
  linearised <- (y[, 2] - share * y[, 1]) / sum(y[, 1] * weights$weight)
  residual <- stats::resid(stats::lm(linearised ~ covariates[, used] - 1)) * weights$weight
  expected <- sqrt(survey::svyrecvar(as.matrix(residual), data.frame(seq_along(respondents)),
    data.frame(rep(1, length(respondents))), design$fpc))
  expect_equal(ours$percentage[[2]], 100 * share, tolerance = 1e-10)
  expect_equal(ours$percentage_error[[2]], 100 * as.numeric(expected), tolerance = 1e-8)
  expect_gt(ours$percentage_error[[2]], 0)
})

test_that("an extract without areas is refused if they are asked for", {
  logger::log_threshold("FATAL")
  refused <- function(change, fault) expect_error(count_areas(year_of_towns(change)), fault)
  refused(function(counties) counties[0, ], "AREAS is \"all\", but the reference extract of 2016 has no")
  refused(function(counties) {
    data.table::set(counties, 3L, "county_known", "N")
    counties
  }, "is not in the reference tables")
})

test_that("an area has the cells that anybody counts, by any of the imputations, or may have", {
  cells <- data.table::data.table(cell = c("first", "none", "counted", "further", "may be", "below"),
    total = c(TRUE, rep(FALSE, 5)))
  rows <- data.table::data.table(cell = cells$cell, agency_counts = c(0L, 0L, 1L, 0L, 0L, 0L),
    clipped = c(rep(FALSE, 5), TRUE), estimate = c(0, 0.2, 0.2, 0.3, 0.5, 0), imputation_error = c(0, 0, 0, 0.5, 0, 0))
  expect_equal(cells$cell[is_something(rows, cells)], c("first", "counted", "further", "may be", "below"))
  # By one imputation there is no error of it.
  data.table::set(rows, NULL, "imputation_error", NA_real_)
  expect_equal(cells$cell[is_something(rows, cells)], c("first", "counted", "may be", "below"))
})
