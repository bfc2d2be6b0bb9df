read_of <- function(folder, ...) data.table::fread(file.path(folder, ...), integer64 = "double")

test_that("the bias goes from its stage into tables, limits and flags", {
  # Four of sixteen agencies are silent.
  root <- silent_city_done()
  folder <- file.path(root, "pipeline")
  found <- read_of(folder, "bias", "crimes.csv")
  state <- permutations()[which(geography == "RI"), ]$permutation
  mine <- found[which(found$permutation == state), ]
  of <- function(cell) mine$imputed[match(cell, mine$cell)]
  # Columns of sums and sections that are complete add up; what agencies are is known.
  expect_gt(of("t_2b_1_1_14"), 0)
  expect_equal(of("t_2b_1_1_14"), of("t_2b_1_1_4") + of("t_2b_1_1_10") + of("t_2b_1_1_11"))
  expect_equal(of("t_2b_11_53_14") + of("t_2b_11_54_14"), of("t_2b_1_1_14"))
  expect_equal(of("t_2b_10_46_14"), of("t_2b_1_1_14"))
  tables <- read_of(folder, "report", "tables.csv")
  row <- as.list(tables[which(tables$PERMUTATION_NUMBER == state & tables$der_variable_name == "t_2b_1_1_14"), ])
  expect_equal(row$bias, row$estimate - mine$full_count[mine$cell == "t_2b_1_1_14"])
  expect_equal(row$rmse, sqrt(row$standard_error^2 + row$bias^2))
  state_folder <- list.files(file.path(folder, "report", "indicator_tables"), sprintf("_%d_2b[.]csv$", state),
    recursive = TRUE, full.names = TRUE)
  published <- data.table::fread(state_folder)
  count <- as.list(published[which(der_variable_name == "t_2b_1_1_14" & estimate_type == "count"), ])
  expect_equal(count$estimate_upper_bound, count$estimate + interval_factor() * count$estimate_rmse, tolerance = 1e-6)
  expect_equal(count$estimate_copula, count$estimate - count$estimate_bias)
  expect_equal(count$estimate_prb, 100 * count$estimate_bias / count$estimate)
  expect_identical(unique(published$bias_method), "copula")
  rate <- as.list(published[which(der_variable_name == "t_2b_1_2_14"), ])
  expect_equal(rate$estimate_bias / rate$estimate, count$estimate_bias / count$estimate)
  # The extract has no shares of residents.
  told <- read_of(folder, "report", "weights", "copula.csv")
  expect_identical(unique(told$subset), "residents")
  expect_setequal(unique(told$way), setdiff(unique(told$way), "failed"))
  readme <- readLines(file.path(folder, "report", "README.md"))
  expect_true(any(grepl("`bias_method` is `copula`", readme, fixed = TRUE)))
  # Again, whatever random numbers were drawn before.
  again <- tempfile()
  set.seed(3)
  run_stage("bias", settings_of(root, BIAS = "copula", OUTPUT_PIPELINE_DIR = again))
  content <- function(path) readLines(file.path(path, "bias", "crimes.csv"))
  expect_identical(content(again), content(folder))
})

test_that("without BIAS nothing is sought, and with it the stage has to have been run", {
  root <- two_states_done()
  other <- tempfile()
  run_stage("bias", settings_of(root, OUTPUT_PIPELINE_DIR = other))
  expect_false(dir.exists(file.path(other, "bias")))
  folder <- file.path(root, "pipeline")
  expect_false(file.exists(file.path(folder, "report", "weights", "copula.csv")))
  tables <- read_of(folder, "report", "tables.csv")
  expect_true(all(is.na(tables$bias) & is.na(tables$rmse)))
  expect_error(run_stage("report", settings_of(root, BIAS = "copula", OUTPUT_PIPELINE_DIR = other)),
    "run the stage bias first")
  expect_error(read_settings(c(DATA_YEAR = "2016", BIAS = "some")), "BIAS is \"some\"; it has to be none, copula or")
})

test_that("where everything is counted and nothing estimated nothing is drawn", {
  folder <- file.path(copy_of_folder(silent_city_done(), "/(bias|report)/"), "pipeline")
  places <- read_stage_file(file.path(folder, "weights", "places.csv"), "weights/places.csv")
  data.table::set(places, NULL, "basis", "counts")
  write_stage_file(places, file.path(folder, "weights", "places.csv"), "weights/places.csv")
  run_stage("bias", settings_of(dirname(folder), BIAS = "copula"))
  expect_identical(nrow(read_stage_file(file.path(folder, "bias", "crimes-copula.csv"), "bias/<tables>-copula.csv")),
    0L)
})
