"""A handler in a container, for an item that was too large for its function.

    python -m nibrs_pipeline.handlers.in_container extract_state_year

with, in the environment, what the function has, and

    EVENT      what the function was given, as JSON
    TIMEOUT_S  seconds until the container is stopped

Errors that pass are waited for here, since Step Functions cannot tell why a container failed. What fails for good is
printed as one line that begins with ERROR, is kept where Check extracts and Check bundles look, and ends with status 1.
"""

import importlib
import json
import os
import sys
import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from nibrs_pipeline.errors import DatabaseUnavailable, PipelineError, StorageUnavailable
from nibrs_pipeline.handlers.resources import data_store
from nibrs_pipeline.keys import failure_key

FAILED = 1
#: Seconds between tries after an error that passes: five minutes in all, as long as a database takes to fail over.
_WAITS_S = (3, 6, 12, 24, 48, 60, 60, 60)


@dataclass
class Context:
    """The part of Lambda's context object that handlers use."""

    function_name: str
    deadline: float
    memory_limit_in_mb: int = 0
    invoked_function_arn: str = ""
    aws_request_id: str = field(default_factory=lambda: str(uuid.uuid4()))

    def get_remaining_time_in_millis(self) -> int:
        """Milliseconds until the container is stopped."""
        return max(0, int(1000 * (self.deadline - time.monotonic())))


def patiently(call: Callable[[], Any], sleep: Callable[[float], None] = time.sleep) -> Any:
    """Call, and call again while what fails may pass.

    Raises:
        PipelineError: what it raised last.
    """
    for wait in _WAITS_S:
        try:
            return call()
        except (DatabaseUnavailable, StorageUnavailable) as error:
            print(f"{type(error).__name__}: {error}; trying again in {wait} s", flush=True)
            sleep(wait)
    return call()


def main(name: str) -> int:
    """Call the handler of a state; returns the exit status."""
    handler = importlib.import_module(f"nibrs_pipeline.handlers.{name}").handler
    event = json.loads(os.environ["EVENT"])
    context = Context(name, time.monotonic() + float(os.environ["TIMEOUT_S"]))
    try:
        patiently(lambda: handler(event, context))
    except Exception as error:
        print(f"ERROR {type(error).__name__}: {error}", flush=True)
        _keep(event, error)
        if not isinstance(error, PipelineError):
            raise
        return FAILED
    return 0


def _keep(event: dict[str, Any], error: Exception) -> None:
    """Leave the error where Check extracts or Check bundles finds it, as the state machine leaves a function's."""
    item = f"{event['state']}-{event['year']}" if "state" in event else event["name"]
    record = {"Error": type(error).__name__, "Cause": str(error)}
    try:
        data_store().put_json(failure_key(event["run_id"], item), record)
    except PipelineError as second:
        print(f"ERROR the failure could not be kept: {second}", flush=True)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
