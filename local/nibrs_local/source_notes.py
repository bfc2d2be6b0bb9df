"""What is known of a state-year's source beyond its rows: it travels with everything that is made from them."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from nibrs_pipeline.database import Connection
from nibrs_pipeline.keys import StateYear

Kind = Literal[
    "simulated", "reporters_only", "unlisted_agency", "set_aside", "renumbered", "decoded", "renamed", "incomplete"
]


@dataclass(frozen=True)
class SourceNote:
    """One thing to know.

    Attributes:
        kind: what kind of thing, for programs.
        note: a sentence, for people.
        table: the table that it is about, if it is about one.
        rows: how many of its rows, if they were counted.
    """

    kind: Kind
    note: str
    table: str | None = None
    rows: int | None = None

    @property
    def remark(self) -> str:
        """The note with the table that it is about."""
        return f"{self.table}: {self.note}" if self.table else self.note


@dataclass(frozen=True)
class SourceCode:
    """What the state-year's own file calls a code where the database calls it otherwise."""

    table: str
    code: str
    column: str
    value: str | None


SIMULATED = SourceNote("simulated", "Simulated: these agencies, people and incidents do not exist.")

REPORTERS_ONLY = SourceNote(
    "reporters_only",
    "The file lists only agencies that reported NIBRS, and no Return A: what it counts is no estimate of the state.",
)


def write_source(
    connection: Connection, item: StateYear, notes: Iterable[SourceNote], codes: Iterable[SourceCode] = ()
) -> None:
    """Say this, and nothing that was said before, of a state-year's source."""
    forget_source(connection, item)
    for note in notes:
        connection.run(
            "INSERT INTO source_note VALUES (:state, :year, :kind, CAST(:table AS text), CAST(:rows AS bigint), :note)",
            state=item.state, year=item.year, kind=note.kind, table=note.table, rows=note.rows, note=note.note,
        )  # fmt: skip
    for code in codes:
        connection.run(
            "INSERT INTO source_code VALUES (:state, :year, :table, :code, :column, CAST(:value AS text)) "
            "ON CONFLICT DO NOTHING",
            state=item.state, year=item.year, table=code.table, code=code.code, column=code.column, value=code.value,
        )  # fmt: skip


def forget_source(connection: Connection, item: StateYear) -> None:
    """Remove what was said of a state-year's source."""
    for table in ("source_note", "source_code"):
        connection.run(
            f"DELETE FROM {table} WHERE state = :state AND data_year = :year", state=item.state, year=item.year
        )
