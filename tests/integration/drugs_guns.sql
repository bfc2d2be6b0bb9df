-- Cells of the tables of drugs, guns and youth, asked of a zip's records in a way of their own: nothing here reads the
-- definitions that the estimation uses. What comes before the first query stands on the tables of persons.sql. Each
-- query gives one number.

CREATE TABLE narcotic AS SELECT DISTINCT incident_id FROM crime WHERE code = '35A' AND completed;
CREATE TABLE equipment AS SELECT DISTINCT incident_id FROM crime WHERE code = '35B' AND completed;
CREATE TABLE act AS
    SELECT c.incident_id, t.criminal_act_code AS act FROM crime c JOIN nibrs_criminal_act USING (offense_id)
    JOIN nibrs_criminal_act_type t USING (criminal_act_id) WHERE c.code = '35A' AND c.completed;
CREATE TABLE drug AS
    SELECT n.incident_id, t.suspected_drug_code AS letter,
           CASE WHEN t.suspected_drug_code IN ('A', 'B') THEN 'cocaine' WHEN t.suspected_drug_code IN ('C', 'E') THEN 'marijuana'
                WHEN t.suspected_drug_code IN ('D', 'F', 'G', 'H') THEN 'opiate' WHEN t.suspected_drug_code IN ('I', 'J', 'K') THEN 'hallucinogen'
                WHEN t.suspected_drug_code IN ('L', 'M') THEN 'stimulant' WHEN t.suspected_drug_code IN ('N', 'O') THEN 'depressant'
                WHEN t.suspected_drug_code = 'P' THEN 'other' WHEN t.suspected_drug_code = 'U' THEN 'unknown' ELSE 'many' END AS kind
    FROM narcotic n JOIN nibrs_property USING (incident_id) JOIN nibrs_suspected_drug USING (property_id)
    JOIN nibrs_suspected_drug_type t USING (suspected_drug_type_id);
CREATE TABLE plain AS
    SELECT incident_id FROM drug GROUP BY 1 HAVING count(DISTINCT letter) = 1
    UNION SELECT incident_id FROM act GROUP BY 1 HAVING count(DISTINCT act) = 1;
CREATE TABLE pair AS SELECT DISTINCT d.incident_id, d.kind, a.act FROM drug d JOIN act a USING (incident_id);
CREATE TABLE gunned AS
    SELECT c.*, w.weapon FROM crime c JOIN armed w USING (offense_id) WHERE is_firearm(w.weapon);
CREATE TABLE shot AS
    SELECT s.*, w.weapon FROM suffered s JOIN armed w USING (offense_id) WHERE is_firearm(w.weapon);
CREATE TABLE offended AS
    SELECT incident_id, bool_or(known AND age BETWEEN 12 AND 17) AS young, bool_or(known AND age >= 18) AS adult,
           bool_or(known AND age IS NULL) AS ageless, bool_or(NOT known) AS unknown
    FROM offender GROUP BY 1;
CREATE MACRO used(act) AS act IN ('B', 'C', 'D', 'P', 'T', 'U');
CREATE MACRO of_gun_violence(code) AS code IN ('09A', '09B', '11A', '11B', '11C', '120', '13A', '100', '64A', '64B');

-- Drugs.
-- cell: t_DM1_1_1_1
SELECT count(*) FROM (SELECT * FROM narcotic UNION SELECT * FROM equipment) t;
-- cell: t_DM1_2_2_1
SELECT count(*) FROM narcotic WHERE incident_id NOT IN (SELECT * FROM equipment);
-- cell: t_DM1_2_3_1
SELECT count(*) FROM equipment WHERE incident_id NOT IN (SELECT * FROM narcotic);
-- cell: t_DM1_2_4_1
SELECT count(*) FROM equipment JOIN narcotic USING (incident_id);
-- cell: t_DM2_1_1_1
SELECT count(*) FROM narcotic;
-- cell: t_DM2_2_2_1
SELECT count(DISTINCT incident_id) FROM act WHERE act = 'B';
-- cell: t_DM2_2_7_1
SELECT count(DISTINCT incident_id) FROM act WHERE act = 'P';
-- cell: t_DM2_3_10_1
SELECT count(DISTINCT incident_id) FROM act WHERE act IN ('B', 'C', 'P', 'U', 'D', 'O', 'T');
-- cell: t_DM2_3_11_1
SELECT count(DISTINCT incident_id) FROM act WHERE act IN ('B', 'C', 'P', 'U');
-- cell: t_DM2_3_12_1
SELECT count(DISTINCT incident_id) FROM act WHERE act IN ('D', 'O', 'T');
-- cell: t_DM3_2_2_1
SELECT count(DISTINCT incident_id) FROM narcotic JOIN nibrs_property USING (incident_id) WHERE prop_loss_id = 6;
-- cell: t_DM3_3_3_1
SELECT count(DISTINCT incident_id) FROM narcotic JOIN thing USING (incident_id) WHERE loss = 6 AND description = '10';
-- cell: t_DM3_3_4_1
SELECT count(DISTINCT incident_id) FROM narcotic JOIN thing USING (incident_id) WHERE loss = 6 AND description = '11';
-- cell: t_DM3_3_6_1
SELECT count(DISTINCT incident_id) FROM narcotic JOIN thing USING (incident_id) WHERE loss = 6 AND description = '20';
-- cell: t_DM3_3_7_1
SELECT count(DISTINCT incident_id) FROM narcotic JOIN thing USING (incident_id) WHERE loss = 6 AND description = '13';
-- cell: t_DM3_4_8_1
SELECT count(*) FROM narcotic n WHERE NOT EXISTS (SELECT 1 FROM nibrs_property p WHERE p.incident_id = n.incident_id AND prop_loss_id = 6);
-- cell: t_DM4_2_2_1
SELECT count(DISTINCT incident_id) FROM drug WHERE kind = 'cocaine';
-- cell: t_DM4_2_3_1
SELECT count(DISTINCT incident_id) FROM drug WHERE kind = 'marijuana';
-- cell: t_DM4_2_4_1
SELECT count(DISTINCT incident_id) FROM drug WHERE kind = 'opiate';
-- cell: t_DM4_2_6_1
SELECT count(DISTINCT incident_id) FROM drug WHERE kind = 'stimulant';
-- cell: t_DM4_2_9_1
SELECT count(DISTINCT incident_id) FROM drug WHERE kind = 'unknown';
-- cell: t_DM5_2_7_1
SELECT count(*) FROM pair WHERE kind = 'cocaine' AND act = 'P';
-- cell: t_DM5_2_12_1
SELECT count(*) FROM pair WHERE kind = 'marijuana' AND act = 'D';
-- cell: t_DM5_2_15_1
SELECT count(*) FROM pair WHERE kind = 'marijuana' AND act = 'P';
-- cell: t_DM5_2_39_1
SELECT count(*) FROM pair WHERE kind = 'stimulant' AND act = 'P';
-- cell: t_DM5_3_79_1
SELECT count(*) FROM pair JOIN plain USING (incident_id) WHERE kind = 'cocaine' AND act = 'P';
-- cell: t_DM5_3_84_1
SELECT count(*) FROM pair JOIN plain USING (incident_id) WHERE kind = 'marijuana' AND act = 'D';
-- cell: t_DM5_3_87_1
SELECT count(*) FROM pair JOIN plain USING (incident_id) WHERE kind = 'marijuana' AND act = 'P';
-- cell: t_DM6_1_1_7
SELECT count(DISTINCT incident_id) FROM pair JOIN plain USING (incident_id) WHERE used(act);
-- cell: t_DM6_2_2_12
SELECT count(DISTINCT incident_id) FROM pair JOIN plain USING (incident_id) WHERE used(act) AND kind = 'marijuana';
-- cell: t_DM6_3_3_10
SELECT count(DISTINCT p.incident_id) FROM pair p JOIN plain USING (incident_id) JOIN crime c USING (incident_id)
WHERE kind = 'marijuana' AND act = 'P' AND c.location IN ('14', '20');
-- cell: t_DM6_4_18_10
SELECT count(DISTINCT incident_id) FROM pair JOIN plain USING (incident_id) JOIN nibrs_incident i USING (incident_id)
WHERE kind = 'marijuana' AND act = 'P' AND coalesce(i.report_date_flag, '') NOT IN ('R', 'Y') AND i.incident_hour BETWEEN 20 AND 23;
-- cell: t_DM6_8_38_9
SELECT count(DISTINCT incident_id) FROM pair JOIN plain USING (incident_id) WHERE kind = 'marijuana' AND act = 'D';
-- cell: t_DM6_8_38_28
SELECT count(DISTINCT incident_id) FROM pair JOIN plain USING (incident_id) WHERE kind = 'stimulant' AND act = 'P';
-- cell: t_DM6_10_44_10
SELECT count(DISTINCT p.incident_id) FROM pair p JOIN plain USING (incident_id) JOIN crime c USING (incident_id)
WHERE kind = 'marijuana' AND act = 'P' AND c.location IN ('01', '10', '13', '16', '18', '42', '45', '50', '51');
-- cell: t_DM7_1_1_54
SELECT count(*) FROM arrested WHERE incident_id IN (SELECT incident_id FROM pair JOIN plain USING (incident_id) WHERE used(act));
-- cell: t_DM7_2_2_1
SELECT count(*) FROM arrested WHERE incident_id IN (SELECT incident_id FROM pair JOIN plain USING (incident_id) WHERE used(act) AND kind = 'cocaine');
-- cell: t_DM7_3_6_10
SELECT count(*) FROM arrested WHERE age BETWEEN 18 AND 24
  AND incident_id IN (SELECT incident_id FROM pair JOIN plain USING (incident_id) WHERE kind = 'marijuana' AND act = 'P');
-- cell: t_DM7_4_12_10
SELECT count(*) FROM arrested WHERE sex = 'F'
  AND incident_id IN (SELECT incident_id FROM pair JOIN plain USING (incident_id) WHERE kind = 'marijuana' AND act = 'P');
-- cell: t_DM7_6_21_10
SELECT count(*) FROM arrested WHERE sex = 'M' AND race = 'B'
  AND incident_id IN (SELECT incident_id FROM pair JOIN plain USING (incident_id) WHERE kind = 'marijuana' AND act = 'P');
-- cell: t_DM7_10_49_10
SELECT count(*) FROM arrested
WHERE incident_id IN (SELECT incident_id FROM pair JOIN plain USING (incident_id) WHERE kind = 'marijuana' AND act = 'P');
-- cell: t_DM7_11_51_10
SELECT count(*) FROM arrested WHERE age BETWEEN 12 AND 17
  AND incident_id IN (SELECT incident_id FROM pair JOIN plain USING (incident_id) WHERE kind = 'marijuana' AND act = 'P');
-- cell: t_DM8_1_1_1
SELECT count(DISTINCT incident_id) FROM pair WHERE used(act);
-- cell: t_DM8_2_2_30
SELECT count(DISTINCT incident_id) FROM pair WHERE used(act) AND kind = 'stimulant';
-- cell: t_DM8_8_38_9
SELECT count(DISTINCT incident_id) FROM pair WHERE kind = 'marijuana' AND act = 'D';
-- cell: t_DM9_1_1_20
SELECT count(*) FROM arrested WHERE incident_id IN (SELECT incident_id FROM pair WHERE used(act));
-- cell: t_DM9_5_13_10
SELECT count(*) FROM arrested WHERE race = 'W' AND incident_id IN (SELECT incident_id FROM pair WHERE kind = 'marijuana' AND act = 'P');
-- cell: t_DM9_10_49_28
SELECT count(*) FROM arrested WHERE incident_id IN (SELECT incident_id FROM pair WHERE kind = 'stimulant' AND act = 'P');
-- cell: t_DM10_1_1_1
SELECT count(*) FROM arrested JOIN narcotic USING (incident_id);
-- cell: t_DM10_2_2_3
SELECT count(*) FROM arrested WHERE sex = 'M' AND incident_id IN (SELECT incident_id FROM act WHERE act IN ('B', 'C', 'P', 'U'));
-- cell: t_DM10_2_3_2
SELECT count(*) FROM arrested WHERE sex = 'F' AND incident_id IN (SELECT incident_id FROM act WHERE act NOT IN ('E', 'N', 'G', 'J'));
-- cell: t_DM10_1_1_4
SELECT count(*) FROM arrested WHERE incident_id IN (SELECT incident_id FROM act WHERE act IN ('D', 'O', 'T'));

-- Guns.
-- cell: t_GV1a_1_1_1
SELECT count(*) FROM (SELECT DISTINCT victim_id, offense_id FROM shot WHERE is_person(code)) t;
-- cell: t_GV1a_1_1_2
SELECT (SELECT count(*) FROM (SELECT DISTINCT victim_id, offense_id FROM shot WHERE of_gun_violence(code) AND code <> '120') t)
     + (SELECT count(DISTINCT offense_id) FROM gunned WHERE code = '120');
-- cell: t_GV1a_1_1_9
SELECT count(DISTINCT offense_id) FROM gunned WHERE code = '120';
-- cell: t_GV1a_1_1_13
SELECT count(DISTINCT offense_id) FROM gunned JOIN jacking USING (incident_id) WHERE code = '120';
-- cell: t_GV1a_2_3_10
SELECT count(*) FROM (SELECT victim_id, offense_id FROM shot WHERE code = '13A' GROUP BY ALL
    HAVING count(DISTINCT CASE WHEN weapon IN ('12', '12A') THEN 1 WHEN weapon IN ('13', '13A', '14', '14A') THEN 2 ELSE 3 END) = 1) t;
-- cell: t_GV1a_2_4_10
SELECT count(*) FROM (SELECT victim_id, offense_id FROM shot WHERE code = '13A' GROUP BY ALL HAVING bool_and(weapon IN ('12', '12A'))) t;
-- cell: t_GV1a_2_5_10
SELECT count(*) FROM (SELECT victim_id, offense_id FROM shot WHERE code = '13A' GROUP BY ALL HAVING bool_and(weapon IN ('13', '13A', '14', '14A'))) t;
-- cell: t_GV1a_2_6_9
SELECT count(*) FROM (SELECT offense_id FROM gunned WHERE code = '120' GROUP BY ALL HAVING bool_and(weapon IN ('11', '11A', '15', '15A'))) t;
-- cell: t_GV1a_2_7_1
SELECT count(*) FROM (SELECT victim_id, offense_id FROM shot WHERE is_person(code) GROUP BY ALL
    HAVING count(DISTINCT CASE WHEN weapon IN ('12', '12A') THEN 1 WHEN weapon IN ('13', '13A', '14', '14A') THEN 2 ELSE 3 END) > 1) t;
-- cell: t_GV1a_3_8_10
SELECT count(*) FROM (SELECT DISTINCT victim_id, offense_id FROM shot WHERE code = '13A' AND location = '20') t;
-- cell: t_GV1a_3_10_9
SELECT count(DISTINCT offense_id) FROM gunned WHERE code = '120' AND location IN ('01', '10', '13', '16', '18', '42', '45', '50', '51');
-- cell: t_GV2a_1_1_2
SELECT count(DISTINCT victim_id) FROM shot WHERE of_gun_violence(code);
-- cell: t_GV2a_1_1_3
SELECT count(DISTINCT victim_id) FROM shot WHERE code = '09A';
-- cell: t_GV2a_1_1_4
SELECT count(DISTINCT victim_id) FROM shot WHERE of_gun_violence(code) AND code NOT IN ('09A', '09B');
-- cell: t_GV2a_1_1_5
SELECT count(DISTINCT victim_id) FROM shot WHERE code IN ('11A', '11B', '11C', '120', '13A');
-- cell: t_GV2a_2_6_2
SELECT count(DISTINCT victim_id) FROM shot WHERE of_gun_violence(code) AND age BETWEEN 18 AND 24;
-- cell: t_GV2a_3_11_2
SELECT count(DISTINCT victim_id) FROM shot WHERE of_gun_violence(code) AND age < 18;
-- cell: t_GV2a_3_13_2
SELECT count(DISTINCT victim_id) FROM shot WHERE of_gun_violence(code) AND age BETWEEN 12 AND 17;
-- cell: t_GV2a_3_14_10
SELECT count(DISTINCT victim_id) FROM shot WHERE code = '13A' AND age >= 18;
-- cell: t_GV2a_4_16_10
SELECT count(DISTINCT s.victim_id) FROM shot s WHERE code = '13A' AND (SELECT count(*) FROM person p WHERE p.incident_id = s.incident_id) = 1;
-- cell: t_GV2a_4_19_1
SELECT count(DISTINCT s.victim_id) FROM shot s WHERE is_person(code) AND (SELECT count(*) FROM person p WHERE p.incident_id = s.incident_id) >= 4;
-- cell: t_GV2a_5_21_10
SELECT count(DISTINCT victim_id) FROM shot WHERE code = '13A' AND sex = 'F';
-- cell: t_GV2a_6_24_10
SELECT count(DISTINCT victim_id) FROM shot WHERE code = '13A' AND race = 'B';
-- cell: t_GV2a_7_29_10
SELECT count(*) FROM (SELECT incident_id FROM shot WHERE code = '13A' GROUP BY 1 HAVING count(DISTINCT victim_id) = 1) t;
-- cell: t_GV2a_7_30_2
SELECT count(*) FROM (SELECT incident_id FROM shot WHERE of_gun_violence(code) GROUP BY 1 HAVING count(DISTINCT victim_id) = 2) t;
-- cell: t_GV2a_8_34_10
SELECT count(DISTINCT s.victim_id) FROM shot s WHERE code = '13A'
  AND NOT EXISTS (SELECT 1 FROM suffered o WHERE o.victim_id = s.victim_id AND o.code = '09A');
-- cell: t_GV2a_9_36_1
SELECT count(DISTINCT s.victim_id) FROM shot s WHERE is_person(code)
  AND (SELECT count(DISTINCT victim_id) FROM shot o WHERE o.incident_id = s.incident_id) = 2;
-- cell: t_GV2a_10_39_1
SELECT count(DISTINCT s.victim_id) FROM shot s JOIN suffered o USING (victim_id) WHERE is_person(s.code) AND o.code IN ('09A', '09B');
-- cell: t_GV2a_10_40_10
SELECT count(DISTINCT s.victim_id) FROM shot s JOIN hurt USING (victim_id) WHERE code = '13A' AND injury IN ('O', 'L', 'I', 'G')
  AND NOT EXISTS (SELECT 1 FROM suffered o WHERE o.victim_id = s.victim_id AND o.code IN ('09A', '09B'));
-- cell: t_GV2a_10_43_10
SELECT count(*) FROM (SELECT DISTINCT victim_id FROM shot WHERE code = '13A') s WHERE
    (SELECT bool_and(injury = 'N') FROM hurt h WHERE h.victim_id = s.victim_id)
    AND NOT EXISTS (SELECT 1 FROM suffered o WHERE o.victim_id = s.victim_id AND o.code IN ('09A', '09B'));
-- cell: t_GV2a_11_45_10
SELECT count(DISTINCT s.victim_id) FROM shot s JOIN hurt USING (victim_id) WHERE code = '13A' AND injury IN ('O', 'G')
  AND NOT EXISTS (SELECT 1 FROM suffered o WHERE o.victim_id = s.victim_id AND o.code IN ('09A', '09B'));
-- cell: t_GV2a_12_53_2
SELECT count(DISTINCT s.victim_id) FROM shot s WHERE of_gun_violence(code)
  AND EXISTS (SELECT 1 FROM related r WHERE r.victim_id = s.victim_id AND relationship = 'ST')
  AND NOT EXISTS (SELECT 1 FROM related r WHERE r.victim_id = s.victim_id AND relationship NOT IN ('ST', 'VO', 'RU'));
-- cell: t_GV2a_12_56_2
SELECT count(DISTINCT victim_id) FROM shot s WHERE of_gun_violence(code)
  AND NOT EXISTS (SELECT 1 FROM related r WHERE r.victim_id = s.victim_id)
  AND EXISTS (SELECT 1 FROM offender o WHERE o.incident_id = s.incident_id AND NOT o.known);
-- cell: t_GV2a_13_58_10
SELECT count(DISTINCT s.victim_id) FROM shot s JOIN related USING (victim_id)
WHERE code = '13A' AND relationship IN ('SE', 'CS', 'BG', 'XS', 'XR', 'HR');
-- cell: t_GV2a_14_65_2
SELECT count(DISTINCT victim_id) FROM shot WHERE of_gun_violence(code) AND ethnicity = 'N';
-- cell: t_GV2a_15_69_2
SELECT count(DISTINCT victim_id) FROM shot WHERE of_gun_violence(code) AND ethnicity = 'N' AND race = 'B';
-- cell: t_GV3a_1_1_2
SELECT count(DISTINCT incident_id) FROM gunned WHERE of_gun_violence(code);
-- cell: t_GV3a_1_1_13
SELECT count(DISTINCT incident_id) FROM gunned JOIN jacking USING (incident_id) WHERE code = '120';
-- cell: t_GV3a_2_3_10
SELECT count(*) FROM (SELECT DISTINCT incident_id FROM gunned WHERE code = '13A') g
WHERE (SELECT count(*) FROM offender o WHERE o.incident_id = g.incident_id AND o.known) = 1;
-- cell: t_GV3a_2_5_2
SELECT count(*) FROM (SELECT DISTINCT incident_id FROM gunned WHERE of_gun_violence(code)) g
WHERE (SELECT count(*) FROM offender o WHERE o.incident_id = g.incident_id AND o.known) = 3;
-- cell: t_GV3a_2_7_9
SELECT count(*) FROM (SELECT DISTINCT incident_id FROM gunned WHERE code = '120') g
WHERE NOT EXISTS (SELECT 1 FROM offender o WHERE o.incident_id = g.incident_id AND o.known);
-- cell: t_GV3a_3_8_10
SELECT count(DISTINCT incident_id) FROM gunned WHERE code = '13A' AND incident_id NOT IN (SELECT incident_id FROM cleared);
-- cell: t_GV3a_3_9_10
SELECT count(DISTINCT incident_id) FROM gunned WHERE code = '13A' AND incident_id IN (SELECT incident_id FROM arrested);

-- Youth.
-- cell: t_YT1_1_1_1
SELECT count(DISTINCT victim_id) FROM suffered WHERE code = '09A' AND age BETWEEN 12 AND 17;
-- cell: t_YT1_2_3_1
SELECT count(DISTINCT victim_id) FROM suffered WHERE code = '09A' AND age BETWEEN 15 AND 17;
-- cell: t_YT1_3_4_1
SELECT count(DISTINCT victim_id) FROM suffered WHERE code = '09A' AND age BETWEEN 12 AND 17 AND sex = 'M';
-- cell: t_YT1_4_9_1
SELECT count(DISTINCT victim_id) FROM suffered WHERE code = '09A' AND age BETWEEN 12 AND 17 AND (ethnicity IS NULL OR ethnicity NOT IN ('H', 'N'));
-- cell: t_YT1_5_15_1
SELECT count(DISTINCT victim_id) FROM suffered WHERE code = '09A' AND age BETWEEN 12 AND 17 AND ethnicity = 'N' AND race = 'B';
-- cell: t_YT2_1_1_1
SELECT count(DISTINCT victim_id) FROM suffered JOIN offended USING (incident_id) WHERE code = '09A' AND (young OR adult OR ageless OR unknown);
-- cell: t_YT2_2_2_1
SELECT count(DISTINCT victim_id) FROM suffered JOIN offended USING (incident_id) WHERE code = '09A' AND young;
-- cell: t_YT2_2_3_1
SELECT count(DISTINCT victim_id) FROM suffered JOIN offended USING (incident_id) WHERE code = '09A' AND adult;
-- cell: t_YT2_2_4_1
SELECT count(DISTINCT victim_id) FROM suffered JOIN offended USING (incident_id) WHERE code = '09A' AND ageless;
-- cell: t_YT2_2_5_1
SELECT count(DISTINCT victim_id) FROM suffered JOIN offended USING (incident_id) WHERE code = '09A' AND unknown;
