"""Lambda functions as processes: one event at a time in each, kept warm, stopped at their limits."""

import json
import os
import select
import subprocess
import sys
import uuid
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from threading import Lock
from typing import IO, Any

from pydantic import BaseModel, TypeAdapter

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
    """A call that failed: what Lambda would put into the answer."""

    def __init__(self, error_type: str, message: str) -> None:
        super().__init__(message)
        self.payload = {"errorType": error_type, "errorMessage": message}


@dataclass
class _Worker:
    process: subprocess.Popen[bytes]
    answers: IO[bytes]

    def end_input(self) -> None:
        """Let the process end by itself when it has nothing left to do."""
        if self.process.stdin and not self.process.stdin.closed:
            with suppress(BrokenPipeError):
                self.process.stdin.close()

    def stop(self, patience: float = 0) -> None:
        """End the process, by force when the patience (in seconds) is over."""
        self.end_input()
        try:
            self.process.wait(patience)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.answers.close()


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
        #: Rows in the answers of all tasks so far, for the display.
        self.rows = 0
        logs.mkdir(parents=True, exist_ok=True)

    def invoke(self, function: str, event: Any) -> Any:
        """Call a function and wait for its result.

        Raises:
            FunctionError: the handler raised, its process died or its time ran out.
        """
        definition = self._definitions[function]
        worker = self._take(function)
        call = {
            "event": event,
            "log": str(self._log(function, event)),
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
        result = answer["result"]
        with self._lock:
            self.rows += result.get("rows", 0) if isinstance(result, dict) else 0
        return result

    def warm_up(self, functions: Iterable[str]) -> None:
        """Start a process for each of these functions, so that their imports overlap with other work."""
        for function in functions:
            worker = self._start(function)
            with self._lock:
                self._all.append(worker)
                self._idle.setdefault(function, []).append(worker)

    def processes(self) -> list[int]:
        """Process numbers of all functions that are alive."""
        with self._lock:
            return [worker.process.pid for worker in self._all if worker.process.poll() is None]

    def close(self) -> None:
        """End all processes."""
        with self._lock:
            for worker in self._all:
                worker.end_input()
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
        reading, writing = os.pipe()
        environment = {
            "PATH": os.environ.get("PATH", os.defpath),
            "LANG": "C.UTF-8",
            "PYTHONUNBUFFERED": "1",
            **{name: value for name, value in os.environ.items() if name.startswith("COVERAGE_")},
            **self._environment,
            **(self._database if definition.database else {}),
            **definition.environment,
            "AWS_LAMBDA_FUNCTION_NAME": function,
            "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": str(definition.memory_mb),
            "NIBRS_ANSWER_FD": str(writing),
        }
        with (self._logs / "start-up.log").open("ab") as log:
            process = subprocess.Popen(
                [sys.executable, "-m", "nibrs_local.lambda_process", definition.handler],
                stdin=subprocess.PIPE,
                stdout=log,
                stderr=log,
                env=environment,
                pass_fds=(writing,),
            )
        os.close(writing)
        return _Worker(process, os.fdopen(reading, "rb"))

    def _ask(self, worker: _Worker, call: dict[str, Any], timeout: float) -> dict[str, Any]:
        stdin = worker.process.stdin
        if stdin is None:
            raise FunctionError("Runtime.ExitError", "the function's process has no input")
        try:
            stdin.write(json.dumps(call).encode() + b"\n")
            stdin.flush()
        except BrokenPipeError:
            raise self._ended(worker) from None
        if not select.select([worker.answers], [], [], timeout)[0]:
            raise FunctionError("Sandbox.Timedout", f"Task timed out after {timeout:.2f} seconds; log: {call['log']}")
        line = worker.answers.readline()
        if not line:
            raise self._ended(worker)
        answer: dict[str, Any] = json.loads(line)
        return answer

    def _ended(self, worker: _Worker) -> FunctionError:
        code = worker.process.wait()
        how = f"signal {-code}" if code < 0 else f"exit status {code}"
        return FunctionError("Runtime.ExitError", f"the function's process ended with {how}; logs: {self._logs}")

    def _discard(self, worker: _Worker) -> None:
        worker.stop()
        with self._lock:
            if worker in self._all:
                self._all.remove(worker)

    def _log(self, function: str, event: Any) -> Path:
        """One file per task: ExtractStateYear-AZ-2016.log, ExtractReference-2016.log, PlanRun.log."""
        name = function.removesuffix("Function")
        if isinstance(event, dict) and {"state", "year"} <= event.keys():
            name += f"-{event['state']}-{event['year']}"
        elif isinstance(event, dict) and isinstance(event.get("name"), str):
            name += f"-{event['name']}"
        elif isinstance(event, dict) and "year" in event:
            name += f"-{event['year']}"
        return self._logs / f"{name}.log"
