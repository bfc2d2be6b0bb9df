"""Extract reference: the agency universe, months reported and Return A counts of a year, and months before, all states.

The queries are in ``code_tables/reference/``, one file per CSV of the extract, so that another
source schema needs other files but no other code.
"""

from collections.abc import Collection
from importlib.resources import files
from typing import IO

from nibrs_pipeline.archive.manifest import FileEntry, file_entry
from nibrs_pipeline.archive.zip_writer import ZipWriter
from nibrs_pipeline.database.present_tables import present_tables_query
from nibrs_pipeline.database.source_fit import require_reference_fit
from nibrs_pipeline.database.sql import copy_out, literal
from nibrs_pipeline.extract.state_year_tables import View
from nibrs_pipeline.source_profile import SourceProfile

_FILES = ("agencies", "months", "history", "return_a", "return_a_months")
#: Files by a table that they are read from, which a database may lack: what is known of the states' sources, and of
#: the residents of agencies (the FBI's database has neither), and the counties of agencies.
OPTIONAL_FILES = {
    "source_note": "source_notes",
    "ref_agency_demographics": "demographics",
    "ref_agency_residents": "residents",
    "ref_field_office": "counties",
}


def reference_queries(year: int, tables: Collection[str], profile: SourceProfile | None = None) -> dict[str, str]:
    """The query of each CSV file of the extract, by the file's name.

    Args:
        tables: those of ``OPTIONAL_FILES`` that the database has; the files of the others have no rows.
        profile: what the database calls its tables; that of the catalog if None.
    """
    own = profile.references if profile else {}
    folder = files("code_tables") / "reference"
    sources = {name: name for name in _FILES} | {
        name: name if table in tables else f"no_{name}" for table, name in OPTIONAL_FILES.items()
    }
    return {
        f"{name}.csv": (own.get(source) or (folder / f"{source}.sql").read_text(encoding="utf-8")).replace(
            ":year", literal(year)
        )
        for name, source in sources.items()
    }


def extract_reference(view: View, year: int, target: IO[bytes]) -> tuple[list[FileEntry], str]:
    """Write the reference extract of a year; all its files belong to one moment.

    Returns:
        What is in the zip, and the zip's SHA-256.

    Raises:
        SourceUnfit: a database with a schema of its own lacks something that is read.
    """
    zip_writer = ZipWriter(target)
    entries = []
    require_reference_fit(view.read, view.profile)
    asked: dict[str, tuple[str, ...]] = {table: (table,) for table in OPTIONAL_FILES}
    asked |= {table: tuple(each.name for each in read) for table, read in view.profile.read_of(asked).items()}
    tables = [table for (table,) in view.read(present_tables_query(asked))]
    for name, query in reference_queries(year, tables, view.profile).items():
        with zip_writer.member(name) as member:
            count = view.copy(copy_out(query), member)
        entries.append(file_entry(zip_writer.members[-1], count))
    return entries, zip_writer.close()
