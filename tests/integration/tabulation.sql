-- Cells of the published tables, asked of a zip's records in a way of their own: nothing here reads the definitions that
-- the estimation uses. Each query gives one number.

CREATE VIEW crime AS
    SELECT o.offense_id, o.incident_id, t.offense_code AS code, l.location_code AS location,
           o.attempt_complete_flag = 'C' AS completed
    FROM nibrs_offense o JOIN nibrs_offense_type t USING (offense_type_id) JOIN nibrs_location_type l USING (location_id);
CREATE VIEW sufferer AS
    SELECT v.victim_id, v.incident_id, t.victim_type_code AS type
    FROM nibrs_victim v JOIN nibrs_victim_type t USING (victim_type_id);
CREATE VIEW pair AS
    SELECT s.victim_id, c.* FROM nibrs_victim_offense JOIN crime c USING (offense_id)
    JOIN sufferer s USING (victim_id) WHERE s.type IN ('I', 'L');
CREATE VIEW armed AS SELECT w.offense_id, t.weapon_code AS weapon FROM nibrs_weapon w JOIN nibrs_weapon_type t USING (weapon_id);
CREATE VIEW related AS
    SELECT r.victim_id, t.relationship_code AS relationship
    FROM nibrs_victim_offender_rel r JOIN nibrs_relationship t USING (relationship_id);
CREATE VIEW hurt AS SELECT i.victim_id, t.injury_code AS injury FROM nibrs_victim_injury i JOIN nibrs_injury t USING (injury_id);
CREATE VIEW thing AS
    SELECT p.incident_id, p.prop_loss_id AS loss, p.stolen_count, d.prop_desc_code AS description, p.property_id
    FROM nibrs_property p JOIN nibrs_property_desc USING (property_id) JOIN nibrs_prop_desc_type d USING (prop_desc_id);
CREATE VIEW jacking AS
    SELECT DISTINCT c.incident_id FROM crime c JOIN sufferer s USING (incident_id) JOIN thing t USING (incident_id)
    WHERE c.code = '120' AND c.completed AND s.type = 'I' AND t.loss IN (5, 7)
      AND t.description IN ('03', '05', '24', '28', '37');

-- cell: t_1a_1_1_1
SELECT count(DISTINCT incident_id) FROM crime
WHERE code IN ('09A', '09B', '100', '11A', '11B', '11C', '11D', '13A', '13B', '13C', '36A', '36B', '64A', '64B');
-- cell: t_1a_1_1_17
SELECT count(DISTINCT incident_id) FROM crime WHERE code IN ('09A', '11A', '11B', '11C', '120', '13A');
-- cell: t_1a_1_1_18
SELECT count(*) FROM jacking;
-- cell: t_1a_2_3_3
SELECT count(*) FROM (
    SELECT c.incident_id FROM (SELECT DISTINCT incident_id FROM crime WHERE code = '13B') c
    JOIN crime o USING (incident_id) JOIN armed USING (offense_id)
    GROUP BY 1 HAVING bool_and(weapon = '99')) t;
-- cell: t_1a_2_4_19
SELECT count(DISTINCT c.incident_id) FROM crime c JOIN crime o USING (incident_id) JOIN armed a ON a.offense_id = o.offense_id
WHERE c.code IN ('13A', '13B', '13C') AND a.weapon <> '99' AND a.weapon <> '01';
-- cell: t_1a_3_6_2
SELECT count(DISTINCT c.incident_id) FROM crime c JOIN crime o USING (incident_id) JOIN armed a ON a.offense_id = o.offense_id
WHERE c.code = '13A' AND regexp_matches(a.weapon, '^(1[1-5]|2[1-5])A?$');
-- cell: t_1a_4_12_3
SELECT count(DISTINCT c.incident_id) FROM crime c JOIN sufferer s USING (incident_id) JOIN hurt USING (victim_id)
WHERE c.code = '13B' AND injury <> 'N';
-- cell: t_1a_5_14_2
SELECT count(*) FROM (SELECT DISTINCT incident_id FROM crime WHERE code = '13A') c
WHERE (SELECT count(*) FROM sufferer s WHERE s.incident_id = c.incident_id) > 1;
-- cell: t_1a_6_17_15
SELECT count(*) FROM (SELECT DISTINCT incident_id FROM crime WHERE code = '120') c
WHERE NOT EXISTS (SELECT 1 FROM nibrs_offender f WHERE f.incident_id = c.incident_id AND f.offender_seq_num > 0);
-- cell: t_1a_7_19_1
SELECT count(*) FROM (SELECT incident_id FROM crime GROUP BY 1 HAVING count(*) = 2
    AND bool_or(code IN ('09A', '09B', '100', '11A', '11B', '11C', '11D', '13A', '13B', '13C', '36A', '36B', '64A', '64B'))) t;
-- cell: t_1a_8_21_3
SELECT count(DISTINCT c.incident_id) FROM crime c JOIN sufferer s USING (incident_id) JOIN related USING (victim_id)
WHERE c.code = '13B' AND relationship IN ('SE', 'CS', 'BG', 'XS', 'XR', 'HR');
-- cell: t_1a_10_40_3
SELECT count(DISTINCT c.incident_id) FROM crime c JOIN nibrs_incident i USING (incident_id)
WHERE c.code = '13B' AND i.report_date_flag IS DISTINCT FROM 'R' AND i.incident_hour BETWEEN 12 AND 15;
-- cell: t_1a_14_65_2
SELECT count(DISTINCT c.incident_id) FROM crime c JOIN nibrs_arrestee a USING (incident_id) WHERE c.code = '13A';
-- cell: t_1a_16_78_7
SELECT count(DISTINCT c.incident_id) FROM crime c JOIN nibrs_property p USING (incident_id)
WHERE c.code = '100' AND p.prop_loss_id = 7;
-- cell: t_1a_20_100_3
SELECT count(DISTINCT c.incident_id) FROM crime c JOIN crime o USING (incident_id) WHERE c.code = '13B' AND o.location = '20';
-- cell: t_1b_1_1_14
SELECT count(DISTINCT incident_id) FROM crime WHERE code IN ('220', '240') OR code LIKE '23%';
-- cell: t_1b_7_22_10
SELECT count(DISTINCT c.incident_id) FROM crime c JOIN crime o USING (incident_id)
WHERE c.code LIKE '23%' AND o.location IN ('02', '05', '06', '07', '08', '12', '17', '19', '23', '24', '40', '41', '46', '48', '55');
-- cell: t_1b_9_42_4
SELECT count(DISTINCT c.incident_id) FROM crime c JOIN nibrs_incident i USING (incident_id)
WHERE c.code = '220' AND i.report_date_flag = 'R' AND (i.incident_hour IS NULL OR i.incident_hour NOT BETWEEN 0 AND 23);
-- cell: t_1b_14_68_11
SELECT count(DISTINCT c.incident_id) FROM crime c JOIN nibrs_property p USING (incident_id)
WHERE c.code = '240' AND p.prop_loss_id = 5;
-- cell: t_1c_1_1_3
SELECT count(DISTINCT incident_id) FROM crime WHERE code = '35A';
-- cell: t_1c_2_4_3
SELECT count(*) FROM (SELECT DISTINCT incident_id FROM crime WHERE code = '35A') c
WHERE (SELECT count(*) FROM nibrs_offender f WHERE f.incident_id = c.incident_id AND f.offender_seq_num > 0) > 1;
-- cell: t_2a_1_1_3
SELECT count(*) FROM pair WHERE code = '13B';
-- cell: t_2a_1_1_15
SELECT count(*) FROM crime WHERE code = '120';
-- cell: t_2a_1_1_17
SELECT (SELECT count(*) FROM pair WHERE code IN ('09A', '11A', '11B', '11C', '13A')) + (SELECT count(*) FROM crime WHERE code = '120');
-- cell: t_2a_3_5_3
SELECT count(*) FROM pair p WHERE code = '13B' AND EXISTS (SELECT 1 FROM armed a WHERE a.offense_id = p.offense_id AND weapon = '40');
-- cell: t_2a_4_12_15
SELECT count(*) FROM crime c WHERE code = '120' AND EXISTS (
    SELECT 1 FROM nibrs_victim_offense v JOIN hurt h USING (victim_id) WHERE v.offense_id = c.offense_id AND injury <> 'N');
-- cell: t_2a_7_18_2
SELECT count(*) FROM pair p WHERE code = '13A' AND EXISTS (
    SELECT 1 FROM related r WHERE r.victim_id = p.victim_id AND relationship IN ('SE', 'CS', 'BG', 'XS', 'XR', 'HR'));
-- cell: t_2a_7_21_15
SELECT count(*) FROM pair p WHERE code = '120' AND EXISTS (
    SELECT 1 FROM related r WHERE r.victim_id = p.victim_id AND relationship = 'ST');
-- cell: t_2a_13_62_17
SELECT (SELECT count(*) FROM pair p WHERE code IN ('09A', '11A', '11B', '11C', '13A')
            AND EXISTS (SELECT 1 FROM nibrs_arrestee a WHERE a.incident_id = p.incident_id))
     + (SELECT count(*) FROM crime c WHERE code = '120'
            AND EXISTS (SELECT 1 FROM nibrs_arrestee a WHERE a.incident_id = c.incident_id));
-- cell: t_2a_18_84_2
SELECT count(*) FROM pair p WHERE code = '13A' AND EXISTS (
    SELECT 1 FROM armed a WHERE a.offense_id = p.offense_id AND weapon IN ('12', '12A', '22', '22A'));
-- cell: t_2a_18_101_4
SELECT count(*) FROM pair p WHERE code = '13C' AND NOT EXISTS (SELECT 1 FROM armed a WHERE a.offense_id = p.offense_id);
-- cell: t_2a_20_105_1
SELECT count(*) FROM pair p JOIN nibrs_incident i USING (incident_id) JOIN nibrs_cleared_except e USING (cleared_except_id)
WHERE code IN ('09A', '09B', '100', '11A', '11B', '11C', '11D', '13A', '13B', '13C', '36A', '36B', '64A', '64B')
  AND e.cleared_except_code = 'N' AND NOT EXISTS (SELECT 1 FROM nibrs_arrestee a WHERE a.incident_id = p.incident_id);
-- cell: t_2b_1_1_11
SELECT sum(greatest(1, coalesce((
    SELECT sum(coalesce(stolen_count, 0)) FROM nibrs_property p WHERE p.incident_id = c.incident_id AND p.prop_loss_id = 7
    AND EXISTS (SELECT 1 FROM thing t WHERE t.property_id = p.property_id AND t.description IN ('03', '05', '24', '28', '37'))), 0)))
FROM crime c WHERE code = '240';
-- cell: t_2b_1_1_10
SELECT count(*) FROM crime WHERE code LIKE '23%';
-- cell: t_2b_6_16_4
SELECT count(*) FROM crime WHERE code = '220' AND location IN ('14', '20');
-- cell: t_2b_16_74_12
SELECT count(*) FROM crime c JOIN nibrs_incident i USING (incident_id) JOIN nibrs_cleared_except e USING (cleared_except_id)
WHERE code = '120' AND (e.cleared_except_code <> 'N' OR EXISTS (SELECT 1 FROM nibrs_arrestee a WHERE a.incident_id = c.incident_id));
-- cell: t_2c_1_1_27
SELECT count(*) FROM crime WHERE code = '35B';
-- cell: t_2c_7_40_3
SELECT count(*) FROM crime c WHERE code = '35A' AND NOT EXISTS (SELECT 1 FROM nibrs_arrestee a WHERE a.incident_id = c.incident_id);
-- cell: t_2c_8_43_3
SELECT count(*) FROM crime c WHERE code = '35A' AND EXISTS (
    SELECT 1 FROM nibrs_criminal_act JOIN nibrs_criminal_act_type t USING (criminal_act_id)
    WHERE offense_id = c.offense_id AND t.criminal_act_code IN ('G', 'J'));
-- cell: t_3c_1_1_10
SELECT count(DISTINCT s.victim_id) FROM sufferer s JOIN nibrs_victim_offense USING (victim_id) JOIN crime c USING (offense_id)
WHERE s.type = 'B' AND c.code LIKE '23%';
-- cell: t_3c_2_3_6
SELECT count(DISTINCT s.victim_id) FROM sufferer s JOIN nibrs_victim_offense USING (victim_id) JOIN crime c USING (offense_id)
WHERE s.type NOT IN ('I', 'L', 'B') AND c.code = '290';
