-- Return A (SRS): actual offenses by agency, year and line in months that were reported, for the year and the four before.
SELECT m.agency_id, m.data_year AS year, c.offense_subcat_code AS line, sum(o.actual_count) AS actual_count
FROM reta_month m
JOIN reta_month_offense_subcat o USING (reta_month_id)
JOIN reta_offense_subcat c USING (offense_subcat_id)
WHERE m.data_year BETWEEN :year - 4 AND :year AND m.reported_flag = 'Y'
GROUP BY 1, 2, 3
ORDER BY 1, 2, 3
