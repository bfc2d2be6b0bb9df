# What known_truth.R and its kin (of areas, changes and persons) are called with, and what they need of the package.
suppressMessages(library(nibrsest))
logger::log_threshold("FATAL")
inner <- asNamespace("nibrsest")
arguments <- commandArgs(trailingOnly = TRUE)
truth <- arguments[[1]]
year <- as.integer(arguments[[2]])
draws <- as.integer(arguments[[3]])
mechanism <- arguments[[4]]
disagreement <- as.numeric(arguments[[5]])
processes <- if (length(arguments) > 5L) as.integer(arguments[[6]]) else parallel::detectCores()
file <- if (length(arguments) > 6L) arguments[[7]] else NULL
