#' Areas below states: metropolitan areas, judicial districts and FBI field offices
#'
#' An agency lies in a metropolitan area with the share of its residents who live in the area's counties; where it has
#' no residents, its counties have equal shares. Judicial district and field office have all of an agency.
#'
#' @param counties Pieces of agencies by county, see [read_reference()].
#' @param agencies Eligible agencies: `ori`, `state_name`. Others have no part in an area.
#' @return A data.table, a row per area and agency of it, as [geographies()] takes areas: `geography` (`MSA`, `JD` or
#'   `FO` and the code), `kind`, `ori`, `share`; and `description`, what the area is called, and `core_city`, whether
#'   the agency serves a principal city of it. Areas stand in the order of [geography_kinds()], then of their codes.
#' @references METHOD, sections 2.2 and 5.4.
#' @examples
#' counties <- data.table::data.table(ori = c("XX0000001", "XX0000001", "XX0000002"), county = c("1", "2", "2"),
#'   county_name = c("Kent", "York", "York"), county_known = "Y", metropolitan = c("Y", "N", "N"),
#'   msa = c("10100", NA, NA), msa_name = c("Kent, NE", NA, NA), core_city = "Y", population = c(300, 100, 900),
#'   judicial_district = "031", field_office = NA, field_office_name = NA)
#' areas_of(counties, data.table::data.table(ori = c("XX0000001", "XX0000002"), state_name = "Nebraska"))
#' @export
areas_of <- function(counties, agencies) {
  check_counties(counties)
  counties <- counties[which(counties$ori %in% agencies$ori), ]
  data.table::set(counties, NULL, "share", county_shares(counties$ori, counties$population))
  metropolitan <- counties[which(counties$metropolitan == "Y" & counties$share > 0), ]
  msas <- metropolitan[, list(share = min(1, sum(share)), core_city = any(core_city %in% "Y"),
    description = msa_name[1L]), by = c("msa", "ori")]
  whole <- counties[!duplicated(counties$ori), -"core_city"]
  data.table::set(whole, NULL, c("share", "core_city"), list(1, FALSE))
  districts <- whole[which(!is.na(whole$judicial_district)), ]
  offices <- whole[which(!is.na(whole$field_office)), ]
  states <- agencies$state_name[match(districts$ori, agencies$ori)]
  data.table::set(districts, NULL, "description", sprintf("Judicial district %s, %s", districts$judicial_district,
    stats::ave(states, districts$judicial_district, FUN = function(names) toString(sort(unique(names))))))
  data.table::set(offices, NULL, "description", sprintf("Field office %s", ifelse(is.na(offices$field_office_name),
    offices$field_office, offices$field_office_name)))
  data.table::rbindlist(list(
    area_rows("msa", "MSA", msas, msas$msa), area_rows("judicial_district", "JD", districts,
      districts$judicial_district),
    area_rows("field_office", "FO", offices, offices$field_office)
  ))
}

#' Kinds of geographies that no column of the agencies tells
#' @noRd
area_kinds <- function() {
  kinds <- geography_kinds()
  kinds$kind[kinds$geography_group == "areas"]
}

#' @noRd
area_rows <- function(kind, prefix, rows, code) {
  found <- data.table::data.table(geography = sprintf("%s %s", prefix, code), kind = rep(kind, nrow(rows)),
    ori = rows$ori, share = rows$share, description = rows$description, core_city = rows$core_city)
  found <- found[which(!is.na(code)), ]
  found[order(found$geography, found$ori), ]
}

#' What part of its agency each piece is: by residents, equal where there are none
#' @noRd
county_shares <- function(ori, population) {
  population[is.na(population)] <- 0
  residents <- stats::ave(population, ori, FUN = sum)
  ifelse(residents > 0, population / residents, 1 / stats::ave(population, ori, FUN = length))
}

#' @noRd
check_counties <- function(counties) {
  unknown <- which(counties$county_known %in% "N")
  if (length(unknown) > 0L) {
    first <- counties[unknown[[1]], ]
    stop("the county ", first$county, if (!is.na(first$county_name)) paste0(" (", first$county_name, ")"),
      " of the agency ", first$ori, " is not in the reference tables ref_county, ref_metro_division and ref_msa",
      if (length(unknown) > 1L) paste0("; neither are those of ", length(unknown) - 1L, " other rows"),
      "; complete these tables, or estimate with AREAS=none", call. = FALSE)
  }
  nameless <- which(counties$metropolitan %in% "Y" & is.na(counties$msa))
  if (length(nameless) > 0L) {
    stop("the county ", counties$county[[nameless[[1]]]], " of the agency ", counties$ori[[nameless[[1]]]],
      " is metropolitan, but of no area; complete ref_metro_division, or estimate with AREAS=none", call. = FALSE)
  }
}

#' Numbers of areas among the permutations
#'
#' In the order of their codes within the ranges that their kind has; what finds no room there has the numbers from 710.
#' They are those of one year's list of areas: `geography` says which area it is in every year.
#'
#' @param areas See [areas_of()].
#' @return A data.table, a row per area, in their order: `permutation`, `geography`, `kind`, `description`.
#' @references METHOD, sections 2.2 and 11 (permutations 109 to 709).
#' @noRd
numbered_areas <- function(areas, kinds = geography_kinds()) {
  known <- unique(data.table::as.data.table(areas)[, c("geography", "kind", "description")], by = "geography")
  ranges <- lapply(stats::setNames(kinds$permutations, kinds$kind), numbers_of_ranges)
  reserved <- unlist(ranges)
  spare <- setdiff(710:999, reserved)
  number <- rep(NA_integer_, nrow(known))
  for (kind in unique(known$kind)) {
    mine <- which(known$kind == kind)
    number[mine] <- c(ranges[[kind]], rep(NA_integer_, length(mine)))[seq_along(mine)]
  }
  without <- which(is.na(number))
  if (length(without) > length(spare)) {
    stop(nrow(known), " areas are more than there are numbers for, 109 to 999; estimate with AREAS=none", call. = FALSE)
  }
  number[without] <- spare[seq_along(without)]
  cbind(permutation = number, known)
}

#' Numbers in words such as "109-492 638-709"
#' @noRd
numbers_of_ranges <- function(words) {
  if (is.na(words)) {
    return(integer())
  }
  ends <- strsplit(strsplit(words, " ", fixed = TRUE)[[1]], "-", fixed = TRUE)
  unlist(lapply(ends, function(range) seq(as.integer(range[[1]]), as.integer(range[[2]]))))
}

#' A year's weights without areas, or of areas alone
#'
#' @param weighed See [weigh_year()].
#' @param names Of the geographies that are wanted.
#' @return A list of those of its tables that have a row per geography and something.
#' @noRd
weighed_of <- function(weighed, names) {
  lapply(weighed[weighed_tables], function(table) table[which(table$geography %in% names), ])
}

#' @noRd
weighed_tables <- c("geographies", "universe", "weights", "strata", "attempts")

#' What is known of areas in which agencies respond
#'
#' @param weighed See [weigh_year()], with areas; `areas` see [areas_of()].
#' @return A data.table with the columns of `weights/areas/places.csv`.
#' @noRd
places_of_areas <- function(weighed, areas, covariates) {
  mine <- weighed_of(weighed, unique(areas$geography))
  places <- estimated_places(mine$geographies, mine$weights, mine$universe, weighed$agencies, covariates)
  known <- numbered_areas(areas)
  at <- match(places$geography, known$geography)
  data.table::set(places, NULL, c("permutation", "description", "kind"),
    known[at, c("permutation", "description", "kind")])
  responds <- weighed$agencies$respondent[match(areas$ori, weighed$agencies$ori)]
  of_cities <- function(rows) places$geography %in% areas$geography[rows]
  data.table::set(places, NULL, "missing_principal_city", places$kind == "msa" &
    ifelse(of_cities(areas$core_city), of_cities(areas$core_city & !responds), places$missing_over_10_percent))
  data.table::setcolorder(places, names(file_columns("weights/areas/places.csv")))
  places
}
