"""Helpers that run the state machine in tests."""

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from nibrs_local.home import BUCKET, Home
from nibrs_local.lambda_pool import LambdaPool
from nibrs_local.loading import load_zip
from nibrs_local.local_run import Outcome, run_locally
from nibrs_local.trial_data import write_trial_zips
from nibrs_local.watching import RunView
from nibrs_pipeline.catalog import nibrs_catalog
from nibrs_pipeline.database import DatabaseLocation, connect
from nibrs_pipeline.keys import StateYear, manifest_of, public_zip_key
from nibrs_pipeline.manifest import StateYearManifest


def silently(look: Callable[[], RunView], rows: Callable[[], int]) -> RunView:
    while not (view := look()).is_over:
        time.sleep(0.2)
    return view


def run(
    home: Home,
    location: DatabaseLocation,
    on_start: Callable[[LambdaPool], None] = lambda pool: None,
    **request: Any,
) -> Outcome:
    return run_locally(home, location, {"run_id": "test", **request}, silently, on_start)


def load(location: DatabaseLocation, *paths: Path) -> None:
    connection = connect(location)
    for path in paths:
        load_zip(connection, nibrs_catalog(), path)
    connection.close()


def load_trial(home: Home, location: DatabaseLocation) -> None:
    """Two states, two years: DE and RI, 2015 and 2016."""
    load(location, *write_trial_zips(home.scratch("trial")))


def sql(location: DatabaseLocation, statement: str) -> list[list[Any]]:
    connection = connect(location)
    try:
        return list(connection.run(statement) or [])
    finally:
        connection.close()


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
