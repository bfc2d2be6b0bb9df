"""SQL that finds out what changed. Pure: every function returns text, none touches a database.

A row's ``xmin`` is the transaction that wrote its present version; its age is counted back from the present
transaction. A row is *fresh* if it was written at or after a horizon, that is if it is no older than the horizon.
Both have 32 bits, so that horizons may lie ``OLDEST`` transactions back.
"""

from collections.abc import Collection, Iterable, Mapping

from nibrs_pipeline.catalog import AGENCIES_OF_STATE_AND_YEAR, AGENCIES_REPORTING_MONTHS, STATE_YEAR, Catalog, Table
from nibrs_pipeline.database.sql import identifier, literal
from nibrs_pipeline.extract.queries import join_up, join_up_to_file
from nibrs_pipeline.state_year import StateYear

#: Transactions after which ages of rows cannot be told apart any more.
OLDEST = 2**31 - 1
#: The state of months whose agency or whose agency's state is not known.
NOWHERE = ""
_FIRST_NORMAL_TRANSACTION = 3


def table_versions_query(table: Table, horizon: int) -> str:
    """As ``relation_versions_query``, of a table of the catalog."""
    return relation_versions_query(identifier(table.name), horizon)


def relation_versions_query(name: str, horizon: int) -> str:
    """One scan without a join. Columns: rows of the whole table, and how many of them are fresh.

    A row's age is asked for once: with the sign turned, one comparison tells 0 to the horizon's age from all others.

    Args:
        name: the table's name as SQL.
    """
    turned = "-2147483648"
    return (
        f"SELECT count(*), count(*) FILTER (WHERE (age(t.xmin) # {turned}) < "
        f"(SELECT ({_age_of(horizon)} + 1) # {turned}))\n"
        f"FROM {name} t"
    )


def fresh_rows_query(catalog: Catalog, table: Table, horizons: Mapping[StateYear, int], fresh_rows: int) -> str:
    """Per state-year: rows of a table that were written since its horizon. Columns: state, year, rows.

    Args:
        horizons: a horizon for each state-year that is of interest.
        fresh_rows: how many rows are fresh for the oldest horizon; lets the database plan for as many.
    """
    keys = [catalog.lineage(table)[1].primary_key[0], *(table.primary_key if table.placed_by else ())]
    base = min(horizons.values())
    counted = "SELECT w.state, w.year, count(*) AS rows\nFROM fresh t"
    queries = [
        f"{counted}\n{join_up(catalog, table)}\n{_AGENCY_AND_STATE}\n"
        "JOIN wanted w ON w.state = s.state_postal_abbr AND w.year = m.data_year AND t.age <= w.age\n"
        "GROUP BY w.state, w.year"
    ]
    if to_file := join_up_to_file(catalog, table):
        queries.append(
            f"{counted}\n{to_file}\nJOIN wanted w ON w.state = m.state AND w.year = m.data_year AND t.age <= w.age\n"
            "GROUP BY w.state, w.year"
        )
    return (
        f"WITH {_wanted(horizons)},\n"
        f"fresh AS MATERIALIZED (SELECT {', '.join(f't.{identifier(key)}' for key in keys)}, age(t.xmin) AS age "
        f"FROM {identifier(table.name)} t\n"
        f"                      WHERE age(t.xmin) BETWEEN 0 AND (SELECT {_age_of(base)}) LIMIT {fresh_rows})\n"
        + _added_up(queries, "rows")
    )


def group_rows_query(catalog: Catalog, table: Table, groups: Iterable[StateYear]) -> str:
    """Rows of a table below ``nibrs_month`` in each of some state-years. Columns: state, year, rows.

    Args:
        groups: state-years; one whose state is ``NOWHERE`` is that of months without a known state.
    """
    wanted = ", ".join(f"({literal(state)}, {literal(year)})" for state, year in sorted(groups))
    queries = [
        f"SELECT m.state, m.year, count(*) AS rows\nFROM {identifier(table.name)} t\n"
        + join_up(
            catalog,
            table,
            f"(SELECT m.nibrs_month_id, {_STATE} AS state, m.data_year AS year\n"
            f"      FROM {_MONTHS_ANYWHERE}\n"
            f"      WHERE ({_STATE}, m.data_year) IN (VALUES {wanted}))",
        )
        + "\nGROUP BY m.state, m.year"
    ]
    if to_file := join_up_to_file(catalog, table):
        queries.append(
            f"SELECT m.state, m.data_year AS year, count(*) AS rows\nFROM {identifier(table.name)} t\n{to_file}\n"
            f"WHERE (m.state, m.data_year) IN (VALUES {wanted})\nGROUP BY m.state, m.data_year"
        )
    return _added_up(queries, "rows")


def orphans_query(table: Table, parent: Table) -> str:
    """How many rows have no parent, and no file that says where they belong."""
    key = identifier(parent.primary_key[0])
    query = (
        f"SELECT count(*) FROM {identifier(table.name)} t\n"
        f"WHERE NOT EXISTS (SELECT FROM {identifier(parent.name)} p WHERE p.{key} = t.{key})"
    )
    if table.placed_by:
        own = identifier(table.primary_key[0])
        query += (
            f"\n  AND NOT (t.{key} IS NULL AND EXISTS "
            f"(SELECT FROM {identifier(table.placed_by)} m WHERE m.{own} = t.{own}))"
        )
    return query


def month_versions_query(horizons: Mapping[StateYear, int]) -> str:
    """Columns: state, year, months, and how many are fresh, themselves or by their agency or state.

    All months are counted, those without a known state under ``NOWHERE``; nothing is fresh where no horizon is given.
    """
    return (
        f"WITH {_wanted(horizons)}\n"
        f"SELECT {_STATE}, m.data_year, count(*), count(*) FILTER (WHERE {_fresh('m', 'a', 's')})\n"
        f"FROM {_MONTHS_ANYWHERE}\n"
        "LEFT JOIN wanted w ON w.state = s.state_postal_abbr AND w.year = m.data_year\n"
        f"GROUP BY {_STATE}, m.data_year"
    )


def row_versions_query(catalog: Catalog, table: Table, horizons: Mapping[StateYear, int]) -> str:
    """Columns: state, year, rows of the table, and how many of them are fresh, by a join of all of them.

    Args:
        horizons: a horizon for each state-year that is of interest.
    """
    if table.parent == STATE_YEAR:
        source = f"FROM {identifier(table.name)} t\n{_AGENCY_AND_STATE.replace('m.', 't.')}"
        year, fresh = "t.data_year", _fresh("t", "a", "s")
    elif table.parent == AGENCIES_OF_STATE_AND_YEAR:
        source = f"FROM {identifier(table.name)} t\nJOIN ref_state s ON s.state_abbr = t.state_abbr"
        year, fresh = "t.year", _fresh("t", "s")
    elif table.parent == AGENCIES_REPORTING_MONTHS:
        # One month that is not fresh is enough to have been there before.
        source = (
            f"FROM {identifier(table.name)} t\n"
            "JOIN (SELECT agency_id, data_year, max(age(xmin)) AS age FROM nibrs_month\n"
            "      GROUP BY agency_id, data_year) m USING (agency_id)\n"
            "JOIN ref_state s ON s.state_abbr = t.state_abbr"
        )
        year, fresh = "m.data_year", f"{_fresh('t', 's')} OR m.age BETWEEN 0 AND w.age"
    else:
        source = f"FROM {identifier(table.name)} t\n{join_up(catalog, table)}\n{_AGENCY_AND_STATE}"
        year, fresh = "m.data_year", _fresh("t")
    counted = f"SELECT w.state, w.year, count(*) AS rows, count(*) FILTER (WHERE {fresh}) AS fresh\n"
    queries = [
        f"{counted}{source}\nJOIN wanted w ON w.state = s.state_postal_abbr AND w.year = {year}\n"
        "GROUP BY w.state, w.year"
    ]
    if to_file := join_up_to_file(catalog, table):
        queries.append(
            f"{counted}FROM {identifier(table.name)} t\n{to_file}\n"
            "JOIN wanted w ON w.state = m.state AND w.year = m.data_year\nGROUP BY w.state, w.year"
        )
    return f"WITH {_wanted(horizons)}\n{_added_up(queries, 'rows', 'fresh')}"


def _added_up(queries: list[str], *counts: str) -> str:
    """Counts by state and year: of one query as it is, of several their sums."""
    if len(queries) == 1:
        return queries[0]
    sums = ", ".join(f"sum({count})::bigint" for count in counts)
    return f"SELECT state, year, {sums}\nFROM (\n" + "\nUNION ALL\n".join(queries) + "\n) u\nGROUP BY state, year"


def expected_rows_query(tables: Collection[Table]) -> str:
    """How many rows the database itself expects in all of some tables; below 0 if it does not know. Costs nothing."""
    names = ", ".join(literal(identifier(table.name)) for table in tables)
    return (
        "SELECT CASE WHEN min(c.reltuples) < 0 THEN -1 ELSE sum(c.reltuples)::bigint END\n"
        f"FROM unnest(ARRAY[{names}]) name JOIN pg_class c ON c.oid = to_regclass(name)"
    )


_AGENCY_AND_STATE = "JOIN ref_agency a ON a.agency_id = m.agency_id\nJOIN ref_state s ON s.state_id = a.state_id"
_MONTHS_ANYWHERE = (
    "nibrs_month m\n"
    "LEFT JOIN ref_agency a ON a.agency_id = m.agency_id\n"
    "LEFT JOIN ref_state s ON s.state_id = a.state_id"
)
_STATE = f"coalesce(s.state_postal_abbr, {literal(NOWHERE)})"


def _wanted(horizons: Mapping[StateYear, int]) -> str:
    rows = ", ".join(
        f"({literal(state)}, {literal(year)}, {_age_of(horizon)})"
        for (state, year), horizon in sorted(horizons.items())
    )
    return f"wanted (state, year, age) AS (SELECT * FROM (VALUES {rows or '(NULL, NULL::integer, 0)'}) w)"


def _fresh(*aliases: str) -> str:
    """Whether any of these rows is no older than the state-year's horizon."""
    return " OR ".join(f"age({alias}.xmin) BETWEEN 0 AND w.age" for alias in aliases)


def _age_of(horizon: int) -> str:
    """The age of a row that the horizon's transaction would have written."""
    low = max(horizon % 2**32, _FIRST_NORMAL_TRANSACTION)
    return f"age('{low}'::xid)"
