"""The ``nibrs`` command as users and their scripts call it."""

import json
import os
import re
import subprocess
import sys
import zipfile
from pathlib import Path

import click
import pytest
from nibrs_command.cli import main
from nibrs_engine.container_tasks import TaskPool
from nibrs_engine.definition import local_definition, state_machine_definition
from nibrs_engine.emulator import Emulator, emulator
from nibrs_engine.interpreter import executing
from nibrs_engine.lambda_pool import LambdaPool
from nibrs_home import embedded_postgres
from nibrs_home.home import Home
from nibrs_pipeline.database.location import DatabaseLocation

from tests.runs import load_trial, public, sql
from tests.trial_data import write_trial_zips

pytestmark = pytest.mark.usefixtures("parquet")

NIBRS = Path(sys.executable).with_name("nibrs")


def nibrs(home: Path, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [str(NIBRS), *arguments],
        env={**os.environ, "NIBRS_HOME": str(home), "COLUMNS": "200", **environment},
        capture_output=True,
        text=True,
        check=False,
        timeout=200,
    )


def test_from_an_empty_folder_to_a_verified_zip(tmp_path: Path) -> None:
    empty = nibrs(tmp_path, "list")
    assert (empty.returncode, "nibrs load FILE.zip" in empty.stdout) == (0, True), empty.stderr
    refused = nibrs(tmp_path, "run")
    assert refused.returncode == 2
    assert "the database has no state-year" in refused.stderr

    trial = [str(path) for path in write_trial_zips(tmp_path / "trial")]
    assert nibrs(tmp_path, "load", *trial).returncode == 0
    listed = nibrs(tmp_path, "list").stdout
    assert listed.count("not published") == 4

    # Whoever works with AWS has a profile in his environment; here nobody asks for it.
    of_user = {"AWS_PROFILE": "nobody", "AWS_CONFIG_FILE": str(tmp_path / "nowhere")}
    done = nibrs(tmp_path, "run", "--years", "2015", "--states", "de", "--run-id", "mine", **of_user)
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    for line in (
        "Plan run",
        "Extract state-years: 1 of 1 done: DE-2015",
        "1 zip published",
        "artifacts/mine/downloads/index.html",
    ):
        assert line in done.stdout
    path = tmp_path / "artifacts" / "mine" / "downloads" / "2015" / "DE-2015.zip"
    assert (tmp_path / "scratch" / "mine" / "logs" / "ExtractStateYear-DE-2015.log").exists()

    nothing = nibrs(tmp_path, "run", "--years", "2015", "--states", "DE")
    assert (nothing.returncode, nothing.stderr) == (0, "")
    assert "nothing was out of date; looked at 1 state-year (DE; 2015)" in nothing.stdout

    assert nibrs(tmp_path, "verify", str(path)).returncode == 0
    listed = nibrs(tmp_path, "list").stdout
    assert (listed.count("up to date"), listed.count("not published")) == (1, 3)

    again = nibrs(tmp_path, "load", trial[0])
    assert (again.returncode, "nothing to do" in again.stdout) == (0, True)
    replaced = nibrs(tmp_path, "load", "--replace", str(path))
    assert replaced.returncode == 0, replaced.stderr
    assert "out of date" in nibrs(tmp_path, "list").stdout


def test_a_zip_that_was_changed_is_not_what_its_manifest_says(tmp_path: Path) -> None:
    home = Home(tmp_path)
    with embedded_postgres.database(home) as location:
        load_trial(home.scratch("trial"), location)
    assert nibrs(tmp_path, "run", "--years", "2015", "--states", "DE").returncode == 0
    path = public(home) / "2015" / "DE-2015.zip"
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr("added.csv", "x")
    told = nibrs(tmp_path, "verify", str(path))
    assert told.returncode == 1
    assert "added.csv is not in the manifest" in told.stderr
    path.write_bytes(path.read_bytes()[:5000])
    told = nibrs(tmp_path, "verify", str(path))
    assert (told.returncode, "not a zip" in told.stderr) == (1, True)
    path.with_name("DE-2015.manifest.json").unlink()
    told = nibrs(tmp_path, "verify", str(path))
    assert (told.returncode, "--manifest" in told.stderr) == (2, True)


def test_a_running_database_is_left_running(tmp_path: Path) -> None:
    address = nibrs(tmp_path, "db", "uri").stdout.strip()
    try:
        assert address.startswith("postgresql://")
        assert nibrs(tmp_path, "list").returncode == 0
        assert embedded_postgres.is_running(Home(tmp_path))
        sql(DatabaseLocation.from_uri(address), "CREATE DATABASE mine")
        mine = address.replace("/postgres?", "/mine?")
        other = tmp_path / "other"
        made = nibrs(other, "simulate", "--scale", "0.05", DB_URI=mine)
        assert made.returncode == 0, made.stderr
        assert (other / "truth" / "2023" / "UT-2023.zip").exists()
        assert nibrs(other, "list", DB_URI=mine).stdout.count("not published") == 4
        assert not (other / ".nibrs" / "postgresql").exists()
    finally:
        assert nibrs(tmp_path, "db", "stop").stdout.strip() == "stopped"
    assert not embedded_postgres.is_running(Home(tmp_path))


def test_a_database_that_cannot_be_reached_is_told(tmp_path: Path) -> None:
    done = nibrs(tmp_path, "list", DB_URI="postgresql://x@127.0.0.1:1/x")
    assert (done.returncode, "cannot be reached" in done.stderr, "Traceback" in done.stderr) == (1, True, False)


def test_every_command_has_a_help_text_with_an_example() -> None:
    context = click.Context(main)
    names = main.list_commands(context)
    assert len(names) == 12
    for name in names:
        command = main.get_command(context, name)
        assert command, name
        assert command.help, name
        if command.params and name != "db":
            assert re.search(rf"nibrs {name}", command.help), f"{name} has no example"


def start_in_emulation(aws: Emulator, home: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return nibrs(
        home, *arguments, AWS_ENDPOINT_URL=aws.endpoint, AWS_DEFAULT_REGION="us-east-1",
        AWS_ACCESS_KEY_ID="x", AWS_SECRET_ACCESS_KEY="x",
    )  # fmt: skip


def test_a_run_is_started_and_watched_by_boto3_as_on_aws(home: Home, tmp_path: Path) -> None:
    with embedded_postgres.database(home) as location, emulator(home) as aws:
        load_trial(home.scratch("trial"), location)
        nothing = start_in_emulation(aws, tmp_path, "start")
        assert (nothing.returncode, "no state machine named nibrs-pipeline" in nothing.stderr) == (1, True)
        pool = LambdaPool(aws.function_environment(home, "aws"), location.as_environment(), tmp_path / "logs")
        tasks = TaskPool(aws.function_environment(home, "aws"), tmp_path / "logs")
        with executing(pool, tasks):
            aws.create_state_machine(local_definition(state_machine_definition(), aws.estimation))
            assert "has not been started" in start_in_emulation(aws, tmp_path, "watch").stderr
            started = start_in_emulation(aws, tmp_path, "start", "--years", "2015", "--states", "RI", "--run-id", "aws")
            assert re.search(r":execution:nibrs-pipeline:aws-\d{8}T\d{6}$", started.stdout.strip()), started.stderr
            watched = start_in_emulation(aws, tmp_path, "watch")
            assert (watched.returncode, "Published" in watched.stdout) == (0, True), watched.stderr
            assert json.loads((public(home) / "index.json").read_text())["state_years"][0]["file"] == "2015/RI-2015.zip"
            failed = start_in_emulation(aws, tmp_path, "start", "--years", "1999")
            watched = start_in_emulation(aws, tmp_path, "watch", failed.stdout.strip())
            assert (watched.returncode, "BadRequest: years" in watched.stderr) == (1, True)
        pool.close()
