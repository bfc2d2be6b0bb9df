"""The catalog: which tables and columns there are, and how a table finds its state-year.

The facts stand in ``code_tables/catalog/`` (``tables.csv``, ``columns.csv``); this module is their
only reader. SQL, load scripts, the data dictionary and the diagram are all made from it.
"""

import csv
import hashlib
from collections.abc import Set
from dataclasses import dataclass, replace
from functools import cache
from importlib.resources import files
from importlib.resources.abc import Traversable
from typing import Literal

Kind = Literal["data", "code", "reference"]

#: A table whose parent is one of these is selected by a rule of its own (see ``extract.queries``).
STATE_YEAR = "state_year"
AGENCIES_REPORTING_MONTHS = "agencies_reporting_months"
AGENCIES_OF_STATE_AND_YEAR = "agencies_of_state_and_year"

#: Where a month belongs: its agency, and that one's state.
_PLACES = ("ref_agency", "ref_state")


@dataclass(frozen=True)
class Column:
    """One column: ``type`` is PostgreSQL's, ``references`` the table its values are found in, or ''."""

    name: str
    type: str
    nullable: bool
    primary_key: bool
    references: str
    description: str


@dataclass(frozen=True)
class Table:
    """One table of the source database.

    ``data`` tables differ by state-year, ``code`` tables are the same in every zip, ``reference``
    tables are needed by the queries only. ``parent`` is the table that a row belongs to, joined by the
    parent's primary key, or the name of a selection rule. A source may lack an ``optional`` table, which a zip then
    lacks too. ``placed_by`` is a table of a database that was filled from files: it has the state and data year of
    rows that name no parent; '' if there is none.
    """

    name: str
    kind: Kind
    parent: str
    optional: bool
    placed_by: str
    description: str
    columns: tuple[Column, ...]

    @property
    def primary_key(self) -> tuple[str, ...]:
        """Names of the key columns, in the table's order."""
        return tuple(column.name for column in self.columns if column.primary_key)

    @property
    def column_names(self) -> tuple[str, ...]:
        """Names of all columns, in the published order."""
        return tuple(column.name for column in self.columns)

    @property
    def csv_name(self) -> str:
        """The table's file in a published zip."""
        return f"{self.name}.csv"


@dataclass(frozen=True)
class Catalog:
    """All tables in their published order; ``version`` changes when a fact of a published one does."""

    tables: tuple[Table, ...]
    version: str

    def of_kind(self, kind: Kind) -> tuple[Table, ...]:
        """The tables of one kind, in their published order."""
        return tuple(table for table in self.tables if table.kind == kind)

    @property
    def data_tables(self) -> tuple[Table, ...]:
        """The tables that differ by state-year: 22, or 20 where the source has no Group B arrests."""
        return self.of_kind("data")

    @property
    def code_tables(self) -> tuple[Table, ...]:
        """The 23 tables that are the same in every zip."""
        return self.of_kind("code")

    @property
    def deciding_tables(self) -> tuple[Table, ...]:
        """The tables whose rows' ages decide whether a zip is out of date: those with data, and where months belong."""
        return *self.data_tables, *(self[name] for name in _PLACES)

    @property
    def published(self) -> tuple[Table, ...]:
        """The tables of a zip: 45, or 43 where the source has no Group B arrests."""
        return self.data_tables + self.code_tables

    def get(self, name: str) -> Table | None:
        """The table of that name, if there is one."""
        return next((table for table in self.tables if table.name == name), None)

    def __getitem__(self, name: str) -> Table:
        found = self.get(name)
        if found is None:
            raise KeyError(f"the catalog has no table {name!r}")
        return found

    @property
    def optional_tables(self) -> tuple[Table, ...]:
        """The tables that a source may lack."""
        return tuple(table for table in self.tables if table.optional)

    def without(self, names: Set[str]) -> "Catalog":
        """The catalog without some tables, and without those whose rows hang on them; it has the same version.

        A table that places rows of another (see ``Table.placed_by``) may be named too.
        """
        kept = [
            replace(table, placed_by="" if table.placed_by in names else table.placed_by)
            for table in self.tables
            if names.isdisjoint(each.name for each in self.lineage(table))
        ]
        return replace(self, tables=tuple(kept))

    def lineage(self, table: Table) -> tuple[Table, ...]:
        """The table, its parent, and so on up to the one that a selection rule anchors."""
        chain = [table]
        while any(other.name == chain[-1].parent for other in self.tables):
            chain.append(self[chain[-1].parent])
        return tuple(chain)


def catalog_folder() -> Traversable:
    """Where the catalog's CSV files lie, in the repository and in a function's bundle alike."""
    return files("code_tables") / "catalog"


def read_catalog(folder: Traversable) -> Catalog:
    """Read ``tables.csv`` and ``columns.csv`` of a folder."""
    texts = {name: (folder / name).read_text(encoding="utf-8") for name in ("tables.csv", "columns.csv")}
    columns: dict[str, list[Column]] = {}
    for row in csv.DictReader(texts["columns.csv"].splitlines()):
        columns.setdefault(row["table"], []).append(
            Column(
                name=row["column"],
                type=row["type"],
                nullable=row["nullable"] == "yes",
                primary_key=row["primary_key"] == "yes",
                references=row["references"],
                description=row["description"],
            )
        )
    tables = tuple(
        Table(
            name=row["table"],
            kind=_kind(row["kind"]),
            parent=row["parent"],
            optional=row["optional"] == "yes",
            placed_by=row["placed_by"],
            description=row["description"],
            columns=tuple(columns[row["table"]]),
        )
        for row in csv.DictReader(texts["tables.csv"].splitlines())
    )
    # Reference tables are left out: they are in no zip, so no zip is out of date when they change.
    published = repr([table for table in tables if table.kind != "reference"])
    return Catalog(tables, hashlib.sha256(published.encode()).hexdigest()[:12])


def _kind(text: str) -> Kind:
    if text in ("data", "code", "reference"):
        return text  # type: ignore[return-value]  # mypy does not narrow a str to a Literal by `in`
    raise ValueError(f"tables.csv: kind is {text!r}; allowed are data, code, reference")


@cache
def nibrs_catalog() -> Catalog:
    """The catalog of this repository."""
    return read_catalog(catalog_folder())
