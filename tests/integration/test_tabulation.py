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


def tabulated(zip_path: Path, folder: Path, *stages: str) -> Counter[str]:
    """What the stage tabulate_state counts of a zip: the year's number in each cell, all agencies together.

    Args:
        stages: run before it.
    """
    if not shutil.which("Rscript"):
        missing("R is not installed; `make setup` installs it")
    name, year = zip_path.stem.split("-")
    external = folder / "external" / "downloads" / year
    external.mkdir(parents=True)
    (external / zip_path.name).symlink_to(zip_path)
    for stage in (*stages, "tabulate_state"):
        subprocess.run(
            ["Rscript", REPOSITORY / "containers" / "r_estimation" / "run_stage.R", stage],
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


def test_relationships_that_were_imputed_are_counted_in_place_of_unknown_ones(tmp_path: Path, catalog: Catalog) -> None:
    zip_path = real_zip("LA-2013")
    found = tabulated(zip_path, tmp_path, "impute_items")
    connection = open_zip(zip_path, catalog)
    connection.execute(PREAMBLE)
    connection.execute(
        f"""CREATE OR REPLACE VIEW related AS
        SELECT r.victim_id, coalesce(i.relationship_code, t.relationship_code) AS relationship
        FROM nibrs_victim_offender_rel r LEFT JOIN nibrs_relationship t USING (relationship_id)
        LEFT JOIN '{tmp_path}/pipeline/imputed/LA/relationships.csv' i USING (victim_id, offender_id)"""
    )
    [imputed] = connection.execute(
        f"""SELECT count(*) FILTER (WHERE t.relationship_code = 'RU')
        FROM '{tmp_path}/pipeline/imputed/LA/relationships.csv'
        JOIN nibrs_victim_offender_rel USING (victim_id, offender_id)
        JOIN nibrs_relationship t USING (relationship_id)"""
    ).fetchall()[0]
    assert imputed > 300
    expected = {query.fields["cell"]: int(connection.sql(query.query).fetchall()[0][0] or 0) for query in QUERIES}
    assert {cell: found[cell] for cell in expected} == expected
