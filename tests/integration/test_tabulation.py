"""Cells of the published tables, counted by the estimation's R, against SQL that was written independently."""

import csv
import os
import shutil
import subprocess
from collections import Counter
from pathlib import Path

import pytest
from nibrs_loading.sql_blocks import read_blocks
from nibrs_loading.zip_database import open_zip
from nibrs_pipeline.catalog import Catalog
from nibrs_simulation.records import records

from tests.conftest import missing, real_zip
from tests.simulated import state, zip_of

REPOSITORY = Path(__file__).parents[2]
PREAMBLE, QUERIES = read_blocks((Path(__file__).parent / "tabulation.sql").read_text(encoding="utf-8"), "cell")


def tabulated(zip_path: Path, folder: Path) -> Counter[str]:
    """What the stage tabulate_state counts of a zip: the year's number in each cell, all agencies together."""
    if not shutil.which("Rscript"):
        missing("R is not installed; `make setup` installs it")
    name, year = zip_path.stem.split("-")
    external = folder / "external" / "downloads" / year
    external.mkdir(parents=True)
    (external / zip_path.name).symlink_to(zip_path)
    subprocess.run(
        ["Rscript", REPOSITORY / "containers" / "r_estimation" / "run_stage.R", "tabulate_state"],
        env={
            **os.environ, "R_LIBS": str(REPOSITORY / ".tools" / "R"), "DATA_YEAR": year, "INPUT_STATE": name,
            "EXTERNAL_FILE_PATH": str(folder / "external"), "INPUT_PIPELINE_DIR": str(folder / "pipeline"),
        },
        check=True, capture_output=True,
    )  # fmt: skip
    matrix, cells = folder / "pipeline" / "tabulated" / f"{name}-crimes.rds", folder / "cells.csv"
    subprocess.run(
        ["Rscript", "-e", f"nibrsest::export_matrix('{matrix}', '{cells}')"],
        env={**os.environ, "R_LIBS": str(REPOSITORY / ".tools" / "R")}, check=True, capture_output=True,
    )  # fmt: skip
    found: Counter[str] = Counter()
    with cells.open(newline="") as file:
        for row in csv.DictReader(file):
            found[row["cell"]] += int(row["number"])
    return found


@pytest.fixture(params=["VT-2024", "LA-2013", "DC-2018", "simulated"])
def zip_path(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    if request.param != "simulated":
        return real_zip(request.param)
    crime = state("UT")
    return zip_of(crime, records(crime), tmp_path / "UT-2023.zip")


def test_cells_are_those_that_sql_counts(zip_path: Path, tmp_path: Path, catalog: Catalog) -> None:
    connection = open_zip(zip_path, catalog)
    connection.execute(PREAMBLE)
    expected = {query.fields["cell"]: int(connection.sql(query.query).fetchall()[0][0] or 0) for query in QUERIES}
    assert len(expected) >= 30
    assert sum(number > 0 for number in expected.values()) > 0.8 * len(expected)
    found = tabulated(zip_path, tmp_path)
    assert {cell: found[cell] for cell in expected} == expected
