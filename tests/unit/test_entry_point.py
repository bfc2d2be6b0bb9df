"""The container's entry point: what it is told, what it says when it cannot work, and what it leaves behind."""

import hashlib
import json
import os
import re
import resource
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest
from nibrs_engine.container_tasks import estimation_folder, stage_definitions
from nibrs_pipeline.errors import StorageUnavailable
from nibrs_pipeline.store import Store

from tests.cutting_server import cutting_server

PREFIX = "runs/r/estimation/2016/"
STATE = "impute_and_tabulate"
WEIGHT = {"ESTIMATION_PREFIX": PREFIX, "DATA_YEAR": "2016"}
TABULATE = {
    **WEIGHT, "INPUT_STATE": "AZ", "STATE_ZIP": "downloads/2016/AZ-2016.zip", "IMPUTATIONS": "1", "TABLES": "all",
}  # fmt: skip


def entry_point(
    store: Path | str,
    *arguments: str,
    path: str = os.environ["PATH"],
    largest_file: int | None = None,
    **variables: str,
) -> tuple[int, str]:
    def limit() -> None:
        if largest_file is not None:
            resource.setrlimit(resource.RLIMIT_FSIZE, (largest_file, largest_file))

    done = subprocess.run(
        [sys.executable, str(estimation_folder() / "entry_point.py"), *arguments],
        env={"PATH": path, "ARTIFACT_STORE": str(store), **variables},
        capture_output=True, text=True, check=False, preexec_fn=limit,
    )  # fmt: skip
    assert "Traceback" not in done.stderr
    return done.returncode, done.stdout


def rscript(folder: Path, text: str) -> str:
    """A path whose Rscript is a script of the test's own."""
    folder.mkdir()
    command = folder / "Rscript"
    command.write_text(f"#!/bin/bash\n{text}\n")
    command.chmod(0o755)
    return f"{folder}:{os.environ['PATH']}"


@pytest.fixture
def store(tmp_path: Path) -> Path:
    zip_ = tmp_path / "store" / "downloads" / "2016" / "AZ-2016.zip"
    zip_.parent.mkdir(parents=True)
    zip_.write_text("a zip")
    reference = tmp_path / "store" / PREFIX / "reference" / "reference-2016.zip"
    reference.parent.mkdir(parents=True)
    reference.write_text("reference")
    return tmp_path / "store"


@pytest.mark.parametrize(
    ("arguments", "variables", "said"),
    [
        ([], {}, "nothing was given; it has to be one stage of impute_and_tabulate, weight, estimate, bias, report"),
        (["sleep"], {}, "sleep was given"),
        (
            [STATE],
            WEIGHT,
            f"{STATE}: INPUT_STATE, STATE_ZIP, IMPUTATIONS, TABLES must be set",
        ),
        (["weight"], {"DATA_YEAR": "2016"}, "weight: ESTIMATION_PREFIX must be set"),
    ],
)
def test_a_wrong_start_is_refused(store: Path, arguments: list[str], variables: dict[str, str], said: str) -> None:
    status, output = entry_point(store, *arguments, **variables)
    assert status == 2
    assert said in output


def test_a_store_that_is_not_there_is_refused(tmp_path: Path) -> None:
    status, output = entry_point(tmp_path / "none", "weight", **WEIGHT)
    assert (status, "ARTIFACT_STORE is" in output) == (2, True)


def test_an_input_that_is_missing_is_named_and_the_failure_kept(store: Path) -> None:
    status, output = entry_point(store, STATE, **{**TABULATE, "STATE_ZIP": "downloads/2016/XX-2016.zip"})
    assert status == 3
    assert "ERROR impute_and_tabulate AZ 2016: " in output
    kept = json.loads((store / PREFIX / "failures" / f"{STATE}-AZ.json").read_text())
    assert kept["Error"] == "exit status 3"
    assert "XX-2016.zip: No such file" in kept["Cause"]


def test_an_empty_folder_is_a_missing_input(store: Path) -> None:
    status, output = entry_point(store, "weight", **WEIGHT)
    assert (status, f"there is nothing under {PREFIX}tabulated/" in output) == (3, True)


def test_a_stage_finds_its_inputs_and_its_outputs_come_back(store: Path, tmp_path: Path) -> None:
    path = rscript(
        tmp_path / "bin",
        'mkdir -p "$OUTPUT_PIPELINE_DIR/tabulated"; cd "$OUTPUT_PIPELINE_DIR/tabulated"\n'
        'cat "$EXTERNAL_FILE_PATH/downloads/2016/AZ-2016.zip" > AZ.csv; echo "$2 $INPUT_STATE" >> AZ.csv',
    )
    failure = store / PREFIX / "failures" / f"{STATE}-AZ.json"
    failure.parent.mkdir(parents=True)
    failure.write_text("{}")
    status, output = entry_point(store, STATE, path=path, **TABULATE)
    assert status == 0
    assert (store / PREFIX / "tabulated" / "AZ.csv").read_text() == "a zipimpute_and_tabulate AZ\n"
    assert not failure.exists(), "the failure of an earlier try is forgotten"
    assert re.search(r"^REPORT impute_and_tabulate AZ 2016 duration \d+\.\d\d s, peak memory \d+ MB$", output, re.M)


@pytest.fixture
def one_processor() -> Iterator[None]:
    """Whatever is started has one processor, however many the machine has."""
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {min(before)})
    yield
    os.sched_setaffinity(0, before)


def processes_of(store: Path, tmp_path: Path, stage: str, **variables: str) -> int:
    """How many processes a stage is told to run at once."""
    path = rscript(tmp_path / f"bin-{stage}", 'echo "PROCESSES is $PROCESSES"; exit 1')
    _, output = entry_point(store, stage, path=path, PROCESSES="77", **variables)
    said = re.search(r"^PROCESSES is (\d+)$", output, re.M)
    assert said, output
    return int(said[1])


def weighting_inputs(store: Path) -> None:
    for name in ("reference/reference-2016.zip", "tabulated/AZ.csv"):
        (store / PREFIX / name).parent.mkdir(parents=True, exist_ok=True)
        (store / PREFIX / name).write_text("x")


def test_a_stage_may_run_a_process_per_processor_of_its_definition(store: Path, tmp_path: Path) -> None:
    weighting_inputs(store)
    assert (stage_definitions()["weight"].cpu, stage_definitions()[STATE].cpu) == (2048, 1024)
    memory_mb = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") >> 20
    most = 2 if memory_mb > 0.75 * stage_definitions()["weight"].memory_mb else 1
    assert processes_of(store, tmp_path, "weight", **WEIGHT) == min(most, len(os.sched_getaffinity(0)))
    assert processes_of(store, tmp_path, STATE, **TABULATE) == 1


@pytest.mark.parametrize(("memory_mb", "said"), [(8_000, 1), (12_000, 1), (15_900, 2), (64_000, 2)])
def test_a_machine_with_little_memory_runs_one_process(memory_mb: int, said: int) -> None:
    code = (
        "import os, sys; sys.path.insert(0, sys.argv[1]); os.sched_getaffinity = lambda process: {0, 1, 2, 3}; "
        f"os.sysconf = {{'SC_PAGE_SIZE': 4096, 'SC_PHYS_PAGES': {memory_mb * 256}}}.get; "
        "from stage_runner import in_r, stages; "
        "print(in_r._processes(stages.Stage('x', {'cpu': 2048, 'memory_mb': 16384}, {})))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, str(estimation_folder())], capture_output=True, text=True, check=True
    )
    assert done.stdout == f"{said}\n"


@pytest.mark.usefixtures("one_processor")
def test_a_stage_runs_no_more_processes_than_there_are_processors(store: Path, tmp_path: Path) -> None:
    weighting_inputs(store)
    assert processes_of(store, tmp_path, "weight", **WEIGHT) == 1


def test_a_failed_stage_leaves_its_message_and_no_outputs(store: Path, tmp_path: Path) -> None:
    path = rscript(
        tmp_path / "bin",
        f'echo half > "$OUTPUT_PIPELINE_DIR/half.csv"\necho "ERROR {STATE} AZ 2016: no such column" >&2; exit 1',
    )
    status, output = entry_point(store, STATE, path=path, **TABULATE)
    assert status == 1
    assert output.strip().endswith("ERROR impute_and_tabulate AZ 2016: no such column")
    kept = json.loads((store / PREFIX / "failures" / f"{STATE}-AZ.json").read_text())
    assert kept == {"Error": "exit status 1", "Cause": "impute_and_tabulate AZ 2016: no such column"}
    assert not list(store.rglob("half.csv"))


def test_a_stage_that_is_killed_is_told_from_one_that_fails(store: Path, tmp_path: Path) -> None:
    status, output = entry_point(store, STATE, path=rscript(tmp_path / "bin", "kill -9 $$"), **TABULATE)
    assert status == 137
    memory = stage_definitions()[STATE].memory_mb
    assert f"killed by signal 9, most likely because {memory:,} MB of memory were not enough" in output


def test_a_stage_that_does_not_end_is_stopped_with_what_it_started(store: Path, tmp_path: Path) -> None:
    started = time.monotonic()
    path = rscript(tmp_path / "bin", "sleep 60")
    status, output = entry_point(store, STATE, path=path, STAGE_TIMEOUT_S="0.5", **TABULATE)
    assert (status, "did not end within 0.5 seconds" in output) == (124, True)
    assert time.monotonic() - started < 30


def test_without_r_it_says_what_to_install(store: Path, tmp_path: Path) -> None:
    status, output = entry_point(store, STATE, path=str(tmp_path), **TABULATE)
    assert (status, "Rscript was not found; install R" in output) == (2, True)


def sha256(content: str) -> str:
    return hashlib.sha256(content.encode()).hexdigest()


def leave(store: Path, name: str, identity: str, **outputs: str) -> None:
    """What a stage has left: its outputs by path, and its receipt."""
    for path, content in outputs.items():
        (store / PREFIX / path).parent.mkdir(parents=True, exist_ok=True)
        (store / PREFIX / path).write_text(content)
    receipt = store / PREFIX / "made" / f"{name}.json"
    receipt.parent.mkdir(parents=True, exist_ok=True)
    hashes = {PREFIX + path: sha256(content) for path, content in outputs.items()}
    receipt.write_text(json.dumps({"identity": identity, "outputs": hashes}))


@pytest.fixture
def tabulated(store: Path) -> Path:
    """A store with two states' tables, made for what the year is estimated from now, and one of an earlier try."""
    for state in ("az", "la"):
        made = {f"imputed/{state.upper()}/victims.csv": state, f"tabulated/{state.upper()}.csv": state}
        leave(store, f"{STATE}-{state.upper()}", f"{state}1", **made)
    leave(store, f"{STATE}-NE", "ne0", **{"tabulated/NE.csv": "gone"})
    (store / PREFIX / "inputs.json").write_text(json.dumps({"tabulations": {"AZ": "az1", "LA": "la1"}}))
    return store


FOR_NOW = {**WEIGHT, "IDENTITY": "year1", "INPUT_SHA256": sha256("reference")}
#: Lists what it was given, as its only output.
LISTING = (
    'mkdir "$OUTPUT_PIPELINE_DIR/weights"; cd "$INPUT_PIPELINE_DIR"; ls * > "$OUTPUT_PIPELINE_DIR/weights/seen.csv"'
)


def test_a_receipt_says_what_the_outputs_were_made_for_and_what_they_are(tabulated: Path, tmp_path: Path) -> None:
    status, output = entry_point(tabulated, "weight", path=rscript(tmp_path / "bin", LISTING), **FOR_NOW)
    assert status == 0, output
    seen = (tabulated / PREFIX / "weights" / "seen.csv").read_text()
    assert seen == "AZ.csv\nLA.csv\n", "what an earlier try left of another state is not read"
    receipt = json.loads((tabulated / PREFIX / "made" / "weight.json").read_text())
    assert receipt == {"identity": "year1", "outputs": {f"{PREFIX}weights/seen.csv": sha256(seen)}}


def test_what_was_chosen_for_the_year_reaches_its_stages(tabulated: Path, tmp_path: Path) -> None:
    inputs = {"tabulations": {"AZ": "az1", "LA": "la1"}, "source": {"choices": {"ESTIMATOR": "reference"}}}
    (tabulated / PREFIX / "inputs.json").write_text(json.dumps(inputs))
    seen = 'mkdir "$OUTPUT_PIPELINE_DIR/weights"; echo "$ESTIMATOR" > "$OUTPUT_PIPELINE_DIR/weights/seen.csv"'
    path = rscript(tmp_path / "bin", seen)
    for variables, expected in ((FOR_NOW, "reference"), ({**WEIGHT, "ESTIMATOR": "mine"}, "mine")):
        status, output = entry_point(tabulated, "weight", path=path, **variables)
        assert status == 0, output
        assert (tabulated / PREFIX / "weights" / "seen.csv").read_text() == f"{expected}\n"


def test_a_stage_run_twice_leaves_the_same(tabulated: Path, tmp_path: Path) -> None:
    path = rscript(tmp_path / "bin", LISTING)

    def left() -> dict[str, bytes]:
        assert entry_point(tabulated, "weight", path=path, **FOR_NOW)[0] == 0
        return {str(file): file.read_bytes() for file in tabulated.rglob("*") if file.is_file()}

    assert left() == left()


@pytest.mark.parametrize(
    ("file", "content", "said"),
    [
        (
            "made/impute_and_tabulate-LA.json",
            '{"identity": "la0", "outputs": {}}',
            "not made for the zips of this run: ",
        ),
        ("tabulated/LA.csv", "half", f"tabulated/LA.csv has SHA-256 {sha256('half')}, the stage was started for "),
        ("reference/reference-2016.zip", "newer", "reference-2016.zip has SHA-256"),
    ],
    ids=["made for another zip", "written by another try", "another reference extract"],
)
def test_what_was_made_for_other_inputs_is_refused(
    tabulated: Path, tmp_path: Path, file: str, content: str, said: str
) -> None:
    (tabulated / PREFIX / file).write_text(content)
    status, output = entry_point(tabulated, "weight", path=rscript(tmp_path / "bin", LISTING), **FOR_NOW)
    assert status == 3
    assert said in output
    assert not (tabulated / PREFIX / "made" / "weight.json").exists()
    kept = json.loads((tabulated / PREFIX / "failures" / "weight.json").read_text())
    assert said in kept["Cause"]


def test_outputs_of_other_inputs_are_not_read_by_later_stages(tabulated: Path, tmp_path: Path) -> None:
    leave(tabulated, "weight", "year0", **{"weights/weights.csv": "old"})
    path = rscript(tmp_path / "bin", LISTING)
    variables = {**WEIGHT, "IDENTITY": "year1", "GEOGRAPHY_GROUP": "nation", "TABLE_GROUP": "crimes"}
    status, output = entry_point(tabulated, "estimate", path=path, **variables)
    assert (status, f"there is nothing under {PREFIX}weights/" in output) == (3, True)


def test_a_zip_that_was_replaced_since_the_work_was_planned_is_not_taken(store: Path, tmp_path: Path) -> None:
    path = rscript(tmp_path / "bin", "true")
    assert entry_point(store, STATE, path=path, INPUT_SHA256=sha256("a zip"), **TABULATE)[0] == 0
    status, output = entry_point(store, STATE, path=path, INPUT_SHA256=sha256("planned"), **TABULATE)
    assert status == 3
    assert f"AZ-2016.zip has SHA-256 {sha256('a zip')}, the stage was started for {sha256('planned')}" in output


def test_a_reference_extract_that_was_replaced_is_not_taken_beside_the_zip(tabulated: Path, tmp_path: Path) -> None:
    path = rscript(tmp_path / "bin", "true")
    given = {**TABULATE, "INPUT_SHA256": sha256("a zip")}
    assert entry_point(tabulated, STATE, path=path, REFERENCE_SHA256=sha256("reference"), **given)[0] == 0
    status, output = entry_point(tabulated, STATE, path=path, REFERENCE_SHA256=sha256("planned"), **given)
    assert status == 3
    assert f"reference-2016.zip has SHA-256 {sha256('reference')}, the stage was started for" in output


def kept_failure(store: Path) -> dict[str, str]:
    found: dict[str, str] = json.loads((store / PREFIX / "failures" / f"{STATE}-AZ.json").read_text())
    return found


def test_a_file_that_is_too_large_for_the_disk_ends_with_a_kept_message(store: Path) -> None:
    (store / "downloads" / "2016" / "AZ-2016.zip").write_bytes(bytes(1 << 20))
    status, output = entry_point(store, STATE, largest_file=1 << 16, **TABULATE)
    assert status == 4
    assert "no space left in " in output
    assert kept_failure(store)["Error"] == "exit status 4"
    assert "give the stage more storage_gb in stages.json" in kept_failure(store)["Cause"]


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    folder = tmp_path / "small"
    folder.mkdir()
    if os.geteuid() != 0:
        pytest.skip("a small disk can only be mounted by root")
    if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=72k", "small", str(folder)], check=False).returncode:
        pytest.skip("this machine does not let root mount")
    yield folder
    subprocess.run(["umount", "-l", str(folder)], check=True)


def test_a_full_disk_ends_with_a_kept_message(store: Path, small_disk: Path, tmp_path: Path) -> None:
    (store / "downloads" / "2016" / "AZ-2016.zip").write_bytes(bytes(1 << 20))
    status, output = entry_point(store, STATE, TMPDIR=str(small_disk), **TABULATE)
    assert (status, "no space left in" in output) == (4, True)
    assert kept_failure(store)["Error"] == "exit status 4"


def test_a_full_bucket_folder_is_told_even_if_the_message_cannot_be_kept(store: Path, small_disk: Path) -> None:
    reference = small_disk / PREFIX / "reference" / "reference-2016.zip"
    reference.parent.mkdir(parents=True)
    reference.write_text("reference")
    zip_ = small_disk / "downloads" / "2016" / "AZ-2016.zip"
    zip_.parent.mkdir(parents=True)
    zip_.write_bytes(bytes(1000))
    with suppress(OSError), (small_disk / "filler").open("wb", buffering=0) as filler:
        while True:
            filler.write(bytes(1 << 10))
    status, output = entry_point(small_disk, STATE, path="/nowhere", **TABULATE)
    assert status == 2
    assert "ERROR impute_and_tabulate AZ 2016: Rscript was not found" in output
    assert "ERROR the failure could not be kept: " in output
    assert "No space left on device" in output


def test_a_cut_download_ends_with_a_kept_message() -> None:
    with cutting_server() as (address, taken):
        status, output = entry_point(
            "s3://bucket", STATE, **TABULATE,
            AWS_ENDPOINT_URL=address, AWS_ACCESS_KEY_ID="x", AWS_SECRET_ACCESS_KEY="x", AWS_REGION="us-east-1",
        )  # fmt: skip
    assert status == 3
    assert "s3://bucket/downloads/2016/AZ-2016.zip: Max Retries Exceeded; complete the run" in output
    [(path, content)] = taken.items()
    assert path == f"/bucket/{PREFIX}failures/impute_and_tabulate-AZ.json"
    assert b"exit status 3" in content
    assert b"AZ-2016.zip: Max Retries Exceeded" in content


def test_a_cut_download_of_a_function_is_one_that_may_be_tried_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with cutting_server() as (address, _):
        for name, value in {
            "AWS_ENDPOINT_URL": address, "AWS_ACCESS_KEY_ID": "x", "AWS_SECRET_ACCESS_KEY": "x",
            "AWS_DEFAULT_REGION": "us-east-1",
        }.items():  # fmt: skip
            monkeypatch.setenv(name, value)
        store = Store("bucket")
        with pytest.raises(StorageUnavailable, match=r"s3://bucket/a\.zip: Max Retries Exceeded"):
            store.download("a.zip", tmp_path / "a.zip")
        with pytest.raises(StorageUnavailable, match=r"s3://bucket/a\.json: "):
            store.get("a.json")


def test_it_starts_with_the_older_boto3_of_the_image(tmp_path: Path) -> None:
    # Debian's s3transfer has no error yet for an object that was replaced while it was read.
    (tmp_path / "sitecustomize.py").write_text(
        "import boto3.s3.transfer\nimport s3transfer.exceptions\ndel s3transfer.exceptions.S3DownloadFailedError\n"
    )
    status, said = entry_point(tmp_path / "store", "no_such_stage", PYTHONPATH=str(tmp_path))
    assert status == 2
    assert "no_such_stage" in said
