# Read by openxlsx, which has nothing to do with what wrote it.
written <- function(sheets, year = 2016L) {
  path <- file.path(new_folder(), "books", "Book.xlsx")
  write_xlsx(path, sheets, year)
  path
}

new_folder <- function() {
  folder <- tempfile()
  dir.create(folder)
  folder
}

read_sheet <- function(path, sheet) {
  openxlsx::read.xlsx(path, sheet, colNames = FALSE, skipEmptyRows = FALSE, skipEmptyCols = FALSE)
}

member <- function(path, name) {
  utils::unzip(path, name, exdir = dirname(path))
  paste(readLines(file.path(dirname(path), name), warn = FALSE), collapse = "\n")
}

test_that("text and numbers are read as they were written, in sheets of any name", {
  text <- c("a & b", "<tag>", "\"quoted\" 'single'", "  spaces  ", "two\nlines", "Español, Cañon", "=SUM(A1)", "007",
    "a & b")
  numbers <- c(1 / 3, -2, 0, 1e-300, 123456789012345, 1e20, NA, Inf, NaN)
  blocks <- list(xlsx_cells(text, 1L), xlsx_cells(numbers, 1L, 2L, "count"))
  path <- written(list("Offenses & <others>" = xlsx_sheet(blocks, c(10, 12), c(1L, 0L)),
    second = xlsx_sheet(list(xlsx_cells("only", 3L, 30L)), 10, c(1L, 1L))))
  expect_equal(openxlsx::getSheetNames(path), c("Offenses & <others>", "second"))
  found <- read_sheet(path, 1L)
  expect_equal(found[[1]], text)
  expect_equal(found[[2]], c(numbers[1:6], NA, NA, NA), tolerance = 1e-14)
  expect_match(member(path, "xl/worksheets/sheet2.xml"), "<row r=\"3\"><c r=\"AD3\" s=\"0\" t=\"s\">", fixed = TRUE)
})

test_that("characters that XML does not have are left out", {
  path <- written(list(one = xlsx_sheet(list(xlsx_cells("a\x01b\x1fc\td", 1L)), 10, c(1L, 0L))))
  expect_equal(read_sheet(path, 1L)[[1]], "abc\td")
})

test_that("columns have the names that spreadsheets give them", {
  expect_equal(xlsx_column(c(1, 26, 27, 52, 53, 702)), c("A", "Z", "AA", "AZ", "BA", "ZZ"))
  expect_error(xlsx_column(703))
})

test_that("a style that is not in the table is refused", {
  expect_error(written(list(one = xlsx_sheet(list(xlsx_cells(1, 1L, style = "unknown")), 10, c(1L, 0L)))))
})

test_that("a table without figures is a sheet with its heading", {
  none <- data.frame(Offense = character(), Number = numeric())
  sheet <- xlsx_sheet(list(xlsx_cells(t(names(none)), 4L, style = "column"), xlsx_cells(none, 5L)), c(10, 10),
    c(4L, 1L), header = 4L, grey = list(list(columns = 1:2, flag = 2L)))
  path <- written(list("1a figures" = sheet))
  expect_equal(unlist(read_sheet(path, 1L)[1, ], use.names = FALSE), names(none))
  expect_match(member(path, "xl/workbook.xml"), "localSheetId=\"0\" hidden=\"1\">'1a figures'!$A$4:$B$4<", fixed = TRUE)
  expect_match(member(path, "xl/worksheets/sheet1.xml"), "<conditionalFormatting sqref=\"A5:B5\">", fixed = TRUE)
})

test_that("the same content is the same file, in any time zone and at any time", {
  book <- list(one = xlsx_sheet(list(xlsx_cells(1:3, 1L)), 10, c(1L, 0L)))
  before <- Sys.getenv("TZ", NA)
  on.exit(if (is.na(before)) Sys.unsetenv("TZ") else Sys.setenv(TZ = before))
  sums <- vapply(c("Pacific/Auckland", "America/Anchorage"), function(zone) {
    Sys.setenv(TZ = zone)
    unname(tools::md5sum(written(book)))
  }, "")
  expect_equal(sums[[1]], sums[[2]])
  expect_equal(Sys.getenv("TZ"), "America/Anchorage")
  expect_false(sums[[1]] == unname(tools::md5sum(written(book, 2017L))))
})
