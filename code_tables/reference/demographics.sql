-- What share of an agency's residents has which age, sex, race and income: what the bias of estimates is found by.
SELECT agency_id,
       age_under_5, age_5_to_14, age_15, age_16, age_17, age_18_to_24, age_25_to_34,
       age_65_and_over, sex_female, race_black, race_aian, race_asian, race_nhpi,
       income_under_poverty, income_twice_poverty
FROM ref_agency_demographics
WHERE data_year = :year
ORDER BY agency_id
