library(testthat)
library(nibrsest)

test_check("nibrsest")
