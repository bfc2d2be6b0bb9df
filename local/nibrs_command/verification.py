"""``nibrs verify``: a zip against its manifest."""

import hashlib
import zipfile
from pathlib import Path

from nibrs_pipeline.archive.manifest import (
    AnyManifest,
    BundleManifest,
    FileEntry,
    any_manifest,
    beside_paths,
)
from nibrs_pipeline.archive.zip_writer import sha256_of
from nibrs_pipeline.store import file_sha256
from pydantic import ValidationError

_CHUNK = 1 << 20


class UnreadableManifest(Exception):
    """There is no manifest to verify against."""


def read_manifest(path: Path) -> AnyManifest:
    """The manifest in a file.

    Raises:
        UnreadableManifest: there is none, or it is something else.
    """
    try:
        return parse_manifest(path.read_bytes(), str(path))
    except FileNotFoundError:
        raise UnreadableManifest(f"{path}: there is no manifest; give it with --manifest") from None


def parse_manifest(text: bytes, name: str) -> AnyManifest:
    """A manifest from its text.

    Args:
        name: where the text is from, for the message.

    Raises:
        UnreadableManifest: it is something else.
    """
    try:
        return any_manifest(text)
    except ValidationError as error:
        raise UnreadableManifest(f"{name}: not a manifest: {error}") from error


def problems_of(path: Path, manifest: AnyManifest) -> list[str]:
    """What does not agree; empty if the zip is what its manifest says."""
    with path.open("rb") as file:
        if sha256_of(file) == manifest.zip.sha256:
            return []
    problems = [f"SHA-256 of the zip is not {manifest.zip.sha256}"]
    if path.stat().st_size != manifest.zip.bytes:
        problems.append(f"the zip has {path.stat().st_size:,} bytes, the manifest says {manifest.zip.bytes:,}")
    if not isinstance(manifest, BundleManifest):
        problems += _member_problems(path, manifest.files)
    return problems


def problems_beside(path: Path, manifest: AnyManifest) -> list[str]:
    """What does not agree of the files that were published with a zip; whoever fetched the zip alone has none."""
    there = [(entry, file) for to, entry in beside_paths(manifest).items() if (file := path.parent / to).is_file()]
    return [f"{entry.name} beside it has other content" for entry, file in there if file_sha256(file) != entry.sha256]


def _member_problems(path: Path, entries: list[FileEntry]) -> list[str]:
    try:
        archive = zipfile.ZipFile(path)
    except zipfile.BadZipFile as error:
        return [f"not a zip: {error}"]
    problems = []
    with archive:
        names = archive.namelist()
        problems += [f"{entry.name} is missing" for entry in entries if entry.name not in names]
        problems += [f"{name} is not in the manifest" for name in names if name not in {each.name for each in entries}]
        for entry in entries:
            if entry.name in names and _member_sha256(archive, entry.name) != entry.sha256:
                problems.append(f"{entry.name} has other content")
    return problems


def _member_sha256(archive: zipfile.ZipFile, name: str) -> str:
    digest = hashlib.sha256()
    try:
        with archive.open(name) as member:
            while data := member.read(_CHUNK):
                digest.update(data)
    except (zipfile.BadZipFile, OSError, ValueError) as error:
        return f"unreadable: {error}"
    return digest.hexdigest()
