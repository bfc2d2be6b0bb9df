-- Return A (SRS): actual offenses by agency, month and line, of months that were reported.
SELECT m.agency_id, m.month_num AS month, c.offense_subcat_code AS line, o.actual_count
FROM reta_month m
JOIN reta_month_offense_subcat o USING (reta_month_id)
JOIN reta_offense_subcat c USING (offense_subcat_id)
WHERE m.data_year = :year AND m.reported_flag = 'Y'
ORDER BY m.agency_id, m.month_num, c.offense_subcat_code
