"""Manifests and sources for tests of pure logic."""

from collections.abc import Mapping

from nibrs_pipeline.archive.manifest import (
    BundleManifest,
    BundleMember,
    EstimatesManifest,
    EstimatesSource,
    FileEntry,
    SourceFingerprint,
    StateYearManifest,
    ZipSummary,
)
from nibrs_pipeline.archive.provenance import SIMULATED, UNKNOWN, Provenance, SourceNote
from nibrs_pipeline.archive.zip_writer import PACKING
from nibrs_pipeline.catalog import nibrs_catalog
from nibrs_pipeline.database.position import SourcePosition
from nibrs_pipeline.plan.planning import SourceContents
from nibrs_pipeline.state_year import StateYear

COMMON = "c" * 64
#: What is known of a simulated state-year.
MADE_UP = Provenance(notes=(SourceNote(kind=SIMULATED, note="Nothing of it exists."),))
NAMES = {"AZ": "Arizona", "LA": "Louisiana", "NE": "Nebraska"}


def manifest(
    state: str,
    year: int,
    *,
    horizon: int = 100,
    time: str = "2026-01-01T00:00:00Z",
    rows: int = 7,
    known: Provenance = UNKNOWN,
) -> StateYearManifest:
    return StateYearManifest(
        state=state,
        state_name=NAMES[state],
        year=year,
        run_id="earlier",
        zip=ZipSummary(name=f"{state}-{year}.zip", bytes=1000, sha256=f"{state}{year}{horizon}"),
        files=[FileEntry(name=t.csv_name, bytes=10, sha256="a", rows=rows) for t in nibrs_catalog().published],
        source=SourceFingerprint(system="s", horizon=horizon, snapshot_time=time, timeline=1, server="v"),
        catalog_version=nibrs_catalog().version,
        packing=PACKING,
        common_sha256=COMMON,
        simulated=known.simulated,
        source_notes=known.notes,
        source_codes=known.codes,
    )


def bundle(name: str, *members: StateYearManifest) -> BundleManifest:
    return BundleManifest(
        name=name,
        run_id="earlier",
        zip=ZipSummary(name=f"{name}.zip", bytes=5000, sha256="b"),
        members=[
            BundleMember(state=each.state, year=each.year, sha256=each.zip.sha256, simulated=each.simulated)
            for each in members
        ],
        snapshot_time="2026-01-01T00:00:00Z",
    )


def estimates(
    year: int, *, time: str = "2026-01-01T00:00:00Z", method: str = "m", simulated: bool = False
) -> EstimatesManifest:
    return EstimatesManifest(
        year=year,
        run_id="earlier",
        zip=ZipSummary(name=f"nibrs-estimates-{year}.zip", bytes=3000, sha256="e"),
        files=[FileEntry(name="report.html", bytes=10, sha256="a")],
        source=EstimatesSource(zips={"AZ": "az"}, reference_sha256="r", method=method, snapshot_time=time),
        simulated=simulated,
    )


def source(
    *items: tuple[str, int],
    next_: int = 100,
    system: str = "s",
    common: str = COMMON,
    known: Mapping[tuple[str, int], Provenance] | None = None,
    timeline: int = 1,
    server: str = "v",
    tables: str = "",
) -> SourceContents:
    return SourceContents(
        {StateYear(*item): NAMES[item[0]] for item in items},
        SourcePosition(system, next_, next_, "2026-02-01T00:00:00Z", timeline, server, tables),
        common,
        provenance={StateYear(*item): provenance for item, provenance in (known or {}).items()},
    )
