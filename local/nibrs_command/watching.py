"""What a run does at this moment, read from Step Functions: the same on AWS and on this machine."""

import json
from dataclasses import dataclass, field
from typing import Any

from nibrs_pipeline.failure_causes import message_of
from nibrs_pipeline.publish.failure_report import what_failed

#: How a state's entry and exit are called in an execution's history.
_ENTERED, _EXITED = "StateEntered", "StateExited"
#: Where the input of a Map says how many items it has.
_COUNTED = (("run", "state_years"), ("run", "bundles"), ("reference", "states"))


@dataclass(frozen=True)
class Step:
    """A state that was entered; ``year`` is the data year that it works for, if there is a single one."""

    name: str
    year: str = ""
    done: bool = False

    def __str__(self) -> str:
        """Name and year, as people read it."""
        return f"{self.name} {self.year}".strip()


@dataclass(frozen=True)
class Activity:
    """What this machine's tasks do, which Step Functions does not report: names such as ExtractStateYear-AZ-2016."""

    rows: int = 0
    running: list[str] = field(default_factory=list)
    finished: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class MapProgress:
    """Items of one distributed Map; ``year`` as of its step."""

    label: str
    total: int
    done: int
    failed: int
    running: int
    year: str = ""

    def is_of(self, name: str) -> bool:
        """Whether a state, or a task of an item, belongs to it: labels have no spaces and hyphens."""
        return self.label.casefold().startswith(plain(name))


def plain(name: str) -> str:
    """A name without what labels cannot have: ``Extract state-years`` becomes ``extractstateyears``."""
    return "".join(letter for letter in name.casefold() if letter.isalnum())


@dataclass(frozen=True)
class RunView:
    """An execution at one moment. ``steps`` have been entered, in this order."""

    status: str
    steps: list[Step]
    maps: list[MapProgress]
    error: str = ""
    cause: str = ""
    output: dict[str, Any] = field(default_factory=dict)

    @property
    def states(self) -> list[str]:
        """Names of the states that were entered."""
        return [step.name for step in self.steps]

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
        name, colon, cause = self.cause.partition(": ")
        if not colon:
            return self.error or self.status, self.cause or "Step Functions gives no cause"
        return name, message_of(cause) or self.cause


def observe(stepfunctions: Any, execution: str) -> RunView:
    """Look at an execution.

    Args:
        stepfunctions: a boto3 client.
        execution: the execution's ARN.
    """
    described = stepfunctions.describe_execution(executionArn=execution)
    history = _History()
    pages = stepfunctions.get_paginator("get_execution_history").paginate(executionArn=execution)
    for event in (event for page in pages for event in page["events"]):
        history.add(event)
    return RunView(
        status=described["status"],
        steps=history.steps,
        maps=[_progress(stepfunctions, each) for each in history.maps],
        error=described.get("error", ""),
        cause=described.get("cause", ""),
        output=json.loads(described.get("output") or "{}"),
    )


@dataclass(frozen=True)
class _MapRun:
    arn: str
    year: str
    expected: int

    @property
    def label(self) -> str:
        return self.arn.rpartition("/")[2].partition(":")[0]


class _History:
    """What an execution's events tell, in their order."""

    def __init__(self) -> None:
        self.maps: list[_MapRun] = []
        self._running: dict[tuple[str, str], int] = {}
        self._entered = ("", "")
        self._expected = 0

    @property
    def steps(self) -> list[Step]:
        return [Step(name, year, running == 0) for (name, year), running in self._running.items()]

    def add(self, event: dict[str, Any]) -> None:
        kind = event["type"]
        if kind.startswith("Choice"):
            return  # takes no time, and is of no interest
        if kind.endswith(_ENTERED):
            details = event["stateEnteredEventDetails"]
            self._enter(details["name"], _read(details.get("input")))
        elif kind.endswith(_EXITED):
            self._leave(event["stateExitedEventDetails"]["name"])
        elif kind == "MapRunStarted":
            arn = event["mapRunStartedEventDetails"]["mapRunArn"]
            self.maps.append(_MapRun(arn, self._entered[1], self._expected))

    def _enter(self, name: str, given: dict[str, Any]) -> None:
        reference = given.get("reference")
        year = given.get("year") or (reference.get("year") if isinstance(reference, dict) else "") or ""
        self._expected = _expected(name, given)
        self._entered = (name, str(year))
        self._running[self._entered] = self._running.get(self._entered, 0) + 1

    def _leave(self, name: str) -> None:
        for step, running in self._running.items():
            if step[0] == name and running:
                self._running[step] -= 1
                return


def _read(text: str | None) -> dict[str, Any]:
    """A state's input; Step Functions cuts off what is very long."""
    try:
        given = json.loads(text or "{}")
    except ValueError:
        return {}
    return given if isinstance(given, dict) else {}


def _expected(name: str, given: dict[str, Any]) -> int:
    """How many items a Map was given; 0 if its input does not say so."""
    for group, key in _COUNTED:
        counted = given.get(group, {}).get(key) if isinstance(given.get(group), dict) else None
        if isinstance(counted, dict) and plain(name).endswith(plain(key)):
            return int(counted.get("count", 0))
    return 0


def _progress(stepfunctions: Any, run: _MapRun) -> MapProgress:
    counts = stepfunctions.describe_map_run(mapRunArn=run.arn)["itemCounts"]
    return MapProgress(
        label=run.label,
        total=max(counts["total"], run.expected),
        done=counts["succeeded"],
        failed=counts["failed"] + counts["timedOut"] + counts["aborted"],
        running=counts["running"],
        year=run.year,
    )
