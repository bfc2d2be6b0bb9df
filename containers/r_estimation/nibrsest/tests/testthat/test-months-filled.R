# Two donors, A at ten times the level of the recipient R; the nation's season is that of A and B together.
season <- c(8, 7, 8, 8, 9, 9, 10, 10, 8, 8, 7, 8) / 100
world <- function(own = 1000, level = 10, missing = 4:7) {
  months <- rbind(A = own * level * season, B = 5000 * season, R = own * season)
  months["R", missing] <- NA
  colours <- matrix("green", 3, 12)
  colours[3, missing] <- NA
  donors <- data.table::data.table(ori = "R", donor = "A")
  data.table::set(donors, NULL, tolower(month.abb), as.list(as.integer(1:12 %in% missing)))
  list(donors = donors, oris = c("A", "B", "R"), months = months, colours = colours, earlier = matrix(NA_real_, 3, 48))
}
weigh <- function(world) do.call(weighted_months, world)

test_that("own months and the donor's at the own level together make the year, whatever share each has", {
  for (own in c(20, 100, 1e5)) {
    given <- world(own = own, level = 1)
    found <- weigh(given)
    kept <- sum(given$months["R", ], na.rm = TRUE)
    year <- found$own_weight * kept + found$donor_weight * sum(given$months["A", 4:7])
    # 20 offenses more on both sides of the scale change nothing at the same level.
    expect_equal(year, own, tolerance = 0.01)
    trust <- kept / (kept + 10)
    expect_equal(found$own_weight, 1 + trust * sum(season[4:7]) / (1 - sum(season[4:7])), tolerance = 1e-3)
    expect_equal(found$donor_weight, 1 - trust, tolerance = 1e-12)
  }
})

test_that("a donor of another level is brought to the agency's, at most by a factor of five", {
  donor_scale <- function(given) {
    kept <- sum(given$months["R", ], na.rm = TRUE)
    weigh(given)$donor_weight * (kept + 10) / 10
  }
  given <- world(own = 1000, level = 2)
  kept <- sum(given$months["R", ], na.rm = TRUE)
  expect_equal(donor_scale(given), (kept + 20) / (2 * kept + 20), tolerance = 1e-12)
  expect_equal(donor_scale(world(own = 1000, level = 10)), 0.2)
  expect_equal(donor_scale(world(own = 1000, level = 0.01)), 5)
})

test_that("an agency without offenses of its own takes the donor's alone, one without a donor its own alone", {
  nothing <- world()
  nothing$months["R", ] <- ifelse(is.na(nothing$months["R", ]), NA, 0)
  expect_equal(weigh(nothing)$own_weight, 1)
  expect_gt(weigh(nothing)$donor_weight, 0)
  alone <- world()
  data.table::set(alone$donors, NULL, "donor", NA_character_)
  alone$months[1:2, 1] <- NA
  found <- weigh(alone)
  # Nobody is complete: all months are alike, and four of twelve are missing.
  expect_equal(c(found$own_weight, found$donor_weight), c(1.5, 0))
})

test_that("earlier years give an agency its own season, and the donor's scale its level", {
  summer <- c(rep(0.2, 4), rep(3, 4), rep(0.2, 4))
  given <- world()
  given$earlier[3, ] <- rep(summer * 1e4, 4)
  found <- weigh(given)
  truth <- sum(summer[4:7]) / sum(summer[-(4:7)])
  expect_equal((found$own_weight - 1) * (660 + 10) / 660, truth, tolerance = 0.05)
  # A year that is not whole says nothing of the season.
  given$earlier[3, c(1, 13, 25, 37)] <- NA
  expect_equal(weigh(given)$own_weight, weigh(world())$own_weight)
  both <- world(level = 2)
  both$earlier[c(1, 3), 48] <- c(3000, 1000)
  kept <- sum(both$months["R", ], na.rm = TRUE)
  expect_equal(weigh(both)$donor_weight, 10 / (kept + 10) * (kept + 1000 + 20) / (2 * kept + 3000 + 20))
})

test_that("the season of the nation is that of complete agencies without months out of the ordinary", {
  months <- rbind(1:12 * 1e6, c(1e9, 1:11), c(NA, 1:11))
  colours <- matrix("green", 3, 12)
  colours[2, 1] <- "blue"
  colours[3, 1] <- NA
  expect_equal(nation_season(months, colours), 1:12 / 78, tolerance = 1e-6)
  expect_equal(nation_season(months[3, , drop = FALSE], colours[3, , drop = FALSE]), rep(1 / 12, 12))
})

test_that("what adds up of whole months adds up of filled ones, in counts by code and by cell", {
  set.seed(3)
  tabulated <- data.table::CJ(ori = c("A", "B", "R"), month = 1:12, cell = c("robbery", "burglary", "all"))
  data.table::set(tabulated, NULL, "number", rpois(nrow(tabulated), 9))
  all <- which(tabulated$cell == "all")
  data.table::set(tabulated, all, "number", tabulated$number[all + 1L] + tabulated$number[all + 2L])
  donors <- weigh(world())
  used <- used_of(tabulated, data.table::CJ(ori = c("A", "B", "R"), month = 1:12), donors)
  of <- function(ori, cell) used$number[used$ori == ori & used$cell == cell]
  for (ori in c("A", "R")) {
    expect_equal(of(ori, "all"), of(ori, "robbery") + of(ori, "burglary"), tolerance = 1e-12)
  }
  robberies <- tabulated[which(tabulated$cell == "robbery"), ]
  month <- function(ori, months) sum(robberies$number[robberies$ori == ori & robberies$month %in% months])
  expect_equal(of("R", "robbery"), donors$own_weight * month("R", c(1:3, 8:12)) + donors$donor_weight * month("A", 4:7))
  expect_equal(of("A", "robbery"), month("A", 1:12))
})

test_that("with MONTHS=reference donors give their months as they are; otherwise every low month is filled", {
  logger::log_threshold("ERROR")
  states <- read_reference(reference_zip(tempfile(), "AZ"))
  # The first of three agencies misses February, the second has next to nothing in March, the third gives.
  tabulated <- data.table::CJ(ori = sprintf("AZ%07d", 1:3), month = 1:12, offense_code = "23H")
  data.table::set(tabulated, NULL, "offenses", 100L + tabulated$month)
  tabulated <- tabulated[-2, ]
  data.table::set(tabulated, which(tabulated$ori == "AZ0000002" & tabulated$month == 3L), "offenses", 2L)
  states$status[1, 2] <- "U"
  year_of <- function(rule) {
    made <- weigh_year(states, tabulated, "AZ", 2016L, months_rule = rule)
    list(donors = made$donors, years = used_offenses(tabulated, made$months, made$donors)$offenses)
  }
  reference <- year_of("reference")
  expect_equal(reference$donors$own_weight, c(1, 1))
  expect_equal(reference$years, c(1278, 1278, 1278))
  own <- year_of("own")
  expect_true(all(own$donors$own_weight > 1.08) && all(own$donors$donor_weight < 0.02))
  expect_equal(own$years, c(1278, 1278, 1278), tolerance = 1e-3)
  expect_error(read_settings(c(DATA_YEAR = "2016", MONTHS = "donor")), "MONTHS is \"donor\"; it has to be own or ref")
})
