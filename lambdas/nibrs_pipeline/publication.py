"""Publish, against the store: one run at a time, checked first, switched, indexed.

S3 replaces one object at a time. So that nobody sees half a run, everything is checked before the
first object is replaced, each zip is replaced whole and before its manifest, and the index, by
which people find downloads, is written last. A publication that breaks off is completed by a retry.
"""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

from nibrs_pipeline.errors import BrokenExtract, PublishBusy
from nibrs_pipeline.index_page import download_index, index_html, index_json
from nibrs_pipeline.keys import INDEX_HTML, INDEX_JSON, PUBLISH_LEASE, common_key, manifest_of, staged
from nibrs_pipeline.manifest_store import BundleManifests, StateYearManifests, read_plan, read_published, read_staged
from nibrs_pipeline.planning import Plan
from nibrs_pipeline.publishing import AnyManifest, keys_to_switch, public_key
from nibrs_pipeline.store import Store

#: Longer than Publish may run, so that a lease in force belongs to a function that may still be at work.
_LEASE = timedelta(minutes=20)


def publish_run(store: Store, run_id: str) -> tuple[list[str], list[str]]:
    """Publish what a run has staged.

    Returns:
        The keys of the zips published, and of those kept back because a later state is published.

    Raises:
        PublishBusy: another run is publishing.
        BrokenExtract: a staged object is missing or not what its manifest says; nothing was changed.
    """
    with _lease(store, run_id):
        plan = read_plan(store, run_id)
        state_years, bundles = read_staged(store, run_id)
        published_state_years, published_bundles = read_published(store)
        _require_whole(store, plan, state_years, bundles, published_bundles)
        switched = keys_to_switch(state_years, published_state_years) + keys_to_switch(bundles, published_bundles)
        zips = [key for key in switched if key.endswith(".zip")]
        store.copy_many((staged(run_id, key), key) for key in zips)
        store.copy_many((staged(run_id, key), key) for key in switched if key not in zips)
        write_index(store)
        _clear(store, run_id, [*state_years.values(), *bundles.values()])
    kept = [public_key(each) for each in [*state_years.values(), *bundles.values()] if public_key(each) not in zips]
    return zips, kept


def write_index(store: Store) -> None:
    """Write index.json and index.html from the published manifests."""
    index = download_index(*read_published(store))
    store.put(INDEX_JSON, index_json(index))
    store.put(INDEX_HTML, index_html(index))


def _require_whole(
    store: Store, plan: Plan, state_years: StateYearManifests, bundles: BundleManifests, published: BundleManifests
) -> None:
    # A retry finds some of the run's own work published and cleared already.
    done = {name for name, manifest in published.items() if manifest.run_id == plan.run_id}
    missing = sorted({bundle.name for bundle in plan.bundles} - bundles.keys() - done)
    if missing:
        raise BrokenExtract(f"bundles were not built: {', '.join(missing)}; see the logs of Build bundles")
    sizes = store.sizes(staged(plan.run_id, ""))
    for manifest in [*state_years.values(), *bundles.values()]:
        key = staged(plan.run_id, public_key(manifest))
        if sizes.get(key) != manifest.zip.bytes:
            raise BrokenExtract(
                f"s3://{store.bucket}/{key} has {sizes.get(key, 0):,} bytes, its manifest says "
                f"{manifest.zip.bytes:,}; remove both and complete the run"
            )


def _clear(store: Store, run_id: str, manifests: list[AnyManifest]) -> None:
    """Remove what was staged: it is published, or superseded."""
    for manifest in manifests:
        key = staged(run_id, public_key(manifest))
        store.delete(manifest_of(key))
        store.delete(key)
    store.delete(common_key(run_id))


@contextmanager
def _lease(store: Store, run_id: str) -> Iterator[None]:
    """Hold the right to publish; a lease that ran out, or is this run's own from a broken try, is taken over."""
    now = datetime.now(UTC)
    content = json.dumps({"run_id": run_id, "until": (now + _LEASE).isoformat()}).encode()
    if not store.put_if_absent(PUBLISH_LEASE, content):
        holder = json.loads(store.get(PUBLISH_LEASE) or b"{}")
        if holder and holder["run_id"] != run_id and datetime.fromisoformat(holder["until"]) > now:
            raise PublishBusy(f"run {holder['run_id']} is publishing, until {holder['until']} at the latest")
        store.delete(PUBLISH_LEASE)
        if not store.put_if_absent(PUBLISH_LEASE, content):
            raise PublishBusy("another run began to publish at the same moment")
    try:
        yield
    finally:
        store.delete(PUBLISH_LEASE)
