"""Reads what Plan run needs to know from the database: state-years, position, changes of rows."""

from collections.abc import Iterable, Mapping

from nibrs_pipeline.archive.manifest import StateYearManifest
from nibrs_pipeline.archive.provenance import read_provenance
from nibrs_pipeline.catalog import Catalog, nibrs_catalog
from nibrs_pipeline.database.present_tables import catalog_of
from nibrs_pipeline.database.relations import read_beneath
from nibrs_pipeline.database.snapshot import Snapshot
from nibrs_pipeline.database.source_fit import require_fit
from nibrs_pipeline.extract.documents import documents
from nibrs_pipeline.extract.extraction import extract_common
from nibrs_pipeline.extract.queries import available_state_years_query
from nibrs_pipeline.plan.changes import Changes, CheckedSource, find_changes
from nibrs_pipeline.plan.planning import SourceContents
from nibrs_pipeline.plan.view_changes import find_changes_of_views
from nibrs_pipeline.state_year import StateYear


class _Nowhere:
    """A file that keeps nothing, for a common part of which only the checksums are needed."""

    def write(self, data: bytes, /) -> int:
        return len(data)


def read_state_years(snapshot: Snapshot) -> dict[StateYear, str]:
    """The state-years of the database, with the state's name.

    Raises:
        SourceUnfit: a table or column is missing, or a column has a type that would be read or written differently.
    """
    require_fit(snapshot.read, catalog_of(snapshot.read, nibrs_catalog(), snapshot.profile), snapshot.profile)
    return {StateYear(state, year): name for state, name, year in snapshot.read(available_state_years_query())}


def find_changes_of_source(
    snapshot: Snapshot,
    catalog: Catalog,
    manifests: Mapping[StateYear, StateYearManifest],
    remembered: CheckedSource | None = None,
    asked: Iterable[StateYear] | None = None,
) -> tuple[Changes, CheckedSource | None]:
    """What changed since zips were made: by the versions of rows, or by contents where there are views.

    Args:
        catalog: the tables that the database has.
        manifests: all zips that count as made; ``asked`` are the state-years that matter now, all if None.
        remembered: what the last check found.
    """
    beneath = read_beneath(snapshot.read, snapshot.profile.deciding(catalog))
    if not snapshot.profile.shapes and all(each.has_versions for each in beneath.values()):
        return find_changes(snapshot, catalog, manifests, remembered, asked)
    return find_changes_of_views(snapshot, catalog, beneath, manifests, remembered, asked)


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

    Raises:
        SourceUnfit: as ``read_state_years``.
    """
    there = catalog_of(snapshot.read, catalog, snapshot.profile)
    state_years = read_state_years(snapshot)
    made = {manifest.item: manifest for manifest in manifests}
    changes, finding = find_changes_of_source(snapshot, there, made, remembered, asked)
    common = extract_common(snapshot, catalog, documents(catalog), _Nowhere())  # type: ignore[arg-type]
    return SourceContents(
        state_years, snapshot.position, common.sha256, changes, read_provenance(snapshot.read), finding
    )
