"""The Parquet set of all state-years: the rows of the zips, whichever program reads it, and nothing out of date."""

import csv
import hashlib
import io
import json
import re
import subprocess
import zipfile
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import pandas as pd
import polars as pl
import pyarrow.parquet as pq
import pytest
import trustme
from frictionless import Package
from nibrs_home import embedded_postgres
from nibrs_home.home import BUCKET, Home
from nibrs_pipeline.archive.manifest import StateYearManifest
from nibrs_pipeline.catalog import Catalog
from nibrs_pipeline.database.location import DatabaseLocation
from nibrs_pipeline.plan.planning import reasons_out_of_date
from nibrs_pipeline.state_year import StateYear

from tests.conftest import missing
from tests.https_folder import over_https
from tests.reading import set_blocks
from tests.runs import load_trial, public_files, published_manifest, published_zip, run, sql, zips
from tests.unit.samples import manifest, source

pytestmark = pytest.mark.usefixtures("parquet")

ROOT = Path(__file__).parents[2]
DE, RI = StateYear("DE", 2015), StateYear("RI", 2016)
ALL = [StateYear(state, year) for state in ("DE", "RI") for year in (2015, 2016)]

World = tuple[Home, DatabaseLocation]


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """The made-up world, published; an agency of it is covered by another in one year."""
    home = Home(tmp_path_factory.mktemp("parquet"))
    with embedded_postgres.database(home) as location:
        load_trial(home.scratch("trial"), location)
        sql(
            location,
            "INSERT INTO ref_agency_covered_by_flat (data_year, agency_id, covered_by_agency_id) "
            "SELECT 2016, min(agency_id), max(agency_id) FROM agency_participation "
            "WHERE year = 2016 AND state_abbr = 'RI'",
        )
        run(home, location)
        yield home, location


def folder(world: World) -> Path:
    return world[0].objects / BUCKET / "parquet"


def files(world: World) -> dict[str, bytes]:
    """The set by its places; the database of views has an identifier of its own each time."""
    found = {path.relative_to(folder(world)).as_posix(): path for path in folder(world).rglob("*") if path.is_file()}
    return {name: path.read_bytes() for name, path in found.items() if name != "nibrs.duckdb"}


def rows_of_zips(world: World, table: str) -> list[dict[str, str]]:
    """The rows of a table in all zips, with the zip's state and year."""
    found = []
    for item in ALL:
        with zipfile.ZipFile(published_zip(world[0], item)) as archive:
            rows = csv.DictReader(io.StringIO(archive.read(f"{table}.csv").decode(), newline=""))
            found += [{**row, "state": item.state, "data_year": str(item.year)} for row in rows]
    return found


def as_text(value: Any) -> str:
    """A value as a CSV file of PostgreSQL has it."""
    if value is None:
        return ""
    if isinstance(value, float):
        return format(Decimal(str(value)).normalize(), "f")
    return str(value)


def comparable(text: str) -> str:
    try:
        return format(Decimal(text).normalize(), "f")
    except ArithmeticError:
        return text


def attached(world: World) -> duckdb.DuckDBPyConnection:
    connection = duckdb.connect()
    connection.execute(
        f"SET VARIABLE nibrs = '{folder(world)}/'; "
        f"ATTACH '{folder(world)}/nibrs.duckdb' AS nibrs (READ_ONLY); USE nibrs"
    )
    return connection


def test_every_view_has_the_rows_of_all_zips(world: World, catalog: Catalog) -> None:
    with attached(world) as connection:
        for table in catalog.data_tables:
            columns = [*dict.fromkeys([*table.column_names, "state", "data_year"])]
            listed = ", ".join(f'"{name}"' for name in columns)
            found = connection.execute(f"SELECT {listed} FROM {table.name}").fetchall()
            expected = [tuple(comparable(row[name]) for name in columns) for row in rows_of_zips(world, table.name)]
            assert expected, table.name
            assert sorted(tuple(comparable(as_text(value)) for value in row) for row in found) == sorted(expected)


def test_types_are_the_catalogs(world: World) -> None:
    schema = dict(
        pl.read_parquet_schema(folder(world) / "nibrs_incident/data_year=2015/state=DE/nibrs_incident.parquet")
    )
    assert (schema["incident_id"], schema["incident_hour"]) == (pl.Int64, pl.Int16)
    assert schema["incident_date"] == pl.Datetime("us")
    assert "data_year" not in pl.read_parquet_schema(
        folder(world) / "nibrs_month/data_year=2015/state=DE/nibrs_month.parquet"
    )


def test_codes_are_there_as_names(world: World) -> None:
    offenses = rows_of_zips(world, "nibrs_offense")
    with attached(world) as connection:
        found = connection.execute(
            "SELECT count(*), count(offense_name), count(location_name), count(DISTINCT offense_code) "
            "FROM nibrs_offense"
        ).fetchall()
        assert found[0][:3] == (len(offenses),) * 3
        assert found[0][3] == len({row["offense_type_id"] for row in offenses})
        [[robberies]] = connection.execute(
            "SELECT count(*) FROM nibrs_offense WHERE offense_name = 'Robbery' AND state = 'RI' AND data_year = 2016"
        ).fetchall()
    number = {
        row["offense_type_id"] for row in rows_of_zips(world, "nibrs_offense_type") if row["offense_name"] == "Robbery"
    }
    of_state_year = [row for row in offenses if (row["state"], row["data_year"]) == ("RI", "2016")]
    assert robberies == sum(row["offense_type_id"] in number for row in of_state_year) > 0


def test_agencies_have_residents_months_and_who_reports_for_them(world: World) -> None:
    with attached(world) as connection:
        found = connection.execute(
            "SELECT a.ori, b.ori FROM agencies a JOIN agencies b "
            "ON b.agency_id = a.covered_by_agency_id AND b.state = a.state AND b.data_year = a.data_year "
            "WHERE a.covered = 'Y' AND a.covered_by_ori = b.ori"
        ).fetchall()
        assert len(found) == 1
        assert found[0][0] != found[0][1]
        [[count, residents, months]] = connection.execute(
            "SELECT count(*), sum(population), sum(nibrs_months) FROM agencies WHERE state = 'RI' AND data_year = 2016"
        ).fetchall()
    rows = [row for row in rows_of_zips(world, "agency_participation") if (row["state"], row["year"]) == ("RI", "2016")]
    assert count == len(rows)
    assert residents == sum(int(row["agency_population"] or 0) for row in rows)
    assert months == sum(int(row["nibrs_months_reported"] or 0) for row in rows)


def test_a_condition_on_state_and_year_reads_their_files_alone(world: World) -> None:
    with attached(world) as connection:
        query = "SELECT count(location_name) FROM nibrs_offense WHERE state = 'DE' AND data_year = 2015"
        plan = str(connection.execute(f"EXPLAIN ANALYZE {query}").fetchall()[0][1])
    assert plan.count("Scanning Files: 1/4") == plan.count("Scanning Files: ") > 1


def test_views_are_made_by_their_statements_where_they_lie(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(folder(world))
    with duckdb.connect() as connection:
        connection.execute(Path("nibrs.sql").read_text())
        [[found]] = connection.execute("SELECT count(*) FROM nibrs_victim").fetchall()
    assert found == len(rows_of_zips(world, "nibrs_victim"))


def test_what_readers_are_told_to_type_works(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(folder(world).parent)
    [statements], [by_polars] = set_blocks("sql", {"2016": "2016"}), set_blocks("python", {"AZ": "RI"})
    with duckdb.connect() as connection:
        robberies = connection.execute(statements).fetchall()
    assert {row[0] for row in robberies} == {"DE", "RI"}
    known: dict[str, Any] = {}
    exec(by_polars, known)
    in_zip = [row for row in rows_of_zips(world, "nibrs_offense") if (row["state"], row["data_year"]) == ("RI", "2016")]
    assert known["offenses"].collect().height == len(in_zip)


def test_one_line_opens_the_set_over_https(world: World, tmp_path: Path) -> None:
    python, reader = ROOT / ".tools" / "duckdb" / "bin" / "python", ROOT / "tests" / "duckdb_over_https" / "read.py"
    if not python.exists():
        missing("the DuckDB that reads over https is not installed; make setup-test")
    authority, certificates = trustme.CA(), tmp_path / "authority.pem"
    authority.cert_pem.write_to_path(str(certificates))
    with over_https(folder(world).parent, authority) as address:
        [statements] = set_blocks("sql", {"'parquet/": f"'{address}parquet/"})
        answer = subprocess.run([python, reader, certificates, statements], capture_output=True, text=True, check=False)
    assert answer.returncode == 0, answer.stderr
    with attached(world) as connection:
        expected = connection.execute(statements.split(";")[-2]).fetchall()
    assert json.loads(answer.stdout) == [list(row) for row in expected] != []


def test_polars_and_pandas_read_the_folders(world: World) -> None:
    expected = len(rows_of_zips(world, "nibrs_month"))
    by_polars = pl.scan_parquet(folder(world) / "nibrs_month", hive_partitioning=True).collect()
    assert len(by_polars) == len(pd.read_parquet(folder(world) / "nibrs_month")) == expected
    assert set(by_polars["state"]) == {"DE", "RI"}
    assert set(by_polars["data_year"]) == {2015, 2016}


def test_the_descriptor_says_to_programs_what_lies_there(world: World) -> None:
    package = Package(str(folder(world) / "datapackage.json"))
    assert package.to_descriptor()["title"] == "NIBRS, all state-years"
    assert {resource.path: (resource.bytes, resource.hash) for resource in package.resources} == {
        name: (len(content), f"sha256:{hashlib.sha256(content).hexdigest()}")
        for name, content in files(world).items()
        if name.endswith(".parquet")
    }
    kinds = {"int": "integer", "double": "number", "string": "string", "timestamp": "datetime"}
    for resource in package.resources:
        found = pq.read_schema(folder(world) / str(resource.path))
        types = [kinds[re.sub(r"[\d\[].*", "", str(kind))] for kind in found.types]
        assert dict(zip(found.names, types, strict=True)) == {
            field.name: field.type for field in resource.schema.fields
        }
        assert all(field.description for field in resource.schema.fields)


def test_the_manifest_lists_what_lies_there(world: World) -> None:
    listed = {
        entry.name: (entry.bytes, entry.sha256) for item in ALL for entry in published_manifest(world[0], item).parquet
    }
    there = {
        name: (len(content), hashlib.sha256(content).hexdigest())
        for name, content in files(world).items()
        if name.endswith(".parquet")
    }
    assert listed == there
    assert len({name.partition("/")[0] for name in listed}) == 24


def test_the_same_data_give_the_same_bytes_with_the_set_or_without(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    home, location = world
    before, zips_before = files(world), zips(public_files(home))
    database = (folder(world) / "nibrs.duckdb").read_bytes()
    run(home, location, run_id="again", force=True)
    assert files(world) == before
    assert (folder(world) / "nibrs.duckdb").read_bytes() == database
    monkeypatch.setenv("PARQUET", "no")
    run(home, location, run_id="without", force=True, states=["DE"])
    assert zips(public_files(home)) == zips_before
    assert {name for name in files(world) if "state=DE" in name} == set(), "what is not current is gone"
    assert "DE" not in files(world)["nibrs.sql"].decode()
    assert "state=DE" not in files(world)["datapackage.json"].decode()
    run(home, location, run_id="none", force=True)
    assert [path for path in folder(world).rglob("*") if path.is_file()] == []
    monkeypatch.delenv("PARQUET")
    run(home, location, run_id="with")
    assert files(world) == before


def test_a_manifest_of_an_earlier_version_is_read_and_its_zip_made_anew(catalog: Catalog) -> None:
    earlier = manifest("AZ", 2016).model_dump(exclude={"parquet"}, mode="json")
    found = StateYearManifest.model_validate(earlier)
    assert found.parquet == ()
    assert reasons_out_of_date(found, source(("AZ", 2016)), catalog, parquet=True) == [
        "there are no Parquet files of it"
    ]
    assert reasons_out_of_date(found, source(("AZ", 2016)), catalog, parquet=False) == []
