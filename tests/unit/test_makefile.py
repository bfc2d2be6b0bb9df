"""What the words of the Makefile do, with a stand-in for the command that they call."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).parents[2]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """The Makefile alone; the command writes down how it was called, and ends with LOAD or RUN."""
    shutil.copy(REPOSITORY / "Makefile", tmp_path)
    (tmp_path / "local").mkdir()
    shutil.copy(REPOSITORY / "local" / "clean_data.sh", tmp_path / "local")
    stand_in = tmp_path / "stand-in"
    stand_in.write_text(
        '#!/bin/sh\necho "home=$NIBRS_HOME nibrs $*${TABLES:+ (TABLES=$TABLES)}" >> calls\n'
        'case "$1" in load) exit ${LOAD:-0} ;; run) exit ${RUN_ENDS:-0} ;; esac\n'
    )
    stand_in.chmod(0o755)
    return tmp_path


def make(folder: Path, *words: str, **environment: str) -> subprocess.CompletedProcess[str]:
    kept = {
        name: value for name, value in os.environ.items() if not name.startswith(("NIBRS_", "MAKE", "MFLAGS", "TABLES"))
    }
    return subprocess.run(
        ["make", *words, "-o", "setup-run", "NIBRS=./stand-in"],
        cwd=folder, env={**kept, **environment}, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False,
    )  # fmt: skip


def calls(folder: Path) -> list[str]:
    return (folder / "calls").read_text().splitlines()


def test_a_simulated_nation_and_published_zips_have_homes_of_their_own(folder: Path) -> None:
    assert make(folder, "run").returncode == 0
    assert make(folder, "run", "DATA=a.zip b.zip").returncode == 0
    assert [line.rstrip() for line in calls(folder)] == [
        "home=simulated nibrs simulate --size states --scale 0.03 --years 2022-2023",
        "home=simulated nibrs run (TABLES=crimes)",
        "home= nibrs load a.zip b.zip",
        "home= nibrs run",
    ]


def test_the_simulated_nation_and_its_tables_can_be_chosen(folder: Path) -> None:
    assert make(folder, "run", "NATION=--size tiny", TABLES="all").returncode == 0
    assert [line.rstrip() for line in calls(folder)] == [
        "home=simulated nibrs simulate --size tiny (TABLES=all)",
        "home=simulated nibrs run (TABLES=all)",
    ]


def test_quarantine_and_renumber_reach_the_load(folder: Path) -> None:
    make(folder, "run", "DATA=a.zip", "QUARANTINE=1", "RENUMBER=1")
    assert calls(folder)[0] == "home= nibrs load --quarantine --renumber a.zip"


def test_what_was_loaded_is_run_when_other_files_were_refused(folder: Path) -> None:
    done = make(folder, "run", "DATA=a.zip b.zip", LOAD="1")
    assert done.returncode != 0
    assert "Error 1" in done.stderr
    assert "Not all files were loaded" in done.stderr
    assert calls(folder)[-1] == "home= nibrs run"


@pytest.mark.parametrize("ends", [{"LOAD": "2"}, {"RUN_ENDS": "1"}, {"LOAD": "1", "RUN_ENDS": "2"}])
def test_a_wrong_load_or_a_failed_run_fails(folder: Path, ends: dict[str, str]) -> None:
    done = make(folder, "run", "DATA=a.zip", **ends)
    assert done.returncode != 0
    assert f"Error {ends.get('RUN_ENDS', ends.get('LOAD'))}" in done.stderr
    assert len(calls(folder)) == (1 if ends.get("LOAD") == "2" else 2)


def test_a_refused_file_and_a_failed_run_are_both_told(folder: Path) -> None:
    done = make(folder, "run", "DATA=a.zip", LOAD="1", RUN_ENDS="1")
    assert "Not all files were loaded" in done.stderr
    assert "The run failed" in done.stderr


INSTALLED = (".venv", ".tools", "cdk.out", "cdk/node_modules")
DATA = (".nibrs", "artifacts", "scratch", "truth", "quarantine", "simulated/.nibrs", "simulated/truth")


@pytest.fixture
def used(folder: Path) -> Path:
    for name in (*INSTALLED, *DATA):
        (folder / name).mkdir(parents=True)
    return folder


def test_clean_leaves_the_data(used: Path) -> None:
    assert make(used, "clean").returncode == 0
    assert [name for name in INSTALLED if (used / name).exists()] == []
    assert [name for name in DATA if not (used / name).exists()] == []


def test_clean_data_removes_all_data_and_nothing_else_but_not_unasked(used: Path) -> None:
    refused = make(used, "clean-data")
    assert (refused.returncode != 0, "YES=1" in refused.stderr) == (True, True)
    assert [name for name in DATA if not (used / name).exists()] == []
    assert make(used, "clean-data", "YES=1").returncode == 0
    assert [name for name in DATA if (used / name).exists()] == []
    assert [name for name in INSTALLED if not (used / name).exists()] == []
    assert "There is no data to remove" in make(used, "clean-data").stdout
