"""The container's entry point: brings a stage's inputs, runs it in R, takes its outputs back.

    entry_point.py STAGE

with, in the environment:

    ARTIFACT_STORE     s3://bucket, or a folder that stands for one
    ESTIMATION_PREFIX  where this run keeps the year, e.g. runs/2016-refresh/estimation/2016/
    DATA_YEAR          and the stage's own dimensions, as stages.json lists them
    IDENTITY           names what the stage makes its outputs for (optional)
    INPUT_SHA256       of the object that the stage reads from elsewhere, or none (optional)
    LOG_THRESHOLD      of the stage's log (optional)

What the stage reads and where it comes from stands in stages.json beside this file. Outputs are taken
back only when the stage has succeeded; last of all, a receipt under ``made/`` says what they were made for,
and their SHA-256. With an IDENTITY, what other stages have left is read by their receipts: what was made for
other inputs, or is not what its receipt says, is refused. Without one, as by hand, whatever is there is read.

A failure is printed as one line that begins with ERROR, is kept in the store under ``failures/`` for whoever
reports it, and decides the exit status:

    1    the stage failed; the message is R's
    2    it was started wrongly: a variable is missing, or there is no such stage
    3    an input is missing or another one, or the store did not take or give an object
    4    the container's disk is full, or another fault of its system
    124  it ran out of time
    137  it was killed, most likely because it ran out of memory
"""

import errno
import hashlib
import json
import os
import resource
import shutil
import signal
import subprocess
import sys
import tempfile
import traceback
import zipfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from threading import Timer
from time import monotonic
from typing import Any, Protocol

import boto3
from boto3.exceptions import Boto3Error
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError
from s3transfer import exceptions as s3transfer_errors

HERE = Path(__file__).resolve().parent
FAILED, STARTED_WRONGLY, STORE_FAILED, SYSTEM_FAILED, OUT_OF_TIME, KILLED = 1, 2, 3, 4, 124, 137
_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
_NONE = "none"
#: Under a year's prefix: what each stage has left, for what.
RECEIPTS = "made/"
#: An object was replaced while it was read: the image's boto3, which is Debian's, has no name for it yet.
_REPLACED: type[Exception] = getattr(s3transfer_errors, "S3DownloadFailedError", Boto3Error)


class StageFailure(Exception):
    """A failure with the exit status that stands for it."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status


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


class BucketStore:
    """An S3 bucket."""

    def __init__(self, bucket: str) -> None:
        self.bucket = bucket
        retries: Any = {"mode": "standard", "max_attempts": 6}
        self._s3 = boto3.client("s3", config=Config(retries=retries, connect_timeout=5, read_timeout=60))

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


@dataclass(frozen=True)
class Stage:
    """A stage as it was asked for: its definition and the values of its variables."""

    name: str
    definition: Mapping[str, Any]
    variables: Mapping[str, str]

    @property
    def label(self) -> str:
        """Names the stage, the state or geographies and tables, and the year."""
        return " ".join([self.name, *self._places(), self.variables["DATA_YEAR"]])

    @property
    def prefix(self) -> str:
        """Where the run keeps the year."""
        return self.variables["ESTIMATION_PREFIX"]

    @property
    def failure_key(self) -> str:
        """Where a failure is kept."""
        return f"{self.prefix}failures/{'-'.join([self.name, *self._places()])}.json"

    @property
    def receipt_key(self) -> str:
        """Where it is kept what the outputs were made for."""
        return f"{self.prefix}{RECEIPTS}{'-'.join([self.name, *self._places()])}.json"

    def fill(self, template: str) -> str:
        """A key or path with the variables filled in."""
        return template.format_map(self.variables)

    def _places(self) -> list[str]:
        dimensions = ("INPUT_STATE", "GEOGRAPHY_GROUP", "TABLE_GROUP")
        return [self.variables[name] for name in dimensions if name in self.variables]


def read_stage(arguments: list[str], environment: Mapping[str, str]) -> Stage:
    """The stage that is asked for.

    Raises:
        StageFailure: there is no such stage, or a variable is missing.
    """
    stages = json.loads((HERE / "stages.json").read_text(encoding="utf-8"))
    if len(arguments) != 1 or arguments[0] not in stages:
        given = " ".join(arguments) or "nothing"
        raise StageFailure(STARTED_WRONGLY, f"{given} was given; it has to be one stage of {', '.join(stages)}")
    definition = stages[arguments[0]]
    needed = ["ESTIMATION_PREFIX", "DATA_YEAR", *definition["dimensions"]]
    given_too = {name: environment.get(name, "") for name in ("IDENTITY", "INPUT_SHA256")}
    if missing := [name for name in needed if not environment.get(name)]:
        raise StageFailure(STARTED_WRONGLY, f"{arguments[0]}: {', '.join(missing)} must be set in the environment")
    variables = {name: environment[name] for name in needed} | given_too
    year = variables["DATA_YEAR"]
    return Stage(
        arguments[0], definition, {**variables, "PREVIOUS_YEAR": str(int(year) - 1) if year.isdecimal() else ""}
    )


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


def run(stage: Stage, store: Store) -> None:
    """Bring the inputs, run the stage, take its outputs back.

    Raises:
        StageFailure: says what failed.
    """
    store.delete(stage.failure_key)
    with system_faults_named(tempfile.gettempdir()), tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        stage_inputs(stage, store, folder)
        run_in_r(stage, folder)
        output = folder / "output"
        for packed in stage.definition.get("packs", []):
            pack(output / packed)
        made = {}
        for path in sorted(path for path in output.rglob("*") if path.is_file()):
            key = stage.prefix + path.relative_to(output).as_posix()
            made[key] = sha256_of(path)
            store.upload(path, key)
        # Last: whoever finds it finds all outputs.
        receipt = folder / "receipt.json"
        receipt.write_text(json.dumps({"identity": stage.variables["IDENTITY"], "outputs": made}, indent=1))
        store.upload(receipt, stage.receipt_key)


@contextmanager
def system_faults_named(folder: str) -> Iterator[None]:
    """Turn the system's refusals into failures that say what helps.

    Raises:
        StageFailure: the disk is full, or another error of the system.
    """
    try:
        yield
    except OSError as error:
        if error.errno in _FULL:
            raise StageFailure(
                SYSTEM_FAILED,
                f"no space left in {folder}; give the stage more storage_gb in stages.json, or free some there",
            ) from error
        raise StageFailure(SYSTEM_FAILED, f"{error.filename or folder}: {error.strerror or error}") from error


def sha256_of(path: Path) -> str:
    """The SHA-256 of a file's content, in hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def stage_inputs(stage: Stage, store: Store, folder: Path) -> None:
    """Bring what the stage reads; a path that ends with a slash is a folder of everything under a prefix.

    The key ``none`` stands for an input that does not exist and that the stage can do without.

    Raises:
        StageFailure: an input is missing, or is another one than the stage was started for.
    """
    for path_template, key_template in stage.definition["inputs"].items():
        path, key = stage.fill(path_template), stage.fill(key_template)
        if key == _NONE:
            continue
        for each, sha256 in _objects(stage, store, key, folder).items():
            target = folder / (path + each.removeprefix(key) if key.endswith("/") else path)
            target.parent.mkdir(parents=True, exist_ok=True)
            store.download(each, target)
            if sha256 not in ("", _NONE) and (found := sha256_of(target)) != sha256:
                raise StageFailure(
                    STORE_FAILED,
                    f"{each} has SHA-256 {found}, the stage was started for {sha256}: it has been replaced meanwhile; "
                    "complete the run. If that says the same, it is damaged; make it anew with force",
                )
    (folder / "output").mkdir()


def _objects(stage: Stage, store: Store, key: str, folder: Path) -> dict[str, str]:
    """Keys of an input's objects with the SHA-256 that each has to have; empty where none is known."""
    if not key.endswith("/"):
        return {key: stage.variables["INPUT_SHA256"]}
    if stage.variables["IDENTITY"]:
        found = _outputs_by_receipt(stage, store, folder)
        found = {each: sha256 for each, sha256 in found.items() if each.startswith(key)}
    else:
        found = dict.fromkeys(store.list(key), "")
    if not found:
        raise StageFailure(STORE_FAILED, f"there is nothing under {key}; run the stage that writes it first")
    return found


def _outputs_by_receipt(stage: Stage, store: Store, folder: Path) -> dict[str, str]:
    """What stages have left for the inputs that this one is run for: keys and their SHA-256.

    That is what has the same identity, and the tables of states, which have identities of their own.

    Raises:
        StageFailure: a state's table was made for other inputs, or is not there.
    """
    inputs = _read(store, f"{stage.prefix}inputs.json", folder)
    receipts = {key: _read(store, key, folder) for key in store.list(f"{stage.prefix}{RECEIPTS}")}
    wanted = {
        f"{stage.prefix}{RECEIPTS}tabulate_state-{state}.json": identity
        for state, identity in inputs["tabulations"].items()
    }
    stale = [key for key, identity in wanted.items() if receipts.get(key, {}).get("identity") != identity]
    if stale:
        raise StageFailure(
            STORE_FAILED, f"not made for the zips of this run: {', '.join(stale)}; complete the run, which makes them"
        )
    return {
        key: sha256
        for name, receipt in receipts.items()
        if receipt["identity"] == wanted.get(name, stage.variables["IDENTITY"])
        for key, sha256 in receipt["outputs"].items()
    }


def _read(store: Store, key: str, folder: Path) -> dict[str, Any]:
    path = folder / "read.json"
    store.download(key, path)
    found: dict[str, Any] = json.loads(path.read_text())
    return found


def pack(folder: Path) -> None:
    """Put a folder's files into a zip beside it: hundreds of small objects would take minutes to bring and take.

    Whoever publishes them packs them anew; here speed counts.
    """
    with zipfile.ZipFile(folder.with_suffix(".zip"), "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        for path in sorted(path for path in folder.rglob("*") if path.is_file()):
            archive.write(path, path.relative_to(folder))
    shutil.rmtree(folder)


def run_in_r(stage: Stage, folder: Path) -> None:
    """Run the stage, passing on what it prints.

    Raises:
        StageFailure: it failed, was killed, or ran out of time.
    """
    rscript = shutil.which("Rscript")
    if rscript is None:
        raise StageFailure(
            STARTED_WRONGLY, "Rscript was not found; install R (Debian: r-base-core), or run the container's image"
        )
    environment = {
        **os.environ,
        "EXTERNAL_FILE_PATH": str(folder / "external"),
        "INPUT_PIPELINE_DIR": str(folder / "pipeline"),
        "OUTPUT_PIPELINE_DIR": str(folder / "output"),
    }
    started = monotonic()
    process = subprocess.Popen(
        [rscript, str(HERE / "run_stage.R"), stage.name],
        env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace",
        start_new_session=True,
    )  # fmt: skip
    limit = float(os.environ.get("STAGE_TIMEOUT_S") or stage.definition["timeout_s"])
    watch = Timer(limit, os.killpg, (process.pid, signal.SIGTERM))
    watch.start()
    last = ""
    assert process.stdout is not None
    for line in process.stdout:
        print(line, end="", flush=True)
        last = line.strip() or last
    status = process.wait()
    print(
        f"REPORT {stage.label} duration {monotonic() - started:.2f} s, peak memory {_peak_of_children()} MB", flush=True
    )
    in_time = watch.is_alive()
    watch.cancel()
    if status == 0:
        return
    if not in_time:
        raise StageFailure(OUT_OF_TIME, f"it did not end within {limit:g} seconds")
    if status < 0:
        raise StageFailure(
            KILLED, f"R was killed by signal {-status}, most likely because {stage.definition['memory_mb']:,} MB of "
            "memory were not enough; give the stage more in stages.json"
        )  # fmt: skip
    raise StageFailure(FAILED, last.removeprefix("ERROR ").removeprefix(f"{stage.label}: "))


def _peak_of_children() -> int:
    """The largest resident memory of any process that was waited for, in MB."""
    return resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss // 1024


def keep_failure(store: Store, stage: Stage, failure: StageFailure) -> None:
    """Leave the message where the state machine's report finds it.

    Raises:
        StageFailure: the store did not take it.
    """
    content = json.dumps({"Error": f"exit status {failure.status}", "Cause": f"{stage.label}: {failure}"})
    store.put(content.encode(), stage.failure_key)


def main(arguments: list[str], environment: Mapping[str, str]) -> int:
    """Run a stage; returns the exit status."""
    try:
        stage = read_stage(arguments, environment)
        store = open_store(environment)
    except StageFailure as failure:
        print(f"ERROR {failure}", flush=True)
        return failure.status
    try:
        run(stage, store)
    except Exception as error:
        told = error if isinstance(error, StageFailure) else StageFailure(SYSTEM_FAILED, _unforeseen(error))
        print(f"ERROR {stage.label}: {told}", flush=True)
        try:
            keep_failure(store, stage, told)
        except (StageFailure, OSError) as second:
            print(f"ERROR the failure could not be kept: {second}", flush=True)
        return told.status
    return 0


def _unforeseen(error: Exception) -> str:
    """What is known of an error that has no name here; where it happened goes to the log."""
    traceback.print_exc()
    return f"{type(error).__name__}: {error}"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:], os.environ))
