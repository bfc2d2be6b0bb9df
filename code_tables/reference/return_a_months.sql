-- Return A (SRS): in how many months of a year an agency reported, for the year and the four before.
SELECT agency_id, data_year AS year, count(DISTINCT month_num) AS months
FROM reta_month
WHERE data_year BETWEEN :year - 4 AND :year AND reported_flag = 'Y'
GROUP BY 1, 2
ORDER BY 1, 2
