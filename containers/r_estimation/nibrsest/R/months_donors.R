#' Donors for the months that respondents miss
#'
#' The donor of an agency that misses months, or has months that are implausibly low, is a similar agency that
#' reported all twelve: the one whose predicted number of crimes is nearest, among agencies that likewise have residents
#' or not, and cover others or not. How much of these months is taken from it, [weighted_months()] says; as the
#' reference has it, all.
#'
#' @param agencies A data.table in the order of the rows of `months`: `ori`, `population`, `suburban` (Y, N),
#'   `agency_type`, `region`, `male_officers`, `female_officers`, `months_since_start`, `covering` (logical).
#' @param months Numeric matrix of monthly totals, agencies by twelve, missing where a month was not reported.
#' @param colours Character matrix of the same size, see [outlier_colours()].
#' @param rule `own`, or `reference`: there a low month is replaced only by a month with more crimes, and nothing is
#'   filled if there is no donor.
#' @return A data.table, a row per recipient: `ori`, `donor` (missing where there is none), and `jan` to `dec`: 1 a
#'   missing month that is filled, 2 a low month that is replaced, 0 the agency's own; `own_weight` and
#'   `donor_weight`, both 1: how often records of own months and of the donor's count.
#' @references METHOD, section 4.
#' @examples
#' agencies <- data.table::data.table(ori = sprintf("XX%07d", 1:3), population = c(5000, 5200, 90000), suburban = "N",
#'   agency_type = "City", region = "West", male_officers = c(9, 9, 150), female_officers = c(1, 1, 30),
#'   months_since_start = 90L, covering = FALSE)
#' months <- rbind(c(NA, 5:15), 4:15, 104:115)
#' colours <- ifelse(is.na(months), NA, "green")
#' find_donors(agencies, months, colours)
#' @export
find_donors <- function(agencies, months, colours, rule = c("own", "reference")) {
  rule <- match.arg(rule)
  stopifnot(nrow(agencies) == nrow(months), ncol(months) == 12L)
  missing <- is.na(months)
  low <- !missing & colours %in% c("red", "orange")
  high <- !missing & colours %in% c("blue", "brown")
  dim(low) <- dim(high) <- dim(months)
  donors <- which(rowSums(missing | low | high) == 0L)
  recipients <- which(rowSums(missing | low) > 0L)
  names <- tolower(month.abb)
  if (length(recipients) == 0L || (length(donors) == 0L && rule == "reference")) {
    return(empty_donors(names))
  }
  chosen <- nearest_donors(agencies, rowSums(months), donors, recipients)
  replaced <- low[recipients, , drop = FALSE]
  if (rule == "reference") {
    replaced <- replaced & months[chosen, , drop = FALSE] > months[recipients, , drop = FALSE]
  }
  flags <- ifelse(missing[recipients, , drop = FALSE], 1L, ifelse(replaced, 2L, 0L))
  taken <- data.table::data.table(ori = agencies$ori[recipients], donor = agencies$ori[chosen])
  data.table::set(taken, NULL, names, data.table::as.data.table(matrix(as.integer(flags), length(recipients))))
  data.table::set(taken, NULL, c("own_weight", "donor_weight"), 1)
  data.table::setkeyv(taken, "ori")
  taken[rowSums(as.matrix(taken[, names, with = FALSE])) > 0L]
}

#' For each recipient the row of its donor; missing if there is none
#' @noRd
nearest_donors <- function(agencies, total, donors, recipients) {
  if (length(donors) == 0L) {
    return(rep(NA_integer_, length(recipients)))
  }
  predicted <- predict_crimes(agencies, total, donors)
  class <- paste(agencies$population == 0, agencies$covering)
  # Of donors that are equally near the first by ORI gives.
  donors <- donors[order(agencies$ori[donors])]
  of_class <- split(donors, class[donors])
  vapply(recipients, function(recipient) {
    alike <- of_class[[class[[recipient]]]]
    pool <- if (is.null(alike)) donors else alike
    nearest <- which.min(abs(predicted[pool] - predicted[[recipient]]))
    pool[[c(nearest, 1L)[[1]]]]
  }, integer(1))
}

#' @noRd
empty_donors <- function(names) {
  nobody <- data.table::data.table(ori = character(), donor = character())
  data.table::set(nobody, NULL, names, rep(list(integer()), length(names)))
  data.table::set(nobody, NULL, c("own_weight", "donor_weight"), list(numeric(), numeric()))
  nobody
}

#' The number of crimes of a year that an agency's attributes predict, by a linear model of the donors
#'
#' Terms are chosen by Akaike's criterion, stepwise in both directions. Types that no donor has join "Other".
#' @noRd
predict_crimes <- function(agencies, total, donors) {
  type <- agencies$agency_type
  type[type %in% c("Other State Agency", "Tribal") & !type %in% type[donors]] <- "Other"
  type[!type %in% type[donors]] <- type[donors][[1]]
  frame <- data.frame(
    total = total, suburban = agencies$suburban %in% "Y", type = factor(type), region = factor(agencies$region),
    population = agencies$population, male = agencies$male_officers, female = agencies$female_officers,
    since = agencies$months_since_start, covering = agencies$covering
  )
  frame$region[!frame$region %in% frame$region[donors]] <- frame$region[donors][[1]]
  frame <- droplevels(frame)
  known <- frame[donors, ]
  varies <- vapply(known[-1], function(column) length(unique(column)) > 1L, logical(1))
  if (!any(varies) || length(donors) <= sum(varies) + constant("spare_donors")) {
    # Too few donors for a model: the number of residents decides.
    return(as.numeric(agencies$population))
  }
  formula <- stats::reformulate(names(known)[-1][varies], "total")
  model <- stats::step(stats::lm(formula, known), direction = "both", trace = 0)
  as.numeric(suppressWarnings(stats::predict(model, frame)))
}

#' Monthly counts that make up the years of respondents, with how often each counts
#'
#' @param tabulated A data.table with `ori`, `month`, and further key columns and a count: see [tabulate_offenses()].
#' @param reported A data.table of the agencies and months to keep: `ori`, `month`.
#' @param donors See [find_donors()].
#' @return Like `tabulated`, with a column `weight`: the kept months of each agency that are its own, and its donor's
#'   in the others. Counts are those of the month; the year's sum is that of `weight` times the count.
#' @examples
#' tabulated <- data.table::data.table(ori = c("XX0000001", "XX0000002"), month = 1L, offense_code = "120",
#'   offenses = c(3L, 1L))
#' kept <- data.table::data.table(ori = "XX0000001", month = 1L)
#' donors <- data.table::as.data.table(c(list(ori = "XX0000002", donor = "XX0000001"),
#'   stats::setNames(as.list(rep(c(1L, 0L), c(1, 11))), tolower(month.abb)), list(own_weight = 1, donor_weight = 1)))
#' with_donated_months(tabulated, kept, donors)
#' @export
with_donated_months <- function(tabulated, reported, donors) {
  names <- tolower(month.abb)
  flags <- data.table::melt(donors, id.vars = c("ori", "donor", "donor_weight"), measure.vars = names,
    variable.name = "name", value.name = "flag", variable.factor = FALSE)
  flags <- flags[flags$flag > 0L, ]
  data.table::set(flags, NULL, "month", match(flags$name, names))
  own <- tabulated[reported, on = c("ori", "month"), nomatch = NULL]
  own <- own[!flags, on = c("ori", "month")]
  own_weight <- donors$own_weight[match(own$ori, donors$ori)]
  data.table::set(own, NULL, "weight", ifelse(is.na(own_weight), 1, own_weight))
  given <- flags[which(flags$donor_weight > 0), c("donor", "month", "ori", "donor_weight")]
  taken <- tabulated[given, on = c(ori = "donor", "month"), nomatch = NULL, allow.cartesian = TRUE]
  data.table::set(taken, NULL, c("ori", "weight"), list(taken$i.ori, taken$donor_weight))
  data.table::rbindlist(list(own, taken[, names(own), with = FALSE]))
}
