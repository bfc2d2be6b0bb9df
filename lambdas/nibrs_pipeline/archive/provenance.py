"""Provenance: what is known of a state-year's source beside its rows.

``nibrs load`` and ``nibrs simulate`` keep it in two tables of the database, ``source_note`` and ``source_code``. The
FBI's database has neither: then nothing is known, and nothing is said. This module is their only reader.
"""

import csv
import io
from collections.abc import Callable, Mapping
from typing import Any

from pydantic import BaseModel, ConfigDict

from nibrs_pipeline.database.sql import literal
from nibrs_pipeline.errors import QueryFailed, SimulatedBesideReal
from nibrs_pipeline.state_year import StateYear

#: The kind of note that says: this state-year does not exist in reality.
SIMULATED = "simulated"
#: The kind that says: its agencies are only those that reported.
REPORTERS_ONLY = "reporters_only"
#: The kind that says: the source has no such table, so that a zip has none either.
NOT_IN_SOURCE = "not_in_source"
NO_SUCH_TABLE = "the file has no such table, which is not to say that there was nothing to report"
#: The kind that says which names of codes differ; the codes themselves say it better.
_RENAMED = "renamed"
#: All kinds, in the order in which people should read them: first what bears on every count.
KINDS = (
    SIMULATED, REPORTERS_ONLY, "set_aside", "unlisted_agency", NOT_IN_SOURCE, "incomplete", "decoded", "renumbered",
    _RENAMED,
)  # fmt: skip
#: Kinds that everybody who counts has to know of.
COUNTED_ON = (REPORTERS_ONLY, "set_aside", "unlisted_agency")
#: The file of a zip that has the notes on its source; a zip without notes has no such file.
SOURCE_NOTES = "source_notes.csv"
SOURCE_NOTES_HEADER = ("kind", "table_name", "rows", "note")

#: Asks the database and gives all rows of a small result.
Ask = Callable[[str], list[list[Any]]]


class _Known(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore")


class SourceNote(_Known):
    """One thing to know of a state-year's source.

    Attributes:
        kind: what kind of thing, for programs: one of ``KINDS``.
        table: the table that it is about, if it is about one.
        rows: how many of its rows, if they were counted.
        note: a sentence, for people.
    """

    kind: str
    table: str | None = None
    rows: int | None = None
    note: str

    @property
    def sentence(self) -> str:
        """The note with the table that it is about."""
        return f"{self.table}: {self.note}" if self.table else self.note

    @property
    def order(self) -> tuple[int, str, str, str, int]:
        """Its place among other notes."""
        place = KINDS.index(self.kind) if self.kind in KINDS else len(KINDS)
        return place, self.kind, self.table or "", self.note, self.rows or 0


class SourceCode(_Known):
    """What the state-year's own list has in a ``column`` of a code table's row, where the database differs."""

    table: str
    code: str
    column: str
    value: str | None = None


class Provenance(_Known):
    """All that is known of a state-year's source, in an order that depends on its contents alone."""

    notes: tuple[SourceNote, ...] = ()
    codes: tuple[SourceCode, ...] = ()

    @property
    def simulated(self) -> bool:
        """Whether the state-year is simulated."""
        return any(note.kind == SIMULATED for note in self.notes)

    @property
    def lists_reporters_only(self) -> bool:
        """Whether agencies that did not report are missing even from the lists of agencies."""
        return any(note.kind == REPORTERS_ONLY for note in self.notes)

    @property
    def tables_not_in_source(self) -> frozenset[str]:
        """Tables that its source does not have: that they have no rows does not mean that there was nothing."""
        return frozenset(note.table for note in self.notes if note.kind == NOT_IN_SOURCE and note.table)

    def codes_by_table(self) -> dict[str, list[SourceCode]]:
        """The codes of each code table that has any."""
        found: dict[str, list[SourceCode]] = {}
        for code in self.codes:
            found.setdefault(code.table, []).append(code)
        return found

    def changes_since(self, before: "Provenance") -> list[str]:
        """What has to change in a zip that was made when ``before`` was known."""
        changes = []
        if self.notes != before.notes:
            changes.append(f"notes on its source changed ({len(self.notes)}, had {len(before.notes)})")
        if self.codes != before.codes:
            changes.append(f"names in its own lists of codes changed ({len(self.codes)}, had {len(before.codes)})")
        return changes


#: For a source of which nothing is known.
UNKNOWN = Provenance()


def read_provenance(ask: Ask, item: StateYear | None = None) -> dict[StateYear, Provenance]:
    """What the database knows of all state-years, or of one; those of which it knows nothing are left out.

    A note on the names of a table's codes is left out where the codes themselves are known: it names what the database
    kept, and the zip has the names of the state-year's own list.

    Raises:
        QueryFailed: a note without a sentence, or a code without table, code or column.
    """
    [[has_notes, has_codes]] = ask(source_tables_query())
    notes: dict[StateYear, set[SourceNote]] = {}
    codes: dict[StateYear, set[SourceCode]] = {}
    for state, year, kind, table, rows, note in ask(source_notes_query(item)) if has_notes else []:
        _require("source_note", state, year, kind, note)
        known = SourceNote(kind=kind, table=table, rows=rows, note=note)
        notes.setdefault(StateYear(state, year), set()).add(known)
    for state, year, table, code, column, value in ask(source_codes_query(item)) if has_codes else []:
        _require("source_code", state, year, table, code, column)
        own = SourceCode(table=table, code=code, column=column, value=value)
        codes.setdefault(StateYear(state, year), set()).add(own)
    return {
        each: _known(notes.get(each, set()), codes.get(each, set())) for each in sorted(notes.keys() | codes.keys())
    }


def _known(notes: set[SourceNote], codes: set[SourceCode]) -> Provenance:
    tables = {code.table for code in codes}
    told = [note for note in notes if note.kind != _RENAMED or note.table not in tables]
    return Provenance(
        notes=tuple(sorted(told, key=lambda note: note.order)),
        codes=tuple(sorted(codes, key=lambda code: (code.table, code.code, code.column, code.value or ""))),
    )


def _require(table: str, *values: object) -> None:
    if None in values:
        raise QueryFailed(f"{table} has a row with an empty field that it needs: {values}; complete or remove the row")


def source_notes_csv(provenance: Provenance) -> bytes:
    """The notes as the file of a zip."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(SOURCE_NOTES_HEADER)
    writer.writerows((each.kind, each.table, each.rows, each.note) for each in provenance.notes)
    return text.getvalue().encode()


def require_one_world(simulated: Mapping[str, bool]) -> None:
    """Refuse to put real and simulated state-years into one index.

    Args:
        simulated: whether it is simulated, for each thing that would be in it, by a name that people understand.

    Raises:
        SimulatedBesideReal: names one of each kind, and what can be done.
    """
    real = sorted(name for name, is_simulated in simulated.items() if not is_simulated)
    made_up = sorted(name for name, is_simulated in simulated.items() if is_simulated)
    if real and made_up:
        raise SimulatedBesideReal(
            f"simulated: {_first(made_up)}; real: {_first(real)}. The two never stand in one index: keep what is "
            "simulated in a home of its own (another NIBRS_HOME with its own database; on AWS another stack), or "
            "remove one kind from the database or from what is published"
        )


def _first(names: list[str]) -> str:
    return names[0] + (f" and {len(names) - 1} more" if len(names) > 1 else "")


def source_tables_query() -> str:
    """Whether the database has the tables source_note and source_code, which say where its state-years come from."""
    return "SELECT to_regclass('source_note') IS NOT NULL, to_regclass('source_code') IS NOT NULL"


def source_notes_query(item: StateYear | None = None) -> str:
    """Notes on sources: state, year, kind, table, rows, note."""
    return f"SELECT state, data_year, kind, table_name, rows, note FROM source_note{_of_state_year(item)}"


def source_codes_query(item: StateYear | None = None) -> str:
    """What differs in state-years' own lists: state, year, table, code, column, value."""
    return f"SELECT state, data_year, table_name, code, column_name, value FROM source_code{_of_state_year(item)}"


def _of_state_year(item: StateYear | None) -> str:
    return f"\nWHERE state = {literal(item.state)} AND data_year = {literal(item.year)}" if item else ""
