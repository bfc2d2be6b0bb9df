"""The history of an execution, answered as it stands.

What saves time: moto looks for each of the forty details that an event may have under a dozen names, which costs more
than the run that is watched. Its events are plain dictionaries by the API's names: here they become JSON as they are.
"""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime

from moto.stepfunctions.responses import StepFunctionResponse

from nibrs_engine.patches import patched


@contextmanager
def answering_histories() -> Iterator[None]:
    """Let GetExecutionHistory answer with the events that moto's interpreter keeps."""

    def get_execution_history(self: StepFunctionResponse) -> str:
        history = self.stepfunction_backend.get_execution_history(self._get_param("executionArn"))
        events = [{**event, "timestamp": _seconds(event["timestamp"])} for event in history["events"]]
        return json.dumps({**history, "events": events})

    with patched(StepFunctionResponse, "get_execution_history", get_execution_history):
        yield


def _seconds(moment: str) -> float:
    """A time as the protocol has it: seconds since 1970."""
    return datetime.fromisoformat(moment).timestamp()
