"""Lambda functions as processes: one event at a time in each, kept warm, stopped at their limits.

A function's own modules are imported in its process, with its environment.
"""

import json
import multiprocessing
import os
import uuid
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from importlib.resources import files
from multiprocessing.connection import Connection
from pathlib import Path
from threading import Lock
from typing import Any

from pydantic import BaseModel, TypeAdapter

from nibrs_engine.forked_processes import ForkedProcess, import_ahead
from nibrs_engine.lambda_process import NO_MORE_CALLS, serve

#: Seconds that processes have to end by themselves after a run.
_PATIENCE = 5.0


class FunctionDefinition(BaseModel):
    """A function as ``lambdas/functions.json`` defines it; sizes in MB, time in seconds, keys of the data bucket."""

    handler: str
    description: str
    memory_mb: int
    timeout_s: int
    storage_mb: int
    database: bool
    reads: list[str]
    writes: list[str]
    deletes: list[str]
    in_state_machine: bool = True
    environment: dict[str, str] = {}


def function_definitions() -> dict[str, FunctionDefinition]:
    """All functions by the name under which the state machine knows them."""
    text = (Path(str(files("nibrs_pipeline"))).parent / "functions.json").read_text(encoding="utf-8")
    return TypeAdapter(dict[str, FunctionDefinition]).validate_json(text)


def state_machine_functions() -> list[str]:
    """The functions that states call."""
    return [name for name, definition in function_definitions().items() if definition.in_state_machine]


class FunctionError(Exception):
    """A call that failed, with what Lambda would put into the answer."""

    def __init__(self, error_type: str, message: str) -> None:
        super().__init__(message)
        self.payload = {"errorType": error_type, "errorMessage": message}


@dataclass
class _Worker:
    process: ForkedProcess
    calls: Connection

    def end(self) -> None:
        """Let the process end by itself when it has nothing left to do."""
        with suppress(OSError):
            self.calls.send_bytes(NO_MORE_CALLS)

    def stop(self, patience: float = 0) -> None:
        """End the process, by force after ``patience`` seconds. Callers that wait for its answer get an error."""
        self.process.join(patience)
        if self.process.is_alive():
            self.process.kill()
            self.process.join()


class LambdaPool:
    """Runs functions; a process serves one event at a time and is kept for the next, as in AWS.

    Args:
        environment: variables that all functions get; nothing is inherited but what a process needs
            to start.
        database: variables that only functions with access to the database get.
        logs: folder of the logs, one file per task.
        definitions: the functions; those of ``functions.json`` by default.
    """

    def __init__(
        self,
        environment: Mapping[str, str],
        database: Mapping[str, str],
        logs: Path,
        definitions: Mapping[str, FunctionDefinition] | None = None,
    ) -> None:
        self._definitions = definitions or function_definitions()
        self._environment = dict(environment)
        self._database = dict(database)
        self._logs = logs
        self._idle: dict[str, list[_Worker]] = {}
        self._all: list[_Worker] = []
        self._lock = Lock()
        #: Rows in the answers of all tasks so far, and names of the tasks, for the display.
        self.rows = 0
        self.running: list[str] = []
        self.finished: list[str] = []
        logs.mkdir(parents=True, exist_ok=True)
        import_ahead()

    def invoke(self, function: str, event: Any) -> Any:
        """Call a function and wait for its result.

        Raises:
            FunctionError: the handler raised, its process died or its time ran out.
        """
        name = _task_name(function, event)
        with self._lock:
            self.running.append(name)
        try:
            result = self._call(function, event, self._logs / f"{name}.log")
        finally:
            with self._lock:
                self.running.remove(name)
        with self._lock:
            self.finished.append(name)
            self.rows += result.get("rows", 0) if isinstance(result, dict) else 0
        return result

    def _call(self, function: str, event: Any, log: Path) -> Any:
        definition = self._definitions[function]
        worker = self._take(function)
        call = {
            "event": event,
            "log": str(log),
            "request_id": str(uuid.uuid4()),
            "timeout_s": definition.timeout_s,
        }
        try:
            answer = self._ask(worker, call, definition.timeout_s)
        except FunctionError:
            self._discard(worker)
            raise
        with self._lock:
            # A run that has failed may close the pool while a call is under way.
            self._idle.setdefault(function, []).append(worker)
        if "error" in answer:
            raise FunctionError(answer["error"]["errorType"], answer["error"]["errorMessage"])
        return answer["result"]

    def processes(self, function: str) -> list[int]:
        """Process numbers of a function that are alive."""
        with self._lock:
            alive = [worker.process for worker in self._all if worker.process.is_alive()]
        return [int(process.pid or 0) for process in alive if process.name == function]

    def close(self) -> None:
        """End all processes."""
        with self._lock:
            for worker in self._all:
                worker.end()
            for worker in self._all:
                worker.stop(_PATIENCE)
            self._all.clear()
            self._idle.clear()

    def _take(self, function: str) -> _Worker:
        with self._lock:
            idle = self._idle.setdefault(function, [])
            if idle:
                return idle.pop()
        worker = self._start(function)
        with self._lock:
            self._all.append(worker)
        return worker

    def _start(self, function: str) -> _Worker:
        definition = self._definitions[function]
        environment = {
            "PATH": os.environ.get("PATH", os.defpath),
            "LANG": "C.UTF-8",
            **{name: value for name, value in os.environ.items() if name.startswith("COVERAGE_")},
            **self._environment,
            **(self._database if definition.database else {}),
            **definition.environment,
            "AWS_LAMBDA_FUNCTION_NAME": function,
            "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": str(definition.memory_mb),
        }
        ours, theirs = multiprocessing.Pipe()
        process = ForkedProcess(
            target=serve,
            args=(definition.handler, environment, theirs, str(self._logs / "start-up.log")),
            name=function,
            daemon=True,
        )
        process.start()
        theirs.close()
        return _Worker(process, ours)

    def _ask(self, worker: _Worker, call: dict[str, Any], timeout: float) -> dict[str, Any]:
        try:
            worker.calls.send_bytes(json.dumps(call).encode())
            if not worker.calls.poll(timeout):
                raise FunctionError(
                    "Sandbox.Timedout", f"Task timed out after {timeout:.2f} seconds; log: {call['log']}"
                )
            answer: dict[str, Any] = json.loads(worker.calls.recv_bytes())
        except (EOFError, OSError):
            raise self._ended(worker) from None
        return answer

    def _ended(self, worker: _Worker) -> FunctionError:
        worker.process.join()
        code = worker.process.exitcode or 0
        how = f"signal {-code}" if code < 0 else f"exit status {code}"
        return FunctionError("Runtime.ExitError", f"the function's process ended with {how}; logs: {self._logs}")

    def _discard(self, worker: _Worker) -> None:
        worker.stop()
        with self._lock:
            if worker in self._all:
                self._all.remove(worker)


def _task_name(function: str, event: Any) -> str:
    """The name of a task's log: ExtractStateYear-AZ-2016, ExtractReference-2016, PlanRun."""
    name = function.removesuffix("Function")
    if not isinstance(event, dict):
        return name
    if {"state", "year"} <= event.keys():
        return f"{name}-{event['state']}-{event['year']}"
    if isinstance(event.get("name"), str):
        return f"{name}-{event['name']}"
    return f"{name}-{event['year']}" if "year" in event else name
