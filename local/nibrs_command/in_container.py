"""The ``nibrs`` command inside its image: what it leaves behind goes to the bucket, since the container goes.

Rows that a load puts aside, the truth about a simulated nation, and the details of an error that was not foreseen are
files of the command's home. KEEP_IN, an address such as ``s3://bucket/uploads/kept/``, says where they are kept.
"""

import os
import sys
from collections.abc import Iterator
from pathlib import Path

import boto3
from boto3.exceptions import Boto3Error
from botocore.exceptions import BotoCoreError, ClientError
from nibrs_home.home import Home

from nibrs_command import entry as command
from nibrs_command.terminal import FAILED


def entry() -> None:
    """Run the command; ends with its exit code, or as failed if what it left could not be kept."""
    try:
        command.entry()
        code: int | str | None = 0
    except SystemExit as ended:
        code = ended.code
    home = Home.from_environment()
    for path in sorted((home.path / "scratch").glob("error-*.txt")):
        print(path.read_text(encoding="utf-8", errors="replace"), file=sys.stderr)
    kept = _keep(home, os.environ.get("KEEP_IN", ""))
    sys.exit(code if kept else code or FAILED)


def _left(home: Home) -> Iterator[Path]:
    for folder in (home.path / "quarantine", home.truth):
        yield from sorted(path for path in folder.rglob("*") if path.is_file())


def _keep(home: Home, address: str) -> bool:
    """Put what was left under an address; tells whether all of it is there."""
    bucket, _, prefix = address.removeprefix("s3://").partition("/")
    try:
        for path in _left(home):
            if not bucket:
                print(f"{path} goes with this container: KEEP_IN does not say where to keep it", file=sys.stderr)
                return False
            key = prefix + path.relative_to(home.path).as_posix()
            boto3.client("s3").upload_file(str(path), bucket, key)
            print(f"Kept      s3://{bucket}/{key}")
    except (Boto3Error, BotoCoreError, ClientError) as error:
        print(f"Not kept in {address}: {error}; check the right to write there", file=sys.stderr)
        return False
    return True


if __name__ == "__main__":
    entry()
