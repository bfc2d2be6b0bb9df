"""Publish: which staged objects become visible."""

from collections.abc import Iterable

from nibrs_pipeline.archive.manifest import AnyManifest, public_key, snapshot_time


def superseded(staged: AnyManifest, published: AnyManifest | None) -> bool:
    """Whether what is published was read from the database later than what is staged."""
    return published is not None and snapshot_time(published) > snapshot_time(staged)


def to_publish(staged: Iterable[AnyManifest], published: Iterable[AnyManifest]) -> list[AnyManifest]:
    """Manifests of what becomes visible: all but those superseded by what is published already."""
    there = {public_key(manifest): manifest for manifest in published}
    return [manifest for manifest in staged if not superseded(manifest, there.get(public_key(manifest)))]
