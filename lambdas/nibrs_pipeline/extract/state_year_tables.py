"""The tables of one state-year, one after the other, as their CSV files have them."""

from dataclasses import dataclass, field
from typing import Any, Protocol

from nibrs_pipeline.catalog import Catalog, Table
from nibrs_pipeline.database.position import SourcePosition
from nibrs_pipeline.database.snapshot import Sink
from nibrs_pipeline.database.sql import copy_out
from nibrs_pipeline.extract.queries import KeyRange, range_estimate_query, state_year_query
from nibrs_pipeline.extract.sinks import EndsSink
from nibrs_pipeline.source_profile import SourceProfile
from nibrs_pipeline.state_year import StateYear

#: Probing an index once per row costs about this many times as much as reading along it; a range of
#: keys with fewer rows than this many times the state-year's own is worth reading as a whole.
_DENSE = 4


class View(Protocol):
    """What extraction needs of a snapshot."""

    @property
    def position(self) -> SourcePosition:
        """Where the source stood."""

    @property
    def profile(self) -> SourceProfile:
        """What the source calls its tables."""

    def copy(self, statement: str, sink: Sink, probe: bool = True) -> int:
        """Stream a COPY into a sink; returns the number of rows (see ``database.snapshot.Snapshot``)."""

    def read(self, query: str) -> list[list[Any]]:
        """All rows of a small result."""


@dataclass
class StateYearTables:
    """Streams the tables of one state-year, parents before children: what is known of parents' keys helps."""

    view: View
    catalog: Catalog
    item: StateYear
    ranges: dict[str, KeyRange] = field(default_factory=dict)

    def copy(self, table: Table, sink: Sink) -> int:
        """Stream a data table as CSV in the order of its key; returns the number of rows."""
        # The anchor's rows are few; it needs no range.
        parents = [parent.name for parent in self.catalog.lineage(table)[1:-1]]
        dense = bool(parents) and all(name in self.ranges for name in parents)
        ranges = {name: self.ranges[name] for name in parents} if dense else {}
        ends = EndsSink(sink)
        count = self.view.copy(
            copy_out(state_year_query(self.catalog, table, self.item, ranges)), ends, probe=not dense
        )
        if any(child.parent == table.name for child in self.catalog.data_tables):
            self._note_range(table, ends.key_range(table, count), count)
        return count

    def _note_range(self, table: Table, keys: KeyRange | None, count: int) -> None:
        """Remember a range of keys if few rows of other states and years lie in it."""
        if keys is None:
            return
        [[plan]] = self.view.read(range_estimate_query(table, keys))
        if plan[0]["Plan"]["Plan Rows"] < _DENSE * count:
            self.ranges[table.name] = keys
