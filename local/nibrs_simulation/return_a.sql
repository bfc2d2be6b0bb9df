-- Return A from incidents (rules of the Summary Reporting System): an incident counts in its highest class only; crimes
-- against persons by victim, others by incident. One row per agency, month and line.
WITH offense AS (
    SELECT o.offense_id, o.incident_id, t.offense_code AS code, o.attempt_complete_flag = 'A' AS attempted,
           o.method_entry_code AS entry, coalesce(o.num_premises_entered, 1) AS premises, o.location_id,
           CASE WHEN t.offense_code = '09A' THEN 1 WHEN t.offense_code = '09B' THEN 2
                WHEN t.offense_code IN ('11A', '11B', '11C') THEN 3 WHEN t.offense_code = '120' THEN 4
                WHEN t.offense_code = '13A' THEN 5 WHEN t.offense_code = '220' THEN 6
                WHEN t.offense_code = '240' THEN 7 WHEN t.offense_code LIKE '23%' THEN 8
                WHEN t.offense_code IN ('13B', '13C') THEN 9 END AS class
    FROM nibrs_offense o JOIN nibrs_offense_type t USING (offense_type_id)
),
highest AS (
    SELECT incident_id, min(class) AS class FROM offense WHERE class IS NOT NULL GROUP BY incident_id
),
force_used AS (
    SELECT o.incident_id, o.class, max(CASE
               WHEN w.weapon_code SIMILAR TO '1[1-5]A?' THEN 4
               WHEN w.weapon_code = '20' THEN 3
               WHEN w.weapon_code IN ('40', '99') THEN 1 ELSE 2 END) AS weapon
    FROM offense o JOIN nibrs_weapon USING (offense_id) JOIN nibrs_weapon_type w USING (weapon_id)
    GROUP BY o.incident_id, o.class
),
vehicles AS (
    SELECT p.incident_id, max(CASE WHEN d.prop_desc_code IN ('05', '37') THEN 2 WHEN d.prop_desc_code = '03' THEN 1
               ELSE 3 END) FILTER (d.prop_desc_code IN ('03', '05', '24', '28', '37')) AS kind
    FROM nibrs_property p JOIN nibrs_property_desc USING (property_id)
    JOIN nibrs_prop_desc_type d USING (prop_desc_id)
    WHERE p.prop_loss_id = 7 GROUP BY p.incident_id
),
victims AS (
    SELECT o.incident_id, o.class, count(DISTINCT vo.victim_id) AS number
    FROM offense o JOIN nibrs_victim_offense vo USING (offense_id) GROUP BY o.incident_id, o.class
),
classified AS (
    SELECT h.incident_id, h.class, bool_and(o.attempted) AS attempted, max(o.entry) AS entry,
           max(CASE WHEN o.location_id = 19 THEN o.premises ELSE 1 END) AS premises
    FROM highest h JOIN offense o USING (incident_id, class) GROUP BY h.incident_id, h.class
),
counted AS (
    SELECT i.agency_id, m.month_num,
           CASE c.class
               WHEN 1 THEN 'murder' WHEN 2 THEN 'manslaughter'
               WHEN 3 THEN CASE WHEN c.attempted THEN 'rape_attempted' ELSE 'rape_completed' END
               WHEN 4 THEN 'robbery_' || (['strong_arm', 'other', 'knife', 'firearm'])[coalesce(f.weapon, 1)]
               WHEN 5 THEN 'assault_' || (['hands', 'other', 'knife', 'firearm'])[coalesce(f.weapon, 1)]
               WHEN 6 THEN CASE WHEN c.attempted THEN 'burglary_attempted' WHEN c.entry = 'F' THEN 'burglary_force'
                                ELSE 'burglary_no_force' END
               WHEN 7 THEN 'vehicle_' || (['auto', 'truck', 'other'])[coalesce(v.kind, 1)]
               WHEN 8 THEN 'larceny' ELSE 'assault_simple' END AS line,
           CASE WHEN c.class IN (1, 2, 3, 5, 9) THEN n.number WHEN c.class = 6 THEN c.premises ELSE 1 END AS number
    FROM classified c JOIN nibrs_incident i USING (incident_id) JOIN nibrs_month m USING (nibrs_month_id)
    LEFT JOIN victims n USING (incident_id, class) LEFT JOIN force_used f USING (incident_id, class)
    LEFT JOIN vehicles v USING (incident_id)
)
SELECT agency_id, CAST(month_num AS bigint) AS month, line, CAST(sum(number) AS bigint) AS number
FROM counted GROUP BY ALL ORDER BY ALL
