-- Agencies of a year, also those of which no state is known. An agency participates when it, or an agency that covers it,
-- reported twelve months.
WITH months AS (
    SELECT agency_id, data_year, max(summaries) AS summaries, max(incidents) AS incidents
    FROM (
        SELECT agency_id, data_year, count(*) AS summaries, 0 AS incidents FROM reta_month GROUP BY 1, 2
        UNION ALL
        SELECT t.agency_id, t.data_year, 0, count(DISTINCT t.data_month)
        FROM ucr_prd.form_month t
        WHERE t.form_code = 'N' AND t.is_zero_report IS NOT NULL
        GROUP BY 1, 2
    ) several
    GROUP BY 1, 2
),
covering AS (
    SELECT c.agency_id, c.data_year, max(m.summaries) AS summaries, max(m.incidents) AS incidents
    FROM ref_agency_covered_by_flat c
    JOIN months m ON m.agency_id = c.covered_by_agency_id AND m.data_year = c.data_year
    GROUP BY 1, 2
)
SELECT t.data_year AS year, s.name::text AS state_name, s.abbr::text AS state_abbr, t.agency_id,
       a.ori::text AS agency_ori, coalesce(a.pub_agency_name, a.ucr_agency_name)::text AS agency_name,
       t.population AS agency_population, {ref_population_group.code, g.code} AS population_group_code,
       g.description::text AS population_group,
       (coalesce(m.summaries, 0) > 0)::integer AS reported, coalesce(m.summaries, 0) AS months_reported,
       (coalesce(m.incidents, 0) > 0)::integer AS nibrs_reported, coalesce(m.incidents, 0) AS nibrs_months_reported,
       coalesce(t.is_covered, false)::integer AS covered,
       (coalesce(CASE WHEN t.is_covered THEN c.summaries ELSE m.summaries END, 0) = 12)::integer AS participated,
       (coalesce(CASE WHEN t.is_covered THEN c.incidents ELSE m.incidents END, 0) = 12)::integer AS nibrs_participated
FROM ucr_prd.ref_agency_yearly t
JOIN ucr_prd.ref_agency a ON a.agency_id = t.agency_id
LEFT JOIN ucr_prd.ref_state s ON s.state_id = a.state_id
LEFT JOIN ucr_prd.ref_population_group g ON g.population_group_id = t.population_group_id
LEFT JOIN months m ON m.agency_id = t.agency_id AND m.data_year = t.data_year
LEFT JOIN covering c ON c.agency_id = t.agency_id AND c.data_year = t.data_year
