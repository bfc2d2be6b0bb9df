-- The agency universe of a year: every agency that the year's population table lists, with what decides
-- whether it is eligible and in which population group it is.
SELECT a.agency_id,
       a.ori,
       coalesce(a.pub_agency_name, a.ucr_agency_name) AS agency_name,
       s.state_postal_abbr AS state,
       t.agency_type_name AS agency_type,
       a.agency_status,
       CASE WHEN a.dormant_year <= :year THEN 'Y' ELSE 'N' END AS dormant,
       CASE WHEN c.agency_id IS NULL THEN 'N' ELSE 'Y' END AS covered,
       p.population,
       g.population_group_code
FROM ref_agency_population p
JOIN ref_agency a USING (agency_id)
JOIN ref_state s USING (state_id)
LEFT JOIN ref_agency_type t USING (agency_type_id)
LEFT JOIN ref_population_group g USING (population_group_id)
LEFT JOIN ref_agency_covered_by_flat c ON c.agency_id = p.agency_id AND c.data_year = p.data_year
WHERE p.data_year = :year
ORDER BY a.agency_id
