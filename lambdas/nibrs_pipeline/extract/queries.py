"""SQL made from the catalog. Pure: every function returns text, none touches a database."""

from collections.abc import Mapping
from typing import NamedTuple

from nibrs_pipeline.catalog import (
    AGENCIES_OF_STATE_AND_YEAR,
    AGENCIES_REPORTING_MONTHS,
    STATE_YEAR,
    Catalog,
    Table,
)
from nibrs_pipeline.code_columns import code_columns
from nibrs_pipeline.database.sql import identifier, literal
from nibrs_pipeline.state_year import StateYear

#: For columns of a code table, the values of some of its codes; None is an empty field.
OwnValues = Mapping[str, Mapping[str, str | None]]


class KeyRange(NamedTuple):
    """The keys that a parent's rows of a state-year have: the first and the last."""

    first: int
    last: int


def code_table_query(table: Table, own: OwnValues | None = None) -> str:
    """All rows of a code table in primary-key order.

    nibrs_injury becomes

        SELECT t.injury_id, t.injury_code, t.injury_name
        FROM nibrs_injury t
        ORDER BY t.injury_id

    and if code I has another name in a state-year's own list

        SELECT t.injury_id, t.injury_code,
               CASE t.injury_code::text WHEN 'I' THEN '...' ELSE t.injury_name END AS injury_name
        ...

    Args:
        own: for a column, the value of each code that differs in the state-year's own list.

    Raises:
        ValueError: the table has no such column, or no column of codes.
    """
    if unknown := sorted((own or {}).keys() - set(table.column_names)):
        raise ValueError(f"{table.name} has no column {', '.join(unknown)}")
    columns = ", ".join(_column_or_own(table, name, (own or {}).get(name, {})) for name in table.column_names)
    return f"SELECT {columns}\nFROM {identifier(table.name)} t\n{_order(table)}"


def _column_or_own(table: Table, name: str, own: Mapping[str, str | None]) -> str:
    column = f"t.{identifier(name)}"
    if not own:
        return column
    if table.name not in code_columns():
        raise ValueError(f"{table.name} is not a table of codes")
    code = f"t.{identifier(code_columns()[table.name].code)}::text"
    values = " ".join(
        f"WHEN {literal(of)} THEN {'NULL' if value is None else literal(value)}" for of, value in own.items()
    )
    return f"CASE {code} {values} ELSE {column} END AS {identifier(name)}"


def state_year_query(
    catalog: Catalog, table: Table, item: StateYear, ranges: Mapping[str, KeyRange] | None = None
) -> str:
    """The rows of a data table that belong to a state-year, in primary-key order.

    nibrs_weapon of AZ 2016 becomes

        SELECT t.weapon_id, t.offense_id, t.nibrs_weapon_id
        FROM nibrs_weapon t
        JOIN nibrs_offense USING (offense_id)
        JOIN nibrs_incident USING (incident_id)
        JOIN nibrs_month m USING (nibrs_month_id)
        WHERE m.data_year = 2016
          AND m.agency_id IN (SELECT a.agency_id FROM ref_agency a
                              JOIN ref_state s USING (state_id)
                              WHERE s.state_postal_abbr = 'AZ')
        ORDER BY t.nibrs_weapon_id

    The year is that of the month reported, never that of the incident's date. Rows of which only the file is known that
    brought them (see ``Table.placed_by``) belong to that file's state-year.

    Args:
        ranges: keys of parents that are known to lie close together; they let the database read along
            its indexes instead of probing them row by row. They change nothing in the result.
    """
    where = _state_year_condition(table, item)
    within = "".join(f"\n  AND {condition}" for condition in _range_conditions(catalog, table, ranges or {}))
    query = f"SELECT {_columns(table)}\n{_from_month(catalog, table)}\n{where}{within}"
    if to_file := join_up_to_file(catalog, table):
        query = (
            f"SELECT * FROM (\n{query}\nUNION ALL\n"
            f"SELECT {_columns(table)}\nFROM {identifier(table.name)} t\n{to_file}\n"
            f"WHERE m.state = {literal(item.state)} AND m.data_year = {literal(item.year)}\n) t"
        )
    return f"{query}\n{_order(table)}"


def any_row_query(catalog: Catalog, table: Table, item: StateYear) -> str:
    """Whether a data table has any row that belongs to a state-year."""
    return f"SELECT EXISTS (\n{state_year_query(catalog, table, item)}\n)"


def range_estimate_query(table: Table, keys: KeyRange) -> str:
    """Asks the planner how many rows of all states it expects between two keys; costs nothing."""
    key = identifier(table.primary_key[0])
    return (
        f"EXPLAIN (FORMAT json) SELECT FROM {identifier(table.name)} "
        f"WHERE {key} BETWEEN {literal(keys.first)} AND {literal(keys.last)}"
    )


def available_state_years_query() -> str:
    """Each state-year in which some agency reported a month: postal abbreviation, state's name, year.

    Months with status U (not reported) alone make no state-year: its zip would be empty.
    """
    return (
        "SELECT s.state_postal_abbr, s.state_name, m.data_year\n"
        "FROM nibrs_month m\n"
        "JOIN ref_agency a USING (agency_id)\n"
        "JOIN ref_state s USING (state_id)\n"
        "WHERE coalesce(m.reported_status, 'I') <> 'U' AND s.state_postal_abbr IS NOT NULL\n"
        "GROUP BY s.state_postal_abbr, s.state_name, m.data_year\n"
        "ORDER BY s.state_postal_abbr, m.data_year"
    )


def reported_months_query(item: StateYear) -> str:
    """How many agencies of a state-year reported a month, and how many months they reported."""
    return (
        "SELECT count(DISTINCT t.agency_id), count(DISTINCT (t.agency_id, t.month_num))\n"
        "FROM nibrs_month t\n"
        f"WHERE coalesce(t.reported_status, 'I') <> 'U' AND t.data_year = {literal(item.year)}\n"
        "  AND t.agency_id IN (SELECT a.agency_id FROM ref_agency a JOIN ref_state s USING (state_id)\n"
        f"                      WHERE s.state_postal_abbr = {literal(item.state)})"
    )


def _range_conditions(catalog: Catalog, table: Table, ranges: Mapping[str, KeyRange]) -> list[str]:
    """Each known range, on the parent's own key and on the column that refers to it."""
    lineage = catalog.lineage(table)
    conditions = []
    for place, parent in enumerate(lineage):
        if parent.name in ranges:
            first, last = ranges[parent.name]
            key = identifier(parent.primary_key[0])
            for holder in lineage[max(place - 1, 0) : place + 1]:
                alias = "t" if holder is table else identifier(holder.name)
                conditions.append(f"{alias}.{key} BETWEEN {literal(first)} AND {literal(last)}")
    return conditions


def _columns(table: Table) -> str:
    return ", ".join(f"t.{identifier(name)}" for name in table.column_names)


def _order(table: Table) -> str:
    return "ORDER BY " + ", ".join(f"t.{identifier(name)}" for name in table.primary_key)


def join_up(catalog: Catalog, table: Table, month: str = "") -> str:
    """JOINs from a table (as ``t``) up to its month (as ``m``); none for a table that is joined to no other.

    Args:
        month: what to join instead of the table of months; has its key.
    """
    lines = []
    for parent in catalog.lineage(table)[1:]:
        top = parent.parent == STATE_YEAR
        name = month if top and month else identifier(parent.name)
        keys = ", ".join(identifier(key) for key in parent.primary_key)
        lines.append(f"JOIN {name}{' m' if top else ''} USING ({keys})")
    return "\n".join(lines)


def join_up_to_file(catalog: Catalog, table: Table) -> str:
    """JOINs from a table (as ``t``) up to the state and data year of the file that brought a row (as ``m``).

    They find the rows that name no month; '' for a table of which no file is known.
    """
    lineage = catalog.lineage(table)
    place = next((number for number, each in enumerate(lineage) if each.placed_by), None)
    if place is None:
        return ""
    placed, [key] = lineage[place], lineage[place].primary_key
    alias = identifier(placed.name) if place else "t"
    lines = [
        f"JOIN {identifier(each.name)} USING ({identifier(each.primary_key[0])})" for each in lineage[1 : place + 1]
    ]
    lines.append(
        f"JOIN {identifier(placed.placed_by)} m ON m.{identifier(key)} = {alias}.{identifier(key)} "
        f"AND {alias}.{identifier(lineage[place + 1].primary_key[0])} IS NULL"
    )
    return "\n".join(lines)


def _from_month(catalog: Catalog, table: Table) -> str:
    """FROM and JOINs from a table up to its month (as ``m``; the month table itself is ``t``)."""
    return "\n".join(filter(None, [f"FROM {identifier(table.name)} t", join_up(catalog, table)]))


def _state_year_condition(table: Table, item: StateYear) -> str:
    if table.parent == AGENCIES_REPORTING_MONTHS:
        return (
            f"WHERE t.state_abbr IN (SELECT s.state_abbr FROM ref_state s "
            f"WHERE s.state_postal_abbr = {literal(item.state)})\n"
            f"  AND EXISTS (SELECT FROM nibrs_month m "
            f"WHERE m.agency_id = t.agency_id AND m.data_year = {literal(item.year)})"
        )
    if table.parent == AGENCIES_OF_STATE_AND_YEAR:
        return (
            f"WHERE t.state_abbr IN (SELECT s.state_abbr FROM ref_state s "
            f"WHERE s.state_postal_abbr = {literal(item.state)})\n"
            f"  AND t.year = {literal(item.year)}"
        )
    month = "t" if table.parent == STATE_YEAR else "m"
    return (
        f"WHERE {month}.data_year = {literal(item.year)}\n"
        f"  AND {month}.agency_id IN (SELECT a.agency_id FROM ref_agency a\n"
        f"                      JOIN ref_state s USING (state_id)\n"
        f"                      WHERE s.state_postal_abbr = {literal(item.state)})"
    )
