# Items of persons that are hidden as often as they are unknown in the downloads (unknown.csv of the simulation): what
# known_truth_persons.R and imputed_state.R share.
unknown_shares <- utils::read.csv(file.path(benchmarks, "..", "local", "nibrs_simulation", "shares", "unknown.csv"))

# Items that are known become unknown by chance.
with_unknown_items <- function(records) {
  units <- c(nibrs_victim = "victim", nibrs_offender = "offender", nibrs_arrestee = "arrestee",
    nibrs_grpb_arrest = "group_b", nibrs_victim_offender_rel = "victim_offender")
  for (line in seq_len(nrow(unknown_shares))) {
    unit <- units[[unknown_shares$table[[line]]]]
    item <- unknown_shares$item[[line]]
    rows <- data.table::copy(records[[unit]])
    gone <- which(stats::runif(nrow(rows)) < unknown_shares$share[[line]])
    if (item == "relationship") data.table::set(rows, gone, "code", "RU") else data.table::set(rows, gone, item, NA)
    records[[unit]] <- rows
  }
  records$codes$nibrs_relationship <- inner$relationships_of(records$victim_offender)
  records
}
