"""The public index: index.json for programs, index.html for people."""

from collections.abc import Sequence
from dataclasses import dataclass

from pydantic import BaseModel, ConfigDict

from nibrs_pipeline.archive.manifest import BundleManifest, EstimatesManifest, StateYearManifest
from nibrs_pipeline.archive.manifest_store import Manifests
from nibrs_pipeline.catalog import nibrs_catalog
from nibrs_pipeline.keys import (
    CHANGES_ATOM,
    CHANGES_HTML,
    PUBLIC,
    PUBLIC_PARQUET,
    manifest_of,
    public_beside_key,
    public_bundle_key,
    public_estimates_key,
    public_report_key,
    public_zip_key,
)
from nibrs_pipeline.pages import rendered
from nibrs_pipeline.publish.changes.told import ToldEntry
from nibrs_pipeline.publish.explorer_page import EXPLORER, has_bundle
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
    """The estimates of a year; ``report`` is a page to read, ``explorable`` whether the explorer has them too.

    ``csv`` and ``parquet`` are all numbers in one file; None where the year has no such file.
    """

    year: int
    states: int
    report: str
    csv: str | None
    parquet: str | None
    explorable: bool

    @property
    def lacks_states(self) -> bool:
        """Whether real states are missing: such a year has no estimate of the nation."""
        return not self.simulated and self.states < _STATES


class DownloadIndex(BaseModel):
    """All that is published, by state and year; ``simulated`` is true if all of it is simulated.

    ``explorer`` is the page that shows the estimates, ``changes`` the one that lists what publications changed,
    ``feed`` the same as Atom; None where there is none. ``latest_change`` is what the last of them changed.
    ``parquet`` is where the Parquet files of state-years lie, with their views; None if none has any.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    simulated: bool
    state_years: list[StateYearEntry]
    bundles: list[BundleEntry]
    estimates: list[EstimatesEntry]
    explorer: str | None
    changes: str | None = None
    feed: str | None = None
    latest_change: str | None = None
    parquet: str | None = None

    @property
    def explorable_years(self) -> list[int]:
        """The years that the explorer shows."""
        return [entry.year for entry in self.estimates if entry.explorable]


@dataclass(frozen=True)
class MatrixRow:
    """A state's downloads, one of each year that any state has; None where it has none."""

    state: str
    state_name: str
    entries: tuple[StateYearEntry | None, ...]


def download_index(published: Manifests, told: Sequence[ToldEntry] = ()) -> DownloadIndex:
    """The index of the published manifests.

    Args:
        told: what publications have changed, the latest last.
    """
    estimates = [_estimates_entry(manifest) for _, manifest in sorted(published.estimates.items())]
    return DownloadIndex(
        simulated=any(each.simulated for each in published),
        state_years=[_state_year_entry(manifest) for _, manifest in sorted(published.state_years.items())],
        bundles=[_bundle_entry(manifest) for _, manifest in sorted(published.bundles.items())],
        estimates=estimates,
        explorer=EXPLORER if has_bundle() and any(entry.explorable for entry in estimates) else None,
        changes=CHANGES_HTML.removeprefix(PUBLIC) if told else None,
        feed=CHANGES_ATOM.removeprefix(PUBLIC) if told else None,
        latest_change=told[-1].title if told else None,
        parquet=_from_index(PUBLIC_PARQUET) if any(each.parquet for each in published.state_years.values()) else None,
    )


def index_json(index: DownloadIndex) -> bytes:
    """As published."""
    return (index.model_dump_json(indent=1) + "\n").encode()


def index_html(index: DownloadIndex) -> bytes:
    """A page that needs nothing else: readable without scripts; with them, sortable and searchable."""
    entries = index.state_years
    page = rendered(
        "index.html",
        index=index,
        years=sorted({entry.year for entry in entries}),
        matrix=_matrix(entries),
        incidents=sum(entry.incidents for entry in entries),
        bytes=sum(entry.bytes for entry in entries),
        newest=max((entry.data_of for entry in entries), default=""),
    )
    return page.encode()


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
        csv=_beside(manifest, ".csv.gz"),
        parquet=_beside(manifest, ".parquet"),
        explorable=manifest.explorable,
        file=_from_index(key),
        manifest=_from_index(manifest_of(key)),
        bytes=manifest.zip.bytes,
        sha256=manifest.zip.sha256,
        data_of=manifest.source.snapshot_time,
        simulated=manifest.simulated,
    )


def _beside(manifest: EstimatesManifest, ending: str) -> str | None:
    name = manifest.beside_with(ending)
    return _from_index(public_beside_key(manifest.year, name)) if name else None


def _from_index(key: str) -> str:
    """A key as a link from the index page."""
    return f"../{key}"


def _matrix(entries: list[StateYearEntry]) -> list[MatrixRow]:
    by_item = {StateYear(entry.state, entry.year): entry for entry in entries}
    years = sorted({item.year for item in by_item})
    names = {entry.state: entry.state_name for entry in entries}
    return [
        MatrixRow(state, names[state], tuple(by_item.get(StateYear(state, year)) for year in years))
        for state in sorted(names)
    ]
