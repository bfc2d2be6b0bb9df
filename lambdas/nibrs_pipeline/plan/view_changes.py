"""What changed since each zip was made, in a source whose tables are views, some or all of them.

A view's rows do not say when they were written, so which state-years changed is decided by contents: a table of a
state-year is streamed as its zip would have it, and its SHA-256 compared with the manifest's. This is done only where
the tables beneath the view do not say that nothing changed: those of which no row was written since the last check, and
which have as many rows as then, are the same tables (docs/adr/0020-a-check-is-remembered.md). What is remembered are
therefore the tables beneath, and the zips that were found to hold what the views did.
"""

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Protocol

from nibrs_pipeline.archive.manifest import FileEntry, SourceFingerprint, StateYearManifest
from nibrs_pipeline.catalog import Catalog, Table
from nibrs_pipeline.database.relations import Beneath
from nibrs_pipeline.extract.state_year_tables import StateYearTables, View
from nibrs_pipeline.plan.change_queries import relation_versions_query
from nibrs_pipeline.plan.changes import Changes, CheckedSource, CheckedTable, ReadsRows, belongs_to, true_at
from nibrs_pipeline.state_year import StateYear

#: The share of the time that comparing contents may take; what is left then is made anew.
_SHARE = 0.5


class ReadsContents(ReadsRows, View, Protocol):
    """What this check needs of a snapshot."""

    @property
    def seconds_left(self) -> float:
        """The time within which an answer is of use."""


def find_changes_of_views(
    source: ReadsContents,
    catalog: Catalog,
    beneath: Mapping[str, Beneath],
    manifests: Mapping[StateYear, StateYearManifest],
    remembered: CheckedSource | None = None,
    asked: Iterable[StateYear] | None = None,
) -> tuple[Changes, CheckedSource | None]:
    """What happened to each state-year since its zip was made, and what is worth remembering of it.

    State-years whose manifest belongs to another past of the database (see ``SourceFingerprint``) are left out.

    Args:
        beneath: what lies beneath each table that decides (see ``deciding_relations``).
        manifests: all zips that count as made, whether asked for or not.
        remembered: what the last check found.
        asked: the state-years that matter now; all if None.
    """
    memory = remembered if remembered and belongs_to(remembered, source.position) else None
    there = {item: each for item, each in manifests.items() if each.source.break_before(source.position) is None}
    wanted = {item: each for item, each in there.items() if asked is None or item in set(asked)}
    beyond = any(each.beyond for each in beneath.values())
    quiet = all(source.position.next <= true_at(each, memory) for each in wanted.values())
    if quiet and not beyond and (wanted or asked is not None):
        return {}, memory  # No transaction has begun since.
    check = _Check(source, catalog, beneath, there, memory)
    check.run(wanted)
    return check.changes, check.finding(everything=asked is None)


def _depends_on(catalog: Catalog, table: Table) -> set[str]:
    """Names of the tables that decide which rows of a table a state-year has, the table itself included."""
    lineage = catalog.lineage(table)
    above = {each.name for each in lineage} | {each.placed_by for each in lineage if each.placed_by}
    places = {each.name for each in catalog.deciding_tables if each not in catalog.data_tables}
    # Which agencies a state-year lists depends on their months.
    return above | places | {"nibrs_month"}


@dataclass
class _Check:
    source: ReadsContents
    catalog: Catalog
    beneath: Mapping[str, Beneath]
    manifests: Mapping[StateYear, StateYearManifest]
    memory: CheckedSource | None
    changes: Changes = field(default_factory=dict)
    #: State-years whose zip holds what the source does.
    current: set[StateYear] = field(default_factory=set)
    rows: dict[str, int] = field(default_factory=dict)
    written: set[str] = field(default_factory=set)
    stale: list[Table] = field(default_factory=list)

    def run(self, wanted: Mapping[StateYear, StateYearManifest]) -> None:
        self._scan()
        touched = {name for name, each in self.beneath.items() if each.unknown or each.tables & self.written}
        tables = self.catalog.data_tables
        self.stale = [table for table in tables if _depends_on(self.catalog, table) & touched]
        if not self.stale:
            self.current = {item for item in self.manifests if self._was_current(item)}
        enough = self.source.seconds_left * (1 - _SHARE)
        for item in sorted(wanted):
            to_compare = self.stale if self._was_current(item) else tables
            change = self._compare(wanted[item], to_compare, enough)
            if change:
                self.changes[item] = [change]
            else:
                self.current.add(item)

    def finding(self, everything: bool) -> CheckedSource | None:
        """What to remember; of a part of the state-years only if that loses nothing known of the others."""
        if not everything and self.stale:
            return self.memory
        return CheckedSource(
            source=SourceFingerprint.at(self.source.position),
            zips={str(item): self.manifests[item].zip.sha256 for item in sorted(self.current)},
            tables={name: CheckedTable(rows=rows, astray=None) for name, rows in sorted(self.rows.items())},
        )

    def _scan(self) -> None:
        """Count the tables beneath, and note in which of them rows were written since the last check, or went."""
        known = self.memory.tables if self.memory else {}
        since = self.memory.source.horizon if self.memory else self.source.position.next
        names = sorted({name for each in self.beneath.values() if not each.unknown for name in each.tables})
        results = self.source.read_side_by_side(relation_versions_query(name, since) for name in names)
        for name, [[rows, fresh]] in zip(names, results, strict=True):
            self.rows[name] = rows
            if fresh or name not in known or known[name].rows != rows:
                self.written.add(name)

    def _was_current(self, item: StateYear) -> bool:
        return self.memory is not None and self.memory.zips.get(str(item)) == self.manifests[item].zip.sha256

    def _compare(self, manifest: StateYearManifest, tables: Iterable[Table], enough: float) -> str:
        """The first difference of contents; '' if there is none."""
        entries = {entry.name: entry for entry in manifest.files}
        reading = StateYearTables(self.source, self.catalog, manifest.item)
        for table in tables:
            if self.source.seconds_left < enough:
                return "there was no time to compare its contents with those of the views"
            if change := _difference(reading, table, entries.get(table.csv_name)):
                return change
        return ""


def _difference(reading: StateYearTables, table: Table, before: FileEntry | None) -> str:
    digest = _Digest()
    rows = reading.copy(table, digest)
    had = before.rows or 0 if before else 0
    if rows != had:
        return f"{table.name} has {rows:,} rows, had {had:,}"
    if before and digest.hexadecimal != before.sha256:
        return f"{table.name} has other contents in as many rows"
    return ""


class _Digest:
    """Takes bytes and keeps their SHA-256."""

    def __init__(self) -> None:
        self._hash = hashlib.sha256()

    def write(self, data: bytes, /) -> int:
        self._hash.update(data)
        return len(data)

    @property
    def hexadecimal(self) -> str:
        return self._hash.hexdigest()
