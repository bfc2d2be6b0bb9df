"""Publish, against the store: one run at a time, checked first, switched, indexed.

S3 replaces one object at a time. So that nobody sees half a run, everything is checked before the
first object is replaced, each zip is replaced whole and before its manifest, and the index, by
which people find downloads, is written last. A publication that breaks off is completed by a retry.
"""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

from nibrs_pipeline.errors import BrokenExtract, PublishBusy
from nibrs_pipeline.index_page import download_index, index_html, index_json
from nibrs_pipeline.keys import (
    INDEX_HTML,
    INDEX_JSON,
    PUBLISH_LEASE,
    common_key,
    public_bundle_key,
    staged,
)
from nibrs_pipeline.manifest_store import (
    read_plan,
    read_published,
    read_published_estimates,
    read_staged,
    read_staged_estimates,
)
from nibrs_pipeline.planning import Plan
from nibrs_pipeline.provenance import require_one_world
from nibrs_pipeline.publishing import AnyManifest, companion_keys, public_key, to_switch
from nibrs_pipeline.store import Store

#: Longer than Publish may run, so that a lease in force belongs to a function that may still be at work.
_LEASE = timedelta(minutes=20)


def publish_run(
    store: Store, run_id: str, refresh: Callable[[list[str]], object] = lambda keys: None
) -> tuple[list[str], list[str]]:
    """Publish what a run has staged.

    Args:
        refresh: is told the keys of all that was replaced, the index among them, before the run's copies are
            cleared: a publication that breaks off tells them again.

    Returns:
        The keys of the zips published, and of those kept back because a later state is published.

    Raises:
        PublishBusy: another run is publishing.
        BrokenExtract: a staged object is missing or not what its manifest says; nothing was changed.
        SimulatedBesideReal: real and simulated state-years would be published together; nothing was changed.
    """
    with _lease(store, run_id):
        plan = read_plan(store, run_id)
        mine, theirs = _staged(store, run_id), _published(store)
        _require_whole(store, plan, mine, theirs)
        switched = to_switch(mine, theirs)
        require_one_world(
            {f"{public_key(each)} (published)": each.simulated for each in theirs}
            | {f"{public_key(each)} of run {run_id}": each.simulated for each in switched}
        )
        zips = [public_key(manifest) for manifest in switched]
        store.copy_many((staged(run_id, key), key) for key in zips)
        companions = [key for manifest in switched for key in companion_keys(manifest)]
        store.copy_many((staged(run_id, key), key) for key in companions)
        write_index(store)
        refresh([*zips, *companions, INDEX_JSON, INDEX_HTML])
        _clear(store, run_id, mine)
    return zips, [key for manifest in mine if (key := public_key(manifest)) not in zips]


def _staged(store: Store, run_id: str) -> list[AnyManifest]:
    state_years, bundles = read_staged(store, run_id)
    return [*state_years.values(), *bundles.values(), *read_staged_estimates(store, run_id).values()]


def _published(store: Store) -> list[AnyManifest]:
    state_years, bundles = read_published(store)
    return [*state_years.values(), *bundles.values(), *read_published_estimates(store).values()]


def write_index(store: Store) -> None:
    """Write index.json and index.html from the published manifests."""
    index = download_index(*read_published(store), read_published_estimates(store))
    store.put(INDEX_JSON, index_json(index))
    store.put(INDEX_HTML, index_html(index))


def _require_whole(store: Store, plan: Plan, mine: list[AnyManifest], theirs: list[AnyManifest]) -> None:
    """Refuse to publish if a bundle was not built or a zip is not as large as its manifest says."""
    # A retry finds some of the run's own work published and cleared already.
    done = {public_key(each) for each in theirs if each.run_id == plan.run_id} | {public_key(each) for each in mine}
    missing = [bundle.name for bundle in plan.bundles if public_bundle_key(bundle.name) not in done]
    if missing:
        raise BrokenExtract(f"bundles were not built: {', '.join(missing)}; see the logs of Build bundles")
    sizes = store.sizes(staged(plan.run_id, ""))
    for manifest in mine:
        key = staged(plan.run_id, public_key(manifest))
        if sizes.get(key) != manifest.zip.bytes:
            raise BrokenExtract(
                f"s3://{store.bucket}/{key} has {sizes.get(key, 0):,} bytes, its manifest says "
                f"{manifest.zip.bytes:,}; remove both and complete the run"
            )


def _clear(store: Store, run_id: str, manifests: list[AnyManifest]) -> None:
    """Remove what was staged: it is published, or superseded."""
    for manifest in manifests:
        for key in [*reversed(companion_keys(manifest)), public_key(manifest)]:
            store.delete(staged(run_id, key))
    store.delete(common_key(run_id))


@contextmanager
def _lease(store: Store, run_id: str) -> Iterator[None]:
    """Hold the right to publish; a lease that ran out, or is this run's own from a broken try, is taken over."""
    now = datetime.now(UTC)
    content = json.dumps({"run_id": run_id, "until": (now + _LEASE).isoformat()}).encode()
    if not store.put_if_absent(PUBLISH_LEASE, content):
        found = store.get_with_tag(PUBLISH_LEASE)
        holder = json.loads(found[0]) if found else {}
        if holder and holder["run_id"] != run_id and datetime.fromisoformat(holder["until"]) > now:
            raise PublishBusy(f"run {holder['run_id']} is publishing, until {holder['until']} at the latest")
        if not found or not store.replace_if_same(PUBLISH_LEASE, content, found[1]):
            raise PublishBusy("another run began to publish at the same moment")
    try:
        yield
    finally:
        store.delete(PUBLISH_LEASE)
