"""The index and the documents, as text."""

import xml.etree.ElementTree as ET

import pytest
from nibrs_pipeline.catalog import Catalog
from nibrs_pipeline.documents import DIAGRAM, documents
from nibrs_pipeline.index_page import download_index, human_size, index_html, index_json
from nibrs_pipeline.keys import StateYear

from tests.unit.samples import bundle, estimates, manifest


@pytest.mark.parametrize(
    ("size", "text"), [(0, "0 B"), (999, "999 B"), (1500, "1.5 kB"), (1_427_817, "1.4 MB"), (25_000_000_000, "25 GB")]
)
def test_sizes_are_readable(size: int, text: str) -> None:
    assert human_size(size) == text


def test_an_index_of_nothing_says_so() -> None:
    index = download_index({}, {}, {})
    assert "No downloads yet" in index_html(index).decode()
    assert index_json(index) == b'{\n "state_years": [],\n "bundles": [],\n "estimates": []\n}\n'


def test_a_state_year_that_is_not_there_has_a_mark_in_the_table() -> None:
    there = {StateYear(*key): manifest(*key) for key in (("AZ", 2016), ("LA", 2013))}
    page = index_html(
        download_index(
            there, {"AZ-all-years": bundle("AZ-all-years", there[StateYear("AZ", 2016)])}, {2016: estimates(2016)}
        )
    ).decode()
    assert page.count('title="not available"') == 2
    assert "2 downloads: 2 states, 2013 to 2016" in page
    assert '<a href="../estimates/2016/report.html">report</a>' in page
    assert "{{" not in page


def test_the_diagram_shows_every_table_and_no_box_covers_another(catalog: Catalog) -> None:
    root = ET.fromstring(documents(catalog)[DIAGRAM])
    name = "{http://www.w3.org/2000/svg}"
    texts = {text.text for text in root.iter(f"{name}text")}
    assert {table.name for table in catalog.published} <= texts
    outlines = [box for box in root.iter(f"{name}rect") if box.get("stroke")]
    boxes = [tuple(float(box.get(key, "0")) for key in ("x", "y", "width", "height")) for box in outlines]
    assert len(boxes) == len(catalog.published)
    for place, (x, y, width, height) in enumerate(boxes):
        assert x + width <= float(root.get("width", "0"))
        assert y + height <= float(root.get("height", "0"))
        for x2, y2, width2, height2 in boxes[place + 1 :]:
            assert x + width <= x2 or x2 + width2 <= x or y + height <= y2 or y2 + height2 <= y


def test_documents_are_the_same_every_time(catalog: Catalog) -> None:
    assert documents(catalog) == documents(catalog)


def test_the_readme_page_needs_nothing_from_outside(catalog: Catalog) -> None:
    page = documents(catalog)["README.html"].decode()
    assert "<script" not in page
    assert "<link" not in page
    assert "src=" not in page
    for table in catalog.published:
        assert f'id="{table.name}"' in page
