test_that("missing and low months get a donor of like size, others keep their own", {
  made <- crowd_of_reporters()
  made$months[3, 5:7] <- NA
  made$colours[3, 5:7] <- NA
  made$months[9, 2] <- 0
  made$colours[9, 2] <- "red"
  found <- find_donors(made$agencies, made$months, made$colours)
  expect_equal(found$ori, made$agencies$ori[c(3, 9)])
  flags <- as.matrix(found[, tolower(month.abb), with = FALSE])
  expect_equal(unname(flags[1, ]), c(0, 0, 0, 0, 1, 1, 1, 0, 0, 0, 0, 0))
  expect_equal(unname(which(flags[2, ] == 2)), 2)
  size <- made$agencies$population[match(found$donor, made$agencies$ori)]
  expect_true(all(abs(log(size / made$agencies$population[c(3, 9)])) < 0.4))
})

test_that("an agency with a high month is no donor, a low month is replaced by more only", {
  made <- crowd_of_reporters()
  made$colours[, 1] <- "blue"
  made$colours[7, 1] <- "green"
  made$months[4, 3] <- NA
  made$months[5, 3] <- 1e6
  made$colours[5, 3] <- "orange"
  expect_equal(find_donors(made$agencies, made$months, made$colours)$mar, 1:2)
  found <- find_donors(made$agencies, made$months, made$colours, "reference")
  expect_equal(found$donor, made$agencies$ori[[7]])
  expect_equal(found$ori, made$agencies$ori[[4]])
})

test_that("of donors that are equally near the first by ORI gives, in whatever order they come", {
  made <- crowd_of_reporters()
  made$agencies[2:nrow(made$agencies), names(made$agencies) := made$agencies[2, ]]
  data.table::set(made$agencies, NULL, "ori", sprintf("XX%07d", rev(seq_len(nrow(made$agencies)))))
  made$months[1, 1] <- NA
  found <- find_donors(made$agencies, made$months, made$colours)
  expect_equal(found$donor, "XX0000001")
})

test_that("agencies without residents take from such, as long as there are any", {
  made <- crowd_of_reporters()
  made$agencies$population[1:6] <- 0
  made$months[1, 1] <- NA
  found <- find_donors(made$agencies, made$months, made$colours)
  expect_true(found$donor %in% made$agencies$ori[2:6])
})

test_that("without donors the reference imputes nothing, and the result has its columns", {
  made <- crowd_of_reporters()
  made$months[, 1] <- NA
  found <- find_donors(made$agencies, made$months, made$colours, "reference")
  expect_equal(nrow(found), 0L)
  expect_equal(names(found), c("ori", "donor", tolower(month.abb), "own_weight", "donor_weight"))
})

test_that("the order of the agencies does not matter", {
  made <- crowd_of_reporters()
  made$months[c(3, 8, 20), 4:6] <- NA
  order <- sample(nrow(made$months))
  expect_equal(
    find_donors(made$agencies[order, ], made$months[order, ], made$colours[order, ]),
    find_donors(made$agencies, made$months, made$colours)
  )
})

test_that("donated months take the place of the agency's own, cell by cell", {
  tabulated <- data.table::data.table(
    ori = c("A", "A", "A", "B", "B", "B"), month = c(1L, 2L, 3L, 1L, 2L, 2L), cell = c("x", "x", "x", "x", "x", "y"),
    count = c(1, 2, 3, 10, 20, 30)
  )
  donors <- data.table::data.table(ori = "A", donor = "B", own_weight = 1.5, donor_weight = 0.5)
  data.table::set(donors, NULL, tolower(month.abb), as.list(c(0L, 1L, 0L, rep(0L, 9))))
  reported <- data.table::CJ(ori = c("A", "B"), month = 1:2)
  found <- with_donated_months(tabulated, reported, donors)
  data.table::setorder(found, ori, month, cell)
  expect_equal(found[found$ori == "A", ]$count, c(1, 20, 30))
  expect_equal(found[found$ori == "A", ]$weight, c(1.5, 0.5, 0.5))
  expect_equal(found[found$ori == "B", ]$count, c(10, 20, 30))
  expect_equal(found[found$ori == "B", ]$weight, c(1, 1, 1))
})
