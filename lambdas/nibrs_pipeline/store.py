"""The adapter to S3: the few operations that the pipeline needs, on one bucket."""

import errno
import hashlib
import json
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from io import BufferedReader
from itertools import islice
from pathlib import Path
from typing import Any, Protocol

import boto3
from boto3.exceptions import Boto3Error
from boto3.s3.transfer import TransferConfig
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError
from s3transfer.exceptions import S3DownloadFailedError

from nibrs_pipeline.errors import BrokenExtract, DiskFull, StorageUnavailable
from nibrs_pipeline.object_file import object_file

_MISSING = {"NoSuchKey", "404", "NotFound"}
_TAKEN = {"PreconditionFailed", "ConditionalRequestConflict", "412", "409"}
_THREADS = 16
#: Small files that are written at once while others are made; each is in memory until it is.
_UPLOADS = 4
#: Bytes up to which a file is written by one request.
_SMALL = 8 << 20
#: How objects are read that are read whole.
_IN_FEW_PARTS = TransferConfig(use_threads=False, multipart_threshold=64 << 20, multipart_chunksize=64 << 20)
#: As many as S3 takes in one request.
_DELETED_AT_ONCE = 1000
_GIB = 1 << 30
_CONTENT_TYPES = {
    ".zip": "application/zip",
    ".json": "application/json",
    ".html": "text/html; charset=utf-8",
    ".atom": "application/atom+xml; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".gz": "application/gzip",
    ".parquet": "application/vnd.apache.parquet",
    ".sql": "text/plain; charset=utf-8",
    ".txt": "text/plain; charset=utf-8",
}
#: Large files, which caches ask for each time.
_LARGE = (".zip", ".gz", ".parquet", ".duckdb")
#: A zip keeps its name when it is made anew: caches keep its bytes, and ask by its entity tag whether they still hold.
_ASK_EACH_TIME = "public, no-cache"
#: Index, manifests and reports are small, and may be minutes old.
_MINUTES = "public, max-age=300"


#: The metadata of an object in which ``upload`` states the SHA-256 of its content.
_SHA256 = "sha256"


@dataclass(frozen=True)
class Stated:
    """What S3 says of an object: its size in bytes, its entity tag, and the SHA-256 that its writer stated, if any."""

    size: int
    tag: str
    sha256: str | None


class Objects(Protocol):
    """Objects that can be listed and read: a bucket, or a folder that stands for one."""

    def get(self, key: str) -> bytes | None:
        """An object's content, or None if there is no such object."""

    def get_many(self, keys: Iterable[str]) -> dict[str, bytes]:
        """Small objects by key; those that do not exist are left out."""

    def sizes(self, prefix: str) -> dict[str, int]:
        """Keys under a prefix with their sizes in bytes."""

    def folders(self, prefix: str) -> list[str]:
        """Prefixes that end with the next slash after a prefix."""

    def modified_many(self, keys: Iterable[str]) -> dict[str, datetime]:
        """When objects were written last; those that do not exist are left out."""


def _sent_at_once(params: dict[str, Any], **_: Any) -> None:
    """What one request writes is small: to ask first whether S3 would take it takes as long as to send it."""
    params["headers"].pop("Expect", None)


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
        self._s3.meta.events.register_last("before-call.s3.PutObject", _sent_at_once)

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

    def put(self, key: str, content: bytes, sha256: str | None = None) -> None:
        """Write a small object.

        Args:
            sha256: of its content; stated with the object, as by ``upload``.
        """
        with _translated(self.bucket, key):
            self._s3.put_object(Bucket=self.bucket, Key=key, Body=content, **headers(key), **_stating(sha256))

    def put_json(self, key: str, value: Any) -> None:
        """Write a value as JSON."""
        self.put(key, (json.dumps(value, indent=1) + "\n").encode())

    def put_if_absent(self, key: str, content: bytes) -> str | None:
        """Write an object unless there is one; returns its entity tag, or None if it was not written."""
        return self._put_if(key, content, IfNoneMatch="*")

    def replace_if_same(self, key: str, content: bytes, tag: str) -> str | None:
        """Replace an object unless it changed since ``tag`` was read; returns its new tag, or None if it did."""
        return self._put_if(key, content, IfMatch=tag)

    def delete_if_same(self, key: str, tag: str) -> bool:
        """Remove an object unless it changed since ``tag`` was read; tells whether it was removed."""
        with _translated(self.bucket, key), _refusal() as refused:
            self._s3.delete_object(Bucket=self.bucket, Key=key, IfMatch=tag)
        return not refused

    def _put_if(self, key: str, content: bytes, **condition: Any) -> str | None:
        tag = ""
        with _translated(self.bucket, key), _refusal() as refused:
            tag = str(self._s3.put_object(Bucket=self.bucket, Key=key, Body=content, **condition)["ETag"])
        if not refused:
            return tag
        # If an answer gets lost boto3 writes again, and its own first write makes the condition fail.
        found = self.get_with_tag(key)
        return found[1] if found and found[0] == content else None

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

    def upload(self, path: Path, key: str, sha256: str | None = None) -> None:
        """Write a file as an object, in parts if it is large. Nothing is visible before the last part.

        Args:
            sha256: of its content; stated with the object, so that whoever copies it knows what it is.
        """
        if path.stat().st_size <= _SMALL:
            self.put(key, path.read_bytes(), sha256)
            return
        with _translated(self.bucket, key):
            self._s3.upload_file(
                str(path),
                self.bucket,
                key,
                ExtraArgs=headers(key) | _stating(sha256),
                Config=TransferConfig(use_threads=False, multipart_chunksize=16 << 20),
            )

    @contextmanager
    def uploading(self) -> Iterator[Callable[[Path, str, str], None]]:
        """Uploads that go on while the next file is made; all have ended when the block has.

        Yields:
            What uploads a file, as ``upload`` does; the file may be removed or replaced as soon as it returns.
        """
        with ThreadPoolExecutor(_UPLOADS) as pool:
            begun: list[Future[None]] = []

            def upload(path: Path, key: str, sha256: str) -> None:
                if path.stat().st_size <= _SMALL:
                    begun.append(pool.submit(self.put, key, path.read_bytes(), sha256))
                else:
                    self.upload(path, key, sha256)

            yield upload
            for each in begun:
                each.result()

    def download(self, key: str, path: Path, sha256: str | None = None) -> None:
        """Write an object to a file.

        Args:
            sha256: what the content's has to be.

        Raises:
            BrokenExtract: there is no such object, or it has another content.
        """
        with _translated(self.bucket, key):
            try:
                self._s3.download_file(self.bucket, key, str(path), Config=_IN_FEW_PARTS)
            except ClientError as error:
                if _code(error) in _MISSING:
                    raise BrokenExtract(f"s3://{self.bucket}/{key} is missing; run the extraction again") from error
                raise
        if sha256 and (found := file_sha256(path)) != sha256:
            raise BrokenExtract(
                f"s3://{self.bucket}/{key} has SHA-256 {found}, its manifest says {sha256}; if another run has just "
                "replaced it, complete the run; otherwise run it anew with force"
            )

    def stated(self, key: str) -> Stated | None:
        """What S3 says of an object, or None if there is no such object."""
        with _translated(self.bucket, key):
            found = self._head(key)
        if found is None:
            return None
        return Stated(found["ContentLength"], found["ETag"], found.get("Metadata", {}).get(_SHA256))

    def sha256_of(self, key: str, tag: str) -> str:
        """The SHA-256 of an object's content, read through.

        Args:
            tag: the entity tag of the object that is meant.

        Raises:
            BrokenExtract: the object has been replaced.
        """
        digest = hashlib.sha256()
        with _translated(self.bucket, key):
            try:
                body = self._s3.get_object(Bucket=self.bucket, Key=key, IfMatch=tag)["Body"]
            except ClientError as error:
                if _code(error) in _TAKEN | _MISSING:
                    raise BrokenExtract(f"s3://{self.bucket}/{key} was replaced while it was read") from error
                raise
            for chunk in iter(lambda: body.read(1 << 20), b""):
                digest.update(chunk)
        return digest.hexdigest()

    def open(self, key: str) -> BufferedReader:
        """An object as a file, of which only what is read is fetched.

        Raises:
            BrokenExtract: there is no such object, or it was replaced meanwhile.
        """
        found = self.stated(key)
        if found is None:
            raise BrokenExtract(f"s3://{self.bucket}/{key} is missing")
        return object_file(found.size, lambda start, length: self._range(key, found.tag, start, length))

    def _range(self, key: str, tag: str, start: int, length: int) -> bytes:
        with _translated(self.bucket, key):
            try:
                asked = f"bytes={start}-{start + length - 1}"
                body = self._s3.get_object(Bucket=self.bucket, Key=key, Range=asked, IfMatch=tag)["Body"]
            except ClientError as error:
                if _code(error) in _TAKEN | _MISSING:
                    raise BrokenExtract(f"s3://{self.bucket}/{key} was replaced while it was read") from error
                raise
            return bytes(body.read())

    def modified_many(self, keys: Iterable[str]) -> dict[str, datetime]:
        """When objects were written last, asked side by side; those that do not exist are left out."""
        wanted = list(keys)
        with ThreadPoolExecutor(_THREADS) as pool:
            return {
                key: each["LastModified"]
                for key, each in zip(wanted, pool.map(self._head, wanted), strict=True)
                if each
            }

    def _head(self, key: str) -> dict[str, Any] | None:
        with _translated(self.bucket, key):
            try:
                return dict(self._s3.head_object(Bucket=self.bucket, Key=key))
            except ClientError as error:
                if _code(error) in _MISSING:
                    return None
                raise

    def copy(self, source: str, target: str, tag: str | None = None) -> None:
        """Copy an object inside the bucket, in parts if it is large; its headers are those of its new key.

        Args:
            tag: the entity tag that the source has to have.

        Raises:
            BrokenExtract: the source has another one.
        """
        condition = {"CopySourceIfMatch": tag} if tag else {}
        with _translated(self.bucket, target), self._replaced_named(source):
            self._s3.copy(
                {"Bucket": self.bucket, "Key": source},
                self.bucket,
                target,
                ExtraArgs={**headers(target), "MetadataDirective": "REPLACE", **condition},
                Config=TransferConfig(multipart_threshold=_GIB),
            )

    def _copy_small(self, source: str, target: str, tag: str) -> None:
        """Copy an object of which it is known that it needs no parts: in one request."""
        with _translated(self.bucket, target), self._replaced_named(source):
            self._s3.copy_object(
                CopySource={"Bucket": self.bucket, "Key": source},
                Bucket=self.bucket,
                Key=target,
                CopySourceIfMatch=tag,
                MetadataDirective="REPLACE",
                **headers(target),
            )

    @contextmanager
    def _replaced_named(self, source: str) -> Iterator[None]:
        """Turn S3's refusal to copy another object than the one that was named into an error that says so."""
        try:
            yield
        except ClientError as error:
            if _code(error) in _TAKEN | _MISSING:
                raise BrokenExtract(f"s3://{self.bucket}/{source} was replaced while it was published") from error
            raise

    def copy_many(self, copies: Iterable[tuple[str, str, str]]) -> None:
        """Copy objects side by side: source, target, and the source's entity tag (see ``copy``)."""
        with ThreadPoolExecutor(_THREADS) as pool:
            list(pool.map(lambda each: self.copy(*each), copies))

    def copy_small_many(self, copies: Iterable[tuple[str, str, str]]) -> None:
        """The same of objects below 5 GB, of which there may be tens of thousands: a request each."""
        with ThreadPoolExecutor(_THREADS) as pool:
            list(pool.map(lambda each: self._copy_small(*each), copies))

    def put_many(self, contents: Iterable[tuple[str, bytes]]) -> None:
        """Write small objects side by side: key and content."""
        with ThreadPoolExecutor(_THREADS) as pool:
            list(pool.map(lambda each: self.put(*each), contents))

    def delete_many(self, keys: Iterable[str]) -> None:
        """Remove objects, a thousand with each request; no error for those that are not there.

        Raises:
            StorageUnavailable: S3 has kept some, which a request that succeeds says in its answer.
        """
        left = iter(keys)
        while some := list(islice(left, _DELETED_AT_ONCE)):
            with _translated(self.bucket, some[0]):
                answer = self._s3.delete_objects(
                    Bucket=self.bucket, Delete={"Objects": [{"Key": key} for key in some], "Quiet": True}
                )
            if kept := answer.get("Errors"):
                first = kept[0]
                raise StorageUnavailable(
                    f"s3://{self.bucket}/{first['Key']}, one of {len(kept)}, was not removed: {first['Code']}: "
                    f"{first['Message']}"
                )

    def folders(self, prefix: str) -> list[str]:
        """Prefixes that end with the next slash after a prefix."""
        with _translated(self.bucket, prefix):
            pages = self._s3.get_paginator("list_objects_v2").paginate(Bucket=self.bucket, Prefix=prefix, Delimiter="/")
            return [entry["Prefix"] for page in pages for entry in page.get("CommonPrefixes", [])]

    def sizes(self, prefix: str) -> dict[str, int]:
        """Keys under a prefix with their sizes in bytes."""
        return {key: found.size for key, found in self.listed(prefix).items()}

    def listed(self, prefix: str) -> dict[str, Stated]:
        """What a list says of the objects under a prefix: all but what their writers stated."""
        with _translated(self.bucket, prefix):
            pages = self._s3.get_paginator("list_objects_v2").paginate(Bucket=self.bucket, Prefix=prefix)
            entries = (entry for page in pages for entry in page.get("Contents", []))
            return {entry["Key"]: Stated(entry["Size"], entry["ETag"], None) for entry in entries}


def file_sha256(path: Path) -> str:
    """The SHA-256 of a file's content, in hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _code(error: ClientError) -> str:
    return str(error.response.get("Error", {}).get("Code", ""))


def headers(key: str) -> dict[str, Any]:
    """What S3 says of an object by its key: its type, and how long caches may keep it unasked."""
    suffix = Path(key).suffix
    return {
        "ContentType": _CONTENT_TYPES.get(suffix, "application/octet-stream"),
        "CacheControl": _ASK_EACH_TIME if suffix in _LARGE else _MINUTES,
    }


def _stating(sha256: str | None) -> dict[str, Any]:
    """What is said with an object of its content."""
    return {"Metadata": {_SHA256: sha256}} if sha256 else {}


@contextmanager
def _translated(bucket: str, key: str) -> Iterator[None]:
    """Turn botocore's errors into the ones that the state machine knows."""
    try:
        yield
    except (ClientError, BotoCoreError, Boto3Error, S3DownloadFailedError) as error:
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
        if error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG):
            raise DiskFull(
                f"no space left in {folder}; give the function more temporary storage, or free some there"
            ) from error
        raise
