"""The estimation half of the state machine, with real R: results, what is redone, and what a failure says."""

import csv
import gzip
import hashlib
import io
import json
import math
import os
import random
import re
import shutil
import signal
import subprocess
import time
import zipfile
from collections import Counter
from collections.abc import Iterator
from dataclasses import astuple, dataclass
from itertools import product
from pathlib import Path
from threading import Thread
from typing import Any
from urllib.parse import urlencode

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
from nibrs_simulation.nation import simulate
from nibrs_simulation.world import World

from tests.conftest import missing, real_zip
from tests.explorer import look, named_by, published_figures
from tests.reading import by_pandas, in_polars, in_r, in_sql
from tests.runs import load, load_trial, make_nation_of_trial, public, run, sql

pytestmark = pytest.mark.usefixtures("unmeasured", "r")


@pytest.fixture
def r() -> None:
    if not shutil.which("Rscript"):
        missing("R is not installed; `make setup` installs it")


def estimates_zip(home: Home, year: int = 2016) -> Path:
    return home.objects / BUCKET / public_estimates_key(year)


def rows(home: Home, name: str, year: int = 2016) -> list[dict[str, str]]:
    with zipfile.ZipFile(estimates_zip(home, year)) as archive:
        return list(csv.DictReader(io.StringIO(archive.read(name).decode())))


def log(home: Home, name: str) -> str:
    return (home.scratch("test") / "logs" / name).read_text()


def true_counts(truth: Path, eligible: dict[str, str]) -> Counter[tuple[str, str]]:
    """Offenses by geography (US or state) and code, of agencies whose state is known."""
    found: Counter[tuple[str, str]] = Counter()
    with gzip.open(truth / "counts-2023.csv.gz", "rt", newline="") as file:
        for row in csv.DictReader(file):
            if row["unit"] == "offense" and row["agency_id"] in eligible:
                for place in ("US", eligible[row["agency_id"]]):
                    found[place, row["code"]] += int(row["number"])
    return found


def eligible_agencies(truth: Path) -> dict[str, str]:
    """The state of each agency that is active, not covered and not federal."""
    with gzip.open(truth / "agencies-2023.csv.gz", "rt", newline="") as file:
        return {
            row["agency_id"]: row["state"]
            for row in csv.DictReader(file)
            if row["agency_type"] != "Federal" and row["dormant"] == "N" and not row["covered_by"]
        }


def test_in_a_census_estimates_are_the_truth_without_error(home: Home, location: DatabaseLocation) -> None:
    truth = home.path / "truth"
    simulate(location, World("tiny", 0.1, (2023,), 1, "complete", 1), truth, 1)
    outcome = run(home, location, years=[2023], estimates=True)
    assert outcome.view.status == "SUCCEEDED", outcome.view.cause
    expected = true_counts(truth, eligible_agencies(truth))
    found = [row for row in rows(home, "offenses.csv", 2023) if row["agency_group"] == "all agencies"]
    compared = {
        (row["geography"], row["cell"]): int(float(row["estimate"]))
        for row in found
        if row["geography"] in ("US", "NE", "RI", "SC", "UT") and row["cell"] not in ("violent", "property")
    }
    assert {key: number for key, number in compared.items() if number} == dict(expected)
    assert {float(row["standard_error"]) for row in found} == {0.0}
    assert {float(row["weight"]) for row in rows(home, "weights/weights.csv", 2023)} == {1.0}
    assert {row["suppression_flag"] for row in found} == {"0"}
    cells = rows(home, "tables.csv", 2023)
    assert {float(row["standard_error"]) for row in cells} == {0.0}
    assert {row["suppression_flag"] for row in cells} == {"0"}
    national = {row["der_variable_name"]: float(row["estimate"]) for row in cells if row["PERMUTATION_NUMBER"] == "1"}
    larcenies = sum(number for (place, code), number in expected.items() if place == "US" and code.startswith("23"))
    assert national["t_2b_1_1_10"] == larcenies
    assert national["t_2b_1_1_4"] == expected["US", "220"]
    # Agencies of all kinds are the nation, except those that state no population group.
    assert sum(national[f"t_2b_10_{row}_10"] for row in range(46, 52)) == larcenies


def write_frame(path: Path, per_state: int) -> Path:
    """Agencies of four states, cities and counties, each with a fifth more residents than the one before it."""
    columns = ["ori", "agency_name", "agency_type_id", "state_abbr", "county_name", "population", "nibrs"]
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(columns)
        for state, number in product(("NE", "RI", "SC", "UT"), range(per_state)):
            kind = "2" if number % 3 else "3"
            residents = round(2000 * 1.2 ** (number % 20))
            writer.writerow(
                [f"{state}{number:03d}0000", f"Agency {number}", kind, state, f"{number % 9}", residents, "Y"]
            )
    return path


@pytest.fixture(scope="module")
def partly_silent(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Home]:
    """A home with the estimates of a simulated year in which some agencies are silent, and the truth."""
    home = Home(tmp_path_factory.mktemp("silent"))
    with embedded_postgres.database(home) as location:
        # Enough agencies for a regression on Return A: seventy respondents.
        frame = write_frame(home.path / "frame.csv", 40)
        simulate(location, World("tiny", 0.1, (2023,), 2, "random", 10, frame), home.path / "truth", 1)
        outcome = run(home, location, years=[2023], estimates=True)
        assert outcome.view.status == "SUCCEEDED", outcome.view.cause
        yield home
    embedded_postgres.stop(home)


def test_where_some_are_silent_the_truth_is_near(partly_silent: Home) -> None:
    home, truth = partly_silent, partly_silent.path / "truth"
    expected = true_counts(truth, eligible_agencies(truth))
    violent = sum(expected["US", code] for code in ("09A", "11A", "11B", "11C", "120", "13A"))
    [found] = [
        row
        for row in rows(home, "offenses.csv", 2023)
        if (row["geography"], row["agency_group"], row["cell"]) == ("US", "all agencies", "violent")
    ]
    assert int(found["respondents"]) < int(found["agencies"])
    assert abs(float(found["estimate"]) / violent - 1) < 0.05
    terms = [float(found[f"{term}_error"]) for term in ("sampling", "months", "return_a")]
    assert min(terms) > 0
    assert float(found["standard_error"]) == pytest.approx(math.hypot(*terms), rel=1e-6)
    assert {row["geography"] for row in rows(home, "weights/strata.csv", 2023)} >= {
        "US",
        "Midwest",
        "South",
        "SC",
        "UT",
    }
    assert rows(home, "weights/donors.csv", 2023)
    estimators = rows(home, "weights/estimators.csv", 2023)
    assert {row["estimator"] for row in estimators if row["geography"] in ("US", "South", "SC", "UT")} == {
        "model_assisted"
    }
    # After the regression every state has the Return A of its agencies, which weights alone do not reach.
    sums = ("total", "violent", "property")
    table_a = [row for row in rows(home, "weights/table_a.csv", 2023) if row["crime"] not in sums]
    deviations = [row for row in table_a if row["assisted_bias_ratio"]]
    assert max(abs(float(row["bias_ratio"])) for row in deviations) > 1
    assert max(abs(float(row["assisted_bias_ratio"])) for row in deviations) < 1e-6
    with zipfile.ZipFile(estimates_zip(home, 2023)) as archive:
        assert "model-assisted, by a regression on 7 crimes of Return A" in archive.read("README.md").decode()


@pytest.fixture(scope="module")
def explored(partly_silent: Home) -> tuple[list[tuple[str, str, str]], dict[str, Any]]:
    """A hundred figures by geography, name and kind of number, and what Chromium saw of them and of the page."""
    figures = published_figures(estimates_zip(partly_silent, 2023))
    chance = random.Random(1)
    names = sorted({place for place, _, _ in figures})
    chosen = [
        each
        for place in names
        for each in chance.sample([key for key in figures if key[0] == place], 100 // len(names))
    ]
    views = [f"#{urlencode({'figure': name, 'kind': kind, 'place': place})}" for place, name, kind in chosen]
    seen = look(
        public(partly_silent) / "explorer.html", views=[*views, "#figure=t_9&place=XX&year=1999"],
        start="#figure=t_2a_1_1_17&kind=count&place=SC&year=2023",
        compared="#figure=t_2b_1_1_4&kind=rate&place=SC&with=UT&year=2023",
    )  # fmt: skip
    return chosen, seen


def test_the_explorer_shows_what_the_zip_says(
    partly_silent: Home, explored: tuple[list[tuple[str, str, str]], dict[str, Any]]
) -> None:
    figures = published_figures(estimates_zip(partly_silent, 2023))
    chosen, seen = explored
    wrong: list[object] = []
    checked = Counter[str]()
    for (place, name, kind), view in zip(chosen, seen["views"], strict=False):
        [[address, *_]] = view["interval"]
        assert named_by(address) == (place, name, kind)
        for part in ("interval", "trend", "breakdown", "states"):
            for address, *numbers, reason in view[part]:
                checked[f"{part}, {numbers[2]}"] += 1
                # Of totals the states are compared by rates, whatever leads to them.
                is_rate = part == "states" and "per 100,000" in view["statesUnit"]
                expected = figures[(*named_by(address)[:2], "rate")] if is_rate else figures[named_by(address)]
                if tuple(numbers) != astuple(expected) or not reason:
                    wrong.append((part, address, numbers, expected))
        # What is not for release is no headline, and the unit stands with every number.
        if (view["headlines"] == ["Not for release"]) != (view["interval"][0][3] == "no"):
            wrong.append((name, view["headlines"]))
        if ("offense records" in view["unit"]) == name.startswith("t_"):
            wrong.append((name, view["unit"]))
    assert wrong == []
    assert min(checked["interval, yes"], checked["interval, no"]) > 10
    assert len(checked) == 8


def test_the_explorer_serves_everybody(explored: tuple[list[tuple[str, str, str]], dict[str, Any]]) -> None:
    _, seen = explored
    assert (seen["complaints"], seen["requests"], seen["barriers"]) == ([], [], [])
    assert seen["first"]["title"] == "Violent Crime, United States, 2023"
    assert "SIMULATED" in seen["first"]["told"]
    assert seen["views"][-1]["told"].count("is not here") == 2
    assert "There are no estimates of 1999" in seen["views"][-1]["told"]
    assert "place=UT" in seen["byKeyboard"]
    assert re.search(r"place=(NE|RI|SC)", seen["bySquare"])
    assert "Motor Vehicle Theft" in seen["found"]
    assert "Robbery" not in seen["found"]
    lines = list(csv.DictReader(io.StringIO(seen["csv"])))
    assert {line["unit"] for line in lines if line["part"] == "answer"} == {"victims and robberies"}
    assert {line["geography"] for line in lines if line["part"] == "states"} == {"NE", "RI", "SC", "UT"}
    assert seen["png"] == "PNG"
    assert seen["printed"] == ["section", "svg"], "the form and buttons are not printed"
    assert seen["phone"]["wide"] <= seen["phone"]["room"]


def test_all_numbers_are_in_one_file_and_read_in_one_line(partly_silent: Home) -> None:
    folder = (partly_silent.objects / BUCKET / public_estimates_key(2023)).parent
    names = {"2023": "2023", "OH": "SC", "CA": "UT"}
    answers = [list(read(folder, names)) for read in (in_polars, in_sql, in_r)]
    assert answers[0] == answers[1] == answers[2]
    assert [len(rows) for rows in answers[0]] == [1, len(answers[0][1]), 2, 1, 6]
    [robbery] = [
        row
        for row in rows(partly_silent, "tables.csv", 2023)
        if (row["PERMUTATION_NUMBER"], row["der_variable_name"]) == ("96", "t_2a_1_1_15")
    ]
    assert float(answers[0][0][0][0]) == pytest.approx(float(robbery["estimate"]), rel=1e-8)
    # Both files have the same rows, and every number of the indicator tables and of offenses.csv.
    parquet, text = by_pandas(folder, names)
    assert list(parquet.columns) == list(text.columns)
    assert len(parquet) == len(text)
    assert parquet["estimate"].sum() == pytest.approx(text["estimate"].sum(), rel=1e-12)
    whole = parquet[parquet["agency_group"] == "all agencies"]
    assert whole["reason"].notna().all()
    assert dict(whole["for_release"].value_counts()) == dict(
        Counter(figure.release == "yes" for figure in published_figures(estimates_zip(partly_silent, 2023)).values())
    )
    index = json.loads((public(partly_silent) / "index.json").read_text())["estimates"][0]
    assert [(public(partly_silent) / index[name]).is_file() for name in ("csv", "parquet")] == [True, True]


@dataclass(frozen=True)
class Published:
    """A home where a run has published estimates of 2015 and 2016; tests leave it as they find it."""

    home: Home
    location: DatabaseLocation
    outcome: Outcome


@pytest.fixture(scope="module")
def published(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Published]:
    home = Home(tmp_path_factory.mktemp("published"))
    with pytest.MonkeyPatch.context() as patch, embedded_postgres.database(home) as location:
        patch.setenv("WORKBOOKS", "all")
        load_trial(home.scratch("trial"), location)
        make_nation_of_trial(location)
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
        "README.md": 1, "changes.csv": 1, "generalised_variances.csv": 1, "geographies.csv": 1, "imputed": 2 * 6,
        "indicator_tables": 7 * len(places), "offenses.csv": 1, "report.html": 1, "tables.csv": 1, "weights": 12,
        "workbooks": len(whole),
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
        is_rate = line[1] == "Rate per 100,000 residents"
        found[str(line[3]), "rate" if is_rate else "count"] = line[4:9]
        if line[10] is not None:
            found[str(line[3]), "percentage"] = line[10:15]
    return found


def test_workbooks_open_and_have_the_figures_of_the_csv_files(published: Published, tmp_path: Path) -> None:
    with zipfile.ZipFile(estimates_zip(published.home)) as archive:
        archive.extractall(tmp_path)
    paths = {path.stem: path for path in (tmp_path / "workbooks").iterdir()}
    tables = ["1a", "1b", "1c", "2a", "2b", "2c", "3c"]
    sheets = ["Read me", *(name for table in tables for name in (table, f"{table} figures"))]
    for path in paths.values():
        book = openpyxl.load_workbook(path, read_only=True)
        assert book.sheetnames == sheets
        assert [book[name].max_row > 4 for name in sheets] == [True] * len(sheets)
        book.close()
    for name, folder in (("National", "National/National"), ("Rhode_Island", "State/Rhode_Island")):
        book = openpyxl.load_workbook(paths[name])
        assert [book[f"{table} figures"].freeze_panes for table in tables] == ["B5"] * len(tables)
        assert [book[table].freeze_panes for table in tables] == ["B6"] * len(tables)
        for table in tables:
            [source] = (tmp_path / "indicator_tables" / folder).glob(f"*_{table}.csv")
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


def test_the_report_shows_changes_where_the_year_before_has_been_estimated(published: Published) -> None:
    pages = {
        year: (published.home.objects / BUCKET / public_report_key(year)).read_text(encoding="utf-8")
        for year in (2015, 2016)
    }
    assert "Changes since" not in pages[2015]
    assert ">Changes since 2015</h2>" in pages[2016]
    nation = [
        {
            row["der_variable_name"]: row
            for row in rows(published.home, "tables.csv", year)
            if row["PERMUTATION_NUMBER"] == "1"
        }["t_2b_1_1_14"]
        for year in (2016, 2015)
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


def test_a_second_run_makes_no_estimates_a_changed_state_makes_its_year_anew(
    published: Published, monkeypatch: pytest.MonkeyPatch
) -> None:
    home, location = published.home, published.location
    before = estimates_zip(home).read_bytes()
    again = run(home, location, run_id="again", estimates=True)
    assert "Tabulate states" not in again.view.states
    assert again.view.output["publish"]["result"]["published"] == 0
    sql(location, "UPDATE ref_agency SET agency_status = 'D' WHERE ori = 'DE0010000'")
    third = run(home, location, run_id="third", years=[2016], estimates=True, downloads=False)
    assert third.view.status == "SUCCEEDED", third.view.cause
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
    assert "DE: exit status 3: impute_items DE 2016: downloads/2016/DE-2016.zip has SHA-256 " in report
    assert "it is damaged; make it anew with force" in report
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
