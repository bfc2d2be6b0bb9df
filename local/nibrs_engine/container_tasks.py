"""Fargate tasks as processes: the entry point of a container's image, without the container."""

import hashlib
import json
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from importlib.resources import files
from pathlib import Path
from threading import Lock
from typing import Any

from nibrs_pipeline.failure_causes import ESTIMATION, PIPELINE
from pydantic import BaseModel, TypeAdapter

from nibrs_engine.container_process import run_program
from nibrs_engine.forked_processes import ForkedProcess, import_ahead
from nibrs_engine.machine_memory import Memory

#: The entry point of the pipeline's image, and what a handler has instead.
COMMAND = ["python3", "-m", "nibrs_command.in_container"]
HANDLER = ["python3", "-m", "nibrs_pipeline.handlers.in_container"]

#: Files of the estimation that do not affect what it computes.
_NOT_CODE = ("tests", "man")


class StageDefinition(BaseModel):
    """A stage as ``containers/r_estimation/stages.json`` defines it; sizes in CPU units, MB and GB, time in seconds.

    ``task`` is the name under which the state machine knows the stage's task; ``r`` are variables of R's process;
    ``sha256`` the variables that have the SHA-256 of inputs, by path, where it is not INPUT_SHA256.
    """

    task: str
    description: str
    cpu: int
    memory_mb: int
    storage_gb: int
    timeout_s: int
    dimensions: list[str]
    reads: list[str]
    inputs: dict[str, str]
    r: dict[str, str] = {}
    sha256: dict[str, str] = {}


def estimation_folder() -> Path:
    """Where the container is defined."""
    return Path(str(files("nibrs_pipeline"))).parents[1] / "containers" / "r_estimation"


def r_library() -> Path:
    """Where ``make setup`` installs the R package."""
    return estimation_folder().parents[1] / ".tools" / "R"


def stage_definitions() -> dict[str, StageDefinition]:
    """All stages by name."""
    text = (estimation_folder() / "stages.json").read_text(encoding="utf-8")
    return TypeAdapter(dict[str, StageDefinition]).validate_json(text)


def estimation_version() -> str:
    """Identifies what the estimation computes: the contents of its files."""
    folder = estimation_folder() / "nibrsest"
    digest = hashlib.sha256()
    for path in sorted(path for path in folder.rglob("*") if path.is_file()):
        name = path.relative_to(folder)
        if name.parts[0] not in _NOT_CODE:
            digest.update(f"{name.as_posix()}\n".encode() + path.read_bytes())
    return digest.hexdigest()[:12]


class HandlerDefinition(BaseModel):
    """A handler in the pipeline's own image, as ``containers/pipeline/tasks.json`` defines it; see ``StageDefinition``.

    ``function`` is the one whose rights and variables it has.
    """

    task: str
    cpu: int
    memory_mb: int
    storage_gb: int
    timeout_s: int
    function: str


def handler_definitions() -> dict[str, HandlerDefinition]:
    """The handlers that are also run in containers, by name."""
    path = estimation_folder().parent / "pipeline" / "tasks.json"
    found = json.loads(path.read_text(encoding="utf-8"))
    return {name: HandlerDefinition.model_validate(each) for name, each in found.items() if "function" in each}


class WrongContainer(Exception):
    """A task names a container that its definition does not have."""


@dataclass
class TaskPool:
    """Runs containers of tasks as processes of this machine; those for which there is no memory yet wait.

    Args:
        environment: variables that all containers get; of this process's own, only those are inherited
            that a process needs to start.
        logs: folder of the logs, one file per task.
        database: variables that containers of the pipeline's own image get, too.
        memory: what tasks may take of this machine's.
    """

    environment: Mapping[str, str]
    logs: Path
    database: Mapping[str, str] = field(default_factory=dict)
    memory: Memory = field(default_factory=Memory)
    _waiting: dict[str, int] = field(default_factory=dict)
    _processes: dict[str, ForkedProcess] = field(default_factory=dict)
    _names: dict[str, str] = field(default_factory=dict)
    _lock: Lock = field(default_factory=Lock)

    def __post_init__(self) -> None:
        import_ahead()

    def start(self, task: str, containers: list[dict[str, Any]], overrides: dict[str, Any]) -> None:
        """Start a task, or let it wait for memory, as ECS does with tasks that are pending.

        Args:
            task: its ARN.
            containers: container definitions as ECS describes them; the first is run.
            overrides: as given to RunTask.

        Raises:
            WrongContainer: an override is for a container that does not exist; ECS refuses that, too.
        """
        container = containers[0]
        override = overrides.get("containerOverrides", [{}])[0]
        if override and override["name"] != container["name"]:
            raise WrongContainer(f"the container is {container['name']!r}, the override is for {override['name']!r}")
        given = [*container.get("environment", []), *override.get("environment", [])]
        variables = {each["name"]: each["value"] for each in given}
        command = override.get("command") or container.get("command") or []
        self.logs.mkdir(parents=True, exist_ok=True)
        name = _task_name(command, variables)
        environment = {
            **_needed_to_start(),
            **_measured(container),
            **self.environment_of(command),
            **self._database_of(container),
            **variables,
        }
        arguments = [*_entry_point(container), *command]
        process = ForkedProcess(
            target=run_program,
            args=(arguments, environment, str(self.logs / f"{name}.log")),
            name=name,
            daemon=False,
        )
        with self._lock:
            self._processes[task] = process
            self._names[task] = name
            self._waiting[task] = container.get("memory", 0)
        self._start_waiting()

    def _start_waiting(self) -> None:
        """Start what there is memory for, in the order in which it came."""
        with self._lock:
            for task in self.memory.tasks():
                if self._processes[task].exitcode is not None:
                    self.memory.free(task)
            for task, size in list(self._waiting.items()):
                if not self.memory.take(task, size):
                    return
                del self._waiting[task]
                self._processes[task].start()

    def environment_of(self, command: list[str]) -> Mapping[str, str]:
        """Variables that a container gets besides those of its definition."""
        return self.environment

    def _database_of(self, container: Mapping[str, Any]) -> Mapping[str, str]:
        return self.database if container["name"] == PIPELINE else {}

    def exit_code(self, task: str) -> int | None:
        """The exit code of a task; None while it runs or waits."""
        if task in self._waiting:
            self._start_waiting()
        code = self._processes[task].exitcode
        return 128 - code if code is not None and code < 0 else code

    def processes(self) -> list[int]:
        """Process numbers of all tasks that run."""
        with self._lock:
            return [process.pid for process in self._processes.values() if process.pid and process.exitcode is None]

    def running(self) -> list[str]:
        """Names of the tasks that run, for the display."""
        with self._lock:
            return [
                self._names[task]
                for task, process in self._processes.items()
                if task not in self._waiting and process.exitcode is None
            ]

    def finished(self) -> list[str]:
        """Names of the tasks that have ended well."""
        with self._lock:
            return [self._names[task] for task, process in self._processes.items() if process.exitcode == 0]

    def close(self) -> None:
        """End what still runs; what waits is never started."""
        with self._lock:
            for task, process in self._processes.items():
                if task not in self._waiting and process.exitcode is None:
                    process.terminate()
                    process.join()


def _entry_point(container: Mapping[str, Any]) -> list[str]:
    """What Python is given to run a container: the entry point of its image."""
    if container["name"] == ESTIMATION:
        return [str(estimation_folder() / "entry_point.py")]
    return list(container.get("entryPoint", COMMAND)[1:])


def _needed_to_start() -> dict[str, str]:
    passed_on = ("PATH", "HOME", "TZ", "LD_LIBRARY_PATH")
    libraries = os.pathsep.join(filter(None, [str(r_library()), os.environ.get("R_LIBS", "")]))
    return {
        "LANG": "C.UTF-8",
        "R_LIBS": libraries,
        **{name: os.environ[name] for name in passed_on if name in os.environ},
    }


def _measured(container: Mapping[str, Any]) -> dict[str, str]:
    """Variables by which tests measure the packages that run here; the estimation's image has none of them."""
    if container["name"] == ESTIMATION:
        return {}
    return {name: value for name, value in os.environ.items() if name.startswith("COVERAGE_")}


def _task_name(command: list[str], variables: Mapping[str, str]) -> str:
    """The name of a task's log: impute_and_tabulate-AZ-2016, weight-2016."""
    dimensions = ("INPUT_STATE", "GEOGRAPHY_GROUP", "TABLE_GROUP", "BUNDLE", "DATA_YEAR")
    return "-".join([*command[:1], *(variables[name] for name in dimensions if name in variables)])
