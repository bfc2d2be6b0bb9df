"""Rows that cannot be loaded: they break a key of their file, or a value lies outside its domain.

Without quarantine the file is refused because of the first one; with it they are set aside, and with them the rows
that refer to them.
"""

import csv
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from nibrs_pipeline.catalog import Table
from nibrs_pipeline.database.sql import identifier, literal

from nibrs_loading.archives import BadFile
from nibrs_loading.domains import domains
from nibrs_loading.layouts import AGENCIES
from nibrs_loading.staging import Staging, staged

#: A file of whose table a larger part is broken is not a file with faults, but not the file.
_MOST_SET_ASIDE = 0.1
_FEW = 10


@dataclass(frozen=True)
class Fault:
    """A row that cannot be loaded: ``values`` are the row's fields, in the order of the table's columns."""

    table: Table
    line: int
    reason: str
    values: list[Any]


def check_rows(staging: Staging) -> None:
    """Refuse a file with a row that cannot be loaded.

    Raises:
        BadFile: the first such row, with the reason.
    """
    for table in staging.tables:
        for fault in _faults(staging, table, limit=1):
            raise BadFile(
                f"{staging.where(table, fault.line)}: {fault.reason}; use --quarantine to load the other rows"
            )


def set_faults_aside(staging: Staging) -> dict[str, list[Fault]]:
    """Take rows that cannot be loaded out of the staged tables, and with them the rows that refer to them.

    Returns:
        Them, by table.

    Raises:
        BadFile: they are so many that the file is not what it should be.
    """
    aside: dict[str, list[Fault]] = {}
    for table in staging.tables:
        faults = list(_faults(staging, table))
        if not faults:
            continue
        rows = staging.rows.get(table.name, 0)
        if len(faults) > max(_FEW, rows * _MOST_SET_ASIDE):
            raise BadFile(
                f"{staging.where(table, faults[0].line)}: {faults[0].reason}; {len(faults):,} of {rows:,} rows have "
                "such faults, too many to load the file without them: download it again"
            )
        lines = ", ".join(str(fault.line) for fault in faults)
        staging.connection.run(f"DELETE FROM {staged(table.name)} WHERE line IN ({lines})")
        aside[table.name] = faults
    return aside


def write_quarantine(staging: Staging, aside: dict[str, list[Fault]], folder: Path) -> None:
    """Write what was set aside: a CSV per table with the line, the reason and the row; earlier ones go."""
    shutil.rmtree(folder, ignore_errors=True)
    if aside:
        folder.mkdir(parents=True)
    for name, faults in aside.items():
        with (folder / f"{name}.csv").open("w", encoding="utf-8", newline="") as file:
            writer = csv.writer(file, lineterminator="\n")
            writer.writerow(["line", "reason", *(column.name for column in staging.columns[name])])
            writer.writerows([fault.line, fault.reason, *fault.values] for fault in faults)


def _faults(staging: Staging, table: Table, limit: int | None = None) -> list[Fault]:
    """A table's faults, a row once."""
    faults: dict[int, Fault] = {}
    for kind in (_repeated, _dangling, _out_of_domain):
        for fault in kind(staging, table, f" LIMIT {limit}" if limit else ""):
            faults.setdefault(fault.line, fault)
    return list(faults.values())


def _row_columns(staging: Staging, table: Table) -> str:
    return ", ".join(f"t.{identifier(column.name)}" for column in staging.columns[table.name])


def _repeated(staging: Staging, table: Table, most: str) -> Iterator[Fault]:
    """Rows with a key that an earlier row has."""
    key = table.primary_key
    carried = staging.found.layout.sources.get(table.name, dict.fromkeys(key))
    if not all(name in carried for name in key):
        return
    by = ", ".join(identifier(name) for name in key)
    for line, *values in staging.connection.run(
        f"SELECT line, {_row_columns(staging, table)} FROM (SELECT *, row_number() OVER (PARTITION BY {by} "
        f"ORDER BY line) AS nth FROM {staged(table.name)}) t WHERE nth > 1 ORDER BY line{most}"
    ):
        of = dict(zip((column.name for column in staging.columns[table.name]), values, strict=True))
        named = ", ".join(f"{staging.found.source_name(table.name, name)} {of[name]}" for name in key)
        yield Fault(table, line, f"the key {named} occurs twice", values)


def _dangling(staging: Staging, table: Table, most: str) -> Iterator[Fault]:
    """Rows that refer to what is not there."""
    found = staging.found
    for column in staging.columns[table.name]:
        target = staging.catalog.get(column.references)
        if target is None or target.name not in staging.columns:
            continue
        name, target_key = identifier(column.name), identifier(target.primary_key[0])
        where = found.file_name(target.name if found.has(target.name) else AGENCIES)
        for line, value, *values in staging.connection.run(
            f"SELECT t.line, t.{name}, {_row_columns(staging, table)} FROM {staged(table.name)} t "
            f"LEFT JOIN {staged(target.name)} r ON r.{target_key} = t.{name} "
            f"WHERE r.{target_key} IS NULL AND t.{name} IS NOT NULL ORDER BY t.line{most}"
        ):
            reason = f"{found.source_name(table.name, column.name)} {value} is not in {where}"
            yield Fault(table, line, reason, values)


def _out_of_domain(staging: Staging, table: Table, most: str) -> Iterator[Fault]:
    """Rows with a value that cannot be, such as hour 99."""
    for domain in domains():
        if domain.table != table.name:
            continue
        name = identifier(domain.column)
        for line, value, *values in staging.connection.run(
            f"SELECT t.line, t.{name}::text, {_row_columns(staging, table)} FROM {staged(table.name)} t "
            f"WHERE t.{name} NOT BETWEEN {literal(domain.least)} AND {literal(domain.most)} "
            f"ORDER BY t.line{most}"
        ):
            written = staging.found.source_name(table.name, domain.column)
            reason = f"{written} {value} is not between {domain.least} and {domain.most}"
            yield Fault(table, line, reason, values)
