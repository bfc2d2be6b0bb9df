"""Extract code tables and Extract state-years: from one snapshot to one zip."""

import hashlib
import zipfile
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from time import monotonic
from typing import IO

from nibrs_pipeline.archive.manifest import (
    CommonPart,
    FileEntry,
    SourceFingerprint,
    StateYearManifest,
    ZipSummary,
    file_entry,
)
from nibrs_pipeline.archive.provenance import SOURCE_NOTES, UNKNOWN, Provenance, read_provenance, source_notes_csv
from nibrs_pipeline.archive.zip_writer import PACKING, ZipWriter
from nibrs_pipeline.catalog import Catalog, Table
from nibrs_pipeline.database.present_tables import catalog_of
from nibrs_pipeline.database.snapshot import Sink
from nibrs_pipeline.database.sql import copy_out
from nibrs_pipeline.errors import EmptyTable, QueryFailed
from nibrs_pipeline.extract.documents import own_documents
from nibrs_pipeline.extract.documents.data_package import DATA_PACKAGE, data_package, data_package_fingerprint
from nibrs_pipeline.extract.documents.readme import StateYearFacts, readme_fingerprint, state_year_readme
from nibrs_pipeline.extract.parquet_set import agencies_query
from nibrs_pipeline.extract.queries import OwnValues, any_row_query, code_table_query, reported_months_query
from nibrs_pipeline.extract.sinks import BackgroundSink
from nibrs_pipeline.extract.state_year_tables import StateYearTables, View
from nibrs_pipeline.extract.unique_keys import require_unique_keys, tables_without_keys
from nibrs_pipeline.state_year import StateYear

#: Called after every table, with the table, its rows, its bytes and the seconds it took.
Observer = Callable[[Table, int, int, float], None]


@dataclass(frozen=True)
class Commission:
    """The run that a zip is made by, and the identity of what it was asked for (see ``identity``)."""

    run_id: str
    identity: str


def extract_common(view: View, catalog: Catalog, documents: dict[str, bytes], target: IO[bytes]) -> CommonPart:
    """Write what is the same in every zip of a run: documents, then code tables."""
    zip_writer = ZipWriter(target)
    files: list[FileEntry] = []
    for name, content in documents.items():
        zip_writer.add(name, content)
        files.append(file_entry(zip_writer.members[-1]))
    for table in catalog.code_tables:
        with zip_writer.member(table.csv_name) as member:
            count = view.copy(copy_out(code_table_query(table)), member)
        files.append(file_entry(zip_writer.members[-1], count))
    zip_writer.close()
    return CommonPart(files=files, sha256=common_fingerprint(catalog, files))


def common_fingerprint(catalog: Catalog, files: list[FileEntry]) -> str:
    """One SHA-256 over names and contents, and over what every README and every descriptor says."""
    lines = [f"{entry.sha256}  {entry.name}\n" for entry in files]
    said = [readme_fingerprint(), data_package_fingerprint(catalog)]
    return hashlib.sha256("".join([*lines, *said]).encode()).hexdigest()


def extract_state_year(
    snapshot: Callable[[], AbstractContextManager[View]],
    catalog: Catalog,
    item: StateYear,
    state_name: str,
    common: tuple[CommonPart, zipfile.ZipFile],
    target: Path,
    previous_rows: dict[str, int],
    observe: Observer,
    commission: Commission | None = None,
    agencies: Sink | None = None,
) -> StateYearManifest:
    """Write the zip of one state-year; all its tables belong to one moment.

    The zip lacks the optional tables that the database or the state-year's own source lacks: an empty table would say
    that there was nothing.

    Args:
        snapshot: opens the snapshot; called once.
        catalog: all tables.
        state_name: the state's name, for the zip's README.
        common: the part that all zips share, and the zip that it is taken over from.
        target: the file to write; if an error is raised, what it holds is not a zip.
        previous_rows: rows per table in the zip that is published now; {} if there is none
            or if the run forces what it makes.
        observe: called after every table.
        commission: the run and the identity that the manifest records.
        agencies: takes, from the same moment, the agencies that the Parquet set has (see ``parquet_set``), as CSV.

    Raises:
        EmptyTable: a table that had rows last time has none now, and the run does not force it.
        QueryFailed: the database's notes on the source do not fit the tables.
        SourceUnfit: two rows of a view have the same key.
    """
    with target.open("wb") as file:
        zip_writer = ZipWriter(file, target.parent)
        with snapshot() as view:
            provenance = read_provenance(view.read, item).get(item, UNKNOWN)
            there = _tables_of_source(view, catalog, item, provenance)
            files = _take_over_common(view, there, common, provenance, zip_writer, own_documents(there, catalog))
            tables = StateYearTables(view, there, item)
            without_keys = tables_without_keys(view, there.data_tables)
            for table in catalog.data_tables:
                if table.name in without_keys:
                    require_unique_keys(view, there, table, item)
                entries = [_extract_table(tables, table, zip_writer, observe)] if there.get(table.name) else []
                _refuse_emptied(
                    table, item, sum(entry.rows or 0 for entry in entries), previous_rows.get(table.name, 0)
                )
                files += entries
            [[reporting, months]] = view.read(reported_months_query(item))
            if agencies:
                view.copy(agencies_query(item), agencies, probe=False)
            source = SourceFingerprint.at(view.position)
        counts = {entry.name.removesuffix(".csv"): entry.rows for entry in files if entry.rows is not None}
        facts = StateYearFacts(item, state_name, counts, reporting, months, provenance)
        files += _add_readme(there, facts, zip_writer)
        zip_writer.add(DATA_PACKAGE, data_package(catalog, item, state_name, files, provenance))
        files.append(file_entry(zip_writer.members[-1]))
        sha256 = zip_writer.close()
    return StateYearManifest(
        state=item.state,
        state_name=state_name,
        year=item.year,
        run_id=commission.run_id if commission else "",
        zip=ZipSummary(name=f"{item}.zip", bytes=zip_writer.size, sha256=sha256),
        files=files,
        source=source,
        catalog_version=catalog.version,
        packing=PACKING,
        made_for=commission.identity if commission else "",
        common_sha256=common[0].sha256,
        simulated=provenance.simulated,
        source_notes=provenance.notes,
        source_codes=provenance.codes,
    )


def _tables_of_source(view: View, catalog: Catalog, item: StateYear, provenance: Provenance) -> Catalog:
    """The catalog without the optional tables that the database lacks, or the state-year's own source."""
    there = catalog_of(view.read, catalog, view.profile)
    noted = [table for table in there.optional_tables if table.name in provenance.tables_not_in_source]
    return there.without({table.name for table in noted if not view.read(any_row_query(there, table, item))[0][0]})


def _take_over_common(
    view: View,
    catalog: Catalog,
    common: tuple[CommonPart, zipfile.ZipFile],
    provenance: Provenance,
    zip_writer: ZipWriter,
    documents: Mapping[str, bytes],
) -> list[FileEntry]:
    """Take over what all zips share, except own documents and code tables that differ from the own lists."""
    part, common_zip = common
    own = {f"{name}.csv": (name, codes) for name, codes in provenance.codes_by_table().items()}
    if unknown := sorted(own.keys() - {table.csv_name for table in catalog.code_tables}):
        raise QueryFailed(
            f"source_code names {', '.join(own[name][0] for name in unknown)}: there is no such code table; "
            "remove these rows, or load the state-year again"
        )
    shared = {entry.name: entry for entry in part.files}
    files = []
    for info in common_zip.infolist():
        if info.filename in documents:
            zip_writer.add(info.filename, documents[info.filename])
            files.append(file_entry(zip_writer.members[-1]))
            continue
        if info.filename not in own:
            zip_writer.take_over(common_zip, info)
            files.append(shared[info.filename])
            continue
        name, codes = own[info.filename]
        values: dict[str, dict[str, str | None]] = {}
        for code in codes:
            values.setdefault(code.column, {})[code.code] = code.value
        with zip_writer.member(info.filename) as member:
            count = view.copy(copy_out(_own_query(catalog[name], values)), member)
        files.append(file_entry(zip_writer.members[-1], count))
    return files


def _own_query(table: Table, values: OwnValues) -> str:
    try:
        return code_table_query(table, values)
    except ValueError as error:
        raise QueryFailed(
            f"source_code does not fit: {error}; remove the rows of {table.name}, or load the state-year again"
        ) from error


def _add_readme(catalog: Catalog, facts: StateYearFacts, zip_writer: ZipWriter) -> list[FileEntry]:
    """Write the README of the state-year, which describes all tables of the zip."""
    texts = state_year_readme(catalog, facts)
    if facts.provenance.notes:
        texts[SOURCE_NOTES] = source_notes_csv(facts.provenance)
    for name, content in texts.items():
        zip_writer.add(name, content)
    return [file_entry(member) for member in zip_writer.members[-len(texts) :]]


def _extract_table(tables: StateYearTables, table: Table, zip_writer: ZipWriter, observe: Observer) -> FileEntry:
    started = monotonic()
    with zip_writer.member(table.csv_name) as member, BackgroundSink(member) as background:
        count = tables.copy(table, background)
    entry = file_entry(zip_writer.members[-1], count)
    observe(table, count, entry.bytes, monotonic() - started)
    return entry


def _refuse_emptied(table: Table, item: StateYear, now: int, before: int) -> None:
    if before and not now:
        raise EmptyTable(
            f"{table.name} of {item} has no rows, the published zip has {before:,}; "
            f"check the database, or run it with force if that is right"
        )
