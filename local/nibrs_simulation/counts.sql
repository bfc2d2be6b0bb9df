-- The true counts by agency, month, unit and offense code: offenses, victims of them, persons arrested for them.
SELECT agency_id, CAST(month_num AS bigint) AS month, unit, code, CAST(number AS bigint) AS number FROM (
    SELECT i.agency_id, m.month_num, 'offense' AS unit, t.offense_code AS code, count(*) AS number
    FROM nibrs_offense JOIN nibrs_incident i USING (incident_id) JOIN nibrs_month m USING (nibrs_month_id)
    JOIN nibrs_offense_type t USING (offense_type_id) GROUP BY ALL
    UNION ALL
    SELECT i.agency_id, m.month_num, 'victim', t.offense_code, count(*)
    FROM nibrs_victim_offense JOIN nibrs_offense o USING (offense_id) JOIN nibrs_incident i USING (incident_id)
    JOIN nibrs_month m USING (nibrs_month_id) JOIN nibrs_offense_type t USING (offense_type_id) GROUP BY ALL
    UNION ALL
    SELECT i.agency_id, m.month_num, 'arrestee', t.offense_code, count(*)
    FROM nibrs_arrestee JOIN nibrs_incident i USING (incident_id) JOIN nibrs_month m USING (nibrs_month_id)
    JOIN nibrs_offense_type t USING (offense_type_id) GROUP BY ALL
    UNION ALL
    SELECT m.agency_id, m.month_num, 'group_b_arrestee', t.offense_code, count(*)
    FROM nibrs_grpb_arrest JOIN nibrs_month m USING (nibrs_month_id)
    JOIN nibrs_offense_type t USING (offense_type_id) GROUP BY ALL
) ORDER BY ALL
