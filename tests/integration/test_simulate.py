"""``nibrs simulate``: a database that extraction and estimation can read, and a truth that agrees with it."""

import csv
import gzip
import io
import json
import subprocess
import zipfile
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
from nibrs_home import embedded_postgres
from nibrs_home.home import Home
from nibrs_loading.archives import BadFile
from nibrs_loading.key_spaces import GIVEN_KEYS, SIMULATED_KEYS
from nibrs_loading.loading import load_zip
from nibrs_loading.zip_database import open_zip
from nibrs_pipeline.catalog import Catalog, Table, nibrs_catalog
from nibrs_pipeline.database.connection import connect
from nibrs_pipeline.database.location import DatabaseLocation
from nibrs_pipeline.state_year import StateYear
from nibrs_quality.rules import findings
from nibrs_simulation import nation
from nibrs_simulation.codes import identifiers
from nibrs_simulation.nation import Simulated, simulate
from nibrs_simulation.world import SimulationError, World

from tests.conftest import real_zip
from tests.runs import extract, sql

WORLD = World("tiny", 0.2, (2023,), 3, "random", 1)
TRUE_CENSUS = World("tiny", 0.2, (2023,), 1, "complete", 1)


@dataclass(frozen=True)
class Made:
    """A nation that tests only read."""

    location: DatabaseLocation
    truth: Path
    simulated: Simulated


def made(folder: Path, world: World) -> Iterator[Made]:
    home = Home(folder)
    with embedded_postgres.database(home) as location:
        simulated = simulate(location, world, home.path / "truth", 1)
        assert simulated is not None
        yield Made(location, home.path / "truth", simulated)


@pytest.fixture(scope="module")
def nation_with_gaps(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Made]:
    yield from made(tmp_path_factory.mktemp("gaps"), WORLD)


@pytest.fixture(scope="module")
def census(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Made]:
    yield from made(tmp_path_factory.mktemp("census"), TRUE_CENSUS)


def table(path: Path) -> list[dict[str, str]]:
    with gzip.open(path, "rt", encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def content(location: DatabaseLocation, catalog: Catalog) -> dict[str, list[list[object]]]:
    """Every row of every table, in order."""
    return {
        each.name: sql(location, f"SELECT * FROM {each.name} ORDER BY {', '.join(each.primary_key)}")
        for each in catalog.tables
    }


def test_all_tables_that_extraction_and_estimation_read_are_filled(nation_with_gaps: Made, catalog: Catalog) -> None:
    location, simulated = nation_with_gaps.location, nation_with_gaps.simulated
    found = {name: len(rows) for name, rows in content(location, catalog).items()}
    empty = {name for name, rows in found.items() if not rows}
    # No small city happens to be covered in so small a nation.
    assert empty <= {"ref_agency_covered_by_flat"}
    assert {name: rows for name, rows in found.items() if name in simulated.rows} == {
        name: rows for name, rows in simulated.rows.items() if rows or name in found
    }
    for each in catalog.tables:
        for column in each.columns:
            target = catalog.get(column.references)
            if target is not None:
                key = target.primary_key[0]
                orphans = sql(
                    location,
                    f"SELECT count(*) FROM {each.name} t LEFT JOIN {target.name} r ON r.{key} = t.{column.name} "
                    f"WHERE t.{column.name} IS NOT NULL AND r.{key} IS NULL",
                )
                assert orphans == [[0]], (each.name, column.name)


def test_it_is_the_same_nation_at_any_number_of_processes(tmp_path: Path, catalog: Catalog) -> None:
    found, truths = [], []
    for processes in (1, 3):
        home = Home(tmp_path / str(processes))
        with embedded_postgres.database(home) as location:
            simulate(location, WORLD, home.path / "truth", processes)
            found.append(content(location, catalog))
        folder = home.path / "truth"
        truths.append({path.relative_to(folder): path.read_bytes() for path in folder.rglob("*") if path.is_file()})
    assert found[0] == found[1]
    assert truths[0] == truths[1]


def test_the_truth_of_a_census_is_what_the_database_holds(census: Made, catalog: Catalog, tmp_path: Path) -> None:
    location, truth = census.location, census.truth
    counts = Counter({
        (int(row["agency_id"]), int(row["month"]), row["unit"], row["code"]): int(row["number"])
        for row in table(truth / "counts-2023.csv.gz")
    })  # fmt: skip
    in_database = {
        (agency, month, "offense", code): number
        for agency, month, code, number in sql(
            location,
            "SELECT i.agency_id, m.month_num, t.offense_code, count(*) FROM nibrs_offense JOIN nibrs_incident i "
            "USING (incident_id) JOIN nibrs_month m USING (nibrs_month_id) JOIN nibrs_offense_type t "
            "USING (offense_type_id) GROUP BY 1, 2, 3",
        )
    }
    assert {key: number for key, number in counts.items() if key[2] == "offense"} == in_database
    group_b = sum(number for key, number in counts.items() if key[2] == "group_b_arrestee")
    assert group_b == sql(location, "SELECT count(*) FROM nibrs_grpb_arrest")[0][0]
    lines = {
        (int(row["agency_id"]), int(row["month"]), row["line"]): int(row["number"])
        for row in table(truth / "return_a-2023.csv.gz")
    }
    assert lines == {
        tuple(row[:3]): row[3]
        for row in sql(
            location,
            "SELECT m.agency_id, m.month_num, c.offense_subcat_code, o.actual_count FROM reta_month m "
            "JOIN reta_month_offense_subcat o USING (reta_month_id) "
            "JOIN reta_offense_subcat c USING (offense_subcat_id)",
        )
    }
    # The zip of the truth and the one that is extracted hold the same records.
    item = StateYear("SC", 2023)
    _, rows = extract(location, catalog, item, tmp_path)
    with zipfile.ZipFile(truth / "2023" / "SC-2023.zip") as archive:
        assert archive.read("README.md").startswith(b"# SIMULATED DATA, NOT REAL: SC-2023\n")
        for name in (
            "nibrs_incident",
            "nibrs_victim",
            "nibrs_victim_offender_rel",
            "nibrs_month",
            "agency_participation",
        ):
            of_truth = list(csv.DictReader(io.StringIO(archive.read(f"{name}.csv").decode())))
            key = nibrs_catalog()[name].primary_key
            assert len(of_truth) == len(rows[name]) > 0
            assert {tuple(row[each] for each in key) for row in of_truth} == {
                tuple(row[each] for each in key) for row in rows[name]
            }


def test_return_a_follows_the_hierarchy(census: Made) -> None:
    location, truth = census.location, census.truth
    # Written anew in another dialect: burglaries without a higher class, larcenies without burglary or theft of a car.
    higher = "'09A','09B','11A','11B','11C','120','13A'"
    expected = sql(
        location,
        "WITH o AS (SELECT incident_id, array_agg(offense_code) AS codes FROM nibrs_offense "
        "JOIN nibrs_offense_type USING (offense_type_id) GROUP BY 1) "
        f"SELECT count(*) FILTER (WHERE NOT codes && ARRAY[{higher},'220','240']::varchar[] AND EXISTS "
        "(SELECT FROM unnest(codes) c WHERE c LIKE '23%')), "
        f"count(*) FILTER (WHERE '240' = ANY(codes) AND NOT codes && ARRAY[{higher},'220']::varchar[]) FROM o",
    )
    found: Counter[str] = Counter()
    for row in table(truth / "return_a-2023.csv.gz"):
        found[row["line"].split("_")[0]] += int(row["number"])
    assert [found["larceny"], found["vehicle"]] == expected[0]


def test_the_truth_says_who_reports_what_and_why(nation_with_gaps: Made) -> None:
    location, truth = nation_with_gaps.location, nation_with_gaps.truth
    agencies = table(truth / "agencies-2023.csv.gz")
    months = {
        (agency, month): status
        for agency, month, status in sql(location, "SELECT agency_id, month_num, reported_status FROM nibrs_month")
    }
    for row in agencies:
        for month, status in enumerate(row["nibrs_months"], start=1):
            assert months.get((int(row["agency_id"]), month), "U") == status
        assert (row["reports_nibrs"] == "Y") == ((int(row["agency_id"]), 1) in months)
    assert {row["reason"] for row in agencies} <= {"at random within the population group", "dormant",
                                                   "covered by another agency"}  # fmt: skip
    reported = sql(location, "SELECT count(*) FROM reta_month WHERE data_year = 2023 AND reported_flag = 'Y'")[0][0]
    assert reported == sum(row["return_a_months"].count("Y") for row in agencies)
    years = sql(location, "SELECT DISTINCT data_year FROM reta_month ORDER BY 1")
    assert years == [[2021], [2022], [2023]]
    described = json.loads((truth / "simulation.json").read_text(encoding="utf-8"))
    assert described["agencies"] == len(agencies)


def test_the_truth_says_who_lives_where_as_the_database_does(nation_with_gaps: Made) -> None:
    location, truth = nation_with_gaps.location, nation_with_gaps.truth
    shares = {
        (int(row["agency_id"]), float(row["income_under_poverty"])) for row in table(truth / "demographics.csv.gz")
    }
    rows = sql(location, "SELECT data_year, agency_id, income_under_poverty FROM ref_agency_demographics")
    assert {year for year, _, _ in rows} == {2021, 2022, 2023}
    assert {(agency, share) for _, agency, share in rows} == shares != set()


def test_residents_are_counted_by_sex_race_ethnicity_and_age(nation_with_gaps: Made) -> None:
    location = nation_with_gaps.location
    columns = [each.name for each in nibrs_catalog()["ref_agency_residents"].columns if each.name.startswith("age_")]
    ages = " + ".join(f"r.{name}" for name in columns)
    rows = sql(
        location,
        f"SELECT p.population, sum({ages}), sum({ages}) FILTER (WHERE sex_code = 'F'), sum({ages}) FILTER (WHERE "
        "race_code = 'B'), sum(r.age_5_to_11 + r.age_12_to_14), d.sex_female, d.race_black, d.age_5_to_14 "
        "FROM ref_agency_residents r JOIN ref_agency_population p USING (agency_id, data_year) JOIN "
        "ref_agency_demographics d USING (agency_id, data_year) GROUP BY r.agency_id, p.population, d.sex_female, "
        "d.race_black, d.age_5_to_14",
    )
    known = sql(location, "SELECT count(*) FROM ref_agency_demographics WHERE data_year = 2023")
    assert [[len(rows)]] == known
    for population, residents, *groups, female, black, pupils in rows:
        assert residents == population
        for number, share in zip(groups, (1.01 * female, black, pupils), strict=True):
            assert abs((number or 0) - share * population) < 6 * (share * population) ** 0.5 + 0.02 * population + 1
    [[hispanic]] = sql(
        location,
        f"SELECT sum({ages}) FILTER (WHERE ethnicity_code = 'H')::float / sum({ages}) FROM ref_agency_residents r",
    )
    assert 0.05 < hispanic < 0.45


def test_the_truth_of_every_unknown_item_is_told(nation_with_gaps: Made) -> None:
    """What it says is in the truth's zip, and is unknown in the database; nothing else is unknown there."""
    location, truth = nation_with_gaps.location, nation_with_gaps.truth
    told: Counter[tuple[str, str]] = Counter()
    for folder in sorted((truth / "2023").glob("*-unknown")):
        with zipfile.ZipFile(truth / "2023" / f"{folder.name.removesuffix('-unknown')}.zip") as archive:
            for path in folder.iterdir():
                name = path.name.removesuffix(".csv.gz")
                rows = table(path)
                [key] = {*rows[0]} - {"item", "value"}
                of_truth = {row[key]: row for row in csv.DictReader(io.StringIO(archive.read(f"{name}.csv").decode()))}
                for row in rows:
                    told[name, row["item"]] += 1
                    if column := {"sex": "sex_code", "hour": "incident_hour", "value": "property_value"}.get(
                        row["item"]
                    ):
                        assert of_truth[row[key]][column] == row["value"] != ""
                    if row["item"] == "race":
                        assert identifiers("ref_race")[row["value"]] == int(of_truth[row[key]]["race_id"])
    unknown = {
        ("nibrs_victim", "sex"): "nibrs_victim WHERE sex_code = 'U'",
        ("nibrs_offender", "age"): "nibrs_offender JOIN nibrs_age USING (age_id) WHERE age_code = '00'",
        ("nibrs_offender", "ethnicity"): "nibrs_offender JOIN nibrs_ethnicity USING (ethnicity_id) "
        "WHERE ethnicity_code = 'U'",
        ("nibrs_arrestee", "race"): "nibrs_arrestee JOIN ref_race USING (race_id) WHERE race_code = 'U'",
        ("nibrs_grpb_arrest", "ethnicity"): "nibrs_grpb_arrest JOIN nibrs_ethnicity USING (ethnicity_id) "
        "WHERE ethnicity_code = 'U'",
        ("nibrs_victim_offender_rel", "relationship"): "nibrs_victim_offender_rel JOIN nibrs_relationship "
        "USING (relationship_id) WHERE relationship_code = 'RU'",
        ("nibrs_property_desc", "value"): "nibrs_property_desc WHERE property_value = 1",
    }
    for (name, item), condition in unknown.items():
        [[number]] = sql(location, f"SELECT count(*) FROM {condition}")
        # Nobody knows an offender of number 0, and some property is worth a dollar.
        assert told[name, item] == number or item == "value", (name, item)
        assert told[name, item] > 0, (name, item)


def test_history_has_as_much_crime_as_the_years_trend(nation_with_gaps: Made) -> None:
    totals = dict(
        sql(
            nation_with_gaps.location,
            "SELECT m.data_year, sum(o.actual_count)::int FROM reta_month m JOIN reta_month_offense_subcat o "
            "USING (reta_month_id) WHERE m.agency_id IN (SELECT agency_id FROM reta_month GROUP BY 1 "
            "HAVING count(*) FILTER (WHERE reported_flag = 'Y') = 36) GROUP BY 1",
        )
    )
    assert np.ptp(list(totals.values())) < 0.35 * max(totals.values())


def test_every_simulated_zip_keeps_the_rules(nation_with_gaps: Made, catalog: Catalog) -> None:
    for state in ("NE", "RI", "SC", "UT"):
        connection = open_zip(nation_with_gaps.truth / "2023" / f"{state}-2023.zip", catalog)
        assert not [each.check.name for each in findings(connection, catalog) if each.broken]


def test_low_months_are_low_in_return_a_too(home: Home, location: DatabaseLocation) -> None:
    truth = home.path / "truth"
    simulate(location, World("tiny", 1.0, (2023,), 1, "random", 10), truth, 1)
    low = {
        (int(row["agency_id"]), month)
        for row in table(truth / "agencies-2023.csv.gz")
        for month, flag in enumerate(row["low_months"], start=1)
        if flag == "Y"
    }
    true = Counter[tuple[int, int]]()
    for row in table(truth / "return_a-2023.csv.gz"):
        true[int(row["agency_id"]), int(row["month"])] += int(row["number"])
    reported = {
        (agency, month): number
        for agency, month, number in sql(
            location,
            "SELECT agency_id, month_num, sum(actual_count)::int FROM reta_month "
            "LEFT JOIN reta_month_offense_subcat USING (reta_month_id) WHERE reported_flag = 'Y' GROUP BY 1, 2",
        )
    }
    assert sum(true[each] for each in low) > 30
    assert sum(reported[each] or 0 for each in low) < 0.2 * sum(true[each] for each in low)
    assert all((reported[each] or 0) == true[each] for each in reported.keys() - low)


@pytest.mark.parametrize("name", ["agencies", "counts", "return_a"])
def test_the_truth_opens_in_r_in_one_line(nation_with_gaps: Made, name: str) -> None:
    path = nation_with_gaps.truth / f"{name}-2023.csv.gz"
    said = subprocess.run(
        ["Rscript", "-e", f"cat(nrow(read.csv('{path}')))"], check=True, capture_output=True, text=True
    ).stdout
    assert int(said) == len(table(path))


def test_the_same_nation_again_is_nothing_to_do_and_another_is_refused(home: Home, location: DatabaseLocation) -> None:
    truth = home.path / "truth"
    simulate(location, WORLD, truth, 1)
    assert simulate(location, WORLD, truth, 1) is None
    with pytest.raises(SimulationError, match="a nation needs an empty one"):
        simulate(location, World("tiny", 0.2, (2023,), 3, "random", 2), truth, 1)


def test_a_simulation_that_fails_leaves_the_database_empty(
    home: Home, location: DatabaseLocation, catalog: Catalog, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*arguments: object) -> None:
        raise RuntimeError("the disk is full")

    monkeypatch.setattr(nation, "write_compressed", fail)
    with pytest.raises(RuntimeError, match="the disk is full"):
        simulate(location, WORLD, home.path / "truth", 1)
    assert not any(content(location, catalog).values())
    monkeypatch.undo()
    assert simulate(location, WORLD, home.path / "truth", 1) is not None


def test_a_folder_with_other_files_is_not_overwritten(home: Home, location: DatabaseLocation) -> None:
    truth = home.path / "truth"
    truth.mkdir(parents=True)
    (truth / "thesis.txt").write_text("mine")
    with pytest.raises(SimulationError, match="holds other files"):
        simulate(location, WORLD, truth, 1)
    assert (truth / "thesis.txt").read_text() == "mine"


def test_every_state_year_says_that_it_is_simulated(nation_with_gaps: Made) -> None:
    years = sql(
        nation_with_gaps.location,
        "SELECT state, data_year FROM source_note WHERE kind = 'simulated' AND note LIKE 'Simulated%' ORDER BY 1, 2",
    )
    expected = sql(
        nation_with_gaps.location,
        "SELECT DISTINCT s.state_postal_abbr, p.year FROM agency_participation p JOIN ref_state s USING (state_abbr) "
        "ORDER BY 1, 2",
    )
    assert years == expected
    assert {year for _, year in years} == {2021, 2022, 2023}


def test_no_key_of_a_simulated_row_can_be_one_of_the_fbi_or_one_that_loading_gives(
    nation_with_gaps: Made, catalog: Catalog
) -> None:
    numbered = [
        (table.name, column.name)
        for table in catalog.tables
        if table.kind != "code" and content_is_of_months_or_agencies(catalog, table)
        for column in table.columns
        if column.primary_key and column.type == "bigint"
    ]
    assert ("nibrs_weapon", "nibrs_weapon_id") in numbered
    assert ("ref_agency", "agency_id") in numbered
    for table, column in numbered:
        [[least, most]] = sql(nation_with_gaps.location, f"SELECT min({column}), max({column}) FROM {table}")
        assert least is None or least > SIMULATED_KEYS, (table, column)
        assert table != "nibrs_month" or most <= GIVEN_KEYS


def content_is_of_months_or_agencies(catalog: Catalog, table: Table) -> bool:
    return catalog.lineage(table)[-1].name in ("nibrs_month", "ref_agency", "cde_agencies", "reta_month")


def test_a_real_state_year_is_not_put_beside_simulated_ones(nation_with_gaps: Made, catalog: Catalog) -> None:
    with pytest.raises(BadFile, match=r"DC-2018 is real and the database holds simulated state-years; load it into a"):
        load_zip(connect(nation_with_gaps.location), catalog, real_zip("DC-2018"))
