"""What docs/which-file.md tells readers to type, typed."""

import csv
import io
import os
import re
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import chdir
from pathlib import Path
from typing import Any

import duckdb
import pandas as pd
import polars as pl
from nibrs_engine.container_tasks import r_library

PAGE = Path(__file__).parents[1] / "docs" / "which-file.md"

Rows = list[list[str]]


def blocks(language: str, names: Mapping[str, str]) -> list[str]:
    """The page's blocks of a language on estimates, with other names in place of some."""
    return _blocks(language, names, of_estimates=True)


def set_blocks(language: str, names: Mapping[str, str]) -> list[str]:
    """The same on the set of all state-years."""
    return _blocks(language, names, of_estimates=False)


def _blocks(language: str, names: Mapping[str, str], of_estimates: bool) -> list[str]:
    estimates, _, whole_set = PAGE.read_text(encoding="utf-8").partition("## All state-years in one set")
    found = re.findall(rf"```{language}\n(.*?)```", estimates if of_estimates else whole_set, re.DOTALL)
    return [re.sub("|".join(names), lambda name: names[name[0]], block).strip() for block in found]


def in_polars(folder: Path, names: Mapping[str, str]) -> Iterator[Rows]:
    """What each question's line says, after the block that reads the file."""
    reading, _, *questions = blocks("python", names)
    known: dict[str, Any] = {"pl": pl}
    with chdir(folder):
        exec(reading, known)
    for question in questions:
        yield [[_text(value) for value in row] for row in eval(question, known).rows()]


def in_sql(folder: Path, names: Mapping[str, str]) -> Iterator[Rows]:
    """The same by DuckDB."""
    reading, *questions = blocks("sql", names)
    with chdir(folder), duckdb.connect() as connection:
        connection.execute(reading)
        for question in questions:
            yield [[_text(value) for value in row] for row in connection.execute(question).fetchall()]


def in_r(folder: Path, names: Mapping[str, str]) -> Iterator[Rows]:
    """The same by data.table."""
    reading, *questions = blocks("r", names)
    shown = [f'cat("{_BETWEEN}\\n"); fwrite({question})' for question in questions]
    code = "\n".join(["library(data.table)", reading, *shown])
    environment = {**os.environ, "R_LIBS": str(r_library()), "LANG": "C.UTF-8"}
    done = subprocess.run(
        ["Rscript", "-e", code], cwd=folder, env=environment, capture_output=True, text=True, check=True
    )
    for part in done.stdout.split(f"{_BETWEEN}\n")[1:]:
        yield [[_text(value) for value in row] for row in list(csv.reader(io.StringIO(part)))[1:]]


def by_pandas(folder: Path, names: Mapping[str, str]) -> tuple[pd.DataFrame, pd.DataFrame]:
    """The file as pandas reads it: Parquet, and the CSV file that the comment names."""
    block = blocks("python", names)[1]
    from_csv = re.search(r"# or (pd\.read_csv\(.*?\))$", block)
    assert from_csv
    known: dict[str, Any] = {}
    with chdir(folder):
        exec(block, known)
        return known["estimates"], eval(from_csv[1], known)


_BETWEEN = "next question"


def _text(value: object) -> str:
    """A value as it can be compared between languages."""
    text = str(value)
    try:
        return f"{float(text):.9g}"
    except ValueError:
        return text.lower()
