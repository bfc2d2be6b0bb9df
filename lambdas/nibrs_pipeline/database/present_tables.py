"""Which of the optional tables a database has: those of the FBI differ by age, and few have what files brought."""

from collections.abc import Callable
from typing import Any

from nibrs_pipeline.catalog import Catalog
from nibrs_pipeline.database.sql import identifier, literal


def present_tables_query(names: list[str]) -> str:
    """Which tables of these names there are."""
    pairs = ", ".join(f"({literal(name)}, {literal(identifier(name))})" for name in names)
    return f"SELECT name FROM (VALUES {pairs}) t (name, quoted) WHERE to_regclass(quoted) IS NOT NULL"


def catalog_of(ask: Callable[[str], list[list[Any]]], catalog: Catalog) -> Catalog:
    """The catalog without the optional tables that a database lacks.

    Args:
        ask: asks the database and gives all rows of a small result.
    """
    optional = {table.name for table in catalog.optional_tables}
    optional |= {table.placed_by for table in catalog.tables if table.placed_by}
    if not optional:
        return catalog
    there = {name for (name,) in ask(present_tables_query(sorted(optional)))}
    return catalog.without(optional - there)
