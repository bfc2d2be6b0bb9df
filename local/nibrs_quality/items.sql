-- Items that may be unknown: pairs of agency and whether the item is (DuckDB). The view `victim` is a table with its type.

-- item: victim's age
SELECT i.agency_id, a.age_code IN ('00', 'NS') FROM victim v JOIN nibrs_incident i USING (incident_id)
LEFT JOIN nibrs_age a USING (age_id) WHERE type IN ('I', 'L');

-- item: victim's sex
SELECT i.agency_id, sex_code = 'U' FROM victim JOIN nibrs_incident i USING (incident_id)
WHERE type IN ('I', 'L');

-- item: victim's race
SELECT i.agency_id, r.race_code = 'U' FROM victim v JOIN nibrs_incident i USING (incident_id)
LEFT JOIN ref_race r USING (race_id) WHERE type IN ('I', 'L');

-- item: victim's ethnicity
SELECT i.agency_id, coalesce(e.ethnicity_code NOT IN ('H', 'N'), true) FROM victim v
JOIN nibrs_incident i USING (incident_id) LEFT JOIN nibrs_ethnicity e USING (ethnicity_id)
WHERE type IN ('I', 'L');

-- item: relationship
SELECT i.agency_id, relationship_code = 'RU' FROM nibrs_victim_offender_rel
JOIN nibrs_relationship USING (relationship_id) JOIN nibrs_victim v USING (victim_id)
JOIN nibrs_incident i ON i.incident_id = v.incident_id;

-- item: offender
SELECT agency_id, offender_seq_num = 0 FROM nibrs_offender JOIN nibrs_incident USING (incident_id);

-- item: offender's age
SELECT agency_id, a.age_code = '00' FROM nibrs_offender JOIN nibrs_incident USING (incident_id)
LEFT JOIN nibrs_age a USING (age_id) WHERE offender_seq_num > 0;

-- item: hour
SELECT agency_id, coalesce(incident_hour NOT BETWEEN 0 AND 23, true) FROM nibrs_incident;

-- item: place (other or unknown)
SELECT agency_id, location_code = '25' FROM nibrs_offense JOIN nibrs_incident USING (incident_id)
JOIN nibrs_location_type USING (location_id);

-- item: bias
SELECT agency_id, bias_code = '99' FROM nibrs_bias_motivation JOIN nibrs_bias_list USING (bias_id)
JOIN nibrs_offense USING (offense_id) JOIN nibrs_incident USING (incident_id);
