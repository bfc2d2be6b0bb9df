"""Build bundles: several finished zips in one, a folder per state-year, nothing inflated again."""

import zipfile
from collections.abc import Callable, Iterable
from pathlib import Path

from nibrs_pipeline.archive.manifest import BundleManifest, BundleMember, StateYearManifest, ZipSummary
from nibrs_pipeline.archive.zip_writer import ZipWriter
from nibrs_pipeline.extract.documents.readme import BundleFolder, bundle_readme


def build_bundle(
    name: str,
    run_id: str,
    members: Iterable[StateYearManifest],
    fetch: Callable[[StateYearManifest], Path],
    target: Path,
) -> BundleManifest:
    """Write a bundle and describe it.

    Args:
        members: the zips to put in, in the bundle's order.
        fetch: downloads a member's zip to a local file, which is removed when it has been taken over, so
            that only one lies on disk beside the bundle at any time.
        target: the file to write.
    """
    taken = list(members)
    with target.open("wb") as file:
        zip_writer = ZipWriter(file, target.parent)
        folders = [
            BundleFolder(each.item, each.state_name, each.rows["nibrs_incident"], each.provenance) for each in taken
        ]
        for member, content in bundle_readme(name, folders).items():
            zip_writer.add(member, content)
        for manifest in taken:
            path = fetch(manifest)
            with zipfile.ZipFile(path) as source:
                for info in source.infolist():
                    zip_writer.take_over(source, info, f"{manifest.item}/{info.filename}")
            path.unlink()
        sha256 = zip_writer.close()
    return BundleManifest(
        name=name,
        run_id=run_id,
        zip=ZipSummary(name=f"{name}.zip", bytes=zip_writer.size, sha256=sha256),
        members=[
            BundleMember(
                state=each.state,
                year=each.year,
                sha256=each.zip.sha256,
                simulated=each.simulated,
                source_notes=each.source_notes,
            )
            for each in taken
        ],
        snapshot_time=max((each.source.snapshot_time for each in taken), default=""),
    )
