"""The descriptor of the Parquet set for programs: ``datapackage.json``, after Frictionless Data's Data Package 1.

Each file of the set is a resource with its size and SHA-256; what its columns are stands once for each table, under
``parquet/schemas/``.

Source: Walsh and Pollock, Data Package and Data Resource, https://specs.frictionlessdata.io/.
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from nibrs_pipeline.archive.manifest import FileEntry, StateYearManifest
from nibrs_pipeline.catalog import Catalog
from nibrs_pipeline.extract.documents.data_package import as_bytes, field, package_head
from nibrs_pipeline.extract.parquet_set import columns_of_set
from nibrs_pipeline.keys import PARQUET_PACKAGE, public_parquet_key
from nibrs_pipeline.state_year import StateYear
from nibrs_pipeline.store import Store


def write_package(store: Store, published: Mapping[StateYear, StateYearManifest], catalog: Catalog) -> list[str]:
    """Write the descriptor of what is published, and the tables' schemas, where they are not there already.

    If nothing is published as Parquet any more, they go.

    Returns:
        The keys of what was written or removed.
    """
    package = dict(set_package([manifest for _, manifest in sorted(published.items())], catalog))
    schemas = [public_parquet_key(_schema(table)) for table in columns_of_set(catalog)]
    there = store.get_many([PARQUET_PACKAGE, *schemas])
    if not package:
        store.delete_many(there)
        return list(there)
    changed = {key: content for key, content in package.items() if there.get(key) != content}
    # Last: it refers to the schemas.
    descriptor = changed.pop(PARQUET_PACKAGE, None)
    store.put_many(changed.items())
    if descriptor is None:
        return list(changed)
    store.put(PARQUET_PACKAGE, descriptor)
    return [*changed, PARQUET_PACKAGE]


def set_package(published: Iterable[StateYearManifest], catalog: Catalog) -> Iterator[tuple[str, bytes]]:
    """The schemas of the set's tables, and last the descriptor that refers to them, each with its key."""
    described = [(manifest, entry) for manifest in published for entry in manifest.parquet]
    if not described:
        return
    columns = columns_of_set(catalog)
    for table in sorted({_table(entry) for _, entry in described}):
        yield public_parquet_key(_schema(table)), as_bytes({"fields": [field(column) for column in columns[table]]})
    simulated = any(manifest.simulated for manifest, _ in described)
    head = package_head(
        "nibrs-state-years",
        "data-package",
        "all state-years",
        "Incidents that police agencies reported, by table, data year and state. Codes are explained in the tables "
        "codes; which agencies there are, and what they reported, in the tables agencies.",
        ["Parquet"],
        simulated,
    )
    yield (
        PARQUET_PACKAGE,
        as_bytes(head | {"resources": [_resource(manifest.item, each) for manifest, each in described]}),
    )


def _resource(item: StateYear, entry: FileEntry) -> dict[str, Any]:
    return {
        "name": f"{_table(entry)}-{item.year}-{item.state}".lower(),
        "path": entry.name,
        "format": "parquet",
        "mediatype": "application/vnd.apache.parquet",
        "bytes": entry.bytes,
        "hash": f"sha256:{entry.sha256}",
        "schema": _schema(_table(entry)),
    }


def _table(entry: FileEntry) -> str:
    return entry.name.partition("/")[0]


def _schema(table: str) -> str:
    return f"schemas/{table}.json"
