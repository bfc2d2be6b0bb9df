"""The FBI's published tables of 2024: Vermont's against VT-2024, the nation's shares against the simulated nation's.

Offenses against persons are counted as victims per code, those against property and society as one per incident and
code.
"""

import csv
from collections.abc import Iterator
from pathlib import Path

import duckdb
import numpy as np
import pytest
from nibrs_loading.zip_database import open_zip
from nibrs_pipeline.catalog import Catalog
from nibrs_simulation.records import records
from nibrs_simulation.residents import shares_of_races
from nibrs_simulation.state_year import draw_state_year

from tests.conftest import REAL_DATA, missing, real_zip
from tests.simulated import YEAR, nation, zip_of

pytestmark = pytest.mark.usefixtures("unmeasured")

TABLES = REAL_DATA / "fbi_nibrs_tables_2024"
BY_AGENCY = REAL_DATA / "offenses_by_agency_2024.csv"
#: The columns of the tables, and the offense codes that each counts.
OFFENSES = {
    "Assault Offenses": "13A 13B 13C", "Homicide Offenses": "09A 09B 09C", "Human Trafficking Offenses": "64A 64B",
    "Kidnapping/Abduction": "100", "Sex Offenses": "11A 11B 11C 11D 36A 36B", "Arson": "200", "Bribery": "510",
    "Burglary/Breaking & Entering": "220", "Counterfeiting/Forgery": "250", "Destruction/Damage/Vandalism": "290",
    "Embezzlement": "270", "Extortion/Blackmail": "210", "Fraud Offenses": "26A 26B 26C 26D 26E 26F 26G",
    "Larceny/Theft Offenses": "23A 23B 23C 23D 23E 23F 23G 23H", "Motor Vehicle Theft": "240", "Robbery": "120",
    "Stolen Property Offenses": "280", "Animal Cruelty": "720", "Drug/Narcotic Offenses": "35A 35B",
    "Gambling Offenses": "39A 39B 39C 39D", "Pornography/Obscene Material": "370",
    "Prostitution Offenses": "40A 40B 40C", "Weapon Law Violations": "520 521 522 526",
}  # fmt: skip
#: Names of columns of the table by agency that differ.
BY_AGENCY_NAMES = {
    "Destruction/Damage/Vandalism": "Destruction/Damage/Vandalism of Property", "Embezzlement": "Embezzle-ment",
    "Counterfeiting/Forgery": "Counter-feiting/Forgery", "Prostitution Offenses": "Pros-titution Offenses",
    "Pornography/Obscene Material": "Por-nography/Obscene Material",
}  # fmt: skip
COUNTS = """
SELECT i.agency_id, t.offense_code, CASE WHEN any_value(t.crime_against) = 'Person' OR t.offense_code = '09C'
       THEN count(DISTINCT v.victim_id) ELSE count(DISTINCT i.incident_id) END AS number
FROM nibrs_offense o JOIN nibrs_incident i USING (incident_id) JOIN nibrs_offense_type t USING (offense_type_id)
LEFT JOIN nibrs_victim_offense v USING (offense_id) GROUP BY i.agency_id, t.offense_code
"""


def rows_of(path: Path) -> list[dict[str, str]]:
    if not path.is_file():
        missing(f"{path} is not here: the FBI's tables are not part of the repository")
    with path.open(encoding="utf-8-sig", newline="") as file:
        header, *rows = csv.reader(file)
    # Names of columns are broken into lines, hyphenated or not.
    names = ["".join(name.replace("- ", "-").split()) for name in header]
    return [dict(zip(names, row, strict=False)) for row in rows]


def table(number: int) -> list[dict[str, str]]:
    return rows_of(next(iter(sorted(TABLES.glob(f"NIBRS_Table_{number}_*"))), TABLES / f"table {number}"))


def count(text: str) -> int:
    return int(text.replace(",", "") or 0)


@pytest.fixture(scope="module")
def vermont(catalog: Catalog) -> Iterator[duckdb.DuckDBPyConnection]:
    connection = open_zip(real_zip("VT-2024"), catalog)
    connection.execute(f"CREATE TABLE counted AS {COUNTS}")
    yield connection
    connection.close()


def test_vermonts_offenses_are_those_of_the_fbis_tables_by_state(vermont: duckdb.DuckDBPyConnection) -> None:
    compared = 0
    for number, total in ((27, 4281), (28, 15188), (29, 1470)):
        [published] = (row for row in table(number) if row["State"].startswith("Vermont"))
        named = {"".join(name.split()): codes for name, codes in OFFENSES.items()}
        columns = {name: codes for name, codes in named.items() if name in published}
        found = {
            name: vermont.execute(
                "SELECT coalesce(sum(number), 0) FROM counted WHERE list_contains(?, offense_code)", [codes.split()]
            ).fetchall()[0][0]
            for name, codes in columns.items()
        }
        assert found == {name: count(published[name]) for name in columns}
        assert sum(found.values()) == count(published["TotalOffenses"]) == total
        compared += len(columns)
    assert compared == len(OFFENSES)


def test_vermonts_agencies_have_the_offenses_of_the_fbis_table_by_agency(vermont: duckdb.DuckDBPyConnection) -> None:
    published: dict[str, list[dict[str, str]]] = {}
    state = ""
    for row in rows_of(BY_AGENCY):
        state = row["State"] or state
        if state == "VERMONT":
            published.setdefault(row["AgencyName"].upper(), []).append(row)
    ours = dict(
        vermont.execute("SELECT any_value(agency_id), upper(pub_agency_name) FROM staged_agencies GROUP BY 2 "
                        "HAVING count(*) = 1").fetchall()
    )  # fmt: skip
    counts: dict[tuple[int, str], int] = {}
    for agency, code, number in vermont.execute("SELECT * FROM counted").fetchall():
        counts[agency, code] = number
    compared = agencies = 0
    for agency, name in ours.items():
        if len(found := published.get(name, [])) != 1:
            continue
        agencies += 1
        for offense, codes in OFFENSES.items():
            column = "".join(BY_AGENCY_NAMES.get(offense, offense).split())
            here = sum(counts.get((int(agency), code), 0) for code in codes.split())
            assert here == count(found[0][column]), (name, offense)
            compared += 1
    assert (agencies, compared) == (66, 66 * len(OFFENSES))


@pytest.fixture(scope="module")
def simulated(catalog: Catalog, tmp_path_factory: pytest.TempPathFactory) -> Iterator[duckdb.DuckDBPyConnection]:
    """Four simulated states of four regions, a tenth of their crime."""
    frame, crime = nation("small", 0.3)
    races = shares_of_races(crime.level, 1)
    pool = duckdb.connect()
    for name in ("OH", "GA", "CA", "PA"):
        which = np.flatnonzero(frame.state == name)
        drawn = draw_state_year(frame.take(which), YEAR, crime.counts[which, 0], 1000, 0, 1, races[which])
        path = zip_of(drawn, records(drawn), tmp_path_factory.mktemp("truth") / f"{name}-2023.zip")
        state = open_zip(path, catalog)
        for of, query in SIMULATED.items():
            found = state.sql(query).to_arrow_table()
            pool.register("found", found)
            made = "INSERT INTO" if name != "OH" else "CREATE TABLE"
            pool.execute(f"{made} {of} {'AS ' if name == 'OH' else ''}SELECT * FROM found")
        state.close()
    yield pool
    pool.close()


FAMILY = "'SE','CS','PA','SB','CH','GP','GC','IL','SP','SC','SS','OF','FP','FC'"
#: Persons as the FBI's tables count them: victims by offense, arrestees of both groups.
SIMULATED = {
    "victims": "SELECT sex_code AS sex, race_code AS race, age_num AS age FROM nibrs_victim JOIN nibrs_victim_type "
    "USING (victim_type_id) JOIN nibrs_victim_offense USING (victim_id) LEFT JOIN ref_race USING (race_id) "
    "WHERE victim_type_code IN ('I', 'L')",
    "arrestees": "SELECT sex_code AS sex, race_code AS race, age_num AS age FROM (SELECT sex_code, race_id, age_num "
    "FROM nibrs_arrestee UNION ALL SELECT sex_code, race_id, age_num FROM nibrs_grpb_arrest) LEFT JOIN ref_race "
    "USING (race_id)",
    "relations": "SELECT relationship_code AS code FROM nibrs_victim_offender_rel JOIN nibrs_relationship USING "
    "(relationship_id)",
    "weapons": "SELECT t.offense_code AS offense, weapon_code AS code FROM nibrs_weapon JOIN nibrs_weapon_type USING "
    "(weapon_id) JOIN nibrs_offense USING (offense_id) JOIN nibrs_offense_type t USING (offense_type_id)",
    "group_b": "SELECT (SELECT count(*) FROM nibrs_grpb_arrest) AS arrests, (SELECT count(*) FROM nibrs_incident) AS n",
}


def shares(row: dict[str, str], *columns: str) -> list[float]:
    """Shares of some columns of a table's row among their sum."""
    numbers = [count(row[name]) for name in columns]
    return [number / sum(numbers) for number in numbers]


def near(found: list[float], published: list[float], tolerance: float) -> None:
    assert found == pytest.approx(published, abs=tolerance)


def asked(pool: duckdb.DuckDBPyConnection, query: str) -> list[float]:
    return [float(value) for value in pool.execute(query).fetchall()[0]]


@pytest.mark.slow
def test_simulated_persons_are_like_those_of_the_fbis_national_tables(simulated: duckdb.DuckDBPyConnection) -> None:
    """The simulation's shares come from four state-years, not from the nation: hence the tolerances."""
    by_sex, by_race, arrested_sex, arrested_race = (table(number)[0] for number in (6, 7, 14, 15))
    races = ("White", "BlackorAfricanAmerican", "AmericanIndianorAlaskaNative", "Asian",
             "NativeHawaiianorOtherPacificIslander")  # fmt: skip
    of_races = ", ".join(f"avg((race = '{code}')::int)" for code in "WBIAP")
    near(asked(simulated, "SELECT avg((sex = 'M')::int) FROM victims"), shares(by_sex, "Male", "Female")[:1], 0.03)
    near(asked(simulated, f"SELECT {of_races} FROM victims"), shares(by_race, *races), 0.08)
    near(asked(simulated, "SELECT avg((sex = 'M')::int) FROM arrestees"),
         shares(arrested_sex, "Male", "Female")[:1], 0.03)  # fmt: skip
    near(asked(simulated, f"SELECT {of_races} FROM arrestees"), shares(arrested_race, *races), 0.08)
    bands = (range(11), range(11, 16), range(16, 21), range(21, 31), range(31, 41), range(41, 51), range(51, 66))
    of_ages = ", ".join(f"avg((age BETWEEN {band.start} AND {band.stop - 1})::int)" for band in bands)
    for number, of in ((5, "victims"), (13, "arrestees")):
        row = list(table(number)[0].values())
        one = [count(text) for text in row[2:15]]
        joined = [one[0], one[1], one[2], one[3] + one[4], one[5] + one[6], one[7] + one[8], sum(one[9:12]), one[12]]
        published = [number / sum(joined) for number in joined]
        near(asked(simulated, f"SELECT {of_ages} FROM {of} WHERE age IS NOT NULL"), published[:-1], 0.03)
    [group_b] = asked(simulated, "SELECT sum(arrests) / sum(n) FROM group_b")
    assert group_b == pytest.approx(2_925_133 / 12_225_903, rel=0.05)


@pytest.mark.slow
def test_simulated_relationships_and_weapons_are_like_the_fbis(simulated: duckdb.DuckDBPyConnection) -> None:
    of_all = shares(table(16)[0], "FamilyMember2", "FamilyMemberandOther3", "KnowntoVictimandOther4", "Stranger")
    found = asked(
        simulated,
        f"SELECT avg((code IN ({FAMILY}))::int), avg((code = 'ST')::int) FROM relations WHERE code <> 'RU'",
    )
    near(found, [of_all[0] + of_all[1], of_all[3]], 0.08)
    assault = {row["TypeofWeapon/ForceInvolved"].strip(): count(row["AssaultOffenses"]) for row in table(23)}
    known = sum(assault[name] for name in ("Firearms", "Knife/Cutting Instrument", "Personal Weapons", "All Other"))
    found = asked(
        simulated,
        "SELECT avg((code LIKE '1%')::int), avg((code = '20')::int), avg((code = '40')::int) FROM weapons "
        "WHERE offense IN ('13A', '13B') AND code NOT IN ('95', '99')",
    )
    near(found, [assault[name] / known for name in ("Firearms", "Knife/Cutting Instrument", "Personal Weapons")], 0.06)
