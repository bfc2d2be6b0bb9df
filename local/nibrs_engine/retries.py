"""The Retry blocks of the state machine, made from the one table of errors and retries.

``statemachines/retries.csv`` says which errors pass, how often and for how long they are retried, and why. After a
change, ``python -m nibrs_engine.retries`` writes the blocks into the definition.
"""

import csv
import json
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import Any

from nibrs_engine.lambda_pool import function_definitions

_LAMBDA, _ECS = "arn:aws:states:::lambda:invoke", "arn:aws:states:::ecs:runTask.sync"


@dataclass(frozen=True)
class Retry:
    """Errors that are retried alike; times in seconds. ``used_by`` names kinds of tasks, see ``kinds_of``."""

    name: str
    errors: list[str]
    interval_s: int
    rate: int
    attempts: int
    max_delay_s: int
    used_by: list[str]
    why: str

    @property
    def mean_wait_s(self) -> float:
        """How long an error is retried in all before it fails the state; full jitter waits half of each delay."""
        delays = [min(float(self.interval_s * self.rate**tried), self.max_delay_s) for tried in range(self.attempts)]
        return sum(delays) / 2

    def block(self) -> dict[str, Any]:
        """As it stands in the definition."""
        return {
            "ErrorEquals": self.errors,
            "IntervalSeconds": self.interval_s,
            "BackoffRate": self.rate,
            "MaxAttempts": self.attempts,
            "MaxDelaySeconds": self.max_delay_s,
            "JitterStrategy": "FULL",
        }


def read_retries() -> list[Retry]:
    """The table, in its order."""
    with (_folder() / "retries.csv").open(encoding="utf-8", newline="") as file:
        return [
            Retry(
                name=row["name"],
                errors=row["errors"].split(),
                interval_s=int(row["interval_s"]),
                rate=int(row["rate"]),
                attempts=int(row["attempts"]),
                max_delay_s=int(row["max_delay_s"]),
                used_by=row["used_by"].split(),
                why=row["why"],
            )
            for row in csv.DictReader(file)
        ]


def kinds_of(task: dict[str, Any]) -> set[str]:
    """What a state that is retried is, as the table's ``used_by`` has it; one with a function can be several."""
    if task["Type"] == "Map":
        return {"lists"}
    if task["Resource"] == _LAMBDA:
        function = task["Parameters"]["FunctionName"].strip("${}")
        if function == "NotifyFailureFunction":
            return {"notice"}
        kinds = {"functions"}
        if function_definitions()[function].database:
            kinds.add("database")
        if function == "PublishFunction":
            kinds.add("publish")
        return kinds
    if task["Resource"] == _ECS:
        return {"containers"}
    return {"executions" if ":sfn:" in task["Resource"] else "notes"}


def with_retries(machine: dict[str, Any]) -> dict[str, Any]:
    """A definition whose Task states, and Maps that read a list, have the table's Retry blocks."""
    retries = read_retries()
    for state in retried_of(machine):
        kinds = kinds_of(state)
        state["Retry"] = [retry.block() for retry in retries if kinds.intersection(retry.used_by)]
    return machine


def retried_of(machine: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """All Task states and all Maps that read a list from the bucket, those inside Maps too."""
    for state in machine["States"].values():
        if state["Type"] == "Task" or "ItemReader" in state:
            yield state
        if "ItemProcessor" in state:
            yield from retried_of(state["ItemProcessor"])


def as_markdown() -> str:
    """The table as docs/operations.md shows it."""
    lines = ["| what | errors | waited for | why |", "|---|---|---|---|"]
    for retry in read_retries():
        errors = ", ".join(f"`{error}`" for error in retry.errors)
        tries = f"{retry.attempts} {'try' if retry.attempts == 1 else 'tries'} more"
        lines.append(f"| {retry.name} | {errors} | {tries}, {_duration(retry.mean_wait_s)} in all | {retry.why} |")
    return "\n".join(lines) + "\n"


def _duration(seconds: float) -> str:
    return f"about {seconds / 60:.0f} min" if seconds >= 60 else f"about {max(seconds, 1):.0f} s"


def _folder() -> Path:
    return Path(str(files("nibrs_pipeline"))).parents[1] / "statemachines"


def main() -> None:
    """Write the blocks into the definition."""
    path = _folder() / "nibrs_pipeline.asl.json"
    machine = with_retries(json.loads(path.read_text(encoding="utf-8")))
    path.write_text(json.dumps(machine, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
