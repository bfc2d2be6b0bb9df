-- The agency universe of a year: every agency that the year's population table lists, with what decides
-- whether it is eligible, in which group it is weighted and which agencies are like it. nibrs_start is the first month
-- of NIBRS reporting as year * 12 + month - 1: the first month that the database has, or January of the year in
-- which the agency began, if that is earlier. msa_status: 1 in a county of a metropolitan area, 2 a city
-- outside of one, 3 in another county; that where most of its residents live, the lowest of equals.
SELECT a.agency_id,
       a.ori,
       coalesce(a.pub_agency_name, a.ucr_agency_name) AS agency_name,
       s.state_postal_abbr AS state,
       s.state_name,
       r.region_name AS region,
       t.agency_type_name AS agency_type,
       a.agency_status,
       CASE WHEN a.dormant_year <= :year THEN 'Y' ELSE 'N' END AS dormant,
       CASE WHEN c.agency_id IS NULL THEN 'N' ELSE 'Y' END AS covered,
       CASE WHEN EXISTS (
           SELECT FROM ref_agency_covered_by_flat o WHERE o.covered_by_agency_id = a.agency_id AND o.data_year = :year
       ) THEN 'Y' ELSE 'N' END AS covering,
       p.population,
       g.population_group_code,
       p.suburban_area_flag AS suburban,
       d.reporting_type,
       least(m.first_month, CASE WHEN e.current_nibrs_start_year * 12 < m.first_month / 12 * 12
                                   OR m.first_month IS NULL THEN e.current_nibrs_start_year * 12 END) AS nibrs_start,
       CASE WHEN w.reported_flag = 'Y' THEN w.male_officer END AS male_officers,
       CASE WHEN w.reported_flag = 'Y' THEN w.female_officer END AS female_officers,
       n.msa_status
FROM ref_agency_population p
JOIN ref_agency a USING (agency_id)
JOIN ref_state s USING (state_id)
LEFT JOIN ref_division v USING (division_id)
LEFT JOIN ref_region r USING (region_id)
LEFT JOIN ref_agency_type t USING (agency_type_id)
LEFT JOIN ref_population_group g USING (population_group_id)
LEFT JOIN ref_agency_covered_by_flat c ON c.agency_id = p.agency_id AND c.data_year = p.data_year
LEFT JOIN ref_agency_data_content d ON d.agency_id = p.agency_id AND d.data_year = p.data_year
LEFT JOIN pe_employee_data w ON w.agency_id = p.agency_id AND w.data_year = p.data_year
LEFT JOIN cde_agencies e ON e.agency_id = p.agency_id
LEFT JOIN (
    SELECT agency_id, min(data_year * 12 + month_num - 1) AS first_month
    FROM nibrs_month WHERE reported_status IN ('I', 'Z') GROUP BY agency_id
) m ON m.agency_id = p.agency_id
LEFT JOIN (
    SELECT DISTINCT ON (agency_id) agency_id, msa_status
    FROM (
        SELECT c.agency_id,
               CASE WHEN v.msa_flag = 'Y' THEN 1
                    WHEN left(g.population_group_code, 1) BETWEEN '1' AND '7' THEN 2
                    ELSE 3 END AS msa_status,
               sum(c.population) AS population
        FROM ref_agency_county c
        JOIN ref_metro_division v USING (metro_div_id)
        JOIN ref_agency_population o ON o.agency_id = c.agency_id AND o.data_year = c.data_year
        LEFT JOIN ref_population_group g USING (population_group_id)
        WHERE c.data_year = :year
        GROUP BY 1, 2
    ) pieces
    ORDER BY agency_id, population DESC NULLS LAST, msa_status
) n ON n.agency_id = p.agency_id
WHERE p.data_year = :year
ORDER BY a.agency_id
