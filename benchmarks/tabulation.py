"""Time and memory of tabulating a state's zip: published zips, and a simulated state of a million incidents.

    python benchmarks/tabulation.py [AZ-2016.zip ...]

One core: R's data.table is kept to one thread. The time is that of reading the zip and counting all tables, without
the start of R and the writing of the files.
"""

import os
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
import pyarrow as pa
from machine import machine
from nibrs_simulation.agency_tables import active, cde_agencies, month_rows, participation, true_months
from nibrs_simulation.crime import true_crime
from nibrs_simulation.frame import made_up_frame
from nibrs_simulation.records import records
from nibrs_simulation.state_year import draw_state_year
from nibrs_simulation.truth import write_truth_zip

REPOSITORY = Path(__file__).resolve().parents[1]
SCRIPT = """
suppressMessages(library(nibrsest)); data.table::setDTthreads(1); logger::log_threshold("WARN")
zip <- commandArgs(trailingOnly = TRUE)
first <- system.time(records <- read_state_records(zip))[["elapsed"]]
second <- system.time({offenses <- tabulate_offenses(records); cells <- tabulate_tables(records)})[["elapsed"]]
peak <- as.numeric(sub("[^0-9]*([0-9]+).*", "\\\\1", grep("VmHWM", readLines("/proc/self/status"), value = TRUE)))
n <- nrow(records$incident)
cat(sprintf("%s | %.1f | %.1f | %s | %s | %.0f", format(n, big.mark = ","), first, second,
  format(round(n / (first + second)), big.mark = ","), format(nrow(cells), big.mark = ","), peak / 1024))
"""


def main(paths: list[Path]) -> None:
    print(machine() + "\n")
    print("| zip | incidents | s to read | s to count | incidents per second | rows | peak MB |\n" + "|---" * 7 + "|")
    with tempfile.TemporaryDirectory() as folder:
        for path in [*paths, large_state(Path(folder) / "CA-2023.zip")]:
            print(f"| {path.stem} | {tabulated(path)} |", flush=True)


def tabulated(path: Path) -> str:
    library = REPOSITORY / ".tools" / "R"
    environment = {**os.environ, "R_LIBS": str(library)}
    return subprocess.run(
        ["Rscript", "-e", SCRIPT, str(path)], env=environment, check=True, capture_output=True, text=True
    ).stdout


def large_state(path: Path) -> Path:
    """California as if all of its agencies reported, with about a million incidents."""
    year = 2023
    frame = made_up_frame("national", 1)
    which = np.flatnonzero(frame.state == "CA")
    crime = true_crime(frame, (year,), 0.65, 1)
    drawn = draw_state_year(frame.take(which), year, crime.counts[which, 0], 1000, 0, 1)
    agencies = drawn.frame
    counts = np.zeros((len(agencies), 12), np.int64)
    np.add.at(counts, (drawn.incidents.agency, drawn.incidents.month - 1), 1)
    months, everyone = true_months(agencies, counts), active(agencies)
    return_a = np.ones((len(agencies), 12), np.bool_)
    tables: dict[str, pa.Table] = {name: each.table for name, each in records(drawn).items()} | {
        "nibrs_month": month_rows(agencies, year, months, drawn.month_offset, everyone),
        "cde_agencies": cde_agencies(agencies, year, everyone, months, return_a),
        "agency_participation": participation(agencies, year, months, return_a),
    }
    write_truth_zip(path, tables)
    return path


if __name__ == "__main__":
    main([Path(argument) for argument in sys.argv[1:]])
