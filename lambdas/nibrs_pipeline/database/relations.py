"""What lies beneath the names that are read: tables, or views with what they are made of.

A table's rows say when they were written (``xmin``); a view's do not. Of a view whose contents depend on nothing but
tables, the tables beneath it tell whether anything changed. Whether that is so is read from the view's own parsed query
(``pg_rewrite``): everything in it has to be known to give the same result for the same rows. Whatever is not known
(functions of others, the clock, foreign tables, what the reader may not see) leaves the contents themselves to decide,
which is always right.
"""

import re
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from nibrs_pipeline.catalog import Catalog, Table
from nibrs_pipeline.database.sql import identifier, literal

#: Objects with lower numbers come with PostgreSQL.
_FIRST_OWN = 16384
_TABLE_KINDS = ("r", "p", "m")
#: Parts of a parsed query whose result follows from the rows read and from the functions named in it; of some
#: PostgreSQL has changed the name.
_FOLLOWS_FROM_ROWS = {
    "AGGREF", "ALIAS", "ARRAY", "ARRAYCOERCEEXPR", "ARRAYEXPR", "BOOLEANTEST", "BOOLEXPR", "CASE", "CASEEXPR",
    "CASETESTEXPR", "CASEWHEN", "COALESCE", "COALESCEEXPR", "COERCEVIAIO", "COMMONTABLEEXPR", "CONST", "DISTINCTEXPR",
    "FROMEXPR", "FUNCEXPR", "JOINEXPR", "MINMAX", "MINMAXEXPR", "NULLIFEXPR", "NULLTEST", "OPEXPR", "QUERY",
    "RANGETBLENTRY", "RANGETBLREF", "RELABELTYPE", "RTE", "RTEPERMISSIONINFO", "SCALARARRAYOPEXPR",
    "SETOPERATIONSTMT", "SORTGROUPCLAUSE", "SUBLINK", "TARGETENTRY", "VAR", "WHEN",
}  # fmt: skip
#: What a parsed query has if its result also depends on how rows lie.
_BY_CHANCE = {
    r":limit(Count|Offset) [^<]|:hasDistinctOn true": "takes some rows of several",
    r":varattno -": "says where rows lie",
}
#: Types whose text depends on no setting: bool, "char", bigint, smallint, integer, text, oid, char, varchar, numeric;
#: and arrays of smallint, integer, text, char, varchar, bigint.
_PLAIN_TYPES = frozenset({16, 18, 20, 21, 23, 25, 26, 1042, 1043, 1700, 1005, 1007, 1009, 1014, 1015, 1016})
#: Numbers of a type that a query names besides types: kinds of joins and of subqueries.
_NOT_TYPES = range(16)
#: Aggregates whose result does not depend on the order of rows; sums and means if they are exact.
_UNORDERED = {"count", "min", "max", "bool_and", "bool_or", "every"}
_EXACT = {"sum", "avg"}
_EXACT_TYPES = {20, 21, 23, 1700}

Ask = Callable[[str], list[list[Any]]]


@dataclass(frozen=True)
class Relation:
    """A table or view that is read: its name as SQL, and the columns that are read of it."""

    name: str
    columns: tuple[str, ...]


#: By table of the catalog, the relations that it is read from.
Relations = Mapping[str, tuple[Relation, ...]]


def relations_of(tables: Iterable[Table]) -> dict[str, tuple[Relation, ...]]:
    """Where a database has the tables of the catalog by their own names."""
    return {table.name: (Relation(identifier(table.name), table.column_names),) for table in tables}


def deciding_relations(catalog: Catalog) -> dict[str, tuple[Relation, ...]]:
    """What is read of all tables whose rows decide what a zip holds."""
    placing = {table.placed_by for table in catalog.data_tables if table.placed_by}
    return relations_of(catalog.deciding_tables) | {name: (Relation(identifier(name), ()),) for name in sorted(placing)}


@dataclass(frozen=True)
class Beneath:
    """What a table of the catalog is read from.

    Attributes:
        has_versions: whether its rows say when they were written.
        tables: names, as SQL, of all tables that its contents depend on.
        unknown: why these do not tell whether its contents changed; '' if they do.
        beyond: whether its contents may change although nothing was written in the database.
    """

    has_versions: bool
    tables: frozenset[str]
    unknown: str = ""
    beyond: bool = False


@dataclass(frozen=True)
class _Found:
    """A relation beneath a name: its kind, what it is called, and for a view its parsed query."""

    kind: str
    name: str
    is_part: bool
    is_root: bool
    readable: bool
    secured: bool
    own: bool
    query: str


def read_beneath(ask: Ask, relations: Relations) -> dict[str, Beneath]:
    """What lies beneath each of the catalog's tables; a relation that is not there is left out.

    Args:
        ask: asks the database and gives all rows of a small result.
    """
    found: dict[str, list[_Found]] = {name: [] for name in relations}
    for root, *described in ask(beneath_query(relations)):
        found[root].append(_Found(*described))
    numbers = {number for each in found.values() for one in each for number in _functions(one.query)}
    functions = {oid: tuple(rest) for oid, *rest in ask(functions_query(numbers))} if numbers else {}
    return {name: _described(each, functions) for name, each in found.items()}


def _described(found: list[_Found], functions: Mapping[int, tuple[Any, ...]]) -> Beneath:
    reasons = [(reason, beyond) for one in found for reason, beyond in _doubts(one, functions)]
    return Beneath(
        has_versions=all(one.kind in _TABLE_KINDS for one in found),
        tables=frozenset(one.name for one in found if one.kind in _TABLE_KINDS and not one.is_part),
        unknown=reasons[0][0] if reasons else "",
        beyond=any(beyond for _, beyond in reasons),
    )


def _doubts(one: _Found, functions: Mapping[int, tuple[Any, ...]]) -> list[tuple[str, bool]]:
    """Why the tables do not tell, and whether what they do not tell may change without a write."""
    if one.kind not in (*_TABLE_KINDS, "v"):
        return [(f"{one.name} is no table of this database", True)]
    doubts = []
    if not one.own:
        doubts.append((f"{one.name} is one of PostgreSQL's own", True))
    if one.secured and not one.is_root:
        doubts.append((f"{one.name} has row-level security", True))
    if not one.readable and not one.is_part:
        doubts.append((f"{one.name} may not be read", False))
    if one.query and (why := _not_from_rows(one.query, functions)):
        doubts.append((f"{one.name} {why}", True))
    return doubts


def _not_from_rows(query: str, functions: Mapping[int, tuple[Any, ...]]) -> str:
    """Why the result of a view's parsed query may be another one for the same rows; '' if it is not."""
    if others := set(re.findall(r"\{([A-Z_]+)", query)) - _FOLLOWS_FROM_ROWS:
        return f"uses {', '.join(sorted(others))}"
    for sign, why in _BY_CHANCE.items():
        if re.search(sign, query):
            return why
    types = {int(number) for number in re.findall(r":\w*type(?:id)? (\d+)", query)}
    if any(number >= _FIRST_OWN for number in types):
        return "has a type that is not one of PostgreSQL's own"
    if "{COERCEVIAIO" in query and not types - _PLAIN_TYPES <= set(_NOT_TYPES):
        return "makes text of values, or values of text, in a way that depends on settings"
    for number in _functions(query):
        name, volatility, kind, first = functions.get(number, (str(number), "", "", 0))
        ordered = kind == "a" and name not in _UNORDERED and not (name in _EXACT and first in _EXACT_TYPES)
        if number >= _FIRST_OWN or volatility != "i" or ordered:
            return f"uses the function {name}"
    return ""


def _functions(query: str) -> set[int]:
    """Numbers of the functions that a parsed query names."""
    return {int(number) for number in re.findall(r":(?:funcid|opfuncid|elemfuncid|aggfnoid|winfnoid) (\d+)", query)} - {
        0
    }


def beneath_query(relations: Relations) -> str:
    """All that lies beneath some relations, each of them included.

    Columns: the catalog's table; kind, qualified name, whether it is part of a table that is there, too, whether it was
    asked for, whether the role may read it, has row-level security, is not PostgreSQL's own, and the parsed query.
    """
    return (
        f"WITH RECURSIVE root (name, oid) AS (VALUES {roots(relations)}),\n{below()}\n"
        "SELECT DISTINCT below.name, c.relkind::text, format('%I.%I', n.nspname, c.relname), below.part,\n"
        "       EXISTS (SELECT FROM root WHERE root.name = below.name AND root.oid = c.oid),\n"
        "       has_table_privilege(c.oid, 'SELECT') AND has_schema_privilege(n.oid, 'USAGE'),\n"
        f"       c.relrowsecurity, c.oid >= {_FIRST_OWN},\n"
        "       coalesce((SELECT string_agg(r.ev_action::text, '') FROM pg_rewrite r\n"
        "                 WHERE r.ev_class = c.oid AND c.relkind = 'v'), '')\n"
        "FROM below JOIN pg_class c ON c.oid = below.oid JOIN pg_namespace n ON n.oid = c.relnamespace\n"
        "ORDER BY 1, 3, 4"
    )


def roots(relations: Relations) -> str:
    """Rows of SQL: the catalog's table, and the number of a relation that it is read from, NULL if there is none."""
    return ", ".join(
        f"({literal(table)}, to_regclass({literal(each.name)})::oid)"
        for table, several in relations.items()
        for each in several
    )


def below() -> str:
    """The common table ``below`` (name, oid, part) of what lies beneath ``root`` (name, oid).

    A parsed query names every relation that it reads, PostgreSQL's own too, of which no dependency is kept.
    """
    return (
        "below (name, oid, part) AS (\n"
        "  SELECT name, oid, false FROM root WHERE oid IS NOT NULL\n"
        "  UNION\n"
        "  SELECT below.name, next.oid, next.part\n"
        "  FROM below JOIN pg_class c ON c.oid = below.oid CROSS JOIN LATERAL (\n"
        "    SELECT i.inhrelid, true FROM pg_inherits i WHERE i.inhparent = c.oid\n"
        "    UNION ALL SELECT f.relid[1]::oid, false\n"
        "    FROM pg_rewrite r, regexp_matches(r.ev_action::text, ':relid (\\d+)', 'g') f (relid)\n"
        "    WHERE c.relkind = 'v' AND r.ev_class = c.oid\n"
        "    UNION ALL SELECT d.refobjid, false\n"
        "    FROM pg_rewrite r JOIN pg_depend d ON d.classid = 'pg_rewrite'::regclass AND d.objid = r.oid\n"
        "     AND d.refclassid = 'pg_class'::regclass\n"
        "    WHERE c.relkind = 'v' AND r.ev_class = c.oid\n"
        "  ) next (oid, part)\n"
        ")"
    )


def functions_query(numbers: Collection[int]) -> str:
    """Columns: number, name, volatility, kind and first argument's type of some functions."""
    listed = ", ".join(str(number) for number in sorted(numbers))
    return (
        "SELECT p.oid::bigint, p.proname::text, p.provolatile::text, p.prokind::text, "
        "coalesce(p.proargtypes[0]::bigint, 0)\n"
        f"FROM pg_proc p WHERE p.oid IN ({listed})"
    )
