#' Nationally representative estimates from NIBRS downloads
#'
#' A stage per function of `stages.R`; what it computes is in the file named after it.
#'
#' @importFrom data.table := .N
#' @keywords internal
"_PACKAGE"

# Columns that data.table evaluates inside `[`.
utils::globalVariables(c("agencies", "month", "N", "n", "offenses", "respondent", "respondents"))
