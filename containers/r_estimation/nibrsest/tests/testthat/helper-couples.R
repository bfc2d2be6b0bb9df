# A state of cleared assaults between couples, of sexes and ages that depend on each other; some items are unknown.
couples <- function(number, seed = 1L) {
  with_seed(seed, {
    id <- seq_len(number)
    female <- stats::runif(number) < 0.7
    age <- sample(18:70, number, replace = TRUE)
    race <- sample(c("W", "B"), number, replace = TRUE, prob = c(0.7, 0.3))
    hidden <- function(share) stats::runif(number) < share
    unknown <- function(values, hide, code) ifelse(hide, code, values)
    person <- function(sex, age, race) {
      aged <- !hidden(0.2)
      data.frame(age_id = ifelse(aged, "AG", "00"), age_num = ifelse(aged, age, ""),
        sex_code = unknown(sex, hidden(0.2), "U"), race_id = unknown(race, hidden(0.2), "U"),
        ethnicity_id = unknown("N", hidden(0.3), "U"))
    }
    list(
      truth = list(female = female, age = age, race = race),
      incidents = data.frame(incident_id = id, agency = 1L + id %% 3L, month = 1L + id %% 12L),
      offenses = data.frame(offense_id = id, incident_id = id, offense_type_id = "13A"),
      victims = cbind(victim_id = id, incident_id = id, person(ifelse(female, "F", "M"), age, race)),
      links = data.frame(victim_id = id, offense_id = id),
      offenders = cbind(offender_id = id, incident_id = id, person(ifelse(female, "M", "F"), age + 1, race)),
      arrestees = cbind(arrestee_id = id, incident_id = id, person(ifelse(female, "M", "F"), age + 1, race)),
      relationships = data.frame(victim_id = id, offender_id = id, relationship_id = unknown("SE", hidden(0.3), "RU"))
    )
  })
}

# The same with murders, firearms and drugs, persons of 15 years, and some strangers.
armed_couples <- function(number) {
  records <- couples(number)
  id <- seq_len(number)
  records$offenses$offense_type_id <- c("13A", "09A", "35A")[1L + id %% 3L]
  records$weapons <- data.frame(offense_id = id[id %% 3L < 2L], weapon_id = "12")
  records$acts <- data.frame(offense_id = id[id %% 3L == 2L], criminal_act_id = "P")
  records$properties <- data.frame(property_id = id[id %% 3L == 2L], incident_id = id[id %% 3L == 2L], prop_loss_id = 6)
  records$drugs <- data.frame(property_id = records$properties$property_id, suspected_drug_type_id = "E")
  for (persons in c("victims", "offenders", "arrestees")) {
    young <- records[[persons]]$age_num != "" & id %% 4L == 0L
    records[[persons]]$age_num[young] <- 15L
  }
  strange <- records$relationships$relationship_id == "SE" & id %% 5L == 0L
  records$relationships$relationship_id[strange] <- "ST"
  records
}
