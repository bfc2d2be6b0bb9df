"""A stage as stages.json defines it and the environment asks for it."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from stage_runner.failures import STARTED_WRONGLY, StageFailure

FOLDER = Path(__file__).resolve().parents[1]
#: Under a year's prefix: what each stage has left, for what.
RECEIPTS = "made/"


@dataclass(frozen=True)
class Stage:
    """A stage as it was asked for: its definition and the values of its variables."""

    name: str
    definition: Mapping[str, Any]
    variables: Mapping[str, str]

    @property
    def label(self) -> str:
        """Names the stage, the state or geographies and tables, and the year."""
        return " ".join([self.name, *self._places(), self.variables["DATA_YEAR"]])

    @property
    def prefix(self) -> str:
        """Where the run keeps the year."""
        return self.variables["ESTIMATION_PREFIX"]

    @property
    def failure_key(self) -> str:
        """Where a failure is kept."""
        return f"{self.prefix}failures/{'-'.join([self.name, *self._places()])}.json"

    @property
    def receipt_key(self) -> str:
        """Where it is kept what the outputs were made for."""
        return f"{self.prefix}{RECEIPTS}{'-'.join([self.name, *self._places()])}.json"

    def fill(self, template: str) -> str:
        """A key or path with the variables filled in."""
        return template.format_map(self.variables)

    def _places(self) -> list[str]:
        dimensions = ("INPUT_STATE", "GEOGRAPHY_GROUP", "TABLE_GROUP")
        return [self.variables[name] for name in dimensions if name in self.variables]


def read_stage(arguments: list[str], environment: Mapping[str, str]) -> Stage:
    """The stage that is asked for.

    Raises:
        StageFailure: there is no such stage, or a variable is missing.
    """
    stages = json.loads((FOLDER / "stages.json").read_text(encoding="utf-8"))
    if len(arguments) != 1 or arguments[0] not in stages:
        given = " ".join(arguments) or "nothing"
        raise StageFailure(STARTED_WRONGLY, f"{given} was given; it has to be one stage of {', '.join(stages)}")
    definition = stages[arguments[0]]
    needed = ["ESTIMATION_PREFIX", "DATA_YEAR", *definition["dimensions"]]
    given_too = {name: environment.get(name, "") for name in ("IDENTITY", "INPUT_SHA256", "REFERENCE_SHA256")}
    if missing := [name for name in needed if not environment.get(name)]:
        raise StageFailure(STARTED_WRONGLY, f"{arguments[0]}: {', '.join(missing)} must be set in the environment")
    variables = {name: environment[name] for name in needed} | given_too
    year = variables["DATA_YEAR"]
    return Stage(
        arguments[0], definition, {**variables, "PREVIOUS_YEAR": str(int(year) - 1) if year.isdecimal() else ""}
    )
