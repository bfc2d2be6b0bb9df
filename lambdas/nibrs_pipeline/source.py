"""Reads what Plan run needs to know from the database: state-years, position, changes of rows."""

from collections.abc import Iterable

from nibrs_pipeline.catalog import Catalog
from nibrs_pipeline.database import Snapshot
from nibrs_pipeline.documents import documents
from nibrs_pipeline.extraction import extract_common
from nibrs_pipeline.keys import StateYear
from nibrs_pipeline.manifest import StateYearManifest
from nibrs_pipeline.planning import SourceState, describe_changes, horizons_to_check
from nibrs_pipeline.provenance import read_provenance
from nibrs_pipeline.queries import available_state_years_query, row_versions_query


class _Nowhere:
    """A file that keeps nothing: the common part is made for its checksums only."""

    def write(self, data: bytes, /) -> int:
        return len(data)


def read_state_years(snapshot: Snapshot) -> dict[StateYear, str]:
    """The state-years of the database, with the state's name."""
    return {StateYear(state, year): name for state, name, year in snapshot.rows(available_state_years_query())}


def read_source_state(snapshot: Snapshot, catalog: Catalog, manifests: Iterable[StateYearManifest]) -> SourceState:
    """The state of the source, and what changed since each of the manifests was made."""
    state_years = read_state_years(snapshot)
    common = extract_common(snapshot, catalog, documents(catalog), _Nowhere())  # type: ignore[arg-type]
    return SourceState(
        state_years,
        snapshot.position,
        common.sha256,
        _changes(snapshot, catalog, list(manifests)),
        read_provenance(snapshot.rows),
    )


def _changes(snapshot: Snapshot, catalog: Catalog, manifests: list[StateYearManifest]) -> dict[StateYear, list[str]]:
    horizons = horizons_to_check(manifests, snapshot.position)
    if not horizons:
        return {}
    versions = {
        table.name: {
            StateYear(state, year): (rows, written)
            for state, year, rows, written in snapshot.rows(row_versions_query(catalog, table, horizons))
        }
        for table in catalog.data_tables
    }
    return {
        manifest.item: described
        for manifest in manifests
        if manifest.item in horizons and (described := describe_changes(manifest, versions))
    }
