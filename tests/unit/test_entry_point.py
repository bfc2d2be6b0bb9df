"""The container's entry point: what it is told, what it says when it cannot work, and what it leaves behind."""

import json
import os
import re
import subprocess
import sys
import time
from pathlib import Path

import pytest
from nibrs_local.container_tasks import estimation_folder, stage_definitions

PREFIX = "runs/r/estimation/2016/"
WEIGHT = {"ESTIMATION_PREFIX": PREFIX, "DATA_YEAR": "2016"}
TABULATE = {**WEIGHT, "INPUT_STATE": "AZ", "STATE_ZIP": "downloads/2016/AZ-2016.zip"}


def entry_point(
    store: Path | str, *arguments: str, path: str = os.environ["PATH"], **variables: str
) -> tuple[int, str]:
    done = subprocess.run(
        [sys.executable, str(estimation_folder() / "entry_point.py"), *arguments],
        env={"PATH": path, "ARTIFACT_STORE": str(store), **variables},
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    return done.returncode, done.stdout


def rscript(folder: Path, text: str) -> str:
    """A path whose Rscript is a script of the test's own."""
    folder.mkdir()
    command = folder / "Rscript"
    command.write_text(f"#!/bin/bash\n{text}\n")
    command.chmod(0o755)
    return f"{folder}:{os.environ['PATH']}"


@pytest.fixture
def store(tmp_path: Path) -> Path:
    zip_ = tmp_path / "store" / "downloads" / "2016" / "AZ-2016.zip"
    zip_.parent.mkdir(parents=True)
    zip_.write_text("a zip")
    return tmp_path / "store"


@pytest.mark.parametrize(
    ("arguments", "variables", "said"),
    [
        ([], {}, "nothing was given; it has to be one stage of tabulate_state, weight, estimate, report"),
        (["sleep"], {}, "sleep was given"),
        (["tabulate_state"], WEIGHT, "tabulate_state: INPUT_STATE, STATE_ZIP must be set"),
        (["weight"], {"DATA_YEAR": "2016"}, "weight: ESTIMATION_PREFIX must be set"),
    ],
)
def test_a_wrong_start_is_refused(store: Path, arguments: list[str], variables: dict[str, str], said: str) -> None:
    status, output = entry_point(store, *arguments, **variables)
    assert status == 2
    assert said in output


def test_a_store_that_is_not_there_is_refused(tmp_path: Path) -> None:
    status, output = entry_point(tmp_path / "none", "weight", **WEIGHT)
    assert (status, "ARTIFACT_STORE is" in output) == (2, True)


def test_an_input_that_is_missing_is_named_and_the_failure_kept(store: Path) -> None:
    status, output = entry_point(store, "tabulate_state", **{**TABULATE, "STATE_ZIP": "downloads/2016/XX-2016.zip"})
    assert status == 3
    assert "ERROR tabulate_state AZ 2016: " in output
    kept = json.loads((store / PREFIX / "failures" / "tabulate_state-AZ.json").read_text())
    assert kept["Error"] == "exit status 3"
    assert "XX-2016.zip: No such file" in kept["Cause"]


def test_an_empty_folder_is_a_missing_input(store: Path) -> None:
    (store / PREFIX / "reference").mkdir(parents=True)
    (store / PREFIX / "reference" / "reference-2016.zip").write_text("x")
    status, output = entry_point(store, "weight", **WEIGHT)
    assert (status, f"there is nothing under {PREFIX}tabulated/" in output) == (3, True)


def test_a_stage_finds_its_inputs_and_its_outputs_come_back(store: Path, tmp_path: Path) -> None:
    path = rscript(
        tmp_path / "bin",
        'mkdir -p "$OUTPUT_PIPELINE_DIR/tabulated"; cd "$OUTPUT_PIPELINE_DIR/tabulated"\n'
        'cat "$EXTERNAL_FILE_PATH/downloads/2016/AZ-2016.zip" > AZ.csv; echo "$2 $INPUT_STATE" >> AZ.csv',
    )
    failure = store / PREFIX / "failures" / "tabulate_state-AZ.json"
    failure.parent.mkdir(parents=True)
    failure.write_text("{}")
    status, output = entry_point(store, "tabulate_state", path=path, **TABULATE)
    assert status == 0
    assert (store / PREFIX / "tabulated" / "AZ.csv").read_text() == "a ziptabulate_state AZ\n"
    assert not failure.exists(), "the failure of an earlier try is forgotten"
    assert re.search(r"^REPORT tabulate_state AZ 2016 duration \d+\.\d\d s, peak memory \d+ MB$", output, re.M)


def test_a_failed_stage_leaves_its_message_and_no_outputs(store: Path, tmp_path: Path) -> None:
    path = rscript(
        tmp_path / "bin",
        'echo half > "$OUTPUT_PIPELINE_DIR/half.csv"; echo "ERROR tabulate_state AZ 2016: no such column" >&2; exit 1',
    )
    status, output = entry_point(store, "tabulate_state", path=path, **TABULATE)
    assert status == 1
    assert output.strip().endswith("ERROR tabulate_state AZ 2016: no such column")
    kept = json.loads((store / PREFIX / "failures" / "tabulate_state-AZ.json").read_text())
    assert kept == {"Error": "exit status 1", "Cause": "tabulate_state AZ 2016: no such column"}
    assert not list(store.rglob("half.csv"))


def test_a_stage_that_is_killed_is_told_from_one_that_fails(store: Path, tmp_path: Path) -> None:
    status, output = entry_point(store, "tabulate_state", path=rscript(tmp_path / "bin", "kill -9 $$"), **TABULATE)
    assert status == 137
    memory = stage_definitions()["tabulate_state"].memory_mb
    assert f"killed by signal 9, most likely because {memory:,} MB of memory were not enough" in output


def test_a_stage_that_does_not_end_is_stopped_with_what_it_started(store: Path, tmp_path: Path) -> None:
    started = time.monotonic()
    path = rscript(tmp_path / "bin", "sleep 60")
    status, output = entry_point(store, "tabulate_state", path=path, STAGE_TIMEOUT_S="0.5", **TABULATE)
    assert (status, "did not end within 0.5 seconds" in output) == (124, True)
    assert time.monotonic() - started < 30


def test_without_r_it_says_what_to_install(store: Path, tmp_path: Path) -> None:
    status, output = entry_point(store, "tabulate_state", path=str(tmp_path), **TABULATE)
    assert (status, "Rscript was not found; install R" in output) == (2, True)
