"""Makes ``shares/shares.csv`` from published zips: the distributions that incidents are drawn from.

    python -m nibrs_simulation.fit AZ-2016.zip LA-2013.zip DC-2018.zip VT-2024.zip

Only shares are taken from zips, none from fewer than three incidents. docs/simulation.md says what they model.
"""

import csv
import sys
from collections.abc import Iterator
from functools import cache
from importlib.resources import files
from pathlib import Path

import duckdb
from nibrs_loading.sql_blocks import read_blocks
from nibrs_loading.zip_database import open_zip
from nibrs_pipeline.catalog import nibrs_catalog

FOLDER = files("nibrs_simulation") / "shares"
_RULES = files("code_tables") / "rules" / "offenses.csv"
#: A value is left out if fewer incidents of the pooled files have it.
_LEAST = 3
#: A condition that fewer records have gets the distribution of all ("*").
_LEAST_OF_CONDITION = 20

#: The offense that an incident is known by: the first of these.
_PRIMARY = (
    "09A", "09B", "11A", "11B", "11C", "120", "13A", "64A", "64B", "100", "11D", "36A", "36B", "13B", "13C", "09C",
    "200", "220", "240", "23A", "23B", "23C", "23D", "23E", "23F", "23G", "23H",
)  # fmt: skip


@cache
def _questions() -> tuple[str, dict[str, str], dict[str, str]]:
    """The views of fit.sql, and its queries for shares and for amounts, by attribute."""
    text = (files("nibrs_simulation") / "fit.sql").read_text(encoding="utf-8")
    views, blocks = read_blocks(text, "shares|amounts")
    shares, amounts = (
        {block.fields[kind]: block.query for block in blocks if kind in block.fields} for kind in ("shares", "amounts")
    )
    return views.replace(":primary", str(list(_PRIMARY))), shares, amounts


def prepare(source: duckdb.DuckDBPyConnection) -> None:
    """Make the views of fit.sql over the tables of a zip."""
    if not source.execute("SELECT 1 FROM duckdb_views() WHERE view_name = 'nibrs_grpb_arrest'").fetchall():
        source.execute(
            "CREATE TABLE nibrs_grpb_arrest (offense_type_id bigint, age_id bigint, age_num integer, sex_code varchar)"
        )
    source.execute(f"CREATE VIEW rules AS SELECT * FROM read_csv('{_RULES}', all_varchar = true)")
    source.execute(_questions()[0])


def answers(source: duckdb.DuckDBPyConnection, attribute: str) -> list[tuple[str, str, int]]:
    """How often each value of an attribute occurs under each condition, in tables that are prepared."""
    return source.execute(
        "SELECT CAST(condition AS varchar), CAST(value AS varchar), count(*) "
        f"FROM ({_questions()[1][attribute]}) t (condition, value) "
        "WHERE value IS NOT NULL AND condition IS NOT NULL GROUP BY ALL ORDER BY ALL"
    ).fetchall()


def pooled(paths: list[Path]) -> duckdb.DuckDBPyConnection:
    """Two tables with the answers of all zips: ``answers`` (attribute, condition, value) and ``amounts``."""
    pool = duckdb.connect()
    pool.execute("CREATE TABLE answers (attribute varchar, condition varchar, value varchar, number bigint)")
    pool.execute("CREATE TABLE amounts (attribute varchar, condition varchar, value double)")
    for path in paths:
        source = open_zip(path, nibrs_catalog())
        prepare(source)
        for attribute in _questions()[1]:
            if rows := answers(source, attribute):
                pool.executemany("INSERT INTO answers VALUES (?, ?, ?, ?)", [(attribute, *row) for row in rows])
        for attribute, question in _questions()[2].items():
            measured = source.sql(f"SELECT '{attribute}', * FROM ({question})").to_arrow_table()
            pool.execute("INSERT INTO amounts SELECT * FROM measured")
            del measured
        source.close()
    return pool


def shares_of(pool: duckdb.DuckDBPyConnection) -> Iterator[tuple[str, str, str, str]]:
    """Rows of shares.csv: attribute, condition, value, share; ``*`` stands for any first part of a condition."""
    conditions = (
        "SELECT attribute, condition, value, sum(number) AS number FROM answers GROUP BY ALL UNION ALL "
        "SELECT attribute, regexp_replace(condition, '^[^|]*', '*'), value, sum(number) FROM answers "
        "WHERE condition <> '' GROUP BY ALL"
    )
    yield from pool.execute(
        "SELECT attribute, condition, value, format('{:.5f}', number / sum(number) OVER w) FROM "
        f"(SELECT *, sum(number) OVER (PARTITION BY attribute, condition) AS total FROM ({conditions})) "
        f"WHERE number >= {_LEAST} AND (total >= {_LEAST_OF_CONDITION} OR condition LIKE '*%' OR condition = '') "
        "WINDOW w AS (PARTITION BY attribute, condition) ORDER BY 1, 2, 4 DESC, 3"
    ).fetchall()


def amounts_of(pool: duckdb.DuckDBPyConnection) -> Iterator[tuple[str, str, str, str]]:
    """Rows of amounts.csv: attribute, condition, mean and standard deviation of the logarithm."""
    yield from pool.execute(
        "SELECT attribute, condition, format('{:.3f}', avg(ln(value))), "
        "format('{:.3f}', coalesce(stddev(ln(value)), 1)) FROM (SELECT * FROM amounts "
        "UNION ALL SELECT attribute, regexp_replace(condition, '^[^|]*', '*'), value FROM amounts) "
        f"GROUP BY ALL HAVING count(*) >= {_LEAST_OF_CONDITION} ORDER BY 1, 2"
    ).fetchall()


def main(arguments: list[str]) -> None:
    """Write both files from the zips that are named."""
    pool = pooled([Path(argument) for argument in arguments])
    for name, header, rows in (
        ("shares", ("attribute", "condition", "value", "share"), shares_of(pool)),
        ("amounts", ("attribute", "condition", "log_mean", "log_sd"), amounts_of(pool)),
    ):
        with (Path(str(FOLDER)) / f"{name}.csv").open("w", encoding="utf-8", newline="") as file:
            writer = csv.writer(file, lineterminator="\n")
            writer.writerow(header)
            writer.writerows(rows)


if __name__ == "__main__":
    main(sys.argv[1:])
