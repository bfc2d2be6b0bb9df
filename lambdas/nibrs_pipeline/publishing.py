"""Publish: which staged objects become visible, and in which order."""

from collections.abc import Iterable

from nibrs_pipeline.keys import manifest_of, public_bundle_key, public_zip_key
from nibrs_pipeline.manifest import BundleManifest, StateYearManifest

AnyManifest = StateYearManifest | BundleManifest


def snapshot_time(manifest: AnyManifest) -> str:
    """When the data was read, as ISO 8601 in UTC."""
    return manifest.source.snapshot_time if isinstance(manifest, StateYearManifest) else manifest.snapshot_time


def public_key(manifest: AnyManifest) -> str:
    """The key of the published zip."""
    if isinstance(manifest, StateYearManifest):
        return public_zip_key(manifest.item)
    return public_bundle_key(manifest.name)


def superseded(staged: AnyManifest, published: AnyManifest | None) -> bool:
    """Whether what is published was read from the database later than what is staged."""
    return published is not None and snapshot_time(published) > snapshot_time(staged)


def keys_to_switch(staged: Iterable[AnyManifest], published: Iterable[AnyManifest]) -> list[str]:
    """Public keys to copy, zips before manifests: whoever sees a manifest finds its zip."""
    there = {public_key(manifest): manifest for manifest in published}
    newer = [public_key(manifest) for manifest in staged if not superseded(manifest, there.get(public_key(manifest)))]
    return newer + [manifest_of(key) for key in newer]
