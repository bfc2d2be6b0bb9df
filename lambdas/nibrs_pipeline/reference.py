"""Extract reference: the agency universe, months reported and Return A counts of a year, and months before, all states.

The queries stand in ``code_tables/reference/``, one file per CSV of the extract, so that another
source schema needs other files and no other code.
"""

from importlib.resources import files
from typing import IO

from nibrs_pipeline.extraction import Rows
from nibrs_pipeline.manifest import FileEntry, file_entry
from nibrs_pipeline.queries import copy_out, literal
from nibrs_pipeline.zip_writer import ZipWriter

_FILES = ("agencies", "months", "history", "return_a", "return_a_months")


def reference_queries(year: int) -> dict[str, str]:
    """The query of each CSV file of the extract, by the file's name."""
    folder = files("code_tables") / "reference"
    return {
        f"{name}.csv": (folder / f"{name}.sql").read_text(encoding="utf-8").replace(":year", literal(year))
        for name in _FILES
    }


def extract_reference(rows: Rows, year: int, target: IO[bytes]) -> tuple[list[FileEntry], str]:
    """Write the reference extract of a year; all its files belong to one moment.

    Returns:
        What is in the zip, and the zip's SHA-256.
    """
    zip_writer = ZipWriter(target)
    entries = []
    for name, query in reference_queries(year).items():
        with zip_writer.member(name) as member:
            count = rows.copy(copy_out(query), member)
        entries.append(file_entry(zip_writer.members[-1], count))
    return entries, zip_writer.close()
