"""SQL made from the catalog. Pure: every function returns text, none touches a database."""

import re
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
from nibrs_pipeline.keys import StateYear

#: For columns of a code table, the values of some of its codes; None is an empty field.
OwnValues = Mapping[str, Mapping[str, str | None]]


#: A setting of a server whose restarts mean nothing, since nobody but its owner can put another data folder there.
KNOWN_BY_FOLDER = "nibrs.known_by_data_folder"


class KeyRange(NamedTuple):
    """The keys that a parent's rows of a state-year have: the first and the last."""

    first: int
    last: int


def identifier(name: str) -> str:
    """A name as SQL: lower-case words as they are, anything else quoted.

    Raises:
        ValueError: the name is empty or holds a NUL, which PostgreSQL cannot quote.
    """
    if not name or "\0" in name:
        raise ValueError(f"not a name for a table or column: {name!r}")
    if re.fullmatch(r"[a-z_][a-z0-9_]*", name):
        return name
    return '"' + name.replace('"', '""') + '"'


def literal(value: str | int) -> str:
    """A value as an SQL literal; COPY takes no parameters.

    Raises:
        ValueError: a text with a NUL.
    """
    if isinstance(value, int):
        return str(int(value))
    if "\0" in value:
        raise ValueError(f"text with a NUL cannot be written in SQL: {value!r}")
    quoted = "'" + value.replace("'", "''") + "'"
    return "E" + quoted.replace("\\", "\\\\") if "\\" in value else quoted


def copy_out(select: str) -> str:
    """The statement that streams a query as CSV with a header line."""
    return f"COPY (\n{select}\n) TO STDOUT WITH (FORMAT csv, HEADER)"


def code_table_query(table: Table, own: OwnValues | None = None) -> str:
    """All rows of a code table in primary-key order.

    nibrs_injury becomes

        SELECT t.injury_id, t.injury_code, t.injury_name
        FROM nibrs_injury t
        ORDER BY t.injury_id

    and if code I is called otherwise in a state-year's own list

        SELECT t.injury_id, t.injury_code,
               CASE t.injury_code::text WHEN 'I' THEN '...' ELSE t.injury_name END AS injury_name
        ...

    Args:
        own: for a column, the value of each code that the state-year's own list has otherwise.

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
    catalog: Catalog, table: Table, state: str, year: int, ranges: Mapping[str, KeyRange] | None = None
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

    The year is that of the month reported, never that of the incident's date.

    Args:
        ranges: keys of parents that are known to lie close together; they let the database read along
            its indexes instead of probing them row by row. They change nothing in the result.
    """
    where = _state_year_condition(catalog, table, state, year)
    within = "".join(f"\n  AND {condition}" for condition in _range_conditions(catalog, table, ranges or {}))
    return f"SELECT {_columns(table)}\n{_from_month(catalog, table)}\n{where}{within}\n{_order(table)}"


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


def source_tables_query() -> str:
    """Whether the database says of its state-years where they come from: has it source_note, has it source_code."""
    return "SELECT to_regclass('source_note') IS NOT NULL, to_regclass('source_code') IS NOT NULL"


def source_notes_query(item: StateYear | None = None) -> str:
    """Notes on sources: state, year, kind, table, rows, note."""
    return f"SELECT state, data_year, kind, table_name, rows, note FROM source_note{_of_state_year(item)}"


def source_codes_query(item: StateYear | None = None) -> str:
    """What state-years' own lists have otherwise: state, year, table, code, column, value."""
    return f"SELECT state, data_year, table_name, code, column_name, value FROM source_code{_of_state_year(item)}"


def _of_state_year(item: StateYear | None) -> str:
    return f"\nWHERE state = {literal(item.state)} AND data_year = {literal(item.year)}" if item else ""


def reported_months_query(state: str, year: int) -> str:
    """How many agencies of a state-year reported a month, and how many months they reported."""
    return (
        "SELECT count(DISTINCT t.agency_id), count(DISTINCT (t.agency_id, t.month_num))\n"
        "FROM nibrs_month t\n"
        f"WHERE coalesce(t.reported_status, 'I') <> 'U' AND t.data_year = {literal(year)}\n"
        "  AND t.agency_id IN (SELECT a.agency_id FROM ref_agency a JOIN ref_state s USING (state_id)\n"
        f"                      WHERE s.state_postal_abbr = {literal(state)})"
    )


def source_position_query() -> str:
    """Which cluster this is, and where its transactions stand. Any role may ask, also of a hot standby.

    Columns: system (identifier of the cluster and the database), horizon (every transaction
    below it has ended), next (no transaction from it on has begun to write), time (of the
    snapshot, UTC, ISO 8601), timeline (another one after a restore by recovery or a promotion),
    server (when it was started: the copy of a data folder can be told from its original by nothing else),
    by_folder (whether the server asks to be known by its data folder instead, see ``data_folder_query``).
    """
    return (
        "SELECT (SELECT system_identifier FROM pg_control_system())::text || '/' || d.oid,\n"
        "       pg_snapshot_xmin(pg_current_snapshot())::text::bigint,\n"
        "       pg_snapshot_xmax(pg_current_snapshot())::text::bigint,\n"
        f"       {_iso('statement_timestamp()')},\n"
        "       (SELECT timeline_id FROM pg_control_checkpoint()),\n"
        f"       'started ' || {_iso('pg_postmaster_start_time()')},\n"
        f"       coalesce(current_setting('{KNOWN_BY_FOLDER}', true) = 'on', false)\n"
        "       AND has_function_privilege('pg_stat_file(text)', 'EXECUTE')\n"
        "FROM pg_database d WHERE d.datname = current_database()"
    )


def data_folder_query() -> str:
    """When the server's data folder came to lie where it lies: for one that is started many times a day."""
    return f"SELECT 'data folder of ' || {_iso('change')} FROM pg_stat_file('PG_VERSION')"


def _iso(moment: str) -> str:
    """A moment as text, UTC, ISO 8601."""
    return f"to_char({moment} AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS.US\"Z\"')"


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


def _from_month(catalog: Catalog, table: Table) -> str:
    """FROM and JOINs from a table up to its month (as ``m``; the month table itself is ``t``)."""
    return "\n".join(filter(None, [f"FROM {identifier(table.name)} t", join_up(catalog, table)]))


def _state_year_condition(catalog: Catalog, table: Table, state: str, year: int) -> str:
    if table.parent == AGENCIES_REPORTING_MONTHS:
        return (
            f"WHERE t.state_abbr IN (SELECT s.state_abbr FROM ref_state s "
            f"WHERE s.state_postal_abbr = {literal(state)})\n"
            f"  AND EXISTS (SELECT FROM nibrs_month m "
            f"WHERE m.agency_id = t.agency_id AND m.data_year = {literal(year)})"
        )
    if table.parent == AGENCIES_OF_STATE_AND_YEAR:
        return (
            f"WHERE t.state_abbr IN (SELECT s.state_abbr FROM ref_state s "
            f"WHERE s.state_postal_abbr = {literal(state)})\n"
            f"  AND t.year = {literal(year)}"
        )
    month = "t" if table.parent == STATE_YEAR else "m"
    return (
        f"WHERE {month}.data_year = {literal(year)}\n"
        f"  AND {month}.agency_id IN (SELECT a.agency_id FROM ref_agency a\n"
        f"                      JOIN ref_state s USING (state_id)\n"
        f"                      WHERE s.state_postal_abbr = {literal(state)})"
    )
