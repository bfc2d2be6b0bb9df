# Records of a simulated nation as those of a draw of drawn_years.R have them, and their persons by type and atom: what
# known_truth_persons.R and persons.R share. They have sourced drawn_years.R.
definitions <- table_definitions()
groups <- inner$person_groups(definitions)

# A state's records of the truth, with what else imputation needs to know of incidents.
true_records <- function(state) {
  zip <- file.path(truth, year, sprintf("%s-%d.zip", state, year))
  records <- read_state_records(zip)
  list(records = records, facts = inner$read_facts_of_incidents(inner$open_published_zip(zip), records))
}

# What of them is reported, as drawn_months() says.
part_of <- function(state, reported, low) {
  records <- state$records
  place <- cbind(match(records$place$ori, agencies$ori), records$place$month)
  seen <- reported[place] %in% TRUE
  kept <- seen[records$incident$place] & (!(low[place] %in% TRUE)[records$incident$place] |
    stats::runif(nrow(records$incident)) < low_share)
  small <- inner$records_of_incidents(records, which(kept), definitions$units)
  arrests <- which(reported[cbind(match(records$group_b$ori, agencies$ori), records$group_b$month)] %in% TRUE)
  small$group_b <- records$group_b[arrests, ]
  armed <- small$codes$armed
  data.table::set(armed, NULL, "group_b_arrestee", match(armed$group_b_arrestee, arrests))
  known <- which(!is.na(armed$arrestee) | !is.na(armed$group_b_arrestee))
  small$codes$armed <- armed[known, ]
  facts <- state$facts
  arrestees <- match(small$arrestee$id, records$arrestee$id)
  things <- data.table::copy(facts$things)
  data.table::set(things, NULL, "incident", match(things$incident, which(kept)))
  things <- things[which(!is.na(things$incident)), ]
  list(records = small, facts = list(date = facts$date[kept], cargo = facts$cargo[kept], forced = facts$forced[kept],
    biased = facts$biased[kept], arrest_date = facts$arrest_date[arrestees], armed = facts$armed[arrestees],
    things = things))
}

persons_of <- function(records) {
  records <- inner$with_group_b(records)
  lapply(stats::setNames(nm = groups), function(group) inner$person_counts(records, definitions, group))
}
