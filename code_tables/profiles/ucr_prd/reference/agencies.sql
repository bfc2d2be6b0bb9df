-- The agency universe of a year: one row per agency that the year lists, whatever else is known of it. An agency without a
-- submitting agency, type, state, division or region stays; one that several others cover, or with several forms of
-- employees, is one row. nibrs_start is the first month of NIBRS reporting as year * 12 + month - 1: by the agency's start
-- date, or the first month that the database has where there is none. msa_status as in the Crime Data Explorer's schema.
SELECT t.agency_id,
       a.ori::text AS ori,
       coalesce(a.pub_agency_name, a.ucr_agency_name)::text AS agency_name,
       s.postal_abbr::text AS state,
       s.name::text AS state_name,
       {ref_region.name, r.name} AS region,
       {ref_agency_type.name, y.name} AS agency_type,
       {ref_agency_yearly.agency_status, t.agency_status} AS agency_status,
       CASE WHEN t.agency_status = 'D' THEN 'Y' ELSE 'N' END AS dormant,
       CASE WHEN t.is_covered THEN 'Y' ELSE 'N' END AS covered,
       CASE WHEN EXISTS (
           SELECT FROM ref_agency_covered_by_flat o WHERE o.covered_by_agency_id = t.agency_id AND o.data_year = :year
       ) THEN 'Y' ELSE 'N' END AS covering,
       t.population,
       {ref_population_group.code, g.code} AS population_group_code,
       CASE WHEN t.is_suburban_area THEN 'Y' WHEN NOT t.is_suburban_area THEN 'N' END AS suburban,
       CASE WHEN t.is_nibrs THEN 'I' ELSE 'S' END AS reporting_type,
       coalesce(
           extract(year FROM a.nibrs_start_date)::integer * 12 + extract(month FROM a.nibrs_start_date)::integer - 1,
           m.first_month
       ) AS nibrs_start,
       CASE WHEN w.reported_flag = 'Y' THEN w.male_officer END AS male_officers,
       CASE WHEN w.reported_flag = 'Y' THEN w.female_officer END AS female_officers,
       n.msa_status
FROM ucr_prd.ref_agency_yearly t
JOIN ucr_prd.ref_agency a ON a.agency_id = t.agency_id
LEFT JOIN ucr_prd.ref_state s ON s.state_id = a.state_id
LEFT JOIN ucr_prd.ref_division v ON v.division_id = s.division_id
LEFT JOIN ucr_prd.ref_region r ON r.region_id = v.region_id
LEFT JOIN ucr_prd.ref_agency_type y ON y.agency_type_id = a.agency_type_id
LEFT JOIN ucr_prd.ref_population_group g ON g.population_group_id = t.population_group_id
LEFT JOIN pe_employee_data w ON w.agency_id = t.agency_id AND w.data_year = t.data_year
LEFT JOIN (
    SELECT agency_id, min(data_year * 12 + month_num - 1) AS first_month
    FROM nibrs_month WHERE reported_status IN ('I', 'Z') GROUP BY agency_id
) m ON m.agency_id = t.agency_id
LEFT JOIN (
    SELECT DISTINCT ON (agency_id) agency_id, msa_status
    FROM (
        SELECT c.agency_id,
               CASE WHEN v.is_msa THEN 1
                    WHEN left(g.code::text, 1) BETWEEN '1' AND '7' THEN 2
                    ELSE 3 END AS msa_status,
               sum(c.population) AS population
        FROM ucr_prd.ref_agency_county c
        JOIN ucr_prd.ref_metro_division v ON v.metro_div_id = c.metro_div_id
        JOIN ucr_prd.ref_agency_yearly o ON o.agency_id = c.agency_id AND o.data_year = c.data_year
        LEFT JOIN ucr_prd.ref_population_group g ON g.population_group_id = o.population_group_id
        WHERE c.data_year = :year
        GROUP BY 1, 2
    ) pieces
    ORDER BY agency_id, population DESC NULLS LAST, msa_status
) n ON n.agency_id = t.agency_id
WHERE t.data_year = :year
ORDER BY t.agency_id
