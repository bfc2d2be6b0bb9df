"""Files to load that are objects of S3: downloaded to a temporary folder, whole or not at all."""

import re
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from fnmatch import fnmatchcase
from pathlib import Path

import boto3
from boto3.exceptions import Boto3Error
from botocore.exceptions import BotoCoreError, ClientError
from s3transfer.exceptions import S3DownloadFailedError

from nibrs_loading.archives import BadFile

_SCHEME = "s3://"


def named(file: str) -> list[str]:
    """The files that a name stands for: those of S3 that match ``s3://bucket/uploads/*.zip``, else the name itself.

    Raises:
        BadFile: no object matches, or the bucket cannot be listed.
    """
    bucket, slash, pattern = file.removeprefix(_SCHEME).partition("/")
    if not file.startswith(_SCHEME) or not slash or "*" not in pattern:
        return [file]
    try:
        pages = (
            boto3.client("s3")
            .get_paginator("list_objects_v2")
            .paginate(Bucket=bucket, Prefix=pattern[: pattern.index("*")])
        )
        keys = [entry["Key"] for page in pages for entry in page.get("Contents", [])]
    except (ClientError, BotoCoreError) as error:
        raise BadFile(f"{file}: {error}; check the bucket and the right to list it") from error
    # A star stands for a part of a name, as in a shell.
    found = [key for key in keys if key.count("/") == pattern.count("/") and fnmatchcase(key, pattern)]
    if not found:
        raise BadFile(f"{file}: no object matches; `aws s3 ls s3://{bucket}/` shows what there is")
    return [f"{_SCHEME}{bucket}/{key}" for key in sorted(found)]


@contextmanager
def at_hand(file: str) -> Iterator[Path]:
    """A local file: the one that is named, or a copy of the object for as long as it is used.

    Args:
        file: a path, or an address such as ``s3://bucket/uploads/AZ-2016.zip``.

    Raises:
        BadFile: it is no such address, or the object cannot be downloaded; or it is a bad file, which is named by its
            address instead of the copy's path.
    """
    if not file.startswith(_SCHEME):
        yield Path(file)
        return
    parts = re.fullmatch(r"s3://([^/]+)/(?:.*/)?([^/]+)", file)
    if parts is None:
        raise BadFile(f"{file}: it has to be the address of an object, such as s3://bucket/uploads/AZ-2016.zip")
    bucket, name = parts.groups()
    with tempfile.TemporaryDirectory(prefix="nibrs-load-") as folder:
        path = Path(folder) / name
        _bring(file, bucket, path)
        try:
            yield path
        except BadFile as error:
            raise BadFile(str(error).replace(str(path), file)) from error


def _bring(file: str, bucket: str, path: Path) -> None:
    key = file.removeprefix(f"{_SCHEME}{bucket}/")
    try:
        s3 = boto3.client("s3")
        size = s3.head_object(Bucket=bucket, Key=key)["ContentLength"]
        s3.download_file(bucket, key, str(path))
    except ClientError as error:
        missing = error.response.get("Error", {}).get("Code") in ("404", "NoSuchKey", "NoSuchBucket")
        why = "there is no such object; check bucket and key" if missing else f"{error}; check the right to read it"
        raise BadFile(f"{file}: {why}") from error
    except S3DownloadFailedError as error:
        raise BadFile(f"{file}: it was replaced while it was read; try again") from error
    except (BotoCoreError, Boto3Error) as error:
        raise BadFile(f"{file}: {error}; check network, credentials and region, and try again") from error
    if (found := path.stat().st_size) != size:
        raise BadFile(f"{file}: {found:,} of {size:,} bytes arrived: it was replaced meanwhile; try again")
