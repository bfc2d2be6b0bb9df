"""What the explorer shows, used by Chromium, and what it has to show by the CSV files in the zips."""

import csv
import json
import re
import shutil
import subprocess
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

from nibrs_engine.container_tasks import estimation_folder

from tests.conftest import missing
from tests.csv_members import read_member

_FOLDER = Path(__file__).parent / "explorer_browser"
_BROWSER = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
_NODE = Path(__file__).parents[1] / ".venv" / "bin" / "node"


@dataclass(frozen=True)
class Figure:
    """A number that a zip publishes, as the page writes it."""

    estimate: str
    interval: str
    release: str


def look(page: Path, **asked: Any) -> dict[str, Any]:
    """Open the page, do what a visitor does (see look.mjs), and tell what was seen."""
    if _BROWSER is None or not _NODE.exists() or not (_FOLDER / "node_modules").exists():
        missing("Chromium, Node or Playwright is not installed; `make setup-test` installs them")
    done = subprocess.run(
        [str(_NODE), str(_FOLDER / "look.mjs"), _BROWSER],
        input=json.dumps({"page": page.as_uri(), **asked}), capture_output=True, text=True, check=False, timeout=240,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    seen: dict[str, Any] = json.loads(done.stdout)
    return seen


def published_figures(path: Path, shown: set[str] | None = None) -> dict[tuple[str, str, str], Figure]:
    """What a zip says, by geography, figure (der_variable_name of the count, or offense code) and kind of number.

    Args:
        shown: tables; those that the explorer shows if not given.
    """
    with zipfile.ZipFile(path) as archive:
        places = {
            row["permutation"]: row["geography"]
            for row in read_member(archive, "geographies.csv", agency_group="all agencies")
        }
        shown = shown or _shown_tables()
        tables = [
            name
            for name in archive.namelist()
            if name.startswith("indicator_tables/") and name.removesuffix(".csv").rpartition("_")[2] in shown
        ]
        cells = (row for name in tables for row in read_member(archive, name, _OF_FIGURES, der_elig_suppression="1"))
        rated = _rated_rows()
        figures = {
            (places[row["PERMUTATION_NUMBER"]], *_name(row, rated)): _figure(
                row["estimate_type"],
                (row["estimate"], row["estimate_lower_bound"], row["estimate_upper_bound"]),
                row["suppression_flag_indicator"],
            )
            for row in cells
            if row["PERMUTATION_NUMBER"] in places and row["estimate"]
        }
        for row in read_member(archive, "offenses.csv", agency_group="all agencies"):
            limits = (row["estimate"], row["lower_95"], row["upper_95"])
            place, flag = row["geography"], row["suppression_flag"]
            figures[place, row["cell"], "count"] = _figure("count", limits, flag)
            if row["rate_per_100000"]:
                people = float(row["population"])
                rates = tuple(str(float(each) * (1e5 / people)) if each else "" for each in limits)
                figures[place, row["cell"], "rate"] = _figure("rate", rates, flag)
    return figures


#: What a figure is made of.
_OF_FIGURES = (
    "PERMUTATION_NUMBER", "der_variable_name", "estimate_type", "estimate", "estimate_lower_bound",
    "estimate_upper_bound", "suppression_flag_indicator",
)  # fmt: skip
#: The explorer shows tables with a headline, by which it finds the others; their rates may be a table of their own.
#: These have several.
_WITHOUT_HEADLINE = re.compile(r"DM[6-9]")


def booked_tables() -> set[str]:
    """The tables that are in workbooks and in the file of all numbers."""
    return {name for row in _definitions("groups") if row["booked"] == "yes" for name in row["tables"].split()}


def _shown_tables() -> set[str]:
    return {row["table"] for row in _definitions("tables") if not _WITHOUT_HEADLINE.fullmatch(row["table"])}


def _definitions(name: str) -> list[dict[str, str]]:
    path = estimation_folder() / "nibrsest" / "inst" / "extdata" / "tables" / f"{name}.csv"
    with path.open(newline="") as file:
        return list(csv.DictReader(file))


def _rated_rows() -> dict[tuple[str, int], tuple[str, str, int]]:
    """The table, section and row that rows of rates are of: the nth of a line is of the nth after the line's first."""
    counted = {row["table"]: row["cells_of"] or row["table"] for row in _definitions("tables")}
    lines = [(table, line) for line in _definitions("sections") for table in line["table"].split()]
    section = {
        (table, row): line["section"]
        for table, line in lines
        for row in range(int(line["first_row"]), int(line["last_row"]) + 1)
        if not line["rate_of"]
    }
    rated = {}
    for table, line in lines:
        if line["rate_of"]:
            first, of = int(line["first_row"]), int(line["rate_of"].removeprefix("row "))
            for row in range(first, int(line["last_row"]) + 1):
                at = of + row - first
                rated[table, row] = (counted[table], section[counted[table], at], at)
    return rated


def named_by(address: str) -> tuple[str, str, str]:
    """The geography, the figure and the kind of number that an address of the page is of."""
    given = parse_qs(address.removeprefix("#"))
    return given["place"][0], given["figure"][0], given["kind"][0]


def _name(row: Mapping[str, str], rated: Mapping[tuple[str, int], tuple[str, str, int]]) -> tuple[str, str]:
    """The name of the count that it is, or that it is a rate of."""
    variable, kind = row["der_variable_name"], row["estimate_type"]
    table, _, line, column = re.fullmatch(r"t_(.+)_(\d+)_(\d+)_(\d+)", variable).groups()  # type: ignore[union-attr]
    if (table, int(line)) in rated:
        variable = "_".join(["t", *map(str, rated[table, int(line)]), column])
    return variable, kind


def _figure(kind: str, numbers: tuple[str, ...], flag: str) -> Figure:
    estimate, lower, upper = (_shown(number, kind) for number in numbers)
    little = estimate in ("0", "0.0") and float(numbers[0]) > 0
    return Figure(
        estimate if not little else "under 1" if kind == "count" else "under 0.1",
        "no interval" if "n/a" in (lower, upper) else f"{lower} to {upper}",
        {"0": "yes", "1": "no"}[flag],
    )


def _shown(number: str, kind: str) -> str:
    if number in ("", "-9"):
        return "n/a"
    return f"{round(float(number)):,}" if kind == "count" else f"{round(float(number) * 10) / 10:,.1f}"
