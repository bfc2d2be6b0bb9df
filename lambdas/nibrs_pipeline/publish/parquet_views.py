"""Views over the Parquet set of all state-years, for DuckDB: as SQL, and as a database file that has nothing else.

Files are named one by one, since nobody can list a folder over https, relative to the variable ``nibrs`` (an address or
a folder, with a slash at its end), or to where DuckDB runs if it is not set.
"""

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from nibrs_pipeline.archive.manifest import StateYearManifest
from nibrs_pipeline.catalog import Catalog, Table
from nibrs_pipeline.code_columns import code_columns
from nibrs_pipeline.database.sql import literal
from nibrs_pipeline.extract.parquet_set import AGENCIES, CODES, PARTITIONS, column_types, parquet_name
from nibrs_pipeline.keys import PARQUET_DATABASE, PARQUET_SQL
from nibrs_pipeline.state_year import StateYear
from nibrs_pipeline.store import Store

if TYPE_CHECKING:
    import duckdb

_HEAD = """\
-- Views over the NIBRS Parquet files of all published state-years, for DuckDB. Where the files are:
--   SET VARIABLE nibrs = 'https://.../parquet/';   or a folder; not needed where this file lies.
-- Every view has data_year and state, which are folders: a WHERE on them reads nothing else.
-- Columns that refer to a code have its code and name beside them; codes has all of them.
"""
#: The earliest DuckDB that reads the database file.
_READABLE_FROM = "v1.2.0"
_PARTITIONS = ", ".join(f"'{name}': {kind}" for name, kind in PARTITIONS.items())


def write_views(
    store: Store, published: Mapping[StateYear, StateYearManifest], catalog: Catalog, folder: Path
) -> list[str]:
    """Write the views of what is published, unless they are there already.

    A database file has an identifier of its own each time; so it is written anew only if the SQL is another. If nothing
    is published as Parquet any more, the views go.

    Args:
        folder: where there is space for a small file.

    Returns:
        The keys of what was written or removed.
    """
    manifests = [manifest for _, manifest in sorted(published.items())]
    sql = views_sql(manifests, catalog)
    there = store.get(PARQUET_SQL)
    if sql is None:
        gone = [] if there is None else [PARQUET_DATABASE, PARQUET_SQL]
        store.delete_many(gone)
        return gone
    if there == sql.encode():
        return []
    with TemporaryDirectory(dir=folder) as work:
        store.upload(_database(sql, manifests, catalog, Path(work)), PARQUET_DATABASE)
    # Last: it says that the database is the one that belongs to it.
    store.put(PARQUET_SQL, sql.encode())
    return [PARQUET_DATABASE, PARQUET_SQL]


def _database(sql: str, manifests: Iterable[StateYearManifest], catalog: Catalog, folder: Path) -> Path:
    """A database file of the views. DuckDB looks at what a view reads: at files of the same columns without rows."""
    # Not every function needs it, and it takes a while to load.
    import duckdb  # noqa: PLC0415

    path = folder / "nibrs.duckdb"
    with duckdb.connect(str(path), config={"storage_compatibility_version": _READABLE_FROM}) as connection:
        types = column_types(catalog)
        for manifest in manifests:
            for entry in manifest.parquet:
                _put_empty(connection, folder, entry.name, types)
        connection.execute(f"SET VARIABLE nibrs = {literal(f'{folder}/')}")
        connection.execute(sql)
    return path


def _put_empty(
    connection: "duckdb.DuckDBPyConnection", folder: Path, name: str, types: Mapping[str, Mapping[str, str]]
) -> None:
    table = name.partition("/")[0]
    empty = folder / f"{table}.parquet"
    if not empty.exists():
        columns = ", ".join(f'CAST(NULL AS {kind}) AS "{column}"' for column, kind in types[table].items())
        connection.sql(f"SELECT {columns} LIMIT 0").write_parquet(str(empty))
    (folder / name).parent.mkdir(parents=True, exist_ok=True)
    (folder / name).hardlink_to(empty)


def views_sql(published: Iterable[StateYearManifest], catalog: Catalog) -> str | None:
    """The statements that create the views; None if no state-year has Parquet files."""
    files: dict[str, list[StateYearManifest]] = {}
    for manifest in published:
        for entry in manifest.parquet:
            files.setdefault(entry.name.partition("/")[0], []).append(manifest)
    if not files:
        return None
    views = [_view(name, f"FROM {_files(name, files[name])}") for name in (CODES, AGENCIES) if name in files]
    views += [_view(table.name, query) for table, query in _tables(files, catalog)]
    return "\n".join([_HEAD, *views])


def _tables(files: Mapping[str, list[StateYearManifest]], catalog: Catalog) -> Iterator[tuple[Table, str]]:
    for table in catalog.data_tables:
        if table.name not in files:
            continue
        columns, joins = ["t.*"], []
        taken = set(table.column_names)
        for number, column in enumerate(table.columns):
            if column.references not in code_columns():
                continue
            names = code_columns()[column.references]
            added = [(part, name) for part, name in (("code", names.code), ("name", names.name)) if name not in taken]
            taken.update(name for _, name in added)
            columns += [f"c{number}.{part} AS {name}" for part, name in added]
            joins.append(
                f"LEFT JOIN {CODES} c{number} ON c{number}.data_year = t.data_year AND c{number}.state = t.state"
                f" AND c{number}.table_name = {literal(column.references)} AND c{number}.id = t.{column.name}"
            )
        rows = f"SELECT {', '.join(columns)}\nFROM {_files(table.name, files[table.name])} t"
        yield table, "\n".join([rows, *joins])


def _view(name: str, query: str) -> str:
    return f"CREATE OR REPLACE VIEW {name} AS\n{query};\n"


def _files(table: str, manifests: Iterable[StateYearManifest]) -> str:
    names = ", ".join(literal(parquet_name(table, each.item)) for each in manifests)
    listed = f"[coalesce(getvariable('nibrs'), '') || file FOR file IN [{names}]]"
    return f"read_parquet({listed}, hive_partitioning = true, hive_types = {{{_PARTITIONS}}})"
