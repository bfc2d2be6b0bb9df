"""Makes ``shares/shares.csv`` from published zips: the distributions that incidents are drawn from.

    python -m nibrs_simulation.fit AZ-2016.zip LA-2013.zip DC-2018.zip VT-2024.zip

Only shares leave the zips, none from fewer than three incidents. docs/simulation.md says what is modelled with them.
"""

import csv
import sys
from collections.abc import Iterator
from importlib.resources import files
from pathlib import Path

import duckdb
from nibrs_local.zip_database import open_zip
from nibrs_pipeline.catalog import nibrs_catalog

FOLDER = files("nibrs_simulation") / "shares"
_RULES = files("code_tables") / "rules" / "offenses.csv"
#: A value that fewer incidents of the pooled files have is left out.
_LEAST = 3
#: Values of a condition that fewer records have share the distribution of all ("*").
_LEAST_OF_CONDITION = 20

#: The offense that an incident is known by: the first of these.
_PRIMARY = (
    "09A", "09B", "11A", "11B", "11C", "120", "13A", "64A", "64B", "100", "11D", "36A", "36B", "13B", "13C", "09C",
    "200", "220", "240", "23A", "23B", "23C", "23D", "23E", "23F", "23G", "23H",
)  # fmt: skip

#: Tables that the questions below are asked of.
_VIEWS = f"""
CREATE VIEW rules AS SELECT * FROM read_csv('{_RULES}', all_varchar = true);
CREATE VIEW offense AS
    SELECT o.*, t.offense_code AS code, t.crime_against, r.weapon, r.activity, r.injury, r.circumstances,
           r.relationship, r.property,
           coalesce(list_position({list(_PRIMARY)}, t.offense_code), 99) AS place
    FROM nibrs_offense o JOIN nibrs_offense_type t USING (offense_type_id) JOIN rules r ON r.offense_code = t.offense_code;
CREATE VIEW incident AS
    SELECT i.*, m.month_num, e.cleared_except_code AS exception, p.code, p.crime_against, p.offenses, p.kinds,
           f.offenders, f.known
    FROM nibrs_incident i JOIN nibrs_month m USING (nibrs_month_id) JOIN nibrs_cleared_except e USING (cleared_except_id)
    JOIN (SELECT incident_id, arg_min(code, place * 1000 + ascii(code)) AS code, count(*) AS kinds,
                 arg_min(crime_against, place * 1000 + ascii(code)) AS crime_against,
                 string_agg(code, '+' ORDER BY place, code) AS offenses FROM offense GROUP BY 1) p USING (incident_id)
    JOIN (SELECT incident_id, count(*) FILTER (offender_seq_num > 0) AS offenders,
                 CAST(count(*) FILTER (offender_seq_num > 0) > 0 AS integer) AS known
          FROM nibrs_offender GROUP BY 1) f USING (incident_id);
CREATE VIEW victim AS
    SELECT v.*, t.victim_type_code AS type, a.age_code, c.race_code, e.ethnicity_code, o.code, o.crime_against
    FROM nibrs_victim v JOIN nibrs_victim_type t USING (victim_type_id)
    LEFT JOIN nibrs_age a USING (age_id) LEFT JOIN ref_race c USING (race_id) LEFT JOIN nibrs_ethnicity e USING (ethnicity_id)
    JOIN (SELECT victim_id, arg_min(code, place) AS code, arg_min(crime_against, place) AS crime_against
          FROM nibrs_victim_offense JOIN offense USING (offense_id) GROUP BY 1) o USING (victim_id);
CREATE VIEW offender AS
    SELECT f.*, a.age_code, c.race_code, i.code, i.offenders
    FROM nibrs_offender f JOIN incident i USING (incident_id)
    LEFT JOIN nibrs_age a USING (age_id) LEFT JOIN ref_race c USING (race_id) WHERE offender_seq_num > 0;
CREATE VIEW arrestee AS
    SELECT r.*, i.code, i.incident_date, t.arrest_type_code
    FROM nibrs_arrestee r JOIN incident i USING (incident_id) JOIN nibrs_arrest_type t USING (arrest_type_id);
CREATE MACRO band(age_code, years) AS CASE
    WHEN age_code IN ('NN', 'NB', 'BB', '99') THEN age_code
    WHEN age_code IN ('00', 'NS') THEN NULL
    ELSE printf('%02d-%02d', greatest(CAST(years AS integer) // 5 * 5, 1), least(CAST(years AS integer) // 5 * 5 + 4, 98)) END;
"""


def _set_of(table: str, codes: str, key: str, code: str, where: str) -> str:
    return (
        f"SELECT o.code, string_agg(DISTINCT c.{code}, '+' ORDER BY c.{code}) FROM offense o JOIN {table} t USING "
        f"(offense_id) JOIN {codes} c USING ({key}) WHERE {where} GROUP BY o.offense_id, o.code"
    )


#: For each attribute: a query for pairs of condition and value. Values that are not known are left out; how often
#: that is stands under ``unknown``.
QUESTIONS = {
    "offenses": "SELECT '', offenses FROM incident WHERE kinds <= 10",
    "attempt": "SELECT code, attempt_complete_flag FROM offense",
    "location": "SELECT code, location_code FROM offense JOIN nibrs_location_type USING (location_id)",
    "entry": "SELECT code, method_entry_code FROM offense WHERE method_entry_code IS NOT NULL",
    "premises": "SELECT '', least(num_premises_entered, 9) FROM offense JOIN nibrs_location_type USING (location_id) "
    "WHERE num_premises_entered > 0 AND location_code IN ('14', '19')",
    "weapon": _set_of("nibrs_weapon", "nibrs_weapon_type", "weapon_id", "weapon_code", "o.weapon = 'yes'"),
    "activity": _set_of(
        "nibrs_criminal_act", "nibrs_criminal_act_type", "criminal_act_id", "criminal_act_code", "o.activity <> ''"
    ),
    "gang": "SELECT code, CASE WHEN EXISTS (SELECT 1 FROM nibrs_criminal_act a WHERE a.offense_id = o.offense_id) "
    "THEN 'some' ELSE 'none' END FROM offense o WHERE activity = 'may'",
    "using": _set_of("nibrs_suspect_using", "nibrs_using_list", "suspect_using_id", "suspect_using_code", "true"),
    "bias": "SELECT '', bias_code FROM nibrs_bias_motivation JOIN nibrs_bias_list USING (bias_id) WHERE bias_code <> '99'",
    "hour": "SELECT code, incident_hour FROM incident WHERE incident_hour BETWEEN 0 AND 23",
    "report_date": "SELECT '', CASE WHEN report_date_flag IN ('R', 'Y') THEN 'R' ELSE '' END FROM incident",
    "month": "SELECT crime_against, month_num FROM incident",
    "victim_type": "SELECT DISTINCT ON (o.offense_id) o.code, t.victim_type_code FROM offense o "
    "JOIN nibrs_victim_offense USING (offense_id) JOIN nibrs_victim v USING (victim_id) "
    "JOIN nibrs_victim_type t USING (victim_type_id) WHERE t.victim_type_code <> 'U' ORDER BY o.offense_id, victim_seq_num",
    "victims": "SELECT o.code, least(count(*), 8) FROM offense o JOIN nibrs_victim_offense USING (offense_id) "
    "JOIN nibrs_victim v USING (victim_id) JOIN nibrs_victim_type t USING (victim_type_id) "
    "WHERE t.victim_type_code IN ('I', 'L') GROUP BY o.offense_id, o.code",
    "victim_age": "SELECT code || '|' || type, band(age_code, age_num) FROM victim WHERE type IN ('I', 'L')",
    "victim_sex": "SELECT code || '|' || type, sex_code FROM victim WHERE type IN ('I', 'L') AND sex_code IN ('M', 'F')",
    "race": "SELECT '', race_code FROM victim WHERE type = 'I' AND race_code IN ('W', 'B', 'I', 'A', 'P')",
    "ethnicity": "SELECT race_code, ethnicity_code FROM victim "
    "WHERE type = 'I' AND race_code IN ('W', 'B', 'I', 'A', 'P') AND ethnicity_code IN ('H', 'N')",
    "resident": "SELECT type, resident_status_code FROM victim WHERE resident_status_code IN ('R', 'N')",
    "assignment": "SELECT '', assignment_type_code FROM victim JOIN nibrs_assignment_type USING (assignment_type_id)",
    "officer_activity": "SELECT '', activity_type_code FROM victim JOIN nibrs_activity_type USING (activity_type_id)",
    "injury": "SELECT v.code, string_agg(DISTINCT injury_code, '+' ORDER BY injury_code) FROM victim v "
    "JOIN nibrs_victim_injury USING (victim_id) JOIN nibrs_injury USING (injury_id) GROUP BY v.victim_id, v.code",
    "circumstances": "SELECT v.code, string_agg(DISTINCT circumstances_code, '+' ORDER BY circumstances_code) FROM victim v "
    "JOIN nibrs_victim_circumstances USING (victim_id) JOIN nibrs_circumstances USING (circumstances_id) "
    "WHERE v.code IN ('09A', '09B', '09C', '13A') GROUP BY v.victim_id, v.code HAVING count(*) <= 2",
    "offenders": "SELECT code, least(offenders, 8) FROM incident",
    "offender_age": "SELECT code, band(age_code, age_num) FROM offender WHERE age_code NOT IN ('NN', 'NB', 'BB')",
    "offender_sex": "SELECT code, sex_code FROM offender WHERE sex_code IN ('M', 'F')",
    "offender_race": "SELECT v.race_code, f.race_code FROM victim v JOIN offender f USING (incident_id) "
    "WHERE v.race_code IN ('W', 'B', 'I', 'A', 'P') AND f.race_code IN ('W', 'B', 'I', 'A', 'P')",
    "relationship": "SELECT v.code || '|' || v.sex_code, relationship_code FROM victim v "
    "JOIN nibrs_victim_offender_rel USING (victim_id) JOIN nibrs_relationship USING (relationship_id) "
    "WHERE v.type = 'I' AND v.sex_code IN ('M', 'F') AND (v.crime_against = 'Person' OR v.code = '120') "
    "AND relationship_code NOT IN ('RU', 'VO')",
    "loss": "SELECT code || '|' || attempt_complete_flag, string_agg(DISTINCT CAST(prop_loss_id AS varchar), '+' "
    "ORDER BY CAST(prop_loss_id AS varchar)) FROM offense JOIN nibrs_property USING (incident_id) WHERE incident_id IN "
    "(SELECT incident_id FROM offense WHERE property = 'yes' GROUP BY 1 HAVING count(*) = 1) AND property = 'yes' "
    "GROUP BY incident_id, code, attempt_complete_flag",
    "property": "SELECT i.code || '|' || CAST(prop_loss_id AS varchar), string_agg(DISTINCT d.prop_desc_code, '+' "
    "ORDER BY d.prop_desc_code) FROM incident i JOIN nibrs_property p USING (incident_id) "
    "JOIN nibrs_property_desc USING (property_id) JOIN nibrs_prop_desc_type d USING (prop_desc_id) "
    "GROUP BY p.property_id, i.code, prop_loss_id HAVING count(DISTINCT d.prop_desc_code) <= 4",
    "drug": "SELECT '', string_agg(DISTINCT suspected_drug_code, '+' ORDER BY suspected_drug_code) FROM "
    "nibrs_suspected_drug JOIN nibrs_suspected_drug_type USING (suspected_drug_type_id) GROUP BY property_id HAVING count(*) <= 3",
    "drug_measure": "SELECT suspected_drug_code, drug_measure_code FROM nibrs_suspected_drug JOIN nibrs_suspected_drug_type "
    "USING (suspected_drug_type_id) JOIN nibrs_drug_measure_type USING (drug_measure_type_id) WHERE drug_measure_code <> 'XX'",
    "clearance": "SELECT i.code || '|' || known, CASE WHEN EXISTS (SELECT 1 FROM nibrs_arrestee a WHERE a.incident_id = "
    "i.incident_id) THEN 'arrest' ELSE exception END FROM incident i",
    "arrest_type": "SELECT '', arrest_type_code FROM arrestee",
    "multiple": "SELECT '', multiple_indicator FROM arrestee WHERE multiple_indicator IN ('N', 'C', 'M')",
    "arrest_weapon": "SELECT code, string_agg(DISTINCT weapon_code, '+' ORDER BY weapon_code) FROM arrestee a "
    "JOIN nibrs_arrestee_weapon USING (arrestee_id) JOIN nibrs_weapon_type USING (weapon_id) WHERE weapon_code IN ('01', "
    "'11', '12', '13', '14', '15', '16', '17') GROUP BY a.arrestee_id, code HAVING count(*) <= 2",
    "arrest_lag": "SELECT code, least(date_diff('day', incident_date, arrest_date), 365) FROM arrestee WHERE arrest_date >= incident_date",
    "disposition": "SELECT '', under_18_disposition_code FROM arrestee WHERE under_18_disposition_code IN ('H', 'R')",
    "arrestee_resident": "SELECT '', resident_code FROM arrestee WHERE resident_code IN ('R', 'N')",
    "group_b": "SELECT '', offense_code FROM nibrs_grpb_arrest JOIN nibrs_offense_type USING (offense_type_id) "
    "WHERE offense_code LIKE '90%'",
    "group_b_age": "SELECT offense_code, band(age_code, age_num) FROM nibrs_grpb_arrest JOIN nibrs_offense_type "
    "USING (offense_type_id) JOIN nibrs_age USING (age_id)",
    "group_b_sex": "SELECT offense_code, sex_code FROM nibrs_grpb_arrest JOIN nibrs_offense_type USING (offense_type_id) "
    "WHERE sex_code IN ('M', 'F')",
    "unknown": "SELECT 'sex', CASE sex_code WHEN 'U' THEN 'yes' ELSE 'no' END FROM victim WHERE type = 'I' "
    "UNION ALL SELECT 'age', CASE age_code WHEN '00' THEN 'yes' ELSE 'no' END FROM victim WHERE type = 'I' "
    "UNION ALL SELECT 'race', CASE race_code WHEN 'U' THEN 'yes' ELSE 'no' END FROM victim WHERE type = 'I' "
    "UNION ALL SELECT 'ethnicity', CASE WHEN ethnicity_code IN ('H', 'N') THEN 'no' ELSE 'yes' END FROM victim WHERE type = 'I' "
    "UNION ALL SELECT 'resident', CASE WHEN resident_status_code IN ('R', 'N') THEN 'no' ELSE 'yes' END FROM victim WHERE type = 'I' "
    "UNION ALL SELECT 'offender_sex', CASE sex_code WHEN 'U' THEN 'yes' ELSE 'no' END FROM offender "
    "UNION ALL SELECT 'offender_age', CASE age_code WHEN '00' THEN 'yes' ELSE 'no' END FROM offender "
    "UNION ALL SELECT 'offender_race', CASE race_code WHEN 'U' THEN 'yes' ELSE 'no' END FROM offender "
    "UNION ALL SELECT 'hour', CASE WHEN incident_hour BETWEEN 0 AND 23 THEN 'no' ELSE 'yes' END FROM incident "
    "UNION ALL SELECT 'bias', CASE bias_code WHEN '99' THEN 'yes' ELSE 'no' END FROM nibrs_bias_motivation JOIN nibrs_bias_list USING (bias_id) "
    "UNION ALL SELECT 'relationship', CASE relationship_code WHEN 'RU' THEN 'yes' ELSE 'no' END FROM nibrs_victim_offender_rel "
    "JOIN nibrs_relationship USING (relationship_id) JOIN victim v USING (victim_id) WHERE v.crime_against = 'Person' OR v.code = '120' "
    "UNION ALL SELECT 'value', CASE property_value WHEN 1 THEN 'yes' ELSE 'no' END FROM nibrs_property_desc WHERE property_value > 0",
}  # fmt: skip

#: Amounts are drawn from a normal distribution of their logarithm.
AMOUNTS = {
    "property_value": "SELECT prop_desc_code, CAST(property_value AS double) FROM nibrs_property_desc "
    "JOIN nibrs_prop_desc_type USING (prop_desc_id) WHERE property_value > 1",
    "drug_quantity": "SELECT suspected_drug_code || '|' || drug_measure_code, CAST(est_drug_qty AS double) "
    "FROM nibrs_suspected_drug JOIN nibrs_suspected_drug_type USING (suspected_drug_type_id) "
    "JOIN nibrs_drug_measure_type USING (drug_measure_type_id) WHERE est_drug_qty > 0",
}


def pooled(paths: list[Path]) -> duckdb.DuckDBPyConnection:
    """Two tables with the answers of all zips: ``answers`` (attribute, condition, value) and ``amounts``."""
    pool = duckdb.connect()
    pool.execute("CREATE TABLE answers (attribute varchar, condition varchar, value varchar, number bigint)")
    pool.execute("CREATE TABLE amounts (attribute varchar, condition varchar, value double)")
    for path in paths:
        source = open_zip(path, nibrs_catalog())
        if not source.execute("SELECT 1 FROM duckdb_views() WHERE view_name = 'nibrs_grpb_arrest'").fetchall():
            source.execute(
                "CREATE TABLE nibrs_grpb_arrest (offense_type_id bigint, age_id bigint, age_num integer, sex_code varchar)"
            )
        source.execute(_VIEWS)
        for attribute, question in QUESTIONS.items():
            rows = source.execute(
                f"SELECT '{attribute}', CAST(condition AS varchar), CAST(value AS varchar), count(*) FROM ({question}) "
                "t (condition, value) WHERE value IS NOT NULL AND condition IS NOT NULL GROUP BY ALL ORDER BY ALL"
            ).fetchall()
            if rows:
                pool.executemany("INSERT INTO answers VALUES (?, ?, ?, ?)", rows)
        for attribute, question in AMOUNTS.items():
            measured = source.sql(f"SELECT '{attribute}', * FROM ({question})").to_arrow_table()
            pool.execute("INSERT INTO amounts SELECT * FROM measured")
            del measured
        source.close()
    return pool


def shares_of(pool: duckdb.DuckDBPyConnection) -> Iterator[tuple[str, str, str, str]]:
    """Rows of shares.csv: attribute, condition, value, share; ``*`` stands for any first part of a condition."""
    conditions = (
        "SELECT attribute, condition, value, sum(number) AS number FROM answers GROUP BY ALL UNION ALL "
        "SELECT attribute, regexp_replace(condition, '^[^|]*', '*'), value, sum(number) FROM answers "
        "WHERE condition <> '' GROUP BY ALL"
    )
    yield from pool.execute(
        "SELECT attribute, condition, value, format('{:.5f}', number / sum(number) OVER w) FROM "
        f"(SELECT *, sum(number) OVER (PARTITION BY attribute, condition) AS total FROM ({conditions})) "
        f"WHERE number >= {_LEAST} AND (total >= {_LEAST_OF_CONDITION} OR condition LIKE '*%' OR condition = '') "
        "WINDOW w AS (PARTITION BY attribute, condition) ORDER BY 1, 2, 4 DESC, 3"
    ).fetchall()


def amounts_of(pool: duckdb.DuckDBPyConnection) -> Iterator[tuple[str, str, str, str]]:
    """Rows of amounts.csv: attribute, condition, mean and standard deviation of the logarithm."""
    yield from pool.execute(
        "SELECT attribute, condition, format('{:.3f}', avg(ln(value))), format('{:.3f}', coalesce(stddev(ln(value)), 1)) "
        "FROM (SELECT * FROM amounts UNION ALL SELECT attribute, regexp_replace(condition, '^[^|]*', '*'), value FROM amounts) "
        f"GROUP BY ALL HAVING count(*) >= {_LEAST_OF_CONDITION} ORDER BY 1, 2"
    ).fetchall()


def main(arguments: list[str]) -> None:
    """Write both files from the zips that are named."""
    pool = pooled([Path(argument) for argument in arguments])
    for name, header, rows in (
        ("shares", ("attribute", "condition", "value", "share"), shares_of(pool)),
        ("amounts", ("attribute", "condition", "log_mean", "log_sd"), amounts_of(pool)),
    ):
        with (Path(str(FOLDER)) / f"{name}.csv").open("w", encoding="utf-8", newline="") as file:
            writer = csv.writer(file, lineterminator="\n")
            writer.writerow(header)
            writer.writerows(rows)


if __name__ == "__main__":
    main(sys.argv[1:])
