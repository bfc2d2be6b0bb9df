"""When things go wrong: a right result after a retry, or a failed run that names the cause; never a wrong file."""

import hashlib
import json
import os
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import Event, Thread
from typing import Any

import pytest
from moto.s3.models import S3Backend
from nibrs_engine.container_tasks import TaskPool
from nibrs_engine.lambda_pool import LambdaPool
from nibrs_home import embedded_postgres
from nibrs_home.home import BUCKET, Home
from nibrs_pipeline.database.connection import connect
from nibrs_pipeline.database.location import DatabaseLocation
from nibrs_pipeline.state_year import StateYear
from werkzeug.exceptions import ServiceUnavailable

from tests.runs import load_trial, public_files, published_zip, run, sql, zips

pytestmark = pytest.mark.usefixtures("unmeasured")

ALL = {"2015/DE-2015.zip", "2016/DE-2016.zip", "2015/RI-2015.zip", "2016/RI-2016.zip"}
WAITING = "SELECT pid FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND query LIKE 'COPY%'"


@pytest.fixture(scope="module")
def right(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, bytes]]:
    """The zips as a run without trouble makes them."""
    home = Home(tmp_path_factory.mktemp("right"))
    with embedded_postgres.database(home) as location:
        load_trial(home.scratch("trial"), location)
        outcome = run(home, location)
        assert outcome.view.status == "SUCCEEDED", outcome.view.cause
        yield zips(public_files(home))
    embedded_postgres.stop(home)


YEARS = [2015, 2016]


@contextmanager
def disturbed(location: DatabaseLocation, act: Callable[[], None]) -> Iterator[None]:
    """Hold every extraction up in the middle of a COPY, act, and let them go on.

    The run has to name its years: a first run over everything counts all tables, and would wait for the lock.
    """
    blocker = connect(location)
    blocker.run("BEGIN")
    blocker.run("LOCK TABLE nibrs_property IN ACCESS EXCLUSIVE MODE")

    over = Event()

    def disturb() -> None:
        while not sql(location, WAITING):
            if over.wait(0.05):
                return
        act()
        blocker.run("ROLLBACK")

    thread = Thread(target=disturb)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()
        blocker.close()


def test_a_function_killed_in_mid_copy_is_tried_again(
    home: Home, loaded: DatabaseLocation, right: dict[str, bytes]
) -> None:
    pools: list[LambdaPool] = []
    killed: list[int] = []

    def kill() -> None:
        time.sleep(0.5)
        for pid in pools[0].processes("ExtractStateYearFunction"):
            os.kill(pid, signal.SIGKILL)
            killed.append(pid)

    with disturbed(loaded, kill):
        outcome = run(home, loaded, on_start=lambda pool, tasks: pools.append(pool), years=YEARS)
    assert killed
    assert outcome.view.status == "SUCCEEDED"
    assert zips(public_files(home)) == right


def test_a_connection_dropped_in_mid_copy_is_tried_again(
    home: Home, loaded: DatabaseLocation, right: dict[str, bytes]
) -> None:
    with disturbed(loaded, lambda: sql(loaded, f"SELECT pg_terminate_backend(pid) FROM ({WAITING}) t") and None):
        outcome = run(home, loaded, years=YEARS)
    assert outcome.view.status == "SUCCEEDED"
    assert "DatabaseUnavailable" in "".join(path.read_text() for path in outcome.logs.glob("ExtractStateYear-*.log"))
    assert zips(public_files(home)) == right


def refuse_writes(text: str, times: int) -> list[str]:
    """Let S3 answer 503 to writes of keys that hold a text, as often as told; returns the keys refused.

    Called when the emulation runs, which puts everything back at its end.
    """
    refused: list[str] = []
    put = S3Backend.put_object

    def put_object(self: S3Backend, bucket_name: str, key_name: str, *args: Any, **options: Any) -> Any:
        if text in key_name and len(refused) < times:
            refused.append(key_name)
            raise ServiceUnavailable("Please reduce your request rate.")
        return put(self, bucket_name, key_name, *args, **options)

    S3Backend.put_object = put_object  # type: ignore[method-assign]
    return refused


@pytest.mark.parametrize("times", [2, 6], ids=["within boto3's own tries", "beyond them"])
def test_an_s3_that_answers_503_for_a_while_is_tried_again(
    home: Home, loaded: DatabaseLocation, right: dict[str, bytes], times: int
) -> None:
    refused: list[list[str]] = []
    outcome = run(home, loaded, on_start=lambda pool, tasks: refused.append(refuse_writes("DE-2015.zip", times)))
    assert refused[0] == ["runs/test/downloads/2015/DE-2015.zip"] * times
    assert outcome.view.status == "SUCCEEDED"
    log = (outcome.logs / "ExtractStateYear-DE-2015.log").read_text()
    assert ("StorageUnavailable" in log) == (times > 4)
    assert zips(public_files(home)) == right


def test_an_s3_that_breaks_down_while_publishing_leaves_no_wrong_file_and_is_completed(
    home: Home, loaded: DatabaseLocation, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PARQUET", "yes")
    run(home, loaded, run_id="before")
    sql(loaded, "UPDATE nibrs_month SET update_flag = 'Y'")

    def refuse(pool: LambdaPool, tasks: TaskPool) -> None:
        refuse_writes("downloads/index.json", 1000)

    broken = run(home, loaded, run_id="broken", on_start=refuse)
    assert broken.view.status == "FAILED"
    assert broken.view.failure[0] == "StorageUnavailable"
    files = public_files(home)
    for name, content in zips(files).items():
        manifest = json.loads(files[name.replace(".zip", ".manifest.json")])
        assert hashlib.sha256(content).hexdigest() == manifest["zip"]["sha256"]
    assert run(home, loaded, run_id="broken").view.status == "SUCCEEDED"
    index = json.loads(public_files(home)["index.json"])
    assert {entry["file"]: entry["sha256"] for entry in index["state_years"]} == {
        name: hashlib.sha256(content).hexdigest() for name, content in zips(public_files(home)).items()
    }


def test_a_full_disk_fails_the_run_by_name_and_publishes_nothing(home: Home, loaded: DatabaseLocation) -> None:
    if os.geteuid() != 0:
        pytest.skip("a small disk can only be mounted by root")
    folder = home.scratch("test") / "tmp"
    folder.mkdir(parents=True)
    if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=72k", "small", str(folder)], check=False).returncode:
        pytest.skip("this machine does not let root mount")
    try:
        outcome = run(home, loaded)
    finally:
        subprocess.run(["umount", "-l", str(folder)], check=True)
    assert outcome.view.status == "FAILED"
    assert "DiskFull" in outcome.view.cause
    assert "no space left" in outcome.view.cause
    assert public_files(home) == {}


def test_a_failed_item_does_not_stop_the_others_and_only_it_is_redone(
    home: Home, loaded: DatabaseLocation, right: dict[str, bytes]
) -> None:
    run(home, loaded, run_id="before")
    published = public_files(home)
    sql(loaded, "CREATE TABLE kept AS SELECT * FROM nibrs_weapon")
    sql(loaded, "DELETE FROM nibrs_weapon w USING nibrs_offense o, nibrs_incident i, nibrs_month m, ref_agency a, "
                "ref_state s WHERE o.offense_id = w.offense_id AND i.incident_id = o.incident_id AND "
                "m.nibrs_month_id = i.nibrs_month_id AND a.agency_id = m.agency_id AND s.state_id = a.state_id "
                "AND s.state_abbr = 'DE' AND m.data_year = 2015")  # fmt: skip
    sql(loaded, "UPDATE nibrs_month SET update_flag = 'Y' WHERE data_year = 2016")

    failed = run(home, loaded, run_id="broken")
    assert failed.view.status == "FAILED"
    name, message = failed.view.failure
    assert name == "MissingExtracts"
    assert "1 of 3 state-years were not extracted" in message
    assert "DE-2015: EmptyTable: nibrs_weapon of DE-2015 has no rows, the published zip has" in message
    assert public_files(home) == published
    report = (failed.artifacts / "failure.txt").read_text()
    assert "nibrs run --run-id broken" in report
    assert '{"run_id": "broken"}' in report

    sql(loaded, "INSERT INTO nibrs_weapon SELECT * FROM kept ON CONFLICT DO NOTHING")
    for log in failed.logs.glob("*.log"):
        log.unlink()
    completed = run(home, loaded, run_id="broken")
    assert completed.view.status == "SUCCEEDED"
    assert {log.name for log in completed.logs.glob("ExtractStateYear-*")} == {"ExtractStateYear-DE-2015.log"}
    now = zips(public_files(home))
    assert now["2015/DE-2015.zip"] == right["2015/DE-2015.zip"]
    assert {name for name in now if now[name] != published[name]} == {"2016/DE-2016.zip", "2016/RI-2016.zip"}


def test_a_bundle_that_fails_is_named_with_its_cause_before_anything_is_estimated(
    home: Home, loaded: DatabaseLocation
) -> None:
    run(home, loaded, run_id="before")
    path = published_zip(home, StateYear("DE", 2016))
    sound = path.read_bytes()
    path.write_bytes(sound[:-1] + b"x")

    failed = run(home, loaded, run_id="broken", bundles=["states"], estimates=True)
    assert failed.view.status == "FAILED"
    name, message = failed.view.failure
    assert name == "MissingBundles"
    assert "1 of 2 bundles were not built" in message
    assert "DE-all-years: BrokenExtract: s3://nibrs-data/downloads/2016/DE-2016.zip has SHA-256 " in message
    assert "nibrs run --run-id broken" in (failed.artifacts / "failure.txt").read_text()
    assert "Check bundles" in failed.view.states
    assert not {"Estimate years", "Publish"} & set(failed.view.states)

    path.write_bytes(sound)
    assert run(home, loaded, run_id="mended", bundles=["states"]).view.status == "SUCCEEDED"
    assert {"bundles/DE-all-years.zip", "bundles/RI-all-years.zip"} <= public_files(home).keys()


def test_a_refused_request_writes_nothing(home: Home, loaded: DatabaseLocation) -> None:
    outcome = run(home, loaded, years=[1907])
    assert outcome.view.status == "FAILED"
    assert outcome.view.failure == ("BadRequest", "years: [1907] was given; allowed is "
        '"all", a list of data years such as [2016], or {"from": 2012, "to": 2016}')  # fmt: skip
    outcome = run(home, loaded, states=["AZ"])
    assert outcome.view.failure == ("BadRequest", "states: the database has no months of AZ; it has DE, RI")
    assert [path for path in (home.objects / BUCKET).rglob("*") if path.is_file()] == []


def test_a_database_that_is_away_fails_the_run_by_name(home: Home) -> None:
    nowhere = DatabaseLocation("127.0.0.1", 1, "x", "", "x", "")
    outcome = run(home, nowhere)
    assert outcome.view.status == "FAILED"
    assert outcome.view.failure[0] == "DatabaseUnavailable"
    assert public_files(home) == {}
