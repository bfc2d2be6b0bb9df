-- How often items of persons are unknown in a published zip (DuckDB): table, item, whether it is unknown, records.
WITH person AS (
    SELECT 'nibrs_victim' AS of, sex_code, age_id, race_id, ethnicity_id FROM nibrs_victim
    JOIN nibrs_victim_type USING (victim_type_id) WHERE victim_type_code IN ('I', 'L')
    UNION ALL SELECT 'nibrs_offender', sex_code, age_id, race_id, ethnicity_id FROM nibrs_offender WHERE offender_seq_num > 0
    UNION ALL SELECT 'nibrs_arrestee', sex_code, age_id, race_id, ethnicity_id FROM nibrs_arrestee
    UNION ALL SELECT 'nibrs_grpb_arrest', sex_code, age_id, race_id, ethnicity_id FROM nibrs_grpb_arrest
),
item AS (
    SELECT of, 'sex' AS item, coalesce(sex_code, 'U') NOT IN ('M', 'F') AS unknown FROM person
    UNION ALL SELECT of, 'age', coalesce(age_code, '00') IN ('00', 'NS') FROM person LEFT JOIN nibrs_age USING (age_id)
    UNION ALL SELECT of, 'race', coalesce(race_code, 'U') NOT IN ('W', 'B', 'I', 'A', 'P', 'C', 'J', 'M')
    FROM person LEFT JOIN ref_race USING (race_id)
    UNION ALL SELECT of, 'ethnicity', coalesce(ethnicity_code, 'U') NOT IN ('H', 'N')
    FROM person LEFT JOIN nibrs_ethnicity USING (ethnicity_id)
    UNION ALL SELECT 'nibrs_victim_offender_rel', 'relationship', relationship_code = 'RU'
    FROM nibrs_victim_offender_rel JOIN nibrs_relationship USING (relationship_id)
)
SELECT of, item, count(*) FILTER (WHERE unknown), count(*) FROM item GROUP BY of, item
