test_that("a workbook has the same bytes whatever rights a user's files have", {
  written <- tempfile(fileext = ".xlsx")
  openxlsx::write.xlsx(data.frame(number = 1), written)
  packed_under <- function(mask) {
    before <- Sys.umask(mask)
    on.exit(Sys.umask(before))
    copy <- tempfile(fileext = ".xlsx")
    stopifnot(file.copy(written, copy))
    path <- file.path(tempfile(), "book.xlsx")
    repack(copy, path, 2016L)
    readBin(path, "raw", file.size(path))
  }
  expect_equal(packed_under("077"), packed_under("022"))
})
