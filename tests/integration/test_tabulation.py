"""Cells of the published tables, counted by the estimation's R, against SQL that was written independently."""

import csv
import os
import shutil
import subprocess
from collections import Counter
from pathlib import Path

import pytest
from nibrs_loading.zip_database import open_zip
from nibrs_pipeline.catalog import Catalog
from nibrs_simulation.records import records

from tests.cells_by_sql import expected_of
from tests.conftest import missing, real_zip
from tests.simulated import state, zip_of

pytestmark = pytest.mark.usefixtures("unmeasured")

REPOSITORY = Path(__file__).parents[2]


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
                "TABLES": "all",
            },
            check=True, capture_output=True,
        )  # fmt: skip
    matrices = folder / "pipeline" / "tabulated"
    export = "for (path in commandArgs(TRUE)) nibrsest::export_matrix(path, sub('rds$', 'cells', path))"
    subprocess.run(
        ["Rscript", "-e", export, *matrices.glob("*.rds")],
        env={**os.environ, "R_LIBS": str(REPOSITORY / ".tools" / "R")}, check=True, capture_output=True,
    )  # fmt: skip
    found: Counter[str] = Counter()
    for path in matrices.glob("*.cells"):
        with path.open(newline="") as file:
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
    found = tabulated(zip_path, tmp_path)
    for name, fewest in (("tabulation", 30), ("persons", 60), ("drugs_guns", 100)):
        expected = expected_of(zip_path, catalog, name)
        assert len(expected) >= fewest
        assert sum(number > 0 for number in expected.values()) > 0.7 * len(expected)
        assert {cell: found[cell] for cell in expected} == expected


def test_murdered_youths_are_those_that_sql_counts(tmp_path: Path, catalog: Catalog) -> None:
    # The other zips have none.
    zip_path = real_zip("DC-2021")
    expected = expected_of(zip_path, catalog, "drugs_guns")
    assert min(expected[f"t_{cell}_1"] for cell in ("YT1_1_1", "YT1_2_3", "YT1_5_15", "YT2_2_2", "YT2_2_4")) > 0
    found = tabulated(zip_path, tmp_path)
    assert {cell: found[cell] for cell in expected} == expected


def test_items_that_were_imputed_are_counted_in_place_of_unknown_ones(tmp_path: Path, catalog: Catalog) -> None:
    zip_path = real_zip("LA-2013")
    found = tabulated(zip_path, tmp_path, "impute_items")
    imputed = tmp_path / "pipeline" / "imputed" / "LA"
    related = f"""
        SELECT r.victim_id, r.offender_id, coalesce(i.relationship_code, t.relationship_code) AS relationship
        FROM nibrs_victim_offender_rel r LEFT JOIN nibrs_relationship t USING (relationship_id)
        LEFT JOIN '{imputed}/relationships.csv' i USING (victim_id, offender_id)"""
    connection = open_zip(zip_path, catalog)
    [number] = connection.execute(
        f"""SELECT count(*) FILTER (WHERE t.relationship_code = 'RU')
        FROM '{imputed}/relationships.csv' JOIN nibrs_victim_offender_rel USING (victim_id, offender_id)
        JOIN nibrs_relationship t USING (relationship_id)"""
    ).fetchall()[0]
    assert number > 300
    expected = expected_of(zip_path, catalog, "tabulation", f"CREATE OR REPLACE VIEW related AS {related}")
    assert {cell: found[cell] for cell in expected} == expected
    items = "age = i.age, sex = i.sex, race = i.race, ethnicity = i.ethnicity"
    changes = (
        f"CREATE OR REPLACE TABLE related AS {related}",
        f"UPDATE person SET {items} FROM '{imputed}/victims.csv' i WHERE i.victim_id = person.victim_id",
        f"UPDATE suffered SET {items} FROM '{imputed}/victims.csv' i WHERE i.victim_id = suffered.victim_id",
        f"UPDATE arrested SET {items} FROM '{imputed}/arrestees.csv' i WHERE i.arrestee_id = arrested.arrestee_id",
        "UPDATE offender SET age = i.age, sex = i.sex, race = i.race "
        f"FROM '{imputed}/offenders.csv' i WHERE i.offender_id = offender.offender_id",
    )  # fmt: skip
    for name in ("persons", "drugs_guns"):
        expected = expected_of(zip_path, catalog, name, *changes)
        assert {cell: found[cell] for cell in expected} == expected
    expected = expected_of(zip_path, catalog, "persons", *changes)
    assert expected["t_3a_4_23_1"] < expected_of(zip_path, catalog, "persons")["t_3a_4_23_1"]
