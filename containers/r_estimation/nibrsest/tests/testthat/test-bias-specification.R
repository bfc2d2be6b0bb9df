test_that("every section that is counted is drawn in some way, and its rows have a parent", {
  lines <- copula_rows()
  sections <- counted_sections(table_definitions())
  sections <- sections[which(sections$table %in% c("1a", "1b", "1c", "2a", "2b", "2c", "3c")), ]
  expect_identical(lines[, c("table", "section")], sections[, c("table", "section")])
  expect_identical(lines$tier[sections$total %in% "yes"], rep(0L, sum(sections$total %in% "yes")))
  of <- function(name, characteristic) {
    at <- which(sections$table == name & sections$characteristic == characteristic)
    as.list(lines[at, ])
  }
  expect_identical(of("1a", "weapon_type")$parent, 4L)
  expect_identical(of("1c", "exceptional")$parent, 48L)
  expect_identical(of("2b", "agency_type")$tier, 0L)
  expect_identical(of("2a", "relationship")$type, "3")
})

# The example year's months and agencies by cells, made once, and the sums of some rows of a column of these.
counted_example <- made_once(function() {
  folder <- tempfile()
  settings <- read_settings(c(DATA_YEAR = "2016", EXTERNAL_FILE_PATH = example_year(), INPUT_PIPELINE_DIR = folder,
    INPUT_STATE = "RI", TABLES = "crimes"))
  logger::log_threshold("FATAL")
  run_stage("tabulate_state", settings)
  cells <- table_cells()
  cells <- cells[which(cells$table %in% table_groups()$crimes), ]
  path <- file.path(folder, "tabulated", "RI-crimes.rds")
  # Neither searched nor sparse: some cells are taken of it thousands of times.
  list(cells = cells, of_column = split(seq_len(nrow(cells)), paste(cells$table, cells$column)), rows = cells$row,
    counts = as.matrix(as_sparse(read_count_matrix(path, "tabulate_state", cells$cell))))
})
sum_of <- function(example, table, rows, column) {
  inside <- example$of_column[[paste(table, column)]]
  rowSums(example$counts[, inside[example$rows[inside] %in% rows], drop = FALSE])
}

test_that("sections are of the type that they are said to be", {
  example <- counted_example()
  lines <- copula_rows()
  lines <- lines[which(lines$tier > 0L), ]
  differences <- function(number) {
    line <- as.list(lines[number, ])
    in_section <- which(example$cells$table == line$table & example$cells$section == line$section)
    of_section <- example$cells[in_section, ]
    range(vapply(unique(of_section$column), function(column) {
      sums <- sum_of(example, line$table, unique(of_section$row), column)
      range(sums - sum_of(example, line$table, line$parent, column))
    }, numeric(2)))
  }
  found <- vapply(seq_len(nrow(lines)), differences, numeric(2))
  expect_identical(unique(as.vector(found[, lines$type == "1"])), 0)
  expect_identical(max(found[2, lines$type == "2"]), 0)
  expect_gt(sum(example$counts), 0)
})

test_that("columns that are made of others are their sum, or less where an incident is in several", {
  example <- counted_example()
  made <- copula_columns()
  for (number in seq_len(nrow(made))) {
    line <- as.list(made[number, ])
    rows <- unique(example$cells$row[example$cells$table == line$table])
    left <- vapply(rows, function(row) {
      parts <- vapply(as.integer(words(line$of_columns)), function(part) sum_of(example, line$table, row, part),
        numeric(nrow(example$counts)))
      range(rowSums(parts) - sum_of(example, line$table, row, as.integer(line$column)))
    }, numeric(2))
    named <- sprintf("table %s, column %s", line$table, line$column)
    expect_true(min(left) == 0 && (line$method == "share" || max(left) == 0), info = named)
  }
})

test_that("definitions that contradict each other are refused", {
  with_lines <- function(name, ...) {
    folder <- tempfile()
    dir.create(folder)
    writeLines(c(...), file.path(folder, name))
    folder
  }
  rows_of <- function(...) {
    copula_rows(folder = with_lines("copula_rows.csv", "tables,characteristic,tier,type,parent", ...))
  }
  expect_error(rows_of("1a,weapon_used,1,2,total"), "copula_rows.csv: table 1a, section 3 is drawn in no way")
  given <- readLines(system.file("extdata", "copula_rows.csv", package = "nibrsest"))[-1]
  expect_error(rows_of(sub("1,2,total", "1,4,total", given, fixed = TRUE)), "type that is not 1, 2 or 3")
  expect_error(rows_of(sub("weapon_used 2", "gang 2", given, fixed = TRUE)), "has no parent in its table")
  columns_of <- function(...) {
    copula_columns(folder = with_lines("copula_columns.csv", "tables,column,method,of_columns", ...))
  }
  expect_error(columns_of("1a,1,share,2 99"), "table 1a, column 1 names a column that the table does not have")
  expect_error(columns_of("1a,1,product,2 3"), "neither sum nor share")
  expect_error(columns_of("1a,19,share,2 3 4", "1a,1,share,19 5"), "is made of a column that is made of others")
})
