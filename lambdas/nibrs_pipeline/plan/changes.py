"""What changed in the database since each zip was made, found exactly and with as little reading as possible.

docs/adr/0020-a-check-is-remembered.md has the argument. In short, for a table and a state-year whose zip was current
at some horizon: if none of its rows is fresh, nor any row above them, its rows are among those that it had
then; if there are as many, they are the same. Fresh rows are found by scanning a table once, and only they are
joined. Numbers are compared for many state-years at once: none of them can have gained a row that is not fresh, so
that if their sum is right, each is.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from pydantic import BaseModel, ConfigDict, ValidationError

from nibrs_pipeline.archive.manifest import SourceFingerprint, StateYearManifest
from nibrs_pipeline.catalog import STATE_YEAR, Catalog, Table
from nibrs_pipeline.database.position import SourcePosition
from nibrs_pipeline.plan.change_queries import (
    OLDEST,
    expected_rows_query,
    fresh_rows_query,
    group_rows_query,
    month_versions_query,
    orphans_query,
    row_versions_query,
    table_versions_query,
)
from nibrs_pipeline.state_year import StateYear

#: State-years with a smaller share of all rows than this are read by themselves; the rest of the tables is not.
_SMALL = 0.1


class ReadsRows(Protocol):
    """What the check needs of a snapshot."""

    @property
    def position(self) -> SourcePosition:
        """Where the source stands."""

    def read(self, query: str) -> list[list[Any]]:
        """All rows of a small result."""

    def read_side_by_side(self, queries: Iterable[str]) -> list[list[list[Any]]]:
        """The results of several queries."""


class _Record(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    def to_json(self) -> bytes:
        """As it is kept."""
        return (self.model_dump_json(indent=1) + "\n").encode()


class CheckedTable(_Record):
    """A whole table: its rows, and how many of them belong to no month; None if that was not counted."""

    rows: int
    astray: int | None


class CheckedSource(_Record):
    """What a check found: at this position, the database held exactly what these zips do.

    ``zips`` has the SHA-256 of each zip by <ST>-<year>; ``tables`` is empty if they were not counted.
    """

    source: SourceFingerprint
    zips: dict[str, str]
    tables: dict[str, CheckedTable]

    @classmethod
    def from_json(cls, text: bytes | None) -> "CheckedSource | None":
        """Read what was remembered; None if there is nothing, or of another form: then everything is read."""
        try:
            return cls.model_validate_json(text) if text is not None else None
        except ValidationError:
            return None


Changes = dict[StateYear, list[str]]


def find_changes(
    source: ReadsRows,
    catalog: Catalog,
    manifests: Mapping[StateYear, StateYearManifest],
    remembered: CheckedSource | None = None,
    asked: Iterable[StateYear] | None = None,
) -> tuple[Changes, CheckedSource | None]:
    """What happened to the rows of each state-year since its zip was made, and what is worth remembering of it.

    State-years whose manifest belongs to another past of the database (see ``SourceFingerprint``) are left out.

    Args:
        manifests: all zips that count as made, whether asked for or not.
        remembered: what the last check found.
        asked: the state-years that matter now; all if None.
    """
    memory = remembered if remembered and belongs_to(remembered, source.position) else None
    horizons = {
        item: true_at(manifest, memory)
        for item, manifest in manifests.items()
        if manifest.source.break_before(source.position) is None
    }
    wanted = {item: horizon for item, horizon in horizons.items() if asked is None or item in set(asked)}
    if all(source.position.next <= horizon for horizon in wanted.values()) and (wanted or asked is not None):
        return {}, memory  # No transaction has begun since.
    old = {item for item, horizon in horizons.items() if source.position.next - horizon >= OLDEST}
    changes: Changes = {item: ["more transactions were begun since than can be told apart"] for item in old}
    horizons = {item: horizon for item, horizon in horizons.items() if item not in old}
    wanted = {item: horizon for item, horizon in wanted.items() if item not in old}
    if wanted and _is_small(source, catalog, [manifests[item] for item in wanted]):
        return changes | _read_alone(source, catalog, manifests, wanted), memory
    check = _Check(source, catalog, manifests, horizons, memory)
    check.run()
    return changes | check.changes, check.finding()


def describe_changes(
    manifest: StateYearManifest, versions: Mapping[str, Mapping[StateYear, tuple[int, int]]]
) -> list[str]:
    """What happened to the rows of a manifest's state-year.

    Args:
        versions: per table, for each state-year its rows and how many of them are fresh; absent means no rows.
    """
    changes = []
    before = manifest.rows
    for table, found in versions.items():
        rows, written = found.get(manifest.item, (0, 0))
        if rows != before.get(table, 0):
            changes.append(f"{table} has {rows:,} rows, had {before.get(table, 0):,}")
        elif written:
            changes.append(f"{written:,} rows of {table} were written since")
    return changes


def belongs_to(remembered: CheckedSource, position: SourcePosition) -> bool:
    """Whether what was remembered can be compared with a later position."""
    past = remembered.source
    return past.break_before(position) is None and position.next - past.horizon < OLDEST


def true_at(manifest: StateYearManifest, memory: CheckedSource | None) -> int:
    """The latest horizon at which the zip is known to be current."""
    if memory and memory.zips.get(str(manifest.item)) == manifest.zip.sha256:
        return max(manifest.source.horizon, memory.source.horizon)
    return manifest.source.horizon


def _is_small(source: ReadsRows, catalog: Catalog, manifests: list[StateYearManifest]) -> bool:
    [[expected]] = source.read(expected_rows_query(catalog.data_tables))
    tables = {table.name for table in catalog.data_tables}
    rows = sum(rows for manifest in manifests for name, rows in manifest.rows.items() if name in tables)
    return rows < _SMALL * (expected or 0)


def _read_alone(
    source: ReadsRows,
    catalog: Catalog,
    manifests: Mapping[StateYear, StateYearManifest],
    horizons: Mapping[StateYear, int],
) -> Changes:
    results = source.read_side_by_side(row_versions_query(catalog, table, horizons) for table in catalog.data_tables)
    versions = {
        table.name: {StateYear(state, year): (rows, written) for state, year, rows, written in found}
        for table, found in zip(catalog.data_tables, results, strict=True)
    }
    described = {item: describe_changes(manifests[item], versions) for item in horizons}
    return {item: texts for item, texts in described.items() if texts}


@dataclass
class _Check:
    """One check of all tables; ``changes`` grows, and what has changed in one table is not looked at in the next."""

    source: ReadsRows
    catalog: Catalog
    manifests: Mapping[StateYear, StateYearManifest]
    #: For each state-year the latest horizon at which its zip is known to be current.
    horizons: Mapping[StateYear, int]
    memory: CheckedSource | None
    changes: Changes = field(default_factory=dict)
    tables: dict[str, CheckedTable] = field(default_factory=dict)
    #: Every state-year that any month belongs to.
    groups: set[StateYear] = field(default_factory=set)
    #: Tables of which no row has changed since the last check.
    same: set[str] = field(default_factory=set)
    astray: dict[str, int | None] = field(default_factory=dict)
    #: Per table, what was counted last of state-years that are not to be compared: which, and how many rows.
    elsewhere: dict[str, tuple[frozenset[StateYear], int]] = field(default_factory=dict)

    def run(self) -> None:
        below, beside = self._kinds()
        self._compare_months_and_agencies(beside)
        month = next(table for table in self.catalog.data_tables if table.parent == STATE_YEAR)
        sizes = self._scan([month, *below])
        self._join_fresh(below, {name: fresh for name, (_, fresh) in sizes.items()})
        self.astray[month.name] = 0  # Months without a known state are a group of their own.
        for table in below:
            if not self.horizons:
                # Nothing is made yet: the next check need not count what is counted now.
                self._rows_astray(table)
            self._count(table, sizes[table.name][0])
        self.tables = {
            name: CheckedTable(rows=rows, astray=self.astray.get(name, self._remembered_astray(name)))
            for name, (rows, _) in sizes.items()
        }

    def finding(self) -> CheckedSource:
        zips = {str(item): self.manifests[item].zip.sha256 for item in self.horizons if item not in self.changes}
        return CheckedSource(source=SourceFingerprint.at(self.source.position), zips=zips, tables=self.tables)

    def _kinds(self) -> tuple[list[Table], list[Table]]:
        """The tables below months, parents first, and the small ones of agencies."""
        tables = self.catalog.data_tables
        below = [table for table in tables if self.catalog.lineage(table)[1:]]
        beside = [table for table in tables if not self.catalog.lineage(table)[1:] and table.parent != STATE_YEAR]
        return below, beside

    def _note(self, item: StateYear, change: str) -> None:
        self.changes.setdefault(item, []).append(change)

    def _compare_months_and_agencies(self, beside: list[Table]) -> None:
        """These have few rows: all of them are joined."""
        month = next(table for table in self.catalog.data_tables if table.parent == STATE_YEAR)
        queries = [month_versions_query(self.horizons)]
        queries += [row_versions_query(self.catalog, table, self.horizons) for table in beside]
        results = self.source.read_side_by_side(queries)
        self.groups = {StateYear(state, year) for state, year, *_ in results[0]}
        versions = {
            table.name: {StateYear(state, year): (rows, written) for state, year, rows, written in found}
            for table, found in zip([month, *beside], results, strict=True)
        }
        for item in self.horizons:
            for change in describe_changes(self.manifests[item], versions):
                self._note(item, change)

    def _scan(self, tables: list[Table]) -> dict[str, tuple[int, int]]:
        """Rows and fresh rows of whole tables; notes which have not changed since the last check."""
        base = min([*self.horizons.values(), *self._remembered_horizon(), self.source.position.next])
        results = self.source.read_side_by_side(table_versions_query(table, base) for table in tables)
        sizes = {table.name: (rows, fresh) for table, [[rows, fresh]] in zip(tables, results, strict=True)}
        for name, (rows, fresh) in sizes.items():
            known = self.memory.tables.get(name) if self.memory else None
            if known and not fresh and known.rows == rows:
                self.same.add(name)
        return sizes

    def _remembered_horizon(self) -> list[int]:
        return [self.memory.source.horizon] if self.memory else []

    def _join_fresh(self, tables: list[Table], fresh: Mapping[str, int]) -> None:
        written = [table for table in tables if fresh[table.name]] if self.horizons else []
        queries = [fresh_rows_query(self.catalog, table, self.horizons, fresh[table.name]) for table in written]
        for table, found in zip(written, self.source.read_side_by_side(queries), strict=True):
            for state, year, rows in found:
                self._note(StateYear(state, year), f"{rows:,} rows of {table.name} were written since")

    def _count(self, table: Table, rows: int) -> None:
        """Compare numbers of rows where something may be missing."""
        compared = self._to_compare(table)
        expected = sum(self._before(table, item) for item in compared)
        if compared and 2 * expected >= rows:
            astray = self._rows_astray(table)
            if astray is not None and rows - astray - self._rows_elsewhere(table, compared) == expected:
                return
        if compared:
            counts = self._counts(table, compared)
            for item in sorted(compared):
                now, before = counts.get(item, 0), self._before(table, item)
                if now != before:
                    self._note(item, f"{table.name} has {now:,} rows, had {before:,}")

    def _to_compare(self, table: Table) -> set[StateYear]:
        """State-years that are not known yet to have changed, unless the table is known to be unchanged for them."""
        return {
            item
            for item in self.horizons
            if item not in self.changes and not (table.name in self.same and self._was_checked(item))
        }

    def _was_checked(self, item: StateYear) -> bool:
        return self.memory is not None and self.memory.zips.get(str(item)) == self.manifests[item].zip.sha256

    def _before(self, table: Table, item: StateYear) -> int:
        return self.manifests[item].rows.get(table.name, 0)

    def _parent(self, table: Table) -> Table:
        return self.catalog.lineage(table)[1]

    def _rows_astray(self, table: Table) -> int | None:
        """Rows that belong to no month; None if their parents' table alone does not tell."""
        if table.name not in self.astray:
            parent = self._parent(table)
            if self._rows_astray(parent) != 0:
                self.astray[table.name] = None
            elif (known := self._remembered_astray(table.name)) is not None:
                self.astray[table.name] = known
            else:
                [[orphans]] = self.source.read(orphans_query(table, parent))
                self.astray[table.name] = int(orphans)
        return self.astray[table.name]

    def _remembered_astray(self, name: str) -> int | None:
        """What the last check counted, if neither the table nor that of its parents has changed since."""
        parents = [parent.name for parent in self.catalog.lineage(self.catalog[name])[1:2]]
        if self.memory is None or not {name, *parents} <= self.same:
            return None
        if any(self.memory.tables[parent].astray != 0 for parent in parents):
            return None
        return self.memory.tables[name].astray

    def _rows_elsewhere(self, table: Table, compared: set[StateYear]) -> int:
        """Rows of all other state-years."""
        others = frozenset(self.groups - compared)
        above, rows_above = self.elsewhere.get(self._parent(table).name, (frozenset(), 0))
        none = not others or (others <= above and not rows_above)
        rows = 0 if none else sum(self._counts(table, others).values())
        self.elsewhere[table.name] = (others, rows)
        return rows

    def _counts(self, table: Table, groups: Iterable[StateYear]) -> dict[StateYear, int]:
        query = group_rows_query(self.catalog, table, groups)
        return {StateYear(state, year): rows for state, year, rows in self.source.read(query)}
