"""What runs over a changing database leave behind, and sequences of writes and checks."""

import hashlib
import io
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from hypothesis import strategies as st
from nibrs_pipeline.archive.manifest import FileEntry, SourceFingerprint, StateYearManifest, ZipSummary
from nibrs_pipeline.archive.zip_writer import PACKING
from nibrs_pipeline.catalog import Catalog
from nibrs_pipeline.database.connection import Connection
from nibrs_pipeline.database.snapshot import Snapshot
from nibrs_pipeline.extract.state_year_tables import StateYearTables
from nibrs_pipeline.plan.changes import CheckedSource
from nibrs_pipeline.plan.source import find_changes_of_source
from nibrs_pipeline.state_year import StateYear
from pg8000.exceptions import DatabaseError

from tests.changing_world import BY_NAME, World, insert

ITEMS = [StateYear(state, year) for state in ("AA", "BB") for year in (2015, 2016)]
STEPS = st.lists(
    st.one_of(
        st.sampled_from(sorted(BY_NAME)),
        st.sampled_from(sorted(BY_NAME)),
        st.sampled_from(["check and make", "check and make some", "check a part", "begin", "commit", "make anew"]),
    ),
    min_size=1,
    max_size=14,
)


@dataclass
class Pipeline:
    """What runs over a database leave: manifests that know their contents by hash, and what the last check found."""

    catalog: Catalog
    connection: Connection
    manifests: dict[StateYear, StateYearManifest] = field(default_factory=dict)
    remembered: CheckedSource | None = None

    def make(self, items: Iterable[StateYear]) -> None:
        for item in items:
            view = Snapshot(self.connection)
            digest, tables = contents(view, self.catalog, item)
            self.manifests[item] = StateYearManifest(
                state=item.state, state_name=item.state, year=item.year, run_id="r",
                zip=ZipSummary(name=f"{item}.zip", bytes=1, sha256=digest),
                files=tables,
                source=SourceFingerprint.at(view.position), catalog_version="c", packing=PACKING, common_sha256="x",
            )  # fmt: skip
            view.end()

    def check(self, asked: list[StateYear] | None = None) -> dict[StateYear, list[str]]:
        """One check, remembered; fails if something changed and went unnoticed."""
        view = Snapshot(self.connection)
        truth = {item: contents(view, self.catalog, item)[0] for item in self.manifests}
        found, self.remembered = find_changes_of_source(view, self.catalog, self.manifests, self.remembered, asked)
        view.end()
        if self.remembered:
            self.remembered = CheckedSource.from_json(self.remembered.to_json())
        for item, manifest in self.manifests.items():
            if truth[item] != manifest.zip.sha256 and (asked is None or item in asked):
                assert item in found or manifest.source.break_before(view.position), (
                    f"a change of {item} went unnoticed"
                )
        return found


def contents(view: Snapshot, catalog: Catalog, item: StateYear) -> tuple[str, list[FileEntry]]:
    """A hash of all rows of a state-year as its zip has them, and its tables."""
    entries, reading = [], StateYearTables(view, catalog, item)
    for table in catalog.data_tables:
        text = io.BytesIO()
        rows = reading.copy(table, text)
        sha256 = hashlib.sha256(text.getvalue()).hexdigest()
        entries.append(FileEntry(name=table.csv_name, bytes=len(text.getvalue()), sha256=sha256, rows=rows))
    return hashlib.sha256("".join(entry.sha256 for entry in entries).encode()).hexdigest(), entries


def follow(steps: list[str], world: World, open_: World, pipeline: Pipeline) -> None:
    """Do what the steps say; ``open_`` writes in a transaction that stays open for a while."""
    began = False
    world.run("SET lock_timeout = '50ms'")
    for step in steps:
        if step in BY_NAME:
            # Some would wait for the open transaction.
            if not (began and step in ("reload", "empty", "vacuum")):
                _attempt(BY_NAME[step], world)
        elif step == "begin" and not began:
            open_.run("BEGIN")
            insert(open_)
            began = True
        elif step == "commit" and began:
            open_.run("COMMIT")
            began = False
        elif step == "make anew":
            pipeline.make([world.random.choice(ITEMS)])
        elif step == "check a part":
            pipeline.check(world.random.sample(ITEMS, 2))
        elif step.startswith("check"):
            found = sorted(pipeline.check())
            pipeline.make(found if step == "check and make" else found[:1])


def _attempt(write: Callable[[World], None], world: World) -> None:
    """A write that meets the open transaction, or a key that is taken, is given up, as it would be."""
    try:
        write(world)
    except DatabaseError as error:
        assert error.args[0]["C"] in ("23505", "55P03"), error
        if world.connection._transaction_status != b"I":
            world.run("ROLLBACK")
        world.run("DROP TABLE IF EXISTS kept")
