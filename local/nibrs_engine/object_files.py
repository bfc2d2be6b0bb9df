"""Emulated S3 on disk: what a run writes is there for the next one.

moto keeps objects in memory. Here every object is written through to a file of the home, and read
from it when it is asked for, so that thousands of zips cost neither memory nor time at the start.

What AWS does and moto does not: of several writes of an object on the condition that nobody else has written it, one
succeeds (test_emulator.py, test_of_writes_on_one_condition_at_the_same_moment_one_succeeds).
"""

import hashlib
import os
from collections.abc import Callable
from contextlib import nullcontext
from datetime import UTC, datetime
from pathlib import Path
from threading import Lock
from typing import Any

from moto.s3 import models
from moto.s3.models import FakeKey, S3Backend
from moto.s3.responses import S3Response

_LOCK = Lock()
#: Held while a condition is looked at and what depends on it is done.
_CONDITION = Lock()


class _FileBuffer:
    """Stands in for a moto key's buffer: a file that is opened when it is read."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._position = 0

    def seek(self, position: int) -> int:
        self._position = position
        return position

    def read(self, size: int = -1) -> bytes:
        with self._path.open("rb") as file:
            file.seek(self._position)
            data = file.read(size)
        self._position += len(data)
        return data

    def truncate(self) -> int:
        return 0

    def close(self) -> None:
        """Nothing is open between reads."""


def writing_to(folder: Path) -> tuple[Callable[..., FakeKey], Callable[..., Any]]:
    """Stand-ins for the backend's ``put_object`` and ``delete_object`` that keep objects in a folder."""
    original_put, original_delete = S3Backend.put_object, S3Backend.delete_object

    def put_object(
        self: S3Backend, bucket_name: str, key_name: str, value: bytes, *args: Any, **options: Any
    ) -> FakeKey:
        path = _path(folder, bucket_name, key_name)
        partial = path.with_name(f".{path.name}.{os.urandom(4).hex()}.partial")
        try:
            _write(partial, value)
            partial.replace(path)
        except OSError:
            partial.unlink(missing_ok=True)
            raise
        key = original_put(self, bucket_name, key_name, b"", *args, **options)
        _back_by_file(key, path, len(value))
        if key._etag is None:
            # moto would read the file for it as soon as it answers.
            key._etag = hashlib.md5(value, usedforsecurity=False).hexdigest()
        return key

    def delete_object(self: S3Backend, bucket_name: str, key_name: str, *args: Any, **options: Any) -> Any:
        result = original_delete(self, bucket_name, key_name, *args, **options)
        _path(folder, bucket_name, key_name).unlink(missing_ok=True)
        return result

    return put_object, delete_object


def one_at_a_time(respond: Callable[[S3Response], Any]) -> Callable[[S3Response], Any]:
    """A response to a write that looks at its condition and writes in one step, as S3 does."""

    def respond_alone(self: S3Response) -> Any:
        conditional = "If-Match" in self.headers or "If-None-Match" in self.headers
        with _CONDITION if conditional else nullcontext():
            return respond(self)

    return respond_alone


def restore_objects(folder: Path, bucket: str, account: str) -> int:
    """Put a bucket's files back into moto as objects; returns how many there are."""
    backend = models.s3_backends[account]["aws"]
    top = folder / bucket
    count = 0
    for path in sorted(top.rglob("*")):
        if not path.is_file() or path.name.endswith(".partial"):
            continue
        name = path.relative_to(top).as_posix()
        key = FakeKey(name, b"", account, backend.region_name, bucket_name=bucket)
        _back_by_file(key, path, path.stat().st_size)
        key.last_modified = datetime.fromtimestamp(path.stat().st_mtime, UTC).replace(tzinfo=None)
        backend.get_bucket(bucket).keys.setlist(name, [key])
        count += 1
    return count


def _write(path: Path, content: bytes) -> None:
    try:
        path.write_bytes(content)
    except FileNotFoundError:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)


def _path(folder: Path, bucket: str, key: str) -> Path:
    # By the text alone: asking the disk for every part of every path took a fifth of the time of the emulation.
    top = os.path.normpath(folder / bucket)
    path = os.path.normpath(os.path.join(top, key))
    if not path.startswith(top + os.sep):
        raise ValueError(f"the key {key!r} would leave the folder of its bucket")
    return Path(path)


def _back_by_file(key: FakeKey, path: Path, size: int) -> None:
    with _LOCK:
        key._value_buffer.close()
        key._value_buffer = _FileBuffer(path)  # type: ignore[assignment]  # the part of a file that moto uses
        key.contentsize = size
