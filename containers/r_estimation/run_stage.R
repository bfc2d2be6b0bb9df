# Runs one stage: Rscript run_stage.R STAGE, with the environment that read_settings() describes.
#
# Exit status: 0 done, 1 the stage failed, 2 it was started wrongly. A failure is one line on standard
# error that begins with ERROR and names stage, state or geographies and tables, and year.
arguments <- commandArgs(trailingOnly = TRUE)

fail <- function(status, ...) {
  message("ERROR ", ...)
  quit(save = "no", status = status)
}

if (!requireNamespace("nibrsest", quietly = TRUE)) {
  fail(2L, "the R package nibrsest is not installed; R CMD INSTALL containers/r_estimation/nibrsest")
}
if (length(arguments) != 1L || !arguments %in% nibrsest::stage_names()) {
  fail(2L, "usage: Rscript run_stage.R STAGE; stages are ", paste(nibrsest::stage_names(), collapse = ", "))
}
settings <- tryCatch(nibrsest::read_settings(), error = function(error) fail(2L, conditionMessage(error)))
logger::log_threshold(settings$log_threshold)
logger::log_appender(logger::appender_stdout)
dimensions <- c(arguments, settings$state, settings$geography_group, settings$table_group, settings$year)
where <- paste(dimensions[nzchar(dimensions)], collapse = " ")
tryCatch(
  nibrsest::run_stage(arguments, settings),
  error = function(error) fail(1L, where, ": ", conditionMessage(error))
)
