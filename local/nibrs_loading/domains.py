"""Between which values a column's lie: ``code_tables/rules/domains.csv``, and its only reader."""

import csv
from dataclasses import dataclass
from functools import cache
from importlib.resources import files


@dataclass(frozen=True)
class Domain:
    """A column of a table, and its least and its most value: numbers or dates, as text."""

    table: str
    column: str
    least: str
    most: str


@cache
def domains() -> tuple[Domain, ...]:
    """The domains of all columns that have one."""
    text = (files("code_tables") / "rules" / "domains.csv").read_text(encoding="utf-8")
    return tuple(Domain(**row) for row in csv.DictReader(text.splitlines()))
