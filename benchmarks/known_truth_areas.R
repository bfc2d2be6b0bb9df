# Whether estimates of areas below states find what is known to be true, by how many residents the areas have.
#
#   nibrs simulate --size national --scale 0.1 --seed 2
#   Rscript benchmarks/known_truth_areas.R truth 2023 6 random 0.1
#
# Arguments, draws and the chain from monthly counts to intervals are those of known_truth.R; the last two are the number
# of processes and a CSV file for all estimates of all draws, if wanted. A draw takes about a minute of one processor.
#
# Printed are, of metropolitan areas, judicial districts and field offices by their residents: numbers of areas, how many
# of them have estimates that are for release (no principal city, or agency with more than a tenth of the residents, is
# silent; more than 80 % of residents are covered, or the relative standard error is at most 30 %), and of these, and of
# all, relative bias, root mean squared error and the share of 95 % intervals that hold the truth. Areas of which too
# little Return A is known have no interval.
benchmarks <- dirname(sub("^--file=", "", grep("^--file=", commandArgs(), value = TRUE)))
source(file.path(benchmarks, "drawn_arguments.R"))
source(file.path(benchmarks, "drawn_years.R"))

counties <- data.table::as.data.table(read_truth(truth, "counties"))
data.table::set(counties, NULL, c("ori", "county_known", "field_office_name"),
  list(agencies$ori[match(counties$agency_id, agencies$agency_id)], "Y", counties$field_office))
areas <- areas_of(counties[which(!is.na(counties$ori)), ], described)
kinds <- geography_kinds()
rules <- inner$package_table("release_rules.csv")

# By area, draw and crime.
estimated <- function(drawn) {
  inputs <- drawn_inputs(drawn, kinds, areas)
  places <- inner$places_of_areas(inputs, areas, inputs$covariates)
  borrowed <- inner$borrowed_by_codes(inputs$offenses, inputs)
  terms <- inner$terms_of_codes(inputs, borrowed)
  settings <- list(year = year, correction = "few_respondents")
  data.table::rbindlist(lapply(places$geography, function(name) {
    found <- inner$estimate_offense_codes(inner$design_of(name, inputs, kinds), inputs$offenses, settings, borrowed, terms)
    found <- found[match(crimes, found$cell), ]
    at <- which(places$geography == name)
    withheld <- inner$place_misses_agency(places[at, ], rules)
    certain <- places$coverage[at] > 0.8 | (found$standard_error / found$estimate <= 0.3) %in% TRUE
    data.table::data.table(geography = name, kind = places$kind[at], residents = places$population[at],
      crime = names(crimes), found[, c("estimate", "standard_error", "lower_95", "upper_95")], withheld = withheld,
      released = !withheld & certain)
  }))
}

started <- Sys.time()
made <- parallel::mclapply(seq_len(draws), function(draw) estimated(drawn_year(draw)), mc.cores = processes)
broken <- Filter(function(one) inherits(one, "try-error"), made)
if (length(broken) > 0L) stop(broken[[1]])
made <- data.table::rbindlist(made, idcol = "draw")

members <- split(seq_len(nrow(areas)), areas$geography)
true <- vapply(members, function(rows) {
  colSums(totals[match(areas$ori[rows], agencies$ori), , drop = FALSE] * areas$share[rows])
}, numeric(length(crimes)))
rownames(true) <- names(crimes)
data.table::set(made, NULL, "truth", true[cbind(made$crime, made$geography)])
if (!is.null(file)) data.table::fwrite(made, file)
# Of no crime nothing is a per cent.
made <- made[which(made$truth > 0), ]
made[, `:=`(off = estimate / truth - 1, held = lower_95 <= truth + 1e-9 & upper_95 >= truth - 1e-9,
  class = cut(residents, c(0, 1e5, 2.5e5, 1e6, Inf), c("under 100,000", "100,000", "250,000", "1,000,000 and more"),
    right = FALSE))]

cat(sprintf("%s, %d draws, %d agencies, %d areas, Return A off by %.0f %%, %.0f s of the clock\n", mechanism, draws, n,
  length(members), 100 * disagreement, as.numeric(Sys.time() - started, units = "secs")))
cat("| areas | residents from | number | crime | withheld, % | released, % | bias of these, % | RMSE, % | coverage, % |",
  "of all: bias, % | RMSE, % | coverage, % |\n")
cat("|---|---|---|---|---|---|---|---|---|---|---|---|\n")
for (kind_name in c("msa", "judicial_district", "field_office")) for (class_name in levels(made$class)) {
  for (crime_name in c("violent", "property", "murder", "robbery", "drugs")) {
    rows <- made[which(made$kind == kind_name & made$class == class_name & made$crime == crime_name), ]
    if (nrow(rows) == 0L) next
    figures <- function(rows) c(100 * mean(rows$off), 100 * sqrt(mean(rows$off^2)), 100 * mean(rows$held, na.rm = TRUE))
    cat(sprintf("| %s | %s | %d | %s | %.0f | %.0f | %s |\n", kind_name, class_name,
      data.table::uniqueN(rows$geography), crime_name, 100 * mean(rows$withheld), 100 * mean(rows$released),
      paste(sprintf("%.1f", c(figures(rows[rows$released]), figures(rows))), collapse = " | ")))
  }
}
