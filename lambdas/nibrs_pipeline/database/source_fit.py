"""Whether a database has what is read of it, found out before anything is read."""

from collections.abc import Callable, Iterable
from typing import Any

from nibrs_pipeline.catalog import Catalog, Column, Table
from nibrs_pipeline.database.sql import identifier, literal
from nibrs_pipeline.errors import SourceUnfit

#: Faults that a message lists.
_MOST = 8
_INTEGERS = {"smallint", "integer", "bigint"}
#: What is read of a table that no zip has.
_OF_AGENCIES = ("agency_id", "state_id")

Ask = Callable[[str], list[list[Any]]]


def require_fit(ask: Ask, catalog: Catalog) -> None:
    """Refuse a database without a table or column that zips have.

    What views give is refused, too, if CSV would write it differently: a date for a timestamp, text with blanks at its
    end. Tables are taken with the types that they have.

    Args:
        ask: asks the database and gives all rows of a small result.
        catalog: the tables that are to be there.

    Raises:
        SourceUnfit: names tables and columns, and what can be done.
    """
    tables = [*catalog.published, catalog["ref_agency"]]
    kinds: dict[str, str] = {}
    types: dict[tuple[str, str], str] = {}
    for table, kind, column, type_ in ask(columns_query(tables)):
        kinds[table] = kind
        types[table, column] = type_
    if faults := [fault for table in tables for fault in _faults(table, kinds.get(table.name), types)]:
        more = f"; and {len(faults) - _MOST} more" if len(faults) > _MOST else ""
        raise SourceUnfit("; ".join(faults[:_MOST]) + more)


def columns_query(tables: Iterable[Table]) -> str:
    """Columns: table, kind (r, v, ...), column and its type, of those tables that there are."""
    named = ", ".join(f"({literal(each.name)}, {literal(identifier(each.name))})" for each in tables)
    return (
        "SELECT t.name, c.relkind::text, a.attname::text, format_type(a.atttypid, a.atttypmod)\n"
        f"FROM (VALUES {named}) t (name, quoted) JOIN pg_class c ON c.oid = to_regclass(t.quoted)\n"
        "JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped"
    )


def _faults(table: Table, kind: str | None, types: dict[tuple[str, str], str]) -> list[str]:
    if kind is None:
        return [
            f"the database has no table or view {table.name} that can be found without naming its schema; load or "
            f"create it, or set the search_path of the role that reads"
        ]
    what = "view" if kind in ("v", "m") else "table"
    again = "create it again with the column, as NULL::{} if it is not known" if what == "view" else "add it"
    read = [each for each in table.columns if table.kind != "reference" or each.name in _OF_AGENCIES]
    faults = [
        f"{what} {table.name} has no column {column.name} ({column.type}: {column.description}); "
        + again.format(column.type)
        for column in read
        if (table.name, column.name) not in types
    ]
    if what == "view":
        faults += [
            f"column {column.name} of view {table.name} is {found}, which CSV would write differently from "
            f"{column.type}; create the view again with {column.name}::{column.type}"
            for column in read
            if (found := types.get((table.name, column.name))) and not _written_alike(column, found)
        ]
    return faults


def _written_alike(column: Column, found: str) -> bool:
    wanted, kind = _name(column.type), _name(found)
    if wanted in _INTEGERS or wanted == "numeric":
        return kind in _INTEGERS or kind == wanted
    if wanted == "char":
        # char without a length is text that keeps its blanks.
        return kind in ("text", "varchar", "bpchar") or found == f"character{column.type.removeprefix('char')}"
    if wanted in ("text", "varchar"):
        return kind in ("text", "varchar", "bpchar") or found == "character(1)"
    return kind == wanted


def _name(type_: str) -> str:
    """A type without its length, by the catalog's name for it."""
    name = type_.partition("(")[0]
    known = {"character varying": "varchar", "character": "char", "timestamp without time zone": "timestamp"}
    return known.get(name, name)
