"""The descriptor of a state-year's zip for programs: ``datapackage.json``, after Frictionless Data's Data Package 1.

Libraries in R, Python, JavaScript and others read the zip by it, with types, keys and descriptions.

Source: Walsh and Pollock, Data Package and Tabular Data Package, https://specs.frictionlessdata.io/.
"""

import hashlib
import json
from collections.abc import Iterable, Mapping
from typing import Any

from nibrs_pipeline.archive.manifest import FileEntry
from nibrs_pipeline.archive.provenance import SOURCE_NOTES, SOURCE_NOTES_HEADER, UNKNOWN, Provenance
from nibrs_pipeline.catalog import Catalog, Column, Table
from nibrs_pipeline.state_year import StateYear

#: The descriptor's name, which the specification gives it.
DATA_PACKAGE = "datapackage.json"

#: Frictionless' type and format of PostgreSQL's types; every other is text.
_TYPES: Mapping[str, Mapping[str, str]] = {
    "smallint": {"type": "integer"},
    "integer": {"type": "integer"},
    "bigint": {"type": "integer"},
    "double precision": {"type": "number"},
    "numeric": {"type": "number"},
    "timestamp": {"type": "datetime", "format": "%Y-%m-%d %H:%M:%S"},
}
_WORKS_OF_THE_GOVERNMENT = {
    "name": "other-pd",
    "title": "Work of the United States government: no copyright there (17 U.S.C. 105)",
    "path": "https://www.usa.gov/government-works",
}
_MADE_UP = {
    "name": "other-open",
    "title": "Free to use, change and pass on, as long as it is said that it is simulated",
}
_PROGRAM = {
    "title": "Federal Bureau of Investigation: National Incident-Based Reporting System",
    "path": "https://www.fbi.gov/how-we-can-help-you/more-fbi-services-and-information/ucr/nibrs",
}
_SIMULATION = {"title": "nibrs simulate, a program: no incident, victim, offender or arrestee in it exists"}


def data_package(
    catalog: Catalog, item: StateYear, state_name: str, files: Iterable[FileEntry], provenance: Provenance
) -> bytes:
    """The descriptor of a zip. The same members give the same bytes.

    Args:
        state_name: the state's name, for the title.
        files: the zip's members; tables are described, documents are not.
        provenance: says whether the state-year is simulated.
    """
    description = package_head(
        f"nibrs-{item.state}-{item.year}",
        "tabular-data-package",
        f"{state_name} {item.year}",
        "Incidents that police agencies reported; README.md says what to know before counting.",
        [state_name, str(item.year)],
        provenance.simulated,
    ) | {
        "resources": [
            _resource(entry, catalog.get(entry.name.removesuffix(".csv")))
            for entry in files
            if entry.rows is not None or entry.name == SOURCE_NOTES
        ]
    }
    return as_bytes(description)


def package_head(
    name: str, profile: str, title: str, description: str, keywords: Iterable[str], simulated: bool
) -> dict[str, Any]:
    """What a package says of itself as a whole, and where the data come from and what one may do with them."""
    return {
        "name": name.lower() + ("-simulated" if simulated else ""),
        "profile": profile,
        "title": f"SIMULATED DATA, NOT REAL: {title}" if simulated else f"NIBRS, {title}",
        "description": description,
        "homepage": "https://cde.ucr.cjis.gov/",
        "keywords": ["crime", "NIBRS", "police", *keywords],
        "sources": [_SIMULATION if simulated else _PROGRAM],
        "licenses": [_MADE_UP if simulated else _WORKS_OF_THE_GOVERNMENT],
    }


def as_bytes(description: Mapping[str, Any]) -> bytes:
    """A descriptor as it is written."""
    return (json.dumps(description, indent=1, ensure_ascii=False) + "\n").encode()


def data_package_fingerprint(catalog: Catalog) -> str:
    """One SHA-256 over all that descriptors say, apart from the facts of their state-years."""
    files = [FileEntry(name=table.csv_name, bytes=0, sha256="", rows=0) for table in catalog.published]
    return hashlib.sha256(data_package(catalog, StateYear("ZZ", 2000), "", files, UNKNOWN)).hexdigest()


def _resource(entry: FileEntry, table: Table | None) -> dict[str, Any]:
    """A table of the zip; ``table`` is None for the notes on the source, which the catalog does not list."""
    return {
        "name": entry.name.removesuffix(".csv"),
        "path": entry.name,
        "profile": "tabular-data-resource",
        "description": table.description if table else "What is known of this file's source",
        "format": "csv",
        "mediatype": "text/csv",
        "encoding": "utf-8",
        "bytes": entry.bytes,
        "hash": f"sha256:{entry.sha256}",
        "schema": _schema(table) if table else {"fields": [_note_field(name) for name in SOURCE_NOTES_HEADER]},
    }


def _schema(table: Table) -> dict[str, Any]:
    referring = [column for column in table.columns if column.references]
    keys = [
        {"fields": column.name, "reference": {"resource": column.references, "fields": column.name}}
        for column in referring
    ]
    return {
        "fields": [field(column) for column in table.columns],
        "missingValues": [""],
        "primaryKey": list(table.primary_key),
    } | ({"foreignKeys": keys} if keys else {})


def field(column: Column) -> dict[str, Any]:
    """A column of a table: type, whether there is always a value, and what it says."""
    required = {} if column.nullable else {"constraints": {"required": True}}
    return {"name": column.name, **_TYPES.get(column.type, {"type": "string"}), "description": column.description} | (
        required
    )


def _note_field(name: str) -> dict[str, str]:
    return {"name": name, "type": "integer" if name == "rows" else "string"}
