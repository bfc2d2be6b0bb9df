-- Which months each agency reported to NIBRS in the year: I incidents, Z none, U not reported.
SELECT agency_id, month_num AS month, reported_status AS nibrs_status
FROM nibrs_month
WHERE data_year = :year
ORDER BY agency_id, month_num
