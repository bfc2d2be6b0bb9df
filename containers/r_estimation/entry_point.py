"""The container's entry point: brings a stage's inputs, runs it in R, takes its outputs back.

    entry_point.py STAGE

with, in the environment:

    ARTIFACT_STORE     s3://bucket, or a folder that stands for one
    ESTIMATION_PREFIX  where this run keeps the year, e.g. runs/2016-refresh/estimation/2016/
    DATA_YEAR          and the stage's own dimensions, as stages.json lists them
    LOG_THRESHOLD      of the stage's log (optional)

What the stage reads and where it comes from stands in stages.json beside this file. Outputs are taken
back only when the stage has succeeded. A failure is printed as one line that begins with ERROR, is
kept in the store under ``failures/`` for whoever reports it, and decides the exit status:

    1    the stage failed; the message is R's
    2    it was started wrongly: a variable is missing, or there is no such stage
    3    an input is missing, or the store did not take or give an object
    124  it ran out of time
    137  it was killed, most likely because it ran out of memory
"""

import json
import os
import resource
import shutil
import signal
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from threading import Timer
from time import monotonic
from typing import Any, Protocol

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

HERE = Path(__file__).resolve().parent
FAILED, STARTED_WRONGLY, STORE_FAILED, OUT_OF_TIME, KILLED = 1, 2, 3, 124, 137


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

    def delete(self, key: str) -> None:
        """Remove an object if there is one."""
        with self._translated(key):
            self._s3.delete_object(Bucket=self.bucket, Key=key)

    @contextmanager
    def _translated(self, key: str) -> Iterator[None]:
        try:
            yield
        except (ClientError, BotoCoreError, boto3.exceptions.S3UploadFailedError) as error:
            raise StageFailure(STORE_FAILED, f"s3://{self.bucket}/{key}: {error}") from error


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
        try:
            shutil.copyfile(self.folder / key, path)
        except OSError as error:
            raise StageFailure(STORE_FAILED, f"{self.folder / key}: {error.strerror}") from error

    def upload(self, path: Path, key: str) -> None:
        """Take a file back, whole or not at all."""
        target = self.folder / key
        partial = target.with_name(f".{target.name}.partial")
        try:
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(path, partial)
            partial.replace(target)
        except OSError as error:
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
        """Names the stage, the state or geographies, and the year."""
        return " ".join([self.name, *self._places(), self.variables["DATA_YEAR"]])

    @property
    def failure_key(self) -> str:
        """Where a failure is kept."""
        return f"{self.variables['ESTIMATION_PREFIX']}failures/{'-'.join([self.name, *self._places()])}.json"

    def fill(self, template: str) -> str:
        """A key or path with the variables filled in."""
        return template.format_map(self.variables)

    def _places(self) -> list[str]:
        return [self.variables[name] for name in ("INPUT_STATE", "GEOGRAPHY_GROUP") if name in self.variables]


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
    if missing := [name for name in needed if not environment.get(name)]:
        raise StageFailure(STARTED_WRONGLY, f"{arguments[0]}: {', '.join(missing)} must be set in the environment")
    variables = {name: environment[name] for name in needed}
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
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        stage_inputs(stage, store, folder)
        run_in_r(stage, folder)
        output = folder / "output"
        for packed in stage.definition.get("packs", []):
            pack(output / packed)
        for path in sorted(path for path in output.rglob("*") if path.is_file()):
            store.upload(path, stage.fill("{ESTIMATION_PREFIX}") + str(path.relative_to(output)))


def stage_inputs(stage: Stage, store: Store, folder: Path) -> None:
    """Bring what the stage reads; a path that ends with a slash is a folder of everything under a prefix.

    The key ``none`` stands for an input that does not exist and that the stage can do without.

    Raises:
        StageFailure: an input is missing.
    """
    for path_template, key_template in stage.definition["inputs"].items():
        path, key = stage.fill(path_template), stage.fill(key_template)
        if key == "none":
            continue
        keys = store.list(key) if key.endswith("/") else [key]
        if not keys:
            raise StageFailure(STORE_FAILED, f"there is nothing under {key}; run the stage that writes it first")
        for each in keys:
            target = folder / (path + each.removeprefix(key) if key.endswith("/") else path)
            target.parent.mkdir(parents=True, exist_ok=True)
            store.download(each, target)
    (folder / "output").mkdir()


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
    """Leave the message where the state machine's report finds it."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "failure.json"
        path.write_text(json.dumps({"Error": f"exit status {failure.status}", "Cause": f"{stage.label}: {failure}"}))
        store.upload(path, stage.failure_key)


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
    except StageFailure as failure:
        print(f"ERROR {stage.label}: {failure}", flush=True)
        try:
            keep_failure(store, stage, failure)
        except StageFailure as second:
            print(f"ERROR the failure could not be kept: {second}", flush=True)
        return failure.status
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:], os.environ))
