# How long the imputation of one state's items takes, and how much memory.
#
#   nibrs simulate --frame california.csv --reporting complete --scale 1 --years 2023
#   Rscript benchmarks/imputed_state.R truth/2023/CA-2023.zip
#
# Argument: the zip of a state's truth; its items are hidden by chance, as often as in the downloads. Imputes once, as the
# stage does, and prints records, seconds of a processor and the largest memory of the process.
benchmarks <- dirname(sub("^--file=", "", grep("^--file=", commandArgs(), value = TRUE)))
suppressMessages(library(nibrsest))
inner <- asNamespace("nibrsest")
source(file.path(benchmarks, "hidden_items.R"))
zip <- commandArgs(trailingOnly = TRUE)[[1]]
clock <- function() sum(proc.time()[c("user.self", "sys.self")])
mb <- function() as.numeric(gsub("[^0-9]", "", grep("VmHWM", readLines("/proc/self/status"), value = TRUE))) / 1024
number <- function(x) format(x, big.mark = ",")

started <- clock()
records <- read_state_records(zip)
facts <- inner$read_facts_of_incidents(inner$open_published_zip(zip), records)
set.seed(1)
records <- with_unknown_items(records)
read <- clock()
cat(sprintf("%s incidents, %s victims, %s offenders, %s arrestees, %s Group B arrestees, %s relationships\n",
  number(nrow(records$incident)), number(nrow(records$victim)), number(nrow(records$offender)),
  number(nrow(records$arrestee)), number(nrow(records$group_b)), number(nrow(records$victim_offender))))
cat(sprintf("read and hidden: %.0f s, %.1f GB\n", read - started, mb() / 1024))
made <- inner$impute_items(records, list(facts = facts, residents = NULL), list(state = "XX", year = 2023L,
  imputation = 1L))
cat(sprintf("imputed: %.0f s, %.1f GB at most; %s items imputed\n", clock() - read, mb() / 1024,
  number(sum(made$diagnostics$imputed, na.rm = TRUE))))
