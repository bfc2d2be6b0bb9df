# Whether estimates of persons find what is known to be true, where items of persons are unknown and imputed: many draws
# of who responds, which months are missing and whose items are unknown, in a simulated nation, from its records through
# imputation, counting by types and atoms, months, weights and estimates to intervals with and without Rubin's error.
#
#   nibrs simulate --size national --scale 0.02 --seed 2 --years 2023
#   Rscript benchmarks/known_truth_persons.R truth 2023 6 random 0.1
#
# Arguments as of known_truth.R; then, if wanted, the number of processes, a CSV file to which all estimates of each draw
# are added when it is done ("" for none), and the number of imputations (5). Draws that the file has are not made again.
# Every item is unknown by chance, as often as in the downloads (unknown.csv of the
# simulation), drawn anew each time.
#
# Printed are, of the nation, all states and the regions: relative bias of the mean of the imputations, its root mean
# squared error, coverage of 95 % intervals by all imputations with their error and by the first alone, which has none,
# the ratio of the mean standard error to the root mean squared error of both, and which part of the variance is that
# of imputation; then the same coverages of percentages. Withheld states are left out.
benchmarks <- dirname(sub("^--file=", "", grep("^--file=", commandArgs(), value = TRUE)))
source(file.path(benchmarks, "drawn_arguments.R"))
source(file.path(benchmarks, "drawn_years.R"))
if (identical(file, "")) file <- NULL
imputations <- if (length(arguments) > 7L) as.integer(arguments[[8]]) else 5L
kinds <- geography_kinds()
kinds$agency_groups <- "no"
source(file.path(benchmarks, "drawn_persons.R"))
source(file.path(benchmarks, "hidden_items.R"))
cells <- table_cells(definitions)

# What is estimated: a cell of a table for a group of persons; the first of each table is what the others are part of.
asked <- data.table::fread(text = c(
  "group;label;cell;domain",
  "victims;victims of crimes against persons;t_3a_1_1_1;all",
  "victims;female victims;t_3a_1_1_1;female",
  "victims;victims of 12 to 17 years;t_3a_1_1_1;12-17",
  "victims;non-Hispanic Black victims;t_3a_1_1_1;non-Hispanic Black",
  "victims;Hispanic victims;t_3a_1_1_1;Hispanic",
  "victims;Hispanic women of 18 years and more;t_3a_1_1_1;female, Hispanic, 18+",
  "victims;victims with a firearm, male;t_3a_9_69_1;male",
  "victims;victims of intimate partners, cleared;t_3aclear_11_76_1;all",
  "victims;victims of strangers, cleared;t_3aclear_11_79_1;all",
  "victims;victims of strangers, all incidents;t_3a_11_79_1;all",
  "arrestees;arrestees;t_5a_1_1_62;all",
  "arrestees;juvenile arrestees;t_5a_1_1_62;under 18",
  "arrestees;non-Hispanic Black arrestees;t_5a_1_1_62;non-Hispanic Black",
  "arrestees;female Hispanic arrestees;t_5a_1_1_62;female, Hispanic"
), sep = ";")
stopifnot(asked$cell %in% cells$cell)

# Cells as estimate_cells() takes them: a table per group of tables, a row per line.
asked_cells <- data.table::data.table(cell = asked$label, table = asked$group, section = 1L,
  row = stats::ave(seq_len(nrow(asked)), asked$group, FUN = seq_along), column = 1L, characteristic = NA_character_,
  category = 1L, total = FALSE, applies = TRUE, whole = FALSE)
data.table::set(asked_cells, NULL, "denominator", ifelse(asked_cells$row == 1L, "", "1"))
data.table::set(asked_cells, NULL, "section", asked_cells$row)
atoms <- lapply(asked$domain, function(domain) {
  if (domain == "all") NULL else which(inner$in_group(person_atoms(definitions), inner$domain_of(domain, definitions)))
})

# Persons by type and atom, as counts of what is asked, rows as they are.
asked_counts <- function(persons) {
  lines <- which(asked$group == persons$group)
  found <- lapply(lines, function(line) {
    of_cell <- cells[match(asked$cell[[line]], cells$cell), ]
    counts <- inner$cells_of_persons(persons, of_cell, definitions, atoms[[line]])$counts
    data.table::data.table(row = counts$row, cell = rep(match(line, lines), nrow(counts)), number = counts$number)
  })
  found <- data.table::rbindlist(found)
  inner$count_matrix(persons$rows, asked_cells$cell[lines], found$row, found$cell, found$number)
}
# The truth of a state: its records, those of eligible agencies, and their counts of what is asked by agency.
state_with_truth <- function(state) {
  all_records <- true_records(state)
  everything <- part_of(all_records, matrix(TRUE, n, 12L), matrix(FALSE, n, 12L))
  c(all_records, list(truth = lapply(persons_of(everything$records), function(persons) {
    Matrix::colSums(inner$as_sparse(asked_counts(persons)))
  })))
}

residents <- list(agencies = described, demographics = data.table::data.table(ori = character()))

# The persons of a state by each of several imputations of what was reported of it.
imputed_persons <- function(part, state, draw) {
  reported <- with_unknown_items(part$records)
  lapply(seq_len(imputations), function(number) {
    made <- inner$impute_items(reported, list(facts = part$facts, residents = residents),
      list(state = state, year = 100L * year + draw, imputation = number))
    folder <- tempfile()
    for (file in c(inner$imputed_units, "diagnostics")) {
      name <- paste0(file, ".csv")
      inner$write_stage_file(made[[file]], file.path(folder, name), paste0("imputed/<ST>/", name))
    }
    records <- items_of(reported, folder, number)
    unlink(folder, recursive = TRUE)
    persons_of(records)
  })
}

estimated <- function(draw) {
  persons <- list()
  drawn <- drawn_year(draw, counted = function(months) {
    data.table::rbindlist(lapply(names(states), function(state) {
      part <- part_of(states[[state]], months$reported, months$low)
      persons[[state]] <<- imputed_persons(part, state, draw)
      tabulate_offenses(part$records)
    }))
  })
  inputs <- drawn_inputs(drawn, kinds)
  oris <- inputs$parts$used$oris
  counts_by <- function(number, parts) {
    by_group <- lapply(groups, function(group) {
      inner$split_parts(asked_counts(inner$used_persons(function(state) persons[[state]][[number]][[group]],
        names(states), parts, group)), names(parts))
    })
    lapply(stats::setNames(nm = names(parts)), function(part) {
      of_groups <- lapply(by_group, function(counts) inner$as_sparse(counts[[part]]))
      all_counts <- methods::as(do.call(cbind, of_groups), "TsparseMatrix")
      inner$count_matrix(by_group[[1]][[part]]$rows, asked_cells$cell, all_counts@i + 1L, all_counts@j + 1L,
        all_counts@x)
    })
  }
  first <- counts_by(1L, inputs$parts)
  annual <- inner$as_sparse(first$used)
  borrowed <- inner$borrowed_by_cells(annual, oris, asked_cells, inputs)
  terms <- inner$terms_of_cells(inner$stacked_parts(first[-1]), asked_cells, inputs, borrowed)
  imputed <- lapply(seq_len(imputations)[-1], function(number) {
    counts <- inner$as_sparse(counts_by(number, inputs$parts["used"])$used)
    list(cells = asked_cells, counts = counts, borrowed = inner$borrowed_by_cells(counts, oris, asked_cells, inputs))
  })
  settings <- list(correction = "few_respondents")
  wanted <- unique(inputs$geographies$geography[inputs$geographies$kind %in% c("national", "region", "state")])
  data.table::rbindlist(lapply(intersect(wanted, inputs$places$geography), function(name) {
    design <- inner$design_of(name, inputs, kinds)
    with_all <- inner$estimate_cells(design, annual, oris, asked_cells, settings, borrowed, terms, imputed)
    alone <- inner$estimate_cells(design, annual, oris, asked_cells, settings, borrowed, terms)
    columns <- c("estimate", "standard_error", "percentage", "percentage_error", "degrees_of_freedom")
    data.table::data.table(draw = draw, geography = name, kind = design$place$kind,
      with_all[, c("cell", "imputation_error", "percentage_imputation_error", columns), with = FALSE],
      stats::setNames(alone[, columns, with = FALSE], paste0("first_", columns)),
      withheld = design$places$missing_over_10_percent[[1]] %in% TRUE)
  }))
}

started <- Sys.time()
before <- if (!is.null(file) && file.exists(file)) data.table::fread(file)
left <- setdiff(seq_len(draws), before$draw)
state_names <- sort(unique(agencies$state))
states <- if (length(left) > 0L) {
  parallel::mclapply(stats::setNames(nm = state_names), state_with_truth, mc.cores = processes)
}
of_states <- vapply(states, function(state) unlist(lapply(groups, function(group) state$truth[[group]])),
  numeric(nrow(asked)))
true_of <- function(name) {
  inside <- vapply(state_names, function(state) {
    name == "US" | name == state | name %in% unique(described$region[described$state == state])
  }, NA)
  rowSums(of_states[, inside, drop = FALSE])
}
whole <- asked_cells$cell[match(asked$group, asked$group)]
with_truth <- function(rows) {
  true <- vapply(stats::setNames(nm = unique(rows$geography)), true_of, numeric(nrow(asked)))
  rownames(true) <- asked_cells$cell
  own <- true[cbind(rows$cell, rows$geography)]
  below <- true[cbind(whole[match(rows$cell, asked_cells$cell)], rows$geography)]
  data.table::set(rows, NULL, c("truth", "true_percentage"), list(own, 100 * own / below))
  rows
}
made <- parallel::mclapply(left, function(draw) {
  rows <- with_truth(estimated(draw))
  # One short write of each process: lines of two do not mix.
  if (!is.null(file)) data.table::fwrite(rows, file, append = file.exists(file))
  rows
}, mc.cores = processes, mc.preschedule = FALSE)
broken <- Filter(function(one) inherits(one, "try-error"), made)
if (length(broken) > 0L) stop(broken[[1]])
made <- data.table::rbindlist(c(list(before), made), use.names = TRUE)
draws <- data.table::uniqueN(made$draw)

made <- made[which(made$truth > 0 & !(made$kind == "state" & made$withheld)), ]
holds <- function(estimate, error, degrees, truth) {
  abs(estimate - truth) <= inner$interval_factor(degrees) * error + 1e-9
}
data.table::set(made, NULL, c("off", "first_off", "held", "first_held", "share_held", "first_share_held"), list(
  made$estimate / made$truth - 1, made$first_estimate / made$truth - 1,
  holds(made$estimate, made$standard_error, made$degrees_of_freedom, made$truth),
  holds(made$first_estimate, made$first_standard_error, made$first_degrees_of_freedom, made$truth),
  holds(made$percentage, made$percentage_error, made$degrees_of_freedom, made$true_percentage),
  holds(made$first_percentage, made$first_percentage_error, made$first_degrees_of_freedom, made$true_percentage)
))
percent <- function(values) 100 * mean(values, na.rm = TRUE)
cat(sprintf("%s, %d draws, %d agencies, %d imputations, Return A off by %.0f %%, %.0f s of the clock\n", mechanism,
  draws, n, imputations, 100 * disagreement, as.numeric(Sys.time() - started, units = "secs")))
shown <- list(nation = "US", regions = regions, "all states" = state_names)
for (places in names(shown)) {
  rows <- made[which(made$geography %in% shown[[places]]), ]
  cat(sprintf("\n%s, %d estimates of each\n\n", places, nrow(rows) / nrow(asked)))
  cat("| persons | bias, % | RMSE, % | held, %: with imputation error | first alone | SE / RMSE: with | first alone |",
    "of the variance: imputation, % | percentages held, %: with | first alone |\n|---|---|---|---|---|---|---|---|---|---|\n")
  for (label in asked_cells$cell) {
    one <- rows[which(rows$cell == label), ]
    ratio <- function(error, off) sqrt(mean((error / one$truth)^2, na.rm = TRUE)) / sqrt(mean(off^2))
    cat(gsub("NaN", "-", sprintf("| %s | %.2f | %.2f | %.0f | %.0f | %.2f | %.2f | %.0f | %.0f | %.0f |\n", label, percent(one$off),
      100 * sqrt(mean(one$off^2)), percent(one$held), percent(one$first_held), ratio(one$standard_error, one$off),
      ratio(one$first_standard_error, one$first_off),
      100 * sum(one$imputation_error^2, na.rm = TRUE) / sum(one$standard_error^2, na.rm = TRUE),
      percent(one$share_held), percent(one$first_share_held))))
  }
}
