"""The public index in a real browser: readable, sortable, searchable, on a desk and on a phone."""

import json
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from nibrs_home import embedded_postgres
from nibrs_home.home import Home

from tests.conftest import missing
from tests.runs import load_trial, public, run

BROWSER = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
QUIET = [
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-sync",
    "--disable-background-networking", "--disable-component-update",
]  # fmt: skip

#: Does what a visitor does, and leaves what the visitor sees as JSON in the page.
VISIT = """
<script>
addEventListener("load", () => {
  const list = document.querySelector("#list");
  const shown = () => [...list.tBodies[0].rows].filter((row) => !row.hidden).map((row) => row.cells[2].innerText);
  const seen = { all: shown() };
  const search = document.querySelector("#search");
  const type = (text) => { search.value = text; search.dispatchEvent(new Event("input")); return shown(); };
  seen.rhode = type("rhode 2016");
  seen.nothing = type("atlantis");
  seen.told = document.querySelector("#shown").value;
  type("");
  const heads = [...list.tHead.rows[0].cells];
  heads[1].querySelector("button").click();
  seen.byYear = shown();
  heads[1].querySelector("button").click();
  seen.byYearDown = shown();
  heads[3].querySelector("button").click();
  seen.bySize = [...list.tBodies[0].rows].map((row) => Number(row.cells[3].dataset.sort));
  seen.tallest = Math.max(...[...list.tBodies[0].rows].map((row) => row.offsetHeight));
  seen.wide = document.documentElement.scrollWidth <= innerWidth;
  seen.requests = performance.getEntriesByType("resource").map((entry) => entry.name);
  document.body.dataset.seen = JSON.stringify(seen);
});
</script>
"""


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """index.html of the made-up world, with its bundles."""
    if BROWSER is None:
        missing("Chromium is not installed; `make test` installs it")
    home = Home(tmp_path_factory.mktemp("index"))
    with embedded_postgres.database(home) as location:
        load_trial(home.scratch("trial"), location)
        run(home, location, bundles=["states"])
        yield public(home) / "index.html"


def visit(page: Path, tmp_path: Path, size: str, script: str = VISIT) -> dict[str, object]:
    copy = page.with_name("visited.html")
    copy.write_text(page.read_text().replace("</body>", script + "</body>"))
    command = [str(BROWSER), *QUIET, f"--user-data-dir={tmp_path / 'profile'}", f"--window-size={size}"]
    done = subprocess.run(
        [*command, "--dump-dom", copy.as_uri()], capture_output=True, text=True, check=True, timeout=90
    )
    copy.unlink()
    found = re.search(r'data-seen="([^"]*)"', done.stdout)
    assert found, done.stderr
    seen: dict[str, object] = json.loads(found[1].replace("&quot;", '"'))
    return seen


@pytest.mark.parametrize("size", ["1300,900", "500,900"], ids=["desk", "phone"])
def test_a_visitor_can_search_and_sort(page: Path, tmp_path: Path, size: str) -> None:
    seen = visit(page, tmp_path, size)
    assert seen["all"] == ["DE-2015.zip", "DE-2016.zip", "RI-2015.zip", "RI-2016.zip"]
    assert seen["rhode"] == ["RI-2016.zip"]
    assert seen["nothing"] == []
    assert seen["told"] == "0 of 4"
    assert seen["byYear"] == ["DE-2015.zip", "RI-2015.zip", "DE-2016.zip", "RI-2016.zip"]
    assert seen["byYearDown"] == ["DE-2016.zip", "RI-2016.zip", "DE-2015.zip", "RI-2015.zip"]
    assert isinstance(seen["bySize"], list)
    assert seen["bySize"] == sorted(seen["bySize"])
    assert seen["wide"], "the page is wider than the screen"
    assert isinstance(seen["tallest"], int)
    assert seen["tallest"] < 120, "two thousand downloads would take a mile of scrolling"
    assert seen["requests"] == []


def test_estimates_and_bundles_are_listed_before_thousands_of_downloads(page: Path) -> None:
    text = page.read_text()
    assert 0 < text.index("Several in one file") < text.index("All downloads")


def test_every_link_leads_to_a_file(page: Path) -> None:
    links = re.findall(r'href="([^"]+)"', page.read_text())
    assert len(links) >= 4 * 3
    assert [link for link in links if not (page.parent / link).is_file()] == []


def test_without_scripts_all_is_there(page: Path) -> None:
    text = re.sub(r"<script>.*?</script>", "", page.read_text(), flags=re.DOTALL)
    for name in ("DE-2015.zip", "RI-2016.zip", "DE-all-years.zip", "Rhode Island", "SHA-256"):
        assert name in text


#: Leaves what a visitor of a page without scripts sees.
LOOK = """
<script>
addEventListener("load", () => {
  const wide = document.documentElement.scrollWidth <= innerWidth;
  document.body.dataset.seen = JSON.stringify({ wide, text: document.body.innerText });
});
</script>
"""


@pytest.mark.parametrize("size", ["1300,900", "500,900"], ids=["desk", "phone"])
@pytest.mark.parametrize("name", ["changes.html", "changes/1.html"])
def test_a_visitor_sees_what_changed(page: Path, tmp_path: Path, name: str, size: str) -> None:
    assert 'href="changes.html"' in page.read_text()
    seen = visit(page.parent / name, tmp_path, size, LOOK)
    assert seen["wide"], "the page is wider than the screen"
    assert "4 state-years new" in str(seen["text"])
    assert "New: DE 2015 to 2016, RI 2015 to 2016." in str(seen["text"])


@pytest.mark.parametrize("name", ["changes.html", "changes/1.html"])
def test_every_link_of_what_changed_leads_to_a_file(page: Path, name: str) -> None:
    file = page.parent / name
    links = re.findall(r'href="([^"]+)"', file.read_text())
    assert len(links) >= 3
    assert [link for link in links if not (file.parent / link).is_file()] == []
