"""The code tables of a zip as codes and names, and what differs between two of them."""

import csv
import hashlib
import io
import zipfile
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from nibrs_pipeline.archive.manifest import FileEntry
from nibrs_pipeline.catalog import Catalog, Table
from nibrs_pipeline.code_columns import code_columns

#: Names of a code table, by code.
Names = Mapping[str, str]


@dataclass(frozen=True)
class CodeDifference:
    """A code that came (``before`` is None), went (``after`` is None), or has another name."""

    table: str
    code: str
    before: str | None
    after: str | None

    @property
    def sentence(self) -> str:
        """What happened, in words."""
        if self.before is None:
            return f"{self.table}: {self.code} came, {self.after}"
        if self.after is None:
            return f"{self.table}: {self.code} went, {self.before}"
        return f"{self.table}: {self.code} was {self.before}, is {self.after}"


def named_tables(catalog: Catalog) -> tuple[Table, ...]:
    """The code tables whose columns of code and name are known."""
    return tuple(table for table in catalog.code_tables if table.name in code_columns())


def code_differences(before: Mapping[str, Names], after: Mapping[str, Names]) -> Iterator[CodeDifference]:
    """What differs between the names of two zips, by table, in the order of the first one's tables, and of codes."""
    for table in dict.fromkeys([*before, *after]):
        earlier, later = before.get(table, {}), after.get(table, {})
        for code in sorted(earlier.keys() | later.keys()):
            if earlier.get(code) != later.get(code):
                yield CodeDifference(table, code, earlier.get(code), later.get(code))


def code_lists_id(files: Iterable[FileEntry], catalog: Catalog) -> str:
    """Identifies the contents of a zip's code tables, from its manifest: the zip itself is not read."""
    names = {table.csv_name for table in named_tables(catalog)}
    lines = sorted(f"{entry.name} {entry.sha256}\n" for entry in files if entry.name in names)
    return hashlib.sha256("".join(lines).encode()).hexdigest()[:16]


def read_code_lists(archive: zipfile.ZipFile, catalog: Catalog) -> dict[str, dict[str, str]]:
    """Codes and names of a zip in the database's layout, by table; only its code tables are read."""
    there = set(archive.namelist())
    return {
        table.name: _names(archive.read(table.csv_name), table.name)
        for table in named_tables(catalog)
        if table.csv_name in there
    }


def _names(content: bytes, table: str) -> dict[str, str]:
    columns = code_columns()[table]
    rows = csv.DictReader(io.StringIO(content.decode()))
    return {row[columns.code]: row[columns.name] for row in rows}
