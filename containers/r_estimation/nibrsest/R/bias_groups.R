#' Shares of residents by which agencies are likened, as the reference extract has them
#' @noRd
demographic_shares <- function() setdiff(names(file_columns("reference/demographics.csv")), "agency_id")

#' Agencies that lack counts, with those that they are drawn from and what is known of both
#'
#' A group is a stratum of parent population groups (1 and 2 as one) within one of three subsets: agencies with
#' residents whose shares are known, agencies with residents whose shares are not, and agencies without residents,
#' which are likened by their officers. Where nobody responds in a group, or all who do have the same residents while
#' others have not, its donors are the respondents of all strata of the subset; failing that, all respondents.
#'
#' @param agencies Eligible agencies: `ori`, `population`, `population_group_code`, `respondent`, `male_officers`,
#'   `female_officers`.
#' @param demographics See [read_reference()].
#' @param covariates Matrix of [srs_covariates()], in the order of `agencies`, if agencies are likened by Return A too;
#'   NULL if not.
#' @return A list of groups with any silent agency: `name`, `subset` (`shares`, `residents`, `officers`), `stratum`,
#'   `level` (`own`, `joined`, `all`, `none`), `donors`, `recipients` (rows of `agencies`), `known` (see
#'   `drawn_by_ladder()`; donors first).
#' @references METHOD, section 10.
#' @noRd
copula_groups <- function(agencies, demographics, covariates = NULL) {
  shares <- as.matrix(demographics[match(agencies$ori, demographics$ori), demographic_shares(), with = FALSE])
  if (!is.null(covariates)) {
    covariates <- covariates[, regression_crimes(), drop = FALSE]
  }
  has_shares <- rowSums(is.na(shares)) == 0L
  officers <- agencies$male_officers + agencies$female_officers
  subset <- ifelse(agencies$population <= 0, "officers", ifelse(has_shares, "shares", "residents"))
  stratum <- copula_stratum(agencies$population_group_code)
  places <- unique(data.table::data.table(subset = subset, stratum = stratum)[which(!agencies$respondent), ])
  places <- places[order(places$subset, places$stratum), ]
  lapply(seq_len(nrow(places)), function(number) {
    place <- as.list(places[number, ])
    mine <- subset == place$subset
    size <- if (place$subset == "officers") officers else agencies$population
    recipients <- which(mine & stratum == place$stratum & !agencies$respondent)
    found <- copula_donors(list(own = which(mine & stratum == place$stratum & agencies$respondent),
      joined = which(mine & agencies$respondent), all = which(agencies$respondent)), recipients, size)
    rows <- c(found$donors, recipients)
    richest <- cbind(if (place$subset == "shares" && found$level != "all") shares[rows, , drop = FALSE],
      covariates[rows, , drop = FALSE])
    c(list(name = sprintf("%s %d", place$subset, place$stratum), recipients = recipients), place, found,
      list(known = known_of_agencies(size[rows], richest)))
  })
}

#' Parent population groups, 1 and 2 as one: 1 to 8; what is not stated counts as agencies without a group of residents
#' @noRd
copula_stratum <- function(population_group_code) {
  parent <- suppressWarnings(as.integer(substr(population_group_code, 1L, 1L)))
  parent[!parent %in% 1:9] <- 7L
  pmax(1L, parent - 1L)
}

#' The first donors that will do
#' @return A list: `level`, `donors`.
#' @noRd
copula_donors <- function(choices, recipients, size) {
  for (level in names(choices)) {
    donors <- choices[[level]]
    told <- length(donors) > 0L && (any(size[donors] != size[donors][[1]]) ||
      all(size[recipients] == size[donors][[1]]))
    if (told) {
      return(list(level = level, donors = donors))
    }
  }
  list(level = "none", donors = integer())
}

#' What is known of agencies, from the richest to the poorest
#' @noRd
known_of_agencies <- function(size, richest) {
  population <- matrix(size, dimnames = list(NULL, "size"))
  poorer <- list(population = population, nothing = population[, 0L, drop = FALSE])
  if (is.null(richest)) poorer else c(list(full = cbind(population, richest)), poorer)
}
