"""Publish: which staged objects become visible, and in which order."""

from collections.abc import Mapping

from nibrs_pipeline.keys import StateYear, manifest_of, public_bundle_key, public_zip_key
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


def keys_to_switch(
    staged: Mapping[StateYear, StateYearManifest] | Mapping[str, BundleManifest],
    published: Mapping[StateYear, StateYearManifest] | Mapping[str, BundleManifest],
) -> list[str]:
    """Public keys to copy, zips before manifests: whoever sees a manifest finds its zip."""
    newer = [
        public_key(manifest)
        for name, manifest in staged.items()
        if not superseded(manifest, published.get(name))  # type: ignore[call-overload]  # keys and values agree
    ]
    return newer + [manifest_of(key) for key in newer]
