-- Agencies of a state in a data year, as Parquet has them: residents of the year, months reported to the summary system
-- (Return A) and to NIBRS, and which agency reported for it in that year.
SELECT p.agency_id,
       p.agency_ori AS ori,
       p.agency_name,
       t.agency_type_name AS agency_type,
       p.agency_population AS population,
       p.population_group_code,
       p.population_group,
       p.months_reported AS return_a_months,
       p.nibrs_months_reported AS nibrs_months,
       CASE WHEN c.agency_id IS NULL THEN 'N' ELSE 'Y' END AS covered,
       c.covered_by_agency_id,
       o.ori AS covered_by_ori,
       coalesce(o.pub_agency_name, o.ucr_agency_name) AS covered_by_name
FROM agency_participation p
JOIN ref_agency a ON a.agency_id = p.agency_id
LEFT JOIN ref_agency_type t ON t.agency_type_id = a.agency_type_id
LEFT JOIN (
    SELECT agency_id, data_year, min(covered_by_agency_id) AS covered_by_agency_id
    FROM ref_agency_covered_by_flat GROUP BY 1, 2
) c ON c.agency_id = p.agency_id AND c.data_year = p.year
LEFT JOIN ref_agency o ON o.agency_id = c.covered_by_agency_id
WHERE p.year = :year
  AND p.state_abbr IN (SELECT s.state_abbr FROM ref_state s WHERE s.state_postal_abbr = :state)
ORDER BY p.agency_id
