# Sixty agencies of many sizes that reported all twelve months.
crowd_of_reporters <- function(seed = 1, n = 60) {
  set.seed(seed)
  population <- round(exp(runif(n, 7, 11)))
  agencies <- data.table::data.table(
    ori = sprintf("XX%07d", seq_len(n)), population = population, suburban = sample(c("Y", "N"), n, TRUE),
    agency_type = sample(c("City", "County"), n, TRUE), region = sample(1:4, n, TRUE),
    male_officers = round(population / 600), female_officers = round(population / 4000),
    months_since_start = sample(12:300, n, TRUE), covering = FALSE
  )
  list(agencies = agencies, months = matrix(rpois(n * 12, population / 400), n), colours = matrix("green", n, 12))
}
