"""A published zip in temporary tables of the database: ``staged_<table>``, whose rows carry their line numbers.

PostgreSQL checks the types there, keys and references are checked in sets, and a refusal can name table and line.
"""

import csv
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from nibrs_pipeline.catalog import Catalog, Column, Table
from nibrs_pipeline.database import Connection
from nibrs_pipeline.keys import StateYear
from nibrs_pipeline.queries import identifier
from pg8000.exceptions import DatabaseError

from nibrs_local.layouts import AGENCIES, derivations
from nibrs_local.published_zip import BadFile, PublishedZip, agencies_columns, staged_columns, state_year_of_rows

#: Rows that are the same but for their line are one: layout 3 repeats a month for each incident's document.
_REPEATED = "nibrs_month"


@dataclass
class Staging:
    """The staged tables of one file.

    Attributes:
        columns: of each staged table.
        rows: number of rows in the file, by table.
        remarks: what the file could not say, for people.
    """

    connection: Connection
    catalog: Catalog
    found: PublishedZip
    columns: dict[str, tuple[Column, ...]] = field(default_factory=dict)
    rows: dict[str, int] = field(default_factory=dict)
    remarks: list[str] = field(default_factory=list)

    @property
    def tables(self) -> tuple[Table, ...]:
        """The staged tables of the catalog, what is referred to before what refers."""
        order = sorted(self.catalog.tables, key=lambda table: (table.kind != "code", table.name != "cde_agencies"))
        return tuple(table for table in order if table.name in self.columns)

    def where(self, table: Table, line: int) -> str:
        """A place in the file."""
        return f"{self.found.path}: {self.found.file_name(table.name)}, line {line}"


def staged(table: str) -> str:
    """The name of a staged table."""
    return identifier(f"staged_{table}")


def stage(connection: Connection, catalog: Catalog, found: PublishedZip, progress: Callable[[Table], None]) -> Staging:
    """Copy a file into temporary tables.

    Raises:
        BadFile: a value that its column cannot hold; says table, line, column and value.
    """
    staging = Staging(connection, catalog, found)
    if not found.layout.is_the_databases:
        staging.rows[AGENCIES] = _copy(staging, AGENCIES, agencies_columns(found))
    for table in catalog.tables:
        if found.has(table.name):
            progress(table)
            staging.columns[table.name] = staged_columns(found, catalog, table)
            staging.rows[table.name] = _copy(staging, table.name, staging.columns[table.name])
    if not found.layout.is_the_databases:
        _derive(staging)
        staging.remarks += [f"{table}: {note}" for table, note in found.layout.notes.items() if _concerns(found, table)]
    return staging


def _concerns(found: PublishedZip, table: str) -> bool:
    return found.has(table) or table == "agency_participation"


def _copy(staging: Staging, name: str, columns: tuple[Column, ...]) -> int:
    connection, found = staging.connection, staging.found
    _create(connection, name, columns)
    rows = found.rows(name, columns)
    names = ", ".join(identifier(column) for column in rows.columns)
    place = f"{found.path}: {found.file_name(name)}"
    try:
        connection.run(
            f"COPY {staged(name)} ({names}) FROM STDIN WITH (FORMAT csv, HEADER, ENCODING 'UTF8')", stream=rows
        )
    except DatabaseError as error:
        raise BadFile(f"{place}{_where(found, name, error)}") from error
    count = int(connection.row_count)
    if rows.error:
        raise BadFile(f"{place}, {rows.error}")
    staging.remarks += [
        f"{name}.{column}: {value} {remark}; left empty in {number:,} rows"
        for (column, value, remark), number in rows.lost.items()
    ]
    return count


def _create(connection: Connection, name: str, columns: tuple[Column, ...]) -> None:
    definitions = ", ".join(
        f"{identifier(column.name)} {column.type}{'' if column.nullable else ' NOT NULL'}" for column in columns
    )
    connection.run(
        f"CREATE TEMPORARY TABLE {staged(name)} ({definitions}, "
        "line bigint GENERATED ALWAYS AS IDENTITY (START WITH 2)) ON COMMIT DROP"
    )


def _where(found: PublishedZip, table: str, error: DatabaseError) -> str:
    details = error.args[0]
    line = re.search(r"line (\d+)", details.get("W", ""))
    column = re.search(r"column (\w+)", details.get("W", ""))
    place = (f", line {line[1]}" if line else "") + (
        f", column {found.source_name(table, column[1])}" if column else ""
    )
    return f"{place}: {details.get('M')}"


def _derive(staging: Staging) -> None:
    """Make the tables of agencies that the later layouts lack, and one row of each month."""
    connection, catalog = staging.connection, staging.catalog
    names = ", ".join(identifier(column.name) for column in staging.columns[_REPEATED])
    connection.run(
        f"DELETE FROM {staged(_REPEATED)} m USING (SELECT line, row_number() OVER (PARTITION BY {names} ORDER BY line) "
        f"AS nth FROM {staged(_REPEATED)}) n WHERE n.line = m.line AND nth > 1"
    )
    if connection.row_count:
        months = staging.rows[_REPEATED] - connection.row_count
        staging.remarks.append(f"{_REPEATED}: {staging.rows[_REPEATED]:,} rows are of {months:,} months")
    for name in ("cde_agencies", "agency_participation"):
        staging.columns[name] = catalog[name].columns
        _create(connection, name, catalog[name].columns)
    for statement in derivations(staging.found.layout):
        try:
            connection.run(statement)
        except DatabaseError as error:
            raise BadFile(f"{staging.found.path}: {staging.found.file_name(AGENCIES)}: {error.args[0]['M']}") from error


def staged_state_year(staging: Staging) -> StateYear:
    """The one state-year that the rows name.

    Raises:
        BadFile: none or several.
    """
    states = staging.connection.run(
        "SELECT coalesce(s.state_postal_abbr, t.state_abbr) "
        "FROM (SELECT DISTINCT state_abbr FROM staged_agency_participation) t "
        "LEFT JOIN staged_ref_state s USING (state_abbr) UNION "
        "SELECT coalesce(s.state_postal_abbr, 'state_id ' || t.state_id) "
        "FROM (SELECT DISTINCT state_id FROM staged_cde_agencies) t LEFT JOIN staged_ref_state s USING (state_id)"
    )
    years = staging.connection.run(
        "SELECT data_year FROM staged_nibrs_month UNION SELECT year FROM staged_agency_participation"
    )
    return state_year_of_rows(staging.found, {row[0] for row in states}, {row[0] for row in years})


@dataclass(frozen=True)
class Fault:
    """A row that breaks a key: ``values`` are the row's fields, in the order of the table's columns."""

    table: Table
    line: int
    reason: str
    values: list[Any]


def check_keys(staging: Staging) -> None:
    """Refuse a file whose rows break a key or refer to what is not there.

    Raises:
        BadFile: the first such row, with the reason.
    """
    for table in staging.tables:
        for fault in _faults(staging, table, limit=1):
            raise BadFile(
                f"{staging.where(table, fault.line)}: {fault.reason}; use --quarantine to load the other rows"
            )


def set_faults_aside(staging: Staging, folder: Path) -> dict[str, int]:
    """Move rows that break a key out of the staged tables, and with them what hangs on them, into CSVs.

    Args:
        folder: gets a file per table with the line, the reason and the row.

    Returns:
        The number of rows by table and reason, without the values.
    """
    moved: dict[str, int] = {}
    for table in staging.tables:
        faults = list(_faults(staging, table))
        if not faults:
            continue
        folder.mkdir(parents=True, exist_ok=True)
        with (folder / f"{table.name}.csv").open("w", encoding="utf-8", newline="") as file:
            writer = csv.writer(file, lineterminator="\n")
            writer.writerow(["line", "reason", *(column.name for column in staging.columns[table.name])])
            writer.writerows([fault.line, fault.reason, *fault.values] for fault in faults)
        lines = ", ".join(str(fault.line) for fault in faults)
        staging.connection.run(f"DELETE FROM {staged(table.name)} WHERE line IN ({lines})")
        moved[table.name] = len(faults)
    return moved


def _faults(staging: Staging, table: Table, limit: int | None = None) -> list[Fault]:
    """Rows with a key that an earlier row has, then rows that refer to what is not there; a row once."""
    columns, found = staging.columns[table.name], staging.found
    names = ", ".join(identifier(column.name) for column in columns)
    most = f" LIMIT {limit}" if limit else ""
    faults: dict[int, Fault] = {}
    key = [column.name for column in columns if column.primary_key]
    carried = staging.found.layout.sources.get(table.name, dict.fromkeys(key))
    if all(name in carried for name in key):
        by = ", ".join(identifier(name) for name in key)
        for line, *values in staging.connection.run(
            f"SELECT line, {names} FROM (SELECT *, row_number() OVER (PARTITION BY {by} ORDER BY line) AS nth "
            f"FROM {staged(table.name)}) t WHERE nth > 1 ORDER BY line{most}"
        ):
            of = dict(zip((column.name for column in columns), values, strict=True))
            named = ", ".join(f"{found.source_name(table.name, name)} {of[name]}" for name in key)
            faults[line] = Fault(table, line, f"the key {named} stands there twice", values)
    for column in columns:
        target = staging.catalog.get(column.references)
        if target is None or target.name not in staging.columns:
            continue
        name, target_key = identifier(column.name), identifier(target.primary_key[0])
        prefixed = ", ".join(f"t.{identifier(each.name)}" for each in columns)
        for line, value, *values in staging.connection.run(
            f"SELECT t.line, t.{name}, {prefixed} FROM {staged(table.name)} t "
            f"LEFT JOIN {staged(target.name)} r ON r.{target_key} = t.{name} "
            f"WHERE r.{target_key} IS NULL AND t.{name} IS NOT NULL ORDER BY t.line{most}"
        ):
            where = found.file_name(target.name if found.has(target.name) else AGENCIES)
            reason = f"{found.source_name(table.name, column.name)} {value} is not in {where}"
            faults.setdefault(line, Fault(table, line, reason, values))
    return list(faults.values())
