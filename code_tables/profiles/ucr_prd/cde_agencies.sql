-- Agencies as they are in the last year that the database has of each; what the production schema does not say is empty.
WITH last_year AS (
    SELECT DISTINCT ON (t.agency_id) t.*
    FROM ucr_prd.ref_agency_yearly t
    ORDER BY t.agency_id, t.data_year DESC
),
dormant AS (
    -- The first year after the last one in which it was not.
    SELECT t.agency_id, min(t.data_year) AS dormant_year
    FROM ucr_prd.ref_agency_yearly t
    LEFT JOIN (
        SELECT agency_id, max(data_year) AS data_year FROM ucr_prd.ref_agency_yearly
        WHERE agency_status IS DISTINCT FROM 'D' GROUP BY 1
    ) awake ON awake.agency_id = t.agency_id
    WHERE t.agency_status = 'D' AND t.data_year > coalesce(awake.data_year, 0)
    GROUP BY 1
),
county AS (
    SELECT DISTINCT ON (t.agency_id, t.data_year) t.agency_id, t.data_year, t.county_id
    FROM ucr_prd.ref_agency_county t
    ORDER BY t.agency_id, t.data_year, t.population DESC NULLS LAST, t.county_id
),
core_city AS (
    SELECT agency_id, data_year, bool_or(is_core_city) AS is_core_city
    FROM ucr_prd.ref_agency_county GROUP BY 1, 2
),
coverer AS (
    SELECT agency_id, data_year, min(covered_by_agency_id) AS agency_id_of FROM ref_agency_covered_by_flat GROUP BY 1, 2
),
staff AS (
    SELECT DISTINCT ON (agency_id) * FROM pe_employee_data WHERE reported_flag = 'Y' ORDER BY agency_id, data_year DESC
)
SELECT a.agency_id, a.ori::text AS ori, a.legacy_ori::text AS legacy_ori,
       coalesce(a.pub_agency_name, a.ucr_agency_name)::text AS agency_name, a.pub_agency_name::text AS short_name,
       coalesce(a.agency_type_id, 99) AS agency_type_id,
       coalesce({ref_agency_type.name, y.name}, 'Unknown') AS agency_type_name,
       a.tribe_id, a.campus_id, a.city_id, NULL::text AS city_name, s.state_id, s.abbr::text AS state_abbr,
       c.county_id AS primary_county_id, c.county_name AS primary_county, c.county_fips_code AS primary_county_fips,
       {ref_agency_yearly.agency_status, t.agency_status} AS agency_status,
       a.submitting_agency_id, b.sai::text AS submitting_sai, b.agency_name::text AS submitting_name,
       NULL::text AS submitting_state_abbr, NULL::smallint AS start_year, d.dormant_year,
       t.data_year AS current_year, NULL::smallint AS revised_rape_start,
       extract(year FROM a.nibrs_start_date)::smallint AS current_nibrs_start_year,
       t.population, p.population_group_code, p.population_group AS population_group_desc,
       NULL::text AS population_source_flag,
       CASE WHEN t.is_suburban_area THEN 'Y' WHEN NOT t.is_suburban_area THEN 'N' END AS suburban_area_flag,
       CASE WHEN k.is_core_city THEN 'Y' WHEN NOT k.is_core_city THEN 'N' END AS core_city_flag,
       p.months_reported, p.nibrs_months_reported, NULL::smallint AS past_10_years_reported,
       o.agency_id_of AS covered_by_id, r.ori::text AS covered_by_ori,
       coalesce(r.pub_agency_name, r.ucr_agency_name)::text AS covered_by_name,
       w.data_year AS staffing_year, w.male_officer + w.female_officer AS total_officers,
       w.male_civilian + w.female_civilian AS total_civilians,
       NULL::text AS icpsr_zip, NULL::numeric AS icpsr_lat, NULL::numeric AS icpsr_lng
FROM ucr_prd.ref_agency a
JOIN ucr_prd.ref_state s ON s.state_id = a.state_id
LEFT JOIN last_year t ON t.agency_id = a.agency_id
LEFT JOIN agency_participation p ON p.agency_id = a.agency_id AND p.year = t.data_year
LEFT JOIN ucr_prd.ref_agency_type y ON y.agency_type_id = a.agency_type_id
LEFT JOIN ucr_prd.ref_submitting_agency b ON b.agency_id = a.submitting_agency_id
LEFT JOIN dormant d ON d.agency_id = a.agency_id
LEFT JOIN county i ON i.agency_id = a.agency_id AND i.data_year = t.data_year
LEFT JOIN ref_county c ON c.county_id = i.county_id
LEFT JOIN core_city k ON k.agency_id = a.agency_id AND k.data_year = t.data_year
LEFT JOIN coverer o ON o.agency_id = a.agency_id AND o.data_year = t.data_year
LEFT JOIN ucr_prd.ref_agency r ON r.agency_id = o.agency_id_of
LEFT JOIN staff w ON w.agency_id = a.agency_id
