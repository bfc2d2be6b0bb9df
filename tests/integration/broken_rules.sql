-- For each rule of code_tables/rules/checks.sql: what breaks it in a simulated state (DuckDB).

-- breaks: incident without offense
DELETE FROM staged_nibrs_offense WHERE incident_id = (SELECT min(incident_id) FROM nibrs_incident);

-- breaks: incident without victim
DELETE FROM staged_nibrs_victim WHERE incident_id = (SELECT min(incident_id) FROM nibrs_incident);

-- breaks: incident without offender
DELETE FROM staged_nibrs_offender WHERE incident_id = (SELECT min(incident_id) FROM nibrs_incident);

-- breaks: offense twice in an incident
INSERT INTO staged_nibrs_offense SELECT * REPLACE (offense_id + 9999999 AS offense_id)
FROM nibrs_offense LIMIT 1;

-- breaks: more than ten offenses
INSERT INTO staged_nibrs_offense SELECT s.* REPLACE (offense_id + 9999999 + n AS offense_id) FROM (SELECT *
FROM nibrs_offense LIMIT 1) s, range(11) t (n);

-- breaks: offense without victim
DELETE FROM staged_nibrs_victim_offense WHERE offense_id = (SELECT min(offense_id) FROM nibrs_offense);

-- breaks: victim without offense
DELETE FROM staged_nibrs_victim_offense WHERE victim_id = (SELECT min(victim_id) FROM nibrs_victim);

-- breaks: victim numbers with gaps
UPDATE staged_nibrs_victim SET victim_seq_num = 7 WHERE victim_id = (SELECT min(victim_id) FROM nibrs_victim);

-- breaks: offender numbers with gaps
UPDATE staged_nibrs_offender SET offender_seq_num = 9 WHERE offender_id = (SELECT min(offender_id)
FROM nibrs_offender WHERE offender_seq_num = 1);

-- breaks: unknown offender beside others
INSERT INTO staged_nibrs_offender
SELECT * REPLACE (offender_id + 9999999 AS offender_id, 0 AS offender_seq_num) FROM nibrs_offender
WHERE offender_seq_num = 1 LIMIT 1;

-- breaks: unknown offender who is described
UPDATE staged_nibrs_offender SET age_num = 30 WHERE offender_seq_num = 0;

-- breaks: arrestee numbers with gaps
UPDATE staged_nibrs_arrestee SET arrestee_seq_num = 5;

-- breaks: weapon where none belongs
UPDATE staged_nibrs_weapon SET offense_id = (SELECT min(offense_id) FROM offense WHERE code = '23H');

-- breaks: weapon missing
DELETE FROM staged_nibrs_weapon;

-- breaks: more than three weapons
INSERT INTO staged_nibrs_weapon SELECT s.* REPLACE (nibrs_weapon_id + 9999999 + n AS nibrs_weapon_id)
FROM (SELECT * FROM nibrs_weapon LIMIT 1) s, range(4) t (n);

-- breaks: criminal activity where none belongs
UPDATE staged_nibrs_criminal_act SET offense_id = (SELECT min(offense_id) FROM offense WHERE code = '23H');

-- breaks: criminal activity missing
DELETE FROM staged_nibrs_criminal_act;

-- breaks: bias motivation missing
DELETE FROM staged_nibrs_bias_motivation;

-- breaks: use of alcohol, drugs or computers missing
DELETE FROM staged_nibrs_suspect_using;

-- breaks: method of entry where none belongs, or missing
UPDATE staged_nibrs_offense SET method_entry_code = NULL;

-- breaks: neither attempted nor completed
UPDATE staged_nibrs_offense SET attempt_complete_flag = NULL;

-- breaks: homicide or assault that was attempted
UPDATE staged_nibrs_offense SET attempt_complete_flag = 'A';

-- breaks: crime against persons without a person as victim
UPDATE staged_nibrs_victim SET victim_type_id = 1;

-- breaks: victim of another kind in a crime against persons
UPDATE staged_nibrs_victim SET victim_type_id = 1;

-- breaks: victim of a crime against society who is not society
UPDATE staged_nibrs_victim SET victim_type_id = 4;

-- breaks: society as victim of a crime against persons or property
UPDATE staged_nibrs_victim SET victim_type_id = 8;

-- breaks: person without age, sex or race
UPDATE staged_nibrs_victim SET race_id = NULL;

-- breaks: age, sex or injury of a victim who is no person
UPDATE staged_nibrs_victim SET age_num = 40;

-- breaks: officer without assignment or activity
UPDATE staged_nibrs_victim SET victim_type_id = 5, activity_type_id = NULL;

-- breaks: victim of offenses that exclude each other
INSERT INTO staged_nibrs_victim_offense SELECT v.victim_id, (SELECT min(offense_id) FROM offense
WHERE code = '13A') FROM nibrs_victim_offense v JOIN offense USING (offense_id) WHERE code = '13B' LIMIT 1;

-- breaks: injury where none belongs
INSERT INTO staged_nibrs_victim_injury SELECT victim_id, 1 FROM victim WHERE type = 'S' LIMIT 1;

-- breaks: injury missing
DELETE FROM staged_nibrs_victim_injury;

-- breaks: circumstances missing
DELETE FROM staged_nibrs_victim_circumstances;

-- breaks: circumstances where none belong
INSERT INTO staged_nibrs_victim_circumstances SELECT victim_id, 1, NULL FROM victim WHERE type = 'S' LIMIT 1;

-- breaks: more than two circumstances
INSERT INTO staged_nibrs_victim_circumstances SELECT victim_id, n, NULL FROM (SELECT *
FROM nibrs_victim_circumstances LIMIT 1), range(3) t (n);

-- breaks: relationship missing
DELETE FROM staged_nibrs_victim_offender_rel;

-- breaks: relationship of a victim who was not harmed in person
UPDATE staged_nibrs_victim_offender_rel SET victim_id = (SELECT min(victim_id) FROM victim WHERE type = 'S');

-- breaks: relationship to an unknown offender
UPDATE staged_nibrs_victim_offender_rel SET offender_id = (SELECT min(offender_id) FROM nibrs_offender
WHERE offender_seq_num = 0);

-- breaks: two relationships of the same pair
INSERT INTO staged_nibrs_victim_offender_rel
SELECT * REPLACE (nibrs_victim_offender_id + 9999999 AS nibrs_victim_offender_id)
FROM nibrs_victim_offender_rel LIMIT 1;

-- breaks: spouse, parent or grandparent under 10
UPDATE staged_nibrs_victim SET age_num = 5 WHERE age_num IS NOT NULL;

-- breaks: property missing
DELETE FROM staged_nibrs_property;

-- breaks: property where none belongs
INSERT INTO staged_nibrs_property
SELECT * REPLACE (property_id + 9999999 AS property_id, (SELECT min(incident_id) FROM offense
WHERE code = '13C' AND incident_id NOT IN (SELECT incident_id FROM offense WHERE property)) AS incident_id)
FROM nibrs_property LIMIT 1;

-- breaks: same loss twice in an incident
INSERT INTO staged_nibrs_property SELECT * REPLACE (property_id + 9999999 AS property_id)
FROM nibrs_property LIMIT 1;

-- breaks: property that was lost, without description
DELETE FROM staged_nibrs_property_desc;

-- breaks: drugs in property that was not seized, or where there was no drug offense
UPDATE staged_nibrs_property SET prop_loss_id = 7;

-- breaks: recovered before it was lost
UPDATE staged_nibrs_property_desc SET date_recovered = DATE '2001-01-01';

-- breaks: exceptional clearance beside an arrest
UPDATE staged_nibrs_incident SET cleared_except_id = 1;

-- breaks: exceptional clearance without date, or date without clearance
UPDATE staged_nibrs_incident SET cleared_except_date = NULL;

-- breaks: arrest before the incident
UPDATE staged_nibrs_arrestee SET arrest_date = DATE '2001-01-01';

-- breaks: disposition of an adult, or none of a minor
UPDATE staged_nibrs_arrestee SET under_18_disposition_code = 'H';

-- breaks: disposition of an adult, or none of a minor, Group B
UPDATE staged_nibrs_grpb_arrest SET under_18_disposition_code = 'H';

-- breaks: Group B arrest for an offense of Group A
UPDATE staged_nibrs_grpb_arrest SET offense_type_id = (SELECT offense_type_id FROM nibrs_offense_type WHERE offense_code = '13A');

-- breaks: Group B arrest of another agency than its month's
UPDATE staged_nibrs_grpb_arrest SET agency_id = agency_id + 1;

-- breaks: Group B arrests in a month that was not reported
UPDATE staged_nibrs_month SET reported_status = 'U';

-- breaks: unknown sex code
UPDATE staged_nibrs_victim SET sex_code = 'Q' WHERE sex_code = 'M';

-- breaks: incident in another year than its month's
UPDATE staged_nibrs_incident SET incident_date = DATE '2019-05-01';

-- breaks: incident in another month than its month's
UPDATE staged_nibrs_incident SET incident_date = DATE '2023-05-01';

-- breaks: incident of another agency than its month's
UPDATE staged_nibrs_incident SET agency_id = agency_id + 1;

-- breaks: incidents in a month that says there were none
UPDATE staged_nibrs_month SET reported_status = 'Z';

-- breaks: month with incidents that has none
UPDATE staged_nibrs_month SET reported_status = 'I';

-- breaks: month twice
INSERT INTO staged_nibrs_month SELECT * REPLACE (nibrs_month_id + 9999999 AS nibrs_month_id)
FROM nibrs_month LIMIT 1;

-- breaks: nibrs_month: month_num out of range
UPDATE staged_nibrs_month SET month_num = 13;

-- breaks: nibrs_month: data_year out of range
UPDATE staged_nibrs_month SET data_year = 2100;

-- breaks: nibrs_incident: incident_hour out of range
UPDATE staged_nibrs_incident SET incident_hour = 24;

-- breaks: nibrs_incident: incident_date out of range
UPDATE staged_nibrs_incident SET incident_date = DATE '2100-01-01';

-- breaks: nibrs_victim: age_num out of range
UPDATE staged_nibrs_victim SET age_num = 100;

-- breaks: nibrs_offender: age_num out of range
UPDATE staged_nibrs_offender SET age_num = 100;

-- breaks: nibrs_arrestee: age_num out of range
UPDATE staged_nibrs_arrestee SET age_num = 100;

-- breaks: nibrs_arrestee: arrest_date out of range
UPDATE staged_nibrs_arrestee SET arrest_date = DATE '2100-01-01';

-- breaks: nibrs_grpb_arrest: age_num out of range
UPDATE staged_nibrs_grpb_arrest SET age_num = 100;

-- breaks: nibrs_grpb_arrest: arrest_date out of range
UPDATE staged_nibrs_grpb_arrest SET arrest_date = DATE '2100-01-01';

-- breaks: agency_participation: year out of range
UPDATE staged_agency_participation SET year = 2100;

-- breaks: agency_participation: months_reported out of range
UPDATE staged_agency_participation SET months_reported = 13;

-- breaks: agency_participation: nibrs_months_reported out of range
UPDATE staged_agency_participation SET nibrs_months_reported = 13;
