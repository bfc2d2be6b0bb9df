testthat::skip_if_not_installed("survey")
definitions <- table_definitions()
tables <- published_tables(definitions)
with_codes <- function(persons, codes) {
  which(vapply(strsplit(persons$types$codes, " "), function(own) any(codes %in% own), NA))
}

# Sixty agencies of two strata, calibrated to two covariates, of which the survey package knows the same.
surveyed <- with_seed(11L, {
  n <- 60L
  stratum <- rep(c("1", "2"), n / 2)
  x <- cbind(total = stats::rpois(n, 20) + 1, robbery = stats::rpois(n, 4))
  frame <- data.frame(x, stratum = stratum, fpc = 100L)
  calibrated <- survey::calibrate(survey::svydesign(~1, strata = ~stratum, fpc = ~fpc, data = frame),
    ~ 0 + stratum:total + stratum:robbery, as.vector(rowsum(x, stratum) * 1.1 * 100 / 30), calfun = "logit",
    bounds = c(0.3, 3), epsilon = 1e-12)
  list(n = n, x = x, calibrated = calibrated,
    design = data.table::data.table(stratum = stratum, N = 100L, n = 30L, weight = 1 / calibrated$prob),
    strata = data.table::data.table(stratum = c("1", "2"), method = "calibrated", covariates = "total robbery"))
})

# Their persons, of any age, sex, race and ethnicity, by the types of the example year.
surveyed_persons <- function(group, seed) {
  records <- with_group_b(read_state_records(file.path(example_year(), "downloads", "2016", "RI-2016.zip")))
  types <- person_counts(records, definitions, group)$types
  with_seed(seed, {
    atoms <- sort(sample(nrow(person_atoms(definitions)), 150L))
    counts <- data.table::CJ(row = seq_len(surveyed$n), type = seq_len(nrow(types)), atom = atoms)
    data.table::set(counts, NULL, "number", as.numeric(stats::rpois(nrow(counts), 0.02)))
    structure(list(group = group, rows = data.table::data.table(ori = sprintf("A%02d", seq_len(surveyed$n))),
      types = types, counts = counts[which(counts$number > 0), ]), class = "person_counts")
  })
}

# How many persons of some offenses and atoms each agency has, without a table.
own_counts <- function(persons, codes, inside) {
  counts <- persons$counts
  kept <- which(counts$type %in% with_codes(persons, codes) & inside[counts$atom] %in% TRUE)
  as.vector(tapply(counts$number[kept], factor(counts$row[kept], seq_len(surveyed$n)), sum, default = 0))
}

residents <- with_seed(3L, {
  groups <- data.table::CJ(permutation = 1L, age = age_cuts(definitions), sex = c("M", "F"), race = c("W", "B", "A"),
    ethnicity = c("H", "N"))
  cbind(groups, residents = sample(1000:9000, nrow(groups), replace = TRUE), residents_of_respondents = 500)
})
somewhere <- data.table::data.table(
  permutation = 1L, kind = "national", description = "Somewhere", weight_name = "NationalWgt", agencies = 200L,
  respondents = 60L, population = sum(residents$residents), population_of_respondents = 1e5, coverage = 0.5,
  tribal_coverage = 0.9, state_police_coverage = 0.9, other_coverage = 0.9, missing_over_10_percent = FALSE,
  basis = "estimate", officers = 1234, officers_of_respondents = 500
)

# What is published of counts, by variable and type of estimate.
published_of <- function(counts, cells, place) {
  found <- estimate_tables(counts, surveyed$design, surveyed$strata, surveyed$x,
    list("all agencies" = rep(TRUE, surveyed$n)), cells)
  rows <- with_bias(cbind(permutation = 1L, found), NULL, cells)
  shown <- tables
  shown$cells <- cells
  shown$labels <- tables$labels[match(cells$cell, tables$cells$cell), ]
  statistics <- tables$statistics[which(tables$statistics$cell %in% cells$cell), ]
  made <- published_rows(rows, release_flags(rows, place, cells), place, shown, 2016L, "none", statistics)
  function(variable, type) {
    at <- which(made$der_variable_name == variable & made$estimate_type == type)
    c(made$estimate[at], made$estimate_standard_error[at])
  }
}
total <- function(y, times = 1) {
  theirs <- survey::svytotal(~y, stats::update(surveyed$calibrated, y = y))
  times * c(unname(stats::coef(theirs)), as.vector(survey::SE(theirs)))
}
share <- function(y, of) {
  theirs <- survey::svyratio(~y, ~of, stats::update(surveyed$calibrated, y = y, of = of))
  100 * c(unname(stats::coef(theirs)), as.vector(survey::SE(theirs)))
}
people <- function(...) sum(residents$residents[which(...)])
as_survey <- function(found, theirs) expect_equal(found, theirs, tolerance = 1e-8)

test_that("counts, percentages and rates of victims and arrestees are those of the survey package", {
  atoms <- person_atoms(definitions)
  place <- with_residents_of_categories(somewhere, residents, definitions)
  asked <- list(
    list(group = "victims", table = "3a", rates = "3b"),
    list(group = "arrestees", table = "4a", rates = "4b"),
    list(group = "arrestees", table = "5a", rates = "5b")
  )
  for (one in asked) {
    cells <- tables$cells[which(tables$cells$table == one$table & tables$cells$column == 2L), ]
    persons <- surveyed_persons(one$group, 7L)
    if (one$table == "5a") data.table::set(persons$types, NULL, "code", persons$types$codes)
    found <- published_of(as_sparse(cells_of_persons(persons, cells, definitions)), cells, place)
    name <- function(row) cells$cell[which(cells$row == row)]
    y <- function(inside = rep(TRUE, nrow(atoms))) own_counts(persons, "13A", inside)
    women <- y(atoms$sex == "F")
    men <- y(atoms$sex == "M")
    as_survey(found(name(1), "count"), total(y()))
    as_survey(found(name(16), "count"), total(women))
    below <- if (one$table == "3a") y() else women + men
    as_survey(found(name(16), "percentage"), share(women, below))
    rates <- tables$statistics[which(tables$statistics$table == one$rates & tables$statistics$column == 2L), ]
    rate_of <- function(row) rates$variable[which(rates$cell == name(row))]
    as_survey(found(rate_of(16), "rate"), total(women, 1e5 / people(residents$sex == "F")))
    as_survey(found(rate_of(19), "rate"), total(y(atoms$race == "B"), 1e5 / people(residents$race == "B")))
  }
  # A part of a part: of victims under 18 those of 12 to 17 years; a percentage over another row.
  cells <- tables$cells[which(tables$cells$table == "3a" & tables$cells$column == 2L), ]
  persons <- surveyed_persons("victims", 8L)
  found <- published_of(as_sparse(cells_of_persons(persons, cells, definitions)), cells, place)
  young <- own_counts(persons, "13A", atoms$age %in% 12:17)
  as_survey(found("t_3a_13_85_2", "percentage"), share(young, own_counts(persons, "13A", rep(TRUE, nrow(atoms)))))
  as_survey(found("t_3a_13_87_2", "percentage"), share(own_counts(persons, "13A", atoms$age %in% 15:17), young))
  as_survey(found("t_3b_5_25_2", "rate"), total(young, 1e5 / people(residents$age %in% 12:17)))
})

test_that("assaulted officers are those of the survey package", {
  cells <- tables$cells[which(tables$cells$table == "LEOKA"), ]
  y <- with_seed(4L, matrix(stats::rpois(surveyed$n * 2L, 2), surveyed$n))
  counts <- Matrix::sparseMatrix(i = integer(), j = integer(), x = numeric(), dims = c(surveyed$n, nrow(cells)))
  counts[, match(c("t_LEOKA_1_1_1", "t_LEOKA_4_20_1", "t_LEOKA_4_21_1"), cells$cell)] <- cbind(rowSums(y), y)
  found <- published_of(counts, cells, somewhere)
  as_survey(found("t_LEOKA_1_1_1", "count"), total(rowSums(y)))
  as_survey(found("t_LEOKA_4_21_1", "percentage"), share(y[, 2], rowSums(y)))
  as_survey(found("t_LEOKA_1_2_1", "rate"), total(rowSums(y), 1e5 / 1234))
})

test_that("a group of persons has the estimates and errors of the survey package", {
  atoms <- person_atoms(definitions)
  group <- domain_of("female, non-Hispanic, under 18", definitions)
  inside <- atoms$sex %in% "F" & atoms$ethnicity %in% "N" & atoms$age %in% 0:17
  persons <- surveyed_persons("victims", 9L)
  cells <- tables$cells[which(tables$cells$table == "3a" & tables$cells$column == 2L), ]
  mine <- residents$sex == "F" & residents$ethnicity == "N" & residents$age < 18
  place <- domain_place(somewhere, residents, group, FALSE, definitions)
  counts <- as_sparse(cells_of_persons(persons, cells, definitions, which(in_group(atoms, group))))
  found <- published_of(counts, cells, place)
  y <- own_counts(persons, "13A", inside)
  black <- own_counts(persons, "13A", inside & atoms$race %in% "B")
  as_survey(found("t_3a_1_1_2", "count"), total(y))
  as_survey(found("t_3a_4_19_2", "percentage"), share(black, y))
  as_survey(found("t_3a_1_3_2", "rate"), total(y, 1e5 / people(mine)))
  as_survey(found(tables$statistics$variable[which(tables$statistics$table == "3b" & tables$statistics$cell ==
    "t_3a_4_19_2")], "rate"), total(black, 1e5 / people(mine & residents$race == "B")))
})
