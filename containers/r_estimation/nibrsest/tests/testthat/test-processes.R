pieces_of <- function(...) lapply(list(...), function(value) function() value)

test_that("pieces of work give what they return, in their order, with any number of processes", {
  values <- c(list("a", NULL, list(1L), data.table::data.table(x = 1:3)), as.list(1:70))
  for (processes in 1:4) {
    expect_identical(done_at_once(do.call(pieces_of, values), processes), values)
    expect_identical(done_at_once(list(), processes), list())
  }
})

test_that("with one process a piece is done in this one, with more in as many others as are asked for, and once", {
  pid <- function() Sys.getpid()
  expect_identical(done_at_once(list(pid, pid), 1L), list(Sys.getpid(), Sys.getpid()))
  slow <- function() {
    Sys.sleep(0.2)
    Sys.getpid()
  }
  others <- unlist(done_at_once(rep(list(slow), 6L), 2L))
  expect_length(others, 6L)
  expect_length(setdiff(others, Sys.getpid()), 2L)
  done <- tempfile()
  note <- function(number) function() cat(number, "\n", file = done, append = TRUE)
  done_at_once(lapply(1:40, note), 3L)
  expect_identical(sort(scan(done, quiet = TRUE)), as.numeric(1:40))
  met <- tempfile()
  # Each waits for the other: one after the other they would wait for ever.
  meet <- function(mine, other) {
    file.create(paste0(met, mine))
    for (i in 1:600) if (file.exists(paste0(met, other))) return(TRUE) else Sys.sleep(0.05)
    FALSE
  }
  expect_identical(done_at_once(list(function() meet(1, 2), function() meet(2, 1)), 2L), list(TRUE, TRUE))
})

test_that("the error of the first piece that failed is raised, as if it had been called here", {
  fail <- function(message, seconds) {
    Sys.sleep(seconds)
    stop(structure(list(message = message, call = NULL), class = c("no_space", "error", "condition")))
  }
  pieces <- c(pieces_of(1), function() fail("no space left", 0.3), function() fail("later", 0))
  for (processes in 1:3) {
    expect_error(done_at_once(pieces, processes), "^no space left$", class = "no_space")
  }
})

test_that("a piece whose process is killed is an error that names the likely cause", {
  killed <- function() tools::pskill(Sys.getpid(), tools::SIGKILL)
  expect_error(done_at_once(c(pieces_of(1), killed, pieces_of(2)), 2L), "killed, most likely because memory")
})

test_that("warnings of pieces are heard", {
  warns <- function() {
    warning("a column is odd")
    3
  }
  for (processes in 1:2) {
    expect_warning(found <- done_at_once(c(warns, pieces_of(4)), processes), "a column is odd")
    expect_identical(found, list(3, 4))
  }
})

test_that("a report of which a part cannot be written fails with that part's message", {
  logger::log_threshold("FATAL")
  root <- copy_of_folder(all_booked_done(), "^pipeline/report/")
  # A folder lies where a file has to be written.
  dir.create(file.path(report_of(root), "tables.csv", "x"), recursive = TRUE)
  for (processes in c("1", "2")) {
    expect_error(suppressWarnings(with_definitions(definitions_of_booked(), run_stage("report",
      settings_of(root, PROCESSES = processes)))), "cannot write .*tables.csv")
  }
})
