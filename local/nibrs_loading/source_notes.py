"""What is known of a state-year's source beyond its rows: it travels with everything that is made from them."""

import csv
from collections.abc import Iterable
from pathlib import PurePosixPath

from nibrs_pipeline.archive import provenance
from nibrs_pipeline.archive.provenance import KINDS, SOURCE_NOTES, SOURCE_NOTES_HEADER, SourceCode, SourceNote
from nibrs_pipeline.catalog import Catalog
from nibrs_pipeline.database.connection import Connection
from nibrs_pipeline.state_year import StateYear

from nibrs_loading.archives import Archive, BadFile
from nibrs_loading.published_zip import PublishedZip

#: Digits of a number of rows; more do not fit into the database.
_LONGEST_COUNT = 18

SIMULATED = SourceNote(kind=provenance.SIMULATED, note="Simulated: these agencies, people and incidents do not exist.")

REPORTERS_ONLY = SourceNote(
    kind=provenance.REPORTERS_ONLY,
    note="The file lists only agencies that reported NIBRS, and no Return A: "
    "what it counts is no estimate of the state.",
)


#: Kinds that a load finds out by itself, from rows and codes.
_FOUND_ANEW = (provenance.SIMULATED, provenance.REPORTERS_ONLY, provenance.NOT_IN_SOURCE, "renamed")


def carried_notes(archive: Archive) -> list[SourceNote]:
    """The notes in a zip that was published from such a database; none for any other zip.

    Raises:
        BadFile: a line of the notes is not a note.
    """
    stem = PurePosixPath(SOURCE_NOTES).stem
    if stem not in archive.members:
        return []
    member = archive.read_through(archive.members[stem])
    with archive.text_of(member) as text:
        rows = csv.reader(text)
        if next(rows, []) != list(SOURCE_NOTES_HEADER):
            return []
        place = f"{archive.path}: {member.name}"
        try:
            return [note for row in rows if (note := _note(row, f"{place}, line {rows.line_num}"))]
        except csv.Error as error:
            raise BadFile(f"{place}, line {rows.line_num}: {error}; remove the line, or the file") from error


def _note(row: list[str], place: str) -> SourceNote | None:
    if len(row) != len(SOURCE_NOTES_HEADER) or row[0] not in KINDS or not row[3]:
        raise BadFile(f"{place}: {','.join(row)[:80]!r} is not a note on a source; remove the line, or the file")
    kind, table, count, note = row
    if count and not (count.isascii() and count.isdecimal() and len(count) < _LONGEST_COUNT):
        raise BadFile(f"{place}: {count[:80]!r} is not a number of rows; remove the line, or the file")
    if kind in _FOUND_ANEW:
        return None
    return SourceNote(kind=kind, table=table or None, rows=int(count or 0) or None, note=note)


def tables_not_in_file(found: PublishedZip, catalog: Catalog) -> list[SourceNote]:
    """A note on each optional table that a file lacks; what hangs on one of them needs no note of its own."""
    lacking = [table for table in catalog.optional_tables if not found.has(table.name)]
    return [
        SourceNote(
            kind=provenance.NOT_IN_SOURCE,
            table=table.name,
            note=provenance.NO_SUCH_TABLE,
        )
        for table in lacking
        if table.parent not in {each.name for each in lacking}
    ]


def write_source(
    connection: Connection, item: StateYear, notes: Iterable[SourceNote], codes: Iterable[SourceCode] = ()
) -> None:
    """Write what is known of a state-year's source, in place of what was known before."""
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
    """Remove what was known of a state-year's source."""
    for table in ("source_note", "source_code"):
        connection.run(
            f"DELETE FROM {table} WHERE state = :state AND data_year = :year", state=item.state, year=item.year
        )
