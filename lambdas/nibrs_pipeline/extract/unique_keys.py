"""Whether keys are keys where the database does not see to it: a view has no primary key, only the catalog says so.

With two rows of one key the order of a file, and so the bytes of a zip, would be left to chance, and the zip's own load
scripts would refuse it.
"""

from collections.abc import Iterable

from nibrs_pipeline.catalog import Catalog, Table
from nibrs_pipeline.database.sql import identifier, literal
from nibrs_pipeline.errors import SourceUnfit
from nibrs_pipeline.extract.queries import state_year_query
from nibrs_pipeline.extract.state_year_tables import View
from nibrs_pipeline.state_year import StateYear


def tables_without_keys(view: View, tables: Iterable[Table]) -> set[str]:
    """Names of those tables of which no index of the database makes the catalog's key unique."""
    asked = list(tables)
    return {table.name for table in asked} - {name for (name,) in view.read(with_keys_query(asked))}


def require_unique_keys(view: View, catalog: Catalog, table: Table, item: StateYear) -> None:
    """Refuse a table of a state-year in which two rows have the same key.

    Raises:
        SourceUnfit: names the table, the key and its value.
    """
    for *values, rows in view.read(repeated_key_query(catalog, table, item)):
        key = ", ".join(f"{name} = {value}" for name, value in zip(table.primary_key, values, strict=True))
        raise SourceUnfit(
            f"{table.name} of {item} has {rows} rows with {key}, which is to identify a row; correct the view, or the "
            f"rows that it is made of"
        )


def with_keys_query(tables: Iterable[Table]) -> str:
    """Names of those tables that have a unique index on columns of the catalog's key alone."""
    named = ", ".join(
        f"({literal(each.name)}, {literal(identifier(each.name))}, ARRAY[{', '.join(map(literal, each.primary_key))}])"
        for each in tables
    )
    return (
        f"SELECT t.name FROM (VALUES {named}) t (name, quoted, key) WHERE EXISTS (\n"
        "  SELECT FROM pg_index i WHERE i.indrelid = to_regclass(t.quoted) AND i.indisunique AND i.indisvalid\n"
        "   AND i.indpred IS NULL AND i.indexprs IS NULL AND NOT EXISTS (\n"
        "     SELECT FROM pg_attribute a WHERE a.attrelid = i.indrelid\n"
        "      AND a.attnum = ANY ((i.indkey::int2[])[0:i.indnkeyatts - 1]) AND a.attname <> ALL (t.key)))"
    )


def repeated_key_query(catalog: Catalog, table: Table, item: StateYear) -> str:
    """A key that several rows of a state-year have, and how many; no row if there is none."""
    key = ", ".join(map(identifier, table.primary_key))
    return (
        f"SELECT {key}, count(*)\nFROM (\n{state_year_query(catalog, table, item)}\n) d\n"
        f"GROUP BY {key} HAVING count(*) > 1 LIMIT 1"
    )
