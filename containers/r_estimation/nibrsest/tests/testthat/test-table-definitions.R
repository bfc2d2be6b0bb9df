definitions <- table_definitions()
cells <- table_cells(definitions)
denominator_of <- function(table, row) {
  unique(cells$denominator[cells$table == table & cells$row == row])
}

test_that("the tables have the rows and columns of the method", {
  rows <- tapply(cells$row, cells$table, max)
  expect_equal(rows[c("1a", "1b", "1c", "2a", "2b", "2c", "3c")],
    c("1a" = 101, "1b" = 88, "1c" = 78, "2a" = 110, "2b" = 75, "2c" = 62, "3c" = 3), ignore_attr = TRUE)
  columns <- tapply(cells$column, cells$table, max)
  expect_equal(as.vector(columns[c("1a", "1b", "1c", "2a", "2b", "2c", "3c")]), c(20, 15, 27, 20, 18, 27, 15))
  expect_true(all(c("t_2a_1_1_17", "t_2b_1_1_14") %in% cells$cell))
  expect_equal(anyDuplicated(cells$cell), 0L)
})

test_that("percentages of Table 1a divide by the rows of the reference's own test", {
  for (row in 3:4) expect_equal(denominator_of("1a", row), "3 4")
  for (row in 5:10) expect_equal(denominator_of("1a", row), "4")
  for (row in 11:12) expect_equal(denominator_of("1a", row), "11 12")
  for (row in 13:14) expect_equal(denominator_of("1a", row), "13 14")
  for (row in 15:17) expect_equal(denominator_of("1a", row), "15 16 17")
  expect_equal(denominator_of("1a", 1), "")
})

test_that("possessions and federal agencies have no row, and injuries of the murdered no meaning", {
  expect_false(any(cells$table == "1a" & cells$row %in% c(56, 63)))
  expect_equal(sort(unique(cells$column[cells$table == "1a" & cells$row == 11 & !cells$applies])), 5:6)
  expect_equal(unique(cells$column[cells$table == "1a" & cells$row == 72 & cells$applies]), c(7L, 19L, 20L))
})

test_that("every code of an offense is in one basic column of its kind, and every recode has a label", {
  offenses <- package_table("tables/columns.csv")
  last <- c("1a 2a" = 14L, "1b 2b 3c" = 13L, "1c 2c" = 27L)
  for (list in names(last)) {
    mine <- offenses[which(offenses$tables == list), ]
    basic <- unlist(lapply(mine$offense_codes[seq(2L, last[[list]])], words))
    expect_setequal(basic, words(mine$offense_codes[[1]]))
    expect_equal(anyDuplicated(basic), 0L)
  }
  known <- paste(definitions$categories$characteristic, definitions$categories$category)
  expect_true(all(paste(definitions$recodes$characteristic, definitions$recodes$category) %in% known))
})

test_that("definitions that contradict each other are refused with file, line and fault", {
  refused <- function(fault, ...) expect_error(table_definitions(definitions_with(...)), fault, fixed = TRUE)
  refused("sections.csv: table 9z, section 1 has the table \"9z\", which nothing defines",
    sections = "9z,1,1,1,,count,,,,yes,")
  refused("has the characteristic \"shoes\", which", sections = "3c,3,5,6,shoes,count,,,,,")
  refused("sections.csv: table 3c, section 3 has 2 rows; clearance has 3 categories",
    sections = "3c,3,5,6,clearance,count,,,,,")
  refused("section 3 has a row that another section", sections = "3c,3,4,6,clearance,count,,,,,")
  refused("has the statistic \"mean\"; there are count, percentage, rate", sections = "3c,3,5,5,business,mean,,,,,")
  refused("a percentage without a denominator", sections = "3c,3,5,5,business,count percentage,,,,,")
  refused("a rate without a population", sections = "3c,3,5,5,,rate,,row 1,,,")
  refused("has the population \"cats\"", sections = "3c,3,5,5,,rate,,row 1,cats,,")
  refused("has rate_of, which has to be", sections = "3c,3,5,5,,rate,,row 2,residents,,")
  refused("recodes.csv: gang Z has the category \"gang 7\"", recodes = "gang,nibrs_criminal_act_type,Z,7")
})

test_that("every counted row has its statistics, and rates stand where sections.csv has them", {
  statistics <- table_statistics(definitions)
  expect_false(anyNA(statistics$cell))
  expect_setequal(statistics$cell, cells$cell)
  expect_equal(anyDuplicated(statistics[, c("variable", "kind")]), 0L)
  expect_setequal(statistics$cell[statistics$kind == 2L], cells$cell[nzchar(cells$denominator)])
  seven <- c("1a", "1b", "1c", "2a", "2b", "2c", "3c")
  rates <- statistics[which(statistics$kind == 3L & statistics$column == 1L & statistics$table %in% seven), ]
  expect_equal(paste(rates$variable, rates$cell), c(
    sprintf("t_%1$s_1_2_1 t_%1$s_1_1_1", seven), "t_3c_2_4_1 t_3c_2_3_1"
  ))
  expect_equal(unique(rates$population), "residents")
})

test_that("the 108 permutations have the numbers of the method", {
  known <- permutations()
  expect_equal(known$permutation, 1:108)
  expect_equal(known$geography[c(1, 12, 23, 34, 45, 56, 64, 106, 107, 108)],
    c("US", "Northeast", "Midwest", "South", "West", "AL", "DC", "WY", "University or College", "Tribal"))
  expect_equal(sum(known$kind == "national group"), 10L)
})

test_that("what is remembered of an argument is not taken for another, nor changed with it or with what was given", {
  calls <- 0L
  doubled <- last_kept(function(table) {
    calls <<- calls + 1L
    data.table::data.table(x = 2 * table$x)
  })
  given <- data.table::data.table(x = 1:3)
  first <- doubled(given)
  data.table::set(first, 1L, "x", 100)
  expect_equal(doubled(given)$x, c(2, 4, 6))
  expect_equal(calls, 1L)
  data.table::set(given, 1L, "x", 5L)
  expect_equal(doubled(given)$x, c(10, 4, 6))
  expect_equal(calls, 2L)
  expect_equal(doubled(data.table::copy(given))$x, c(10, 4, 6))
  expect_equal(calls, 2L)
})
