# What benchmarks read of a simulated nation's truth; they source it from their own folder.

#' A file of the truth, such as agencies-2023, as a data.frame
read_truth <- function(truth, name) utils::read.csv(file.path(truth, paste0(name, ".csv.gz")), na.strings = "")

#' The eligible agencies of a year with the groups that weights are made in, as a data.table
eligible_agencies <- function(truth, year) {
  agencies <- data.table::as.data.table(read_truth(truth, sprintf("agencies-%d", year)))
  eligible <- which(agencies$agency_type != "Federal" & agencies$dormant == "N" & is.na(agencies$covered_by))
  agencies <- agencies[eligible, ]
  data.table::set(agencies, NULL, "region", c("Northeast", "Midwest", "South", "West")[agencies$region])
  data.table::set(agencies, NULL, "population_group_code", agencies$population_group)
  cbind(agencies, nibrsest::weighting_groups(agencies))
}
