-- Which months each agency reported: to NIBRS (I incidents, Z none, U not reported) and by Return A (Y, N).
-- Empty where the database has no row for the agency and month.
SELECT agency_id, month_num AS month, n.reported_status AS nibrs_status, r.reported_flag AS return_a_reported
FROM (SELECT agency_id, month_num, reported_status FROM nibrs_month WHERE data_year = :year) n
FULL JOIN (SELECT agency_id, month_num, reported_flag FROM reta_month WHERE data_year = :year) r
    USING (agency_id, month_num)
ORDER BY agency_id, month_num
