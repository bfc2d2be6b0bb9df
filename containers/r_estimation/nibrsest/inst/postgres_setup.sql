-- Creates the tables of an estimates database in PostgreSQL. Run once, then postgres_load.sql of each year:
--   psql -v ON_ERROR_STOP=1 -f postgres_setup.sql
BEGIN;

CREATE TABLE estimate_types (
    estimate_type_num smallint PRIMARY KEY,
    estimate_type text NOT NULL UNIQUE
);
INSERT INTO estimate_types VALUES (1, 'count'), (2, 'percentage'), (3, 'rate');
COMMENT ON TABLE estimate_types IS 'What a number is: rates are per 100,000 residents, or as rate_specific_domain says';

CREATE TABLE geographies (
    data_year smallint,
    permutation_number integer,
    geography text NOT NULL,
    agency_group text NOT NULL,
    description text NOT NULL,
    kind text NOT NULL,
    basis text NOT NULL,
    agencies integer,
    respondents integer,
    population double precision,
    coverage double precision,
    PRIMARY KEY (data_year, permutation_number),
    UNIQUE (data_year, geography, agency_group)
);
COMMENT ON TABLE geographies IS 'Geographies and groups of agencies of a year; basis: estimate, residents or counts';

CREATE TABLE variables (
    data_year smallint,
    der_variable_name text,
    full_table text NOT NULL,
    indicator_name text NOT NULL,
    estimate_domain_1 text NOT NULL,
    estimate_domain_2 text,
    PRIMARY KEY (data_year, der_variable_name)
);
COMMENT ON TABLE variables IS 'Cells of the tables: the offense (column) and the characteristic with its value (row)';

CREATE TABLE estimates (
    data_year smallint NOT NULL,
    der_variable_name text NOT NULL,
    permutation_number integer NOT NULL,
    estimate_type_num smallint NOT NULL REFERENCES estimate_types,
    rate_specific_domain text NOT NULL,
    estimate_type_detail_percentage text,
    estimate double precision,
    estimate_unweighted double precision,
    estimate_standard_error double precision,
    estimate_lower_bound double precision,
    estimate_upper_bound double precision,
    relative_standard_error double precision,
    estimate_bias double precision,
    estimate_rmse double precision,
    relative_rmse double precision,
    suppression_flag_indicator smallint,
    der_elig_suppression smallint NOT NULL,
    agency_counts integer,
    UNIQUE (der_variable_name, permutation_number, rate_specific_domain, estimate_type_num, data_year),
    FOREIGN KEY (data_year, der_variable_name) REFERENCES variables,
    FOREIGN KEY (data_year, permutation_number) REFERENCES geographies
);
CREATE INDEX estimates_geography ON estimates (data_year, permutation_number);
COMMENT ON TABLE estimates IS 'Numbers; what is -9 in the files, because it has no meaning, is empty';
COMMENT ON COLUMN estimates.suppression_flag_indicator IS '1: not for release';
COMMENT ON COLUMN estimates.rate_specific_domain IS 'What a rate is of; -9 if it is none';

CREATE VIEW labelled_estimates AS
SELECT e.*, t.estimate_type, v.full_table, v.indicator_name, v.estimate_domain_1, v.estimate_domain_2,
       g.geography, g.agency_group, g.description AS geography_description, g.basis, g.coverage
FROM estimates e
JOIN estimate_types t USING (estimate_type_num)
JOIN variables v USING (data_year, der_variable_name)
JOIN geographies g USING (data_year, permutation_number);

COMMIT;
