"""``nibrs list``: what the database has, what is published, what is out of date and why."""

from dataclasses import dataclass

from nibrs_pipeline.archive.manifest_store import read_published
from nibrs_pipeline.archive.provenance import UNKNOWN
from nibrs_pipeline.catalog import Catalog
from nibrs_pipeline.database.snapshot import Snapshot
from nibrs_pipeline.keys import SOURCE_CHECK
from nibrs_pipeline.plan.changes import CheckedSource
from nibrs_pipeline.plan.planning import reasons_out_of_date
from nibrs_pipeline.plan.source import read_source_state
from nibrs_pipeline.state_year import StateYear
from nibrs_pipeline.store import Objects


@dataclass(frozen=True)
class Listed:
    """One state-year; ``reasons`` say why its zip has to be made anew."""

    item: StateYear
    in_database: bool
    published: str
    size: int
    reasons: list[str]
    simulated: bool

    @property
    def why(self) -> str:
        """Why what is published is out of date."""
        return "; ".join(self.reasons) if self.published and self.in_database else ""

    @property
    def status(self) -> str:
        """In a word or two; whether it is simulated is said beside."""
        return self._status + (", simulated" if self.simulated else "")

    @property
    def _status(self) -> str:
        if not self.in_database:
            return "published only"
        if not self.published:
            return "not published"
        return "out of date" if self.reasons else "up to date"


def list_state_years(snapshot: Snapshot, objects: Objects, catalog: Catalog) -> list[Listed]:
    """Every state-year that is in the database or published."""
    published = read_published(objects).state_years
    remembered = CheckedSource.from_json(objects.get(SOURCE_CHECK))
    source = read_source_state(snapshot, catalog, published.values(), remembered, published)
    listed = []
    for item in sorted(published.keys() | source.state_years.keys()):
        manifest = published.get(item)
        listed.append(
            Listed(
                item,
                item in source.state_years,
                manifest.source.snapshot_time if manifest else "",
                manifest.zip.bytes if manifest else 0,
                reasons_out_of_date(manifest, source, catalog),
                source.provenance.get(item, manifest.provenance if manifest else UNKNOWN).simulated,
            )
        )
    return listed
