"""The index and the documents, as text."""

import json
import re
import xml.etree.ElementTree as ET
from html import escape
from html.parser import HTMLParser
from importlib.resources import files

import jinja2
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from nibrs_pipeline.archive.manifest_store import Manifests
from nibrs_pipeline.archive.provenance import (
    SOURCE_NOTES,
    UNKNOWN,
    Provenance,
    SourceCode,
    SourceNote,
    source_notes_csv,
)
from nibrs_pipeline.catalog import Catalog, nibrs_catalog
from nibrs_pipeline.extract.documents import DIAGRAM, documents
from nibrs_pipeline.extract.documents.data_package import DATA_PACKAGE
from nibrs_pipeline.extract.documents.readme import (
    BundleFolder,
    StateYearFacts,
    bundle_readme,
    readme_fingerprint,
    state_year_readme,
)
from nibrs_pipeline.markdown import literally, plain
from nibrs_pipeline.pages import environment, human_size, rendered, sources
from nibrs_pipeline.publish.index_page import download_index, index_html, index_json
from nibrs_pipeline.state_year import StateYear

from tests.unit.samples import MADE_UP, bundle, estimates, manifest

NIBRS_MANUAL = "https://www.fbi.gov/how-we-can-help-you/more-fbi-services-and-information/ucr/nibrs"
FRICTIONLESS = "https://specs.frictionlessdata.io/"


def facts(known: Provenance = UNKNOWN) -> StateYearFacts:
    rows = {"nibrs_incident": 12345, "nibrs_offense": 23456}
    return StateYearFacts(StateYear("AZ", 2016), "Arizona", rows, 5, 60, known)


@pytest.mark.parametrize(
    ("size", "text"), [(0, "0 B"), (999, "999 B"), (1500, "1.5 kB"), (1_427_817, "1.4 MB"), (25_000_000_000, "25 GB")]
)
def test_sizes_are_readable(size: int, text: str) -> None:
    assert human_size(size) == text


def test_an_index_of_nothing_says_so() -> None:
    index = download_index(Manifests())
    assert "<strong>No downloads yet.</strong> Nothing is published yet." in index_html(index).decode()
    assert json.loads(index_json(index)) == {
        "simulated": False, "state_years": [], "bundles": [], "estimates": [], "explorer": None,
        "changes": None, "feed": None, "latest_change": None, "parquet": None,
    }  # fmt: skip


def test_a_state_year_that_is_not_there_has_a_mark_in_the_table() -> None:
    there = {StateYear(*key): manifest(*key) for key in (("AZ", 2016), ("LA", 2013))}
    page = index_html(
        download_index(
            Manifests(
                there, {"AZ-all-years": bundle("AZ-all-years", there[StateYear("AZ", 2016)])}, {2016: estimates(2016)}
            )
        )
    ).decode()
    assert page.count('title="not available"') == 2
    assert "2 downloads: 2 states, 2013 to 2016" in page
    assert '<a href="../estimates/2016/report.html">report</a>' in page
    assert "from 1 state, " in page
    assert "no estimate of the nation: states are missing" in page
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
    assert state_year_readme(catalog, facts()) == state_year_readme(catalog, facts())


@pytest.mark.parametrize("known", [UNKNOWN, MADE_UP], ids=["real", "simulated"])
def test_the_readme_page_needs_nothing_from_outside(catalog: Catalog, known: Provenance) -> None:
    page = state_year_readme(catalog, facts(known))["README.html"].decode()
    assert "<script" not in page
    assert "<link" not in page
    assert "src=" not in page
    for table in catalog.published:
        assert f'id="{table.name}"' in page


@pytest.mark.parametrize("known", [UNKNOWN, MADE_UP], ids=["real", "simulated"])
def test_every_link_of_the_readme_leads_somewhere(catalog: Catalog, known: Provenance) -> None:
    contents = state_year_readme(catalog, facts(known))
    in_zip = {*documents(catalog), *contents, DATA_PACKAGE, *([SOURCE_NOTES] if known.notes else [])}
    page = contents["README.html"].decode()
    places = set(re.findall(r'id="([^"]*)"', page))
    links = re.findall(r'href="([^"]*)"', page)
    assert len(links) > 43
    for link in links:
        file, _, place = link.partition("#")
        assert file in in_zip | {"", NIBRS_MANUAL, FRICTIONLESS}, link
        assert not place or place in places, link


def test_a_readme_names_its_state_year_and_says_how_much_is_in_it(catalog: Catalog) -> None:
    text = state_year_readme(catalog, facts())["README.md"].decode()
    assert text.startswith("# Arizona 2016\n")
    for line in ("| Data year | 2016 |", "| Incidents | 12,345 |", "| Offenses | 23,456 |"):
        assert line in text
    assert "| Agencies that reported at least one month | 5 |" in text
    assert "no copyright" in text
    assert "File AZ-2016.zip" in text
    assert "What is known" not in text
    assert "imulated" not in text


def test_a_simulated_readme_says_so_first_and_cites_nobody(catalog: Catalog) -> None:
    contents = state_year_readme(catalog, facts(MADE_UP))
    text, page = contents["README.md"].decode(), contents["README.html"].decode()
    assert text.startswith("# SIMULATED DATA, NOT REAL: Arizona 2016\n")
    assert "<title>SIMULATED: Arizona 2016" in page
    assert page.index("<h1>SIMULATED DATA, NOT REAL") < page.index("No incident, victim, offender or arrestee")
    assert "Federal Bureau of Investigation, Uniform Crime Reporting Program:" not in text


def test_a_readme_does_not_claim_that_agencies_are_listed_that_are_not(catalog: Catalog) -> None:
    only = Provenance(notes=(SourceNote(kind="reporters_only", note="Only reporters."),))
    claim = "`agency_participation` lists all agencies of the state"
    assert claim in state_year_readme(catalog, facts())["README.md"].decode()
    assert claim not in state_year_readme(catalog, facts(only))["README.md"].decode()


def test_what_is_known_of_the_source_stands_in_the_readme(catalog: Catalog) -> None:
    known = Provenance(
        notes=(SourceNote(kind="set_aside", table="nibrs_offender", rows=1108, note="Offenders without incident."),),
        codes=(
            SourceCode(table="nibrs_circumstances", code="6", column="circumstances_name", value="Domestic Violence"),
            SourceCode(table="nibrs_offense_type", code="11D", column="hc_flag", value="Y"),
        ),
    )
    text = state_year_readme(catalog, facts(known))["README.md"].decode()
    assert "## What is known of this file's source\n" in text
    assert "* nibrs_offender: Offenders without incident.\n" in text
    differ = "as this file's own list has it, where those of other years differ:"
    assert f'* nibrs_circumstances: {differ} 6 is "Domestic Violence"\n' in text
    assert f"* nibrs_offense_type: {differ} hc_flag of 1 code\n" in text
    assert "the same in every zip but for names of codes" in text
    assert source_notes_csv(known) == (
        b"kind,table_name,rows,note\nset_aside,nibrs_offender,1108,Offenders without incident.\n"
    )


class _Items(HTMLParser):
    """The texts of the first list of a page, and whether they held an element."""

    def __init__(self) -> None:
        super().__init__()
        self.texts: list[str] = []
        self.elements: list[str] = []
        self._inside = False

    def handle_starttag(self, tag: str, attrs: object) -> None:
        if self._inside:
            self.elements.append(tag)
        if tag == "li":
            self._inside = True
            self.texts.append("")

    def handle_endtag(self, tag: str) -> None:
        self._inside = self._inside and tag != "li"

    def handle_data(self, data: str) -> None:
        if self._inside:
            self.texts[-1] += data


@pytest.mark.parametrize(
    "text",
    [
        "</li><script>alert(1)</script>", "# a heading", "- a list", "1. first", "12) second", "--- \n***", "=== ",
        "a | b\n|---|---|", "[a](javascript:x)", "![x](y)", "<!-- ", "`code", "&lt;b&gt;", "\\",
        "a_b __c__ _d", "&amp; & &#38;", "[^1]", "two  \nlines",
        "\n\n## out", "    code", "\tcode", "{{tables}}", "http://example.org", "<http://example.org>", "~~~",
        "\u202eevil", "a\u2028b", "[x]: y", "> quoted", "+ plus", "\u0000", "_a_ *b*", "",
    ],
)  # fmt: skip
def test_special_characters_in_a_text_are_shown_as_they_are(text: str) -> None:
    shown_as_it_is(text)


@given(st.text(max_size=60) | st.text(alphabet="\\`*_[]<>&|~#!-+=1.): \n\t{}\"'ab", max_size=30))
def test_any_text_is_shown_as_it_is(text: str) -> None:
    shown_as_it_is(text)


def shown_as_it_is(text: str) -> None:
    """As an item of a list, in a table and in the whole README."""
    items = _Items()
    items.feed(page_of(f"* {literally(text)}x\n* second"))
    assert items.texts == [plain(text + "x") if not text[-1:].isspace() else plain(text) + "x", "second"]
    assert items.elements == []
    cells = page_of(f"| a | b |\n|---|---|\n| {literally(text)} | second |")
    assert re.findall(r"<td>(.*?)</td>", cells, re.DOTALL) == [escape_as_markdown_it(plain(text)), "second"]


def page_of(markdown: str) -> str:
    return rendered("readme_page.html", markdown=markdown, simulated=False)


def escape_as_markdown_it(text: str) -> str:
    return escape(text, quote=False).replace('"', "&quot;")


@given(st.lists(st.text(min_size=1, max_size=40), max_size=3))
@settings(max_examples=25)
def test_no_note_breaks_the_readme(notes: list[str]) -> None:
    catalog = nibrs_catalog()
    known = Provenance(notes=tuple(SourceNote(kind="incomplete", table=n, note=n) for n in notes))
    page = state_year_readme(catalog, facts(known))["README.html"].decode()
    plain_page = state_year_readme(catalog, facts())["README.html"].decode()
    added = 2 if notes else 0
    assert page.count("<h2") == plain_page.count("<h2") + (1 if notes else 0)
    assert page.count("<li>") == plain_page.count("<li>") + len(notes)
    assert page.count("<table>") == plain_page.count("<table>")
    assert page.count("href=") == plain_page.count("href=") + added // 2
    assert "<script" not in page


def test_a_simulated_index_says_so_everywhere() -> None:
    there = {StateYear("AZ", 2016): manifest("AZ", 2016, known=MADE_UP)}
    bundles = {"AZ-all-years": bundle("AZ-all-years", *there.values())}
    index = download_index(Manifests(there, bundles, {2016: estimates(2016, simulated=True)}))
    told = json.loads(index_json(index))
    assert told["simulated"] is True
    assert [entry["simulated"] for part in ("state_years", "bundles", "estimates") for entry in told[part]] == [
        True
    ] * 3
    page = index_html(index).decode()
    assert "<title>SIMULATED NIBRS downloads, not real data</title>" in page
    assert page.index('class="warning"') < page.index('id="matrix"')
    assert page.count('<strong class="made-up">simulated</strong>') == 3
    assert "Federal Bureau" not in page


def test_an_index_of_real_data_does_not_speak_of_simulation_and_says_how_to_cite() -> None:
    index = download_index(Manifests({StateYear("AZ", 2016): manifest("AZ", 2016)}))
    page = index_html(index).decode()
    assert "imulated" not in re.sub("<style>.*?</style>", "", page, flags=re.DOTALL)
    assert "no copyright" in page
    assert json.loads(index_json(index))["state_years"][0]["simulated"] is False


def test_notes_on_a_source_stand_in_the_index_as_they_are() -> None:
    known = Provenance(notes=(SourceNote(kind="incomplete", note="a <b> {{rows}} & 'c'"),))
    index = download_index(Manifests({StateYear("AZ", 2016): manifest("AZ", 2016, known=known)}))
    page = index_html(index).decode()
    assert "<summary>1 note</summary><ul><li>a &lt;b&gt; {{rows}} &amp; &#x27;c&#x27;</li></ul>" in page
    assert json.loads(index_json(index))["state_years"][0]["source_notes"] == ["a <b> {{rows}} & 'c'"]


def test_a_bundle_says_what_is_in_it_and_what_is_known_of_that() -> None:
    kinds = ("set_aside", "incomplete", "decoded")
    note = Provenance(notes=tuple(SourceNote(kind=kind, note="No *months*.") for kind in kinds))
    folders = [
        BundleFolder(StateYear("AZ", 2016), "Arizona", 1234, note),
        BundleFolder(StateYear("LA", 2013), "Louisiana", 5, UNKNOWN),
    ]
    text = bundle_readme("all", folders)["README.md"].decode()
    assert "| [AZ-2016](AZ-2016/README.html) | Arizona | 2016 | 1,234 |" in text
    assert text.count("* AZ-2016: No \\*months\\*.\n") == 1
    assert "* AZ-2016: 2 more notes in [its README](AZ-2016/README.html)." in text
    assert "imulated" not in text
    made_up = bundle_readme("all", [BundleFolder(StateYear("AZ", 2016), "Arizona", 1234, MADE_UP)])
    assert made_up["README.md"].startswith(b"# SIMULATED DATA, NOT REAL: all\n")


OF_READMES = ("zip_readme.md", "zip_readme.html", "bundle_readme.md", "bundle_readme.html")
OF_OTHERS = ("index.html", "changes.html", "change.html", "explorer.html", "quality.html", "truth_readme.md")


def test_every_template_belongs_to_a_page() -> None:
    there = {each.name for each in (files("code_tables") / "documents").iterdir()}
    assert set(sources(*OF_READMES, *OF_OTHERS)) == there


def test_what_is_published_is_not_out_of_date_because_a_library_renders_otherwise(
    catalog: Catalog, monkeypatch: pytest.MonkeyPatch
) -> None:
    fingerprint, contents = readme_fingerprint(), state_year_readme(catalog, facts())
    monkeypatch.setitem(environment().filters, "from_markdown", lambda markdown: f"<pre>{markdown}</pre>")
    assert state_year_readme(catalog, facts())["README.html"] != contents["README.html"]
    assert readme_fingerprint() == fingerprint
    monkeypatch.setattr(jinja2.Template, "render", lambda *_: "otherwise")
    assert state_year_readme(catalog, facts())["README.md"] == b"otherwise"
    assert readme_fingerprint() == fingerprint


@pytest.mark.parametrize("template", sorted(sources(*OF_READMES, *OF_OTHERS)))
def test_what_is_published_is_out_of_date_if_what_readmes_say_changes(
    template: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    fingerprint = readme_fingerprint()
    changed = jinja2.DictLoader({template: sources(template)[template] + " "})
    loader = environment().loader
    assert loader
    monkeypatch.setattr(environment(), "loader", jinja2.ChoiceLoader([changed, loader]))
    assert (readme_fingerprint() != fingerprint) == (template in sources(*OF_READMES))


def test_a_template_that_names_what_it_is_not_given_is_an_error() -> None:
    with pytest.raises(jinja2.UndefinedError, match="'name' is undefined"):
        rendered("truth_readme.md")
