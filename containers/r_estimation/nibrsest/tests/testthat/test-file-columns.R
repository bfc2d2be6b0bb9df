test_that("every file has columns, every column a file, a type and a meaning", {
  files <- package_table("files.csv")
  columns <- package_table("file_columns.csv")
  files_of <- strsplit(columns$files, " ", fixed = TRUE)
  named <- unlist(files_of)
  expect_setequal(files$file, named)
  expect_equal(anyDuplicated(paste(named, rep(columns$column, lengths(files_of)))), 0L)
  expect_true(all(columns$type %in% c("character", "integer", "numeric", "logical")))
  expect_false(anyNA(columns$meaning))
  # What impute_and_tabulate writes is written by the two stages that it is.
  expect_setequal(files$stage, c("extract_reference", setdiff(stage_names(), "impute_and_tabulate")))
})

test_that("a file with other columns than those that are described is not written", {
  path <- tempfile()
  months <- data.table::data.table(ori = "AZ0000001", month = 1L)
  expect_error(write_stage_file(cbind(months, more = 1), path, "weights/months.csv"), "identical")
  expect_false(file.exists(path))
})

test_that("files are described by the names that readers know them by", {
  published <- describe_files("published")
  expect_equal(published[[1]], "### `offenses.csv`")
  expect_true("| `bias_ratio` | 100 (weighted - universe) / universe |" %in% published)
  expect_false("### `weights/places.csv`" %in% published)
  expect_true(all(c("### `annual/<tables>/cells.rds`", "### `report/tables.csv`") %in% describe_files()))
})
