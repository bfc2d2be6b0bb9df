"""The adapter to S3: the few operations that the pipeline needs, on one bucket."""

import json
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Protocol

import boto3
from boto3.s3.transfer import TransferConfig
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from nibrs_pipeline.errors import BrokenExtract, DiskFull, StorageUnavailable

_MISSING = {"NoSuchKey", "404", "NotFound"}
_TAKEN = {"PreconditionFailed", "ConditionalRequestConflict", "412", "409"}
_THREADS = 16
_GIB = 1 << 30
_CONTENT_TYPES = {
    ".zip": "application/zip",
    ".json": "application/json",
    ".html": "text/html; charset=utf-8",
    ".txt": "text/plain; charset=utf-8",
}
#: A zip keeps its name when it is made anew: caches keep its bytes, and ask by its entity tag whether they still hold.
_ASK_EACH_TIME = "public, no-cache"
#: Index, manifests and reports are small, and may be minutes old.
_MINUTES = "public, max-age=300"


class Objects(Protocol):
    """Objects that can be listed and read: a bucket, or a folder that stands for one."""

    def get(self, key: str) -> bytes | None:
        """An object's content, or None if there is no such object."""

    def get_many(self, keys: Iterable[str]) -> dict[str, bytes]:
        """Small objects by key; those that do not exist are left out."""

    def sizes(self, prefix: str) -> dict[str, int]:
        """Keys under a prefix with their sizes in bytes."""


class Store:
    """Objects of one bucket."""

    def __init__(self, bucket: str) -> None:
        self.bucket = bucket
        self._s3 = boto3.client(
            "s3",
            config=Config(
                retries={"mode": "standard", "max_attempts": 4},
                max_pool_connections=_THREADS,
                connect_timeout=5,
                read_timeout=60,
            ),
        )

    def get(self, key: str) -> bytes | None:
        """An object's content, or None if there is no such object."""
        found = self.get_with_tag(key)
        return found[0] if found else None

    def get_many(self, keys: Iterable[str]) -> dict[str, bytes]:
        """Small objects by key, fetched side by side; those that do not exist are left out."""
        wanted = list(keys)
        with ThreadPoolExecutor(_THREADS) as pool:
            contents = pool.map(self.get, wanted)
            return {key: content for key, content in zip(wanted, contents, strict=True) if content is not None}

    def put(self, key: str, content: bytes) -> None:
        """Write a small object."""
        with _translated(self.bucket, key):
            self._s3.put_object(Bucket=self.bucket, Key=key, Body=content, **headers(key))

    def put_json(self, key: str, value: Any) -> None:
        """Write a value as JSON."""
        self.put(key, (json.dumps(value, indent=1) + "\n").encode())

    def put_if_absent(self, key: str, content: bytes) -> bool:
        """Write an object unless there is one; tells whether it was written."""
        with _translated(self.bucket, key), _refusal() as refused:
            self._s3.put_object(Bucket=self.bucket, Key=key, Body=content, IfNoneMatch="*")
        return not refused

    def replace_if_same(self, key: str, content: bytes, tag: str) -> bool:
        """Replace an object unless it changed since ``tag`` was read; tells whether it was replaced."""
        with _translated(self.bucket, key), _refusal() as refused:
            self._s3.put_object(Bucket=self.bucket, Key=key, Body=content, IfMatch=tag)
        return not refused

    def get_with_tag(self, key: str) -> tuple[bytes, str] | None:
        """An object's content with its entity tag, or None if there is no such object."""
        with _translated(self.bucket, key):
            try:
                response = self._s3.get_object(Bucket=self.bucket, Key=key)
            except ClientError as error:
                if _code(error) in _MISSING:
                    return None
                raise
            return response["Body"].read(), str(response["ETag"])

    def delete(self, key: str) -> None:
        """Remove an object; no error if there is none."""
        with _translated(self.bucket, key):
            self._s3.delete_object(Bucket=self.bucket, Key=key)

    def upload(self, path: Path, key: str) -> None:
        """Write a file as an object, in parts if it is large. Nothing is visible before the last part."""
        with _translated(self.bucket, key):
            self._s3.upload_file(
                str(path),
                self.bucket,
                key,
                ExtraArgs=headers(key),
                Config=TransferConfig(use_threads=False, multipart_chunksize=16 << 20),
            )

    def download(self, key: str, path: Path) -> None:
        """Write an object to a file.

        Raises:
            BrokenExtract: there is no such object.
        """
        with _translated(self.bucket, key):
            try:
                self._s3.download_file(self.bucket, key, str(path), Config=TransferConfig(use_threads=False))
            except ClientError as error:
                if _code(error) in _MISSING:
                    raise BrokenExtract(f"s3://{self.bucket}/{key} is missing; run the extraction again") from error
                raise

    def copy(self, source: str, target: str) -> None:
        """Copy an object inside the bucket, in parts if it is large; its headers are those of its new key."""
        with _translated(self.bucket, target):
            self._s3.copy(
                {"Bucket": self.bucket, "Key": source},
                self.bucket,
                target,
                ExtraArgs={**headers(target), "MetadataDirective": "REPLACE"},
                Config=TransferConfig(multipart_threshold=_GIB),
            )

    def copy_many(self, pairs: Iterable[tuple[str, str]]) -> None:
        """Copy objects side by side."""
        with ThreadPoolExecutor(_THREADS) as pool:
            list(pool.map(lambda pair: self.copy(*pair), pairs))

    def sizes(self, prefix: str) -> dict[str, int]:
        """Keys under a prefix with their sizes in bytes."""
        with _translated(self.bucket, prefix):
            pages = self._s3.get_paginator("list_objects_v2").paginate(Bucket=self.bucket, Prefix=prefix)
            return {entry["Key"]: entry["Size"] for page in pages for entry in page.get("Contents", [])}


def _code(error: ClientError) -> str:
    return str(error.response.get("Error", {}).get("Code", ""))


def headers(key: str) -> dict[str, Any]:
    """What S3 says of an object by its key: its type, and how long caches may keep it unasked."""
    suffix = Path(key).suffix
    return {
        "ContentType": _CONTENT_TYPES.get(suffix, "application/octet-stream"),
        "CacheControl": _ASK_EACH_TIME if suffix == ".zip" else _MINUTES,
    }


@contextmanager
def _translated(bucket: str, key: str) -> Iterator[None]:
    """Turn botocore's errors into the ones that the state machine knows."""
    try:
        yield
    except (ClientError, BotoCoreError, boto3.exceptions.S3UploadFailedError) as error:
        raise StorageUnavailable(f"s3://{bucket}/{key}: {error}") from error


@contextmanager
def _refusal() -> Iterator[list[str]]:
    """Collects the code of a write that S3 refused because its condition did not hold."""
    codes: list[str] = []
    try:
        yield codes
    except ClientError as error:
        if _code(error) not in _TAKEN | _MISSING:
            raise
        codes.append(_code(error))


@contextmanager
def full_disk_named(folder: Path) -> Iterator[None]:
    """Turn 'no space left' into an error that says where and what helps."""
    try:
        yield
    except OSError as error:
        if error.errno == 28:
            raise DiskFull(
                f"no space left in {folder}; give the function more temporary storage, or free some there"
            ) from error
        raise
