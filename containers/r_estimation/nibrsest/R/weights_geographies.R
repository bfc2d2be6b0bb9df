#' The geographies that have weights of their own: rows of an agency and its share of it
#'
#' Weights, totals, errors and what may be released are made of these rows, whatever the geography is. Where an agency
#' belongs to it by a share, that share of its residents, officers, Return A and offenses does.
#'
#' @param agencies A data.table, a row per eligible agency: `ori`, and the columns that [geography_kinds()] names:
#'   `state`, `region`, `agency_type`.
#' @param areas Geographies that no column of the agencies tells, such as counties: a data.frame of `geography` (its
#'   name), `kind` (one of `kinds`), `ori` and `share` (above 0, at most 1). Agencies that are not eligible drop out.
#' @param kinds See [geography_kinds()].
#' @return A data.table with a row per geography and agency of it: `geography`, `kind`, `ori`, `share`. Geographies
#'   stand in the order of their kinds, then of their names; areas last.
#' @references METHOD, sections 2.2, 5.4 and 5.5.
#' @examples
#' agencies <- data.table::data.table(ori = c("XX0000001", "XX0000002"), state = "NE", region = "Midwest",
#'   agency_type = c("City", "Tribal"))
#' geographies(agencies)
#' @export
geographies <- function(agencies, areas = NULL, kinds = geography_kinds()) {
  by_column <- lapply(seq_len(nrow(kinds)), function(number) members_of_kind(as.list(kinds[number, ]), agencies))
  told <- data.table::rbindlist(by_column)
  if (NROW(areas) == 0L) {
    return(told)
  }
  check_areas(areas, told, kinds)
  eligible <- which(areas$ori %in% agencies$ori)
  empty <- setdiff(areas$geography, areas$geography[eligible])
  if (length(empty) > 0L) {
    stop("the area ", empty[[1]], " has no eligible agency; leave it out", call. = FALSE)
  }
  data.table::rbindlist(list(told, data.table::as.data.table(areas)[eligible, names(told), with = FALSE]))
}

#' Geographies of a kind, by the column of the agencies that names them
#' @noRd
members_of_kind <- function(kind, agencies) {
  if (is.na(kind$column) && is.na(kind$name)) {
    # Only areas are of this kind.
    names <- rep(NA_character_, nrow(agencies))
  } else {
    names <- if (is.na(kind$column)) rep(kind$name, nrow(agencies)) else agencies[[kind$column]]
  }
  if (!is.na(kind$value)) {
    names[!names %in% kind$value] <- NA
  }
  rows <- order(names, na.last = NA)
  data.table::data.table(geography = names[rows], kind = rep(kind$kind, length(rows)), ori = agencies$ori[rows],
    share = rep(1, length(rows)))
}

#' @noRd
check_areas <- function(areas, told, kinds) {
  refuse <- function(row, what) {
    stop("the area ", areas$geography[[row]], ", agency ", areas$ori[[row]], ": ", what, call. = FALSE)
  }
  lacking <- setdiff(names(told), names(areas))
  if (length(lacking) > 0L) {
    stop("areas lack the column ", lacking[[1]], "; they have a row per geography and agency, with ",
      paste(names(told), collapse = ", "), call. = FALSE)
  }
  wrong <- which(is.na(areas$share) | areas$share <= 0 | areas$share > 1)
  if (length(wrong) > 0L) {
    refuse(wrong[[1]], paste0("its share is ", areas$share[[wrong[[1]]]], "; it has to be above 0 and at most 1"))
  }
  wrong <- which(duplicated(paste(areas$geography, areas$ori, sep = "\r")))
  if (length(wrong) > 0L) {
    refuse(wrong[[1]], "it is there twice; add its shares up")
  }
  wrong <- which(!areas$kind %in% kinds$kind)
  if (length(wrong) > 0L) {
    refuse(wrong[[1]], paste0("the kind ", areas$kind[[wrong[[1]]]], " is not in geography_kinds.csv; name it there"))
  }
  wrong <- which(areas$geography %in% told$geography)
  if (length(wrong) > 0L) {
    refuse(wrong[[1]], "another geography has that name; choose one of its own")
  }
}

#' Kinds of geographies
#'
#' @param folder Folder of `geography_kinds.csv`; that of the package by default.
#' @return A data.table, a row per kind: `kind`; `geography_group`, the task that estimates them (a value of
#'   `GEOGRAPHY_GROUP`); `column` of the agencies whose values name the geographies, `value`, the only one that does;
#'   `name` where all agencies are one geography; `agency_groups` (yes, no), whether its groups of agencies have
#'   estimates; `permutations`, the numbers that areas have. A kind with neither column nor name has the areas that are
#'   given to [geographies()].
#' @examples
#' geography_kinds()
#' @export
geography_kinds <- function(folder = NULL) package_table("geography_kinds.csv", folder)

#' Whether an area is a state under another name: then its weights are the state's, and its numbers too
#' @noRd
is_whole_state <- function(place, agencies) {
  state <- unique(place$agencies$state)
  place$kind %in% area_kinds() && length(state) == 1L && all(place$share == 1) &&
    length(place$rows) == sum(agencies$state == state)
}

#' One geography's agencies, with what of them belongs to it
#'
#' @param name Of the geography.
#' @param places See [geographies()].
#' @param agencies,covariates Of all geographies, in one order: see [weigh_year()].
#' @return A list: `name`, `kind`, `rows` (of `agencies`, in their order), `share`, and of these `agencies` and
#'   `covariates`, both by their share.
#' @noRd
geography_of <- function(name, places, agencies, covariates) {
  members <- places[which(places$geography == name), ]
  rows <- match(members$ori, agencies$ori)
  members <- members[order(rows), ]
  rows <- sort(rows)
  own <- agencies[rows, ]
  counted <- intersect(c("population", officer_columns), names(own))
  data.table::set(own, NULL, counted, lapply(counted, function(column) own[[column]] * members$share))
  list(name = name, kind = members$kind[[1]], rows = rows, share = members$share, agencies = own,
    covariates = covariates[rows, , drop = FALSE] * members$share)
}
