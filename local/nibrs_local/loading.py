"""``nibrs load``: published zips of layout 1 into a database, all of a file or nothing.

Each CSV is staged in a temporary table whose rows carry their line numbers; keys and references are
checked there, in sets, so that a refusal can name table and line. Then everything is moved into
place in the same transaction.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from nibrs_pipeline.catalog import Catalog, Table
from nibrs_pipeline.database import Connection
from nibrs_pipeline.keys import StateYear
from nibrs_pipeline.queries import identifier, literal
from pg8000.exceptions import DatabaseError

from nibrs_local.published_zip import BadFile, PublishedZip, read_published_zip, state_year_of_rows

#: Codes of ref_population_group in the order of their identifiers, which begin at 1 (METHOD, section 2.6).
_POPULATION_GROUPS = (
    "0", "1", "1A", "1B", "1C", "2", "3", "4", "5", "6", "7",
    "8", "8A", "8B", "8C", "8D", "8E", "9", "9A", "9B", "9C", "9D", "9E",
)  # fmt: skip
_AGENCIES, _PARTICIPATION = "cde_agencies", "agency_participation"


@dataclass(frozen=True)
class Loaded:
    """What came of a file: ``rows`` by table (empty if it was there already) and ``remarks`` for people."""

    item: StateYear
    rows: dict[str, int]
    remarks: list[str] = field(default_factory=list)

    @property
    def was_there(self) -> bool:
        """Whether the same file had been loaded before."""
        return not self.rows


def load_zip(
    connection: Connection,
    catalog: Catalog,
    path: Path,
    replace: bool = False,
    progress: Callable[[Table], None] = lambda table: None,
) -> Loaded:
    """Load one published zip; on any error the database is as it was.

    Args:
        replace: whether a state-year that is there already is replaced instead of refused.
        progress: told before each table.

    Raises:
        BadFile: the file breaks a rule; says table, line and reason.
    """
    found = read_published_zip(path, catalog)
    connection.run("BEGIN")
    try:
        loaded = _load(connection, catalog, found, replace, progress)
        connection.run("COMMIT")
    except BaseException:
        connection.run("ROLLBACK")
        raise
    if loaded.rows:
        # Statistics of the present rows, for the planner; and no later surprise by autovacuum.
        connection.run("ANALYZE")
    return loaded


def _load(
    connection: Connection, catalog: Catalog, found: PublishedZip, replace: bool, progress: Callable[[Table], None]
) -> Loaded:
    rows = {}
    for table in catalog.published:
        progress(table)
        rows[table.name] = _stage(connection, found, table)
    item = _staged_state_year(connection, found)
    before = connection.run(
        "SELECT sha256 FROM loaded_file WHERE state = :state AND data_year = :year", state=item.state, year=item.year
    )
    present = _is_present(connection, catalog, item)
    if present and before and before[0][0] == found.sha256:
        return Loaded(item, {})
    if present and not replace:
        raise BadFile(f"{found.path}: {item} is in the database already; use --replace to put this file in its place")
    for table in catalog.published:
        _check_keys(connection, catalog, found, table)
    if present:
        _delete_state_year(connection, catalog, item)
    remarks = [remark for table in catalog.code_tables if (remark := _merge_codes(connection, table))]
    _merge_agencies(connection, catalog)
    for table in catalog.data_tables:
        if table.name != _AGENCIES:
            _move(connection, found, table)
    connection.run(
        "INSERT INTO loaded_file (sha256, state, data_year, file_name) VALUES (:sha256, :state, :year, :name) "
        "ON CONFLICT (state, data_year) DO UPDATE SET sha256 = excluded.sha256, file_name = excluded.file_name, "
        "loaded_at = now()",
        sha256=found.sha256,
        state=item.state,
        year=item.year,
        name=found.path.name,
    )
    return Loaded(item, rows, remarks)


def _staged(table: Table) -> str:
    return identifier(f"staged_{table.name}")


def _names(columns: tuple[str, ...] | list[str], prefix: str = "") -> str:
    return ", ".join(prefix + identifier(name) for name in columns)


def _stage(connection: Connection, found: PublishedZip, table: Table) -> int:
    """Copy a CSV into a temporary table of its own; types are checked by PostgreSQL."""
    columns = ", ".join(
        f"{identifier(column.name)} {column.type}{'' if column.nullable else ' NOT NULL'}" for column in table.columns
    )
    connection.run(
        f"CREATE TEMPORARY TABLE {_staged(table)} ({columns}, line bigint GENERATED ALWAYS AS IDENTITY (START WITH 2)) "
        "ON COMMIT DROP"
    )
    statement = (
        f"COPY {_staged(table)} ({_names(found.header(table))}) FROM STDIN WITH (FORMAT csv, HEADER, ENCODING 'UTF8')"
    )
    try:
        with found.open(table) as file:
            connection.run(statement, stream=file)
    except DatabaseError as error:
        raise BadFile(f"{found.path}: {table.csv_name}{_where(error)}") from error
    return int(connection.row_count)


def _where(error: DatabaseError) -> str:
    details = error.args[0]
    line = re.search(r"line (\d+)", details.get("W", ""))
    column = re.search(r"column (\w+)", details.get("W", ""))
    place = (f", line {line[1]}" if line else "") + (f", column {column[1]}" if column else "")
    return f"{place}: {details.get('M')}"


def _staged_state_year(connection: Connection, found: PublishedZip) -> StateYear:
    states = connection.run(
        "SELECT coalesce(s.state_postal_abbr, t.state_abbr) "
        f"FROM (SELECT DISTINCT state_abbr FROM staged_{_PARTICIPATION}) t "
        "LEFT JOIN staged_ref_state s USING (state_abbr) UNION "
        "SELECT coalesce(s.state_postal_abbr, 'state_id ' || t.state_id) "
        f"FROM (SELECT DISTINCT state_id FROM staged_{_AGENCIES}) t LEFT JOIN staged_ref_state s USING (state_id)"
    )
    years = connection.run(f"SELECT data_year FROM staged_nibrs_month UNION SELECT year FROM staged_{_PARTICIPATION}")
    return state_year_of_rows(found, {row[0] for row in states}, {row[0] for row in years})


def _check_keys(connection: Connection, catalog: Catalog, found: PublishedZip, table: Table) -> None:
    key = _names(table.primary_key)
    twice = connection.run(
        f"SELECT line, {key} FROM (SELECT line, {key}, count(*) OVER (PARTITION BY {key} ORDER BY line) AS nth "
        f"FROM {_staged(table)}) t WHERE nth > 1 ORDER BY line LIMIT 1"
    )
    if twice:
        line, *values = twice[0]
        named = ", ".join(f"{name} {value}" for name, value in zip(table.primary_key, values, strict=True))
        raise BadFile(f"{found.path}: {table.csv_name}, line {line}: the key {named} stands there twice")
    for column in table.columns:
        if column.references:
            _check_reference(connection, catalog[column.references], found, table, column.name)


def _check_reference(connection: Connection, target: Table, found: PublishedZip, table: Table, column: str) -> None:
    name, key = identifier(column), identifier(target.primary_key[0])
    orphan = connection.run(
        f"SELECT t.line, t.{name} FROM {_staged(table)} t LEFT JOIN {_staged(target)} r ON r.{key} = t.{name} "
        f"WHERE r.{key} IS NULL AND t.{name} IS NOT NULL ORDER BY t.line LIMIT 1"
    )
    if orphan:
        line, value = orphan[0]
        raise BadFile(f"{found.path}: {table.csv_name}, line {line}: {column} {value} is not in {target.csv_name}")


def _month_condition(item: StateYear) -> str:
    return (
        f"data_year = {literal(item.year)} AND agency_id IN (SELECT a.agency_id FROM ref_agency a "
        f"JOIN ref_state s USING (state_id) WHERE s.state_postal_abbr = {literal(item.state)})"
    )


def _is_present(connection: Connection, catalog: Catalog, item: StateYear) -> bool:
    return bool(connection.run(f"SELECT EXISTS (SELECT FROM nibrs_month WHERE {_month_condition(item)})")[0][0])


def _delete_state_year(connection: Connection, catalog: Catalog, item: StateYear) -> None:
    """Remove a state-year's rows, children first. Agencies stay: other years have them too."""
    for table in reversed(catalog.data_tables):
        lineage = catalog.lineage(table)
        if lineage[-1].name == "nibrs_month":
            connection.run(f"DELETE FROM {identifier(table.name)} WHERE {_within(lineage, item)}")
    connection.run(
        f"DELETE FROM {_PARTICIPATION} WHERE year = {literal(item.year)} AND state_abbr IN "
        f"(SELECT state_abbr FROM ref_state WHERE state_postal_abbr = {literal(item.state)})"
    )
    for name in ("ref_agency_population", "ref_agency_covered_by_flat"):
        connection.run(
            f"DELETE FROM {name} WHERE data_year = {literal(item.year)} AND agency_id IN (SELECT a.agency_id "
            "FROM ref_agency a JOIN ref_state s USING (state_id) "
            f"WHERE s.state_postal_abbr = {literal(item.state)})"
        )


def _within(lineage: tuple[Table, ...], item: StateYear) -> str:
    if len(lineage) == 1:
        return _month_condition(item)
    parent = lineage[1]
    key = identifier(parent.primary_key[0])
    return f"{key} IN (SELECT {key} FROM {identifier(parent.name)} WHERE {_within(lineage[1:], item)})"


def _merge_codes(connection: Connection, table: Table) -> str:
    """Add codes that are not there; tells of codes whose meaning differs, which stay as they are."""
    name, names = identifier(table.name), _names(table.column_names)
    key = identifier(table.primary_key[0])
    differing = connection.run(
        f"SELECT t.{key} FROM {name} t JOIN {_staged(table)} s USING ({key}) "
        f"WHERE ({_names(table.column_names, 't.')}) IS DISTINCT FROM ({_names(table.column_names, 's.')}) ORDER BY 1"
    )
    connection.run(f"INSERT INTO {name} ({names}) SELECT {names} FROM {_staged(table)} ON CONFLICT DO NOTHING")
    if not differing:
        return ""
    return f"{table.name}: the database's meaning is kept for {key} {', '.join(str(row[0]) for row in differing)}"


def _merge_agencies(connection: Connection, catalog: Catalog) -> None:
    """Add or renew agencies; a row that describes a later year than the file's stays."""
    table = catalog[_AGENCIES]
    others = [name for name in table.column_names if name not in table.primary_key]
    connection.run(
        f"INSERT INTO {_AGENCIES} AS old ({_names(table.column_names)}) "
        f"SELECT {_names(table.column_names)} FROM {_staged(table)} "
        f"ON CONFLICT (agency_id) DO UPDATE SET ({_names(others)}) = ROW ({_names(others, 'excluded.')}) "
        "WHERE coalesce(excluded.current_year, 0) >= coalesce(old.current_year, 0) "
        f"AND ({_names(others, 'old.')}) IS DISTINCT FROM ({_names(others, 'excluded.')})"
    )
    # What the zip says of an agency is all that ref_agency can hold here; the rest stays NULL.
    connection.run(
        "INSERT INTO ref_agency (agency_id, ori, legacy_ori, ucr_agency_name, pub_agency_name, agency_type_id, "
        "state_id, agency_status, dormant_year) "
        "SELECT agency_id, ori, legacy_ori, left(agency_name, 100), left(short_name, 100), "
        f"agency_type_id, state_id, coalesce(agency_status, 'A'), dormant_year FROM staged_{_AGENCIES} "
        "ON CONFLICT (agency_id) DO NOTHING"
    )
    _merge_reference(connection)


def _merge_reference(connection: Connection) -> None:
    """Fill the reference tables as far as layout 1 goes: the state's agencies of the year, their size, who is covered.

    Agencies that reported no month stand in agency_participation only, without their type: groups 8 and 9
    are counties, all others are taken for cities. Who covers an agency is known only if it is in cde_agencies.
    """
    codes = ", ".join(f"({place}, {literal(code)})" for place, code in enumerate(_POPULATION_GROUPS, start=1))
    participating = (
        f"FROM staged_{_PARTICIPATION} p JOIN staged_ref_state s USING (state_abbr) "
        f"LEFT JOIN staged_{_AGENCIES} c USING (agency_id) "
    )
    for statement in (
        "INSERT INTO ref_agency_type SELECT agency_type_id, max(agency_type_name) "
        f"FROM staged_{_AGENCIES} GROUP BY 1 UNION VALUES (1, 'City'), (2, 'County')",
        "INSERT INTO ref_population_group SELECT g.id, g.code, max(p.population_group) "
        f"FROM (VALUES {codes}) g (id, code) LEFT JOIN staged_{_PARTICIPATION} p ON p.population_group_code = g.code "
        "GROUP BY 1, 2",
        "INSERT INTO ref_agency (agency_id, ori, legacy_ori, pub_agency_name, agency_type_id, state_id, agency_status) "
        "SELECT p.agency_id, p.agency_ori, p.agency_ori, left(p.agency_name, 100), "
        f"CASE WHEN p.population_group_code ~ '^[89]' THEN 2 ELSE 1 END, s.state_id, 'A' {participating}",
        "INSERT INTO ref_agency_population SELECT p.agency_id, p.year, g.population_group_id, p.agency_population, "
        f"c.suburban_area_flag {participating}"
        "LEFT JOIN ref_population_group g ON g.population_group_code = p.population_group_code",
        f"INSERT INTO ref_agency_covered_by_flat SELECT p.year, p.agency_id, c.covered_by_id {participating}"
        "WHERE p.covered = 1",
    ):
        connection.run(f"{statement} ON CONFLICT DO NOTHING")


def _move(connection: Connection, found: PublishedZip, table: Table) -> None:
    names = _names(table.column_names)
    try:
        connection.run(
            f"INSERT INTO {identifier(table.name)} ({names}) SELECT {names} FROM {_staged(table)} ORDER BY line"
        )
    except DatabaseError as error:
        details = error.args[0]
        raise BadFile(
            f"{found.path}: {table.csv_name}: {details.get('M')}; {details.get('D', '')} "
            "Another state-year of the database has that key."
        ) from error
