"""The three layouts of the published zips, as ``code_tables/layouts/`` describes them.

A layout says which file of a zip holds which table, what its columns are called, how it writes dates
and flags, and what it has no place for. Everything is data: this module is its reader in Python.
"""

import csv
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

#: A table that only the later layouts have: agencies that report NIBRS, a row each (59 columns).
AGENCIES = "agencies"
#: The table that layout 3 repeats a row of for each document of an incident.
MONTHS = "nibrs_month"
_FOLDER = files("code_tables") / "layouts"


@dataclass(frozen=True)
class Layout:
    """One layout.

    Attributes:
        number: 1, 2 or 3.
        mark: the file that only this family of layouts has, and, to tell two families apart, the
            column of a table ("" where the file is enough).
        date_format: how dates are written, in the notation of ``datetime.strptime``.
        has_zero_reports: whether months without incidents have a row.
        lists_all_agencies: whether agencies that did not report NIBRS are listed too.
        files: the file (its stem in lower case) of each table.
        sources: for each table, the file's column of each of the table's columns.
        values: for a table's column, what a written value means, and a remark if something is lost.
        codes: for a code table, codes that another code stands for.
        documents: for a table that repeats a row for each document, columns that are the document's.
        notes: what the layout does not have, by table.
    """

    number: int
    mark: tuple[str, str, str]
    date_format: str
    has_zero_reports: bool
    lists_all_agencies: bool
    files: dict[str, str]
    sources: dict[str, dict[str, str]]
    values: dict[tuple[str, str], dict[str, tuple[str, str]]]
    codes: dict[str, dict[str, str]]
    documents: dict[str, list[str]]
    notes: dict[str, str]

    @property
    def is_the_databases(self) -> bool:
        """Whether the files are the tables as they are."""
        return self.number == 1


def _rows(name: str) -> Iterator[dict[str, str]]:
    yield from csv.DictReader((_FOLDER / f"{name}.csv").read_text(encoding="utf-8").splitlines())


@cache
def layouts() -> tuple[Layout, ...]:
    """All layouts, by number."""
    return tuple(_layout(row) for row in _rows("layouts"))


def _layout(row: dict[str, str]) -> Layout:
    number = row["layout"]
    sources: dict[str, dict[str, str]] = {}
    for column in _rows("columns"):
        if column[f"layout_{number}"]:
            sources.setdefault(column["table"], {})[column["column"]] = column[f"layout_{number}"]
    values: dict[tuple[str, str], dict[str, tuple[str, str]]] = {}
    for value in _of(number, "values"):
        written = values.setdefault((value["table"], value["column"]), {})
        written[value["value"]] = (value["meaning"], value["note"])
    codes: dict[str, dict[str, str]] = {}
    for code in _of(number, "codes"):
        codes.setdefault(code["table"], {})[code["code"]] = code["meaning"]
    documents: dict[str, list[str]] = {}
    for document in _of(number, "documents"):
        documents.setdefault(document["table"], []).append(document["column"])
    return Layout(
        number=int(number),
        mark=(row["has_file"], row["has_column_table"], row["has_column"]),
        date_format=row["date_format"],
        has_zero_reports=row["has_zero_reports"] == "yes",
        lists_all_agencies=row["lists_all_agencies"] == "yes",
        files={table["table"]: name for table in _rows("tables") if (name := table[f"layout_{number}"])},
        sources=sources,
        values=values,
        codes=codes,
        documents=documents,
        notes={note["table"]: note["note"] for note in _of(number, "notes")},
    )


def _of(number: str, name: str) -> Iterator[dict[str, str]]:
    return (row for row in _rows(name) if row["layout"] == number)


def nth_document(layout: Layout, table: str, columns: Iterable[str]) -> str:
    """SQL that numbers the rows that are the same but for their document, from the one that was reported last.

    nibrs_month, of whose columns report_date is the document's, gives

        row_number() OVER (PARTITION BY nibrs_month_id, agency_id, ... ORDER BY report_date DESC NULLS LAST)
    """
    documents = layout.documents.get(table, [])
    same = ", ".join(name for name in columns if name not in documents)
    latest = ", ".join(f"{name} DESC NULLS LAST" for name in documents)
    return f"row_number() OVER (PARTITION BY {same}{f' ORDER BY {latest}' if latest else ''})"


def derivations(layout: Layout) -> list[str]:
    """SQL that makes the tables of agencies, which the later layouts lack, from agencies.csv and the months.

    It is the same for PostgreSQL and DuckDB; tables are those of the file, with ``staged_`` before their names.
    """
    if layout.is_the_databases:
        return []
    known = "TRUE" if layout.has_zero_reports else "FALSE"
    return [
        (_FOLDER / f"{table}.sql").read_text(encoding="utf-8").replace(":zero_reports_are_known", known)
        for table in ("cde_agencies", "unlisted_agencies", "agency_participation")
    ]


@cache
def _ignored() -> frozenset[tuple[str, str]]:
    return frozenset((row["table"], row["column"]) for row in _rows("ignored"))


def is_ignored(table: str, column: str) -> bool:
    """Whether a file's column is left out on purpose; ``ignored.csv`` says why."""
    return bool({(table, column), (table, "*"), ("*", column)} & _ignored())
