"""``nibrs diff``: what differs between two zips is found to the row, the column and the code, and nothing else is."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner
from nibrs_command.cli import main
from nibrs_pipeline.catalog import Catalog
from nibrs_quality.differences import CodeDifference, TableDifference, differences

from tests.conftest import real_zip
from tests.trial_data import write_trial_zips
from tests.zips import edited, members, rows_of, set_cell, write


@pytest.fixture(scope="module")
def trial(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """DE-2015.zip of the made-up world."""
    return write_trial_zips(tmp_path_factory.mktemp("trial"))[0]


def drop_first(rows: list[list[str]]) -> None:
    """Take the first row away."""
    del rows[1]


def test_a_zip_does_not_differ_from_itself_in_another_order(trial: Path, tmp_path: Path, catalog: Catalog) -> None:
    content = members(trial)
    header, *rows = content["nibrs_victim.csv"].splitlines(keepends=True)
    content["nibrs_victim.csv"] = b"".join([header, *reversed(rows)])
    other = write(tmp_path / "other.zip", content)
    assert not differences(trial, other, catalog).any
    done = CliRunner().invoke(main, ["diff", "--exit-code", str(trial), str(other)])
    assert (done.exit_code, done.output) == (0, "DE-2015 and other hold the same rows and codes.\n")


def test_a_changed_a_removed_and_an_added_row_are_told_apart(trial: Path, tmp_path: Path, catalog: Catalog) -> None:
    content = edited(members(trial), "nibrs_incident", set_cell(3, "incident_hour", ""))
    content = edited(content, "nibrs_weapon", drop_first)
    content = edited(content, "nibrs_weapon", set_cell(2, "nibrs_weapon_id", "999999999"))
    found = differences(trial, write(tmp_path / "other.zip", content), catalog)
    incidents, weapons = (len(rows_of(content[f"nibrs_{name}.csv"])) - 1 for name in ("incident", "weapon"))
    assert found.tables == (
        TableDifference("nibrs_incident", incidents, incidents, 0, 0, 1, {"incident_hour": 1}),
        TableDifference("nibrs_weapon", weapons + 1, weapons, 1, 2, 0, {}),
    )
    assert found.codes == ()


def test_codes_that_came_went_and_were_renamed_are_named(trial: Path, tmp_path: Path, catalog: Catalog) -> None:
    content = members(trial)
    text = content["nibrs_bias_list.csv"].decode()
    assert "Anti-White" in text
    content["nibrs_bias_list.csv"] = text.replace("Anti-White", "Against Whites").encode()
    other = write(tmp_path / "other.zip", content)
    data = tmp_path / "found.json"
    done = CliRunner().invoke(main, ["diff", str(trial), str(other), "--json", str(data), "--exit-code"])
    assert done.exit_code == 1
    assert "nibrs_bias_list: 11 was Anti-White, is Against Whites" in done.output
    assert json.loads(data.read_text())["codes"] == [
        {"table": "nibrs_bias_list", "code": "11", "before": "Anti-White", "after": "Against Whites"}
    ]
    assert differences(trial, other, catalog).codes == (
        CodeDifference("nibrs_bias_list", "11", "Anti-White", "Against Whites"),
    )


def test_what_is_no_published_zip_is_named(trial: Path, tmp_path: Path) -> None:
    (tmp_path / "text.zip").write_text("not a zip")
    done = CliRunner().invoke(main, ["diff", str(trial), str(tmp_path / "text.zip")])
    assert done.exit_code == 1
    assert "text.zip" in done.output
    assert "not a zip" in done.output
    missing = CliRunner().invoke(main, ["diff", str(trial), str(tmp_path / "none.zip")])
    assert missing.exit_code == 1
    assert "there is no such file" in missing.output


def test_two_years_of_one_state_differ_in_rows_and_in_names_of_codes(catalog: Catalog) -> None:
    found = differences(real_zip("DC-2018"), real_zip("DC-2021"), catalog)
    [incidents] = [each for each in found.tables if each.table == "nibrs_incident"]
    assert incidents.came == incidents.after
    assert incidents.went == incidents.before
    [renamed] = [each for each in found.codes if each.table == "nibrs_bias_list"]
    assert renamed == CodeDifference("nibrs_bias_list", "28", "Anti-Mormon", "Anti-Church of Jesus Christ")
    told = CliRunner().invoke(main, ["diff", str(real_zip("DC-2018")), str(real_zip("DC-2021"))]).output
    assert "nibrs_bias_list: 28 was Anti-Mormon, is Anti-Church of Jesus Christ" in told
    assert "nibrs_age: and 94 more; --json has them all" in told
