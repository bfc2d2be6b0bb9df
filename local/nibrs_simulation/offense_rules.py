"""Which segments each offense needs, and which exclude each other (NIBRS User Manual; ``code_tables/rules``)."""

import csv
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

FOLDER = files("code_tables") / "rules"


@dataclass(frozen=True)
class OffenseRule:
    """What an incident with a Group A offense has to have.

    Attributes:
        crime_against: Person, Property or Society.
        activity: "must" if criminal activity is mandatory, "may" if gang information may be given, else "".
        officer: whether a victim may be an officer.
    """

    crime_against: str
    weapon: bool
    activity: str
    injury: bool
    circumstances: bool
    relationship: bool
    property: bool
    entry: bool
    officer: bool


def _rows(name: str) -> Iterator[dict[str, str]]:
    yield from csv.DictReader((FOLDER / f"{name}.csv").read_text(encoding="utf-8").splitlines())


@cache
def offense_rules() -> dict[str, OffenseRule]:
    """By offense code."""
    return {
        row["offense_code"]: OffenseRule(
            row["crime_against"], row["weapon"] == "yes", row["activity"], row["injury"] == "yes",
            row["circumstances"] == "yes", row["relationship"] == "yes", row["property"] == "yes",
            row["entry"] == "yes", row["officer"] == "yes",
        )
        for row in _rows("offenses")
    }  # fmt: skip


@cache
def exclusive_offenses() -> frozenset[tuple[str, str]]:
    """Pairs of offenses that the same victim cannot have, in both orders."""
    pairs = {(row["offense_code"], row["excluded_code"]) for row in _rows("exclusive_offenses")}
    return frozenset(pairs | {(second, first) for first, second in pairs})
