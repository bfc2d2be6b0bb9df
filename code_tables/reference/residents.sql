-- How many residents of which sex, race, ethnicity and age an agency has: the populations of rates over a group's own.
SELECT agency_id, sex_code AS sex, race_code AS race, ethnicity_code AS ethnicity,
       age_under_5, age_5_to_11, age_12_to_14, age_15, age_16, age_17,
       age_18_to_24, age_25_to_34, age_35_to_64, age_65_and_over
FROM ref_agency_residents
WHERE data_year = :year
ORDER BY agency_id, sex_code, race_code, ethnicity_code
