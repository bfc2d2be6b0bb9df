"""Time and memory of ``nibrs simulate``, and the speed of loading and checking published zips.

    python benchmarks/simulation.py [AZ-2016.zip ...]

Memory is the largest sum over the processes of one command, PostgreSQL's apart, of what each has for itself and its
share of what they have in common (Pss).
"""

import os
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

from machine import machine
from nibrs_home import embedded_postgres
from nibrs_home.home import Home
from nibrs_loading.loading import load_zip
from nibrs_pipeline.catalog import nibrs_catalog
from nibrs_pipeline.database.connection import connect
from nibrs_quality.report import quality_of

WORLDS = {
    "tiny": ["--size", "tiny"],
    "small, 5 years of Return A": ["--size", "small"],
    "national, scale 0.1": ["--size", "national", "--scale", "0.1"],
}


def main(paths: list[Path]) -> None:
    print(machine() + "\n")
    print("| nation | seconds | MB, without PostgreSQL | what came of it |\n|---|---|---|---|")
    for name, options in WORLDS.items():
        with tempfile.TemporaryDirectory() as folder:
            seconds, megabytes, said = simulate(Path(folder), options)
        print(f"| {name} | {seconds:.1f} | {megabytes:.0f} | {said} |")
    print("\n| published zip | rows | seconds to load | rows per second | seconds to check |\n|---|---|---|---|---|")
    for path in paths:
        print(load_and_check(path))


def simulate(home: Path, options: list[str]) -> tuple[float, float, str]:
    started = time.monotonic()
    process = subprocess.Popen(
        ["nibrs", "simulate", *options], env=os.environ | {"NIBRS_HOME": str(home), "COLUMNS": "200"},
        stdout=subprocess.PIPE, text=True, start_new_session=True,
    )  # fmt: skip
    most = [0.0]
    watcher = threading.Thread(target=watch, args=(process, most))
    watcher.start()
    said, _ = process.communicate()
    watcher.join()
    if process.returncode:
        sys.exit(f"nibrs simulate {' '.join(options)} failed")
    return time.monotonic() - started, most[0], said.strip().splitlines()[0]


def watch(process: subprocess.Popen[str], most: list[float]) -> None:
    while process.poll() is None:
        most[0] = max(most[0], sum(megabytes(each) for each in processes_of(process.pid)))
        time.sleep(0.2)


def processes_of(session: int) -> list[Path]:
    """Processes of the command's session but PostgreSQL's."""
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            name, _, rest = (folder / "stat").read_text().partition("(")[2].rpartition(")")
        except OSError:
            continue
        if int(rest.split()[3]) == session and "postgres" not in name:
            found.append(folder)
    return found


def megabytes(folder: Path) -> float:
    try:
        lines = (folder / "smaps_rollup").read_text().splitlines()
    except OSError:
        return 0.0
    return sum(int(line.split()[1]) for line in lines if line.startswith("Pss:")) / 1024


def load_and_check(path: Path) -> str:
    with tempfile.TemporaryDirectory() as folder, embedded_postgres.database(Home(Path(folder))) as location:
        connection = connect(location)
        started = time.monotonic()
        rows = sum(load_zip(connection, nibrs_catalog(), path).rows.values())
        loaded = time.monotonic() - started
        connection.close()
    started = time.monotonic()
    quality_of(path, nibrs_catalog())
    checked = time.monotonic() - started
    return f"| {path.stem} | {rows:,} | {loaded:.1f} | {rows / loaded:,.0f} | {checked:.1f} |"


if __name__ == "__main__":
    main([Path(each) for each in sys.argv[1:]])
