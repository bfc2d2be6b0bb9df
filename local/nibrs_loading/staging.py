"""A published zip in temporary tables of the database: ``staged_<table>``, whose rows carry their line numbers.

PostgreSQL checks the types there, ``faults`` checks the rows in sets, and a refusal can name table and line.
"""

import csv
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from importlib.resources import files

from nibrs_pipeline.archive.provenance import SourceNote
from nibrs_pipeline.catalog import Catalog, Column, Table
from nibrs_pipeline.database.connection import Connection
from nibrs_pipeline.database.sql import identifier
from nibrs_pipeline.state_year import StateYear
from pg8000.exceptions import DatabaseError

from nibrs_loading.archives import BadFile
from nibrs_loading.counted import counted
from nibrs_loading.layouts import AGENCIES, MONTHS, derivations, nth_document
from nibrs_loading.published_zip import PublishedZip, agencies_columns, staged_columns, state_year_of_rows

_STATES = files("code_tables") / "lists" / "ref_state.csv"
#: The SQLSTATE of a disk that is full.
_DISK_FULL = "53100"


@dataclass
class Staging:
    """The staged tables of one file.

    Attributes:
        columns: of each staged table.
        rows: number of rows in the file, by table.
        notes: what people should know of the file.
    """

    connection: Connection
    catalog: Catalog
    found: PublishedZip
    columns: dict[str, tuple[Column, ...]] = field(default_factory=dict)
    rows: dict[str, int] = field(default_factory=dict)
    notes: list[SourceNote] = field(default_factory=list)

    @property
    def tables(self) -> tuple[Table, ...]:
        """The staged tables of the catalog, what is referred to before what refers."""
        order = sorted(self.catalog.tables, key=lambda table: (table.kind != "code", table.name != "cde_agencies"))
        return tuple(table for table in order if table.name in self.columns)

    def where(self, table: Table, line: int) -> str:
        """A place in the file."""
        return f"{self.found.path}: {self.found.file_name(table.name)}, line {line}"

    def count(self, query: str) -> int:
        """The one number that a query gives."""
        return int(self.connection.run(query)[0][0])


def staged(table: str) -> str:
    """The name of a staged table."""
    return identifier(f"staged_{table}")


def plain(error: DatabaseError) -> str:
    """A message of the database, with the tables' names that people know."""
    details = error.args[0]
    remedy = "; free some space on the database's disk" if details.get("C") == _DISK_FULL else ""
    return re.sub(r"\bstaged_(?=\w)", "", str(details.get("M"))) + remedy


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
        staging.notes += [
            SourceNote(kind="incomplete", table=table, note=note)
            for table, note in found.layout.notes.items()
            if found.has(table) or table == "agency_participation"
        ]
    return staging


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
    if decoded := found.members[name].decoded:
        lines = counted(decoded, "line is not UTF-8 and was", "lines are not UTF-8 and were")
        staging.notes.append(SourceNote(kind="decoded", table=name, rows=decoded, note=f"{lines} read as Windows-1252"))
    if left_out := found.unknown.get(name):
        staging.notes.append(
            SourceNote(
                kind="incomplete",
                table=name,
                note=f"columns that are unknown here were left out: {', '.join(left_out)}",
            )
        )
    staging.notes += [
        SourceNote(
            kind="incomplete", table=name, rows=number, note=f"{column} {value} {remark}; left empty in {number:,} rows"
        )
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
    where = error.args[0].get("W", "")
    line, column = re.search(r"line (\d+)", where), re.search(r"column (\w+)", where)
    place = (f", line {line[1]}" if line else "") + (
        f", column {found.source_name(table, column[1])}" if column else ""
    )
    return f"{place}: {plain(error)}"


def _derive(staging: Staging) -> None:
    """Make the tables of agencies that the later layouts lack, and one row of each month."""
    _keep_one_document(staging)
    for name in ("cde_agencies", "agency_participation"):
        staging.columns[name] = staging.catalog[name].columns
        _create(staging.connection, name, staging.catalog[name].columns)
    for statement in derivations(staging.found.layout):
        try:
            staging.connection.run(statement)
        except DatabaseError as error:
            place = f"{staging.found.path}: {staging.found.file_name(AGENCIES)}"
            raise BadFile(f"{place}: {plain(error)}") from error
    _tell_unlisted(staging)


def _keep_one_document(staging: Staging) -> None:
    nth = nth_document(staging.found.layout, MONTHS, (column.name for column in staging.columns[MONTHS]))
    staging.connection.run(
        f"DELETE FROM {staged(MONTHS)} m USING (SELECT line, {nth} AS nth FROM {staged(MONTHS)}) n "
        "WHERE n.line = m.line AND nth > 1"
    )
    if staging.connection.row_count:
        rows = staging.rows[MONTHS]
        note = f"{rows:,} rows are of {rows - staging.connection.row_count:,} months"
        if documents := staging.found.layout.documents.get(MONTHS):
            note += f", a row per document; {', '.join(documents)} are those of the one that was reported last"
        staging.notes.append(SourceNote(kind="incomplete", table=MONTHS, rows=rows, note=note))


def _tell_unlisted(staging: Staging) -> None:
    unlisted = staging.connection.run(
        f"SELECT m.agency_id, count(*) FROM {staged(MONTHS)} m WHERE NOT EXISTS (SELECT FROM staged_agencies a "
        "WHERE CAST(a.agency_id AS bigint) = m.agency_id) GROUP BY 1 ORDER BY 1"
    )
    if unlisted:
        months = sum(number for _, number in unlisted)
        some = ", ".join(str(agency) for agency, _ in unlisted[:3]) + (", ..." if len(unlisted) > 3 else "")
        note = (
            f"{counted(months, 'month is', 'months are')} of {counted(len(unlisted), 'agency', 'agencies')} that "
            f"{staging.found.file_name(AGENCIES)} does not list (agency_id {some}): kept, with their state and no "
            "name, population or type"
        )
        staging.notes.append(SourceNote(kind="unlisted_agency", table=MONTHS, rows=months, note=note))


def staged_state_year(staging: Staging) -> StateYear:
    """The one state-year that the rows name.

    Raises:
        BadFile: none or several, a state that does not exist, or another than the file's name says.
    """
    states = staging.connection.run(
        "SELECT coalesce(s.state_postal_abbr, t.state_abbr), t.state_abbr "
        "FROM (SELECT DISTINCT state_abbr FROM staged_agency_participation) t "
        "LEFT JOIN staged_ref_state s USING (state_abbr) UNION "
        "SELECT coalesce(s.state_postal_abbr, 'state_id ' || t.state_id), s.state_abbr "
        "FROM (SELECT DISTINCT state_id FROM staged_cde_agencies) t LEFT JOIN staged_ref_state s USING (state_id)"
    )
    years = staging.connection.run(
        "SELECT data_year FROM staged_nibrs_month UNION SELECT year FROM staged_agency_participation"
    )
    item = state_year_of_rows(staging.found, {(row[0], row[1]) for row in states}, {row[0] for row in years})
    with _STATES.open(encoding="utf-8") as file:
        known = {row["state_postal_abbr"] for row in csv.DictReader(file)}
    if item.state not in known:
        raise BadFile(f"{staging.found.path}: the agencies are of state {item.state}, which does not exist")
    return item
