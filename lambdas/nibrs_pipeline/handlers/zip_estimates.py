"""Zip estimates: one deterministic zip of a year's report and tables."""

import hashlib
import zipfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from shutil import copyfileobj
from tempfile import TemporaryDirectory
from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext

from nibrs_pipeline.archive.manifest import (
    PAGE_BESIDE_ZIP,
    EstimatesManifest,
    ZipSummary,
    file_entry,
)
from nibrs_pipeline.archive.zip_writer import ZipWriter
from nibrs_pipeline.environment import environment
from nibrs_pipeline.estimate.beside_zip import is_beside, stage_beside
from nibrs_pipeline.estimate.store import opened_report, require_inputs
from nibrs_pipeline.handlers.resources import data_store
from nibrs_pipeline.keys import manifest_of, public_estimates_key, public_report_key, staged
from nibrs_pipeline.observability import logger, observed
from nibrs_pipeline.store import full_disk_named

_CHUNK = 1 << 20


@observed
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    """Zip what the stage report wrote for ``event["year"]``, and put beside the zip what lies there."""
    run_id, year = str(event["run_id"]), int(event["year"])
    logger.append_keys(run_id=run_id, year=year)
    store, folder = data_store(), environment().temporary_folder
    inputs = require_inputs(store, run_id, year)
    key = staged(run_id, public_estimates_key(year))
    page_sha256 = None
    with (
        full_disk_named(folder),
        TemporaryDirectory(dir=folder) as work,
        opened_report(store, inputs, Path(work)) as report,
        ThreadPoolExecutor(1) as worker,
    ):
        staging = worker.submit(stage_beside, store, run_id, year, report, Path(work))
        if PAGE_BESIDE_ZIP in report.namelist():
            page = report.read(PAGE_BESIDE_ZIP)
            store.put(staged(run_id, public_report_key(year)), page)
            page_sha256 = hashlib.sha256(page).hexdigest()
        path = Path(work) / Path(key).name
        writer, sha256 = _zipped(report, path)
        files_beside = staging.result()
        store.upload(path, key, sha256)
    manifest = EstimatesManifest(
        year=year,
        run_id=run_id,
        zip=ZipSummary(name=Path(key).name, bytes=writer.size, sha256=sha256),
        files=[file_entry(member) for member in writer.members],
        source=inputs.source,
        report_sha256=page_sha256,
        beside=files_beside,
        simulated=inputs.simulated,
    )
    store.put(manifest_of(key), manifest.to_json())
    return {"files": len(manifest.files), "bytes": manifest.zip.bytes}


def _zipped(report: zipfile.ZipFile, path: Path) -> tuple[ZipWriter, str]:
    """Write the zip that the public sees; returns its writer and its SHA-256."""
    with path.open("wb") as target:
        writer = ZipWriter(target)
        for name in sorted(report.namelist()):
            if name != PAGE_BESIDE_ZIP and not is_beside(name):
                with report.open(name) as source, writer.member(name) as member:
                    copyfileobj(source, member, _CHUNK)
        return writer, writer.close()
