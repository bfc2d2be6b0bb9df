"""Reads what Plan run needs to know from the database: state-years, position, changes of rows."""

from collections.abc import Iterable

from nibrs_pipeline.archive.manifest import StateYearManifest
from nibrs_pipeline.archive.provenance import read_provenance
from nibrs_pipeline.catalog import Catalog
from nibrs_pipeline.database.present_tables import catalog_of
from nibrs_pipeline.database.snapshot import Snapshot
from nibrs_pipeline.extract.documents import documents
from nibrs_pipeline.extract.extraction import extract_common
from nibrs_pipeline.extract.queries import available_state_years_query
from nibrs_pipeline.plan.changes import CheckedSource, find_changes
from nibrs_pipeline.plan.planning import SourceContents
from nibrs_pipeline.state_year import StateYear


class _Nowhere:
    """A file that keeps nothing, for a common part of which only the checksums are needed."""

    def write(self, data: bytes, /) -> int:
        return len(data)


def read_state_years(snapshot: Snapshot) -> dict[StateYear, str]:
    """The state-years of the database, with the state's name."""
    return {StateYear(state, year): name for state, name, year in snapshot.read(available_state_years_query())}


def read_source_contents(
    snapshot: Snapshot,
    catalog: Catalog,
    manifests: Iterable[StateYearManifest],
    remembered: CheckedSource | None = None,
    asked: Iterable[StateYear] | None = None,
) -> SourceContents:
    """The state of the source, and what changed since each of the manifests was made.

    Args:
        manifests: all that count as made; ``asked`` are the ones that matter now, all if None.
        remembered: what the last check found.
    """
    state_years = read_state_years(snapshot)
    there = catalog_of(snapshot.read, catalog)
    changes, finding = find_changes(
        snapshot, there, {manifest.item: manifest for manifest in manifests}, remembered, asked
    )
    common = extract_common(snapshot, catalog, documents(catalog), _Nowhere())  # type: ignore[arg-type]
    return SourceContents(
        state_years, snapshot.position, common.sha256, changes, read_provenance(snapshot.read), finding
    )
