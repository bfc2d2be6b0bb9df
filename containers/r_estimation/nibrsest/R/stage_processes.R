#' Do pieces of work that need nothing of each other, several at once
#'
#' They are done in processes forked from this one, which see what this one has without a copy of it. What a piece
#' leaves is in files, or what it returns.
#'
#' @param pieces A list of functions without arguments. They are begun in their order: what takes long stands first.
#' @param processes How many run at once; with one, pieces are called here, one after the other.
#' @return What the pieces return, in their order. The error of the first piece that failed, in this order, is raised
#'   here, and so are the warnings of those before it; a process that was killed is an error before all others.
#' @noRd
done_at_once <- function(pieces, processes) {
  processes <- min(processes, length(pieces))
  if (processes <= 1L) {
    return(lapply(pieces, function(piece) piece()))
  }
  taken <- tempfile("taken")
  dir.create(taken)
  on.exit(unlink(taken, recursive = TRUE))
  # Each process copies what its collection of garbage marks: the less there is, and the fewer they are, the less.
  gc()
  # What mclapply warns of is looked at below: a process without a result.
  found <- suppressWarnings(parallel::mclapply(seq_len(processes), function(process) outcomes_of(pieces, taken),
    mc.cores = processes, mc.preschedule = FALSE, mc.set.seed = FALSE))
  if (!all(vapply(found, is.list, TRUE))) {
    stop("a process of this stage was killed, most likely because memory was not enough", call. = FALSE)
  }
  outcomes <- do.call(Map, c(list(function(...) Find(Negate(is.null), list(...))), found))
  for (outcome in outcomes) {
    lapply(outcome$warnings, warning)
    if (!is.null(outcome$error)) {
      stop(outcome$error)
    }
  }
  lapply(outcomes, `[[`, "value")
}

#' What came of the pieces of work that this process is the first to take
#'
#' @param taken A folder that the processes share. A folder in it, which only one of them can make, says that a piece is
#'   taken.
#' @return A list as long as `pieces`; nothing in place of those that others took.
#' @noRd
outcomes_of <- function(pieces, taken) {
  lapply(seq_along(pieces), function(number) {
    if (dir.create(file.path(taken, number), showWarnings = FALSE)) outcome_of(pieces[[number]])
  })
}

#' What came of a piece of work: its value or its error, and its warnings, as they can be told to another process
#' @noRd
outcome_of <- function(piece) {
  outcome <- list(value = NULL, error = NULL, warnings = list())
  tryCatch(
    withCallingHandlers(outcome["value"] <- list(piece()), warning = function(warning) {
      outcome$warnings <<- c(outcome$warnings, list(warning))
      tryInvokeRestart("muffleWarning")
    }),
    error = function(error) outcome$error <<- error
  )
  outcome
}
