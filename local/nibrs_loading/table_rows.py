"""The rows of a published table in the database's terms: its columns, its notation of dates and flags."""

import csv
import io
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from functools import lru_cache

from nibrs_pipeline.catalog import Column

from nibrs_loading.layouts import Layout

_PORTION = 1 << 18
_DATABASE_DATE = "%Y-%m-%d %H:%M:%S"


@dataclass
class TableRows:
    """The rows of one table on their way out of a zip.

    Iterating gives portions of a CSV with a header line. A faulty row ends it early, and the fault is in
    ``error`` afterwards: the driver that takes the portions may not cope with an exception.

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
class Conversion:
    """How the fields of a file's row become those of the table: ``places`` in the row, by target column."""

    targets: list[str]
    places: list[int]
    dates: list[tuple[int, str]]
    values: list[tuple[int, dict[str, tuple[str, str]]]]

    @classmethod
    def of(cls, layout: Layout, table: str, columns: tuple[Column, ...], header: list[str]) -> "Conversion":
        """The conversion of a table's file with that header."""
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

    def convert(self, text: io.TextIOWrapper, rows: TableRows) -> Iterator[bytes]:
        """A file's text as portions of a CSV of the table."""
        out = io.StringIO()
        writer = csv.writer(out, lineterminator="\n")
        writer.writerow(self.targets)
        reader = csv.reader(text, strict=True)
        line = 1
        try:
            width = len(next(reader, []))
            for line, row in enumerate(reader, start=2):
                if len(row) != width:
                    rows.error = f"line {line}: {len(row)} fields; the header has {width}"
                    return
                writer.writerow(self._converted(row, rows.lost))
                if out.tell() > _PORTION:
                    yield _emptied(out)
        except csv.Error as error:
            rows.error = f"line {line + 1}: {error}"
            return
        yield _emptied(out)

    def _converted(self, row: list[str], lost: Counter[tuple[str, str, str]]) -> list[str]:
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


def _emptied(out: io.StringIO) -> bytes:
    portion = out.getvalue().encode()
    out.seek(0)
    out.truncate()
    return portion


@lru_cache(maxsize=4096)
def _date(text: str, date_format: str) -> str:
    """A date as the database writes it; what is not a date stays, and the database refuses it with its line."""
    try:
        return datetime.strptime(text, date_format).strftime(_DATABASE_DATE)
    except ValueError:
        return text
