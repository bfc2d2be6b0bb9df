"""CSV files in zips as rows of text: by pyarrow, since tables of all figures have a million lines."""

import csv
import io
import zipfile
from collections.abc import Sequence

import pyarrow.compute as pc
from pyarrow import BufferReader, string
from pyarrow.csv import ConvertOptions, read_csv


def read_member(archive: zipfile.ZipFile, name: str, columns: Sequence[str] = (), **equal: str) -> list[dict[str, str]]:
    """The rows of a member, values as they stand there.

    Args:
        columns: those that are looked at; all if none are named.
        equal: what rows have in some columns, by column; others are left out.
    """
    content = archive.read(name)
    [header] = csv.reader([io.BytesIO(content).readline().decode()])
    options = ConvertOptions(
        column_types=dict.fromkeys(header, string()), strings_can_be_null=False,
        include_columns=[*{*columns, *equal}] if columns else header,
    )  # fmt: skip
    table = read_csv(BufferReader(content), convert_options=options)
    for column, value in equal.items():
        table = table.filter(pc.equal(table[column], value))
    found: list[dict[str, str]] = table.to_pylist()
    return found
