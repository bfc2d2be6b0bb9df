"""CSV of PostgreSQL becomes Parquet of the same values, whatever stands in them."""

from datetime import datetime
from pathlib import Path

import duckdb
import pytest
from nibrs_pipeline.archive.parquet import ParquetWriter

TYPES = {"id": "BIGINT", "name": "VARCHAR", "flag": "VARCHAR", "at": "TIMESTAMP", "x": "DOUBLE"}
ROWS = {
    "": [],
    ",,,,\n": [(None,) * 5],
    '1,"a ""q"", b\nline two",,1899-12-31 00:00:00,-110.5\n': [
        (1, 'a "q", b\nline two', None, datetime(1899, 12, 31), -110.5)
    ],
    '2,"",N ,,\n': [(2, "", "N ", None, None)],
    "3,Ünïcode é,NULL,2016-01-01 23:59:59.123456,1e300\n": [
        (3, "Ünïcode é", "NULL", datetime(2016, 1, 1, 23, 59, 59, 123456), 1e300)
    ],
    '4,"  spaced  ",\\N,,\n': [(4, "  spaced  ", "\\N", None, None)],
    '9223372036854775807,#hash,"a\r\nb",,0\n': [(9223372036854775807, "#hash", "a\r\nb", None, 0.0)],
    "5,007,a;b|c,,\n": [(5, "007", "a;b|c", None, None)],
}


def written(folder: Path, text: str) -> list[tuple[object, ...]]:
    source, target = folder / "table.csv", folder / "table.parquet"
    source.write_text("id,name,flag,at,x\n" + text, encoding="utf-8", newline="")
    with ParquetWriter(folder) as writer:
        writer.write(source, TYPES, target)
    return duckdb.sql(f"FROM '{target}'").fetchall()


@pytest.mark.parametrize("text", ROWS)
def test_values_are_what_the_database_says(tmp_path: Path, text: str) -> None:
    assert written(tmp_path, text) == ROWS[text]


def test_a_value_that_comes_late_is_read_as_one_that_comes_first(tmp_path: Path) -> None:
    many = "".join(f"{number},abc,d,,\n" for number in range(30_000))
    assert written(tmp_path, many + "".join(ROWS))[30_000:] == [row for rows in ROWS.values() for row in rows]


def test_columns_that_are_left_out_are_not_there(tmp_path: Path) -> None:
    written(tmp_path, "1,a,b,,\n")
    with ParquetWriter(tmp_path) as writer:
        writer.write(tmp_path / "table.csv", TYPES, tmp_path / "less.parquet", {"flag", "another"})
    assert duckdb.sql(f"FROM '{tmp_path / 'less.parquet'}'").columns == ["id", "name", "at", "x"]
