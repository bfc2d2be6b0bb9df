"""Publish: which staged objects become visible, and in which order."""

from collections.abc import Iterable

from nibrs_pipeline.keys import (
    manifest_of,
    public_bundle_key,
    public_estimates_key,
    public_report_key,
    public_zip_key,
)
from nibrs_pipeline.manifest import BundleManifest, EstimatesManifest, StateYearManifest

AnyManifest = StateYearManifest | BundleManifest | EstimatesManifest


def snapshot_time(manifest: AnyManifest) -> str:
    """When the data was read, as ISO 8601 in UTC."""
    return manifest.snapshot_time if isinstance(manifest, BundleManifest) else manifest.source.snapshot_time


def public_key(manifest: AnyManifest) -> str:
    """The key of the published zip."""
    if isinstance(manifest, StateYearManifest):
        return public_zip_key(manifest.item)
    if isinstance(manifest, EstimatesManifest):
        return public_estimates_key(manifest.year)
    return public_bundle_key(manifest.name)


def companion_keys(manifest: AnyManifest) -> list[str]:
    """Keys of what is published beside the zip, its manifest last: whoever sees a manifest finds its zip."""
    key = public_key(manifest)
    if isinstance(manifest, EstimatesManifest):
        return [public_report_key(manifest.year), manifest_of(key)]
    return [manifest_of(key)]


def superseded(staged: AnyManifest, published: AnyManifest | None) -> bool:
    """Whether what is published was read from the database later than what is staged."""
    return published is not None and snapshot_time(published) > snapshot_time(staged)


def to_switch(staged: Iterable[AnyManifest], published: Iterable[AnyManifest]) -> list[AnyManifest]:
    """Manifests of what becomes visible: all that no later state of the database has overtaken."""
    there = {public_key(manifest): manifest for manifest in published}
    return [manifest for manifest in staged if not superseded(manifest, there.get(public_key(manifest)))]
