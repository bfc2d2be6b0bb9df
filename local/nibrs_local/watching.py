"""What a run does at this moment, read from Step Functions: the same on AWS and on this machine."""

import json
from dataclasses import dataclass, field
from typing import Any

from nibrs_pipeline.checking import message_of
from nibrs_pipeline.failure_report import what_failed

#: How a state's entry and exit are called in an execution's history.
_ENTERED, _EXITED = "StateEntered", "StateExited"


@dataclass(frozen=True)
class MapProgress:
    """Items of one distributed Map."""

    label: str
    total: int
    done: int
    failed: int
    running: int


@dataclass(frozen=True)
class RunView:
    """An execution at one moment. ``states`` have been entered, in this order; True if they are done."""

    status: str
    states: dict[str, bool]
    maps: list[MapProgress]
    error: str = ""
    cause: str = ""
    output: dict[str, Any] = field(default_factory=dict)

    @property
    def is_over(self) -> bool:
        """Whether nothing will happen any more."""
        return self.status not in ("RUNNING", "PENDING_REDRIVE")

    @property
    def failure(self) -> tuple[str, str]:
        """Name and message of what failed: from the report, which is the cause of a failed run if one could be made."""
        name, message = what_failed(self.cause)
        if name:
            return name, message
        name, _, cause = self.cause.partition(": ")
        return name, message_of(cause) or self.cause


def observe(stepfunctions: Any, execution: str) -> RunView:
    """Look at an execution.

    Args:
        stepfunctions: a boto3 client.
        execution: the execution's ARN.
    """
    described = stepfunctions.describe_execution(executionArn=execution)
    states, has_maps = _states(stepfunctions, execution)
    return RunView(
        status=described["status"],
        states=states,
        maps=_maps(stepfunctions, execution) if has_maps else [],
        error=described.get("error", ""),
        cause=described.get("cause", ""),
        output=json.loads(described.get("output") or "{}"),
    )


def _states(stepfunctions: Any, execution: str) -> tuple[dict[str, bool], bool]:
    """The states that were entered, and whether a Map is among them."""
    states: dict[str, bool] = {}
    has_maps = False
    pages = stepfunctions.get_paginator("get_execution_history").paginate(executionArn=execution)
    for event in (event for page in pages for event in page["events"]):
        if event["type"].endswith(_ENTERED):
            states[event["stateEnteredEventDetails"]["name"]] = False
            has_maps = has_maps or event["type"].startswith("Map")
        elif event["type"].endswith(_EXITED):
            states[event["stateExitedEventDetails"]["name"]] = True
    return states, has_maps


def _maps(stepfunctions: Any, execution: str) -> list[MapProgress]:
    progress = []
    for run in stepfunctions.list_map_runs(executionArn=execution)["mapRuns"]:
        counts = stepfunctions.describe_map_run(mapRunArn=run["mapRunArn"])["itemCounts"]
        label = run["mapRunArn"].rpartition("/")[2].partition(":")[0]
        progress.append(
            MapProgress(
                label=label,
                total=counts["total"],
                done=counts["succeeded"],
                failed=counts["failed"] + counts["timedOut"] + counts["aborted"],
                running=counts["running"],
            )
        )
    return progress
