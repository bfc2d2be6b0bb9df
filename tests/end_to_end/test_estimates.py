"""The estimation half of the state machine, with real R: results, what is redone, and what a failure says."""

import csv
import hashlib
import io
import json
import math
import os
import re
import shutil
import signal
import subprocess
import time
import zipfile
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from threading import Thread

import duckdb
import openpyxl
import pytest
from nibrs_command.local_run import Outcome
from nibrs_command.verification import problems_of, read_manifest
from nibrs_engine.container_tasks import TaskPool
from nibrs_home import embedded_postgres
from nibrs_home.home import BUCKET, Home
from nibrs_pipeline.archive.manifest import EstimatesManifest
from nibrs_pipeline.database.location import DatabaseLocation
from nibrs_pipeline.keys import manifest_of, public_estimates_key, public_report_key
from pg8000.exceptions import DatabaseError

from tests.conftest import real_zip
from tests.estimated import estimates_zip, rows
from tests.runs import in_psql, load, load_trial, make_nation_of_trial, public, run, sql

pytestmark = pytest.mark.usefixtures("unmeasured", "r")


def log(home: Home, name: str) -> str:
    return (home.scratch("test") / "logs" / name).read_text()


@dataclass(frozen=True)
class Published:
    """A home where a run has published estimates of 2015 and 2016; tests leave it as they find it."""

    home: Home
    location: DatabaseLocation
    outcome: Outcome


@pytest.fixture(scope="module")
def published(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Published]:
    home = Home(tmp_path_factory.mktemp("published"))
    with embedded_postgres.database(home) as location:
        load_trial(home.scratch("trial"), location)
        make_nation_of_trial(location)
        with pytest.MonkeyPatch.context() as patched:
            patched.setenv("WORKBOOKS", "nation")
            outcome = run(home, location, estimates=True)
        assert outcome.view.status == "SUCCEEDED", outcome.view.cause
        yield Published(home, location, outcome)
    embedded_postgres.stop(home)


def test_the_zip_the_report_and_the_index_are_published(published: Published) -> None:
    home = published.home
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
        names = archive.namelist()
        report = archive.read("report.html")
    assert names == sorted(names)
    folders = Counter(name.split("/")[0] for name in names)
    places = rows(home, "geographies.csv")
    whole = [place["geography"] for place in places if place["agency_group"] == "all agencies"]
    assert whole == ["US", "Northeast", "South", "DE", "RI", "University or College"]
    assert folders == {
        "README.md": 1, "changes.csv": 1, "checks.csv": 1, "checks.html": 1, "generalised_variances.csv": 1,
        "geographies.csv": 1, "imputed": 2 * 8, "indicator_tables": 8 * len(places), "offenses.csv": 1,
        "postgres_load.sql": 1, "postgres_setup.sql": 1, "report.html": 1, "tables.csv": 1, "weights": 15,
        "workbooks": 1,
    }  # fmt: skip
    beside = (home.objects / BUCKET / public_report_key(2016)).read_bytes()
    assert manifest.report_sha256 == hashlib.sha256(beside).hexdigest()
    assert manifest.simulated
    # The page beside the zip is that of the zip, with other links.
    assert without_files(beside) == without_files(report)
    index = json.loads((public(home) / "index.json").read_text())
    listed = {entry["file"]: entry["report"] for entry in index["estimates"]}
    assert listed.keys() == {f"../estimates/{year}/nibrs-estimates-{year}.zip" for year in (2015, 2016)}
    shown = listed["../estimates/2016/nibrs-estimates-2016.zip"]
    assert (published.outcome.artifacts / "downloads" / shown).read_bytes() == beside


def without_files(page: bytes) -> bytes:
    before, _, rest = page.partition(b'<h2 id="files">')
    return before + rest.partition(b"</ul>")[2]


def dead_links(page: Path) -> list[str]:
    """Links of a page or README that lead to no place on the page and to no file beside it."""
    text = page.read_text(encoding="utf-8")
    links = re.findall(r'href="([^"]+)"' if page.suffix == ".html" else r"\]\(([^)]+)\)", text)
    assert links or page.suffix != ".html"
    places = {f"#{name}" for name in re.findall(r'id="([^"]+)"', text)}
    return [
        link
        for link in links
        if not link.startswith(("http:", "https:"))
        and not (link in places if link.startswith("#") else (page.parent / link.partition("#")[0]).exists())
    ]


def test_every_link_that_is_published_leads_somewhere(published: Published, tmp_path: Path) -> None:
    bucket = published.home.objects / BUCKET
    pages = [bucket / public_report_key(2016), public(published.home) / "index.html"]
    zips = [estimates_zip(published.home), *sorted(public(published.home).rglob("RI-2016.zip"))]
    for path in zips:
        with zipfile.ZipFile(path) as archive:
            archive.extractall(tmp_path / path.stem)
        pages += [each for each in (tmp_path / path.stem).iterdir() if each.suffix in (".html", ".md")]
    assert {page.name for page in pages} >= {"report.html", "index.html", "README.md"}
    assert {str(page): dead_links(page) for page in pages if dead_links(page)} == {}


def test_simulated_estimates_say_so_wherever_one_looks_first(published: Published) -> None:
    with zipfile.ZipFile(estimates_zip(published.home)) as archive:
        for name in ("report.html", "README.md"):
            assert "SIMULATED: the incidents" in archive.read(name).decode()
        book = openpyxl.load_workbook(io.BytesIO(archive.read("workbooks/National.xlsx")), read_only=True)
    for name in book.sheetnames:
        assert "SIMULATED" in str(list(book[name].iter_rows(min_row=2, max_row=2, values_only=True)))


def figures_of(book: openpyxl.Workbook, table: str) -> dict[tuple[str, str], tuple[float | str | None, ...]]:
    """Estimate, standard error, limits and release by the figure's name and kind, as a sheet of figures has them."""
    found = {}
    for line in book[f"{table} figures"].iter_rows(min_row=5, values_only=True):
        is_rate = str(line[1]).startswith("Rate per 100,000 ")
        # A rate over nobody, here over officers of agencies without any, is a line without a figure.
        if line[4] is not None:
            found[str(line[3]), "rate" if is_rate else "count"] = line[4:9]
        if line[10] is not None:
            found[str(line[3]), "percentage"] = line[10:15]
    return found


def test_the_workbook_opens_and_has_the_figures_of_the_csv_files(published: Published, tmp_path: Path) -> None:
    with zipfile.ZipFile(estimates_zip(published.home)) as archive:
        archive.extractall(tmp_path)
    [path] = (tmp_path / "workbooks").iterdir()
    assert path.name == "National.xlsx"
    tables = ["1a", "1b", "1c", "2a", "2b", "2c", "3c", "LEOKA"]
    sheets = ["Read me", *(name for table in tables for name in (table, f"{table} figures"))]
    book = openpyxl.load_workbook(path)
    assert book.sheetnames == sheets
    assert [book[name].max_row > 4 for name in sheets] == [True] * len(sheets)
    assert [book[f"{table} figures"].freeze_panes for table in tables] == ["B5"] * len(tables)
    assert [book[table].freeze_panes for table in tables] == ["B6"] * len(tables)
    for table in tables:
        [source] = (tmp_path / "indicator_tables" / "National" / "National").glob(f"*_{table}.csv")
        with source.open(newline="") as file:
            rows = [row for row in csv.DictReader(file) if row["der_elig_suppression"] == "1"]
        expected = {(row["der_variable_name"], row["estimate_type"]): row for row in rows if row["estimate"]}
        figures = figures_of(book, table)
        assert figures.keys() == expected.keys()
        for key, row in expected.items():
            columns = ("estimate", "estimate_standard_error", "estimate_lower_bound", "estimate_upper_bound")
            numbers = [float(row[column]) if row[column] not in ("", "-9") else None for column in columns]
            assert list(figures[key][:4]) == pytest.approx(numbers, rel=1e-12)
            assert figures[key][4] == {"0": "yes", "1": "no"}[row["suppression_flag_indicator"]]


def with_first_lines_only(files: Path, folder: Path) -> Path:
    """A copy of unzipped estimates whose tables end after ten rows."""
    shutil.copytree(files, folder)
    for path in folder.glob("indicator_tables/*/*/*.csv"):
        path.write_text("".join(path.read_text().splitlines(keepends=True)[:11]))
    return folder


def test_the_zips_scripts_make_a_database_of_it(published: Published, server: DatabaseLocation, tmp_path: Path) -> None:
    files = tmp_path / "unzipped"
    with zipfile.ZipFile(estimates_zip(published.home)) as archive:
        archive.extractall(files)
    tables = f"read_csv('{files}/indicator_tables/*/*/*.csv', all_varchar = true)"
    [in_csv] = duckdb.sql(
        "SELECT count(*), count(*) FILTER (estimate <> '-9'), count(DISTINCT der_variable_name), "
        f"count(DISTINCT PERMUTATION_NUMBER) FROM {tables}"
    ).fetchall()
    [robbery] = duckdb.sql(
        f"SELECT CAST(estimate AS DOUBLE), CAST(estimate_lower_bound AS DOUBLE) FROM {tables} "
        "WHERE PERMUTATION_NUMBER = '95' AND der_variable_name = 't_2a_1_1_15'"
    ).fetchall()
    sql(server, "CREATE DATABASE estimates")
    # A year replaces what is there of it: here of the first lines of every table, which take less time.
    first_lines = with_first_lines_only(files, tmp_path / "first_lines")
    for folder, script in (
        (files, "postgres_setup.sql"),
        (first_lines, "postgres_load.sql"),
        (files, "postgres_load.sql"),
    ):
        done = in_psql(folder, script, server, "estimates")
        assert done.returncode == 0, done.stderr
    estimates = replace(server, database="estimates")
    [loaded] = sql(
        estimates,
        "SELECT count(*), count(estimate), count(DISTINCT der_variable_name), count(DISTINCT permutation_number) "
        "FROM estimates WHERE data_year = 2016",
    )
    assert tuple(loaded) == in_csv
    assert loaded[0] > 100_000
    [found] = sql(
        estimates,
        "SELECT estimate, estimate_lower_bound FROM labelled_estimates WHERE geography = 'RI' "
        "AND der_variable_name = 't_2a_1_1_15' AND estimate_type = 'count' AND indicator_name = 'Robbery'",
    )
    assert tuple(found) == robbery
    with pytest.raises(DatabaseError, match="duplicate key"):
        sql(estimates, "INSERT INTO estimates SELECT * FROM estimates LIMIT 1")
    sql(server, "DROP DATABASE estimates")


def test_the_report_shows_changes_where_the_year_before_has_been_estimated(published: Published) -> None:
    pages = {
        year: (published.home.objects / BUCKET / public_report_key(year)).read_text(encoding="utf-8")
        for year in (2015, 2016)
    }
    assert "Changes since" not in pages[2015]
    assert ">Changes since 2015</h2>" in pages[2016]
    nation = [
        row
        for year in (2016, 2015)
        for row in rows(published.home, "tables.csv", year, PERMUTATION_NUMBER="1", der_variable_name="t_2b_1_1_14")
    ]
    now, before = (float(row["estimate"]) for row in nation)
    assert f"{100 * (now / before - 1):+.1f} %" in pages[2016]
    changes = rows(published.home, "changes.csv", 2016)
    [property_crime] = [
        row for row in changes if (row["PERMUTATION_NUMBER"], row["der_variable_name"]) == ("1", "t_2b_1_1_14")
    ]
    assert float(property_crime["previous"]) == before
    assert float(property_crime["percent"]) == pytest.approx(100 * (now / before - 1))
    # All agencies report in both years: nothing is uncertain but months that were filled.
    assert {row["sampling_error"] for row in nation} == {"0"}
    filled = math.hypot(*(float(row["months_error"]) for row in nation))
    assert filled > 0
    assert float(property_crime["difference_error"]) == pytest.approx(filled)


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


def test_a_second_run_makes_no_estimates_a_changed_state_makes_its_year_anew(
    published: Published, monkeypatch: pytest.MonkeyPatch
) -> None:
    def kill_the_first(tasks: TaskPool) -> None:
        os.kill(r_process(tasks, "weight"), signal.SIGKILL)

    home, location = published.home, published.location
    before = estimates_zip(home).read_bytes()
    monkeypatch.setenv("WORKBOOKS", "nation")
    again = run(home, location, run_id="again", estimates=True)
    assert "Impute and tabulate states" not in again.view.states
    assert again.view.output["publish"]["result"]["published"] == 0
    sql(location, "UPDATE ref_agency SET agency_status = 'D' WHERE ori = 'DE0010000'")
    # On the way a stage is killed: only what is missing is made when the run is completed.
    killed = run(
        home, location, run_id="third", years=[2016], estimates=True, downloads=False,
        on_start=lambda pool, tasks: Thread(target=kill_the_first, args=[tasks], daemon=True).start(),
    )  # fmt: skip
    assert killed.view.status == "FAILED"
    assert "exit status 137: weight 2016: R was killed by signal 9" in (killed.artifacts / "failure.txt").read_text()
    assert estimates_zip(home).read_bytes() == before
    made = home.objects / BUCKET / "runs" / "third" / "estimation" / "2016" / "tabulated" / "DE.csv"
    written = made.stat().st_mtime_ns
    third = run(home, location, run_id="third", years=[2016], estimates=True, downloads=False)
    assert third.view.status == "SUCCEEDED", third.view.cause
    assert made.stat().st_mtime_ns == written
    national = [row for row in rows(home, "offenses.csv") if row["geography"] == "US"]
    assert {row["agencies"] for row in national if row["agency_group"] == "all agencies"} == {"9"}
    assert estimates_zip(home).read_bytes() != before
    sql(location, "UPDATE ref_agency SET agency_status = 'A' WHERE ori = 'DE0010000'")
    monkeypatch.setenv("MAX_CONCURRENCY", "1")
    run(home, location, run_id="fourth", years=[2016], estimates=True, downloads=False)
    assert estimates_zip(home).read_bytes() == before, "the same data, the same bytes, one task at a time or many"


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
    assert "DE: exit status 3: impute_and_tabulate DE 2016: downloads/2016/DE-2016.zip has SHA-256 " in report
    assert "it is damaged; make it anew with force" in report
    assert not estimates_zip(home).exists()


def test_a_real_state_without_return_a_is_raised_by_residents_and_not_for_release(
    home: Home, location: DatabaseLocation
) -> None:
    load(location, real_zip("LA-2013"))
    outcome = run(home, location, estimates=True)
    assert outcome.view.status == "SUCCEEDED", outcome.view.cause
    found = rows(home, "offenses.csv", 2013)
    # 288 agencies of which another covers 33; 28 of the rest reported twelve months, three more at least three.
    louisiana = [row for row in found if row["geography"] == "LA"]
    assert {(row["agencies"], row["respondents"]) for row in louisiana} == {("255", "31")}
    [murder] = [row for row in louisiana if row["cell"] == "09A"]
    # The downloads of layout 1 hold no Return A.
    assert float(murder["estimate"]) > float(murder["unweighted"]) > 0
    # Agencies without residents are weighted by their number.
    assert {row["method"] for row in rows(home, "weights/strata.csv", 2013) if row["geography"] == "LA"} == {
        "residents",
        "expansion",
    }
    assert {(row["basis"], row["standard_error"], row["suppression_flag"]) for row in louisiana} == {
        ("residents", "", "1")
    }
    # One state is no nation.
    nation = [row for row in found if row["geography"] == "US"]
    assert {(row["basis"], row["lower_95"], row["suppression_flag"]) for row in nation} == {("counts", "", "1")}
    # Filled months are parts of incidents, so that sums differ in their last digit.
    assert all(float(row["estimate"]) == pytest.approx(float(row["unweighted"]), rel=1e-12) for row in nation)
