"""Build bundles: one item of the map, one zip of zips' members."""

from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext

from nibrs_pipeline.archive.manifest import StateYearManifest
from nibrs_pipeline.archive.manifest_store import read_published, read_staged
from nibrs_pipeline.environment import environment
from nibrs_pipeline.handlers.resources import data_store
from nibrs_pipeline.keys import PUBLIC, manifest_of, public_bundle_key, public_zip_key, staged
from nibrs_pipeline.observability import logger, observed
from nibrs_pipeline.plan.planning import BundleItem
from nibrs_pipeline.plan.run_store import read_plan
from nibrs_pipeline.publish.bundling import build_bundle
from nibrs_pipeline.store import full_disk_named


@observed
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    """Build one bundle (a ``BundleItem``) from the zips of this run, or else from the published ones."""
    item = BundleItem.model_validate(event)
    logger.append_keys(run_id=item.run_id, bundle=item.name)
    store, folder = data_store(), environment().temporary_folder
    mine = read_plan(store, item.run_id).made(read_staged(store, item.run_id, [PUBLIC]).state_years)
    finished = read_published(store, [PUBLIC]).state_years | mine

    with full_disk_named(folder), TemporaryDirectory(dir=folder) as work:

        def fetch(manifest: StateYearManifest) -> Path:
            key = public_zip_key(manifest.item)
            path = Path(work) / manifest.zip.name
            store.download(staged(item.run_id, key) if manifest.item in mine else key, path, manifest.zip.sha256)
            return path

        target = Path(work) / f"{item.name}.zip"
        members = [finished[member] for member in item.members if member in finished]
        manifest = build_bundle(item.name, item.run_id, members, fetch, target)
        key = staged(item.run_id, public_bundle_key(item.name))
        store.upload(target, key, manifest.zip.sha256)
    store.put(manifest_of(key), manifest.to_json())
    return {"members": len(manifest.members), "bytes": manifest.zip.bytes}
