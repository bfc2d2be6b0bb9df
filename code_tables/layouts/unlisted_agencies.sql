-- Agencies that agencies.csv of layouts 2 and 3 does not list though months are theirs: their number, the file's state
-- and, where the name of the month's document holds it (2018_01_MN0271100_NIBRS), their ORI. Without it the ORI is the
-- state and the number (MN???9217).
INSERT INTO staged_cde_agencies (
    agency_id, ori, legacy_ori, agency_type_id, agency_type_name, state_id, state_abbr
)
SELECT u.agency_id, u.ori, u.ori, 99, 'Unknown', u.state_id, u.state_abbr
FROM (
    SELECT m.agency_id, s.state_id, s.state_abbr,
           coalesce(
               min(CASE WHEN split_part(m.ddocname, '_', 3) SIMILAR TO '[A-Z0-9]{9}'
                        THEN split_part(m.ddocname, '_', 3) END),
               s.state_abbr || lpad(CAST(m.agency_id AS text), 7, '?')
           ) AS ori
    FROM staged_nibrs_month m
    CROSS JOIN (
        SELECT CAST(min(state_id) AS smallint) AS state_id, min(state_abbr) AS state_abbr
        FROM staged_agencies WHERE state_id IS NOT NULL
    ) s
    LEFT JOIN staged_cde_agencies c ON c.agency_id = m.agency_id
    WHERE c.agency_id IS NULL AND m.agency_id IS NOT NULL AND s.state_id IS NOT NULL
    GROUP BY m.agency_id, s.state_id, s.state_abbr
) u
