"""Why something failed, from what Step Functions says of it: a function's message, a container's exit status."""

import json
import re
from dataclasses import dataclass
from typing import Any, Self

#: The names of our containers; services such as GuardDuty put others of their own into the task.
ESTIMATION, PIPELINE = "estimation", "pipeline"

#: What the exit statuses of containers/r_estimation/stage_runner/failures.py mean.
MEANINGS = {
    1: "the stage failed",
    2: "it was started wrongly",
    3: "an input is missing or was replaced, or the bucket did not take or give an object",
    4: "the container's disk is full, or another fault of its system",
    124: "it ran out of time",
    137: "it was killed, most likely because it ran out of memory; give the stage more in stages.json",
}
#: The same of handlers in a container.
PIPELINE_MEANINGS = {
    1: "it failed; its log says why",
    137: "it was killed, most likely because it ran out of memory; give it more in containers/pipeline/tasks.json",
}


@dataclass(frozen=True)
class StoppedTask:
    """A task that has stopped; ``exit_code`` is None if its container never ran."""

    stage: str
    variables: dict[str, str]
    exit_code: int | None
    reason: str
    container: str = ESTIMATION

    @classmethod
    def from_cause(cls, cause: str) -> Self | None:
        """Read the ``Cause`` of a failed ecs:runTask.sync; None if it is the cause of something else.

        The names of errors may stand before it, as Fail states inside a Map put them there.
        """
        try:
            task: dict[str, Any] = json.loads(cause[cause.index("{") :])
            override = _ours(task["Overrides"]["ContainerOverrides"])
            variables = {each["Name"]: each["Value"] for each in override["Environment"]}
            stage = override["Command"][0]
            # A task that failed to start may have no containers yet.
            container = _ours(task.get("Containers") or [override])
        except (ValueError, KeyError, TypeError, IndexError, StopIteration):
            return None
        reasons = dict.fromkeys(filter(None, (container.get("Reason"), task.get("StoppedReason"))))
        reason = "; ".join(reasons) or str(task.get("StopCode", ""))
        return cls(stage, variables, container.get("ExitCode"), reason, container["Name"])

    @property
    def failure_key(self) -> str:
        """Where the stage has left its own message, if it could."""
        return f"{self.variables.get('ESTIMATION_PREFIX', '')}failures/{'-'.join([self.stage, *self._places()])}.json"

    def __str__(self) -> str:
        where = " ".join([self.stage, *self._places(), self.variables.get("DATA_YEAR", "")]).strip()
        if self.exit_code is None:
            return f"{where}: the container did not run: {self.reason}"
        meanings = MEANINGS if self.container == ESTIMATION else PIPELINE_MEANINGS
        meaning = meanings.get(self.exit_code, self.reason)
        return f"{where}: exit status {self.exit_code}, {meaning}"

    def _places(self) -> list[str]:
        dimensions = ("INPUT_STATE", "BUNDLE", "GEOGRAPHY_GROUP", "TABLE_GROUP")
        return [self.variables[name] for name in dimensions if name in self.variables]


def _ours(containers: list[dict[str, Any]]) -> dict[str, Any]:
    """Our container; raises StopIteration if it is not there."""
    return next(each for each in containers if each["Name"] in (ESTIMATION, PIPELINE))


#: Fifty causes in one message, beside Lambda's stack trace, are to fit what Step Functions takes: 32,768 characters.
_LONGEST_CAUSE = 340
#: The remedy is at the end of a message, which is therefore kept.
_END_OF_CAUSE = 140


def cause_of(record: bytes | None) -> str:
    """A recorded failure as one line, not too long for fifty of them: the error's name and message."""
    if record is None:
        return "no cause was recorded; see the log of its task"
    failure = json.loads(record)
    text = f"{failure.get('Error', 'unknown error')}: {' '.join(message_of(str(failure.get('Cause', ''))).split())}"
    if len(text) <= _LONGEST_CAUSE:
        return text
    return f"{text[: _LONGEST_CAUSE - _END_OF_CAUSE]} ... {text[-_END_OF_CAUSE:]}"


def message_of(cause: str) -> str:
    """What a ``Cause`` says to people: Lambda's message, a container's exit status, or the text itself.

    A Fail state inside a Map puts the name of the error before it: "MissingTabulations: {...}".
    """
    if named := re.fullmatch(r"([\w.]+): (\{.*\})", cause, re.DOTALL):
        return f"{named[1]}: {message_of(named[2])}"
    try:
        return str(json.loads(cause)["errorMessage"])
    except (ValueError, KeyError, TypeError):
        return str(StoppedTask.from_cause(cause) or cause)
