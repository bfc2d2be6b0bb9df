"""Parquet of the file of all numbers, whose columns' types the stage report says."""

import csv
import io
from pathlib import Path

from nibrs_pipeline.archive.parquet import ParquetWriter

_TYPES = {"character": "VARCHAR", "integer": "INTEGER", "numeric": "DOUBLE", "logical": "BOOLEAN"}


def write_parquet(source: Path, columns: bytes, target: Path) -> None:
    """Write a CSV file, packed by gzip or not, as Parquet: the same rows in the same order, the same bytes each time.

    Args:
        columns: CSV with the columns ``column`` and ``type`` (character, integer, numeric or logical), in the order of
            the file's columns.
        target: in a folder where there is space for what does not fit into memory.
    """
    types = {row["column"]: _TYPES[row["type"]] for row in csv.DictReader(io.StringIO(columns.decode()))}
    with ParquetWriter(target.parent) as writer:
        writer.write(source, types, target)
