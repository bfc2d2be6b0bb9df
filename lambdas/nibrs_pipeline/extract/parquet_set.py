"""A state-year's part of the Parquet set: its tables, agencies and codes, made of the zip that was just written.

Every file lies in a folder of its data year and state (``data_year=2016/state=AZ``), as programs expect of a data set
in parts; a column that says the same is left out of the file.
"""

import csv
import io
import shutil
import zipfile
from collections.abc import Iterable, Iterator, Mapping
from importlib.resources import files
from pathlib import Path

from nibrs_pipeline.archive.code_lists import named_tables
from nibrs_pipeline.archive.parquet import ParquetWriter
from nibrs_pipeline.catalog import Catalog, Column
from nibrs_pipeline.code_columns import code_columns
from nibrs_pipeline.database.sql import copy_out, literal
from nibrs_pipeline.state_year import StateYear

#: Agencies with residents, months and who reports for them; what codes mean.
AGENCIES, CODES = "agencies", "codes"
#: The columns that folders say.
PARTITIONS = {"data_year": "INTEGER", "state": "VARCHAR"}

#: So that a large state takes no more memory than a small one.
_MEMORY, _GROUP_ROWS = "100MB", 20_480

#: DuckDB's types of PostgreSQL's; every other is text.
_TYPES = {
    "smallint": "SMALLINT",
    "integer": "INTEGER",
    "bigint": "BIGINT",
    "double precision": "DOUBLE",
    "numeric": "DOUBLE",
    "timestamp": "TIMESTAMP",
}


def _columns(described: Mapping[str, tuple[str, str]]) -> tuple[Column, ...]:
    """Columns by name, each with PostgreSQL's type and what it says; any may be empty."""
    return tuple(
        Column(name, kind, nullable=True, primary_key=False, references="", description=text)
        for name, (kind, text) in described.items()
    )


_AGENCY_COLUMNS = _columns(
    {
        "agency_id": ("bigint", "The agency's number, by which other tables name it"),
        "ori": ("text", "Originating agency identifier: the agency's code in the FBI's programs"),
        "agency_name": ("text", "What the agency is called"),
        "agency_type": ("text", "City, County, University or College, State Police, and so on"),
        "population": ("bigint", "Residents of the agency in the data year"),
        "population_group_code": ("text", "The FBI's code of agencies by kind and residents"),
        "population_group": ("text", "What the population group is called"),
        "return_a_months": ("integer", "Months of the data year that were reported to the summary system (Return A)"),
        "nibrs_months": ("integer", "Months of the data year that were reported to NIBRS"),
        "covered": ("text", "Y if another agency reported for it in the data year, else N"),
        "covered_by_agency_id": ("bigint", "The number of the agency that reported for it"),
        "covered_by_ori": ("text", "That agency's originating agency identifier"),
        "covered_by_name": ("text", "What that agency is called"),
    }
)
_CODE_COLUMNS = _columns(
    {
        "table_name": ("text", "The code table, such as nibrs_offense_type"),
        "id": ("bigint", "The key by which tables refer to the code"),
        "code": ("text", "The code"),
        "name": ("text", "What the code means"),
    }
)


def parquet_name(table: str, item: StateYear) -> str:
    """Where a table's file of a state-year lies in the set."""
    return f"{table}/data_year={item.year}/state={item.state}/{table}.parquet"


def agencies_query(item: StateYear) -> str:
    """The statement that streams the agencies of a state-year as CSV."""
    text = (files("code_tables") / "reference" / "agencies_of_state_year.sql").read_text(encoding="utf-8")
    return copy_out(text.replace(":year", literal(item.year)).replace(":state", literal(item.state)))


def write_parquet_set(
    source: Path, agencies: Path, catalog: Catalog, item: StateYear, folder: Path
) -> Iterator[tuple[str, Path]]:
    """Write the files of a state-year one after the other: the place in the set, and the file, which is removed after.

    Args:
        source: the state-year's zip, in the database's layout.
        agencies: CSV that ``agencies_query`` gives.
        folder: where there is space for the largest table as CSV and as Parquet.
    """
    text, target = folder / "table.csv", folder / "table.parquet"
    with zipfile.ZipFile(source) as archive, ParquetWriter(folder, _MEMORY, _GROUP_ROWS) as writer:
        there = set(archive.namelist())
        for table in catalog.data_tables:
            if table.csv_name not in there:
                continue
            with archive.open(table.csv_name) as member, text.open("wb") as out:
                shutil.copyfileobj(member, out, 1 << 20)
            writer.write(text, _types(table.columns), target, PARTITIONS)
            text.unlink()
            yield parquet_name(table.name, item), target
        _write_codes(archive, catalog, text)
        writer.write(text, _types(_CODE_COLUMNS), target)
        text.unlink()
        yield parquet_name(CODES, item), target
        writer.write(agencies, _types(_AGENCY_COLUMNS), target)
        yield parquet_name(AGENCIES, item), target
        target.unlink()


def columns_of_set(catalog: Catalog) -> dict[str, tuple[Column, ...]]:
    """The columns of each table of the set, without those that folders say."""
    tables = {
        table.name: tuple(column for column in table.columns if column.name not in PARTITIONS)
        for table in catalog.data_tables
    }
    return {**tables, CODES: _CODE_COLUMNS, AGENCIES: _AGENCY_COLUMNS}


def column_types(catalog: Catalog) -> dict[str, dict[str, str]]:
    """DuckDB's types of the columns of each table of the set, without those that folders say."""
    return {table: _types(columns) for table, columns in columns_of_set(catalog).items()}


def _types(columns: Iterable[Column]) -> dict[str, str]:
    return {column.name: _TYPES.get(column.type, "VARCHAR") for column in columns}


def _write_codes(archive: zipfile.ZipFile, catalog: Catalog, target: Path) -> None:
    """All code tables of a zip in one: the key that tables refer to, the code, and what it is called."""
    there = set(archive.namelist())
    with target.open("w", encoding="utf-8", newline="") as out:
        writer = csv.writer(out, lineterminator="\n")
        writer.writerow(column.name for column in _CODE_COLUMNS)
        for table in named_tables(catalog):
            if table.csv_name not in there:
                continue
            columns, [key] = code_columns()[table.name], table.primary_key
            rows = csv.DictReader(io.StringIO(archive.read(table.csv_name).decode(), newline=""))
            writer.writerows((table.name, row[key], row[columns.code], row[columns.name]) for row in rows)
