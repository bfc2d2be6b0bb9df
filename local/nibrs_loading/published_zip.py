"""Published zips of any layout, read as the tables of the database.

A ``PublishedZip`` gives CSVs with the database's columns, whatever the file calls them, one row for each
row of the file, so that errors can name the line of the file.
"""

import csv
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from nibrs_pipeline.catalog import Catalog, Column, Table
from nibrs_pipeline.code_columns import code_columns
from nibrs_pipeline.state_year import StateYear

from nibrs_loading.archives import Archive, BadFile, Member, open_archive
from nibrs_loading.layouts import AGENCIES, Layout, is_ignored, layouts
from nibrs_loading.table_rows import Conversion, TableRows

_PORTION = 1 << 18
#: What spreadsheets of some languages write between columns.
_OTHER_SEPARATORS = {";": "semicolons", "\t": "tabs"}
#: How the FBI names its zips: a name of another shape says nothing.
_NAMED = re.compile(r"([A-Z]{2})-(\d{4})", re.IGNORECASE)


@dataclass(frozen=True)
class PublishedZip:
    """A zip whose files and headers are as its layout says.

    Attributes:
        layout: with the names that this zip's files have.
        members: by table.
        unknown: columns that the layout does not know, by table; they are left out.
    """

    archive: Archive
    layout: Layout
    members: dict[str, Member]
    unknown: dict[str, list[str]]

    @property
    def path(self) -> Path:
        """Where the zip lies."""
        return self.archive.path

    @property
    def sha256(self) -> str:
        """The checksum of the zip."""
        return self.archive.sha256

    def header(self, table: str) -> list[str]:
        """The columns of a table's file, in its order."""
        return _header(self.archive, self.members[table])

    def file_name(self, table: str) -> str:
        """What a table's file is called, without folders."""
        return self.members[table].name if table in self.members else f"{table}.csv"

    def source_name(self, table: str, column: str) -> str:
        """What the file calls a column of a table."""
        return self.layout.sources.get(table, {}).get(column, column)

    def has(self, table: str) -> bool:
        """Whether the zip has a file for the table; what it has none for is derived, or not known."""
        return table in self.members

    def rows(self, table: str, columns: tuple[Column, ...]) -> TableRows:
        """The rows of a table, with the database's names, dates and flags."""
        header = self.header(table)
        if self.layout.is_the_databases and self.members[table].is_plain and table not in self.unknown:
            return TableRows(header, lambda rows: self._as_it_is(table))
        conversion = Conversion.of(self.layout, table, columns, header)
        return TableRows(conversion.targets, lambda rows: self._converted(table, conversion, rows))

    def _as_it_is(self, table: str) -> Iterator[bytes]:
        with self.archive.bytes_of(self.members[table]) as file:
            while portion := file.read(_PORTION):
                yield portion

    def _converted(self, table: str, conversion: Conversion, rows: TableRows) -> Iterator[bytes]:
        with self.archive.text_of(self.members[table]) as text:
            yield from conversion.convert(text, rows)


def read_published_zip(path: Path, catalog: Catalog) -> PublishedZip:
    """Check that a file is a published zip.

    Raises:
        BadFile: not a zip, damaged, an unknown layout, a table missing, or columns that do not fit.
    """
    archive = open_archive(path)
    stems = {stem for layout in layouts() for stem in layout.files.values()}
    read = {stem: archive.read_through(member) for stem, member in archive.members.items() if stem in stems}
    layout = _layout_of(archive, read)
    optional = {table.name for table in catalog.optional_tables}
    wanted = {table: stem for table, stem in layout.files.items() if table not in optional or stem in read}
    missing = [stem for stem in wanted.values() if stem not in read]
    if missing:
        raise BadFile(
            f"{path}: no file for {', '.join(missing)}; a zip of layout {layout.number} has {len(wanted)} tables"
        )
    members = {table: read[stem] for table, stem in wanted.items()}
    sources, unknown = {}, {}
    for table, member in members.items():
        sources[table], left_out = _columns_of(archive, member, layout, table)
        if left_out:
            unknown[table] = left_out
    return PublishedZip(archive, replace(layout, sources=sources), members, unknown)


def _header(archive: Archive, member: Member) -> list[str]:
    place = f"{archive.path}: {member.name}, line 1"
    with archive.text_of(member) as text:
        try:
            names = [name.strip().lower() for name in next(csv.reader(text), [])]
        except csv.Error as error:
            raise BadFile(f"{place}: {error}") from error
    for separator, called in _OTHER_SEPARATORS.items():
        if len(names) == 1 and separator in names[0]:
            raise BadFile(f"{place}: columns are separated by {called}, not by commas; download the zip again")
    return names


def _layout_of(archive: Archive, read: dict[str, Member]) -> Layout:
    for layout in layouts():
        file, table, column = layout.mark
        if file not in read or (table and table not in read):
            continue
        if not table or column in _header(archive, read[table]):
            return layout
    raise BadFile(
        f"{archive.path}: none of the published layouts: there is neither cde_agencies.csv (layout 1) nor agencies.csv "
        "with NIBRS_OFFENSE.csv (layouts 2 and 3)"
    )


def _columns_of(archive: Archive, member: Member, layout: Layout, table: str) -> tuple[dict[str, str], list[str]]:
    """What the file calls the table's columns, and the columns that its layout does not know.

    Later layouts misspell some names: a file that has the database's name instead is read all the same.
    """
    header = _header(archive, member)
    sources = {
        column: column if name not in header and column in header else name
        for column, name in layout.sources[table].items()
    }
    missing = [name for name in sources.values() if name not in header]
    unknown = [
        name
        for name in dict.fromkeys(header)
        if name not in sources.values() and (layout.is_the_databases or not is_ignored(table, name))
    ]
    problems = [f"no column {name}" for name in missing] + [f"unknown column {name}" for name in unknown if missing]
    if layout.is_the_databases and len(set(header)) < len(header):
        problems.append("a column occurs twice")
    if problems:
        raise BadFile(f"{archive.path}: {member.name}, line 1: {', '.join(problems if header else ['no header'])}")
    return sources, unknown


def staged_columns(found: PublishedZip, catalog: Catalog, table: Table) -> tuple[Column, ...]:
    """The table's columns as its file fills them.

    A file that identifies rows of a code table by their code (layout 3: offense_code) fills the
    column of the identifier with codes: it has the code's type here. What the file does not have
    may be empty.
    """
    sources = found.layout.sources.get(table.name, {})
    columns = []
    for column in table.columns:
        kind = column.type
        target = table if table.kind == "code" and column.primary_key else catalog.get(column.references)
        if target and target.kind == "code":
            code = next(each for each in target.columns if each.name == code_columns()[target.name].code)
            if sources.get(column.name) == code.name:
                kind = code.type
        is_filled = column.primary_key and column.name in sources
        nullable = column.nullable or not (found.layout.is_the_databases or is_filled)
        columns.append(Column(column.name, kind, nullable, column.primary_key, column.references, column.description))
    return tuple(columns)


def agencies_columns(found: PublishedZip) -> tuple[Column, ...]:
    """The columns of agencies.csv (layouts 2 and 3), all as text but the dates."""
    return tuple(
        Column(name, "timestamp" if name.endswith("_date") else "text", True, False, "", "")
        for name in found.layout.sources[AGENCIES]
    )


def state_year_of_rows(found: PublishedZip, states: set[tuple[str, str]], years: set[int]) -> StateYear:
    """The one state-year that a zip's rows name.

    Args:
        states: postal and FBI's abbreviation (Nebraska is NE and NB).

    Raises:
        BadFile: none or several, a state that does not exist, or another than the file's name says.
    """
    if len(states) != 1 or len(years) != 1:
        raise BadFile(
            f"{found.path}: the rows are of states {', '.join(sorted(postal for postal, _ in states)) or 'none'} and "
            f"data years {', '.join(map(str, sorted(years))) or 'none'}; a zip holds one state and one data year"
        )
    [abbreviations], [year] = states, years
    item = StateYear(abbreviations[0], year)
    named = _NAMED.fullmatch(found.path.stem)
    if named and (named[1].upper() not in abbreviations or int(named[2]) != year):
        raise BadFile(
            f"{found.path}: is named {named[0]} and holds {item}; rename it {item}.zip if it is what you want"
        )
    return item
