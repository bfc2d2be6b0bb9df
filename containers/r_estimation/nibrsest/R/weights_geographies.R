#' The geographies that have weights of their own, with the scheme of each and the agencies in it
#'
#' @param agencies A data.table with `state`, `region`, `agency_type`.
#' @return A list, named by geography, of lists of `scheme` and `inside` (logical, one per agency).
#' @references METHOD, sections 2.2 and 5.5.
#' @export
geographies <- function(agencies) {
  made <- list(US = list(scheme = "national", inside = rep(TRUE, nrow(agencies))))
  for (region in sort(unique(agencies$region))) {
    made[[region]] <- list(scheme = "region", inside = agencies$region %in% region)
  }
  for (state in sort(unique(agencies$state))) {
    made[[state]] <- list(scheme = "state", inside = agencies$state == state)
  }
  for (type in c("University or College", "Tribal")) {
    inside <- agencies$agency_type %in% type
    if (any(inside)) {
      made[[type]] <- list(scheme = "expansion", inside = inside)
    }
  }
  made
}
