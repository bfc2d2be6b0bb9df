-- What agencies.csv and the month file of layouts 2 and 3 say of participation. Return A is in neither file. Where
-- months with a zero report have no row, twelve months with incidents are known to be all, fewer are not.
INSERT INTO staged_agency_participation (
    year, state_name, state_abbr, agency_id, agency_ori, agency_name, agency_population, population_group_code,
    population_group, nibrs_reported, nibrs_months_reported, covered, participated, nibrs_participated
)
SELECT CAST(a.data_year AS smallint), a.state_name, a.state_abbr, CAST(a.agency_id AS bigint), a.ori, a.pub_agency_name,
       CAST(a.population AS bigint), a.population_group_code, a.population_group_desc,
       CASE WHEN m.months > 0 THEN 1 WHEN :zero_reports_are_known THEN 0 END,
       CASE WHEN m.months = 12 OR :zero_reports_are_known THEN coalesce(m.months, 0) END,
       CASE a.covered_flag WHEN 'Y' THEN 1 WHEN 'N' THEN 0 END,
       CASE a.participated WHEN 'Y' THEN 1 WHEN 'N' THEN 0 END,
       CASE a.nibrs_participated WHEN 'Y' THEN 1 WHEN 'N' THEN 0 END
FROM staged_agencies a
LEFT JOIN (
    SELECT agency_id, count(DISTINCT month_num) AS months
    FROM staged_nibrs_month
    WHERE reported_status IN ('I', 'Z')
    GROUP BY agency_id
) m ON m.agency_id = CAST(a.agency_id AS bigint)
