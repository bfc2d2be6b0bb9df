-- Agencies as agencies.csv of layouts 2 and 3 describes them; what it does not say stays empty.
INSERT INTO staged_cde_agencies (
    agency_id, ori, legacy_ori, agency_name, short_name, agency_type_id, agency_type_name, state_id, state_abbr,
    primary_county, agency_status, submitting_agency_id, submitting_sai, submitting_name, dormant_year, current_year,
    current_nibrs_start_year, population, population_group_code, population_group_desc, suburban_area_flag,
    covered_by_id, covered_by_ori, covered_by_name, staffing_year, total_officers, total_civilians
)
SELECT CAST(a.agency_id AS bigint), a.ori, coalesce(a.legacy_ori, a.ori), a.pub_agency_name, a.pub_agency_name,
       coalesce(t.agency_type_id, 99), a.agency_type_name, CAST(a.state_id AS smallint), a.state_abbr, a.county_name,
       a.agency_status, CAST(a.submitting_agency_id AS bigint), a.sai, a.submitting_agency_name,
       CAST(a.dormant_year AS smallint), CAST(a.data_year AS smallint),
       CAST(extract(year FROM a.nibrs_start_date) AS smallint), CAST(a.population AS bigint), a.population_group_code,
       a.population_group_desc, a.suburban_area_flag, CAST(c.agency_id AS bigint), c.ori, c.pub_agency_name,
       CASE WHEN a.pe_reported_flag = 'Y' THEN CAST(a.data_year AS smallint) END,
       CAST(a.male_officer AS integer) + CAST(a.female_officer AS integer),
       CAST(a.male_civilian AS integer) + CAST(a.female_civilian AS integer)
FROM staged_agencies a
LEFT JOIN ref_agency_type t ON t.agency_type_name = a.agency_type_name
LEFT JOIN staged_agencies c ON c.legacy_ori = a.covered_by_legacy_ori
