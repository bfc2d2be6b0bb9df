-- The production schema's tables from the Explorer's. Forms of NIBRS keep the numbers of their months.
INSERT INTO ucr_prd.form_month (form_month_id, agency_id, data_year, data_month, form_code, is_zero_report)
SELECT nibrs_month_id, agency_id, data_year, month_num, 'N',
       CASE reported_status WHEN 'Z' THEN true WHEN 'I' THEN false END
FROM nibrs_month;
-- Return A where no NIBRS is; else the FBI has made it from the incidents.
INSERT INTO ucr_prd.form_month (form_month_id, agency_id, data_year, data_month, form_code, is_zero_report)
SELECT 7000000000 + m.reta_month_id, m.agency_id, m.data_year, m.month_num, 'R', false
FROM reta_month m
WHERE m.reported_flag = 'Y' AND NOT EXISTS (
    SELECT FROM nibrs_month n WHERE n.agency_id = m.agency_id AND n.data_year = m.data_year
    AND n.month_num = m.month_num AND n.reported_status IN ('I', 'Z'));
-- Employees, with an earlier form that the last one replaces; forms that nobody reads.
INSERT INTO ucr_prd.form_month (form_month_id, agency_id, data_year, data_month, form_code)
SELECT 8000000000 + form * 1000000000 + agency_id * 10000 + data_year, agency_id, data_year, 10, 'P'
FROM pe_employee_data, (VALUES (0), (1)) f (form) WHERE reported_flag = 'Y';
INSERT INTO ucr_prd.form_month (form_month_id, agency_id, data_year, data_month, form_code)
SELECT -agency_id * 10000 - data_year, agency_id, data_year, 0, 'A' FROM ref_agency_population;
INSERT INTO ucr_prd.pe_employee_data (form_month_id, male_officer, male_civilian, female_officer, female_civilian)
SELECT 8000000000 + form * 1000000000 + agency_id * 10000 + data_year, male_officer + 1 - form, male_civilian,
       female_officer, female_civilian
FROM pe_employee_data, (VALUES (0), (1)) f (form) WHERE reported_flag = 'Y';
INSERT INTO ucr_prd.lkup_srs_offense (breakdown_id, offense_name, breakdown_name) VALUES
    (11, 'Criminal Homicide', 'Murder and Nonnegligent Homicide'), (12, 'Criminal Homicide', 'Manslaughter by Negligence'),
    (20, 'Rape', 'Rape'), (21, 'Rape', 'Attempted Rape'), (24, 'Rape (Legacy)', 'Rape'),
    (25, 'Attempted Rape (Legacy)', 'Attempted Rape'), (31, 'Robbery', 'Robbery - Firearm'),
    (32, 'Robbery', 'Robbery - Knife or Cutting Instrument'), (33, 'Robbery', 'Robbery - Other Dangerous Weapon'),
    (34, 'Robbery', 'Robbery - Hands, Fists, Feet'), (51, 'Aggravated Assault', 'Assault - Firearm'),
    (52, 'Aggravated Assault', 'Assault - Knife or Cutting Instrument'),
    (53, 'Aggravated Assault', 'Assault - Other Dangerous Weapon'),
    (54, 'Aggravated Assault', 'Assault - Hands, Fists, Feet'), (55, 'Simple Assault', 'Simple Assault'),
    (61, 'Burglary', 'Burglary - Forcible Entry'), (62, 'Burglary', 'Burglary - No Force'),
    (63, 'Burglary', 'Burglary - Attempted Forcible Entry'), (70, 'Larceny', 'Larceny'),
    (91, 'Motor Vehicle Theft', 'Auto Theft'), (92, 'Motor Vehicle Theft', 'Truck and Bus Theft'),
    (93, 'Motor Vehicle Theft', 'Other Vehicle Theft'), (110, 'Arson', 'Single Occupancy Residential');
CREATE TEMPORARY TABLE breakdown AS SELECT * FROM (VALUES
    ('murder', 11), ('manslaughter', 12), ('rape_completed', 20), ('rape_attempted', 21), ('robbery_firearm', 31),
    ('robbery_knife', 32), ('robbery_other', 33), ('robbery_strong_arm', 34), ('assault_firearm', 51),
    ('assault_knife', 52), ('assault_other', 53), ('assault_hands', 54), ('assault_simple', 55), ('burglary_force', 61),
    ('burglary_no_force', 62), ('burglary_attempted', 63), ('larceny', 70), ('vehicle_auto', 91),
    ('vehicle_truck', 92), ('vehicle_other', 93)
) v (code, breakdown_id);
-- A line of a form may have several rows; legacy rape stands beside the revised.
INSERT INTO ucr_prd.sum_month_offense (form_month_id, breakdown_id, actual_count)
SELECT coalesce(n.nibrs_month_id, 7000000000 + m.reta_month_id), b.breakdown_id, v.number
FROM reta_month_offense_subcat o JOIN reta_month m USING (reta_month_id)
JOIN reta_offense_subcat c USING (offense_subcat_id) JOIN breakdown b ON b.code = c.offense_subcat_code
LEFT JOIN nibrs_month n ON n.agency_id = m.agency_id AND n.data_year = m.data_year AND n.month_num = m.month_num
    AND n.reported_status IN ('I', 'Z')
CROSS JOIN LATERAL (VALUES (1), (o.actual_count - 1)) v (number)
WHERE m.reported_flag = 'Y';
INSERT INTO ucr_prd.sum_month_offense (form_month_id, breakdown_id, actual_count)
SELECT form_month_id, 24, actual_count FROM ucr_prd.sum_month_offense WHERE breakdown_id = 20;
DROP TABLE breakdown;
INSERT INTO ucr_prd.nibrs_incident (incident_id, form_month_id, agency_id, incident_number, incident_date,
    is_reported_date, incident_hour, cleared_exceptionally_code, cleared_exceptionally_date, is_cargo_theft, did)
SELECT incident_id, nibrs_month_id, agency_id, incident_number, incident_date, coalesce(report_date_flag = 'R', false),
       incident_hour, cleared_except_code, cleared_except_date, cargo_theft_flag = 'Y', did
FROM nibrs_incident LEFT JOIN nibrs_cleared_except USING (cleared_except_id);
INSERT INTO ucr_prd.nibrs_offense (offense_id, incident_id, offense_code, attempt_complete_code, location_code,
    num_premises_entered, method_of_entry_code)
SELECT offense_id, incident_id, offense_code, attempt_complete_flag, location_code, num_premises_entered,
       method_entry_code
FROM nibrs_offense LEFT JOIN nibrs_offense_type USING (offense_type_id)
LEFT JOIN nibrs_location_type USING (location_id);
INSERT INTO ucr_prd.nibrs_offense_weapon (offense_id, weapon_code)
SELECT offense_id, weapon_code FROM nibrs_weapon LEFT JOIN nibrs_weapon_type USING (weapon_id);
INSERT INTO ucr_prd.nibrs_criminal_activity (offense_id, criminal_activity_code)
SELECT offense_id, criminal_act_code FROM nibrs_criminal_act LEFT JOIN nibrs_criminal_act_type USING (criminal_act_id);
INSERT INTO ucr_prd.nibrs_suspect_using (offense_id, using_code)
SELECT offense_id, suspect_using_code FROM nibrs_suspect_using LEFT JOIN nibrs_using_list USING (suspect_using_id);
INSERT INTO ucr_prd.nibrs_bias_motivation (offense_id, bias_code)
SELECT offense_id, bias_code FROM nibrs_bias_motivation LEFT JOIN nibrs_bias_list USING (bias_id);
INSERT INTO ucr_prd.nibrs_offender (offender_id, incident_id, sequence_number, age_code,
    age_code_range_low, age_code_range_high, sex_code, race_code, ethnicity_code)
SELECT t.offender_id, t.incident_id, t.offender_seq_num, CASE t.age_id WHEN 5 THEN lpad(t.age_num::text, 2, '0') ELSE g.age_code END,
       t.age_range_low_num, t.age_range_high_num, t.sex_code, r.race_code, e.ethnicity_code
FROM nibrs_offender t LEFT JOIN nibrs_age g ON g.age_id = t.age_id LEFT JOIN ref_race r ON r.race_id = t.race_id
LEFT JOIN nibrs_ethnicity e ON e.ethnicity_id = t.ethnicity_id;
INSERT INTO ucr_prd.nibrs_victim (victim_id, incident_id, sequence_number, victim_type_code, assignment_code,
    activity_code, outside_agency_id, resident_status_code, age_code,
    age_code_range_low, age_code_range_high, sex_code, race_code, ethnicity_code)
SELECT t.victim_id, t.incident_id, t.victim_seq_num, v.victim_type_code, s.assignment_type_code, c.activity_type_code,
       t.outside_agency_id, t.resident_status_code, CASE t.age_id WHEN 5 THEN lpad(t.age_num::text, 2, '0') ELSE g.age_code END,
       t.age_range_low_num, t.age_range_high_num, t.sex_code, r.race_code, e.ethnicity_code
FROM nibrs_victim t LEFT JOIN nibrs_age g ON g.age_id = t.age_id LEFT JOIN ref_race r ON r.race_id = t.race_id
LEFT JOIN nibrs_ethnicity e ON e.ethnicity_id = t.ethnicity_id
LEFT JOIN nibrs_victim_type v USING (victim_type_id) LEFT JOIN nibrs_assignment_type s USING (assignment_type_id)
LEFT JOIN nibrs_activity_type c USING (activity_type_id);
INSERT INTO ucr_prd.nibrs_victim_offense (victim_id, offense_id) SELECT victim_id, offense_id FROM nibrs_victim_offense;
INSERT INTO ucr_prd.nibrs_victim_offender_relationship (victim_id, offender_id, relationship_code)
SELECT victim_id, offender_id, relationship_code
FROM nibrs_victim_offender_rel LEFT JOIN nibrs_relationship USING (relationship_id);
INSERT INTO ucr_prd.nibrs_victim_injury (victim_id, injury_code)
SELECT victim_id, injury_code FROM nibrs_victim_injury LEFT JOIN nibrs_injury USING (injury_id);
INSERT INTO ucr_prd.nibrs_victim_circumstance (victim_id, circumstance_code, justifiable_force_code)
SELECT victim_id, circumstances_code, justifiable_force_code
FROM nibrs_victim_circumstances LEFT JOIN nibrs_circumstances USING (circumstances_id)
LEFT JOIN nibrs_justifiable_force USING (justifiable_force_id);
INSERT INTO ucr_prd.nibrs_property (property_id, incident_id, prop_loss_code, stolen_count, recovered_count)
SELECT property_id, incident_id, prop_loss_id, stolen_count, recovered_count FROM nibrs_property;
INSERT INTO ucr_prd.nibrs_property_description (property_id, prop_desc_code, property_value, date_recovered)
SELECT property_id, prop_desc_code, property_value, date_recovered
FROM nibrs_property_desc LEFT JOIN nibrs_prop_desc_type USING (prop_desc_id);
INSERT INTO ucr_prd.nibrs_suspected_drug (suspected_drug_id, property_id, drug_code, est_drug_qty, drug_measure_code)
SELECT nibrs_suspected_drug_id, property_id, suspected_drug_code, est_drug_qty, drug_measure_code
FROM nibrs_suspected_drug LEFT JOIN nibrs_suspected_drug_type USING (suspected_drug_type_id)
LEFT JOIN nibrs_drug_measure_type USING (drug_measure_type_id);
INSERT INTO ucr_prd.nibrs_arrestee (arrestee_id, incident_id, sequence_number, arrest_number, arrest_date,
    arrest_type_code, multiple_indicator_code, offense_code, resident_status_code, under_18_disposition_code,
    age_code,
    age_code_range_low, age_code_range_high, sex_code, race_code, ethnicity_code)
SELECT t.arrestee_id, t.incident_id, t.arrestee_seq_num, t.arrest_num, t.arrest_date, y.arrest_type_code,
       t.multiple_indicator, o.offense_code, t.resident_code, t.under_18_disposition_code,
       CASE t.age_id WHEN 5 THEN lpad(t.age_num::text, 2, '0') ELSE g.age_code END,
       t.age_range_low_num, t.age_range_high_num, t.sex_code, r.race_code, e.ethnicity_code
FROM nibrs_arrestee t LEFT JOIN nibrs_age g ON g.age_id = t.age_id LEFT JOIN ref_race r ON r.race_id = t.race_id
LEFT JOIN nibrs_ethnicity e ON e.ethnicity_id = t.ethnicity_id
LEFT JOIN nibrs_arrest_type y USING (arrest_type_id) LEFT JOIN nibrs_offense_type o USING (offense_type_id);
INSERT INTO ucr_prd.nibrs_arrestee_weapon (arrestee_id, weapon_code)
SELECT arrestee_id, weapon_code FROM nibrs_arrestee_weapon LEFT JOIN nibrs_weapon_type USING (weapon_id);
INSERT INTO ucr_prd.nibrs_groupb_arrestee (groupb_arrestee_id, form_month_id, agency_id, arrest_number, arrest_date,
    sequence_number, arrest_type_code, offense_code, resident_status_code, under_18_disposition_code,
    age_code,
    age_code_range_low, age_code_range_high, sex_code, race_code, ethnicity_code)
SELECT t.grpb_arrest_id, t.nibrs_month_id, t.agency_id, t.arrest_num, t.arrest_date, t.arrest_seq_num,
       y.arrest_type_code, o.offense_code, t.resident_code, t.under_18_disposition_code,
       CASE t.age_id WHEN 5 THEN lpad(t.age_num::text, 2, '0') ELSE g.age_code END,
       t.age_range_low_num, t.age_range_high_num, t.sex_code, r.race_code, e.ethnicity_code
FROM nibrs_grpb_arrest t LEFT JOIN nibrs_age g ON g.age_id = t.age_id LEFT JOIN ref_race r ON r.race_id = t.race_id
LEFT JOIN nibrs_ethnicity e ON e.ethnicity_id = t.ethnicity_id
LEFT JOIN nibrs_arrest_type y USING (arrest_type_id) LEFT JOIN nibrs_offense_type o USING (offense_type_id);
INSERT INTO ucr_prd.nibrs_groupb_arrestee_weapon (groupb_arrestee_id, weapon_code)
SELECT grpb_arrest_id, weapon_code FROM nibrs_grpb_arrest_weapon LEFT JOIN nibrs_weapon_type USING (weapon_id);
-- Agencies: some have no submitting agency.
INSERT INTO ucr_prd.ref_agency (agency_id, ori, legacy_ori, ucr_agency_name, pub_agency_name, agency_type_id, state_id,
    submitting_agency_id, nibrs_start_date, judicial_district_code, field_office_id)
SELECT a.agency_id, a.ori, a.legacy_ori, a.ucr_agency_name, a.pub_agency_name, a.agency_type_id, a.state_id,
       c.submitting_agency_id, make_date(s.start / 12, s.start % 12 + 1, 1), a.judicial_dist_code, a.field_office_id
FROM ref_agency a LEFT JOIN cde_agencies c USING (agency_id)
LEFT JOIN LATERAL (
    SELECT least(m.first_month, CASE WHEN c.current_nibrs_start_year * 12 < m.first_month / 12 * 12
                                       OR m.first_month IS NULL THEN c.current_nibrs_start_year * 12 END) AS start
    FROM (SELECT min(data_year * 12 + month_num - 1) AS first_month FROM nibrs_month n
          WHERE n.agency_id = a.agency_id AND n.reported_status IN ('I', 'Z')) m
) s ON true;
INSERT INTO ucr_prd.ref_submitting_agency (agency_id, sai, agency_name)
SELECT DISTINCT submitting_agency_id, submitting_sai, submitting_name FROM cde_agencies
WHERE submitting_agency_id IS NOT NULL;
INSERT INTO ucr_prd.ref_agency_yearly (agency_id, data_year, is_nibrs, agency_status, population_group_id, population,
    is_suburban_area, is_covered)
SELECT p.agency_id, p.data_year, coalesce(d.reporting_type = 'I', false),
       CASE WHEN a.dormant_year <= p.data_year THEN 'D' ELSE 'A' END, p.population_group_id, p.population,
       p.suburban_area_flag = 'Y', c.agency_id IS NOT NULL
FROM ref_agency_population p JOIN ref_agency a USING (agency_id)
LEFT JOIN ref_agency_data_content d USING (agency_id, data_year)
LEFT JOIN ref_agency_covered_by_flat c USING (agency_id, data_year);
INSERT INTO ucr_prd.ref_agency_month_covered (agency_id, data_year, covered_by_agency_id)
SELECT agency_id, data_year, covered_by_agency_id FROM ref_agency_covered_by_flat, generate_series(1, 12);
INSERT INTO ucr_prd.ref_agency_type (agency_type_id, name) SELECT agency_type_id, agency_type_name FROM ref_agency_type;
INSERT INTO ucr_prd.ref_state (state_id, division_id, name, abbr, postal_abbr, fips_code)
SELECT state_id, division_id, state_name, state_abbr, state_postal_abbr, state_fips_code FROM ref_state;
INSERT INTO ucr_prd.ref_division (division_id, region_id, code, name)
SELECT division_id, region_id, division_code, division_name FROM ref_division;
INSERT INTO ucr_prd.ref_region (region_id, code, name) SELECT region_id, region_code, region_name FROM ref_region;
INSERT INTO ucr_prd.ref_population_group (population_group_id, code, description)
SELECT population_group_id, population_group_code, population_group_desc FROM ref_population_group;
INSERT INTO ucr_prd.ref_field_office (field_office_id, numeric_code, name)
SELECT field_office_id, field_office_code, field_office_name FROM ref_field_office;
INSERT INTO ucr_prd.ref_county (county_id, state_id, name, fips_code)
SELECT county_id, state_id, county_name, right(county_fips_code, 3) FROM ref_county;
INSERT INTO ucr_prd.ref_msa (msa_id, name, omb_code) SELECT msa_id, msa_name, msa_omb_code FROM ref_msa;
INSERT INTO ucr_prd.ref_metro_division (metro_div_id, msa_id, name, is_msa)
SELECT metro_div_id, msa_id, metro_div_name, msa_flag = 'Y' FROM ref_metro_division;
INSERT INTO ucr_prd.ref_agency_county (agency_id, data_year, county_id, metro_div_id, is_core_city, population)
SELECT agency_id, data_year, county_id, metro_div_id, core_city_flag = 'Y', population FROM ref_agency_county
