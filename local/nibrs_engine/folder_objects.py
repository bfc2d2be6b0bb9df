"""The objects of emulated S3 read straight from their folder, without an emulation."""

from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path


class FolderObjects:
    """A folder that stands for a bucket."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def get(self, key: str) -> bytes | None:
        """A file's content, or None if there is no such file."""
        path = self._folder / key
        return path.read_bytes() if path.is_file() else None

    def get_many(self, keys: Iterable[str]) -> dict[str, bytes]:
        """Contents by key; files that do not exist are left out."""
        return {key: content for key in keys if (content := self.get(key)) is not None}

    def sizes(self, prefix: str) -> dict[str, int]:
        """Keys under a prefix with their sizes in bytes."""
        files = (path for path in (self._folder / prefix).rglob("*") if path.is_file())
        return {path.relative_to(self._folder).as_posix(): path.stat().st_size for path in files}

    def folders(self, prefix: str) -> list[str]:
        """Prefixes that end with the next slash after a prefix that does."""
        top = self._folder / prefix
        return [f"{prefix}{path.name}/" for path in top.iterdir() if path.is_dir()] if top.is_dir() else []

    def modified_many(self, keys: Iterable[str]) -> dict[str, datetime]:
        """When files were written last; those that do not exist are left out."""
        paths = {key: self._folder / key for key in keys}
        return {key: datetime.fromtimestamp(path.stat().st_mtime, UTC) for key, path in paths.items() if path.is_file()}
