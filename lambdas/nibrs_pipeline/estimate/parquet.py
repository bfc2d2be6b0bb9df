"""Parquet of a CSV file whose columns' types are known."""

import csv
import io
from pathlib import Path

_TYPES = {"character": "VARCHAR", "integer": "INTEGER", "numeric": "DOUBLE", "logical": "BOOLEAN"}
#: DuckDB takes four fifths of the machine's memory otherwise.
_MEMORY = "800MB"


def write_parquet(source: Path, columns: bytes, target: Path) -> None:
    """Write a CSV file, packed by gzip or not, as Parquet: the same rows in the same order, the same bytes each time.

    Args:
        columns: CSV with the columns ``column`` and ``type`` (character, integer, numeric or logical), in the order of
            the file's columns.
        target: in a folder where there is space for what does not fit into memory.
    """
    # Only this needs it, and it takes a while to load.
    import duckdb  # noqa: PLC0415

    types = {row["column"]: _TYPES[row["type"]] for row in csv.DictReader(io.StringIO(columns.decode()))}
    settings: dict[str, str | bool | int | float | list[str]] = {
        "threads": 1,
        "memory_limit": _MEMORY,
        "temp_directory": str(target.parent / "duckdb"),
    }
    with duckdb.connect(config=settings) as connection:
        rows = connection.read_csv(
            str(source), header=True, columns=types, delimiter=",", quotechar='"', escapechar='"', na_values=""
        )
        rows.write_parquet(str(target), compression="zstd")
