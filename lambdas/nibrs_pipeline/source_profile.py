"""Source profiles: what the database calls things.

The catalog has the tables of the Crime Data Explorer's schema. A profile says how a database with another schema gives
each of them: a query per table, which stands before the statements that name the table (``WITH``), so that no statement
has to know. The facts stand in ``code_tables/profiles/<name>/``; this module is their only reader:

* ``schema.csv``: the relations and columns that are read, who names them, and the values that they may have: words, a
  code table whose code they are, or a column of a list;
* ``tables.csv`` and ``columns.csv``: tables of the catalog that come from one relation, column by column;
* ``<table>.sql``: tables that come from several; they may name other tables of the catalog;
* ``reference/<file>.sql``: queries of the reference extract that are asked otherwise.

In queries ``{relation.column}`` is the value of ``t.column``, and ``{relation.column, x}`` that of ``x``: a code
becomes the identifier that it has in the code table. A value that is not among those of schema.csv ends the query with
an error that names it.
"""

import csv
import hashlib
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cache
from importlib.resources import files
from importlib.resources.abc import Traversable

from nibrs_pipeline.catalog import Catalog, Column, Table, nibrs_catalog
from nibrs_pipeline.code_columns import code_columns
from nibrs_pipeline.database.relations import Relation, Relations, deciding_relations
from nibrs_pipeline.database.sql import identifier, literal
from nibrs_pipeline.errors import BadRequest

#: The profile of the catalog's own schema.
EXPLORER = "cde"
#: What a query says before and after the reason for which it ends itself.
REFUSAL = ("SourceUnfit: ", " |")

_TEXTS = ("char", "varchar", "text")
_IS_YEARS = "(t.age_code::text ~ '^[0-9][0-9]$' AND t.age_code::text NOT IN ('00', '99'))"


@dataclass(frozen=True)
class SourceColumn:
    """A column of the database's own schema.

    Attributes:
        type: PostgreSQL's; another one of the same kind will do.
        published: whether public sources name it; what they do not name is assumed.
        values: the values that it may have: words, a code table, ``list.column``, or ''.
    """

    name: str
    type: str
    published: bool
    values: str


@dataclass(frozen=True)
class SourceProfile:
    """How a database gives the tables of the catalog; ``version`` changes when the way does.

    Attributes:
        schema: the schema that relations are in; '' for the catalog's own tables.
        relations: columns by relation, without the schema.
        shapes: by table of the catalog, the query that gives it; a table without one is read by its own name.
        references: by file, queries of the reference extract instead of those of ``code_tables/reference``.
        lines: names of offense and breakdown of the lines of Return A, one of them may be ''.
    """

    name: str
    schema: str = ""
    version: str = ""
    relations: Mapping[str, tuple[SourceColumn, ...]] = field(default_factory=dict)
    shapes: Mapping[str, str] = field(default_factory=dict)
    references: Mapping[str, str] = field(default_factory=dict)
    lines: tuple[tuple[str, str], ...] = ()

    def missing_lines_query(self) -> str:
        """Names of lines of Return A that the database does not have; '' if the profile names none."""
        if not self.lines:
            return ""
        rows = ", ".join(f"({_text(offense)}, {_text(breakdown)})" for offense, breakdown in self.lines)
        return (
            f"SELECT coalesce(r.breakdown_name, r.offense_name) FROM (VALUES {rows}) r (offense_name, breakdown_name)\n"
            f"WHERE NOT EXISTS (SELECT FROM {identifier(self.schema)}.lkup_srs_offense l\n"
            "  WHERE l.breakdown_name::text = r.breakdown_name OR l.offense_name::text = r.offense_name)"
        )

    def shaped(self, statement: str) -> str:
        """A statement, after the queries of those tables that it names."""
        needed = self._needed(_names(statement) & self.shapes.keys())
        if not needed:
            return statement
        queries = ",\n".join(f"{name} AS NOT MATERIALIZED (\n{self.shapes[name]}\n)" for name in needed)
        found = _BEGINNING.match(statement)
        head = found[0] if found else ""
        rest = statement[len(head) :]
        if following := re.match(r"WITH (?:RECURSIVE )?", rest):
            return f"{head}{following[0]}{queries},\n{rest[following.end() :]}"
        return f"{head}WITH {queries}\n{rest}"

    def read_of(self, tables: Iterable[str]) -> dict[str, tuple[Relation, ...]]:
        """The relations that tables of the catalog are read from, of those that have a shape."""
        return {
            name: tuple(
                Relation(f"{identifier(self.schema)}.{identifier(each)}", tuple(c.name for c in self.relations[each]))
                for each in self.relations_of(name)
            )
            for name in tables
            if name in self.shapes
        }

    def relations_of(self, table: str) -> list[str]:
        """Names of the relations that a table of the catalog, or a file of the reference extract, is read from."""
        first = self.shapes.get(table, self.references.get(table, ""))
        named = [*self._needed(_names(first) & self.shapes.keys()), *([table] if table in self.shapes else [])]
        texts = [first, *(self.shapes[name] for name in named)]
        found = {name for text in texts for name in re.findall(rf"\b{self.schema}\.(\w+)", text)} if self.schema else {}
        return sorted(found)

    def deciding(self, catalog: Catalog) -> Relations:
        """What is read of all tables whose rows decide what a zip holds."""
        return deciding_relations(catalog) | self.read_of(table.name for table in catalog.deciding_tables)

    def _needed(self, names: Iterable[str]) -> list[str]:
        """Tables with shapes, and those that their shapes name, each after those that it names."""
        ordered: dict[str, None] = {}
        for name in sorted(names):
            inner = _names(self.shapes[name]) & self.shapes.keys() - {name}
            ordered |= dict.fromkeys([*self._needed(inner), name])
        return list(ordered)


#: What stands before a query: COPY, EXPLAIN, comments.
_BEGINNING = re.compile(r"(?:COPY \(\s*|EXPLAIN \([^)]*\)\s*)?(?:\s*--[^\n]*\n)*\s*")


def _names(statement: str) -> set[str]:
    """Words of a statement that may be names of tables: not qualified, and not within text or comments."""
    plain = re.sub(r"'(?:[^']|'')*'|--[^\n]*", "", statement)
    return set(re.findall(r"(?<![.\w])[a-z_]\w*(?!\w|\.)", plain))


def source_profile(name: str) -> SourceProfile:
    """The profile of that name.

    Raises:
        BadRequest: there is none.
    """
    if name not in profile_names():
        raise BadRequest(f"SOURCE_PROFILE is {name!r}: it has to be {' or '.join(map(repr, profile_names()))}")
    return _read(name)


def profile_names() -> tuple[str, ...]:
    """The profiles that there are, the catalog's own schema first."""
    folder = files("code_tables") / "profiles"
    return EXPLORER, *sorted(each.name for each in folder.iterdir() if each.is_dir())


@cache
def _read(name: str) -> SourceProfile:
    if name == EXPLORER:
        return SourceProfile(EXPLORER)
    return read_profile(name, files("code_tables") / "profiles" / name, nibrs_catalog())


def read_profile(name: str, folder: Traversable, catalog: Catalog) -> SourceProfile:
    """Read a profile's folder."""
    relations: dict[str, tuple[SourceColumn, ...]] = {}
    for row in _rows(folder / "schema.csv"):
        column = SourceColumn(row["column"], row["type"], row["named_by"] == "published", row["values"])
        relations[row["relation"]] = (*relations.get(row["relation"], ()), column)
    writer = _Writer(name, relations, catalog, folder)
    shapes = {table.name: _list_of(table) for table in catalog.code_tables}
    values: dict[str, dict[str, str]] = {}
    for row in _rows(folder / "columns.csv"):
        values.setdefault(row["table"], {})[row["column"]] = row["value"]
    for row in _rows(folder / "tables.csv"):
        table = catalog[row["table"]]
        shapes[table.name] = writer.of_one(table, row["relation"], row["condition"], values[table.name])
    shapes |= writer.texts(folder)
    references = writer.texts(folder / "reference")
    said = repr(sorted(shapes.items()))
    version = hashlib.sha256(said.encode()).hexdigest()[:12]
    lines = tuple((row["offense_name"], row["breakdown_name"]) for row in _rows(folder / "return_a_lines.csv"))
    return SourceProfile(name, name, version, relations, shapes, references, lines)


@dataclass(frozen=True)
class _Writer:
    """Writes the queries of a profile."""

    schema: str
    relations: Mapping[str, tuple[SourceColumn, ...]]
    catalog: Catalog
    folder: Traversable

    def of_one(self, table: Table, relation: str, condition: str, values: Mapping[str, str]) -> str:
        """The query of a table that comes from one relation; columns without a value are empty."""
        columns = ",\n       ".join(
            f"{self._value(column, relation, values.get(column.name, ''))} AS {identifier(column.name)}"
            for column in table.columns
        )
        where = f"\nWHERE {condition}" if condition else ""
        return f"SELECT {columns}\nFROM {self.schema}.{relation} t{where}"

    def texts(self, folder: Traversable) -> dict[str, str]:
        """The queries of a folder, by their files' names."""
        return {
            each.name.removesuffix(".sql"): self._filled(each.read_text(encoding="utf-8").rstrip())
            for each in folder.iterdir()
            if each.name.endswith(".sql")
        }

    def _value(self, column: Column, relation: str, value: str) -> str:
        if not value:
            return f"NULL::{column.type}"
        if not re.fullmatch(r"\w+", value):
            text = re.sub(r"\{(\w+)\}", rf"{{{relation}.\1}}", value).replace(":is_years", _IS_YEARS)
            return self._filled(text, required=not column.nullable)
        source = self._column(relation, value)
        if source.values:
            return self._decoded(relation, source, f"t.{identifier(value)}", required=not column.nullable)
        kind = column.type.partition("(")[0]
        if kind in _TEXTS:
            return f"t.{identifier(value)}::text"
        return f"t.{identifier(value)}" + (f"::{kind}" if kind in ("timestamp", "double precision") else "")

    def _filled(self, text: str, required: bool = False) -> str:
        def coded(found: re.Match[str]) -> str:
            relation, name, expression = found[1], found[2], found[3]
            source = self._column(relation, name)
            return self._decoded(relation, source, expression or f"t.{identifier(name)}", required)

        filled = re.sub(r"\{(\w+)\.(\w+)(?:, ([^}]+))?\}", coded, text)
        filled = re.sub(r"\blist\((\w+)\)", lambda found: f"({_list_of(self.catalog[found[1]])})", filled)
        return filled.replace(":lines", self._lines()) if ":lines" in filled else filled

    def _column(self, relation: str, name: str) -> SourceColumn:
        found = next((each for each in self.relations.get(relation, ()) if each.name == name), None)
        if found is None:
            raise ValueError(f"schema.csv of {self.schema} has no column {relation}.{name}")
        return found

    def _decoded(self, relation: str, column: SourceColumn, expression: str, required: bool) -> str:
        """The identifier of a code, or a value that is checked; text without blanks around it, empty text is none."""
        text = f"nullif(btrim({expression}::text), '')"
        begin, end = REFUSAL
        place = f"{self.schema}.{relation}.{column.name}"
        where, kind, known = self._known(column)
        told = literal(f"{begin}{place} has the value '")
        remedy = literal(f"', which is not among those of {where}; correct the row, or add the value there{end}")
        refused = f"({told} || {text} || {remedy})::integer{kind}"
        empty = "NULL"
        if required:
            # The value itself keeps the planner from working it out before it reads a row.
            reason = f"{begin}{place} is empty in a row that needs a value; correct the row{end}"
            empty = f"({literal(reason)} || coalesce({text}, ''))::integer{kind}"
        cases = " ".join(f"WHEN {literal(code)} THEN {value}" for code, value in known)
        return f"CASE WHEN {text} IS NULL THEN {empty} ELSE CASE {text} {cases} ELSE {refused} END END"

    def _known(self, column: SourceColumn) -> tuple[str, str, list[tuple[str, str]]]:
        """Where the values of a column are listed, the type that they become, and what each of them becomes."""
        codes = code_columns()
        if column.values in codes:
            [key], code = self.catalog[column.values].primary_key, codes[column.values].code
            rows = _rows(_lists() / f"{column.values}.csv")
            return f"code_tables/lists/{column.values}.csv", "", [(row[code], row[key]) for row in rows]
        name, _, listed = column.values.partition(".")
        if listed:
            values = [row[listed] for row in _rows(_lists() / f"{name}.csv")]
            where = f"code_tables/lists/{name}.csv"
        else:
            values = column.values.split()
            where = f"code_tables/profiles/{self.schema}/schema.csv"
        return where, "::text", [(value, literal(value)) for value in dict.fromkeys(values)]

    def _lines(self) -> str:
        """The lines of Return A: identifier, names of offense and breakdown; a name that does not matter is null."""
        numbers = {
            row["offense_subcat_code"]: row["offense_subcat_id"] for row in _rows(_lists() / "reta_offense_subcat.csv")
        }
        rows = ", ".join(
            f"({numbers[row['offense_subcat_code']]}, {_text(row['offense_name'])}, {_text(row['breakdown_name'])})"
            for row in _rows(self.folder / "return_a_lines.csv")
        )
        return f"(SELECT * FROM (VALUES {rows}) v (offense_subcat_id, offense_name, breakdown_name))"


def _lists() -> Traversable:
    return files("code_tables") / "lists"


def _list_of(table: Table) -> str:
    """The rows of a list, in the types of the catalog's table."""
    rows = _rows(_lists() / table.csv_name)
    names = list(rows[0])
    types = {column.name: column.type for column in table.columns}
    columns = ", ".join(f"v.{identifier(name)}::{types[name]} AS {identifier(name)}" for name in names)
    values = ",\n  ".join("(" + ", ".join(_text(row[name]) for name in names) + ")" for row in rows)
    return f"SELECT {columns}\nFROM (VALUES\n  {values}\n) v ({', '.join(map(identifier, names))})"


def _text(value: str) -> str:
    return literal(value) if value else "NULL"


def _rows(path: Traversable) -> list[dict[str, str]]:
    return list(csv.DictReader(path.read_text(encoding="utf-8").splitlines()))
