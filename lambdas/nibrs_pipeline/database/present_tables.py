"""Which of the optional tables a database has: those of the FBI differ by age, and few have what files brought."""

from collections.abc import Callable, Mapping
from typing import Any

from nibrs_pipeline.catalog import Catalog
from nibrs_pipeline.database.sql import identifier, literal
from nibrs_pipeline.source_profile import SourceProfile


def present_tables_query(read: Mapping[str, tuple[str, ...]]) -> str:
    """Of which tables there is all that they are read from, given by the table's name as SQL."""
    pairs = ", ".join(f"({literal(name)}, {literal(each)})" for name, several in read.items() for each in several)
    return (
        f"SELECT name FROM (VALUES {pairs}) t (name, quoted)\n"
        "GROUP BY name HAVING bool_and(to_regclass(quoted) IS NOT NULL)"
    )


def catalog_of(
    ask: Callable[[str], list[list[Any]]], catalog: Catalog, profile: SourceProfile | None = None
) -> Catalog:
    """The catalog without the optional tables that a database lacks.

    Args:
        ask: asks the database and gives all rows of a small result.
        profile: what the database calls its tables; that of the catalog if None.
    """
    optional = {table.name for table in catalog.optional_tables}
    optional |= {table.placed_by for table in catalog.tables if table.placed_by}
    if not optional:
        return catalog
    asked: dict[str, tuple[str, ...]] = {name: (identifier(name),) for name in sorted(optional)}
    if profile:
        asked |= {name: tuple(each.name for each in read) for name, read in profile.read_of(optional).items()}
    there = {name for (name,) in ask(present_tables_query(asked))}
    return catalog.without(optional - there)
