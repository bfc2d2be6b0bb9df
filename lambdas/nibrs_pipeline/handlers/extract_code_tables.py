"""Extract code tables: once per run, what is the same in every zip."""

from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext

from nibrs_pipeline.catalog import nibrs_catalog
from nibrs_pipeline.environment import environment
from nibrs_pipeline.extract.documents import documents
from nibrs_pipeline.extract.extraction import extract_common
from nibrs_pipeline.handlers.resources import data_store, database_snapshot
from nibrs_pipeline.keys import common_key, common_part_key
from nibrs_pipeline.observability import logger, observed
from nibrs_pipeline.store import full_disk_named


@observed
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    """Write the common zip of the run ``event["run_id"]`` and the list of what is in it."""
    run_id = str(event["run_id"])
    logger.append_keys(run_id=run_id)
    store, catalog, folder = data_store(), nibrs_catalog(), environment().temporary_folder
    with full_disk_named(folder), TemporaryDirectory(dir=folder) as work:
        path = Path(work) / "common.zip"
        with database_snapshot(context) as view, path.open("wb") as target:
            part = extract_common(view, catalog, documents(catalog), target)
        store.upload(path, common_key(run_id))
    store.put(common_part_key(run_id), part.to_json())
    return {"files": len(part.files)}
