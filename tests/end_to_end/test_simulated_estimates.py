"""Estimates of simulated years, whose truth is known: their numbers, the explorer and the file of all numbers."""

import csv
import gzip
import io
import json
import math
import random
import re
import zipfile
from collections import Counter
from collections.abc import Iterator
from dataclasses import astuple, dataclass
from itertools import product
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest
from click.testing import CliRunner
from nibrs_command.cli import main
from nibrs_home import embedded_postgres
from nibrs_home.home import BUCKET, Home
from nibrs_pipeline.catalog import Catalog
from nibrs_pipeline.database.location import DatabaseLocation
from nibrs_pipeline.keys import public_estimates_key, public_zip_key
from nibrs_pipeline.state_year import StateYear
from nibrs_simulation.nation import simulate
from nibrs_simulation.world import World

from tests.cells_by_sql import cells_without_items, expected_of
from tests.estimated import estimates_zip, rows
from tests.explorer import Figure, booked_tables, look, named_by, published_figures
from tests.reading import by_pandas, in_polars, in_r, in_sql
from tests.runs import public, run

pytestmark = pytest.mark.usefixtures("unmeasured", "r")


@pytest.fixture(scope="module", autouse=True)
def all_tables() -> Iterator[None]:
    """Estimates here are of all tables, of persons, drugs and guns too."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TABLES", "all")
        yield


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


def true_counts_of_areas(truth: Path, eligible: dict[str, str]) -> dict[tuple[str, str], float]:
    """Offenses by area and code, of agencies with the share of their residents who live in the area."""
    with gzip.open(truth / "counties.csv.gz", "rt", newline="") as file:
        pieces = [row for row in csv.DictReader(file) if row["agency_id"] in eligible]
    residents: Counter[str] = Counter()
    numbers: Counter[str] = Counter()
    for row in pieces:
        residents[row["agency_id"]] += int(row["population"])
        numbers[row["agency_id"]] += 1
    shares: dict[tuple[str, str], float] = {}
    for row in pieces:
        agency = row["agency_id"]
        share = int(row["population"]) / residents[agency] if residents[agency] else 1 / numbers[agency]
        if row["metropolitan"] == "Y":
            area = agency, f"MSA {row['msa']}"
            shares[area] = shares.get(area, 0) + share
        shares[agency, f"JD {row['judicial_district']}"] = 1
        shares[agency, f"FO {int(row['field_office']):02d}"] = 1
    found: dict[tuple[str, str], float] = {}
    by_agency = true_counts_of_agencies(truth)
    for (agency, area), share in shares.items():
        for code, number in by_agency.get(agency, {}).items():
            found[area, code] = found.get((area, code), 0) + share * number
    return found


def true_counts_of_agencies(truth: Path) -> dict[str, Counter[str]]:
    """Offenses by agency and code."""
    found: dict[str, Counter[str]] = {}
    with gzip.open(truth / "counts-2023.csv.gz", "rt", newline="") as file:
        for row in csv.DictReader(file):
            if row["unit"] == "offense":
                found.setdefault(row["agency_id"], Counter())[row["code"]] += int(row["number"])
    return found


def test_in_a_census_estimates_are_the_truth_without_error(
    home: Home, location: DatabaseLocation, catalog: Catalog, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AREAS", "all")
    truth = home.path / "truth"
    simulate(location, World("tiny", 0.1, (2023,), 1, "complete", 3), truth, 1)
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
    figure = ("der_variable_name", "estimate", "standard_error")
    cells = rows(home, "tables.csv", 2023, (*figure, "PERMUTATION_NUMBER", "suppression_flag"))
    assert {float(row["standard_error"]) for row in cells} == {0.0}
    assert {row["suppression_flag"] for row in cells} == {"0"}
    national = {row["der_variable_name"]: float(row["estimate"]) for row in cells if row["PERMUTATION_NUMBER"] == "1"}
    larcenies = sum(number for (place, code), number in expected.items() if place == "US" and code.startswith("23"))
    assert national["t_2b_1_1_10"] == larcenies
    assert national["t_2b_1_1_4"] == expected["US", "220"]
    # So are those of areas, some of whose agencies lie in several counties.
    of_areas = true_counts_of_areas(truth, eligible_agencies(truth))
    found = rows(home, "areas/offenses.csv", 2023)
    assert {float(row["standard_error"]) for row in found} == {0.0}
    estimates = {
        (row["geography"], row["cell"]): float(row["estimate"])
        for row in found
        if row["cell"] not in ("violent", "property") and float(row["estimate"])
    }
    assert any(number % 1 > 0.01 for number in of_areas.values())
    assert estimates == pytest.approx(of_areas)
    areas = {row["geography"]: row for row in rows(home, "areas/areas.csv", 2023)}
    assert {row["release"] for row in areas.values()} == {"everything"}
    area_cells = rows(home, "areas/tables.csv", 2023, (*figure, "PERMUTATION_NUMBER"))
    larceny = [row for row in area_cells if row["der_variable_name"] == "t_2b_1_1_10"]
    true_larceny = dict.fromkeys(areas, 0.0)
    for (area, code), number in of_areas.items():
        true_larceny[area] += number if code.startswith("23") else 0
    assert {row["PERMUTATION_NUMBER"]: float(row["estimate"]) for row in larceny} == pytest.approx(
        {row["permutation"]: true_larceny[area] for area, row in areas.items()}
    )
    areas_hold_all_tables(home, list(areas.values()), area_cells, national)
    assert (home.objects / BUCKET / "estimates" / "2023" / "areas.html").exists()
    # Sexes and ages of victims and arrestees add up to all, as do victims of cleared incidents and of others.
    for column in (1, 27):
        total = national[f"t_3a_1_1_{column}"]
        assert sum(national[f"t_3a_3_{row}_{column}"] for row in range(15, 18)) == total > 0
        assert sum(national[f"t_3a_2_{row}_{column}"] for row in range(5, 15)) == total
        assert national[f"t_3aclear_1_1_{column}"] + national[f"t_3aunclear_1_1_{column}"] == total
    for column in (1, 24, 62):
        assert sum(national[f"t_5a_3_{row}_{column}"] for row in range(5, 15)) == national[f"t_5a_1_1_{column}"] > 0
    # Agencies of all kinds are the nation, except those that state no population group.
    assert sum(national[f"t_2b_10_{row}_10"] for row in range(46, 52)) == larcenies
    drugs_and_guns_add_up(national)
    counted: Counter[str] = Counter()
    for state in ("NE", "RI", "SC", "UT"):
        zip_path = home.objects / BUCKET / public_zip_key(StateYear(state=state, year=2023))
        counted.update(expected_of(zip_path, catalog, "drugs_guns"))
    cells_asked = cells_without_items("drugs_guns")
    assert sum(counted[cell] > 0 for cell in cells_asked) > 40
    assert {cell: national[cell] for cell in cells_asked} == {cell: counted[cell] for cell in cells_asked}


def areas_hold_all_tables(
    home: Home, areas: list[dict[str, str]], cells: list[dict[str, str]], national: dict[str, float]
) -> None:
    """Cells of persons, drugs and guns of areas are their agencies' by share, add up to the nation, and have rates."""
    assert {float(row["standard_error"]) for row in cells} == {0.0}
    number_of = {row["geography"]: row["permutation"] for row in areas}
    found = {(row["PERMUTATION_NUMBER"], row["der_variable_name"]): float(row["estimate"]) for row in cells}
    # Each agency has one judicial district and one field office.
    for kind in ("judicial_district", "field_office"):
        of_kind = {row["permutation"] for row in areas if row["kind"] == kind}
        sums: dict[str, float] = {}
        for (number, cell), estimate in found.items():
            if number in of_kind:
                sums[cell] = sums.get(cell, 0) + estimate
        assert {cell: total for cell, total in sums.items() if total} == pytest.approx(
            {cell: total for cell, total in national.items() if total}
        )
    counts: dict[str, dict[str, float]] = {}
    for row in rows(home, "weights/counts.csv", 2023, ("cell", "ori", "number")):
        counts.setdefault(row["cell"], {})[row["ori"]] = float(row["number"])
    members = rows(home, "areas/agencies.csv", 2023)
    for cell in ("t_3a_1_1_1", "t_4a_1_1_1", "t_5a_1_1_28", "t_3a_1_1_31"):
        expected = dict.fromkeys(number_of.values(), 0.0)
        for row in members:
            expected[number_of[row["geography"]]] += float(row["share"]) * counts[cell].get(row["ori"], 0)
        assert {number: found[number, cell] for number in expected} == pytest.approx(expected)
    # Rates are over the area's residents of the group.
    residents = rows(home, "areas/residents.csv", 2023)
    women = dict.fromkeys(number_of.values(), 0.0)
    for row in residents:
        women[row["permutation"]] += float(row["residents"]) if row["sex"] == "F" else 0
    rates = rows(home, "areas/rates.csv", 2023, der_variable_name="t_3b_3_16_1")
    assert len(rates) > len(areas) / 2
    for row in rates:
        number = row["PERMUTATION_NUMBER"]
        assert float(row["population"]) == pytest.approx(women[number])
        assert float(row["rate"]) == pytest.approx(1e5 * found[number, "t_3a_3_16_1"] / women[number])


def drugs_and_guns_add_up(numbers: dict[str, float]) -> None:
    """Rows that exclude each other are all of them."""

    def rows_of(table: str, section: int, first: int, last: int, column: int) -> float:
        return sum(numbers[f"t_{table}_{section}_{row}_{column}"] for row in range(first, last + 1))

    assert rows_of("DM1", 2, 2, 4, 1) == numbers["t_DM1_1_1_1"] > 0
    assert numbers["t_DM3_2_2_1"] + numbers["t_DM3_4_8_1"] == numbers["t_DM3_1_1_1"] == numbers["t_DM2_1_1_1"] > 0
    for table in ("DM7", "DM9"):
        total = numbers[f"t_{table}_10_49_10"]
        for section, first, last in ((3, 3, 10), (5, 13, 18), (7, 40, 43), (9, 47, 48), (12, 56, 58), (13, 59, 65)):
            assert rows_of(table, section, first, last, 10) == total > 0
    for table in ("DM6", "DM8"):
        total = numbers[f"t_{table}_8_38_10"]
        assert rows_of(table, 4, 13, 19, 10) + rows_of(table, 5, 20, 26, 10) == total > 0
        assert rows_of(table, 7, 32, 37, 10) == rows_of(table, 9, 39, 42, 10) == total
    for section, first, last in ((2, 3, 10), (5, 20, 22), (6, 23, 28), (9, 35, 38), (12, 50, 57), (14, 64, 66)):
        assert rows_of("GV2a", section, first, last, 2) == numbers["t_GV2a_1_1_2"] > 0
    assert numbers["t_GV1a_2_3_2"] + numbers["t_GV1a_2_7_2"] == rows_of("GV1a", 3, 8, 19, 2)
    assert numbers["t_GV1a_2_3_2"] + numbers["t_GV1a_2_7_2"] == numbers["t_GV1a_1_1_2"] > 0
    assert rows_of("GV3a", 2, 3, 7, 2) == rows_of("GV3a", 3, 8, 10, 2) == numbers["t_GV3a_1_1_2"] > 0
    assert rows_of("YT1", 2, 2, 3, 1) == rows_of("YT1", 3, 4, 6, 1) == rows_of("YT1", 5, 10, 21, 1)
    assert numbers["t_YT2_1_1_1"] <= rows_of("YT2", 2, 2, 5, 1)


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
        names = archive.namelist()
    # Of geographies every table has a file, of groups of their agencies those that are read most.
    tables = {name.rpartition("_")[2] for name in names if "/National/" in name and name.endswith(".csv")}
    assert tables >= {"1a.csv", "3a.csv", "5b.csv", "LEOKA.csv", "DM10.csv", "YT2.csv"}
    assert sum(name.startswith("persons/") for name in names) >= 4


@dataclass(frozen=True)
class Explored:
    """All figures, a hundred of them by geography, name and kind, and what Chromium saw of these and of the page."""

    figures: dict[tuple[str, str, str], Figure]
    chosen: list[tuple[str, str, str]]
    seen: dict[str, Any]


@pytest.fixture(scope="module")
def explored(partly_silent: Home) -> Explored:
    figures = published_figures(estimates_zip(partly_silent, 2023))
    chance = random.Random(1)
    names = sorted({place for place, _, _ in figures})
    # Of offense codes, too, which are few: states are compared by them at once.
    chosen = [
        each
        for place in names
        for wanted, number in ((True, 85 // len(names)), (False, 15 // len(names)))
        for each in chance.sample(
            [key for key in figures if key[0] == place and key[1].startswith("t_") is wanted], number
        )
    ]
    views = [f"#{urlencode({'figure': name, 'kind': kind, 'place': place})}" for place, name, kind in chosen]
    seen = look(
        public(partly_silent) / "explorer.html", views=[*views, "#figure=t_9&place=XX&year=1999"],
        start="#figure=t_2a_1_1_17&kind=count&place=SC&year=2023",
        compared="#figure=t_2b_1_1_4&kind=rate&place=SC&with=UT&year=2023",
    )  # fmt: skip
    return Explored(figures, chosen, seen)


def test_the_explorer_shows_what_the_zip_says(explored: Explored) -> None:
    figures, chosen, seen = explored.figures, explored.chosen, explored.seen
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


def test_the_explorer_serves_everybody(explored: Explored) -> None:
    seen = explored.seen
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
    [robbery] = rows(partly_silent, "tables.csv", 2023, PERMUTATION_NUMBER="96", der_variable_name="t_2a_1_1_15")
    assert float(answers[0][0][0][0]) == pytest.approx(float(robbery["estimate"]), rel=1e-8)
    # Both files have the same rows, and every number of the indicator tables and of offenses.csv.
    parquet, text = by_pandas(folder, names)
    assert list(parquet.columns) == list(text.columns)
    assert len(parquet) == len(text)
    assert parquet["estimate"].sum() == pytest.approx(text["estimate"].sum(), rel=1e-12)
    whole = parquet[parquet["agency_group"] == "all agencies"]
    assert whole["reason"].notna().all()
    assert dict(whole["for_release"].value_counts()) == dict(
        Counter(
            figure.release == "yes"
            for figure in published_figures(estimates_zip(partly_silent, 2023), booked_tables()).values()
        )
    )
    index = json.loads((public(partly_silent) / "index.json").read_text())["estimates"][0]
    assert [(public(partly_silent) / index[name]).is_file() for name in ("csv", "parquet")] == [True, True]


def test_a_group_of_persons_is_estimated_from_the_zip_when_it_is_asked_for(partly_silent: Home) -> None:
    path = str(estimates_zip(partly_silent, 2023))
    asked = ["estimates", "cell", "--zip", path, "--geography", "UT", "--domain", "female"]
    done = CliRunner().invoke(main, [*asked, "--table", "3a", "--column", "1,27", "--csv"])
    assert done.exit_code == 0, done.output
    found = {row["der_variable_name"]: row for row in csv.DictReader(io.StringIO(done.stdout))}
    everyone = {
        row["der_variable_name"]: row for row in rows(partly_silent, "tables.csv", 2023, PERMUTATION_NUMBER="100")
    }
    # Women are a row of everyone's table; the method gives them number 11.
    for column in (1, 27):
        row, published = found[f"t_3a_1_1_{11000 + column}"], everyone[f"t_3a_3_16_{column}"]
        assert float(row["estimate"]) > 0
        assert float(row["estimate"]) == pytest.approx(float(published["estimate"]), rel=1e-9)
        assert float(row["estimate_standard_error"]) == pytest.approx(float(published["standard_error"]), rel=0.05)
    # So they are of victims of guns and of arrestees for drugs; total and row of women in each table.
    for table, total, women in (("GV2a", "1_1", "5_21"), ("DM9", "10_49", "4_12"), ("DM10", "1_1", "2_3")):
        row_number = total.partition("_")[2]
        done = CliRunner().invoke(main, [*asked, "--table", table, "--row", row_number, "--csv"])
        assert done.exit_code == 0, done.output
        counts = [row for row in csv.DictReader(io.StringIO(done.stdout)) if row["estimate_type"] == "count"]
        assert sum(float(row["estimate"]) for row in counts) > 0
        for row in counts:
            column = int(row["der_variable_name"].rpartition("_")[2]) - 11000
            assert row["der_variable_name"] == f"t_{table}_{total}_{11000 + column}"
            published = everyone[f"t_{table}_{women}_{column}"]
            assert float(row["estimate"]) == pytest.approx(float(published["estimate"]), rel=1e-9, abs=1e-9)
            assert float(row["estimate_standard_error"]) == pytest.approx(
                float(published["standard_error"]), rel=0.1, abs=0.5
            )
    refused = CliRunner().invoke(main, [*asked, "--table", "2a"])
    assert (refused.exit_code, "it has to be one of 3a" in refused.output) == (2, True)


def test_the_checks_of_a_year_lie_beside_its_zip(partly_silent: Home) -> None:
    beside = estimates_zip(partly_silent, 2023).parent
    checks = rows(partly_silent, "checks.csv", 2023)
    assert {row["outcome"] for row in checks} <= {"met", "broken", "not verifiable"}
    assert {row["of"] for row in checks if row["part"] == "Input"} == {"NE", "RI", "SC", "UT"}
    imputed = [row for row in checks if row["check"].startswith("Unknown items that were imputed: ")]
    assert {row["outcome"] for row in imputed} == {"met"}
    assert 'href="checks.html"' in (beside / "report.html").read_text(encoding="utf-8")
    page = (beside / "checks.html").read_text(encoding="utf-8")
    for row in checks:
        assert (row["outcome"] == "met") or row["check"].replace("&", "&amp;") in page
