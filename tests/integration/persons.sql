-- Cells of the tables that count persons, asked of a zip's records in a way of their own: nothing here reads the
-- definitions that the estimation uses. Each query gives one number.

CREATE VIEW crime AS
    SELECT o.offense_id, o.incident_id, t.offense_code AS code, l.location_code AS location,
           o.attempt_complete_flag = 'C' AS completed
    FROM nibrs_offense o JOIN nibrs_offense_type t USING (offense_type_id) JOIN nibrs_location_type l USING (location_id);
CREATE MACRO years(code, number) AS CASE WHEN code IN ('NN', 'NB', 'BB') THEN 0 WHEN code = '99' THEN 99
    WHEN code IN ('00', 'NS') THEN NULL ELSE try_cast(number AS INTEGER) END;
CREATE TABLE person AS
    SELECT v.victim_id, v.incident_id, t.victim_type_code AS type, years(a.age_code, v.age_num) AS age, v.sex_code AS sex,
           r.race_code AS race, e.ethnicity_code AS ethnicity
    FROM nibrs_victim v JOIN nibrs_victim_type t USING (victim_type_id) LEFT JOIN nibrs_age a USING (age_id)
    LEFT JOIN ref_race r USING (race_id) LEFT JOIN nibrs_ethnicity e USING (ethnicity_id)
    WHERE t.victim_type_code IN ('I', 'L');
CREATE TABLE suffered AS
    SELECT p.*, c.offense_id, c.code, c.location FROM person p JOIN nibrs_victim_offense USING (victim_id)
    JOIN crime c USING (offense_id);
CREATE VIEW armed AS SELECT w.offense_id, t.weapon_code AS weapon FROM nibrs_weapon w JOIN nibrs_weapon_type t USING (weapon_id);
CREATE TABLE offender AS
    SELECT o.offender_id, o.incident_id, o.offender_seq_num > 0 AS known, years(a.age_code, o.age_num) AS age,
           o.sex_code AS sex, r.race_code AS race
    FROM nibrs_offender o LEFT JOIN nibrs_age a USING (age_id) LEFT JOIN ref_race r USING (race_id);
CREATE TABLE related AS
    SELECT r.victim_id, r.offender_id, t.relationship_code AS relationship
    FROM nibrs_victim_offender_rel r JOIN nibrs_relationship t USING (relationship_id);
CREATE VIEW hurt AS SELECT i.victim_id, t.injury_code AS injury FROM nibrs_victim_injury i JOIN nibrs_injury t USING (injury_id);
CREATE TABLE arrested AS
    SELECT n.arrestee_id, n.incident_id, t.offense_code AS code, years(a.age_code, n.age_num) AS age, n.sex_code AS sex,
           r.race_code AS race, e.ethnicity_code AS ethnicity, y.arrest_type_code AS arrest_type,
           n.multiple_indicator AS multiple, n.under_18_disposition_code AS disposition
    FROM nibrs_arrestee n LEFT JOIN nibrs_offense_type t USING (offense_type_id) LEFT JOIN nibrs_age a USING (age_id)
    LEFT JOIN ref_race r USING (race_id) LEFT JOIN nibrs_ethnicity e USING (ethnicity_id)
    LEFT JOIN nibrs_arrest_type y USING (arrest_type_id);
CREATE VIEW cleared AS
    SELECT incident_id FROM nibrs_incident i JOIN nibrs_cleared_except e USING (cleared_except_id)
    WHERE e.cleared_except_code <> 'N' UNION SELECT incident_id FROM nibrs_arrestee;
CREATE VIEW thing AS
    SELECT p.incident_id, p.prop_loss_id AS loss, d.prop_desc_code AS description
    FROM nibrs_property p JOIN nibrs_property_desc USING (property_id) JOIN nibrs_prop_desc_type d USING (prop_desc_id);
CREATE VIEW jacking AS
    SELECT DISTINCT c.incident_id FROM crime c JOIN person s USING (incident_id) JOIN thing t USING (incident_id)
    WHERE c.code = '120' AND c.completed AND s.type = 'I' AND t.loss IN (5, 7)
      AND t.description IN ('03', '05', '24', '28', '37');
CREATE TABLE officer AS SELECT DISTINCT victim_id, incident_id FROM suffered WHERE type = 'L' AND code IN ('13A', '13B', '13C');
CREATE MACRO is_person(code) AS code IN ('09A', '09B', '100', '11A', '11B', '11C', '11D', '13A', '13B', '13C', '36A', '36B', '64A', '64B');
CREATE MACRO is_property(code) AS code IN ('120', '200', '210', '220', '240', '250', '270', '280', '290', '510') OR code LIKE '23%'
    OR code IN ('26A', '26B', '26C', '26D', '26E', '26F', '26G');
CREATE MACRO is_firearm(weapon) AS regexp_matches(weapon, '^(1[1-5]|2[1-5])A?$');

-- Victims.
-- cell: t_3a_1_1_1
SELECT count(DISTINCT victim_id) FROM suffered WHERE is_person(code);
-- cell: t_3a_1_1_18
SELECT count(DISTINCT victim_id) FROM suffered WHERE is_property(code);
-- cell: t_3a_1_1_31
SELECT count(DISTINCT victim_id) FROM suffered JOIN jacking USING (incident_id) WHERE code = '120';
-- cell: t_3a_1_2_32
SELECT count(DISTINCT victim_id) FROM suffered WHERE code IN ('13A', '13B', '13C') AND type = 'L';
-- cell: t_3a_2_5_1
SELECT count(DISTINCT victim_id) FROM suffered WHERE is_person(code) AND age < 5;
-- cell: t_3a_2_9_3
SELECT count(DISTINCT victim_id) FROM suffered WHERE code = '13B' AND age = 17;
-- cell: t_3a_2_12_16
SELECT count(DISTINCT victim_id) FROM suffered WHERE code IN ('09A', '11A', '11B', '11C', '120', '13A') AND age BETWEEN 35 AND 64;
-- cell: t_3a_2_14_27
SELECT count(DISTINCT victim_id) FROM suffered WHERE code LIKE '23%' AND age IS NULL;
-- cell: t_3a_3_16_15
SELECT count(DISTINCT victim_id) FROM suffered WHERE code IN ('11A', '11B', '11C') AND sex = 'F';
-- cell: t_3a_3_17_21
SELECT count(DISTINCT victim_id) FROM suffered WHERE code = '220' AND (sex IS NULL OR sex NOT IN ('M', 'F'));
-- cell: t_3a_4_19_2
SELECT count(DISTINCT victim_id) FROM suffered WHERE code = '13A' AND race = 'B';
-- cell: t_3a_4_21_27
SELECT count(DISTINCT victim_id) FROM suffered WHERE code LIKE '23%' AND race IN ('A', 'AP', 'C', 'J');
-- cell: t_3a_4_23_1
SELECT count(DISTINCT victim_id) FROM suffered WHERE is_person(code) AND (race IS NULL OR race NOT IN ('W', 'B', 'I', 'A', 'AP', 'C', 'J', 'P'));
-- cell: t_3a_5_24_3
SELECT count(DISTINCT s.victim_id) FROM suffered s JOIN related r USING (victim_id) JOIN offender o USING (offender_id)
WHERE code = '13B' AND o.known AND s.age < 18 AND o.age < 18;
-- cell: t_3a_5_27_1
SELECT count(DISTINCT s.victim_id) FROM suffered s JOIN related r USING (victim_id) JOIN offender o USING (offender_id)
WHERE is_person(code) AND o.known AND s.age >= 18 AND o.age < 18;
-- cell: t_3a_5_28_32
SELECT count(DISTINCT s.victim_id) FROM suffered s JOIN related r USING (victim_id) JOIN offender o USING (offender_id)
WHERE code IN ('13A', '13B', '13C') AND o.known AND (s.age IS NULL OR o.age IS NULL);
-- cell: t_3a_6_32_3
SELECT count(DISTINCT s.victim_id) FROM suffered s JOIN related r USING (victim_id) JOIN offender o USING (offender_id)
WHERE code = '13B' AND o.known AND s.sex = 'F' AND o.sex = 'M';
-- cell: t_3a_7_35_1
SELECT count(DISTINCT s.victim_id) FROM suffered s JOIN related r USING (victim_id) JOIN offender o USING (offender_id)
WHERE is_person(code) AND o.known AND s.race = 'W' AND o.race IN ('B', 'I', 'A', 'AP', 'C', 'J', 'P');
-- cell: t_3a_8_53_2
SELECT count(DISTINCT victim_id) FROM suffered WHERE code = '13A' AND sex = 'F' AND race = 'W';
-- cell: t_3a_9_66_3
SELECT count(*) FROM (SELECT DISTINCT victim_id FROM suffered WHERE code = '13B') v WHERE (
    SELECT bool_and(a.weapon = '99') FROM suffered o JOIN armed a USING (offense_id) WHERE o.victim_id = v.victim_id);
-- cell: t_3a_9_69_16
SELECT count(DISTINCT s.victim_id) FROM suffered s JOIN suffered o USING (victim_id) JOIN armed a ON a.offense_id = o.offense_id
WHERE s.code IN ('09A', '11A', '11B', '11C', '120', '13A') AND is_firearm(a.weapon);
-- cell: t_3a_10_75_2
SELECT count(DISTINCT victim_id) FROM suffered JOIN hurt USING (victim_id) WHERE code = '13A' AND injury <> 'N';
-- cell: t_3a_11_76_3
SELECT count(DISTINCT victim_id) FROM suffered JOIN related USING (victim_id)
WHERE code = '13B' AND relationship IN ('SE', 'CS', 'BG', 'XS', 'XR', 'HR');
-- cell: t_3a_12_82_32
SELECT count(DISTINCT s.victim_id) FROM suffered s WHERE code IN ('13A', '13B', '13C')
  AND EXISTS (SELECT 1 FROM suffered o JOIN nibrs_criminal_act USING (offense_id) JOIN nibrs_criminal_act_type t USING (criminal_act_id)
              WHERE o.victim_id = s.victim_id AND t.criminal_act_code = 'N')
  AND NOT EXISTS (SELECT 1 FROM suffered o JOIN nibrs_criminal_act USING (offense_id) JOIN nibrs_criminal_act_type t USING (criminal_act_id)
              WHERE o.victim_id = s.victim_id AND t.criminal_act_code IN ('G', 'J'));
-- cell: t_3a_13_84_11
SELECT count(DISTINCT victim_id) FROM suffered WHERE code = '11B' AND age < 12;
-- cell: t_3a_13_85_1
SELECT count(DISTINCT victim_id) FROM suffered WHERE is_person(code) AND age BETWEEN 12 AND 17;
-- cell: t_3a_13_87_3
SELECT count(DISTINCT victim_id) FROM suffered WHERE code = '13B' AND age BETWEEN 15 AND 17;
-- cell: t_3a_15_95_21
SELECT count(DISTINCT victim_id) FROM suffered WHERE code = '220' AND incident_id NOT IN (SELECT incident_id FROM cleared);
-- cell: t_3a_15_101_1
SELECT count(DISTINCT victim_id) FROM suffered JOIN nibrs_incident USING (incident_id) JOIN nibrs_cleared_except e USING (cleared_except_id)
WHERE is_person(code) AND e.cleared_except_code = 'D' AND incident_id NOT IN (SELECT incident_id FROM nibrs_arrestee);
-- cell: t_3a_16_103_2
SELECT count(DISTINCT s.victim_id) FROM suffered s JOIN suffered o USING (victim_id) JOIN armed a ON a.offense_id = o.offense_id
WHERE s.code = '13A' AND (is_firearm(a.weapon) OR a.weapon = '60');
-- cell: t_3a_16_104_16
SELECT count(DISTINCT s.victim_id) FROM suffered s JOIN suffered o USING (victim_id) JOIN armed a ON a.offense_id = o.offense_id
WHERE s.code IN ('09A', '11A', '11B', '11C', '120', '13A') AND is_firearm(a.weapon);
-- cell: t_3a_16_106_2
SELECT count(DISTINCT s.victim_id) FROM suffered s JOIN suffered o USING (victim_id) JOIN armed a ON a.offense_id = o.offense_id
WHERE s.code = '13A' AND a.weapon IN ('16', '20');
-- cell: t_3a_17_116_32
SELECT count(*) FROM (SELECT DISTINCT victim_id FROM suffered WHERE code IN ('13A', '13B', '13C')) v
JOIN (SELECT victim_id, arg_min(offense_id, offense_id::HUGEINT) AS first FROM suffered GROUP BY 1) f USING (victim_id)
WHERE EXISTS (SELECT 1 FROM armed WHERE offense_id = first AND weapon = '40')
  AND NOT EXISTS (SELECT 1 FROM armed WHERE offense_id = first AND (is_firearm(weapon) OR weapon IN ('16', '20', '17', '30', '35')));
-- cell: t_3a_18_129_1
SELECT count(*) FROM (SELECT DISTINCT victim_id FROM suffered WHERE is_person(code)) v
WHERE EXISTS (SELECT 1 FROM related r WHERE r.victim_id = v.victim_id AND relationship = 'ST')
  AND NOT EXISTS (SELECT 1 FROM related r WHERE r.victim_id = v.victim_id AND relationship NOT IN ('ST', 'VO', 'RU'));
-- cell: t_3a_18_132_27
SELECT count(DISTINCT victim_id) FROM suffered s WHERE code LIKE '23%'
  AND NOT EXISTS (SELECT 1 FROM related r WHERE r.victim_id = s.victim_id)
  AND EXISTS (SELECT 1 FROM offender o WHERE o.incident_id = s.incident_id AND NOT o.known);
-- cell: t_3a_19_134_16
SELECT count(DISTINCT victim_id) FROM suffered WHERE code IN ('09A', '11A', '11B', '11C', '120', '13A') AND location = '20';
-- cell: t_3a_19_135_32
SELECT count(*) FROM (SELECT victim_id FROM suffered WHERE code IN ('13A', '13B', '13C') GROUP BY 1 HAVING NOT bool_or(location = '20')) t;
-- cell: t_3a_20_136_2
SELECT count(DISTINCT s.victim_id) FROM suffered s JOIN armed a USING (offense_id) WHERE s.code = '13A' AND a.weapon IN ('12', '12A', '22', '22A');
-- cell: t_3a_20_153_27
SELECT count(*) FROM (SELECT DISTINCT victim_id FROM suffered WHERE code LIKE '23%') v WHERE NOT EXISTS (
    SELECT 1 FROM suffered s JOIN armed a USING (offense_id) WHERE s.victim_id = v.victim_id AND s.code LIKE '23%');
-- cell: t_3a_21_155_3
SELECT count(*) FROM (SELECT incident_id FROM suffered WHERE code = '13B' GROUP BY 1 HAVING count(DISTINCT victim_id) = 2) t;
-- cell: t_3a_21_157_1
SELECT count(*) FROM (SELECT incident_id FROM suffered WHERE is_person(code) GROUP BY 1 HAVING count(DISTINCT victim_id) >= 4) t;
-- cell: t_3a_22_158_2
SELECT count(DISTINCT s.victim_id) FROM suffered s JOIN suffered o USING (victim_id) JOIN armed a ON a.offense_id = o.offense_id
WHERE s.code = '13A' AND a.weapon = '40';
-- cell: t_3a_23_163_18
SELECT count(DISTINCT victim_id) FROM suffered WHERE is_property(code) AND ethnicity = 'N';
-- cell: t_3a_24_166_1
SELECT count(DISTINCT victim_id) FROM suffered WHERE is_person(code) AND ethnicity = 'N' AND race = 'W';
-- cell: t_3a_24_171_3
SELECT count(DISTINCT victim_id) FROM suffered WHERE code = '13B' AND coalesce(ethnicity, 'U') <> 'H'
  AND NOT (coalesce(ethnicity, 'U') = 'N' AND coalesce(race, 'U') IN ('W', 'B', 'I', 'A', 'AP', 'C', 'J', 'P'));
-- cell: t_3aclear_2_11_3
SELECT count(DISTINCT victim_id) FROM suffered JOIN cleared USING (incident_id) WHERE code = '13B' AND age BETWEEN 25 AND 34;
-- cell: t_3aunclear_3_15_27
SELECT count(DISTINCT victim_id) FROM suffered WHERE code LIKE '23%' AND sex = 'M' AND incident_id NOT IN (SELECT incident_id FROM cleared);
-- cell: t_3aunclear_21_154_23
SELECT count(*) FROM (SELECT incident_id FROM suffered WHERE code = '290' AND incident_id NOT IN (SELECT incident_id FROM cleared)
    GROUP BY 1 HAVING count(DISTINCT victim_id) = 1) t;

-- Officers assaulted.
-- cell: t_LEOKA_1_1_1
SELECT count(*) FROM officer;
-- cell: t_LEOKA_2_3_1
SELECT count(*) FROM officer JOIN nibrs_victim USING (victim_id) JOIN nibrs_activity_type USING (activity_type_id) WHERE activity_type_code = '01';
-- cell: t_LEOKA_3_19_1
SELECT count(*) FROM officer JOIN nibrs_victim USING (victim_id) JOIN nibrs_assignment_type USING (assignment_type_id)
WHERE assignment_type_code IN ('K', 'L');
-- cell: t_LEOKA_4_22_1
SELECT count(DISTINCT o.victim_id) FROM officer o JOIN suffered s USING (victim_id) JOIN armed a ON a.offense_id = s.offense_id WHERE a.weapon = '40';
-- cell: t_LEOKA_10_44_1
SELECT count(DISTINCT o.victim_id) FROM officer o JOIN crime c USING (incident_id) WHERE c.location IN ('14', '20');
-- cell: t_LEOKA_13_69_1
SELECT count(*) FROM officer WHERE incident_id IN (SELECT incident_id FROM nibrs_arrestee);

-- Arrestees, by the offenses of their incidents.
-- cell: t_4a_1_1_1
SELECT count(*) FROM arrested a WHERE EXISTS (SELECT 1 FROM crime c WHERE c.incident_id = a.incident_id AND is_person(code));
-- cell: t_4a_1_1_33
SELECT count(*) FROM arrested WHERE code <> '09C';
-- cell: t_4a_2_2_24
SELECT count(*) FROM arrested a WHERE arrest_type = 'O' AND EXISTS (SELECT 1 FROM crime c WHERE c.incident_id = a.incident_id AND code LIKE '23%');
-- cell: t_4a_3_10_37
SELECT count(*) FROM arrested a WHERE age BETWEEN 18 AND 24 AND EXISTS (SELECT 1 FROM crime c WHERE c.incident_id = a.incident_id AND code = '35A');
-- cell: t_4a_4_15_28
SELECT count(*) FROM arrested a WHERE sex = 'M' AND EXISTS (SELECT 1 FROM crime c WHERE c.incident_id = a.incident_id AND code IN ('101', '103', '26H',
    '30A', '30B', '30C', '30D', '35A', '35B', '360', '370', '39A', '39B', '39C', '39D', '40A', '40B', '40C', '49A', '49B', '49C', '520', '521', '522',
    '526', '58A', '58B', '61A', '61B', '620', '720'));
-- cell: t_4a_6_33_30
SELECT count(*) FROM arrested a WHERE sex = 'F' AND race = 'B'
  AND EXISTS (SELECT 1 FROM crime c WHERE c.incident_id = a.incident_id AND code IN ('09A', '11A', '11B', '11C', '120', '13A'));
-- cell: t_4a_7_46_3
SELECT count(*) FROM arrested a WHERE disposition = 'R' AND EXISTS (SELECT 1 FROM crime c WHERE c.incident_id = a.incident_id AND code = '13B');
-- cell: t_4a_7_47_3
SELECT count(*) FROM arrested a WHERE coalesce(disposition, '') NOT IN ('H', 'R') AND age >= 18
  AND EXISTS (SELECT 1 FROM crime c WHERE c.incident_id = a.incident_id AND code = '13B');
-- cell: t_4a_8_49_33
SELECT count(*) FROM arrested WHERE code <> '09C' AND multiple = 'M';
-- cell: t_4a_9_52_34
SELECT count(*) FROM arrested a WHERE EXISTS (SELECT 1 FROM crime c WHERE c.incident_id = a.incident_id AND code IN ('13A', '13B', '13C'))
  AND EXISTS (SELECT 1 FROM nibrs_arrestee_weapon w JOIN nibrs_weapon_type t USING (weapon_id) WHERE w.arrestee_id = a.arrestee_id AND t.weapon_code = '01')
  AND NOT EXISTS (SELECT 1 FROM nibrs_arrestee_weapon w JOIN nibrs_weapon_type t USING (weapon_id) WHERE w.arrestee_id = a.arrestee_id AND t.weapon_code <> '01');
-- cell: t_4a_10_59_2
SELECT count(*) FROM arrested a WHERE EXISTS (SELECT 1 FROM crime c WHERE c.incident_id = a.incident_id AND code = '13A')
  AND EXISTS (SELECT 1 FROM crime c JOIN armed w USING (offense_id) WHERE c.incident_id = a.incident_id AND w.weapon = '40');
-- cell: t_4a_11_66_31
SELECT count(*) FROM arrested a WHERE age BETWEEN 12 AND 17
  AND EXISTS (SELECT 1 FROM crime c WHERE c.incident_id = a.incident_id AND (code IN ('220', '240') OR code LIKE '23%'));
-- cell: t_4a_13_75_24
SELECT count(*) FROM arrested a WHERE ethnicity = 'N' AND race = 'W' AND EXISTS (SELECT 1 FROM crime c WHERE c.incident_id = a.incident_id AND code LIKE '23%');

-- Arrestees, by the offense of the arrest; those of Group B besides.
-- cell: t_5a_1_1_2
SELECT count(*) FROM arrested WHERE code = '13A';
-- cell: t_5a_1_1_61
SELECT count(*) FROM arrested JOIN jacking USING (incident_id) WHERE code = '120';
-- cell: t_5a_1_1_62
SELECT (SELECT count(*) FROM arrested WHERE code <> '09C') + (SELECT count(*) FROM lesser);
-- cell: t_5a_3_11_24
SELECT count(*) FROM arrested WHERE code LIKE '23%' AND age BETWEEN 25 AND 34;
-- cell: t_5a_4_16_62
SELECT (SELECT count(*) FROM arrested WHERE code <> '09C' AND sex = 'F') + (SELECT count(*) FROM lesser WHERE sex = 'F');
-- cell: t_5a_1_1_59
SELECT (SELECT count(*) FROM arrested WHERE code = '90D') + (SELECT count(*) FROM lesser WHERE code = '90D');
-- cell: t_5a_5_18_60
SELECT (SELECT count(*) FROM arrested WHERE code IN ('90A', '90E', '90H', '90I', '90Z') AND race = 'W')
     + (SELECT count(*) FROM lesser WHERE code IN ('90A', '90E', '90H', '90I', '90Z') AND race = 'W');
-- cell: t_5a_8_51_66
SELECT count(*) FROM arrested WHERE code = '35A' AND multiple = 'N';
-- cell: t_5a_10_58_3
SELECT count(*) FROM arrested a WHERE code = '13B' AND EXISTS (
    SELECT 1 FROM crime c JOIN armed w USING (offense_id) WHERE c.incident_id = a.incident_id AND w.weapon <> '99' AND w.weapon <> '01');
-- cell: t_5a_12_72_62
SELECT (SELECT count(*) FROM arrested WHERE code <> '09C' AND ethnicity = 'N') + (SELECT count(*) FROM lesser WHERE ethnicity = 'N');
