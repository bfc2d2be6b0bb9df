-- What the production schema does not have is not known; keys of pairs are made as the profile makes them.
UPDATE nibrs_month SET report_date = NULL, prepared_date = NULL, update_flag = NULL, orig_format = ' ',
    ff_line_number = NULL, data_home = NULL, ddocname = NULL, did = NULL;
UPDATE nibrs_incident SET submission_date = NULL, incident_status = NULL, data_home = NULL, ddocname = NULL,
    orig_format = NULL, ff_line_number = NULL, report_date_flag = nullif(btrim(report_date_flag), ''),
    cargo_theft_flag = nullif(btrim(cargo_theft_flag), '');
UPDATE nibrs_offense SET ff_line_number = NULL, method_entry_code = nullif(btrim(method_entry_code), '');
UPDATE nibrs_weapon SET nibrs_weapon_id = -nibrs_weapon_id;
UPDATE nibrs_weapon SET nibrs_weapon_id = offense_id * 100 + weapon_id;
UPDATE nibrs_offender SET ff_line_number = NULL, sex_code = nullif(btrim(sex_code), '');
UPDATE nibrs_victim SET ff_line_number = NULL, agency_data_year = NULL, sex_code = nullif(btrim(sex_code), ''),
    resident_status_code = nullif(btrim(resident_status_code), '');
UPDATE nibrs_victim_offender_rel SET nibrs_victim_offender_id = -nibrs_victim_offender_id;
UPDATE nibrs_victim_offender_rel r SET nibrs_victim_offender_id = victim_id * 100 + o.offender_seq_num
FROM nibrs_offender o WHERE o.offender_id = r.offender_id;
UPDATE nibrs_property SET ff_line_number = NULL;
UPDATE nibrs_property_desc SET nibrs_prop_desc_id = -nibrs_prop_desc_id;
UPDATE nibrs_property_desc SET nibrs_prop_desc_id = property_id * 100 + prop_desc_id;
UPDATE nibrs_arrestee SET ff_line_number = NULL, clearance_ind = NULL, sex_code = nullif(btrim(sex_code), ''),
    resident_code = nullif(btrim(resident_code), ''),
    under_18_disposition_code = nullif(btrim(under_18_disposition_code), '');
UPDATE nibrs_arrestee_weapon SET nibrs_arrestee_weapon_id = -nibrs_arrestee_weapon_id;
UPDATE nibrs_arrestee_weapon SET nibrs_arrestee_weapon_id = arrestee_id * 100 + weapon_id;
UPDATE nibrs_grpb_arrest SET city = NULL, ff_line_number = NULL, data_home = NULL, ddocname = NULL, did = NULL,
    sex_code = nullif(btrim(sex_code), ''), resident_code = nullif(btrim(resident_code), ''),
    under_18_disposition_code = nullif(btrim(under_18_disposition_code), '');
UPDATE nibrs_grpb_arrest_weapon SET nibrs_grpb_arrest_weapon_id = -nibrs_grpb_arrest_weapon_id;
UPDATE nibrs_grpb_arrest_weapon SET nibrs_grpb_arrest_weapon_id = grpb_arrest_id * 100 + weapon_id;
UPDATE ref_agency SET agency_status = 'D' WHERE dormant_year IS NOT NULL;
UPDATE ref_county c SET county_fips_code = s.state_fips_code || lpad((county_id % 1000)::text, 3, '0')
FROM ref_state s WHERE s.state_id = c.state_id;
-- Who tells nothing is not said to report incidents.
INSERT INTO ref_agency_data_content (agency_id, data_year, reporting_type)
SELECT p.agency_id, p.data_year, 'S' FROM ref_agency_population p
WHERE NOT EXISTS (SELECT FROM ref_agency_data_content d WHERE d.agency_id = p.agency_id AND d.data_year = p.data_year);
UPDATE pe_employee_data SET reported_flag = 'N' WHERE male_officer + female_officer = 0;
UPDATE cde_agencies c SET agency_status = a.agency_status, dormant_year = a.dormant_year,
    staffing_year = w.data_year, total_officers = w.male_officer + w.female_officer,
    total_civilians = w.male_civilian + w.female_civilian,
    primary_county_id = k.county_id, primary_county = k.county_name, primary_county_fips = k.county_fips_code,
    core_city_flag = k.core_city_flag,
    submitting_agency_id = CASE WHEN c.agency_id % 7 > 0 THEN m.agency_id END,
    submitting_sai = CASE WHEN c.agency_id % 7 > 0 THEN 'SAI' || c.state_id END,
    submitting_name = CASE WHEN c.agency_id % 7 > 0 THEN 'Bureau of ' || c.state_abbr END
FROM ref_agency a
LEFT JOIN LATERAL (
    SELECT * FROM pe_employee_data w
    WHERE w.agency_id = a.agency_id AND w.reported_flag = 'Y' ORDER BY w.data_year DESC LIMIT 1
) w ON true
LEFT JOIN LATERAL (
    SELECT p.county_id, x.county_name, x.county_fips_code, max(p.core_city_flag) OVER () AS core_city_flag
    FROM ref_agency_county p JOIN ref_county x USING (county_id)
    WHERE p.agency_id = a.agency_id AND p.data_year = (SELECT max(data_year) FROM ref_agency_population)
    ORDER BY p.population DESC, p.county_id LIMIT 1
) k ON true
LEFT JOIN LATERAL (SELECT min(b.agency_id) AS agency_id FROM ref_agency b WHERE b.state_id = a.state_id) m ON true
WHERE a.agency_id = c.agency_id
