# How long estimates and errors of the tables of persons take, of everyone and of all groups of persons (domains).
#
#   nibrs simulate --size national --scale 0.02 --seed 2 --years 2023
#   Rscript benchmarks/persons.R truth 2023 8
#
# Arguments: the folder of the truth, the data year, and which domains are measured: every eighth, in the order of how
# many persons they have (1: all). One draw of who reports, as known_truth.R has them; persons are counted, weighted and
# estimated with all terms of their errors in the nation, the regions and the states, with ten groups of agencies in the
# first two: 108 permutations. Nation, regions and states have the domains that the method has them for (METHOD 2.3).
#
# Printed are seconds of a processor, counts that are not zero, estimates with errors, and the largest memory: of
# everyone; of each measured domain; and all domains by calculation, each domain that is not measured taken to be as
# those that are, group of geographies by group of geographies.
arguments <- commandArgs(trailingOnly = TRUE)
every <- as.integer(arguments[[3]])
benchmarks <- dirname(sub("^--file=", "", grep("^--file=", commandArgs(), value = TRUE)))
suppressMessages(library(nibrsest))
logger::log_threshold("FATAL")
inner <- asNamespace("nibrsest")
truth <- arguments[[1]]
year <- as.integer(arguments[[2]])
mechanism <- "random"
disagreement <- 0.1
source(file.path(benchmarks, "drawn_years.R"))
source(file.path(benchmarks, "drawn_persons.R"))
kinds <- geography_kinds()
all_cells <- table_cells(definitions)
settings <- list(correction = "few_respondents")

common <- c(1:11, 17:19, 21:25, 27)
domains_of <- list(nation = c(common, 84:105, 136:141, 145:260), regions = c(common, 136:141, 146:169),
  states = c(common, 136, 139, 145:153, 258))

states <- sort(unique(agencies$state))
persons <- list()
drawn <- drawn_year(1L, counted = function(months) {
  data.table::rbindlist(lapply(states, function(state) {
    part <- part_of(true_records(state), months$reported, months$low)
    persons[[state]] <<- persons_of(part$records)
    tabulate_offenses(part$records)
  }))
})
inputs <- drawn_inputs(drawn, kinds)
used <- lapply(stats::setNames(nm = groups), function(group) {
  inner$used_persons(function(state) persons[[state]][[group]], states, inputs$parts, group)
})
rm(persons)
group_of <- kinds$geography_group[match(inputs$geographies$kind, kinds$kind)]
designs <- lapply(stats::setNames(nm = names(domains_of)), function(group) {
  names <- intersect(unique(inputs$geographies$geography[group_of == group]), inputs$places$geography)
  lapply(names, inner$design_of, inputs, kinds)
})

# Estimates of a group of tables for some atoms (NULL: of everyone): of cells that anybody counts, which are nothing
# otherwise, and of what they are a part of.
estimated <- function(group, atoms, wanted) {
  clock <- function(expression) sum(system.time(expression)[c("user.self", "sys.self")])
  cells <- all_cells[which(all_cells$table %in% table_groups()[[group]]), ]
  parts <- names(inputs$parts)
  prepared <- clock({
    counts <- inner$cells_of_persons(used[[group]], cells, definitions, atoms)
    counted <- sort(unique(counts$counts$cell))
    denominators <- strsplit(cells$denominator[counted], " ", fixed = TRUE)
    below <- paste(rep(cells$table[counted], lengths(denominators)), unlist(denominators),
      rep(cells$column[counted], lengths(denominators)))
    cells <- cells[union(counted, which(paste(cells$table, cells$row, cells$column) %in% below)), ]
    counts <- inner$split_parts(inner$with_cells(counts, cells$cell), parts)
    annual <- inner$as_sparse(counts$used)
    borrowed <- inner$borrowed_by_cells(annual, inputs$parts$used$oris, cells, inputs)
    terms <- inner$terms_of_cells(inner$stacked_parts(counts[-1]), cells, inputs, borrowed)
  })
  made <- lapply(wanted, function(places) {
    number <- 0
    seconds <- clock(for (design in designs[[places]]) {
      number <- number + nrow(inner$estimate_cells(design, annual, inputs$parts$used$oris, cells, settings, borrowed,
        terms))
    })
    data.table::data.table(places = places, seconds = seconds, estimates = number)
  })
  made <- data.table::rbindlist(c(list(data.table::data.table(places = "prepared", seconds = prepared, estimates = 0)),
    made))
  cbind(group = group, counts = nrow(counts$used$counts), cells = nrow(cells), made)
}
table_groups <- function() inner$table_groups(definitions)

invisible(gc(reset = TRUE))
cat(sprintf("%d agencies, %d respondents, %s persons of respondents\n\n", n, length(inputs$parts$used$oris),
  paste(vapply(used, function(persons) format(sum(persons$counts$number[!is.na(persons$counts$atom)]),
    big.mark = ","), ""), names(used), collapse = " and ")))
cat("| everyone | counts | cells | prepared, s | nation, s | regions, s | states, s | estimates |\n")
cat("|---|---|---|---|---|---|---|---|\n")
told <- function(label, made) {
  seconds <- function(places) made$seconds[match(places, made$places)]
  cat(sprintf("| %s | %s | %s | %.1f | %.1f | %.1f | %.1f | %s |\n", label, format(made$counts[[1]], big.mark = ","),
    format(made$cells[[1]], big.mark = ","), seconds("prepared"), seconds("nation"), seconds("regions"),
    seconds("states"), format(sum(made$estimates), big.mark = ",")))
}
whole <- lapply(groups, function(group) estimated(group, NULL, names(domains_of)))
for (made in whole) told(made$group[[1]], made)
cat(sprintf("\neveryone: %.0f s of a processor, %.1f GB at most\n\n", sum(vapply(whole, function(made) sum(made$seconds),
  0)), sum(gc()[, 6]) / 1024))

known <- domains(definitions)
atoms <- lapply(seq_len(nrow(known)), function(row) which(inner$in_group(person_atoms(definitions), known[row, ])))
size <- vapply(atoms, function(mine) sum(used$victims$counts$number[used$victims$counts$atom %in% mine]), 0)
measured <- order(size)[seq(ceiling(every / 2), nrow(known), by = every)]
invisible(gc(reset = TRUE))
cat("| domain, tables | counts | cells | prepared, s | nation, s | regions, s | states, s | estimates |\n")
cat("|---|---|---|---|---|---|---|---|\n")
made <- data.table::rbindlist(lapply(measured, function(row) {
  data.table::rbindlist(lapply(groups, function(group) {
    found <- estimated(group, atoms[[row]], names(domains_of))
    told(sprintf("%s, %s", known$label[[row]], group), found)
    cbind(found, domain = known$domain[[row]])
  }))
}))
# Of the measured domains only some are among those of regions and states, all have been estimated there: the mean of
# those that are is taken, or of all if none is.
mean_of <- function(what, of_group, of_places, column) {
  rows <- what[which(what$group == of_group & what$places == of_places), ]
  inside <- if (of_places == "prepared") rep(TRUE, nrow(rows)) else rows$domain %in% domains_of[[of_places]]
  mean(rows[[column]][if (any(inside)) inside else TRUE])
}
number <- c(prepared = length(domains_of$nation), lengths(domains_of))
total <- function(column) {
  sum(vapply(groups, function(group) sum(vapply(names(number), function(places) {
    number[[places]] * mean_of(made, group, places, column)
  }, 0)), 0))
}
cat(sprintf(paste("\nall domains (%d of the nation, %d of the regions, %d of the states), by calculation from %d: %.0f",
  "minutes of a processor, %s estimates; %.1f GB at most\n"), number[["nation"]], number[["regions"]],
number[["states"]], length(measured), total("seconds") / 60, format(total("estimates"), big.mark = ","),
sum(gc()[, 6]) / 1024))
