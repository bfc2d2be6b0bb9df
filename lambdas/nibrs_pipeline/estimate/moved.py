"""Which numbers of a year moved when its estimates were made anew: two files of all numbers, compared."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel, ConfigDict

if TYPE_CHECKING:
    import duckdb

_MEMORY = "400MB"
#: Numbers that are named; the others are counted.
_NAMED = 100
#: A number is the same if it is the same when written as a whole one.
_ROUNDING = 0.5

#: Counts of both files, by their keys. A number moved if the step is larger than the error it had, and half a unit.
_COMPARED = """
CREATE TEMP VIEW compared AS
SELECT b.estimate IS NOT NULL AS was_there, a.estimate IS NOT NULL AS is_there,
       coalesce(a.geography_name, b.geography_name) AS geography_name,
       coalesce(a.geography_kind, b.geography_kind) AS geography_kind,
       geography, agency_group, variable,
       coalesce(a."table", b."table") AS "table", coalesce(a.characteristic, b.characteristic) AS characteristic,
       coalesce(a.offense, b.offense) AS offense, coalesce(a.unit, b.unit) AS unit,
       b.estimate AS before, b.standard_error AS error_before, b.for_release AS released_before,
       a.estimate AS after, a.standard_error AS error_after, a.for_release AS released_after,
       CASE WHEN b.standard_error IS NOT NULL
            THEN abs(a.estimate - b.estimate) / greatest(b.standard_error, {rounding}) END AS steps,
       a.estimate NOT BETWEEN b.lower_95 - {rounding} AND b.upper_95 + {rounding} AS outside
FROM (FROM read_parquet($before) WHERE statistic = 'count') b
FULL JOIN (FROM read_parquet($after) WHERE statistic = 'count') a
USING (geography, agency_group, variable)
"""
_COUNTS = """
SELECT count(*) FILTER (was_there AND is_there), count(*) FILTER (is_there AND NOT was_there),
       count(*) FILTER (was_there AND NOT is_there),
       count(*) FILTER (steps > 1), count(*) FILTER (steps > 1 AND outside),
       count(*) FILTER (released_after AND NOT released_before),
       count(*) FILTER (released_before AND NOT released_after)
FROM compared
"""
#: Totals of whole geographies are named, those that moved by the most errors first.
_LARGEST = """
SELECT geography, geography_name, "table", offense, unit, variable, before, error_before, after, error_after,
       coalesce(released_after, false) AS for_release, coalesce(outside, false) AS outside
FROM compared
WHERE steps > 1 AND agency_group = 'all agencies' AND characteristic = 'Total'
ORDER BY round(steps, 6) DESC, geography, variable
LIMIT {named}
"""


class _Record(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore")


class MovedNumber(_Record):
    """A total that moved by more than its standard error.

    Attributes:
        before: the estimate that was published, ``after`` the one that is, each with its standard error.
        outside: whether the new estimate lies outside the 95 % interval that was published.
    """

    geography: str
    geography_name: str
    table: str
    offense: str
    unit: str
    variable: str
    before: float
    error_before: float
    after: float
    error_after: float | None
    for_release: bool
    outside: bool


class Moved(_Record):
    """What differs between the counts of two versions of a year's estimates.

    Attributes:
        compared: counts that both have; ``came`` those that only the later one has, ``went`` only the earlier one.
        moved: of those compared, how many moved by more than the standard error that was published; ``outside`` how
            many of them left the 95 % interval that was published. Counts that had no error are not among them.
        released: counts that may be quoted now and might not before; ``withheld`` the reverse.
        largest: totals of geographies that moved, by the most standard errors first; not all of them if there are many.
    """

    compared: int
    came: int
    went: int
    moved: int
    outside: int
    released: int
    withheld: int
    largest: tuple[MovedNumber, ...]


def moved_numbers(before: Path, after: Path) -> Moved | None:
    """Compare the counts of two Parquet files of all numbers of a year; None if one of them cannot be read as such.

    Args:
        before: the file as it was published; in a folder where there is space for what does not fit into memory.
        after: the file that replaces it.
    """
    # Only this needs it, and it takes a while to load.
    import duckdb  # noqa: PLC0415

    settings: dict[str, str | bool | int | float | list[str]] = {
        "threads": 1,
        "memory_limit": _MEMORY,
        "temp_directory": str(before.parent / "duckdb"),
    }
    with duckdb.connect(config=settings) as connection:
        try:
            _prepare(connection, before, after)
            counts = connection.execute(_COUNTS).fetchall()[0]
            rows = connection.execute(_LARGEST.format(named=_NAMED)).fetchall()
        except (duckdb.IOException, duckdb.InvalidInputException, duckdb.BinderException):
            return None
        names = [column[0] for column in connection.description or []]
    numbers = tuple(_number(dict(zip(names, row, strict=True))) for row in rows)
    fields = ("compared", "came", "went", "moved", "outside", "released", "withheld")
    return Moved(**dict(zip(fields, counts, strict=True)), largest=numbers)


def _prepare(connection: "duckdb.DuckDBPyConnection", before: Path, after: Path) -> None:
    statement = _COMPARED.format(rounding=_ROUNDING)
    for name, path in (("$before", before), ("$after", after)):
        statement = statement.replace(name, "'" + str(path).replace("'", "''") + "'")
    connection.execute(statement)


def _number(row: dict[str, Any]) -> MovedNumber:
    rounded = {name: round(value, 2) if isinstance(value, float) else value for name, value in row.items()}
    return MovedNumber(**rounded)
