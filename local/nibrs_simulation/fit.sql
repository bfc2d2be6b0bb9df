-- What shares.csv and amounts.csv are made from, asked of the tables of a published zip (DuckDB). First the views; then,
-- for each attribute, a query for pairs of condition and value (or amount). Values that are not known are left out; how
-- often that is stands under `unknown`. `:primary` is the list of offenses that an incident is known by, first to last.

CREATE VIEW offense AS
    SELECT o.*, t.offense_code AS code, t.crime_against, r.weapon, r.activity, r.injury, r.circumstances,
           r.relationship, r.property,
           coalesce(list_position(:primary, t.offense_code), 99) AS place,
           printf('%02d %s', place, t.offense_code) AS ranked
    FROM nibrs_offense o JOIN nibrs_offense_type t USING (offense_type_id) JOIN rules r ON r.offense_code = t.offense_code;
CREATE VIEW incident AS
    SELECT i.*, m.month_num, e.cleared_except_code AS exception, p.code, p.crime_against, p.offenses, p.kinds,
           f.offenders, f.known
    FROM nibrs_incident i JOIN nibrs_month m USING (nibrs_month_id) JOIN nibrs_cleared_except e USING (cleared_except_id)
    JOIN (SELECT incident_id, arg_min(code, ranked) AS code, count(*) AS kinds,
                 arg_min(crime_against, ranked) AS crime_against,
                 string_agg(code, '+' ORDER BY place, code) AS offenses FROM offense GROUP BY 1) p USING (incident_id)
    JOIN (SELECT incident_id, count(*) FILTER (offender_seq_num > 0) AS offenders,
                 CAST(count(*) FILTER (offender_seq_num > 0) > 0 AS integer) AS known
          FROM nibrs_offender GROUP BY 1) f USING (incident_id);
CREATE VIEW victim AS
    SELECT v.*, t.victim_type_code AS type, a.age_code, c.race_code, e.ethnicity_code, o.code, o.crime_against
    FROM nibrs_victim v JOIN nibrs_victim_type t USING (victim_type_id)
    LEFT JOIN nibrs_age a USING (age_id) LEFT JOIN ref_race c USING (race_id) LEFT JOIN nibrs_ethnicity e USING (ethnicity_id)
    JOIN (SELECT victim_id, arg_min(code, ranked) AS code, arg_min(crime_against, ranked) AS crime_against
          FROM nibrs_victim_offense JOIN offense USING (offense_id) GROUP BY 1) o USING (victim_id);
CREATE VIEW offender AS
    SELECT f.*, a.age_code, c.race_code, i.code, i.offenders
    FROM nibrs_offender f JOIN incident i USING (incident_id)
    LEFT JOIN nibrs_age a USING (age_id) LEFT JOIN ref_race c USING (race_id) WHERE offender_seq_num > 0;
CREATE VIEW arrestee AS
    SELECT r.*, i.code, i.incident_date, t.arrest_type_code
    FROM nibrs_arrestee r JOIN incident i USING (incident_id) JOIN nibrs_arrest_type t USING (arrest_type_id);
CREATE MACRO band(age_code, years) AS CASE
    WHEN age_code IN ('NN', 'NB', 'BB', '99') THEN age_code
    WHEN age_code IN ('00', 'NS') THEN NULL
    ELSE printf('%02d-%02d', greatest(CAST(years AS integer) // 5 * 5, 1), least(CAST(years AS integer) // 5 * 5 + 4, 98)) END;

-- shares: offenses
SELECT '', offenses FROM incident WHERE kinds <= 10;

-- shares: attempt
SELECT code, attempt_complete_flag FROM offense;

-- shares: location
SELECT code, location_code FROM offense JOIN nibrs_location_type USING (location_id);

-- shares: entry
SELECT code, method_entry_code FROM offense WHERE method_entry_code IS NOT NULL;

-- shares: premises
SELECT '', least(num_premises_entered, 9) FROM offense JOIN nibrs_location_type USING (location_id)
WHERE num_premises_entered > 0 AND location_code IN ('14', '19');

-- shares: weapon
SELECT o.code, string_agg(DISTINCT c.weapon_code, '+' ORDER BY c.weapon_code) FROM offense o
JOIN nibrs_weapon t USING (offense_id) JOIN nibrs_weapon_type c USING (weapon_id) WHERE o.weapon = 'yes'
GROUP BY o.offense_id, o.code;

-- shares: activity
SELECT o.code, string_agg(DISTINCT c.criminal_act_code, '+' ORDER BY c.criminal_act_code) FROM offense o
JOIN nibrs_criminal_act t USING (offense_id) JOIN nibrs_criminal_act_type c USING (criminal_act_id)
WHERE o.activity <> '' GROUP BY o.offense_id, o.code;

-- shares: gang
SELECT code, CASE WHEN EXISTS (SELECT 1 FROM nibrs_criminal_act a
WHERE a.offense_id = o.offense_id) THEN 'some' ELSE 'none' END FROM offense o WHERE activity = 'may';

-- shares: using
SELECT o.code, string_agg(DISTINCT c.suspect_using_code, '+' ORDER BY c.suspect_using_code) FROM offense o
JOIN nibrs_suspect_using t USING (offense_id) JOIN nibrs_using_list c USING (suspect_using_id) WHERE true
GROUP BY o.offense_id, o.code;

-- shares: bias
SELECT '', bias_code FROM nibrs_bias_motivation JOIN nibrs_bias_list USING (bias_id) WHERE bias_code <> '99';

-- shares: hour
SELECT code, incident_hour FROM incident WHERE incident_hour BETWEEN 0 AND 23;

-- shares: report_date
SELECT '', CASE WHEN report_date_flag IN ('R', 'Y') THEN 'R' ELSE '' END FROM incident;

-- shares: month
SELECT crime_against, month_num FROM incident;

-- shares: victim_type
SELECT DISTINCT ON (o.offense_id) o.code, t.victim_type_code FROM offense o
JOIN nibrs_victim_offense USING (offense_id) JOIN nibrs_victim v USING (victim_id)
JOIN nibrs_victim_type t USING (victim_type_id) WHERE t.victim_type_code <> 'U'
ORDER BY o.offense_id, victim_seq_num;

-- shares: victims
SELECT o.code, least(count(*), 8) FROM offense o JOIN nibrs_victim_offense USING (offense_id)
JOIN nibrs_victim v USING (victim_id) JOIN nibrs_victim_type t USING (victim_type_id)
WHERE t.victim_type_code IN ('I', 'L') GROUP BY o.offense_id, o.code;

-- shares: victim_age
SELECT code || '|' || type, band(age_code, age_num) FROM victim WHERE type IN ('I', 'L');

-- shares: victim_sex
SELECT code || '|' || type, sex_code FROM victim WHERE type IN ('I', 'L') AND sex_code IN ('M', 'F');

-- shares: race
SELECT '', race_code FROM victim WHERE type = 'I' AND race_code IN ('W', 'B', 'I', 'A', 'P');

-- shares: ethnicity
SELECT race_code, ethnicity_code FROM victim
WHERE type = 'I' AND race_code IN ('W', 'B', 'I', 'A', 'P') AND ethnicity_code IN ('H', 'N');

-- shares: resident
SELECT type, resident_status_code FROM victim WHERE resident_status_code IN ('R', 'N');

-- shares: assignment
SELECT '', assignment_type_code FROM victim JOIN nibrs_assignment_type USING (assignment_type_id);

-- shares: officer_activity
SELECT '', activity_type_code FROM victim JOIN nibrs_activity_type USING (activity_type_id);

-- shares: injury
SELECT v.code, string_agg(DISTINCT injury_code, '+' ORDER BY injury_code) FROM victim v
JOIN nibrs_victim_injury USING (victim_id) JOIN nibrs_injury USING (injury_id) GROUP BY v.victim_id, v.code;

-- shares: circumstances
SELECT v.code, string_agg(DISTINCT circumstances_code, '+' ORDER BY circumstances_code) FROM victim v
JOIN nibrs_victim_circumstances USING (victim_id) JOIN nibrs_circumstances USING (circumstances_id)
WHERE v.code IN ('09A', '09B', '09C', '13A') GROUP BY v.victim_id, v.code HAVING count(*) <= 2;

-- shares: offenders
SELECT code, least(offenders, 8) FROM incident;

-- shares: offender_age
SELECT code, band(age_code, age_num) FROM offender WHERE age_code NOT IN ('NN', 'NB', 'BB');

-- shares: offender_sex
SELECT code, sex_code FROM offender WHERE sex_code IN ('M', 'F');

-- shares: offender_race
SELECT v.race_code, f.race_code FROM victim v JOIN offender f USING (incident_id)
WHERE v.race_code IN ('W', 'B', 'I', 'A', 'P') AND f.race_code IN ('W', 'B', 'I', 'A', 'P');

-- shares: relationship
SELECT v.code || '|' || v.sex_code, relationship_code FROM victim v
JOIN nibrs_victim_offender_rel USING (victim_id) JOIN nibrs_relationship USING (relationship_id)
WHERE v.type = 'I' AND v.sex_code IN ('M', 'F') AND (v.crime_against = 'Person' OR v.code = '120') AND
    relationship_code NOT IN ('RU', 'VO');

-- shares: loss
SELECT code || '|' || attempt_complete_flag, string_agg(DISTINCT CAST(prop_loss_id AS varchar), '+'
ORDER BY CAST(prop_loss_id AS varchar)) FROM offense JOIN nibrs_property USING (incident_id)
WHERE incident_id IN (SELECT incident_id FROM offense WHERE property = 'yes' GROUP BY 1
HAVING count(*) = 1) AND property = 'yes' GROUP BY incident_id, code, attempt_complete_flag;

-- shares: property
SELECT b.code || '|' || CAST(prop_loss_id AS varchar), string_agg(DISTINCT d.prop_desc_code, '+' ORDER BY d.prop_desc_code)
FROM (SELECT incident_id, arg_min(code, ranked) AS code FROM offense WHERE property = 'yes' GROUP BY 1) b
JOIN nibrs_property p USING (incident_id) JOIN nibrs_property_desc USING (property_id)
JOIN nibrs_prop_desc_type d USING (prop_desc_id)
GROUP BY p.property_id, b.code, prop_loss_id HAVING count(DISTINCT d.prop_desc_code) <= 4;

-- shares: drug
SELECT '', string_agg(DISTINCT suspected_drug_code, '+' ORDER BY suspected_drug_code)
FROM nibrs_suspected_drug JOIN nibrs_suspected_drug_type USING (suspected_drug_type_id) GROUP BY property_id
HAVING count(*) <= 3;

-- shares: drug_measure
SELECT suspected_drug_code, drug_measure_code FROM nibrs_suspected_drug
JOIN nibrs_suspected_drug_type USING (suspected_drug_type_id)
JOIN nibrs_drug_measure_type USING (drug_measure_type_id) WHERE drug_measure_code <> 'XX';

-- shares: clearance
SELECT i.code || '|' || known, CASE WHEN EXISTS (SELECT 1 FROM nibrs_arrestee a
WHERE a.incident_id = i.incident_id) THEN 'arrest' ELSE exception END FROM incident i;

-- shares: arrest_type
SELECT '', arrest_type_code FROM arrestee;

-- shares: multiple
SELECT '', multiple_indicator FROM arrestee WHERE multiple_indicator IN ('N', 'C', 'M');

-- shares: arrest_weapon
SELECT code, string_agg(DISTINCT weapon_code, '+' ORDER BY weapon_code) FROM arrestee a
JOIN nibrs_arrestee_weapon USING (arrestee_id) JOIN nibrs_weapon_type USING (weapon_id)
WHERE weapon_code IN ('01', '11', '12', '13', '14', '15', '16', '17') GROUP BY a.arrestee_id, code
HAVING count(*) <= 2;

-- shares: arrest_lag
SELECT code, least(date_diff('day', incident_date, arrest_date), 365) FROM arrestee
WHERE arrest_date >= incident_date;

-- shares: disposition
SELECT '', under_18_disposition_code FROM arrestee WHERE under_18_disposition_code IN ('H', 'R');

-- shares: arrestee_resident
SELECT '', resident_code FROM arrestee WHERE resident_code IN ('R', 'N');

-- shares: group_b
SELECT '', offense_code FROM nibrs_grpb_arrest JOIN nibrs_offense_type USING (offense_type_id)
WHERE offense_code LIKE '90%';

-- shares: group_b_age
SELECT offense_code, band(age_code, age_num) FROM nibrs_grpb_arrest
JOIN nibrs_offense_type USING (offense_type_id) JOIN nibrs_age USING (age_id);

-- shares: group_b_sex
SELECT offense_code, sex_code FROM nibrs_grpb_arrest JOIN nibrs_offense_type USING (offense_type_id)
WHERE sex_code IN ('M', 'F');

-- shares: unknown
SELECT 'sex', CASE sex_code WHEN 'U' THEN 'yes' ELSE 'no' END FROM victim WHERE type = 'I'
UNION ALL SELECT 'age', CASE age_code WHEN '00' THEN 'yes' ELSE 'no' END
FROM victim WHERE type = 'I'
UNION ALL SELECT 'race', CASE race_code WHEN 'U' THEN 'yes' ELSE 'no' END
FROM victim WHERE type = 'I'
UNION ALL SELECT 'ethnicity', CASE WHEN ethnicity_code IN ('H', 'N') THEN 'no' ELSE 'yes' END
FROM victim WHERE type = 'I'
UNION ALL SELECT 'resident', CASE WHEN resident_status_code IN ('R', 'N') THEN 'no' ELSE 'yes' END
FROM victim WHERE type = 'I'
UNION ALL SELECT 'offender_sex', CASE sex_code WHEN 'U' THEN 'yes' ELSE 'no' END
FROM offender
UNION ALL SELECT 'offender_age', CASE age_code WHEN '00' THEN 'yes' ELSE 'no' END
FROM offender
UNION ALL SELECT 'offender_race', CASE race_code WHEN 'U' THEN 'yes' ELSE 'no' END
FROM offender
UNION ALL SELECT 'hour', CASE WHEN incident_hour BETWEEN 0 AND 23 THEN 'no' ELSE 'yes' END
FROM incident
UNION ALL SELECT 'bias', CASE bias_code WHEN '99' THEN 'yes' ELSE 'no' END
FROM nibrs_bias_motivation JOIN nibrs_bias_list USING (bias_id)
UNION ALL SELECT 'relationship', CASE relationship_code WHEN 'RU' THEN 'yes' ELSE 'no' END
FROM nibrs_victim_offender_rel JOIN nibrs_relationship USING (relationship_id) JOIN victim v USING (victim_id)
WHERE v.crime_against = 'Person' OR v.code = '120'
UNION ALL SELECT 'value', CASE property_value WHEN 1 THEN 'yes' ELSE 'no' END
FROM nibrs_property_desc WHERE property_value > 0;

-- amounts: property_value
SELECT prop_desc_code, CAST(property_value AS double) FROM nibrs_property_desc
JOIN nibrs_prop_desc_type USING (prop_desc_id) WHERE property_value > 1;

-- amounts: drug_quantity
SELECT suspected_drug_code || '|' || drug_measure_code, CAST(est_drug_qty AS double) FROM nibrs_suspected_drug
JOIN nibrs_suspected_drug_type USING (suspected_drug_type_id)
JOIN nibrs_drug_measure_type USING (drug_measure_type_id) WHERE est_drug_qty > 0;
