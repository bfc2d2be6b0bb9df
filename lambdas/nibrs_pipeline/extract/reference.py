"""Extract reference: the agency universe, months reported and Return A counts of a year, and months before, all states.

The queries are in ``code_tables/reference/``, one file per CSV of the extract, so that another
source schema needs other files but no other code.
"""

from collections.abc import Collection
from importlib.resources import files
from typing import IO

from nibrs_pipeline.archive.manifest import FileEntry, file_entry
from nibrs_pipeline.archive.zip_writer import ZipWriter
from nibrs_pipeline.database.sql import copy_out, literal
from nibrs_pipeline.extract.state_year_tables import View

_FILES = ("agencies", "months", "history", "return_a", "return_a_months")
#: Files by a table that they are read from, which a database may lack: what is known of the states' sources, and of
#: the residents of agencies (the FBI's database has neither), and the counties of agencies.
OPTIONAL_FILES = {
    "source_note": "source_notes",
    "ref_agency_demographics": "demographics",
    "ref_agency_residents": "residents",
    "ref_field_office": "counties",
}


def reference_queries(year: int, tables: Collection[str]) -> dict[str, str]:
    """The query of each CSV file of the extract, by the file's name.

    Args:
        tables: those of ``OPTIONAL_FILES`` that the database has; the files of the others have no rows.
    """
    folder = files("code_tables") / "reference"
    sources = {name: name for name in _FILES} | {
        name: name if table in tables else f"no_{name}" for table, name in OPTIONAL_FILES.items()
    }
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
    asked = ", ".join(f"to_regclass({literal(table)}) IS NOT NULL" for table in OPTIONAL_FILES)
    [there] = view.read(f"SELECT {asked}")
    tables = [table for table, is_there in zip(OPTIONAL_FILES, there, strict=True) if is_there]
    for name, query in reference_queries(year, tables).items():
        with zip_writer.member(name) as member:
            count = view.copy(copy_out(query), member)
        entries.append(file_entry(zip_writer.members[-1], count))
    return entries, zip_writer.close()
