estimates_by <- function(estimate, error = 0, degrees = NA_real_) {
  data.table::data.table(agency_group = "all agencies", cell = letters[seq_along(estimate)], estimate = estimate,
    standard_error = error, percentage = estimate / 10, percentage_error = error / 10, degrees_of_freedom = degrees)
}

test_that("several imputations are pooled as mice pools them", {
  values <- c(102, 97, 110, 91, 100)
  for (degrees in c(15, NA)) {
    by_imputation <- lapply(values, function(value) estimates_by(c(value, 50), c(6, 2), degrees))
    found <- with_imputation_error(by_imputation[[1]], by_imputation[-1])
    known <- mice::pool.scalar(values, rep(36, 5), n = if (is.na(degrees)) Inf else degrees + 1)
    expect_equal(found$estimate, c(known$qbar, 50))
    expect_equal(found$standard_error, c(sqrt(known$t), 2))
    expect_equal(found$imputation_error, c(sqrt((1 + 1 / 5) * known$b), 0))
    expect_equal(found$degrees_of_freedom, c(known$df, degrees))
    expect_equal(found$percentage_error, found$standard_error / 10)
    expect_equal(found$percentage_imputation_error, found$imputation_error / 10)
  }
})

test_that("a number that is known for certain has the error of its imputed items alone", {
  found <- with_imputation_error(estimates_by(c(10, 7)), list(estimates_by(c(14, 7))))
  expect_equal(found$standard_error, c(sqrt(1.5 * 8), 0))
  expect_equal(found$degrees_of_freedom, c(1, NA))
})

test_that("what further imputations do not have is as by the first", {
  found <- with_imputation_error(estimates_by(c(10, 7), 2), list(estimates_by(c(14, 8))[2, ]))
  expect_equal(found$estimate, c(10, 7.5))
  expect_equal(found$imputation_error, c(0, sqrt(1.5 * 0.5)))
})

test_that("a single number is pooled as one of many", {
  found <- with_imputation_error(estimates_by(10, 3), list(estimates_by(14), estimates_by(12)))
  expect_equal(found$estimate, 12)
  expect_equal(found$imputation_error, sqrt((1 + 1 / 3) * 4))
})

test_that("with one imputation there is nothing to say", {
  found <- with_imputation_error(estimates_by(10, 3), list())
  expect_equal(found[, c("estimate", "standard_error")], data.table::data.table(estimate = 10, standard_error = 3))
  expect_true(is.na(found$imputation_error))
})

estimates_of_state <- function(root) {
  found <- data.table::rbindlist(lapply(names(table_groups()), function(group) {
    read_stage_file(file.path(root, "pipeline", "estimates", sprintf("states-%s.csv", group)),
      "estimates/<group>-<tables>.csv")
  }))
  found[which(found$permutation == permutation_of("RI", "all agencies")), ]
}

# The full year by each of its imputations, as if it were the only one. The first is made anew over what three left.
years_by_imputation <- made_once(function() {
  lapply(1:3, function(number) {
    root <- copy_of_folder(full_year_done(), "/report/")
    settings <- settings_of(root, INPUT_STATE = "RI", GEOGRAPHY_GROUP = "states", TABLES = "all", IMPUTATIONS = "1")
    if (number == 1L) run_stage("impute_items", settings)
    for (file in list.files(file.path(root, "pipeline", "imputed", "RI"), full.names = TRUE)) {
      rows <- read_stage_file(file, sprintf("imputed/<ST>/%s", basename(file)))
      if (number == 1L || !"imputation" %in% names(rows)) next
      rows <- rows[which(rows$imputation == number), ]
      data.table::set(rows, NULL, "imputation", 1L)
      data.table::fwrite(rows, file)
    }
    for (stage in c("tabulate_state", "weight", "estimate")) run_stage(stage, settings)
    root
  })
})

test_that("tables of persons are means over the imputations, by the stages", {
  found <- estimates_of_state(full_year_done())
  of <- function(pattern) found[grep(pattern, found$cell), ]
  sexes <- of("^t_3a_3_1[567]_1$")
  total <- of("^t_3a_1_1_1$")
  expect_equal(sum(sexes$estimate), total$estimate)
  expect_equal(total$imputation_error, 0)
  ages <- of("^t_3a_2_[0-9]+_1$")
  expect_gt(max(ages$imputation_error), 0)
  expect_gt(max(ages$months_error), 0)
  expect_equal(ages$standard_error^2, ages$sampling_error^2 + ages$months_error^2 + ages$return_a_error^2 +
    ages$imputation_error^2)
  # Nothing stays of further imputations when there are none.
  once <- years_by_imputation()[[1]]
  expect_true(all(is.na(estimates_of_state(once)$imputation_error)))
  expect_gt(length(list.files(file.path(full_year_done(), "pipeline"), "-[23][.]rds$", recursive = TRUE)), 0L)
  expect_length(list.files(file.path(once, "pipeline"), "-[23][.]rds$", recursive = TRUE), 0L)
})

test_that("every cell that depends on imputed items has their error, whatever its table, and no other cell has", {
  found <- estimates_of_state(full_year_done())
  single <- lapply(years_by_imputation(), estimates_of_state)
  for (one in single) {
    expect_identical(one$cell, found$cell)
    expect_true(all(is.na(one$imputation_error)))
  }
  other_than_first <- function(column) {
    lapply(single[-1], function(one) (one[[column]] != single[[1]][[column]]) %in% TRUE)
  }
  differs <- which(Reduce(`|`, c(other_than_first("estimate"), other_than_first("percentage"))))
  expect_gt(sum(single[[1]]$standard_error[differs] > 0), 100)
  cells <- table_cells()
  asked <- imputed_cells(cells, table_definitions())
  expect_equal(setdiff(found$cell[differs], asked$cell), character())
  of_tables <- unique(cells$table[match(found$cell[differs], cells$cell)])
  expect_setequal(intersect(of_tables, c("1a", "2a", "3a", "4a", "5a", "DM7", "DM9", "DM10", "GV2a", "YT1", "YT2")),
    c("1a", "2a", "3a", "4a", "5a", "DM7", "DM9", "DM10", "GV2a", "YT1", "YT2"))
  # All that is told is what mice makes of three estimates and the first one's error.
  for (at in differs[match(of_tables, cells$table[match(found$cell[differs], cells$cell)])]) {
    cell <- found$cell[[at]]
    of <- function(column) vapply(single, function(one) one[[column]][[at]], 0)
    known <- mice::pool.scalar(of("estimate"), rep(of("standard_error")[[1]]^2, 3))
    expect_equal(unlist(found[at, c("estimate", "standard_error", "imputation_error")], use.names = FALSE),
      c(known$qbar, sqrt(known$t), sqrt((1 + 1 / 3) * known$b)), tolerance = 1e-10, label = cell)
    if (!is.na(of("percentage")[[1]])) {
      known <- mice::pool.scalar(of("percentage"), rep(of("percentage_error")[[1]]^2, 3))
      expect_equal(unlist(found[at, c("percentage", "percentage_error", "percentage_imputation_error")],
        use.names = FALSE), c(known$qbar, sqrt(known$t), sqrt((1 + 1 / 3) * known$b)), tolerance = 1e-10, label = cell)
    }
  }
  same <- setdiff(seq_along(found$cell), differs)
  numbers <- c("estimate", "standard_error", "percentage", "percentage_error", "degrees_of_freedom")
  expect_equal(found[same, numbers, with = FALSE], single[[1]][same, numbers, with = FALSE], tolerance = 1e-12)
  expect_equal(max(found$imputation_error[same]), 0)
})

test_that("estimates of groups of persons have the error of imputed items, too", {
  report <- report_of(full_year_done())
  # The same year with the persons of one imputation alone.
  with_one <- function(number) {
    copy <- copy_of_folder(report, "^indicator_tables/|^tables.csv$")
    persons <- file.path(copy, "persons")
    if (number > 1L) {
      file.copy(list.files(file.path(copy, persons_folder(number)), full.names = TRUE), persons, overwrite = TRUE)
    }
    zip_report(copy, file.path(tempfile(), "nibrs-estimates-2016.zip"), "^persons/imputation-")
  }
  zips <- lapply(1:3, with_one)
  zip <- full_zip_done()
  columns <- c("estimate", "estimate_standard_error")
  for (domain in c("female, 18-64", "non-Hispanic Black")) {
    asked <- function(zip) estimate_persons(zip, "3a", domain, "RI", rows = c(1, 15, 16, 67, 76), columns = c(1, 2))
    found <- asked(zip)
    single <- lapply(zips, asked)
    differs <- which(single[[1]]$estimate != single[[2]]$estimate)
    expect_gt(length(differs), 4L)
    for (at in differs) {
      known <- mice::pool.scalar(vapply(single, function(one) one$estimate[[at]], 0),
        rep(single[[1]]$estimate_standard_error[[at]]^2, 3))
      expect_equal(unlist(found[at, columns, with = FALSE], use.names = FALSE), c(known$qbar, sqrt(known$t)),
        tolerance = 1e-10)
    }
  }
  # What is published of everyone is the same.
  everyone <- estimate_persons(zip, "4a", "all", "RI", columns = 2)
  counts <- everyone[which(everyone$estimate_type == "count"), ]
  published <- estimates_of_state(full_year_done())
  at <- match(counts$der_variable_name, published$cell)
  expect_equal(counts$estimate, published$estimate[at])
  expect_gt(max(published$imputation_error[at]), 0)
  expect_equal(counts$estimate_standard_error, published$standard_error[at], tolerance = 1e-3)
})
