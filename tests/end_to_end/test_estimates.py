"""The estimation half of the state machine, with real R: results, what is redone, and what a failure says."""

import csv
import io
import json
import os
import shutil
import signal
import subprocess
import time
import zipfile
from pathlib import Path
from threading import Thread

import pytest
from nibrs_local.container_tasks import TaskPool
from nibrs_local.home import BUCKET, Home
from nibrs_local.verification import problems_of, read_manifest
from nibrs_pipeline.database import DatabaseLocation
from nibrs_pipeline.keys import manifest_of, public_estimates_key, public_report_key
from nibrs_pipeline.manifest import EstimatesManifest

from tests.conftest import missing, real_zip
from tests.runs import load, load_trial, public, run, sql

#: Identifiers of population groups: Exemplar County is in 9B, Mockville in 5.
COUNTY, CITY_OF_10000 = 20, 9

pytestmark = pytest.mark.usefixtures("r")


@pytest.fixture
def r() -> None:
    if not shutil.which("Rscript"):
        missing("R is not installed; `make setup` installs it")


@pytest.fixture
def loaded(home: Home, location: DatabaseLocation) -> DatabaseLocation:
    load_trial(home, location)
    return location


def estimates_zip(home: Home, year: int = 2016) -> Path:
    return home.objects / BUCKET / public_estimates_key(year)


def rows(home: Home, name: str, year: int = 2016) -> list[dict[str, str]]:
    with zipfile.ZipFile(estimates_zip(home, year)) as archive:
        return list(csv.DictReader(io.StringIO(archive.read(name).decode())))


def log(home: Home, name: str) -> str:
    return (home.scratch("test") / "logs" / name).read_text()


def test_estimates_are_those_that_sql_finds(home: Home, loaded: DatabaseLocation) -> None:
    outcome = run(home, loaded, years=[2016], estimates=True)
    assert outcome.view.status == "SUCCEEDED", outcome.view.cause
    # Robberies of agencies that reported twelve months, by SQL, weighted by hand. Trial Springs, alone in the
    # class of 100,000 and over, is silent in both states: nationally its two agencies are represented by the two
    # counties of the next class, in a state by that and the class after it, since one respondent is not enough.
    counts = sql(
        loaded,
        "SELECT s.state_postal_abbr, p.population_group_id, count(*) FROM nibrs_offense o "
        "JOIN nibrs_offense_type t USING (offense_type_id) JOIN nibrs_incident i USING (incident_id) "
        "JOIN nibrs_month m USING (nibrs_month_id) JOIN ref_agency a ON a.agency_id = m.agency_id "
        "JOIN ref_state s USING (state_id) "
        "JOIN ref_agency_population p ON p.agency_id = a.agency_id AND p.data_year = 2016 "
        "WHERE t.offense_code = '120' AND m.data_year = 2016 AND a.pub_agency_name <> 'Trial Springs' GROUP BY 1, 2",
    )
    national, of_state = {COUNTY: 2.0}, {COUNTY: 1.5, CITY_OF_10000: 1.5}
    expected = {"US": sum(n * national.get(group, 1) for _, group, n in counts)}
    for state in ("DE", "RI"):
        expected[state] = sum(n * of_state.get(group, 1) for each, group, n in counts if each == state)
    found = {row["geography"]: float(row["estimate"]) for row in rows(home, "estimates.csv") if row["cell"] == "120"}
    assert found == expected
    assert all(row["respondents"] in ("8", "4") for row in rows(home, "estimates.csv"))


def test_the_zip_the_report_and_the_index_are_published(home: Home, loaded: DatabaseLocation) -> None:
    outcome = run(home, loaded, years=[2016], estimates=True)
    path = estimates_zip(home)
    manifest = EstimatesManifest.from_json(
        (home.objects / BUCKET / manifest_of(public_estimates_key(2016))).read_bytes()
    )
    assert manifest.zip.bytes == path.stat().st_size
    assert set(manifest.source.zips) == {"DE", "RI"}
    read = read_manifest(path.with_suffix(".manifest.json"))
    assert problems_of(path, read) == []
    assert problems_of(path.with_name("report.html"), read)[-1] == "not a zip: File is not a zip file"
    with zipfile.ZipFile(path) as archive:
        assert archive.namelist() == ["estimates.csv", "report.html", "strata.csv", "weights.csv"]
        report = archive.read("report.html")
    assert (home.objects / BUCKET / public_report_key(2016)).read_bytes() == report
    index = json.loads((public(home) / "index.json").read_text())
    assert index["estimates"][0]["file"] == "../estimates/2016/nibrs-estimates-2016.zip"
    assert (outcome.artifacts / "downloads" / index["estimates"][0]["report"]).read_bytes() == report


def test_a_second_run_makes_no_estimates_a_changed_state_makes_its_year_anew(
    home: Home, loaded: DatabaseLocation
) -> None:
    assert run(home, loaded, estimates=True).view.status == "SUCCEEDED"
    before = {year: estimates_zip(home, year).read_bytes() for year in (2015, 2016)}
    again = run(home, loaded, run_id="again", estimates=True)
    assert "Tabulate states" not in again.view.states
    assert again.view.output["publish"]["result"]["published"] == 0
    sql(loaded, "UPDATE ref_agency SET agency_status = 'D' WHERE ori = 'DE0010000'")
    third = run(home, loaded, run_id="third", estimates=True, downloads=False)
    assert third.view.status == "SUCCEEDED", third.view.cause
    assert {row["agencies"] for row in rows(home, "estimates.csv") if row["geography"] == "US"} == {"9"}
    assert all(estimates_zip(home, year).read_bytes() != before[year] for year in before)
    sql(loaded, "UPDATE ref_agency SET agency_status = 'A' WHERE ori = 'DE0010000'")
    run(home, loaded, run_id="fourth", estimates=True, downloads=False)
    assert {year: estimates_zip(home, year).read_bytes() for year in before} == before, "the same data, the same bytes"


def test_a_broken_zip_fails_the_run_with_stage_state_and_remedy(home: Home, loaded: DatabaseLocation) -> None:
    run(home, loaded, years=[2016])
    broken = home.objects / BUCKET / "downloads" / "2016" / "DE-2016.zip"
    content = bytearray(broken.read_bytes())
    with zipfile.ZipFile(broken) as archive:
        start = archive.getinfo("nibrs_offense.csv").header_offset
    content[start + 200 : start + 300] = bytes(100)
    broken.write_bytes(content)
    outcome = run(home, loaded, run_id="broken", years=[2016], estimates=True, downloads=False)
    assert outcome.view.status == "FAILED"
    report = (outcome.artifacts / "failure.txt").read_text()
    assert "MissingTabulations: 1 of 2 states of 2016 were not tabulated" in report
    assert "DE: exit status 1: tabulate_state DE 2016: " in report
    assert "fetch or extract the zip again" in report
    assert not estimates_zip(home).exists()


def r_process(tasks: TaskPool, stage: str) -> int:
    """Wait for the R process of a stage."""
    while True:
        for entry_point in tasks.processes():
            found = subprocess.run(
                ["pgrep", "-P", str(entry_point), "-f", f"run_stage.R.*{stage}"],
                capture_output=True, text=True, check=False,
            )  # fmt: skip
            if found.stdout:
                return int(found.stdout.split()[0])
        time.sleep(0.01)


def test_a_killed_stage_fails_the_run_and_only_what_is_missing_is_redone(home: Home, loaded: DatabaseLocation) -> None:
    def kill_the_first(tasks: TaskPool) -> None:
        os.kill(r_process(tasks, "weight"), signal.SIGKILL)

    outcome = run(
        home, loaded, years=[2016], estimates=True,
        on_start=lambda pool, tasks: Thread(target=kill_the_first, args=[tasks], daemon=True).start(),
    )  # fmt: skip
    assert outcome.view.status == "FAILED"
    assert "exit status 137: weight 2016: R was killed by signal 9" in (outcome.artifacts / "failure.txt").read_text()
    made = home.objects / BUCKET / "runs" / "test" / "estimation" / "2016" / "tabulated" / "DE.csv"
    written = made.stat().st_mtime_ns
    completed = run(home, loaded, years=[2016], estimates=True)
    assert completed.view.status == "SUCCEEDED", completed.view.cause
    assert made.stat().st_mtime_ns == written
    assert estimates_zip(home).exists()


def test_a_real_state_is_estimated_for_all_its_agencies(home: Home, location: DatabaseLocation) -> None:
    load(location, real_zip("LA-2013"))
    outcome = run(home, location, estimates=True)
    assert outcome.view.status == "SUCCEEDED", outcome.view.cause
    found = rows(home, "estimates.csv", 2013)
    # 288 agencies of which another covers 33; 28 of the rest reported twelve months.
    assert {(row["agencies"], row["respondents"]) for row in found} == {("255", "28")}
    [murder] = [row for row in found if row["geography"] == "LA" and row["cell"] == "09A"]
    assert float(murder["lower_95"]) < float(murder["estimate"]) < float(murder["upper_95"])


def test_return_a_counts_reach_the_reference_extract(home: Home, loaded: DatabaseLocation) -> None:
    agency = sql(loaded, "SELECT agency_id FROM ref_agency WHERE ori = 'DE0010000'")[0][0]
    sql(loaded, "INSERT INTO reta_offense_subcat VALUES (30, 'Robbery', 'SUM_ROB')")
    sql(loaded, f"INSERT INTO reta_month VALUES (1, {agency}, 2016, 5, 'Y'), (2, {agency}, 2016, 6, 'N')")
    sql(loaded, "INSERT INTO reta_month_offense_subcat VALUES (1, 30, 7), (2, 30, 9)")
    run(home, loaded, years=[2016], estimates=True)
    extract = home.objects / BUCKET / "runs" / "test" / "estimation" / "2016" / "reference" / "reference-2016.zip"
    with zipfile.ZipFile(extract) as archive:
        assert archive.read("return_a.csv").decode().splitlines() == [
            "agency_id,month,line,actual_count", f"{agency},5,SUM_ROB,7",
        ]  # fmt: skip
        months = archive.read("months.csv").decode().splitlines()
        agencies = archive.read("agencies.csv").decode().splitlines()
    assert f"{agency},5,I,Y" in months
    assert f"{agency},6,I,N" in months
    assert len(months) == 1 + 10 * 12
    assert agencies[1] == f"{agency},DE0010000,Sampleton,DE,City,A,N,N,4000,6"
