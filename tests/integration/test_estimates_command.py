"""``nibrs estimates``: a number with its interval, from what is published or from a zip."""

import csv
import io
import zipfile
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from nibrs_command.cli import main
from nibrs_command.terminal import console
from nibrs_home.home import BUCKET, Home
from nibrs_pipeline.keys import public_estimates_key

OFFENSES = """\
data_year,geography,agency_group,cell,label,estimate,lower_95,upper_95,rate_per_100000,basis,suppression_flag
2023,US,all agencies,violent,Violent crime,1500.4,1400,1600,45.61,estimate,0
2023,US,all agencies,120,Robbery,200,150,250,6.5,estimate,0
2023,US,city agencies,120,Robbery,150,100,200,,estimate,0
2023,OH,all agencies,120,Robbery,20,-1,50,5.5,estimate,1
2023,OH,all agencies,13A,Aggravated Assault,80,60,100,22,estimate,0
2023,OH,all agencies,13B,Simple Assault,90,70,110,25,estimate,0
2023,GA,all agencies,120,Robbery,7,,,1.5,none,1
"""
GEOGRAPHIES = """\
geography,agency_group,description
US,all agencies,National
US,city agencies,"National, city agencies"
OH,all agencies,Ohio
GA,all agencies,Georgia
"""


def write_zip(path: Path, readme: str = "# NIBRS estimates", year: int = 2023) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("offenses.csv", OFFENSES.replace("2023,", f"{year},"))
        archive.writestr("geographies.csv", GEOGRAPHIES)
        archive.writestr("README.md", readme)
    return path


def nibrs(*arguments: str) -> Result:
    return CliRunner().invoke(main, ["estimates", *arguments])


@pytest.fixture(autouse=True)
def wide(monkeypatch: pytest.MonkeyPatch) -> None:
    """A terminal on which no cell of a table is broken into lines."""
    monkeypatch.setattr(console, "_width", 120)


@pytest.fixture
def path(tmp_path: Path) -> str:
    return str(write_zip(tmp_path / "nibrs-estimates-2023.zip"))


def shown(result: Result) -> list[list[str]]:
    """The cells of the table's rows."""
    assert result.exit_code == 0, result.output
    return [[cell.strip() for cell in line.strip("│").split("│")] for line in result.output.splitlines() if "│" in line]


def test_an_offense_by_name_in_several_geographies_in_the_order_asked_for(path: str) -> None:
    assert shown(nibrs("robbery", "--geography", "Ohio,us,ga", "--zip", path)) == [
        ["OH", "120", "Robbery", "20", "-1 to 50", "5.5", "no"],
        ["US", "120", "Robbery", "200", "150 to 250", "6.5", "yes"],
        ["GA", "120", "Robbery", "7", "a count, no estimate", "", "no"],
    ]


def test_a_code_is_not_searched_in_names_and_words_may_stand_in_any_order(path: str) -> None:
    assert [row[1] for row in shown(nibrs("13a", "--geography", "OH", "--zip", path))] == ["13A"]
    assert [row[1] for row in shown(nibrs("assault", "simple", "--geography", "OH", "--zip", path))] == ["13B"]
    assert [row[1] for row in shown(nibrs("assault", "--geography", "OH", "--zip", path))] == ["13A", "13B"]
    assert [row[1] for row in shown(nibrs("--zip", path))] == ["violent", "120"]


def test_a_group_of_agencies(path: str) -> None:
    assert shown(nibrs("robbery", "--group", "city agencies", "--zip", path)) == [
        ["US", "120", "Robbery", "150", "100 to 200", "", "yes"]
    ]


def test_csv_has_every_figure_as_it_is_published(path: str) -> None:
    [row] = csv.DictReader(io.StringIO(nibrs("violent", "--csv", "--zip", path).stdout))
    assert row["estimate"] == "1500.4"
    assert row["lower"] == "1400.0"
    assert row["released"] == "True"


def test_what_is_published_here_is_taken_the_newest_unless_a_year_is_asked_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NIBRS_HOME", str(tmp_path))
    nothing = nibrs("robbery")
    assert nothing.exit_code == 2
    assert "no estimates are published here" in nothing.output
    for year in (2022, 2023):
        write_zip(Home(tmp_path).objects / BUCKET / public_estimates_key(year), year=year)
    assert "data year 2023, all agencies" in nibrs("robbery").output
    assert "data year 2022, all agencies" in nibrs("robbery", "--year", "2022").output
    other = nibrs("robbery", "--year", "2021")
    assert other.exit_code == 2
    assert "--year: 2021 was given; there are estimates of 2022, 2023" in other.output


def test_simulated_numbers_say_so(tmp_path: Path) -> None:
    path = write_zip(tmp_path / "a.zip", "# NIBRS estimates\n\n> **SIMULATED: the incidents of ... do not exist.**\n")
    assert nibrs("robbery", "--zip", str(path)).output.startswith("SIMULATED, NOT REAL: data year 2023")


@pytest.mark.parametrize(
    ("arguments", "answer"),
    [
        (["piracy"], "no offense is called 'piracy'"),
        (["--geography", "Ontario"], "--geography: 'Ontario' was given; there are GA, OH, US"),
        (["--group", "sheriffs"], "--group: 'sheriffs' was given; there are all agencies, city agencies"),
        (["--year", "2023"], "--year chooses from what is published"),
    ],
)
def test_what_is_not_there_is_named_with_what_is(path: str, arguments: list[str], answer: str) -> None:
    refused = nibrs(*arguments, "--zip", path)
    assert refused.exit_code == 2
    assert answer in refused.output


def test_another_zip_and_no_zip_are_named(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "other.zip", "w") as archive:
        archive.writestr("a", "b")
    for name, answer in (("other.zip", "has no offenses.csv"), ("none.zip", "there is no such file")):
        refused = nibrs("robbery", "--zip", str(tmp_path / name))
        assert refused.exit_code == 2
        assert answer in refused.output
