"""The public index: index.json for programs, index.html for people."""

from html import escape
from importlib.resources import files

from pydantic import BaseModel, ConfigDict

from nibrs_pipeline.archive.manifest import BundleManifest, EstimatesManifest, StateYearManifest
from nibrs_pipeline.archive.manifest_store import Manifests
from nibrs_pipeline.catalog import nibrs_catalog
from nibrs_pipeline.extract.documents.markdown import filled, plain
from nibrs_pipeline.keys import (
    PUBLIC,
    manifest_of,
    public_bundle_key,
    public_estimates_key,
    public_report_key,
    public_zip_key,
)
from nibrs_pipeline.state_year import StateYear

#: The states of the union and D.C.
_STATES = 51


class _Entry(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    file: str
    manifest: str
    bytes: int
    sha256: str
    data_of: str
    simulated: bool


class StateYearEntry(_Entry):
    """One zip; paths are relative to the index, ``data_of`` is when the database was read (UTC).

    ``source_notes`` are sentences on its source.
    """

    state: str
    state_name: str
    year: int
    rows: int
    incidents: int
    source_notes: list[str]


class BundleEntry(_Entry):
    """One bundle with the state-years in it."""

    name: str
    members: list[str]


class EstimatesEntry(_Entry):
    """The estimates of a year; ``report`` is a page to read."""

    year: int
    states: int
    report: str


class DownloadIndex(BaseModel):
    """All that is published, by state and year; ``simulated`` is true if nothing of it exists in reality."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    simulated: bool
    state_years: list[StateYearEntry]
    bundles: list[BundleEntry]
    estimates: list[EstimatesEntry]


def download_index(published: Manifests) -> DownloadIndex:
    """The index of the published manifests."""
    return DownloadIndex(
        simulated=any(each.simulated for each in published),
        state_years=[_state_year_entry(manifest) for _, manifest in sorted(published.state_years.items())],
        bundles=[_bundle_entry(manifest) for _, manifest in sorted(published.bundles.items())],
        estimates=[_estimates_entry(manifest) for _, manifest in sorted(published.estimates.items())],
    )


def index_json(index: DownloadIndex) -> bytes:
    """As published."""
    return (index.model_dump_json(indent=1) + "\n").encode()


def index_html(index: DownloadIndex) -> bytes:
    """A page that needs nothing else: readable without scripts; with them, sortable and searchable."""
    newest = max((entry.data_of for entry in index.state_years), default="")
    parts = {
        "title": "SIMULATED NIBRS downloads, not real data" if index.simulated else "NIBRS downloads by state and year",
        "body": ' class="simulated"' if index.simulated else "",
        "lead": _template("index_simulated.html" if index.simulated else "index_real.html"),
        "rights": "" if index.simulated else _template("index_rights.html"),
        "summary": _summary(index),
        "updated": f"Data as of {newest[:16].replace('T', ' ')} UTC" if newest else "Nothing is published yet",
        "matrix": _matrix(index),
        "rows": "\n".join(map(_row, index.state_years)),
        "bundles": _bundles(index),
        "estimates": _estimates(index),
    }
    return filled(_template("index_page.html"), parts).encode()


def _template(name: str) -> str:
    return (files("code_tables") / "documents" / name).read_text(encoding="utf-8")


def human_size(size: int) -> str:
    """Bytes as people read them: 1.7 MB."""
    amount, unit = float(size), "B"
    for larger in ("kB", "MB", "GB", "TB"):
        if amount < 1000:
            break
        amount, unit = amount / 1000, larger
    return f"{amount:.1f} {unit}" if amount < 10 and unit != "B" else f"{amount:.0f} {unit}"


def _state_year_entry(manifest: StateYearManifest) -> StateYearEntry:
    key = public_zip_key(manifest.item)
    return StateYearEntry(
        state=manifest.state,
        state_name=manifest.state_name,
        year=manifest.year,
        rows=manifest.rows_in(nibrs_catalog()),
        incidents=manifest.rows["nibrs_incident"],
        source_notes=[note.sentence for note in manifest.source_notes],
        file=key.removeprefix(PUBLIC),
        manifest=manifest_of(key).removeprefix(PUBLIC),
        bytes=manifest.zip.bytes,
        sha256=manifest.zip.sha256,
        data_of=manifest.source.snapshot_time,
        simulated=manifest.simulated,
    )


def _bundle_entry(manifest: BundleManifest) -> BundleEntry:
    key = public_bundle_key(manifest.name)
    return BundleEntry(
        name=manifest.name,
        members=[f"{member.state}-{member.year}" for member in manifest.members],
        file=key.removeprefix(PUBLIC),
        manifest=manifest_of(key).removeprefix(PUBLIC),
        bytes=manifest.zip.bytes,
        sha256=manifest.zip.sha256,
        data_of=manifest.snapshot_time,
        simulated=manifest.simulated,
    )


def _estimates_entry(manifest: EstimatesManifest) -> EstimatesEntry:
    key = public_estimates_key(manifest.year)
    return EstimatesEntry(
        year=manifest.year,
        states=len(manifest.source.zips),
        report=_from_index(public_report_key(manifest.year)),
        file=_from_index(key),
        manifest=_from_index(manifest_of(key)),
        bytes=manifest.zip.bytes,
        sha256=manifest.zip.sha256,
        data_of=manifest.source.snapshot_time,
        simulated=manifest.simulated,
    )


def _from_index(key: str) -> str:
    """A key as a link from the index page."""
    return f"../{key}"


def _summary(index: DownloadIndex) -> str:
    entries = index.state_years
    years = sorted({entry.year for entry in entries})
    if not years:
        return "No downloads yet."
    states = len({entry.state for entry in entries})
    kind = "simulated " if index.simulated else ""
    span = str(years[0]) if len(years) == 1 else f"{years[0]} to {years[-1]}"
    return (
        f"{len(entries):,} {_plural(len(entries), 'download')}: {states} {_plural(states, 'state')}, {span}, "
        f"{sum(entry.incidents for entry in entries):,} {kind}incidents, "
        f"{human_size(sum(entry.bytes for entry in entries))}"
    )


def _plural(count: int, word: str) -> str:
    return word if count == 1 else word + "s"


def _matrix(index: DownloadIndex) -> str:
    """States down, years across; a cell links to its zip."""
    by_item = {StateYear(entry.state, entry.year): entry for entry in index.state_years}
    years = sorted({item.year for item in by_item})
    names = {entry.state: entry.state_name for entry in index.state_years}
    head = "".join(f'<th scope="col">{year}</th>' for year in years)
    lines = [
        f'<tr><th scope="row"><abbr title="{escape(names[state])}">{state}</abbr></th>'
        + "".join(_cell(by_item.get(StateYear(state, year))) for year in years)
        + "</tr>"
        for state in sorted(names)
    ]
    return f'<thead><tr><th scope="col">State</th>{head}</tr></thead>\n<tbody>\n' + "\n".join(lines) + "\n</tbody>"


def _cell(entry: StateYearEntry | None) -> str:
    if entry is None:
        return '<td class="none" title="not available">\u2013</td>'
    kind = "simulated " if entry.simulated else ""
    label = f"{entry.state_name} {entry.year}: {entry.incidents:,} {kind}incidents, {human_size(entry.bytes)}"
    return f'<td><a href="{entry.file}" title="{escape(label)}">{human_size(entry.bytes)}</a></td>'


def _row(entry: StateYearEntry) -> str:
    name = escape(entry.state_name)
    return (
        f'<tr><td data-label="State" data-sort="{name}"><span>{name} ({entry.state}){_mark(entry)}</span></td>'
        f'<td data-label="Year" data-sort="{entry.year}" class="number">{entry.year}</td>'
        f'<td data-label="Download"><span><a href="{entry.file}">{entry.state}-{entry.year}.zip</a>'
        f"{_notes(entry)}</span></td>"
        f'<td data-label="Size" data-sort="{entry.bytes}" class="number">{human_size(entry.bytes)}</td>'
        f'<td data-label="Incidents" data-sort="{entry.incidents}" class="number">{entry.incidents:,}</td>'
        f'<td data-label="Rows" data-sort="{entry.rows}" class="number">{entry.rows:,}</td>'
        f'<td data-label="Data as of">{entry.data_of[:10]}</td>'
        f'<td data-label="Checksum"><span><a href="{entry.manifest}">manifest</a> '
        f"<details><summary>SHA-256</summary><code>{entry.sha256}</code></details></span></td></tr>"
    )


def _mark(entry: _Entry) -> str:
    return ' <strong class="made-up">simulated</strong>' if entry.simulated else ""


def _notes(entry: StateYearEntry) -> str:
    """What is known of the source, to be opened."""
    if not entry.source_notes:
        return ""
    count = len(entry.source_notes)
    items = "".join(f"<li>{escape(plain(note))}</li>" for note in entry.source_notes)
    return f"<details><summary>{count} {_plural(count, 'note')}</summary><ul>{items}</ul></details>"


def _bundles(index: DownloadIndex) -> str:
    if not index.bundles:
        return ""
    items = "".join(
        f'<li><a href="{entry.file}">{escape(entry.name)}.zip</a>{_mark(entry)} ({human_size(entry.bytes)}, '
        f"{len(entry.members)} {_plural(len(entry.members), 'state-year')}, "
        f'<a href="{entry.manifest}">manifest</a>)</li>\n'
        for entry in index.bundles
    )
    return f"<h2>Several in one file</h2>\n<ul>\n{items}</ul>"


def _reach(entry: EstimatesEntry) -> str:
    """A year in which real states are missing has no estimate of the nation."""
    return "" if entry.simulated or entry.states >= _STATES else "; no estimate of the nation: states are missing"


def _estimates(index: DownloadIndex) -> str:
    if not index.estimates:
        return ""
    items = "".join(
        f'<li>{entry.year}{_mark(entry)}: <a href="{entry.report}">report</a>, '
        f'<a href="{entry.file}">all tables</a> ({human_size(entry.bytes)}, from {entry.states} '
        f'{_plural(entry.states, "state")}, <a href="{entry.manifest}">manifest</a>){_reach(entry)}</li>\n'
        for entry in reversed(index.estimates)
    )
    return f"<h2>Estimates with standard errors</h2>\n<ul>\n{items}</ul>"
