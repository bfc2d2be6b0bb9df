#' The groups of persons for which tables are estimated, by the numbers of the method
#'
#' A line of `domains.csv` stands for the products of its sexes, groups of race and Hispanic origin, and ages, in this
#' order, numbered from `first` on. A group is `H` (Hispanic), `N` (not), or `N:` and races joined by plus signs.
#'
#' @param definitions See [table_definitions()].
#' @return A data.table, a row per domain: `domain` (its number, 1 to 260 without those that the method gave up),
#'   `label`, `ages`, `sexes`, `races`, `ethnicities` (missing where any) and `geographies` (kinds for which the
#'   reference makes it: national, region, state).
#' @references METHOD, sections 2.3 and 8.5.
#' @examples
#' domains()[domain == 187, ]
#' @export
domains <- function(definitions = table_definitions()) {
  each <- function(text) if (is.na(text)) NA_character_ else words(text)
  made <- lapply(seq_len(nrow(definitions$domains)), function(number) {
    line <- definitions$domains[number, ]
    product <- data.table::CJ(sexes = each(line$sexes), group = each(line$groups), ages = each(line$ages),
      sorted = FALSE)
    data.table::data.table(domain = line$first + seq_len(nrow(product)) - 1L, product, geographies = line$geographies)
  })
  made <- data.table::rbindlist(made)
  races <- ifelse(grepl(":", made$group, fixed = TRUE), gsub("+", " ", sub(".*:", "", made$group), fixed = TRUE), NA)
  described <- data.table::data.table(made[, c("domain", "ages", "sexes")], races = race_codes(races, definitions),
    ethnicities = substr(made$group, 1L, 1L), geographies = made$geographies)
  data.table::set(described, NULL, "label", domain_labels(described, definitions))
  data.table::setcolorder(described, c("domain", "label"))
  described[]
}

#' All codes of the classes of races that are named by one of them
#' @noRd
race_codes <- function(races, definitions) {
  classes <- definitions$persons$races[definitions$persons$characteristic == "race"]
  first <- sub(" .*", "", classes)
  vapply(races, function(text) {
    if (is.na(text)) NA_character_ else paste(classes[match(words(text), first)], collapse = " ")
  }, "", USE.NAMES = FALSE)
}

#' What domains are called: their items, joined as the reference does
#' @noRd
domain_labels <- function(groups, definitions) {
  of <- function(characteristic, column) {
    lines <- definitions$persons[which(definitions$persons$characteristic == characteristic), ]
    codes <- lapply(lines[[column]], words)
    labels <- definitions$categories$label[match(paste(characteristic, lines$category),
      paste(definitions$categories$characteristic, definitions$categories$category))]
    stats::setNames(rep(labels, lengths(codes)), unlist(codes))
  }
  sexes <- of("sex", "sexes")
  races <- of("race", "races")
  vapply(seq_len(nrow(groups)), function(number) {
    group <- groups[number, ]
    race <- if (!is.na(group$races)) listed(unique(races[words(group$races)]))
    origin <- c(H = "Hispanic", N = "Non-Hispanic")[group$ethnicities]
    parts <- list(Sex = if (!is.na(group$sexes)) sexes[[group$sexes]],
      Race = if (!is.null(race) || !is.na(origin)) paste(c(origin[!is.na(origin)], race), collapse = " "),
      Age = if (!is.na(group$ages)) age_label(group$ages))
    parts <- Filter(Negate(is.null), parts)
    paste(paste(names(parts), collapse = " and "), ":", paste(unlist(parts), collapse = " and "))
  }, "")
}

#' @noRd
listed <- function(names) {
  last <- length(names)
  if (last == 1L) names else paste(paste(names[-last], collapse = ", "), "and", names[[last]])
}

#' @noRd
age_label <- function(ages) {
  bounds <- age_bounds(ages)
  if (bounds$first == 0L) paste("Under", bounds$last + 1L) else sub("-$", "+", ages)
}

#' A group of persons from what somebody calls it
#'
#' @param text A number of [domains()], or items separated by commas, such as `"female, 12-17"`: `male`, `female`;
#'   `12-17`, `15`, `under 12`, `65+`; `White`, `Black`, `AIAN`, `Asian`, `NHOPI` or a race's whole name; `Hispanic`,
#'   `non-Hispanic`; `non-Hispanic Black`. `all` is everyone.
#' @return One row as of [domains()]; an error that says what is understood, and which ages groups can begin and end
#'   with.
#' @noRd
domain_of <- function(text, definitions = table_definitions()) {
  known <- domains(definitions)
  if (grepl("^[0-9]+$", trimws(text)) && as.integer(text) %in% known$domain) {
    return(known[match(as.integer(text), known$domain), ])
  }
  group <- data.table::data.table(domain = NA_integer_, label = "Everyone", ages = NA_character_, sexes = NA_character_,
    races = NA_character_, ethnicities = NA_character_, geographies = NA_character_)
  for (part in trimws(strsplit(tolower(text), ",", fixed = TRUE)[[1]])) {
    found <- items_of_words(part, definitions)
    if (is.null(found)) {
      stop("the group \"", part, "\" is not understood; say a number of domains(), or items such as ",
        "\"female, 12-17\", \"non-Hispanic Black, 18+\", \"Hispanic, under 12\"", call. = FALSE)
    }
    for (item in names(found)) {
      if (!is.na(group[[item]])) {
        stop("the group \"", text, "\" says two ", item, call. = FALSE)
      }
      data.table::set(group, NULL, item, found[[item]])
    }
  }
  check_ages(group$ages, definitions)
  said <- !is.na(unlist(group[, c("ages", "sexes", "races", "ethnicities")]))
  if (any(said)) {
    data.table::set(group, NULL, "label", domain_labels(group, definitions))
  }
  same <- match(paste(group$ages, group$sexes, group$races, group$ethnicities),
    paste(known$ages, known$sexes, known$races, known$ethnicities))
  if (is.na(same)) group else known[same, ]
}

#' The items that words stand for, as columns of [domains()]; NULL if none
#' @noRd
items_of_words <- function(part, definitions) {
  if (part %in% c("all", "everyone", "")) {
    return(list())
  }
  if (part %in% c("male", "female")) {
    return(list(sexes = c(male = "M", female = "F")[[part]]))
  }
  ages <- ages_of_words(part)
  if (!is.null(ages)) {
    return(list(ages = ages))
  }
  origin <- regmatches(part, regexpr("^(non-hispanic|hispanic)( or latino)?", part))
  race <- trimws(sub("^(non-hispanic|hispanic)( or latino)?", "", part))
  at <- if (nzchar(race)) race_of_words(race, definitions)
  if (nzchar(race) && is.na(at)) {
    return(NULL)
  }
  races <- definitions$persons$races[definitions$persons$characteristic == "race"]
  c(if (length(origin) > 0L) list(ethnicities = if (startsWith(origin, "non")) "N" else "H"),
    if (nzchar(race)) list(races = races[[at]]))
}

#' Ages as `persons.csv` has them; NULL where words are none
#' @noRd
ages_of_words <- function(part) {
  if (!grepl("^(under )?[0-9]+( ?[-+]| ?- ?[0-9]+)?$", part)) {
    return(NULL)
  }
  years <- as.integer(regmatches(part, gregexpr("[0-9]+", part))[[1]])
  if (startsWith(part, "under")) {
    return(sprintf("0-%d", years[[1]] - 1L))
  }
  paste0(years[[1]], if (grepl("[-+]", part)) "-", if (length(years) == 2L) years[[2]])
}

#' The number of a race by its name or the short one; missing where words are none
#' @noRd
race_of_words <- function(race, definitions) {
  lines <- definitions$persons[which(definitions$persons$characteristic == "race"), ]
  names <- tolower(definitions$categories$label[match(paste("race", lines$category),
    paste(definitions$categories$characteristic, definitions$categories$category))])
  at <- match(race, names)
  if (is.na(at)) match(race, c("white", "black", "aian", "asian", "nhopi")) else at
}

#' Ages begin and end where those of atoms do
#' @noRd
check_ages <- function(ages, definitions) {
  if (is.na(ages)) {
    return(invisible())
  }
  cuts <- age_cuts(definitions)
  bounds <- age_bounds(ages)
  if (!bounds$first %in% cuts || !(bounds$last >= 99L || (bounds$last + 1L) %in% cuts)) {
    stop("ages ", ages, " are not kept apart; groups begin with the years ", paste(cuts, collapse = ", "),
      " and end before one of them, or with none", call. = FALSE)
  }
}

#' Which atoms each group of persons consists of: a sparse matrix of zeros and ones, atoms by groups
#' @noRd
atoms_of_groups <- function(groups, definitions) {
  atoms <- person_atoms(definitions)
  inside <- lapply(seq_len(nrow(groups)), function(number) which(in_group(atoms, groups[number, ])))
  Matrix::sparseMatrix(unlist(inside), rep(seq_along(inside), lengths(inside)), x = 1,
    dims = c(nrow(atoms), nrow(groups)))
}
