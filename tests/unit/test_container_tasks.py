"""Tasks as processes: what a container gets, and what ECS would refuse."""

import os
import signal
import time
from contextlib import closing
from pathlib import Path

import pytest
from nibrs_engine import container_tasks, machine_memory
from nibrs_engine.container_tasks import TaskPool, WrongContainer, estimation_version
from nibrs_engine.machine_memory import Memory

#: A container of the pipeline's own image, in which something runs until it is stopped.
SLEEPER = {"name": "pipeline", "entryPoint": ["python3", "-m", "tests.unit.sleeper"]}
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


def test_tasks_wait_until_there_is_memory_for_them(tmp_path: Path) -> None:
    with closing(TaskPool({}, tmp_path, memory=Memory(1000))) as tasks:
        for name, size in (("a", 600), ("b", 600), ("c", 500), ("d", 10)):
            override = {"name": "pipeline", "command": [name]}
            tasks.start(name, [SLEEPER | {"memory": size}], {"containerOverrides": [override]})
        assert tasks.running() == ["a", "b"], "two run in any case"
        assert [tasks.exit_code(name) for name in "abcd"] == [None] * 4
        assert len(tasks.processes()) == 2
        os.kill(tasks.processes()[0], signal.SIGKILL)
        assert wait(tasks, "a") == 137
        assert tasks.exit_code("d") is None
        assert tasks.running() == ["b", "c"], "for a third there is no memory"
        os.kill(tasks.processes()[0], signal.SIGKILL)
        assert wait(tasks, "b") == 137
        assert tasks.exit_code("d") is None
        assert tasks.running() == ["c", "d"]
        tasks.start("e", [SLEEPER | {"memory": 600}], {})
    assert tasks.processes() == []
    assert not (tmp_path / "e.log").exists(), "what waits is never started"


def test_a_machine_has_no_more_memory_than_its_container(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    limit = tmp_path / "memory.max"
    monkeypatch.setattr(machine_memory, "_LIMIT", limit)
    of_machine = machine_memory.machine_memory_mb()
    assert of_machine > 500
    limit.write_text("max\n")
    assert machine_memory.machine_memory_mb() == of_machine
    limit.write_text(f"{300 << 20}\n")
    assert machine_memory.machine_memory_mb() == 300


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
