"""What differs between two published zips: rows by table and column, codes and their names."""

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import duckdb
from nibrs_loading.zip_database import open_zip
from nibrs_pipeline.archive.code_lists import CodeDifference, code_differences, named_tables
from nibrs_pipeline.catalog import Catalog, Table
from nibrs_pipeline.code_columns import CodeColumns, code_columns
from nibrs_pipeline.database.sql import identifier


@dataclass(frozen=True)
class TableDifference:
    """What differs in a table.

    Attributes:
        before: rows of the first zip, ``after`` of the second.
        came: rows whose key only the second has; ``went`` those whose key only the first has.
        changed: rows of the same key with another value in any column.
        columns: of the changed rows, how many differ in each column.
    """

    table: str
    before: int
    after: int
    came: int
    went: int
    changed: int
    columns: dict[str, int]


@dataclass(frozen=True)
class Differences:
    """All that differs between two zips, by their names."""

    before: str
    after: str
    tables: tuple[TableDifference, ...]
    codes: tuple[CodeDifference, ...]

    @property
    def any(self) -> bool:
        """Whether anything differs."""
        return bool(self.tables or self.codes)

    def as_json(self) -> dict[str, Any]:
        """For a file."""
        return asdict(self)


def differences(before: Path, after: Path, catalog: Catalog) -> Differences:
    """Compare two published zips of any layout.

    Rows are compared by their keys. What a column says by a number of a code table is compared by its code, since the
    layouts number the same codes differently.

    Raises:
        BadFile: one of them cannot be read as a published zip.
    """
    first, second = open_zip(before, catalog), open_zip(after, catalog)
    codes = tuple(code_differences(_code_lists(first, catalog), _code_lists(second, catalog)))
    tables = tuple(
        found for table in catalog.data_tables if (found := _table(first, second, catalog, table)) is not None
    )
    first.close()
    second.close()
    return Differences(before.stem, after.stem, tables, codes)


def _code_lists(connection: duckdb.DuckDBPyConnection, catalog: Catalog) -> dict[str, dict[str, str]]:
    return {table.name: _names(connection, table, code_columns()[table.name]) for table in named_tables(catalog)}


def _names(connection: duckdb.DuckDBPyConnection, table: Table, columns: CodeColumns) -> dict[str, str]:
    if not _has(connection, table.name):
        return {}
    code, name = identifier(columns.code), identifier(columns.name)
    rows = connection.execute(f"SELECT CAST({code} AS VARCHAR), {name} FROM {identifier(table.name)}").fetchall()
    return {str(code): str(name) for code, name in rows}


def _table(
    first: duckdb.DuckDBPyConnection, second: duckdb.DuckDBPyConnection, catalog: Catalog, table: Table
) -> TableDifference | None:
    """None if nothing differs."""
    first.execute(f"CREATE OR REPLACE TEMP VIEW before AS {_in_codes(first, catalog, table)}")
    first.register("after", second.sql(_in_codes(second, catalog, table)).to_arrow_table())
    others = [name for name in table.column_names if name not in table.primary_key]
    same = " AND ".join(f"b.{identifier(name)} = a.{identifier(name)}" for name in table.primary_key)
    differs = [f"b.{identifier(name)} IS DISTINCT FROM a.{identifier(name)}" for name in others]
    both = "b.present AND a.present"
    counts = [
        "count(b.present)",
        "count(a.present)",
        "count(*) FILTER (b.present IS NULL)",
        "count(*) FILTER (a.present IS NULL)",
        f"count(*) FILTER ({both} AND ({' OR '.join(differs) or 'false'}))",
        *(f"count(*) FILTER ({both} AND {each})" for each in differs),
    ]
    found = first.execute(f"SELECT {', '.join(counts)} FROM before b FULL JOIN after a ON {same}").fetchall()[0]
    first.unregister("after")
    rows_before, rows_after, came, went, changed, *by_column = found
    if not (came or went or changed):
        return None
    columns = {name: count for name, count in zip(others, by_column, strict=True) if count}
    return TableDifference(table.name, rows_before, rows_after, came, went, changed, columns)


def _in_codes(connection: duckdb.DuckDBPyConnection, catalog: Catalog, table: Table) -> str:
    """A query of a table's rows, with codes in the place of the numbers of code tables."""
    joins, columns = [], []
    for number, column in enumerate(table.columns):
        name, code_table = identifier(column.name), column.references
        if code_table not in code_columns() or not _has(connection, code_table):
            columns.append(f"t.{name}")
            continue
        [key] = catalog[code_table].primary_key
        columns.append(f"CAST(c{number}.{identifier(code_columns()[code_table].code)} AS VARCHAR) AS {name}")
        joins.append(f"LEFT JOIN {identifier(code_table)} c{number} ON c{number}.{identifier(key)} = t.{name}")
    return f"SELECT true AS present, {', '.join(columns)} FROM {identifier(table.name)} t {' '.join(joins)}"


def _has(connection: duckdb.DuckDBPyConnection, table: str) -> bool:
    [[found]] = connection.execute(
        "SELECT count(*) FROM information_schema.tables WHERE table_name = ?", [table]
    ).fetchall()
    return bool(found)
