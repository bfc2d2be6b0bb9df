"""Which column of a code table holds its code, and which its name (``code_tables/layouts/code_columns.csv``)."""

import csv
from dataclasses import dataclass
from functools import cache
from importlib.resources import files


@dataclass(frozen=True)
class CodeColumns:
    """The columns of a code table that hold its code, which keeps its meaning when identifiers change, and its name."""

    code: str
    name: str


@cache
def code_columns() -> dict[str, CodeColumns]:
    """By code table."""
    text = (files("code_tables") / "layouts" / "code_columns.csv").read_text(encoding="utf-8")
    return {row["table"]: CodeColumns(row["code"], row["name"]) for row in csv.DictReader(text.splitlines())}
