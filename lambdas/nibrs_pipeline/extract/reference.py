"""Extract reference: the agency universe, months reported and Return A counts of a year, and months before, all states.

The queries are in ``code_tables/reference/``, one file per CSV of the extract, so that another
source schema needs other files but no other code.
"""

from importlib.resources import files
from typing import IO

from nibrs_pipeline.archive.manifest import FileEntry, file_entry
from nibrs_pipeline.archive.zip_writer import ZipWriter
from nibrs_pipeline.database.sql import copy_out, literal
from nibrs_pipeline.extract.extraction import View

_FILES = ("agencies", "months", "history", "return_a", "return_a_months")
#: The file of what is known of the states' sources; the FBI's database does not have its table.
_NOTES, _NOTES_TABLE = "source_notes", "source_note"


def reference_queries(year: int, has_notes: bool) -> dict[str, str]:
    """The query of each CSV file of the extract, by the file's name.

    Args:
        has_notes: whether the database has notes on its sources; otherwise that file has no rows.
    """
    folder = files("code_tables") / "reference"
    notes = _NOTES if has_notes else f"no_{_NOTES}"
    sources = dict(zip(_FILES, _FILES, strict=True)) | {_NOTES: notes}
    return {
        f"{name}.csv": (folder / f"{source}.sql").read_text(encoding="utf-8").replace(":year", literal(year))
        for name, source in sources.items()
    }


def extract_reference(view: View, year: int, target: IO[bytes]) -> tuple[list[FileEntry], str]:
    """Write the reference extract of a year; all its files belong to one moment.

    Returns:
        What is in the zip, and the zip's SHA-256.
    """
    zip_writer = ZipWriter(target)
    entries = []
    has_notes = bool(view.read(f"SELECT to_regclass({literal(_NOTES_TABLE)}) IS NOT NULL")[0][0])
    for name, query in reference_queries(year, has_notes).items():
        with zip_writer.member(name) as member:
            count = view.copy(copy_out(query), member)
        entries.append(file_entry(zip_writer.members[-1], count))
    return entries, zip_writer.close()
