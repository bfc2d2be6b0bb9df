"""Scripts that create the tables and load a zip into PostgreSQL or SQLite, empty or with other zips in it."""

from nibrs_pipeline.catalog import Catalog, Column, Table
from nibrs_pipeline.database.sql import identifier

_INTEGERS = ("smallint", "integer", "bigint")
_REALS = ("double precision", "numeric")


def create_table(table: Table, type_of: dict[str, str] | None = None) -> str:
    """CREATE TABLE with types, NOT NULL and the primary key.

    nibrs_injury becomes

        CREATE TABLE nibrs_injury (
            injury_id smallint NOT NULL,
            injury_code char(1),
            injury_name varchar(100),
            PRIMARY KEY (injury_id)
        );

    Args:
        type_of: the type to write for each of PostgreSQL's, where they differ.
    """
    lines = [
        f"    {identifier(column.name)} {(type_of or {}).get(column.type, column.type)}"
        + ("" if column.nullable else " NOT NULL")
        for column in table.columns
    ]
    lines.append(f"    PRIMARY KEY ({_names(table.primary_key)})")
    return f"CREATE TABLE {identifier(table.name)} (\n" + ",\n".join(lines) + "\n);\n"


def create_indexes(catalog: Catalog, table: Table) -> str:
    """An index on every column that refers to a data table, unless it leads the primary key."""
    referring = [
        column.name
        for column in table.columns
        if column.references in {data.name for data in catalog.data_tables} and column.name != table.primary_key[0]
    ]
    return "".join(
        f"CREATE INDEX {identifier(f'{table.name}_{name}_idx')} ON {identifier(table.name)} ({identifier(name)});\n"
        for name in referring
    )


def postgres_setup(catalog: Catalog) -> str:
    """Creates the tables, their keys and comments that say what they are."""
    parts = ["-- Creates the tables in PostgreSQL. Run once, then postgres_load.sql for each zip.\n\nBEGIN;\n"]
    for table in catalog.published:
        comment = table.description.replace("'", "''")
        parts.append(create_table(table) + f"COMMENT ON TABLE {identifier(table.name)} IS '{comment}';\n")
    parts.append("".join(create_indexes(catalog, table) for table in catalog.data_tables))
    parts.append("COMMIT;\n")
    return "\n".join(parts)


def postgres_load(catalog: Catalog) -> str:
    """Loads the zip with psql, in one transaction; what zips share is loaded if it is not there yet."""
    parts = [
        "-- Loads one zip into PostgreSQL with psql. Run it in the folder of the unzipped files.\n\nBEGIN;\n",
        *(_postgres_shared(table) if _is_shared(table) else _postgres_own(table) for table in _load_order(catalog)),
        "COMMIT;\n",
    ]
    return "\n".join(parts)


def sqlite_setup(catalog: Catalog) -> str:
    """Creates the tables and their indexes."""
    types = {column.type: _sqlite_type(column) for table in catalog.published for column in table.columns}
    parts = ["-- Creates the tables in SQLite. Run once, then sqlite_load.sql for each zip.\n\nBEGIN;\n"]
    parts += [create_table(table, types) for table in catalog.published]
    parts.append("".join(create_indexes(catalog, table) for table in catalog.data_tables))
    parts.append("COMMIT;\n")
    return "\n".join(parts)


def sqlite_load(catalog: Catalog) -> str:
    """Loads the zip with the sqlite3 command; empty fields become NULL."""
    parts = [
        "-- Loads one zip with the sqlite3 command, version 3.32 or later.\n"
        "-- Run it in the folder of the unzipped files.\n\n.bail on\n.mode csv\nBEGIN;\n",
        *(_sqlite_table(table) for table in _load_order(catalog)),
        "COMMIT;\n",
    ]
    return "\n".join(parts)


def _is_shared(table: Table) -> bool:
    """Whether several zips hold the same rows: code tables, and the agencies of a state."""
    return table.kind == "code" or table.name == "cde_agencies"


def _load_order(catalog: Catalog) -> tuple[Table, ...]:
    return catalog.code_tables + catalog.data_tables


def _postgres_own(table: Table) -> str:
    return f"\\copy {identifier(table.name)} FROM '{table.csv_name}' WITH (FORMAT csv, HEADER)\n"


def _postgres_shared(table: Table) -> str:
    name = identifier(table.name)
    return (
        f"CREATE TEMPORARY TABLE staged (LIKE {name}) ON COMMIT DROP;\n"
        f"\\copy staged FROM '{table.csv_name}' WITH (FORMAT csv, HEADER)\n"
        f"INSERT INTO {name} SELECT * FROM staged ON CONFLICT DO NOTHING;\n"
        "DROP TABLE staged;\n"
    )


def _sqlite_table(table: Table) -> str:
    name = identifier(table.name)
    insert = "INSERT OR IGNORE" if _is_shared(table) else "INSERT"
    values = ", ".join(f"nullif({identifier(column)}, '')" for column in table.column_names)
    return (
        f"CREATE TEMPORARY TABLE staged ({_names(table.column_names)});\n"
        f".import --skip 1 {table.csv_name} staged\n"
        f"{insert} INTO {name} SELECT {values} FROM staged;\n"
        "DROP TABLE staged;\n"
    )


def _sqlite_type(column: Column) -> str:
    if column.type in _INTEGERS:
        return "INTEGER"
    return "REAL" if column.type in _REALS else "TEXT"


def _names(names: tuple[str, ...]) -> str:
    return ", ".join(identifier(name) for name in names)
