"""A published zip as tables that SQL can ask: DuckDB in memory, every layout in the database's terms.

Only what cannot be read is refused here: keys and codes are checked afterwards.
"""

import tempfile
from importlib.resources import files
from pathlib import Path

import duckdb
from nibrs_pipeline.catalog import Catalog, Column

from nibrs_loading.archives import BadFile
from nibrs_loading.layouts import AGENCIES, MONTHS, derivations, nth_document
from nibrs_loading.published_zip import PublishedZip, agencies_columns, read_published_zip, staged_columns

_DUCKDB_TYPES = {"numeric": "DOUBLE", "text": "VARCHAR"}


def open_zip(path: Path, catalog: Catalog, memory: str = "2GB") -> duckdb.DuckDBPyConnection:
    """The tables of a published zip under their names, code tables with the file's identifiers.

    Raises:
        BadFile: not a published zip, or a value that its column cannot hold.
    """
    found = read_published_zip(path, catalog)
    connection = duckdb.connect(config={"memory_limit": memory})
    # Rows are asked for by their keys; their order in the file costs memory to keep.
    connection.execute("SET preserve_insertion_order = false")
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "table.csv"
        if found.has(AGENCIES):
            _read(connection, found, AGENCIES, agencies_columns(found), file)
        for table in catalog.tables:
            if found.has(table.name):
                _read(connection, found, table.name, staged_columns(found, catalog, table), file)
            elif table.kind == "data":
                _create(connection, table.name, table.columns)
    if not found.layout.is_the_databases:
        lists = files("code_tables") / "lists" / "ref_agency_type.csv"
        connection.execute(f"CREATE TABLE ref_agency_type AS SELECT * FROM read_csv('{lists}')")
        nth = nth_document(found.layout, MONTHS, catalog[MONTHS].column_names)
        connection.execute(
            f"CREATE OR REPLACE TABLE staged_{MONTHS} AS SELECT * FROM staged_{MONTHS} QUALIFY {nth} = 1"
        )
        for statement in derivations(found.layout):
            connection.execute(statement)
    for (name,) in connection.execute("SELECT table_name FROM duckdb_tables()").fetchall():
        if name.startswith("staged_"):
            connection.execute(f"CREATE VIEW {name.removeprefix('staged_')} AS SELECT * FROM {name}")
    return connection


def _type(column: Column) -> str:
    return _DUCKDB_TYPES.get(column.type, column.type)


def _create(connection: duckdb.DuckDBPyConnection, name: str, columns: tuple[Column, ...]) -> None:
    definitions = ", ".join(f'"{column.name}" {_type(column)}' for column in columns)
    connection.execute(f"CREATE TABLE staged_{name} ({definitions})")


def _read(
    connection: duckdb.DuckDBPyConnection, found: PublishedZip, name: str, columns: tuple[Column, ...], file: Path
) -> None:
    _create(connection, name, columns)
    rows = found.rows(name, columns)
    with file.open("wb") as out:
        out.writelines(rows)
    if rows.error:
        raise BadFile(f"{found.path}: {found.file_name(name)}, {rows.error}")
    names = ", ".join(f'"{column}"' for column in rows.columns)
    types = {column.name: _type(column) for column in columns}
    described = ", ".join(f"'{column}': '{types[column]}'" for column in rows.columns)
    try:
        connection.execute(
            f"INSERT INTO staged_{name} ({names}) SELECT {names} FROM read_csv('{file}', header = true, "
            f"columns = {{{described}}}, quote = '\"', escape = '\"', delim = ',', auto_detect = false)"
        )
    except duckdb.Error as error:
        raise BadFile(f"{found.path}: {found.file_name(name)}: {str(error).splitlines()[0]}") from error
