"""Extract state-years: one item of the map, one zip, one manifest."""

import zipfile
from functools import lru_cache
from io import BytesIO
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from aws_lambda_powertools.metrics import MetricUnit
from aws_lambda_powertools.utilities.typing import LambdaContext

from nibrs_pipeline.archive.manifest import CommonPart, FileEntry
from nibrs_pipeline.archive.manifest_store import read_published_state_year
from nibrs_pipeline.catalog import nibrs_catalog
from nibrs_pipeline.environment import environment
from nibrs_pipeline.errors import BrokenExtract
from nibrs_pipeline.extract.extraction import Commission, extract_state_year
from nibrs_pipeline.extract.parquet_set import write_parquet_set
from nibrs_pipeline.extract.table_metrics import table_observer
from nibrs_pipeline.handlers.resources import data_store, database_snapshot
from nibrs_pipeline.keys import (
    common_key,
    common_part_key,
    manifest_of,
    public_parquet_key,
    public_zip_key,
    staged,
    staged_beside,
)
from nibrs_pipeline.observability import logger, metrics, observed
from nibrs_pipeline.plan.planning import WorkItem
from nibrs_pipeline.store import file_sha256, full_disk_named


@observed
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    """Extract one state-year (a ``WorkItem``): its zip, Parquet files and manifest, under the run's prefix."""
    item = WorkItem.model_validate(event)
    logger.append_keys(run_id=item.run_id, state=item.state, year=item.year)
    store, folder = data_store(), environment().temporary_folder
    published = None if item.force else read_published_state_year(store, item.state_year)
    with full_disk_named(folder), TemporaryDirectory(dir=folder) as work:
        target, agencies = Path(work) / f"{item.state_year}.zip", Path(work) / "agencies.csv"
        part = _common_part(item.run_id)
        common_zip = BytesIO(_common_zip(item.run_id, part.sha256))
        with zipfile.ZipFile(common_zip) as common, agencies.open("wb") as agencies_file:
            manifest = extract_state_year(
                lambda: database_snapshot(context),
                nibrs_catalog(),
                item.state_year,
                item.state_name,
                (part, common),
                target,
                published.rows if published else {},
                table_observer(item.run_id, item.state_year),
                Commission(item.run_id, item.identity),
                agencies_file if environment().with_parquet else None,
            )
        if environment().with_parquet:
            parquet = _stage_parquet(item, target, agencies)
            manifest = manifest.model_copy(update={"parquet": parquet})
        key = staged(item.run_id, public_zip_key(item.state_year))
        store.upload(target, key, manifest.zip.sha256)
    # The manifest comes last: whoever finds it finds the whole zip.
    store.put(manifest_of(key), manifest.to_json())
    metrics.add_metric(name="StateYearsExtracted", unit=MetricUnit.Count, value=1)
    rows = manifest.rows_in(nibrs_catalog())
    logger.info("extracted a state-year", extra={"rows": rows, "bytes": manifest.zip.bytes})
    return {"rows": rows, "bytes": manifest.zip.bytes}


def _stage_parquet(item: WorkItem, source: Path, agencies: Path) -> tuple[FileEntry, ...]:
    """Put the state-year's files of the Parquet set under the run's prefix."""
    entries = []
    with data_store().uploading() as upload:
        for name, path in write_parquet_set(source, agencies, nibrs_catalog(), item.state_year, source.parent):
            sha256 = file_sha256(path)
            upload(path, staged_beside(item.run_id, public_parquet_key(name), sha256), sha256)
            entries.append(FileEntry(name=name, bytes=path.stat().st_size, sha256=sha256))
    return tuple(entries)


def _common_part(run_id: str) -> CommonPart:
    """What all zips of a run share."""
    content = data_store().get(common_part_key(run_id))
    if content is None:
        raise BrokenExtract(f"the code tables of run {run_id} are missing; start the run again")
    return CommonPart.from_json(content)


@lru_cache(maxsize=1)
def _common_zip(run_id: str, sha256: str) -> bytes:
    """The zip of what all zips of a run share; a process keeps it while it serves the same run with the same part."""
    content = data_store().get(common_key(run_id))
    if content is None:
        raise BrokenExtract(f"the code tables {sha256} of run {run_id} are missing; start the run again")
    return content
