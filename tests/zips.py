"""Zips that are changed on purpose."""

import csv
import io
import zipfile
from collections.abc import Callable
from pathlib import Path

Edit = Callable[[list[list[str]]], None]
Members = dict[str, bytes]


def members(path: Path) -> Members:
    """The files of a zip."""
    with zipfile.ZipFile(path) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def write(path: Path, content: Members, compression: int = zipfile.ZIP_DEFLATED) -> Path:
    """A zip of these files."""
    with zipfile.ZipFile(path, "w", compression) as archive:
        for name, each in content.items():
            archive.writestr(name, each)
    return path


def rows_of(content: bytes) -> list[list[str]]:
    """A CSV's rows, the header first."""
    return list(csv.reader(io.StringIO(content.decode())))


def csv_of(rows: list[list[str]]) -> bytes:
    """Rows as a CSV."""
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows(rows)
    return text.getvalue().encode()


def edited(content: Members, table: str, edit: Edit) -> Members:
    """The files with one CSV changed."""
    rows = rows_of(content[f"{table}.csv"])
    edit(rows)
    return {**content, f"{table}.csv": csv_of(rows)}


def set_cell(line: int, column: str, value: str) -> Edit:
    """Write a value into a line of the file."""

    def edit(rows: list[list[str]]) -> None:
        rows[line - 1][rows[0].index(column)] = value

    return edit


def set_column(column: str, value: str) -> Edit:
    """Write a value into every row."""

    def edit(rows: list[list[str]]) -> None:
        for row in rows[1:]:
            row[rows[0].index(column)] = value

    return edit


def keep_header(rows: list[list[str]]) -> None:
    """Take all rows away."""
    del rows[1:]
