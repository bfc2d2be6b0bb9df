"""Whether a database has what is read of it, found out before anything is read."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from nibrs_pipeline.catalog import Catalog, Column, Table, nibrs_catalog
from nibrs_pipeline.database.sql import identifier, literal
from nibrs_pipeline.errors import SourceUnfit
from nibrs_pipeline.source_profile import SourceProfile

#: Faults that a message lists.
_MOST = 8
_INTEGERS = {"smallint", "integer", "bigint"}
#: What is read of a table that no zip has.
_OF_AGENCIES = ("agency_id", "state_id")

#: Kinds of types that are read alike.
_TAKEN = {
    "date": {"date", "timestamp"},
    "timestamp": {"date", "timestamp"},
    "double precision": {"double precision", "real", "numeric", "integer"},
}

Ask = Callable[[str], list[list[Any]]]


def require_fit(ask: Ask, catalog: Catalog, profile: SourceProfile | None = None) -> None:
    """Refuse a database without a table or column that zips have.

    What views give is refused, too, if CSV would write it differently: a date for a timestamp, text with blanks at its
    end. Tables are taken with the types that they have.

    Args:
        ask: asks the database and gives all rows of a small result.
        catalog: the tables that are to be there.
        profile: what the database calls its tables; that of the catalog if None.

    Raises:
        SourceUnfit: names tables and columns, and what can be done.
    """
    read = [*catalog.published, catalog["ref_agency"]]
    shapes = profile.shapes if profile else {}
    tables = [table for table in read if table.name not in shapes]
    faults = _own_faults(ask, profile, [table.name for table in read]) if profile else []
    kinds: dict[str, str] = {}
    types: dict[tuple[str, str], str] = {}
    for table, kind, column, type_ in (
        ask(columns_query({t.name: identifier(t.name) for t in tables})) if tables else []
    ):
        kinds[table] = kind
        types[table, column] = type_
    _refuse([*faults, *(fault for table in tables for fault in _faults(table, kinds.get(table.name), types))])


def require_reference_fit(ask: Ask, profile: SourceProfile) -> None:
    """Refuse a database with a schema of its own that lacks what the reference extract reads.

    Raises:
        SourceUnfit: names relations, columns or lines of Return A, and what can be done.
    """
    if not profile.shapes:
        return
    reference = [table.name for table in nibrs_catalog().of_kind("reference") if table.name in profile.shapes]
    _refuse(_own_faults(ask, profile, [*reference, *profile.references]))
    missing = [name for (name,) in ask(profile.missing_lines_query())] if profile.missing_lines_query() else []
    _refuse([
        f"no row of {profile.schema}.lkup_srs_offense is called {name!r}, a line of Return A; say in "
        f"code_tables/profiles/{profile.name}/return_a_lines.csv what it is called"
        for name in missing
    ])  # fmt: skip


def _refuse(faults: list[str]) -> None:
    if faults:
        more = f"; and {len(faults) - _MOST} more" if len(faults) > _MOST else ""
        raise SourceUnfit("; ".join(faults[:_MOST]) + more)


def _own_faults(ask: Ask, profile: SourceProfile, names: Iterable[str]) -> list[str]:
    """What a database with a schema of its own lacks of the relations that some tables are read from."""
    relations = sorted({each for name in names for each in profile.relations_of(name)})
    quoted = {name: f"{identifier(profile.schema)}.{identifier(name)}" for name in relations}
    found = {(name, column): type_ for name, _, column, type_ in ask(columns_query(quoted))} if relations else {}
    there = {name for name, _ in found}
    faults = []
    for name in relations:
        place = f"{profile.schema}.{name}"
        if name not in there:
            faults.append(f"the database has no {place}, or the role may not use its schema; {_remedy(profile)}")
            continue
        for column in profile.relations[name]:
            source = "named by public sources" if column.published else "an assumption, since no public source names it"
            type_ = found.get((name, column.name))
            if type_ is None:
                faults.append(f"{place} has no column {column.name} ({column.type}; {source}); {_remedy(profile)}")
            elif _family(type_) not in _TAKEN.get(_family(column.type), {_family(column.type)}):
                faults.append(f"{place}.{column.name} is {type_}, not {column.type} ({source}); {_remedy(profile)}")
    return faults


def _remedy(profile: SourceProfile) -> str:
    return f"say in code_tables/profiles/{profile.name} how it is to be read"


def _family(type_: str) -> str:
    name = _name(type_)
    if name in _INTEGERS:
        return "integer"
    return "text" if name in ("char", "varchar", "bpchar", "text") else name


def columns_query(tables: Mapping[str, str]) -> str:
    """Columns: table, kind (r, v, ...), column and its type, of those tables that there are, given by name as SQL."""
    named = ", ".join(f"({literal(name)}, {literal(quoted)})" for name, quoted in tables.items())
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
