agencies_of <- function(population, code, respondent) {
  data.table::data.table(ori = sprintf("A%d", seq_along(population)), population = population,
    population_group_code = code, respondent = respondent, male_officers = seq_along(population), female_officers = 1)
}
shares_of <- function(oris, missing = character()) {
  shares <- data.table::as.data.table(c(list(ori = oris), stats::setNames(lapply(demographic_shares(),
    function(name) seq_along(oris) / 100), demographic_shares())))
  data.table::set(shares, which(oris %in% missing), "race_black", NA_real_)
  shares
}

test_that("population groups are eight strata, the two largest kinds of cities one", {
  codes <- c("1A", "1C", "2", "3", "4", "5", "6", "7", "8C", "9E", NA, "")
  expect_identical(copula_stratum(codes), c(1L, 1L, 1L, 2L, 3L, 4L, 5L, 6L, 7L, 8L, 6L, 6L))
})

test_that("agencies are drawn from respondents of their stratum and subset, by what is known of both", {
  agencies <- agencies_of(c(100, 200, 300, 400, 500, 0, 0, 0, 450), "6",
    c(TRUE, TRUE, FALSE, TRUE, FALSE, TRUE, TRUE, FALSE, TRUE))
  groups <- copula_groups(agencies, shares_of(c("A3", "A2", "A1", "A5"), missing = "A5"))
  names(groups) <- vapply(groups, `[[`, "", "name")
  expect_setequal(names(groups), c("officers 5", "residents 5", "shares 5"))
  shares <- groups[["shares 5"]]
  expect_identical(shares[c("level", "donors", "recipients")], list(level = "own", donors = 1:2, recipients = 3L))
  expect_identical(shares$known$full[, "size"], c(100, 200, 300))
  expect_identical(shares$known$full[, "race_black"], c(0.03, 0.02, 0.01))
  expect_identical(ncol(shares$known$full), 16L)
  # Agencies 4 and 9 have no shares, agency 5 not all of them.
  expect_identical(groups[["residents 5"]][c("donors", "recipients")], list(donors = c(4L, 9L), recipients = 5L))
  expect_named(groups[["residents 5"]]$known, c("population", "nothing"))
  expect_identical(groups[["officers 5"]]$known$population[, "size"], c(7, 8, 9))
})

test_that("Return A is a thing known of agencies, if they are likened by it", {
  agencies <- agencies_of(c(100, 200, 300), "6", c(TRUE, TRUE, FALSE))
  srs <- matrix(seq_len(30), 3, dimnames = list(NULL, covariate_names))
  with_crimes <- copula_groups(agencies, shares_of(paste0("A", 1:3)), srs)[[1]]$known$full
  expect_identical(setdiff(colnames(with_crimes), c("size", demographic_shares())), regression_crimes())
  expect_identical(with_crimes[, "robbery"], as.numeric(srs[, "robbery"]))
  without_shares <- copula_groups(agencies, shares_of(character()), srs)[[1]]$known$full
  expect_identical(colnames(without_shares), c("size", regression_crimes()))
})

test_that("a stratum without respondents is drawn from the others, and a subset without from all", {
  agencies <- agencies_of(c(100, 200, 9000, 0, 300), c("6", "6", "3", "7", "6"), c(TRUE, TRUE, FALSE, FALSE, FALSE))
  groups <- copula_groups(agencies, shares_of(c("A1", "A2", "A3")))
  names(groups) <- vapply(groups, `[[`, "", "name")
  expect_identical(groups[["shares 2"]][c("level", "donors")], list(level = "joined", donors = 1:2))
  expect_identical(groups[["officers 6"]][c("level", "donors")], list(level = "all", donors = 1:2))
  expect_identical(groups[["residents 5"]]$level, "all")
  nobody <- data.table::copy(agencies)
  data.table::set(nobody, NULL, "respondent", FALSE)
  expect_identical(unique(vapply(copula_groups(nobody, shares_of("A1")), `[[`, "", "level")), "none")
})

test_that("where respondents all have the same residents, and others have not, more are asked", {
  agencies <- agencies_of(c(100, 100, 300, 700), c("6", "6", "6", "3"), c(TRUE, TRUE, FALSE, TRUE))
  group <- copula_groups(agencies, shares_of(character()))[[1]]
  expect_identical(group$level, "joined")
  data.table::set(agencies, 3L, "population", 100)
  expect_identical(copula_groups(agencies, shares_of(character()))[[1]]$level, "own")
})
