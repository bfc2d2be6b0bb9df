published <- explored_tables(published_tables())
# Those of crimes alone, which the small reports have.
crimes <- booked_tables(published_tables())

test_that("numbers are packed as differences, exact zeros as nothing", {
  values <- data.table::data.table(
    cell = c("a", "b", "c", "d", "e"), kind = 1L, estimate = c(12.4, 0, 0.3, NA, 100), lower = c(10, 0, 0, NA, NA),
    upper = c(14.8, 0, 1.2, NA, NA), letter = c("A", "A", "B", ".", "B")
  )
  # 12 with 10 to 15, 0, something that rounds to 0 with 0 to 1, nothing, and 100 without limits.
  expect_equal(packed(values, 1L, c("a", "b", "c", "d", "e")),
    list(e = "12,,0,-,100", d = "2,,,-,-", x = "1,,1,-,-", r = "A2B.B"))
  rate <- data.table::set(data.table::copy(values), NULL, "kind", 3L)
  expect_equal(packed(rbind(values, rate), 3L, c("c", "a"))[c("e", "d")], list(e = "3,124", d = "3,24"))
  expect_equal(packed(values, 1L, "unknown")$r, ".")
})

test_that("figures stand in the order in which the page counts them", {
  labels <- lapply(unique(published$cells$table), explorer_table, published, table_definitions())
  cells <- published$cells[!is.na(published$labels$indicator), ]
  named <- function(table, sections, rows, columns) {
    paste("t", table, rep(sections, each = length(columns)), rep(rows, each = length(columns)), columns, sep = "_")
  }
  totals <- unlist(lapply(labels, function(table) {
    named(table$table, table$totals$section, table$totals$row, table$columns$column)
  }))
  expect_equal(totals, cells$cell[is_headline(cells)])
  for (table in Filter(function(table) length(table$sections) > 0L, labels)) {
    # The page finds a row by its number: in the order of numbers, whichever part it is shown in.
    rows <- data.table::rbindlist(lapply(table$sections, function(section) {
      expect_length(section$rows, length(section$numbers))
      data.table::data.table(section = section$section, number = as.integer(section$numbers))
    }))
    expect_equal(anyDuplicated(rows$number), 0L)
    rows <- rows[order(rows$number), ]
    expect_equal(as.character(named(table$table, rows$section, rows$number, table$columns$column)),
      cells$cell[cells$table == table$table & !is_headline(cells)])
    ids <- vapply(table$sections, `[[`, "", "id")
    labels_of_table <- vapply(table$sections, `[[`, "", "label")
    expect_equal(c(anyDuplicated(ids), anyDuplicated(labels_of_table)), c(0L, 0L), label = table$table)
  }
  victims <- labels[[match("3a", vapply(labels, `[[`, "", "table"))]]
  section <- function(name) Filter(function(section) section$label == name, victims$sections)[[1]]
  expect_equal(section("Victim Age")$rates, "residents of the group")
  expect_equal(section("Injury")$rates, "")
  expect_equal(as.integer(section("Victim sex and race: Female")$numbers), 53:58)
  expect_equal(section("Victim sex and race")$of, "Sex: Male or Sex: Female or Sex: Unknown")
  # Tables of a part of a crime say so: gun robberies are not all robberies.
  guns <- labels[[match("GV1a", vapply(labels, `[[`, "", "table"))]]
  expect_equal(guns$columns$name[[9]], "Gun offenses: Robbery")
  expect_equal(guns$columns$unit[[9]], "robberies")
  murders <- labels[[match("YT1", vapply(labels, `[[`, "", "table"))]]
  expect_equal(murders$columns$name, "Murder victims of 12 to 17 years")
  # These count three things each, of which none is the others' headline.
  expect_false(any(c("DM6", "DM7", "DM8", "DM9") %in% vapply(labels, `[[`, "", "table")))
  robbery <- labels[[match("2a", vapply(labels, `[[`, "", "table"))]]
  weapons <- Filter(function(section) section$label == "Weapon involved: Yes", robbery$sections)[[1]]
  expect_equal(weapons$of, "Weapon involved: Yes")
  expect_equal(as.character(weapons$rows[1:2]), c("Personal weapons", "Firearms"))
})

test_that("every column says what it counts, and what it counts otherwise", {
  definitions <- table_definitions()
  noun <- function(table, name) {
    columns <- columns_of(definitions, table)
    counted_noun(table, columns$column[[match(name, columns$indicator_name)]], definitions)
  }
  for (table in unique(published$cells$table)) {
    columns <- columns_of(definitions, table)$column
    expect_true(all(nzchar(vapply(columns, function(column) counted_noun(table, column, definitions), ""))))
  }
  expect_equal(noun("2a", "Aggravated Assault"), "victims")
  expect_equal(noun("2a", "Robbery"), "robberies")
  expect_equal(noun("2a", "Violent Crime"), "victims and robberies")
  expect_equal(noun("2b", "Robbery"), "offenses")
  expect_equal(noun("2b", "Motor Vehicle Theft"), "stolen vehicles")
  expect_equal(noun("2b", "Property Crime"), "offenses and stolen vehicles")
  expect_equal(noun("1a", "Robbery"), "incidents")
  expect_equal(noun("3c", "Robbery"), "victims that are not persons")
  strange <- table_definitions(definitions_with(tables = "9z,Things,thing,", units = "thing,place,thing of an agency",
    groups = "things,9z"))
  expect_error(counted_noun("9z", 1L, strange), "table 9z counts: thing")
})

test_that("the explorer has a file per geography, and says why a number is not for release", {
  folder <- file.path(report_of(two_states_done()), "beside_zip", "explorer")
  places <- c("US", "South", "West", "AZ", "LA")
  expect_setequal(list.files(folder), c("year.js", "totals.js", paste0(places, "-crimes.js")))
  content <- function(name) {
    text <- readLines(file.path(folder, name), encoding = "UTF-8")
    jsonlite::fromJSON(sub("^nibrsExplorer\\((.*)\\);$", "\\1", text), simplifyVector = FALSE)
  }
  year <- content("year.js")
  expect_match(year$notices[[1]], "SIMULATED")
  reasons <- vapply(year$reasons, `[[`, "", "text")
  expect_true("a silent agency has more than a tenth of the residents" %in% reasons)
  expect_equal(vapply(year$geographies, `[[`, "", "id"), places)
  # AZ has three robberies of three of its four agencies, LA none: as offenses.csv has them.
  at <- length(which(is_headline(crimes$cells) & !is.na(crimes$labels$indicator))) +
    match("120", vapply(year$offenses, `[[`, "", "cell"))
  totals <- content("totals.js")$totals
  offenses <- data.table::fread(file.path(report_of(two_states_done()), "offenses.csv"))
  robbery <- offenses$estimate[offenses$cell == "120" & offenses$agency_group == "all agencies"]
  found <- vapply(totals, function(place) strsplit(paste0(place$count$e, ","), ",", fixed = TRUE)[[1]][[at]], "")
  expect_equal(unname(found), ifelse(robbery == 0, "", sprintf("%.0f", round(robbery))))
})

test_that("the file of all numbers has those of the tables and of the offenses, each with its labels", {
  folder <- report_of(two_states_done())
  packed_file <- gzfile(file.path(folder, "beside_zip", "nibrs-estimates-2016.csv.gz"))
  found <- data.table::fread(text = readLines(packed_file))
  close(packed_file)
  tables <- data.table::fread(file.path(folder, "tables.csv"))
  tables <- tables[which(tables$der_variable_name %in% crimes$cells$cell), ]
  counts <- found[which(found$statistic == "count" & found$table != "offenses"), ]
  expect_equal(nrow(counts), nrow(tables))
  expect_equal(sum(counts$estimate), sum(tables$estimate))
  expect_equal(sum(counts$for_release), sum(tables$suppression_flag == 0L))
  offenses <- found[which(found$table == "offenses"), ]
  expect_equal(unique(offenses$unit), "offense records")
  expect_equal(sum(offenses$statistic == "count"), nrow(data.table::fread(file.path(folder, "offenses.csv"))))
  robbery <- found[which(found$variable == "t_2a_1_2_15" & found$geography == "AZ"), ]
  expect_equal(robbery[, c("offense", "unit", "statistic", "characteristic")],
    data.table::data.table(offense = "Robbery", unit = "robberies", statistic = "rate",
      characteristic = "Total"))
  expect_equal(robbery$estimate, counts$estimate[counts$variable == "t_2a_1_1_15" & counts$geography == "AZ"] * 5)
  types <- utils::read.csv(file.path(folder, "tidy_columns.csv"))
  expect_equal(types$column, names(found))
})
