matrix_of <- function() {
  rows <- data.table::data.table(ori = c("AZ0000001", "AZ0000001", "AZ0000002"), month = c(1L, 2L, 12L))
  # Cell b of the first row is counted twice; the second row counts nothing.
  count_matrix(rows, c("a", "b", "c"), c(1L, 3L, 1L, 1L), c(2L, 1L, 2L, 3L), c(2, 5, 1, 4))
}

test_that("a matrix of counts is read as it was written, the same bytes each time", {
  logger::log_threshold("FATAL")
  paths <- file.path(tempfile(), c("one.rds", "two.rds"))
  for (path in paths) write_count_matrix(matrix_of(), path)
  expect_equal(unname(tools::md5sum(paths[[1]])), unname(tools::md5sum(paths[[2]])))
  read <- read_count_matrix(paths[[1]], "weight", c("a", "b", "c"))
  expect_equal(read, matrix_of())
  expect_equal(as.matrix(as_sparse(read)), rbind(c(0, 3, 4), 0, c(5, 0, 0)))
  csv <- tempfile()
  export_matrix(paths[[1]], csv)
  expect_equal(readLines(csv), c("ori,month,cell,number", "AZ0000001,1,b,3", "AZ0000001,1,c,4", "AZ0000002,12,a,5"))
})

test_that("a matrix of other cells, a damaged one and a missing one are refused with a remedy", {
  logger::log_threshold("FATAL")
  path <- tempfile(fileext = ".rds")
  expect_error(read_count_matrix(path, "weight"), "does not exist; run the stage weight first")
  write_count_matrix(matrix_of(), path)
  expect_error(read_count_matrix(path, "tabulate_state", c("a", "c", "b")),
    "made by other definitions of the tables than those that are installed; run the stage tabulate_state again")
  bytes <- readBin(path, "raw", 1e6)
  writeBin(utils::head(bytes, -20L), path)
  expect_error(read_count_matrix(path, "weight"), "is not a whole matrix of counts; run the stage weight again")
  saveRDS(list(1, 2), path)
  expect_error(read_count_matrix(path, "weight"), "is not a whole matrix of counts")
})

test_that("what a state is counted into is what tabulate_tables() says of it", {
  logger::log_threshold("FATAL")
  root <- two_states()
  run_stage("tabulate_state", settings_of(root, INPUT_STATE = "AZ", TABLES = "all"))
  csv <- file.path(root, paste0(names(table_groups()), ".csv"))
  for (group in seq_along(csv)) {
    path <- file.path(root, "pipeline", "tabulated", sprintf("AZ-%s.rds", names(table_groups())[[group]]))
    export_matrix(path, csv[[group]])
  }
  counts <- data.table::rbindlist(lapply(csv, data.table::fread))
  expected <- tabulate_tables(read_state_records(file.path(root, "downloads", "2016", "AZ-2016.zip")))
  expect_equal(counts[order(counts$ori, counts$month, counts$cell), ], expected, ignore_attr = TRUE)
})
