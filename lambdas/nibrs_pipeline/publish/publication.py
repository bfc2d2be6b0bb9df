"""Publish: one execution at a time checks everything, replaces what the public sees, and writes the index.

S3 replaces one object at a time. So that nobody sees half a run, everything is checked before the
first object is replaced, each zip is replaced whole and before its manifest, and the index, by
which people find downloads, is written last. A publication that breaks off is completed by a retry.
"""

import hashlib
import json
from collections.abc import Callable
from pathlib import Path
from tempfile import gettempdir

from nibrs_pipeline.archive.manifest import (
    AnyManifest,
    EstimatesManifest,
    FileEntry,
    StateYearManifest,
    ZipSummary,
    beside_of,
    companion_keys,
    public_key,
)
from nibrs_pipeline.archive.manifest_store import Manifests, read_published, read_staged
from nibrs_pipeline.archive.provenance import require_one_world
from nibrs_pipeline.catalog import nibrs_catalog
from nibrs_pipeline.errors import BrokenExtract
from nibrs_pipeline.keys import (
    EXPLORER_HTML,
    INDEX_HTML,
    INDEX_JSON,
    PUBLIC_PREFIXES,
    common_key,
    is_manifest,
    manifest_of,
    public_bundle_key,
    public_report_key,
    publication_key,
    staged,
    staged_beside,
)
from nibrs_pipeline.plan.planning import Plan
from nibrs_pipeline.plan.run_store import read_plan
from nibrs_pipeline.publish.changes.comparison import Pairs
from nibrs_pipeline.publish.changes.log import ChangeLog, pairs_as_json, pairs_of_json, read_told
from nibrs_pipeline.publish.checking import other_member
from nibrs_pipeline.publish.explorer_page import explorer_html
from nibrs_pipeline.publish.index_page import download_index, index_html, index_json
from nibrs_pipeline.publish.lease import publish_lease
from nibrs_pipeline.publish.parquet_package import write_package
from nibrs_pipeline.publish.parquet_views import write_views
from nibrs_pipeline.publish.selection import to_publish
from nibrs_pipeline.store import Stated, Store


def publish_run(
    store: Store, run_id: str, execution: str, refresh: Callable[[list[str]], object] = lambda keys: None
) -> tuple[list[str], list[str]]:
    """Publish what a run has staged.

    Args:
        execution: the ARN of the execution that publishes.
        refresh: called with the keys of all that was replaced, the index among them, before the run's copies are
            cleared: if the publication breaks off, the retry calls it with them again.

    Returns:
        The keys of the zips published, and of those kept back because a later state is published.

    Raises:
        PublishBusy: another execution is publishing, or has begun to since this one's time was over.
        BrokenExtract: a staged object is missing or not what its manifest says; nothing was changed.
        SimulatedBesideReal: real and simulated state-years would be published together; nothing was changed.
    """
    with publish_lease(store, run_id, execution) as lease:
        plan = read_plan(store, run_id)
        mine, theirs = _made_for(plan, read_staged(store, run_id)), read_published(store)
        tags = _require_whole(store, plan, mine, theirs)
        pages = {manifest.year: _checked_page(store, run_id, manifest) for manifest in _estimates(mine)}
        beside = _checked_beside(store, run_id, mine)
        selected = to_publish(mine, theirs)
        require_one_world(
            {f"{public_key(each)} (published)": each.simulated for each in theirs}
            | {f"{public_key(each)} of run {run_id}": each.simulated for each in selected}
        )
        zips = [public_key(manifest) for manifest in selected]
        lease.renew()
        log = ChangeLog(store, nibrs_catalog(), Path(gettempdir()))
        moved = log.begin(run_id, theirs, _estimates(selected), _kept_pairs(store, run_id))
        lease.renew()
        broken_off = {"zips": zips, "moved": pairs_as_json(moved)}
        store.put(publication_key(run_id), json.dumps(broken_off).encode())
        store.copy_many((staged(run_id, key), key, tags[key]) for key in zips)
        lease.renew()
        store.copy_small_many(
            (staged_beside(run_id, key, entry.sha256), key, beside[key])
            for manifest in selected
            for key, entry in beside_of(manifest).items()
        )
        lease.renew()
        store.put_many((public_report_key(manifest.year), pages[manifest.year]) for manifest in _estimates(selected))
        # What was checked, whatever lies there now.
        store.put_many((manifest_of(public_key(manifest)), manifest.to_json()) for manifest in selected)
        lease.renew()
        store.delete_many(_no_longer_there(theirs, selected))
        lease.renew()
        published = read_published(store)
        told = log.tell(run_id, published, moved)
        lease.renew()
        views = write_views(store, published.state_years, nibrs_catalog(), Path(gettempdir()))
        lease.renew()
        package = write_package(store, published.state_years, nibrs_catalog())
        lease.renew()
        pages_written = write_index(store)
        companions = [key for manifest in selected for key in companion_keys(manifest)]
        refresh([*zips, *companions, *told, *views, *package, *pages_written])
        lease.renew()
        _clear(store, run_id)
        store.delete(publication_key(run_id))
    return zips, [key for manifest in mine if (key := public_key(manifest)) not in zips]


def write_index(store: Store) -> list[str]:
    """Write index.json and index.html from the published manifests, and explorer.html if there is something to explore.

    Returns:
        The keys of what was written.
    """
    told = read_told(store)
    index = download_index(read_published(store), told.entries if told else ())
    if index.explorer:
        store.put(EXPLORER_HTML, explorer_html(index.explorable_years, index.simulated))
    store.put(INDEX_JSON, index_json(index))
    store.put(INDEX_HTML, index_html(index))
    return [INDEX_JSON, INDEX_HTML, *([EXPLORER_HTML] if index.explorer else [])]


def _kept_pairs(store: Store, run_id: str) -> Pairs:
    """What an earlier try of this publication, which broke off, found of numbers that move."""
    content = store.get(publication_key(run_id))
    return pairs_of_json(json.loads(content).get("moved", [])) if content is not None else {}


def _made_for(plan: Plan, staged_manifests: Manifests) -> list[AnyManifest]:
    """Staged manifests that were made for the plan; what an earlier try made for another plan stays where it is.

    Raises:
        BrokenExtract: a bundle was made of other zips of the run.
    """
    made = plan.made(staged_manifests.state_years)
    for bundle in staged_manifests.bundles.values():
        if other := other_member(bundle, made):
            raise BrokenExtract(
                f"the bundle {bundle.name} was made of another zip of {other} by an earlier try, and not anew; "
                "see the logs of Build bundles and complete the run"
            )
    return [*made.values(), *staged_manifests.bundles.values(), *staged_manifests.estimates.values()]


def _require_whole(store: Store, plan: Plan, mine: list[AnyManifest], theirs: Manifests) -> dict[str, str]:
    """Refuse to publish if a bundle was not built, or a zip is not what its manifest says.

    Returns:
        By the published key of each zip the entity tag of the staged object that was checked: that one is copied.
    """
    # A retry finds some of the run's own work published and cleared already.
    done = {public_key(each) for each in theirs if each.run_id == plan.run_id} | {public_key(each) for each in mine}
    missing = [bundle.name for bundle in plan.bundles if public_bundle_key(bundle.name) not in done]
    if missing:
        raise BrokenExtract(f"bundles were not built: {', '.join(missing)}; see the logs of Build bundles")
    return {public_key(manifest): _checked(store, plan.run_id, manifest) for manifest in mine}


def _checked(store: Store, run_id: str, manifest: AnyManifest) -> str:
    """The entity tag of a staged zip that is what its manifest says: in size, and in SHA-256.

    The SHA-256 is what the zip's writer stated with the object; where none is stated, the zip is read.
    """
    key = staged(run_id, public_key(manifest))
    return _tag_of(store, key, store.stated(key), manifest.zip)


def _checked_beside(store: Store, run_id: str, manifests: list[AnyManifest]) -> dict[str, str]:
    """Entity tags of what is staged beside zips, by the keys that it will have: its size is the manifest's."""
    expected = {key: entry for manifest in manifests for key, entry in beside_of(manifest).items()}
    found = {key: each for prefix in PUBLIC_PREFIXES for key, each in store.listed(staged(run_id, prefix)).items()}
    tags = {}
    for key, entry in expected.items():
        there = staged_beside(run_id, key, entry.sha256)
        tags[key] = _of_size(store, there, found.get(there), entry).tag
    return tags


def _tag_of(store: Store, key: str, found: Stated | None, expected: ZipSummary) -> str:
    """The entity tag of a staged object that is what a manifest says."""
    there = _of_size(store, key, found, expected)
    if (sha256 := there.sha256 or store.sha256_of(key, there.tag)) != expected.sha256:
        raise BrokenExtract(
            f"s3://{store.bucket}/{key} has SHA-256 {sha256}, its manifest says {expected.sha256}; "
            "remove both and complete the run"
        )
    return there.tag


def _of_size(store: Store, key: str, found: Stated | None, expected: ZipSummary | FileEntry) -> Stated:
    """What is staged, if it has as many bytes as a manifest says."""
    if found is None or found.size != expected.bytes:
        raise BrokenExtract(
            f"s3://{store.bucket}/{key} has {found.size if found else 0:,} bytes, its manifest says "
            f"{expected.bytes:,}; remove both and complete the run"
        )
    return found


def _no_longer_there(theirs: Manifests, selected: list[AnyManifest]) -> list[str]:
    """Parquet files of state-years that are replaced by fewer: who lists folders would take them for current."""
    return [
        key
        for manifest in selected
        if isinstance(manifest, StateYearManifest) and manifest.item in theirs.state_years
        for key in beside_of(theirs.state_years[manifest.item]).keys() - beside_of(manifest).keys()
    ]


def _estimates(manifests: list[AnyManifest]) -> list[EstimatesManifest]:
    return [manifest for manifest in manifests if isinstance(manifest, EstimatesManifest)]


def _checked_page(store: Store, run_id: str, manifest: EstimatesManifest) -> bytes:
    """The staged report page of a year's estimates, which is the one that their manifest names."""
    key = staged(run_id, public_report_key(manifest.year))
    content = store.get(key)
    if content is None or hashlib.sha256(content).hexdigest() != manifest.report_sha256:
        raise BrokenExtract(
            f"s3://{store.bucket}/{key} is not the page that the manifest beside it names; remove it, the zip and the "
            "manifest, and complete the run"
        )
    return content


def _clear(store: Store, run_id: str) -> None:
    """Remove all that was staged: it is published, or superseded. Manifests first, so that none is without its zip."""
    there = [key for prefix in PUBLIC_PREFIXES for key in store.sizes(staged(run_id, prefix))]
    manifests = [key for key in there if is_manifest(key)]
    store.delete_many(manifests)
    store.delete_many(key for key in there if key not in set(manifests))
    store.delete(common_key(run_id))
