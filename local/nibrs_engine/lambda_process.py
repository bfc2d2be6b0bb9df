"""What runs inside a function's own process: takes events, calls the handler, answers."""

import importlib
import json
import os
import time
import traceback
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

from nibrs_engine.process_start import begin, log_to

NO_MORE_CALLS = b""


@dataclass
class Context:
    """The part of Lambda's context object that handlers may use."""

    function_name: str
    memory_limit_in_mb: int
    aws_request_id: str
    deadline: float
    function_version: str = "$LATEST"
    invoked_function_arn: str = field(init=False)

    def __post_init__(self) -> None:
        self.invoked_function_arn = (
            f"arn:aws:lambda:{os.environ['AWS_REGION']}:000000000000:function:{self.function_name}"
        )

    def get_remaining_time_in_millis(self) -> int:
        """Milliseconds until the function is stopped."""
        return max(0, int(1000 * (self.deadline - time.monotonic())))


def serve(handler_name: str, environment: Mapping[str, str], calls: Connection, log: str) -> None:
    """Serve events until no more can come.

    Args:
        handler_name: module and name of the handler, with a dot between.
        environment: all variables of the function; those of the process that it was forked from are removed.
        calls: gives calls and takes answers, JSON texts both.
        log: file of what is printed before the first call; each call names its own.
    """
    begin(environment, log)
    module, _, name = handler_name.rpartition(".")
    handler = _import(module, name)
    with suppress(EOFError):
        while (message := calls.recv_bytes()) != NO_MORE_CALLS:
            calls.send_bytes(json.dumps(_answer(handler, json.loads(message))).encode())


def _answer(handler: Callable[[Any, Context], Any], call: dict[str, Any]) -> dict[str, Any]:
    """Call the handler; the result, or what Lambda says of an error."""
    log_to(call["log"])
    started = time.monotonic()
    context = Context(
        os.environ["AWS_LAMBDA_FUNCTION_NAME"],
        int(os.environ["AWS_LAMBDA_FUNCTION_MEMORY_SIZE"]),
        call["request_id"],
        started + call["timeout_s"],
    )
    try:
        answer = {"result": handler(call["event"], context)}
    except Exception as error:
        traceback.print_exc()
        answer = {"error": {"errorType": type(error).__name__, "errorMessage": str(error)}}
    print(f"REPORT {context.aws_request_id} duration {time.monotonic() - started:.2f} s, peak memory {_peak()} MB")
    return answer


def _import(module: str, name: str) -> Callable[[Any, Context], Any]:
    """The handler; if it cannot be imported, one that raises the import's error when it is called."""
    try:
        handler: Callable[[Any, Context], Any] = getattr(importlib.import_module(module), name)
    except Exception as error:
        failed = error

        def handler(event: Any, context: Context) -> Any:
            raise failed

    return handler


def _peak() -> int:
    """This process's largest resident memory in MB; getrusage would include that of the process it came from."""
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith("VmHWM:"):
            return int(line.split()[1]) // 1024
    return 0
