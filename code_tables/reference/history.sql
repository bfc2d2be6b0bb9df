-- Offenses by agency and month in the four years before: against these the months of the year are out of the ordinary
-- or not. Only months that were reported, or of which there are offenses all the same; one with a zero report has 0.
SELECT m.agency_id, m.data_year AS year, m.month_num AS month, count(o.offense_id) AS offenses
FROM nibrs_month m
LEFT JOIN nibrs_incident i USING (nibrs_month_id)
LEFT JOIN nibrs_offense o USING (incident_id)
WHERE m.data_year BETWEEN :year - 4 AND :year - 1 AND (m.reported_status IN ('I', 'Z') OR o.offense_id IS NOT NULL)
GROUP BY 1, 2, 3
ORDER BY 1, 2, 3
