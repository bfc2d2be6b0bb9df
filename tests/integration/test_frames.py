"""``nibrs load --agencies --return-a``: zips of reporters get their universe, whole or not at all."""

import csv
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from nibrs_command.cli import main
from nibrs_pipeline.database.location import DatabaseLocation

from tests.databases import given_to_the_command
from tests.runs import load_trial, sql
from tests.trial_data import write_trial_zips

HEADER = ["ori", "agency_name", "agency_type", "state", "population", "reporting_type", "covered_by"]
NOTES = "SELECT state, data_year FROM source_note WHERE kind = 'reporters_only' ORDER BY 1, 2"


@pytest.fixture
def loaded(loaded: DatabaseLocation, monkeypatch: pytest.MonkeyPatch) -> DatabaseLocation:
    given_to_the_command(loaded, monkeypatch)
    sql(loaded, "DELETE FROM source_note")
    for state in ("DE", "RI"):
        sql(loaded, f"INSERT INTO source_note VALUES ('{state}', 2016, 'reporters_only', NULL, NULL, 'x')")
    return loaded


def frame(folder: Path, *rows: list[str], header: list[str] = HEADER, name: str = "frame.csv") -> str:
    path = folder / name
    with path.open("w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows([header, *rows])
    return str(path)


def nibrs(*arguments: str) -> Result:
    return CliRunner().invoke(main, ["load", *arguments])


def state_of(location: DatabaseLocation) -> dict[str, list[list[object]]]:
    """Everything that a frame or a Return A touches."""
    tables = {
        "ref_agency": "agency_id", "ref_agency_population": "agency_id, data_year",
        "ref_agency_covered_by_flat": "agency_id, data_year", "ref_agency_data_content": "agency_id, data_year",
        "reta_month": "reta_month_id", "reta_month_offense_subcat": "reta_month_id, offense_subcat_id",
        "source_note": "state, data_year",
    }  # fmt: skip
    return {name: sql(location, f"SELECT * FROM {name} ORDER BY {order}") for name, order in tables.items()}


ROWS = (
    ["DE0010000", "Of the zip", "City", "DE", "99", "I", ""],
    ["DE9990000", "Silent City", "City", "DE", "120000", "S", ""],
    ["DE9980000", "Covered", "City", "DE", "800", "", "DE9990000"],
)


def test_a_frame_adds_silent_agencies_and_the_state_year_is_no_longer_of_reporters_only(
    loaded: DatabaseLocation, tmp_path: Path
) -> None:
    path = frame(tmp_path, *ROWS)
    done = nibrs("--agencies", path, "--year", "2016")
    assert done.exit_code == 0, done.output
    assert "DE-2016, 3 rows" in done.output
    assert "1 agencies are those of zips, by their ORI; 2 are in this file only" in done.output
    assert "4 agencies are (such as DE0020000" in done.output
    assert sql(loaded, NOTES) == [["RI", 2016]]
    found = sql(
        loaded,
        "SELECT ori, population, population_group_code, reporting_type, covered_by_agency_id IS NOT NULL "
        "FROM ref_agency JOIN ref_agency_population p USING (agency_id) LEFT JOIN ref_population_group "
        "USING (population_group_id) LEFT JOIN ref_agency_data_content USING (agency_id, data_year) "
        "LEFT JOIN ref_agency_covered_by_flat USING (agency_id, data_year) "
        "WHERE data_year = 2016 AND ori IN ('DE0010000', 'DE9990000', 'DE9980000') ORDER BY ori",
    )
    # What the zip said of its agency's year stays.
    assert found == [
        ["DE0010000", 4000, "6", None, False],
        ["DE9980000", 800, "7", None, True],
        ["DE9990000", 120000, "2", "S", False],
    ]
    before = state_of(loaded)
    assert "was loaded before; nothing to do" in nibrs("--agencies", path, "--year", "2016").output
    assert state_of(loaded) == before
    # Another one takes its place.
    other = frame(tmp_path, ROWS[0], ["DE9990000", "Silent City", "City", "DE", "5", "S", ""], name="other.csv")
    assert nibrs("--agencies", other, "--year", "2016").exit_code == 0
    kept = "SELECT ori, population FROM ref_agency JOIN ref_agency_population USING (agency_id) WHERE ori LIKE 'DE99%'"
    assert sql(loaded, kept) == [["DE9990000", 5]]


def test_return_a_of_a_file_is_counted_by_agency_and_month_and_takes_the_place_of_the_last(
    loaded: DatabaseLocation, tmp_path: Path
) -> None:
    header = ["ori", "year", "month", "line", "count"]
    rows = (
        ["DE0010000", "2016", "1", "murder", "2"], ["DE0010000", "2016", "1", "larceny", "30"],
        ["DE0010000", "2016", "2", "", ""], ["DE0010000", "2015", "3", "larceny", "-1"],
        ["XX0000000", "2016", "1", "murder", "9"],
    )  # fmt: skip
    path = frame(tmp_path, *rows, header=header)
    done = nibrs("--return-a", path)
    assert done.exit_code == 0, done.output
    assert "1 agency is (such as XX0000000) in the file only: their counts are left out" in done.output
    counts = (
        "SELECT data_year, month_num, offense_subcat_code, actual_count FROM reta_month "
        "LEFT JOIN reta_month_offense_subcat USING (reta_month_id) LEFT JOIN reta_offense_subcat "
        "USING (offense_subcat_id) WHERE reported_flag = 'Y' ORDER BY 1, 2, 3"
    )
    first = [[2015, 3, "larceny", -1], [2016, 1, "larceny", 30], [2016, 1, "murder", 2], [2016, 2, None, None]]
    assert sql(loaded, counts) == first
    assert "nothing to do" in nibrs("--return-a", path).output
    other = frame(tmp_path, ["DE0010000", "2016", "7", "murder", "1"], header=header, name="other.csv")
    assert nibrs("--return-a", other).exit_code == 0
    assert sql(loaded, counts) == [first[0], [2016, 7, "murder", 1]]


def test_what_is_refused_leaves_nothing_behind(loaded: DatabaseLocation, tmp_path: Path) -> None:
    before = state_of(loaded)
    wrong = frame(tmp_path, ROWS[1], ["RI0010000", "Moved", "City", "DE", "1", "", ""])
    done = nibrs("--agencies", wrong, "--year", "2016")
    assert done.exit_code == 1
    assert "line 3: RI0010000 is an agency of RI in the database, not of DE" in done.output
    strangers = frame(
        tmp_path, ["XX0000000", "2016", "1", "murder", "9"], header=["ori", "year", "month", "line", "count"]
    )
    done = nibrs("--return-a", strangers)
    assert (done.exit_code, "load the agencies first" in done.output) == (1, True)
    sql(loaded, "INSERT INTO source_note VALUES ('UT', 2016, 'simulated', NULL, NULL, 'x')")
    done = nibrs("--agencies", frame(tmp_path, *ROWS), "--year", "2016")
    assert (done.exit_code, "of a simulated nation" in done.output) == (1, True)
    sql(loaded, "DELETE FROM source_note WHERE state = 'UT'")
    assert state_of(loaded) == before
    assert nibrs().exit_code == 2


def test_a_zip_that_comes_later_has_its_agencies_for_itself_and_marks_its_state_year_anew(
    location: DatabaseLocation, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    given_to_the_command(location, monkeypatch)
    path = frame(tmp_path, *ROWS)
    assert nibrs("--agencies", path, "--year", "2016").exit_code == 0
    load_trial(tmp_path, location)
    agencies = sql(location, "SELECT ori, count(*) FROM ref_agency WHERE ori LIKE 'DE%' GROUP BY 1 ORDER BY 1")
    assert {number for _, number in agencies} == {1}
    assert ["DE9990000", 1] in agencies
    sql(location, "INSERT INTO source_note VALUES ('DE', 2016, 'reporters_only', NULL, NULL, 'x')")
    assert "3 rows" in nibrs("--agencies", path, "--year", "2016").output
    assert ["DE", 2016] not in sql(location, NOTES)
    replaced = [str(each) for each in write_trial_zips(tmp_path) if each.name == "DE-2016.zip"]
    assert nibrs("--agencies", path, "--year", "2016", *replaced).exit_code == 0
