#' How the sections of tables are drawn for agencies that are silent
#'
#' @param definitions See [table_definitions()].
#' @param folder Folder of `copula_rows.csv`; that of the package by default.
#' @return A data.table, a row per counted section of each table that is drawn, which are those that the file names and
#'   those of totals alone: `table`, `section`, `tier` (0 totals and what
#'   agencies are, which is known of everyone; 1 rows of the total; 2 rows of another row), `type` (see
#'   `drawn_rows()`; empty in tier 0), `parent` (the row whose rows they are; missing in tier 0).
#' @references METHOD, section 10 (row specification).
#' @examples
#' copula_rows()[tier == 2L, ]
#' @export
copula_rows <- function(definitions = table_definitions(), folder = NULL) {
  lines <- package_table("copula_rows.csv", folder)
  given <- data.table::rbindlist(lapply(seq_len(nrow(lines)), function(number) {
    cbind(table = words(lines$tables[[number]]), lines[number, c("characteristic", "tier", "type", "parent")])
  }))
  sections <- drawn_sections(definitions, given$table)
  line <- match(paste(sections$table, sections$characteristic), paste(given$table, given$characteristic))
  tier <- as.integer(given$tier[line])
  is_known <- sections$total %in% "yes" | sections$characteristic %in% names(agency_categories(no_agencies))
  tier[is_known] <- 0L
  named <- sprintf("table %s, section %s", sections$table, sections$section)
  refuse("copula_rows.csv", named, which(is.na(tier)), "is drawn in no way; give it a line")
  found <- data.table::data.table(
    table = sections$table, section = sections$section, tier = tier, type = ifelse(tier == 0L, "", given$type[line]),
    parent = parent_rows(given$parent[line], sections)
  )
  data.table::set(found, which(tier == 0L), "parent", NA_integer_)
  refuse("copula_rows.csv", named, which(tier > 0L & (is.na(found$parent) | !found$type %in% c("1", "2", "3"))),
    "has no parent in its table, or a type that is not 1, 2 or 3")
  found[]
}

#' The sections of tables that are named, or that have nothing but totals
#' @noRd
drawn_sections <- function(definitions, named) {
  sections <- counted_sections(definitions)
  detailed <- sections$table[!sections$total %in% "yes"]
  sections[which(sections$table %in% named | !sections$table %in% detailed), ]
}

#' @noRd
no_agencies <- data.table::data.table(class = integer(), agency_type = character(), msa_status = integer())

#' The row that each section's parent is: the table's first, or the category of another characteristic, "weapon_used 2"
#' @noRd
parent_rows <- function(parent, sections) {
  named <- strsplit(parent, " ", fixed = TRUE)
  characteristic <- vapply(named, `[`, character(1), 1L)
  category <- vapply(named, function(both) suppressWarnings(as.integer(both[2L])), integer(1))
  line <- match(paste(sections$table, characteristic), paste(sections$table, sections$characteristic))
  ifelse(parent %in% "total", 1L, sections$first_row[line] + category - 1L)
}

#' Columns of tables that are not drawn by themselves
#'
#' @param definitions See [table_definitions()].
#' @param folder Folder of `copula_columns.csv`; that of the package by default.
#' @return A data.table, a row per table and column that other columns make up: `table`, `column`, `method` (`sum`: it
#'   is the sum of them; `share`: it is drawn as a share of their sum, since an incident may be in several),
#'   `of_columns` (separated by blanks).
#' @references METHOD, section 10 (ttlCols; the proportion p of a denominator).
#' @examples
#' copula_columns()
#' @export
copula_columns <- function(definitions = table_definitions(), folder = NULL) {
  lines <- package_table("copula_columns.csv", folder)
  found <- data.table::rbindlist(lapply(seq_len(nrow(lines)), function(number) {
    cbind(table = words(lines$tables[[number]]), lines[number, c("column", "method", "of_columns")])
  }))
  named <- sprintf("table %s, column %s", found$table, found$column)
  known <- lapply(found$table, function(table) as.character(columns_of(definitions, table)$column))
  strange <- mapply(function(column, parts, known) !all(c(column, words(parts)) %in% known), found$column,
    found$of_columns, known)
  refuse("copula_columns.csv", named, which(strange), "names a column that the table does not have")
  refuse("copula_columns.csv", named, which(!found$method %in% c("sum", "share")),
    "has a method that is neither sum nor share")
  made <- paste(found$table, found$column)
  circular <- mapply(function(table, parts) any(paste(table, words(parts)) %in% made), found$table, found$of_columns)
  refuse("copula_columns.csv", named, which(circular), "is made of a column that is made of others; name these")
  found[]
}
