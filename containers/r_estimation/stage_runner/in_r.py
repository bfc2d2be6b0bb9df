"""R as a process: given its folders and its time, and what its end means."""

import os
import resource
import shutil
import signal
import subprocess
from collections.abc import Mapping
from pathlib import Path
from threading import Timer
from time import monotonic

from stage_runner.failures import FAILED, KILLED, OUT_OF_TIME, STARTED_WRONGLY, StageFailure
from stage_runner.stages import FOLDER, Stage

#: Share of a definition's memory that has to be here for several processes: of what it was given, a machine shows less.
_ENOUGH_MEMORY = 0.75


def run_in_r(stage: Stage, folder: Path, choices: Mapping[str, str]) -> None:
    """Run the stage, passing on what it prints.

    Args:
        choices: variables of the method; they go before those of the environment.

    Raises:
        StageFailure: it failed, was killed, or ran out of time.
    """
    rscript = shutil.which("Rscript")
    if rscript is None:
        raise StageFailure(
            STARTED_WRONGLY, "Rscript was not found; install R (Debian: r-base-core), or run the container's image"
        )
    environment = {
        **stage.definition.get("r", {}),
        **os.environ,
        **choices,
        "EXTERNAL_FILE_PATH": str(folder / "external"),
        "INPUT_PIPELINE_DIR": str(folder / "pipeline"),
        "OUTPUT_PIPELINE_DIR": str(folder / "output"),
        "PROCESSES": str(_processes(stage)),
    }
    started = monotonic()
    process = subprocess.Popen(
        [rscript, str(FOLDER / "run_stage.R"), stage.name],
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


def _processes(stage: Stage) -> int:
    """How many processes the stage may run at once: one per processor of its definition, if there are as many here.

    Several take more memory than one: with less than most of what the definition gives it there is one.
    """
    processors: int = stage.definition["cpu"] // 1024
    here = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    memory_mb = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") >> 20
    if memory_mb < _ENOUGH_MEMORY * stage.definition["memory_mb"]:
        return 1
    return max(1, min(processors, here))


def _peak_of_children() -> int:
    """The largest resident memory of any process that was waited for, in MB."""
    return resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss // 1024
