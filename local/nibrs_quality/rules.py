"""Whether records keep the rules: the catalog's keys and references, and those in ``code_tables/rules``."""

from dataclasses import dataclass
from functools import cache
from importlib.resources import files

import duckdb
from nibrs_loading.domains import domains
from nibrs_loading.sql_blocks import read_blocks
from nibrs_pipeline.catalog import Catalog

_FOLDER = files("code_tables") / "rules"
_EXAMPLES = 3
#: Tables with their codes and rules, which the checks ask.
_VIEWS = f"""
CREATE OR REPLACE TABLE offense_rule AS SELECT * FROM read_csv('{_FOLDER / "offenses.csv"}', all_varchar = true);
CREATE OR REPLACE TABLE exclusive AS SELECT * FROM read_csv('{_FOLDER / "exclusive_offenses.csv"}', all_varchar = true);
CREATE OR REPLACE VIEW offense AS
    SELECT o.*, t.offense_code AS code, t.crime_against, coalesce(r.weapon = 'yes', false) AS weapon,
           coalesce(r.activity, '') AS activity, coalesce(r.injury = 'yes', false) AS injury,
           coalesce(r.circumstances = 'yes', false) AS circumstances,
           coalesce(r.relationship = 'yes', false) AS relationship, coalesce(r.property = 'yes', false) AS property,
           coalesce(r.entry = 'yes', false) AS entry
    FROM nibrs_offense o JOIN nibrs_offense_type t USING (offense_type_id)
    LEFT JOIN offense_rule r ON r.offense_code = t.offense_code;
CREATE OR REPLACE VIEW victim AS
    SELECT v.*, t.victim_type_code AS type FROM nibrs_victim v JOIN nibrs_victim_type t USING (victim_type_id);
CREATE OR REPLACE VIEW offender AS SELECT * FROM nibrs_offender;
"""


@dataclass(frozen=True)
class Check:
    """A rule, as a query for the key of each row that breaks it and what is wrong with it."""

    name: str
    group: str
    of: str
    query: str


@dataclass(frozen=True)
class Finding:
    """The result of a check: ``broken`` of ``checked`` rows, and a few of them."""

    check: Check
    broken: int
    checked: int
    examples: tuple[str, ...]


@cache
def checks() -> tuple[Check, ...]:
    """The rules of checks.sql."""
    text = (_FOLDER / "checks.sql").read_text(encoding="utf-8")
    return tuple(
        Check(block.fields["check"], block.fields["group"], block.fields["of"], block.query)
        for block in read_blocks(text, "check")[1]
    )


def key_checks(catalog: Catalog) -> tuple[Check, ...]:
    """Keys that occur twice, and references to rows that are missing, for every table."""
    found = []
    for table in catalog.published:
        key = ", ".join(table.primary_key)
        found.append(
            Check(
                f"{table.name}: key twice",
                "keys",
                table.name,
                f"SELECT {table.primary_key[0]}, count(*) || ' rows' FROM {table.name} "
                f"WHERE {table.primary_key[0]} IS NOT NULL GROUP BY {key} HAVING count(*) > 1",
            )
        )
        for column in table.columns:
            target = catalog.get(column.references)
            if target is not None and target.kind != "reference":
                found.append(
                    Check(
                        f"{table.name}: {column.name} is not in {target.name}",
                        "keys",
                        table.name,
                        f"SELECT t.{column.name}, '{column.name} ' || t.{column.name} FROM {table.name} t ANTI JOIN "
                        f"{target.name} r ON r.{target.primary_key[0]} = t.{column.name} "
                        f"WHERE t.{column.name} IS NOT NULL",
                    )
                )
    return tuple(found)


def domain_checks(catalog: Catalog) -> tuple[Check, ...]:
    """Values that do not lie between those of ``code_tables/rules/domains.csv``."""
    return tuple(
        Check(
            f"{domain.table}: {domain.column} out of range",
            "dates and values",
            domain.table,
            f"SELECT {catalog[domain.table].primary_key[0]}, '{domain.column} ' || {domain.column} FROM {domain.table} "
            f"WHERE {domain.column} NOT BETWEEN '{domain.least}' AND '{domain.most}'",
        )
        for domain in domains()
    )


def findings(connection: duckdb.DuckDBPyConnection, catalog: Catalog) -> list[Finding]:
    """Ask all checks of a zip's tables (see ``nibrs_loading.zip_database``)."""
    prepare(connection)
    return [finding(connection, check) for check in all_checks(catalog)]


def all_checks(catalog: Catalog) -> tuple[Check, ...]:
    """Every check there is."""
    return (*key_checks(catalog), *checks(), *domain_checks(catalog))


def prepare(connection: duckdb.DuckDBPyConnection) -> None:
    """Make the views that the checks ask."""
    connection.execute(_VIEWS)


def finding(connection: duckdb.DuckDBPyConnection, check: Check) -> Finding:
    """Ask one check, of tables that are prepared."""
    broken = _one(connection, f"SELECT count(*) FROM ({check.query})")
    examples: tuple[str, ...] = ()
    if broken:
        rows = connection.execute(
            f"SELECT CAST(key AS varchar) || ': ' || detail FROM ({check.query}) t (key, detail) "
            f"ORDER BY key LIMIT {_EXAMPLES}"
        ).fetchall()
        examples = tuple(row[0] for row in rows)
    return Finding(check, broken, _one(connection, f"SELECT count(*) FROM {check.of}"), examples)


def _one(connection: duckdb.DuckDBPyConnection, query: str) -> int:
    row = connection.execute(query).fetchone()
    return int(row[0]) if row else 0
