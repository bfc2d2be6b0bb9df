"""Published zips of layout 1, read and checked before anything is loaded (LAYOUTS.md)."""

import csv
import io
import zipfile
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from nibrs_pipeline.catalog import Catalog, Table
from nibrs_pipeline.keys import StateYear
from nibrs_pipeline.zip_writer import sha256_of


class BadFile(Exception):
    """A file that is not loaded: names the file, the table, the line and the reason."""


@dataclass(frozen=True)
class PublishedZip:
    """A zip whose tables and headers are as they should be; ``members`` by table."""

    path: Path
    sha256: str
    members: dict[str, zipfile.ZipInfo]

    def open(self, table: Table) -> "zipfile.ZipExtFile":
        """The table's CSV as bytes."""
        return zipfile.ZipFile(self.path).open(self.members[table.name])  # type: ignore[return-value]

    def header(self, table: Table) -> list[str]:
        """The columns of the table's CSV, in the file's order."""
        with self.open(table) as file:
            return next(csv.reader(io.TextIOWrapper(file, encoding="utf-8-sig")), [])


def read_published_zip(path: Path, catalog: Catalog) -> PublishedZip:
    """Open a zip, flat or in one folder, and check that it is of layout 1.

    Raises:
        BadFile: not a zip, damaged, another layout, a table missing, or columns that do not fit.
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
    members = {
        PurePosixPath(info.filename).stem.lower(): info for info in infos if info.filename.lower().endswith(".csv")
    }
    if "cde_agencies" not in members and "agencies" in members:
        raise BadFile(f"{path}: this zip has layout 2 or 3 (agencies.csv); only layout 1 (cde_agencies.csv) is read")
    missing = [table.name for table in catalog.published if table.name not in members]
    if missing:
        raise BadFile(
            f"{path}: no file for {', '.join(missing)}; a zip of layout 1 has {len(catalog.published)} tables"
        )
    with path.open("rb") as file:
        found = PublishedZip(path, sha256_of(file), {table.name: members[table.name] for table in catalog.published})
    for table in catalog.published:
        _check_header(found, table)
    return found


def _check_header(found: PublishedZip, table: Table) -> None:
    header = found.header(table)
    if sorted(header) == sorted(table.column_names):
        return
    missing = [name for name in table.column_names if name not in header]
    unknown = [name for name in header if name not in table.column_names]
    problems = [f"no column {name}" for name in missing] + [f"unknown column {name}" for name in unknown]
    if not problems:
        problems = ["a column stands there twice"]
    raise BadFile(f"{found.path}: {table.csv_name}, line 1: {', '.join(problems)}")


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
