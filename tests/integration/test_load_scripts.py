"""A zip's own scripts load it into PostgreSQL and SQLite, its README's queries run, its descriptor is true."""

import re
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import frictionless
import pytest
from nibrs_home import embedded_postgres
from nibrs_home.home import Home
from nibrs_pipeline.catalog import Catalog
from nibrs_pipeline.database.location import DatabaseLocation
from nibrs_pipeline.extract.documents.data_package import DATA_PACKAGE
from nibrs_pipeline.state_year import StateYear

from tests.runs import in_psql, load_trial, published_manifest, published_zip, run, sql

ITEMS = [StateYear("DE", 2015), StateYear("DE", 2016), StateYear("RI", 2015)]


@pytest.fixture(scope="module")
def published(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Home]:
    """A home with the made-up world published; the source of RI-2015 has no Group B arrests."""
    home = Home(tmp_path_factory.mktemp("published"))
    with embedded_postgres.database(home) as location:
        load_trial(home.scratch("trial"), location)
        arrests = "SELECT grpb_arrest_id FROM nibrs_grpb_arrest WHERE agency_id >= 44000 AND arrest_year = 2015"
        for table in ("nibrs_grpb_arrest_weapon", "nibrs_grpb_arrest"):
            sql(location, f"DELETE FROM {table} WHERE grpb_arrest_id IN ({arrests})")
        sql(location, "INSERT INTO source_note VALUES ('RI', 2015, 'not_in_source', 'nibrs_grpb_arrest', NULL, 'x')")
        assert run(home, location).view.status == "SUCCEEDED"
        yield home


@pytest.fixture
def unzipped(published: Home, tmp_path: Path) -> list[Path]:
    """The zips of ``ITEMS``, unzipped as a user would."""
    folders = []
    for item in ITEMS:
        folders.append(tmp_path / str(item))
        subprocess.run(["unzip", "-q", str(published_zip(published, item)), "-d", str(folders[-1])], check=True)
    return folders


def in_sqlite(folder: Path, script: str, database: Path) -> subprocess.CompletedProcess[str]:
    with (folder / script).open() as commands:
        return subprocess.run(
            ["sqlite3", str(database)], stdin=commands, cwd=folder, text=True, capture_output=True, check=False
        )


def expected_rows(home: Home, catalog: Catalog) -> dict[str, int]:
    manifests = [published_manifest(home, item) for item in ITEMS]
    total = {table.name: sum(each.rows.get(table.name, 0) for each in manifests) for table in catalog.data_tables}
    codes = {table.name: manifests[0].rows[table.name] for table in catalog.code_tables}
    # Both years of DE have the same agencies.
    return {**total, **codes, "cde_agencies": manifests[0].rows["cde_agencies"] + manifests[2].rows["cde_agencies"]}


def sample_queries(folder: Path) -> list[str]:
    found = re.findall(r"```sql\n(.*?)```", (folder / "README.md").read_text(), re.DOTALL)
    assert len(found) >= 5
    return found


def test_several_zips_load_into_sqlite(published: Home, catalog: Catalog, unzipped: list[Path], tmp_path: Path) -> None:
    database = tmp_path / "nibrs.db"
    steps = [(unzipped[0], "sqlite_setup.sql"), *((folder, "sqlite_load.sql") for folder in unzipped)]
    for folder, script in steps:
        done = in_sqlite(folder, script, database)
        assert (done.returncode, done.stderr, done.stdout) == (0, "", ""), script
    with sqlite3.connect(database) as connection:
        counts = {t.name: connection.execute(f"SELECT count(*) FROM {t.name}").fetchone()[0] for t in catalog.published}
        assert counts == expected_rows(published, catalog)
        assert connection.execute("SELECT count(*) FROM nibrs_victim WHERE age_num = ''").fetchone() == (0,)
        assert connection.execute("SELECT count(*) FROM nibrs_victim WHERE age_num IS NULL").fetchone()[0] > 0
        for query in sample_queries(unzipped[0]):
            assert connection.execute(query).fetchall(), query


def test_several_zips_load_into_postgresql(
    published: Home, location: DatabaseLocation, catalog: Catalog, unzipped: list[Path]
) -> None:
    sql(location, "CREATE DATABASE reader")
    steps = [(unzipped[0], "postgres_setup.sql"), *((folder, "postgres_load.sql") for folder in unzipped)]
    for folder, script in steps:
        done = in_psql(folder, script, location, "reader")
        assert (done.returncode, done.stderr) == (0, ""), script
    reader = DatabaseLocation(location.host, location.port, location.user, "", "reader", "")
    counts = {table.name: sql(reader, f"SELECT count(*) FROM {table.name}")[0][0] for table in catalog.published}
    assert counts == expected_rows(published, catalog)
    for query in sample_queries(unzipped[0]):
        assert sql(reader, query), query


def test_the_same_zip_twice_is_refused_and_changes_nothing(unzipped: list[Path], tmp_path: Path) -> None:
    database = tmp_path / "nibrs.db"
    in_sqlite(unzipped[0], "sqlite_setup.sql", database)
    in_sqlite(unzipped[0], "sqlite_load.sql", database)
    again = in_sqlite(unzipped[0], "sqlite_load.sql", database)
    assert again.returncode != 0
    with sqlite3.connect(database) as connection:
        rows = connection.execute("SELECT count(*) FROM nibrs_offense").fetchone()[0]
    assert rows == len((unzipped[0] / "nibrs_offense.csv").read_text().splitlines()) - 1


def test_the_data_dictionary_has_every_column_of_every_file(unzipped: list[Path], catalog: Catalog) -> None:
    lines = (unzipped[0] / "data_dictionary.csv").read_text().splitlines()[1:]
    documented = {tuple(line.split(",")[:3:2]) for line in lines}
    headers = {
        (table.name, column)
        for table in catalog.published
        for column in (unzipped[0] / table.csv_name).read_text().splitlines()[0].split(",")
    }
    assert documented == headers


def test_every_file_that_the_readme_names_is_in_the_zip(unzipped: list[Path]) -> None:
    text = (unzipped[0] / "README.md").read_text()
    named = set(re.findall(r"`([\w.]+\.(?:csv|sql|svg|md|html))`", text)) - {"AZ-2016.zip"}
    assert named
    assert [name for name in sorted(named) if not (unzipped[0] / name).exists()] == []


def test_frictionless_reads_a_zip_by_its_descriptor_and_finds_nothing_wrong(
    unzipped: list[Path], catalog: Catalog
) -> None:
    for folder in unzipped:
        report = frictionless.validate(folder / DATA_PACKAGE)
        assert report.flatten(["path", "rowNumber", "fieldName", "note"]) == []
        there = {table.name for table in catalog.published if (folder / table.csv_name).exists()}
        assert {task.name for task in report.tasks} >= there
        assert len(there) == (43 if folder.name == "RI-2015" else 45)


def test_a_zip_without_group_b_arrests_says_so_in_its_documents(unzipped: list[Path]) -> None:
    with_them, without = unzipped[0], unzipped[2]
    for name in ("README.md", "README.html", "data_dictionary.csv", "nibrs_erd.svg", "sqlite_load.sql"):
        assert "nibrs_grpb_arrest_weapon" in (with_them / name).read_text(), name
        assert "nibrs_grpb_arrest_weapon" not in (without / name).read_text(), name
    text = (without / "README.md").read_text()
    assert "are not in this zip, since its source does not" in text
    assert "The 20 tables of this state and year" in text
    assert "The 22 tables of this state and year" in (with_them / "README.md").read_text()


def test_frictionless_finds_a_row_that_the_descriptor_forbids(unzipped: list[Path]) -> None:
    path = unzipped[0] / "nibrs_weapon.csv"
    header, first, *rest = path.read_text().splitlines()
    fields = first.split(",")
    fields[header.split(",").index("offense_id")] = "7"
    path.write_text("\n".join([header, ",".join(fields), *rest]) + "\n")
    report = frictionless.validate(unzipped[0] / DATA_PACKAGE)
    types = {error.type for task in report.tasks for error in task.errors if task.name == "nibrs_weapon"}
    assert {"foreign-key", "hash-count"} <= types


def test_the_readmes_lines_for_frictionless_run(unzipped: list[Path]) -> None:
    blocks = re.findall(r"```python\n(.*?)```", (unzipped[0] / "README.md").read_text(), re.DOTALL)
    [lines] = [block for block in blocks if "frictionless" in block]
    done = subprocess.run(
        [sys.executable, "-c", lines + "print(len(offense), offense.index.name)"],
        cwd=unzipped[0], capture_output=True, text=True, check=False,
    )  # fmt: skip
    rows = len((unzipped[0] / "nibrs_offense.csv").read_text().splitlines()) - 1
    assert (done.stdout, done.stderr) == (f"{rows} offense_id\n", "")
