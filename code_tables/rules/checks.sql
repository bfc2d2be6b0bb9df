-- Rules of NIBRS and of this database, each as a query for what breaks it (DuckDB). A check begins with its name;
-- `of` names the table that is counted against. Each query gives the key of a row and, in words, what is wrong with it.
-- Sources: NIBRS User Manual (data elements 1 to 52, mandatory segments, mutually exclusive offenses), NIBRS Technical
-- Specification (edits). The views `offense`, `victim` and `offender` are tables with their codes and rules.

-- check: incident without offense
-- group: segments
-- of: nibrs_incident
SELECT incident_id, 'no offense' FROM nibrs_incident ANTI JOIN nibrs_offense USING (incident_id);

-- check: incident without victim
-- group: segments
-- of: nibrs_incident
SELECT incident_id, 'no victim' FROM nibrs_incident ANTI JOIN nibrs_victim USING (incident_id);

-- check: incident without offender
-- group: segments
-- of: nibrs_incident
SELECT incident_id, 'no offender, not even one that is unknown' FROM nibrs_incident ANTI JOIN nibrs_offender USING (incident_id);

-- check: offense twice in an incident
-- group: segments
-- of: nibrs_incident
SELECT incident_id, code || ' ' || count(*) || ' times' FROM offense GROUP BY incident_id, code HAVING count(*) > 1;

-- check: more than ten offenses
-- group: segments
-- of: nibrs_incident
SELECT incident_id, count(*) || ' offenses' FROM nibrs_offense GROUP BY incident_id HAVING count(*) > 10;

-- check: offense without victim
-- group: segments
-- of: nibrs_offense
SELECT offense_id, code FROM offense ANTI JOIN nibrs_victim_offense USING (offense_id);

-- check: victim without offense
-- group: segments
-- of: nibrs_victim
SELECT victim_id, 'linked to no offense' FROM nibrs_victim ANTI JOIN nibrs_victim_offense USING (victim_id);

-- check: victim numbers with gaps
-- group: sequences
-- of: nibrs_incident
SELECT incident_id, count(*) || ' victims, numbered up to ' || max(victim_seq_num) FROM nibrs_victim GROUP BY incident_id
HAVING min(victim_seq_num) <> 1 OR max(victim_seq_num) <> count(*) OR count(DISTINCT victim_seq_num) <> count(*);

-- check: offender numbers with gaps
-- group: sequences
-- of: nibrs_incident
SELECT incident_id, count(*) || ' offenders, numbered up to ' || max(offender_seq_num) FROM nibrs_offender GROUP BY incident_id
HAVING max(offender_seq_num) > 0 AND (min(offender_seq_num) <> 1 OR max(offender_seq_num) <> count(*));

-- check: unknown offender beside others
-- group: sequences
-- of: nibrs_incident
SELECT incident_id, count(*) || ' offenders, one of them number 0' FROM nibrs_offender GROUP BY incident_id
HAVING min(offender_seq_num) = 0 AND count(*) > 1;

-- check: unknown offender who is described
-- group: sequences
-- of: nibrs_offender
SELECT offender_id, 'number 0, age ' || coalesce(age_num, 0) || ', sex ' || coalesce(sex_code, '-') FROM nibrs_offender
WHERE offender_seq_num = 0 AND (age_num IS NOT NULL OR sex_code IN ('M', 'F'));

-- check: arrestee numbers with gaps
-- group: sequences
-- of: nibrs_incident
SELECT incident_id, count(*) || ' arrestees, numbered up to ' || max(arrestee_seq_num) FROM nibrs_arrestee GROUP BY incident_id
HAVING min(arrestee_seq_num) <> 1 OR max(arrestee_seq_num) <> count(*);

-- check: weapon where none belongs
-- group: offenses
-- of: nibrs_weapon
SELECT nibrs_weapon_id, code FROM nibrs_weapon JOIN offense USING (offense_id) WHERE NOT weapon;

-- check: weapon missing
-- group: offenses
-- of: nibrs_offense
SELECT offense_id, code FROM offense ANTI JOIN nibrs_weapon USING (offense_id) WHERE weapon;

-- check: more than three weapons
-- group: offenses
-- of: nibrs_offense
SELECT offense_id, count(*) || ' weapons' FROM nibrs_weapon GROUP BY offense_id HAVING count(*) > 3;

-- check: criminal activity where none belongs
-- group: offenses
-- of: nibrs_criminal_act
SELECT offense_id, code FROM nibrs_criminal_act JOIN offense USING (offense_id) WHERE activity = '';

-- check: criminal activity missing
-- group: offenses
-- of: nibrs_offense
SELECT offense_id, code FROM offense ANTI JOIN nibrs_criminal_act USING (offense_id) WHERE activity = 'must';

-- check: bias motivation missing
-- group: offenses
-- of: nibrs_offense
SELECT offense_id, code FROM offense ANTI JOIN nibrs_bias_motivation USING (offense_id);

-- check: use of alcohol, drugs or computers missing
-- group: offenses
-- of: nibrs_offense
SELECT offense_id, code FROM offense ANTI JOIN nibrs_suspect_using USING (offense_id);

-- check: method of entry where none belongs, or missing
-- group: offenses
-- of: nibrs_offense
SELECT offense_id, code || ' with method ' || coalesce(method_entry_code, 'none') FROM offense
WHERE entry <> (method_entry_code IS NOT NULL);

-- check: neither attempted nor completed
-- group: offenses
-- of: nibrs_offense
SELECT offense_id, code || ' with flag ' || coalesce(attempt_complete_flag, 'none') FROM offense
WHERE coalesce(attempt_complete_flag, '') NOT IN ('A', 'C');

-- check: homicide or assault that was attempted
-- group: offenses
-- of: nibrs_offense
SELECT offense_id, code FROM offense
WHERE attempt_complete_flag = 'A' AND code IN ('09A', '09B', '09C', '13A', '13B', '13C');

-- check: crime against persons without a person as victim
-- group: victims
-- of: nibrs_offense
SELECT offense_id, code FROM offense WHERE crime_against = 'Person' AND offense_id NOT IN (
    SELECT offense_id FROM nibrs_victim_offense JOIN victim USING (victim_id) WHERE type IN ('I', 'L'));

-- check: victim of another kind in a crime against persons
-- group: victims
-- of: nibrs_victim
SELECT victim_id, type || ' as victim of ' || code FROM victim JOIN nibrs_victim_offense USING (victim_id)
JOIN offense USING (offense_id) WHERE crime_against = 'Person' AND type NOT IN ('I', 'L');

-- check: victim of a crime against society who is not society
-- group: victims
-- of: nibrs_victim
SELECT victim_id, type || ' as victim of ' || code FROM victim JOIN nibrs_victim_offense USING (victim_id)
JOIN offense USING (offense_id) WHERE crime_against = 'Society' AND type <> 'S';

-- check: society as victim of a crime against persons or property
-- group: victims
-- of: nibrs_victim
SELECT victim_id, code FROM victim JOIN nibrs_victim_offense USING (victim_id) JOIN offense USING (offense_id)
WHERE crime_against IN ('Person', 'Property') AND type = 'S';

-- check: person without age, sex or race
-- group: victims
-- of: nibrs_victim
SELECT victim_id, type FROM victim WHERE type IN ('I', 'L') AND (age_id IS NULL OR sex_code IS NULL OR race_id IS NULL);

-- check: age, sex or injury of a victim who is no person
-- group: victims
-- of: nibrs_victim
SELECT victim_id, type FROM victim WHERE type NOT IN ('I', 'L') AND (age_num IS NOT NULL OR sex_code IN ('M', 'F', 'U'));

-- check: officer without assignment or activity
-- group: victims
-- of: nibrs_victim
SELECT victim_id, 'officer' FROM victim WHERE type = 'L' AND (assignment_type_id IS NULL OR activity_type_id IS NULL);

-- check: victim of offenses that exclude each other
-- group: victims
-- of: nibrs_victim
SELECT x.victim_id, a.code || ' and ' || b.code FROM nibrs_victim_offense x JOIN nibrs_victim_offense y USING (victim_id)
JOIN offense a ON a.offense_id = x.offense_id JOIN offense b ON b.offense_id = y.offense_id
JOIN exclusive e ON e.offense_code = a.code AND e.excluded_code = b.code;

-- check: injury where none belongs
-- group: victims
-- of: nibrs_victim_injury
SELECT victim_id, 'injured' FROM nibrs_victim_injury WHERE victim_id NOT IN (
    SELECT victim_id FROM nibrs_victim_offense JOIN offense USING (offense_id) JOIN victim USING (victim_id)
    WHERE injury AND type IN ('I', 'L'));

-- check: injury missing
-- group: victims
-- of: nibrs_victim
SELECT DISTINCT victim_id, code FROM nibrs_victim_offense JOIN offense USING (offense_id) JOIN victim USING (victim_id)
WHERE injury AND type IN ('I', 'L') AND victim_id NOT IN (SELECT victim_id FROM nibrs_victim_injury);

-- check: circumstances missing
-- group: victims
-- of: nibrs_victim
SELECT DISTINCT victim_id, code FROM nibrs_victim_offense JOIN offense USING (offense_id) JOIN victim USING (victim_id)
WHERE circumstances AND victim_id NOT IN (SELECT victim_id FROM nibrs_victim_circumstances);

-- check: circumstances where none belong
-- group: victims
-- of: nibrs_victim_circumstances
SELECT victim_id, 'circumstances' FROM nibrs_victim_circumstances WHERE victim_id NOT IN (
    SELECT victim_id FROM nibrs_victim_offense JOIN offense USING (offense_id) WHERE circumstances);

-- check: more than two circumstances
-- group: victims
-- of: nibrs_victim
SELECT victim_id, count(*) || ' circumstances' FROM nibrs_victim_circumstances GROUP BY victim_id HAVING count(*) > 2;

-- check: relationship missing
-- group: relationships
-- of: nibrs_victim
SELECT DISTINCT v.victim_id, 'to offender ' || f.offender_seq_num FROM victim v JOIN nibrs_victim_offense USING (victim_id)
JOIN offense o USING (offense_id) JOIN offender f ON f.incident_id = v.incident_id
ANTI JOIN nibrs_victim_offender_rel r ON r.victim_id = v.victim_id AND r.offender_id = f.offender_id
WHERE o.relationship AND v.type IN ('I', 'L') AND f.offender_seq_num BETWEEN 1 AND 10;

-- check: relationship of a victim who was not harmed in person
-- group: relationships
-- of: nibrs_victim_offender_rel
SELECT victim_id, 'relationship' FROM nibrs_victim_offender_rel WHERE victim_id NOT IN (
    SELECT victim_id FROM nibrs_victim_offense JOIN offense USING (offense_id) WHERE relationship);

-- check: relationship to an unknown offender
-- group: relationships
-- of: nibrs_victim_offender_rel
SELECT r.victim_id, 'offender number 0' FROM nibrs_victim_offender_rel r JOIN nibrs_offender f USING (offender_id)
WHERE f.offender_seq_num = 0;

-- check: two relationships of the same pair
-- group: relationships
-- of: nibrs_victim_offender_rel
SELECT victim_id, count(*) || ' to the same offender' FROM nibrs_victim_offender_rel GROUP BY victim_id, offender_id
HAVING count(*) > 1;

-- check: spouse, parent or grandparent under 10
-- group: relationships
-- of: nibrs_victim_offender_rel
SELECT v.victim_id, relationship_code || ', ' || v.age_num || ' years' FROM nibrs_victim_offender_rel
JOIN nibrs_relationship USING (relationship_id) JOIN nibrs_victim v USING (victim_id)
WHERE relationship_code IN ('SE', 'CS', 'XS', 'PA', 'GP') AND v.age_num < 10;

-- check: property missing
-- group: property
-- of: nibrs_incident
SELECT DISTINCT incident_id, code FROM offense ANTI JOIN nibrs_property USING (incident_id) WHERE property;

-- check: property where none belongs
-- group: property
-- of: nibrs_property
SELECT property_id, 'no offense of the incident asks for property' FROM nibrs_property WHERE incident_id NOT IN (
    SELECT incident_id FROM offense WHERE property);

-- check: same loss twice in an incident
-- group: property
-- of: nibrs_property
SELECT incident_id, 'loss ' || prop_loss_id FROM nibrs_property GROUP BY incident_id, prop_loss_id HAVING count(*) > 1;

-- check: property that was lost, without description
-- group: property
-- of: nibrs_property
SELECT property_id, 'loss ' || prop_loss_id FROM nibrs_property ANTI JOIN nibrs_property_desc USING (property_id)
WHERE prop_loss_id BETWEEN 2 AND 7;

-- check: drugs in property that was not seized, or where there was no drug offense
-- group: property
-- of: nibrs_suspected_drug
SELECT nibrs_suspected_drug_id, 'loss ' || prop_loss_id FROM nibrs_suspected_drug JOIN nibrs_property USING (property_id)
WHERE prop_loss_id NOT IN (1, 6) OR incident_id NOT IN (SELECT incident_id FROM offense WHERE code = '35A');

-- check: recovered before it was lost
-- group: property
-- of: nibrs_property_desc
SELECT nibrs_prop_desc_id, 'recovered ' || CAST(date_recovered AS date) || ', lost ' || CAST(incident_date AS date)
FROM nibrs_property_desc JOIN nibrs_property USING (property_id) JOIN nibrs_incident USING (incident_id)
WHERE date_recovered < incident_date;

-- check: exceptional clearance beside an arrest
-- group: clearances
-- of: nibrs_incident
SELECT incident_id, 'cleared ' || cleared_except_code FROM nibrs_incident JOIN nibrs_cleared_except USING (cleared_except_id)
WHERE cleared_except_code <> 'N' AND incident_id IN (SELECT incident_id FROM nibrs_arrestee);

-- check: exceptional clearance without date, or date without clearance
-- group: clearances
-- of: nibrs_incident
SELECT incident_id, 'cleared ' || cleared_except_code FROM nibrs_incident JOIN nibrs_cleared_except USING (cleared_except_id)
WHERE (cleared_except_code <> 'N') <> (cleared_except_date IS NOT NULL);

-- check: arrest before the incident
-- group: clearances
-- of: nibrs_arrestee
SELECT arrestee_id, CAST(arrest_date AS date) || ', incident ' || CAST(incident_date AS date)
FROM nibrs_arrestee JOIN nibrs_incident USING (incident_id) WHERE arrest_date < incident_date;

-- check: disposition of an adult, or none of a minor
-- group: clearances
-- of: nibrs_arrestee
SELECT arrestee_id, age_num || ' years, disposition ' || coalesce(under_18_disposition_code, 'none') FROM nibrs_arrestee
WHERE (age_num < 18) <> (under_18_disposition_code IS NOT NULL);

-- check: disposition of an adult, or none of a minor, Group B
-- group: Group B arrests
-- of: nibrs_grpb_arrest
SELECT grpb_arrest_id, age_num || ' years, disposition ' || coalesce(under_18_disposition_code, 'none')
FROM nibrs_grpb_arrest WHERE (age_num < 18) <> (under_18_disposition_code IS NOT NULL);

-- check: Group B arrest for an offense of Group A
-- group: Group B arrests
-- of: nibrs_grpb_arrest
SELECT grpb_arrest_id, offense_code FROM nibrs_grpb_arrest JOIN nibrs_offense_type USING (offense_type_id)
WHERE offense_code NOT LIKE '90%';

-- check: Group B arrest of another agency than its month's
-- group: Group B arrests
-- of: nibrs_grpb_arrest
SELECT g.grpb_arrest_id, 'agency ' || g.agency_id || ', month of ' || m.agency_id
FROM nibrs_grpb_arrest g JOIN nibrs_month m USING (nibrs_month_id) WHERE g.agency_id <> m.agency_id;

-- check: unknown sex code
-- group: dates and values
-- of: nibrs_victim
SELECT victim_id, sex_code FROM nibrs_victim WHERE sex_code NOT IN ('M', 'F', 'U', 'X');

-- check: incident in another year than its month's
-- group: dates and values
-- of: nibrs_incident
SELECT incident_id, CAST(incident_date AS date) || ' in data year ' || data_year
FROM nibrs_incident JOIN nibrs_month USING (nibrs_month_id) WHERE year(incident_date) <> data_year;

-- check: incident in another month than its month's
-- group: dates and values
-- of: nibrs_incident
SELECT incident_id, CAST(incident_date AS date) || ' in month ' || month_num
FROM nibrs_incident JOIN nibrs_month USING (nibrs_month_id)
WHERE month(incident_date) <> month_num AND year(incident_date) = data_year;

-- check: incident of another agency than its month's
-- group: months
-- of: nibrs_incident
SELECT i.incident_id, 'agency ' || i.agency_id || ', month of ' || m.agency_id
FROM nibrs_incident i JOIN nibrs_month m USING (nibrs_month_id) WHERE i.agency_id <> m.agency_id;

-- check: incidents in a month that says there were none
-- group: months
-- of: nibrs_month
SELECT nibrs_month_id, 'status ' || reported_status FROM nibrs_month SEMI JOIN nibrs_incident USING (nibrs_month_id)
WHERE reported_status IN ('Z', 'U');

-- check: Group B arrests in a month that was not reported
-- group: months
-- of: nibrs_month
SELECT nibrs_month_id, 'status ' || reported_status FROM nibrs_month SEMI JOIN nibrs_grpb_arrest USING (nibrs_month_id)
WHERE reported_status = 'U';

-- check: month with incidents that has none
-- group: months
-- of: nibrs_month
SELECT nibrs_month_id, 'agency ' || agency_id || ', month ' || month_num
FROM nibrs_month ANTI JOIN nibrs_incident USING (nibrs_month_id) ANTI JOIN nibrs_grpb_arrest USING (nibrs_month_id)
WHERE reported_status = 'I';

-- check: month twice
-- group: months
-- of: nibrs_month
SELECT min(nibrs_month_id), 'agency ' || agency_id || ', month ' || month_num FROM nibrs_month
GROUP BY agency_id, data_year, month_num HAVING count(*) > 1;
