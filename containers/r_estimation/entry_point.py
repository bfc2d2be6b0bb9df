"""The container's entry point: brings a stage's inputs, runs it in R, takes its outputs back.

    entry_point.py STAGE

with, in the environment:

    ARTIFACT_STORE     s3://bucket, or a folder that stands for one
    ESTIMATION_PREFIX  where this run keeps the year, e.g. runs/2016-refresh/estimation/2016/
    DATA_YEAR          and the stage's own dimensions, as stages.json lists them
    IDENTITY           names what the stage makes its outputs for (optional)
    INPUT_SHA256       of the object that the stage reads from elsewhere, or none (optional)
    REFERENCE_SHA256   of the reference extract, if that is another (optional)
    LOG_THRESHOLD      of the stage's log (optional)

What the stage reads and where it comes from stands in stages.json beside this file. Outputs are taken
back only when the stage has succeeded; last of all, a receipt under ``made/`` says what they were made for,
and their SHA-256. With an IDENTITY, what other stages have left is read by their receipts: what was made for
other inputs, or is not what its receipt says, is refused, and what was chosen of the method is as the year's inputs
have it. Without one, as by hand, whatever is there is read, and choices are those of the environment.

A failure is printed as one line that begins with ERROR, is kept in the store under ``failures/`` for whoever
reports it, and decides the exit status:

    1    the stage failed; the message is R's
    2    it was started wrongly: a variable is missing, or there is no such stage
    3    an input is missing or another one, or the store did not take or give an object
    4    the container's disk is full, or another fault of its system
    124  it ran out of time
    137  it was killed, most likely because it ran out of memory
"""

import json
import os
import shutil
import sys
import tempfile
import traceback
import zipfile
from collections.abc import Mapping
from pathlib import Path

from stage_runner.artifact_store import Store, at_once, open_store
from stage_runner.failures import SYSTEM_FAILED, StageFailure, system_faults_named
from stage_runner.in_r import run_in_r
from stage_runner.inputs import method_choices, sha256_of, stage_inputs
from stage_runner.stages import Stage, read_stage

#: Files that are compressed already.
COMPRESSED = (".gz", ".parquet", ".xlsx")


def run(stage: Stage, store: Store) -> None:
    """Bring the inputs, run the stage, take its outputs back.

    Raises:
        StageFailure: says what failed.
    """
    store.delete(stage.failure_key)
    with system_faults_named(tempfile.gettempdir()), tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        stage_inputs(stage, store, folder)
        run_in_r(stage, folder, method_choices(stage, store, folder))
        output = folder / "output"
        for packed in stage.definition.get("packs", []):
            pack(output / packed)
        paths = sorted(path for path in output.rglob("*") if path.is_file())
        files = {stage.prefix + path.relative_to(output).as_posix(): path for path in paths}
        made = dict(zip(files, at_once(lambda key: take(store, key, files[key]), files), strict=True))
        # Last: whoever finds it finds all outputs.
        receipt = folder / "receipt.json"
        receipt.write_text(json.dumps({"identity": stage.variables["IDENTITY"], "outputs": made}, indent=1))
        store.upload(receipt, stage.receipt_key)


def take(store: Store, key: str, path: Path) -> str:
    """Take an output back; returns its SHA-256."""
    store.upload(path, key)
    return sha256_of(path)


def pack(folder: Path) -> None:
    """Put a folder's files into a zip beside it: hundreds of small objects would take minutes to bring and take.

    Whoever publishes them packs them anew; here speed counts.
    """
    with zipfile.ZipFile(folder.with_suffix(".zip"), "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        for path in sorted(path for path in folder.rglob("*") if path.is_file()):
            how = zipfile.ZIP_STORED if path.suffix in COMPRESSED else zipfile.ZIP_DEFLATED
            archive.write(path, path.relative_to(folder), how)
    shutil.rmtree(folder)


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
