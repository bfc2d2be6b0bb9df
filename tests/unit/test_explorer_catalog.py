"""What the explorer's page makes of a year's labels, asked of its own module."""

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import missing

_ROOT = Path(__file__).parents[2]
_NODE = _ROOT / ".venv" / "bin" / "node"
_ASK = """
const { Catalog } = await import(process.argv[1]);
const catalog = new Catalog(JSON.parse(process.argv[2]));
const figures = JSON.parse(process.argv[3]).map((name) => catalog.figure(name));
const told = ({ at, row, over, ...rest }) => ({ at, row, over, kinds: catalog.kindsOf({ over, ...rest }) });
console.log(JSON.stringify(figures.map((each) => each && told(each))));
"""


def figures(tables: list[dict[str, Any]], *names: str) -> list[dict[str, Any] | None]:
    if not _NODE.exists():
        missing("Node is not installed; `make setup` installs it")
    labels = {"geographies": [], "reasons": [], "offenses": [], "grid": [], "tables": tables}
    module = (_ROOT / "lambdas" / "explorer" / "src" / "catalog.js").as_uri()
    done = subprocess.run(
        [str(_NODE), "--input-type=module", "-e", _ASK, module, json.dumps(labels), json.dumps(names)],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    found: list[dict[str, Any] | None] = json.loads(done.stdout)
    return found


def table(sections: list[dict[str, Any]], **total: str) -> dict[str, Any]:
    return {
        "table": "3a", "title": "Person victims", "group": "victims",
        "columns": [{"column": number, "name": f"Crime {number}", "unit": "victims"} for number in (1, 2)],
        "totals": [{"section": 1, "row": 1, "label": "", **total}], "sections": sections,
    }  # fmt: skip


SEXES = {"id": "8", "section": 8, "label": "Sex", "numbers": [5, 7], "rows": ["M", "F"], "of": "", "rates": ""}
RACES = {"id": "8.2", "section": 8, "label": "Race", "numbers": [6, 8], "rows": ["A", "B"], "of": "", "rates": "group"}


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("t_3a_1_1_2", {"at": 1, "row": "", "over": "officers", "kinds": ["count", "rate"]}),
        ("t_3a_8_5_1", {"at": 0, "row": "M", "over": "", "kinds": ["count", "percentage"]}),
        # Packed in the order of rows, in whichever part of a section they are shown.
        ("t_3a_8_6_1", {"at": 2, "row": "A", "over": "group", "kinds": ["count", "percentage", "rate"]}),
        ("t_3a_8_7_2", {"at": 5, "row": "F", "over": "", "kinds": ["count", "percentage"]}),
        ("t_3a_8_9_1", None),
        ("t_9_1_1_1", None),
    ],
)
def test_a_figure_is_found_where_it_is_packed(name: str, expected: dict[str, Any] | None) -> None:
    assert figures([table([SEXES, RACES], rates="officers")], name) == [expected]


def test_a_year_that_was_published_before_rows_had_numbers_is_read() -> None:
    earlier = {"section": 2, "first": 3, "label": "Sex", "rows": ["M", "F"], "of": ""}
    assert figures([table([earlier])], "t_3a_1_1_1", "t_3a_2_4_2") == [
        {"at": 0, "row": "", "over": "residents", "kinds": ["count", "rate"]},
        {"at": 3, "row": "F", "over": "", "kinds": ["count", "percentage"]},
    ]
