"""A database of many state-years: the given real ones, multiplied with shifted keys."""

from nibrs_pipeline.catalog import Catalog, Table, nibrs_catalog
from nibrs_pipeline.database.connection import Connection

#: Larger than any key of the published files, so that copies do not meet.
_SHIFT = 1_000_000_000
_FIRST_COPY, _LAST_COPY = 1961, 1999
#: Keys that rows of a state-year have to themselves; all other identifiers are shared.
_OWN_KEYS = {
    "nibrs_month_id", "incident_id", "offense_id", "victim_id", "offender_id", "property_id", "arrestee_id",
    "nibrs_weapon_id", "nibrs_victim_offender_id", "nibrs_prop_desc_id", "nibrs_suspected_drug_id",
    "nibrs_arrestee_weapon_id",
}  # fmt: skip


#: Data year of the large state-years, and how many copies they are made of.
LARGE, _LARGE_COPIES = 2050, 12


def multiply(connection: Connection, copies: int) -> None:
    """Add ``copies`` of all state-years that are there, copy k in data year 1960 + k, and a large one per state."""
    catalog = nibrs_catalog()
    tables = [table for table in catalog.data_tables if table.name != "cde_agencies"]
    indexes = connection.run(
        "SELECT indexname, indexdef FROM pg_indexes WHERE schemaname = 'public' AND indexname LIKE '%_idx'"
    )
    connection.run("BEGIN")
    for name, _ in indexes:
        connection.run(f"DROP INDEX {name}")
    for table in tables:
        connection.run(_copy_rows(table, copies))
    for table in tables:
        connection.run(_large_rows(table))
    for _, definition in indexes:
        connection.run(definition)
    connection.run("COMMIT")
    connection.run("VACUUM ANALYZE")


def _copy_rows(table: Table, copies: int) -> str:
    values = ", ".join(_value(name) for name in table.column_names)
    order = ", ".join(f"t.{name}" for name in table.primary_key)
    return (
        f"INSERT INTO {table.name} SELECT {values} FROM generate_series(1, {copies}) k CROSS JOIN {table.name} t "
        f"ORDER BY k, {order}"
    )


def _large_rows(table: Table) -> str:
    """All state-years of the published files several times over in one data year."""
    key = "year" if "year" in table.primary_key else None
    copies = 1 if key else _LARGE_COPIES
    large = {"data_year": str(LARGE), "year": str(LARGE)}
    values = ", ".join(large.get(name) or _value(name).replace(" k ", " (k + 500) ") for name in table.column_names)
    order = ", ".join(f"t.{name}" for name in table.primary_key)
    own = [name for name in table.primary_key if name in _OWN_KEYS]
    original = f"WHERE t.{own[0]} < {_SHIFT}" if own else f"WHERE t.{key} < {_FIRST_COPY} OR t.{key} > {_LAST_COPY}"
    return (
        f"INSERT INTO {table.name} SELECT {values} FROM generate_series(1, {copies}) k CROSS JOIN {table.name} t "
        f"{original} ORDER BY k, {order}"
    )


def _value(column: str) -> str:
    if column in _OWN_KEYS:
        return f"t.{column} + k * {_SHIFT}::bigint"
    return "1960 + k" if column in ("data_year", "year") else f"t.{column}"


def count_rows(connection: Connection, catalog: Catalog) -> int:
    """Rows of all data tables."""
    return sum(connection.run(f"SELECT count(*) FROM {table.name}")[0][0] for table in catalog.data_tables)
