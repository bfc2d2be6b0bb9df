"""``nibrs list``: what the database has, what is published, what is out of date and why."""

from dataclasses import dataclass

import click
from nibrs_engine.folder_objects import FolderObjects
from nibrs_home import embedded_postgres
from nibrs_home.home import BUCKET, Home
from nibrs_pipeline.archive.manifest_store import read_published
from nibrs_pipeline.archive.provenance import UNKNOWN
from nibrs_pipeline.catalog import Catalog, nibrs_catalog
from nibrs_pipeline.database.snapshot import Snapshot, snapshot
from nibrs_pipeline.keys import SOURCE_CHECK
from nibrs_pipeline.pages import human_size
from nibrs_pipeline.plan.changes import CheckedSource
from nibrs_pipeline.plan.planning import reasons_out_of_date
from nibrs_pipeline.plan.source import read_source_contents
from nibrs_pipeline.state_year import StateYear
from nibrs_pipeline.store import Objects, Store
from rich.table import Table

from nibrs_command.terminal import NARROW, console


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
        """The status in a word or two; whether it is simulated is shown beside it."""
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
    source = read_source_contents(snapshot, catalog, published.values(), remembered, published)
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


@click.command(name="list")
@click.option("--bucket", help="Compare with this bucket on AWS instead of this machine's downloads.")
def list_command(bucket: str | None) -> None:
    """Show which state-years there are, which are published, and which are out of date and why.

    \b
    Examples:
      nibrs list
      DB_URI=postgresql://reader@db/cde nibrs list --bucket nibrs-downloads
    """
    home = Home.from_environment()
    objects = Store(bucket) if bucket else FolderObjects(home.objects / BUCKET)
    with embedded_postgres.database(home) as location, snapshot(location) as view:
        listed = list_state_years(view, objects, nibrs_catalog())
    if not listed:
        console.print(
            "The database has no state-years and nothing is published. Load a zip with: nibrs load FILE.zip",
            soft_wrap=True,
        )
        return
    if console.width < NARROW:
        for each in listed:
            why = f": {each.why}" if each.why else ""
            console.print(f"{each.item}: {each.status}{why}", soft_wrap=True, markup=False)
        return
    console.print(_table_of(listed))


def _table_of(listed: list[Listed]) -> Table:
    table = Table("State", "Year", "Status", "Published from data of", "Size", "Why")
    for each in listed:
        size = human_size(each.size) if each.size else ""
        table.add_row(
            each.item.state, str(each.item.year), each.status, each.published[:19].replace("T", " "), size, each.why
        )
    return table
