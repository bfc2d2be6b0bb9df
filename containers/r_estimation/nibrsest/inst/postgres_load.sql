-- Loads the estimates of {{year}} into the tables of postgres_setup.sql, in place of those of {{year}} that are there.
-- Run it in the folder of the unzipped files:
--   psql -v ON_ERROR_STOP=1 -f postgres_load.sql
BEGIN;

DELETE FROM estimates WHERE data_year = {{year}};
DELETE FROM variables WHERE data_year = {{year}};
DELETE FROM geographies WHERE data_year = {{year}};

CREATE TEMPORARY TABLE staged_geographies (
{{geography_columns}}
) ON COMMIT DROP;
\copy staged_geographies FROM 'geographies.csv' WITH (FORMAT csv, HEADER)
INSERT INTO geographies
SELECT {{year}}, permutation, geography, agency_group, description, kind, basis, agencies, respondents, population, coverage
FROM staged_geographies;

CREATE TEMPORARY TABLE staged (
{{columns}}
) ON COMMIT DROP;
{{copies}}

INSERT INTO variables
SELECT DISTINCT {{year}}, der_variable_name, full_table, indicator_name, estimate_domain_1, estimate_domain_2
FROM staged;

INSERT INTO estimates
SELECT {{year}}, der_variable_name, permutation_number, estimate_type_num, estimate_type_detail_rate,
       nullif(estimate_type_detail_percentage, '-9'), nullif(estimate, -9), nullif(estimate_unweighted, -9),
       nullif(estimate_standard_error, -9), nullif(estimate_lower_bound, -9), nullif(estimate_upper_bound, -9),
       nullif(relative_standard_error, -9), CASE WHEN der_elig_suppression = 1 AND basis = 'estimate' THEN estimate_bias END,
       nullif(estimate_rmse, -9), nullif(relative_rmse, -9),
       nullif(suppression_flag_indicator, -9), der_elig_suppression, nullif(agency_counts, -9)
FROM staged;

COMMIT;
ANALYZE estimates;
