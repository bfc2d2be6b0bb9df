#' Read what is known of persons: age, sex, race and ethnicity
#'
#' Ages are in whole years. Below one year (NN, NB, BB) is 0, over 98 is 99; unknown (00, NS) and numbers outside of 0
#' to 99 are missing. Sexes are F and M. Races and ethnicities are the codes of the lists; unknown and not specified
#' are missing, and so is what no list knows.
#'
#' @param opened See [open_published_zip()].
#' @param table The table of persons.
#' @param rows Its rows, with the columns of `item_columns`.
#' @return A list: `items`, a data.table in the order of the rows with `age` (integer), `sex`, `race` and `ethnicity`
#'   (text), and `faults`, a data.table of what was not taken as written: `table`, `variable`, `fault`, `number`.
#' @references METHOD, section 6.2.
#' @noRd
read_person_items <- function(opened, table, rows) {
  age_code <- code_of(opened, table, "age_id", rows)
  years <- suppressWarnings(as.integer(rows$age_num))
  listed <- suppressWarnings(as.integer(age_code))
  age <- ifelse(age_code %in% c("NN", "NB", "BB"), 0L, ifelse(age_code %in% "99", 99L,
    ifelse(age_code %in% c("00", "NS"), NA, ifelse(is.na(years), listed, years))))
  outside <- which(age < 0L | age > 99L)
  age[outside] <- NA
  race <- code_of(opened, table, "race_id", rows)
  ethnicity <- code_of(opened, table, "ethnicity_id", rows)
  unlisted <- function(given, found) sum(!given %in% c("", NA) & is.na(found))
  faults <- data.table::data.table(
    table = table, variable = c("age", "age", "sex", "race", "ethnicity"),
    fault = c("outside of 0 to 99", rep("in no list", 4L)),
    number = c(length(outside), unlisted(rows$age_id, age_code), sum(!rows$sex_code %in% c("M", "F", "U", "X", "", NA)),
      unlisted(rows$race_id, race), unlisted(rows$ethnicity_id, ethnicity))
  )
  # Of no rows ifelse() makes no text.
  known <- function(code, unknown) as.character(ifelse(code %in% unknown, NA, code))
  list(
    items = data.table::data.table(
      age = as.integer(age), sex = known(rows$sex_code, setdiff(rows$sex_code, c("M", "F"))),
      race = known(race, c("U", "NS")), ethnicity = known(ethnicity, c("U", "X", "NS"))
    ),
    faults = faults[which(faults$number > 0L), ]
  )
}

#' The columns from which the items of persons are read
#' @noRd
item_columns <- c(age_id = "character", age_num = "character", sex_code = "character", race_id = "character",
  ethnicity_id = "character")

#' The items of persons
#' @noRd
person_items <- c("age", "sex", "race", "ethnicity")

#' Group B arrestees, where the zip has them
#'
#' Zips of layout 3 name neither agency nor month of a Group B arrest.
#'
#' @return A list as of [read_person_items()]; `items` has `id`, `ori`, `month` and the codes `code` (of the offense),
#'   `arrest_type` and `under_18` (disposition) besides.
#' @noRd
read_group_b <- function(opened, agencies) {
  table <- "nibrs_grpb_arrest"
  if (is.na(opened$members[table])) {
    return(list(items = data.table::data.table(id = character(), ori = character(), month = integer(),
      code = character(), arrest_type = character(), under_18 = character(), age = integer(), sex = character(),
      race = character(), ethnicity = character())))
  }
  columns <- c(grpb_arrest_id = "character", agency_id = "character", arrest_date = "character",
    offense_type_id = "character", arrest_type_id = "character", under_18_disposition_code = "character", item_columns)
  there <- names(columns) %in% names(opened$sources[[table]])
  rows <- read_published(opened, table, columns[there])
  must_be_unique(rows$grpb_arrest_id, "grpb_arrest_id", opened$zip)
  of_persons <- read_person_items(opened, table, rows)
  agency <- if (is.null(rows$agency_id)) rep(NA_integer_, nrow(rows)) else match(rows$agency_id, agencies$agency_id)
  month <- as.integer(format(dates_of(opened, rows$arrest_date), "%m"))
  list(
    items = cbind(id = rows$grpb_arrest_id, ori = agencies$ori[agency], month = ifelse(is.na(agency), NA, month),
      code = code_of(opened, table, "offense_type_id", rows),
      arrest_type = code_of(opened, table, "arrest_type_id", rows), under_18 = rows$under_18_disposition_code,
      of_persons$items),
    faults = of_persons$faults
  )
}

#' Dates as the zip's layout writes them
#' @noRd
dates_of <- function(opened, text) {
  layout <- package_table("layouts/layouts.csv")
  form <- layout$date_format[layout$layout == opened$number]
  written <- unique(text)
  before <- Sys.getlocale("LC_TIME")
  on.exit(Sys.setlocale("LC_TIME", before))
  # English names of months, whatever the machine's language.
  Sys.setlocale("LC_TIME", "C")
  as.Date(written, form)[match(text, written)]
}

#' Relationships as codes of pairs
#' @noRd
relationships_of <- function(pairs) {
  data.table::data.table(victim_offender = seq_len(nrow(pairs)), code = pairs$code)
}
