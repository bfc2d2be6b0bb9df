"""Where a stage's inputs come from and its outputs go to: an S3 bucket, or a folder that stands for one."""

import errno
import os
import shutil
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Protocol, TypeVar

import boto3
from boto3.exceptions import Boto3Error
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError
from s3transfer import exceptions as s3transfer_errors

from stage_runner.failures import STARTED_WRONGLY, STORE_FAILED, StageFailure

#: An object was replaced while it was read: the image's boto3, which is Debian's, has no name for it yet.
_REPLACED: type[Exception] = getattr(s3transfer_errors, "S3DownloadFailedError", Boto3Error)


#: Objects that are brought or taken at the same time: one after the other, most of the time would be waiting.
_AT_ONCE = 8
#: Bytes up to which an object is written by one request.
_SMALL = 8 << 20

Item = TypeVar("Item")
Result = TypeVar("Result")


def at_once(work: Callable[[Item], Result], items: Iterable[Item]) -> list[Result]:
    """Do the same with all items, several at the same time; results in their order, or the first failure among them."""
    with ThreadPoolExecutor(_AT_ONCE) as pool:
        return list(pool.map(work, items))


class Store(Protocol):
    """Where inputs come from and outputs go to."""

    def list(self, prefix: str) -> list[str]:
        """Keys under a prefix."""

    def download(self, key: str, path: Path) -> None:
        """Bring an object."""

    def upload(self, path: Path, key: str) -> None:
        """Take a file back."""

    def put(self, content: bytes, key: str) -> None:
        """Write a small object; needs no space on the disk."""

    def delete(self, key: str) -> None:
        """Remove an object if there is one."""


def _sent_at_once(params: dict[str, Any], **_: Any) -> None:
    """What one request writes is small: to ask first whether S3 would take it takes as long as to send it."""
    params["headers"].pop("Expect", None)


class BucketStore:
    """An S3 bucket."""

    def __init__(self, bucket: str) -> None:
        self.bucket = bucket
        retries: Any = {"mode": "standard", "max_attempts": 6}
        self._s3 = boto3.client(
            "s3",
            config=Config(retries=retries, max_pool_connections=2 * _AT_ONCE, connect_timeout=5, read_timeout=60),
        )
        self._s3.meta.events.register_last("before-call.s3.PutObject", _sent_at_once)

    def list(self, prefix: str) -> list[str]:
        """Keys under a prefix."""
        with self._translated(prefix):
            pages = self._s3.get_paginator("list_objects_v2").paginate(Bucket=self.bucket, Prefix=prefix)
            return [entry["Key"] for page in pages for entry in page.get("Contents", [])]

    def download(self, key: str, path: Path) -> None:
        """Bring an object."""
        with self._translated(key):
            self._s3.download_file(self.bucket, key, str(path))

    def upload(self, path: Path, key: str) -> None:
        """Take a file back."""
        if path.stat().st_size <= _SMALL:
            self.put(path.read_bytes(), key)
            return
        with self._translated(key):
            self._s3.upload_file(str(path), self.bucket, key)

    def put(self, content: bytes, key: str) -> None:
        """Write a small object; needs no space on the disk."""
        with self._translated(key):
            self._s3.put_object(Bucket=self.bucket, Key=key, Body=content)

    def delete(self, key: str) -> None:
        """Remove an object if there is one."""
        with self._translated(key):
            self._s3.delete_object(Bucket=self.bucket, Key=key)

    @contextmanager
    def _translated(self, key: str) -> Iterator[None]:
        try:
            yield
        except (ClientError, BotoCoreError, Boto3Error, _REPLACED) as error:
            raise StageFailure(STORE_FAILED, f"s3://{self.bucket}/{key}: {error}; complete the run") from error


class FolderStore:
    """A folder whose files stand for a bucket's objects."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def list(self, prefix: str) -> list[str]:
        """Keys under a prefix that ends with a slash."""
        files = (path for path in (self.folder / prefix).rglob("*") if path.is_file())
        return sorted(str(path.relative_to(self.folder)) for path in files)

    def download(self, key: str, path: Path) -> None:
        """Bring an object."""
        source = self.folder / key
        if not source.is_file():
            raise StageFailure(STORE_FAILED, f"{source}: {os.strerror(errno.ENOENT)}")
        shutil.copyfile(source, path)

    def upload(self, path: Path, key: str) -> None:
        """Take a file back, whole or not at all."""
        with self._whole(key) as partial:
            shutil.copyfile(path, partial)

    def put(self, content: bytes, key: str) -> None:
        """Write a small object."""
        with self._whole(key) as partial:
            partial.write_bytes(content)

    @contextmanager
    def _whole(self, key: str) -> Iterator[Path]:
        target = self.folder / key
        partial = target.with_name(f".{target.name}.partial")
        try:
            target.parent.mkdir(parents=True, exist_ok=True)
            yield partial
            partial.replace(target)
        except OSError as error:
            partial.unlink(missing_ok=True)
            raise StageFailure(STORE_FAILED, f"{target}: {error.strerror}") from error

    def delete(self, key: str) -> None:
        """Remove an object if there is one."""
        (self.folder / key).unlink(missing_ok=True)


def open_store(environment: Mapping[str, str]) -> Store:
    """The store that ARTIFACT_STORE names.

    Raises:
        StageFailure: the variable is missing, or its folder is.
    """
    location = environment.get("ARTIFACT_STORE", "")
    if location.startswith("s3://"):
        return BucketStore(location.removeprefix("s3://").rstrip("/"))
    if not location or not Path(location).is_dir():
        raise StageFailure(
            STARTED_WRONGLY, f"ARTIFACT_STORE is {location!r}; it has to be s3://bucket or a folder that exists"
        )
    return FolderStore(Path(location))
