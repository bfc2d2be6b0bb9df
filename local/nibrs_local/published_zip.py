"""Published zips of any layout, read as the tables of the database (LAYOUTS.md).

What comes out of a ``PublishedZip`` are CSVs with the database's columns, whatever the file called
them, a row for a row: errors can name the line of the file.
"""

import csv
import io
import zipfile
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from functools import lru_cache
from pathlib import Path, PurePosixPath

from nibrs_pipeline.catalog import Catalog, Column, Table
from nibrs_pipeline.code_columns import code_columns
from nibrs_pipeline.keys import StateYear
from nibrs_pipeline.zip_writer import sha256_of

from nibrs_local.layouts import AGENCIES, Layout, is_ignored, layouts

_PORTION = 1 << 18
_DATABASE_DATE = "%Y-%m-%d %H:%M:%S"
#: Of the later layouts the zips had no Group B arrests before 2022.
_OPTIONAL = ("nibrs_grpb_arrest", "nibrs_grpb_arrest_weapon")


class BadFile(Exception):
    """A file that is not loaded: names the file, the table, the line and the reason."""


@dataclass
class TableRows:
    """The rows of one table on their way out of a zip.

    Iterating gives portions of a CSV with a header line. What is wrong with a row ends it early
    and stands in ``error`` afterwards: whoever takes the portions may be unable to bear exceptions.

    Attributes:
        columns: of the CSV, in its order.
        lost: written values that have no equivalent, with their number: (column, value, remark).
    """

    columns: list[str]
    portions: Callable[["TableRows"], Iterator[bytes]]
    error: str = ""
    lost: Counter[tuple[str, str, str]] = field(default_factory=Counter)

    def __iter__(self) -> Iterator[bytes]:
        return self.portions(self)


@dataclass(frozen=True)
class PublishedZip:
    """A zip whose files and headers are as its layout says; ``members`` by table."""

    path: Path
    sha256: str
    layout: Layout
    members: dict[str, zipfile.ZipInfo]

    def header(self, table: str) -> list[str]:
        """The columns of a table's file, in its order."""
        with self._text(table) as text:
            return [name.lower() for name in next(csv.reader(text), [])]

    def file_name(self, table: str) -> str:
        """What a table's file is called, without folders."""
        return PurePosixPath(self.members[table].filename).name if table in self.members else f"{table}.csv"

    def source_name(self, table: str, column: str) -> str:
        """What the file calls a column of a table."""
        return self.layout.sources.get(table, {}).get(column, column)

    def has(self, table: str) -> bool:
        """Whether the zip has a file for the table; what it has none for is derived, or not known."""
        return table in self.members

    def rows(self, table: str, columns: tuple[Column, ...]) -> TableRows:
        """The rows of a table, with the database's names, dates and flags."""
        header = self.header(table)
        if self.layout.is_the_databases:
            return TableRows(header, lambda rows: self._as_it_is(table))
        conversion = _Conversion.of(self.layout, table, columns, header)
        return TableRows(conversion.targets, lambda rows: self._converted(table, conversion, rows))

    def _as_it_is(self, table: str) -> Iterator[bytes]:
        with zipfile.ZipFile(self.path) as archive, archive.open(self.members[table]) as file:
            while portion := file.read(_PORTION):
                yield portion

    @contextmanager
    def _text(self, table: str) -> Iterator[io.TextIOWrapper]:
        with zipfile.ZipFile(self.path) as archive, archive.open(self.members[table]) as file:
            yield io.TextIOWrapper(file, encoding="utf-8-sig", newline="")

    def _converted(self, table: str, conversion: "_Conversion", rows: TableRows) -> Iterator[bytes]:
        out = io.StringIO()
        writer = csv.writer(out, lineterminator="\n")
        writer.writerow(conversion.targets)
        with self._text(table) as text:
            reader = csv.reader(text)
            width = len(next(reader, []))
            try:
                for line, row in enumerate(reader, start=2):
                    if len(row) != width:
                        rows.error = f"line {line}: {len(row)} fields; the header has {width}"
                        return
                    writer.writerow(conversion.convert(row, rows.lost))
                    if out.tell() > _PORTION:
                        yield _emptied(out)
            except UnicodeDecodeError as error:
                rows.error = f"not UTF-8: {error}"
                return
        yield _emptied(out)


def _emptied(out: io.StringIO) -> bytes:
    portion = out.getvalue().encode()
    out.seek(0)
    out.truncate()
    return portion


@dataclass(frozen=True)
class _Conversion:
    """How the fields of a file's row become those of the table: ``places`` in the row, by target column."""

    targets: list[str]
    places: list[int]
    dates: list[tuple[int, str]]
    values: list[tuple[int, dict[str, tuple[str, str]]]]

    @classmethod
    def of(cls, layout: Layout, table: str, columns: tuple[Column, ...], header: list[str]) -> "_Conversion":
        sources = layout.sources[table]
        targets = [column for column in columns if column.name in sources]
        numbered = list(enumerate(targets))
        return cls(
            targets=[column.name for column in targets],
            places=[header.index(sources[column.name]) for column in targets],
            dates=[(place, layout.date_format) for place, column in numbered if column.type == "timestamp"],
            values=[
                (place, layout.values[table, column.name])
                for place, column in numbered
                if (table, column.name) in layout.values
            ],
        )

    def convert(self, row: list[str], lost: Counter[tuple[str, str, str]]) -> list[str]:
        fields = [row[place] for place in self.places]
        for place, date_format in self.dates:
            fields[place] = _date(fields[place], date_format)
        for place, meanings in self.values:
            meaning = meanings.get(fields[place])
            if meaning:
                if meaning[1]:
                    lost[self.targets[place], fields[place], meaning[1]] += 1
                fields[place] = meaning[0]
        return fields


@lru_cache(maxsize=4096)
def _date(text: str, date_format: str) -> str:
    """A date as the database writes it; what is none stays, and is refused by the database with its line."""
    try:
        return datetime.strptime(text, date_format).strftime(_DATABASE_DATE)
    except ValueError:
        return text


def read_published_zip(path: Path, catalog: Catalog) -> PublishedZip:
    """Check that a file is a published zip.

    Raises:
        BadFile: not a zip, damaged, an unknown layout, a table missing, or columns that do not fit.
    """
    if not path.is_file():
        raise BadFile(f"{path}: there is no such file")
    try:
        with zipfile.ZipFile(path) as archive:
            damaged = archive.testzip()
            infos = archive.infolist()
    except zipfile.BadZipFile as error:
        raise BadFile(f"{path}: not a zip ({error}); download it again") from error
    if damaged:
        raise BadFile(f"{path}: {damaged} is damaged; download it again")
    by_stem = {
        PurePosixPath(info.filename).stem.lower(): info for info in infos if info.filename.lower().endswith(".csv")
    }
    with path.open("rb") as file:
        sha256 = sha256_of(file)
    layout = _layout_of(path, sha256, by_stem)
    wanted = {table: stem for table, stem in layout.files.items() if table not in _OPTIONAL or stem in by_stem}
    missing = [stem for stem in wanted.values() if stem not in by_stem]
    if missing:
        raise BadFile(
            f"{path}: no file for {', '.join(missing)}; a zip of layout {layout.number} has {len(wanted)} tables"
        )
    found = PublishedZip(path, sha256, layout, {table: by_stem[stem] for table, stem in wanted.items()})
    for table in found.members:
        _check_header(found, table)
    return found


def _layout_of(path: Path, sha256: str, by_stem: dict[str, zipfile.ZipInfo]) -> Layout:
    for layout in layouts():
        file, table, column = layout.mark
        if file not in by_stem or (table and table not in by_stem):
            continue
        if not table or column in PublishedZip(path, sha256, layout, {table: by_stem[table]}).header(table):
            return layout
    raise BadFile(
        f"{path}: none of the published layouts: there is neither cde_agencies.csv (layout 1) nor agencies.csv "
        "with NIBRS_OFFENSE.csv (layouts 2 and 3)"
    )


def _check_header(found: PublishedZip, table: str) -> None:
    header = found.header(table)
    wanted = found.layout.sources[table].values()
    missing = [name for name in wanted if name not in header]
    unknown = [
        name
        for name in dict.fromkeys(header)
        if name not in wanted and (found.layout.is_the_databases or not is_ignored(table, name))
    ]
    problems = [f"no column {name}" for name in missing] + [f"unknown column {name}" for name in unknown]
    if not problems and found.layout.is_the_databases and len(set(header)) < len(header):
        problems = ["a column stands there twice"]
    if problems:
        raise BadFile(f"{found.path}: {found.file_name(table)}, line 1: {', '.join(problems)}")


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


def state_year_of_rows(found: PublishedZip, states: set[str], years: set[int]) -> StateYear:
    """The one state-year that a zip's rows name.

    Raises:
        BadFile: none or several.
    """
    if len(states) != 1 or len(years) != 1:
        raise BadFile(
            f"{found.path}: the rows are of states {', '.join(sorted(states)) or 'none'} and data years "
            f"{', '.join(map(str, sorted(years))) or 'none'}; a zip holds one state and one data year"
        )
    return StateYear(states.pop(), years.pop())
