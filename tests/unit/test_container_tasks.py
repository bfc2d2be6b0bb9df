"""Tasks as processes: what a container gets, and what ECS would refuse."""

import time
from pathlib import Path

import pytest
from nibrs_engine import container_tasks
from nibrs_engine.container_tasks import TaskPool, WrongContainer, estimation_version

CONTAINER = {"name": "estimation", "environment": [{"name": "ARTIFACT_STORE", "value": "/nowhere"}]}


def wait(tasks: TaskPool, task: str) -> int:
    while (code := tasks.exit_code(task)) is None:
        time.sleep(0.05)
    return code


def test_a_container_gets_the_variables_of_its_definition_and_its_override(tmp_path: Path) -> None:
    tasks = TaskPool({}, tmp_path)
    override = {"name": "estimation", "command": ["weight"], "environment": [{"name": "DATA_YEAR", "value": "2016"}]}
    tasks.start("arn", [CONTAINER], {"containerOverrides": [override]})
    assert wait(tasks, "arn") == 2
    said = (tmp_path / "weight-2016.log").read_text()
    assert said == "ERROR weight: ESTIMATION_PREFIX must be set in the environment\n"


def test_an_override_for_another_container_is_refused(tmp_path: Path) -> None:
    tasks = TaskPool({}, tmp_path)
    with pytest.raises(WrongContainer, match="the container is 'estimation', the override is for 'other'"):
        tasks.start("arn", [CONTAINER], {"containerOverrides": [{"name": "other", "command": ["weight"]}]})


def test_a_task_that_is_stopped_has_the_exit_code_of_its_signal(tmp_path: Path) -> None:
    tasks = TaskPool({}, tmp_path)
    tasks.start("arn", [CONTAINER], {"containerOverrides": [{"name": "estimation", "command": ["weight"]}]})
    tasks.close()
    assert tasks.processes() == []
    assert tasks.exit_code("arn") in (2, 143)


def test_the_version_of_the_estimation_is_that_of_what_it_computes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(container_tasks, "estimation_folder", lambda: tmp_path)
    code, test = tmp_path / "nibrsest" / "R" / "months.R", tmp_path / "nibrsest" / "tests" / "months.R"
    for path in (code, test):
        path.parent.mkdir(parents=True)
        path.write_text("x <- 1\n")
    before = estimation_version()
    assert len(before) == 12
    test.write_text("x <- 2\n")
    assert estimation_version() == before
    code.write_text("x <- 2\n")
    changed = estimation_version()
    code.rename(code.with_name("weights.R"))
    assert len({before, changed, estimation_version()}) == 3
