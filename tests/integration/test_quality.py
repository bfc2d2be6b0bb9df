"""``nibrs check``: every rule can be broken and is then found; simulated data keep all; real data are told of."""

import json
import re
from collections.abc import Iterator
from pathlib import Path

import duckdb
import pytest
from click.testing import CliRunner
from nibrs_command.cli import main
from nibrs_loading.sql_blocks import read_blocks
from nibrs_loading.zip_database import open_zip
from nibrs_pipeline.catalog import Catalog
from nibrs_pipeline.database.location import DatabaseLocation
from nibrs_quality.agencies import months, unknowns, volumes
from nibrs_quality.page import write_page
from nibrs_quality.report import Quality, quality_of
from nibrs_quality.rules import Finding, all_checks, checks, domain_checks, finding, findings, key_checks
from nibrs_simulation.records import records

from tests.conftest import real_zip
from tests.databases import given_to_the_command
from tests.simulated import observed, state, zip_of

#: For each rule: what breaks it.
BREAKS = {
    block.fields["breaks"]: block.query
    for block in read_blocks(Path(__file__).with_name("broken_rules.sql").read_text(encoding="utf-8"), "breaks")[1]
}


@pytest.fixture(scope="module")
def truth(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A simulated state with all kinds of incidents."""
    crime = state("SC")
    return zip_of(crime, records(crime), tmp_path_factory.mktemp("truth") / "SC-2023.zip")


@pytest.fixture(scope="module")
def opened(truth: Path, catalog: Catalog) -> Iterator[duckdb.DuckDBPyConnection]:
    connection = open_zip(truth, catalog)
    assert not [each for each in findings(connection, catalog) if each.broken]
    yield connection
    connection.close()


@pytest.mark.parametrize("name", BREAKS)
def test_every_rule_is_found_broken_when_it_is(opened: duckdb.DuckDBPyConnection, catalog: Catalog, name: str) -> None:
    opened.execute("BEGIN")
    try:
        opened.execute(BREAKS[name])
        found = finding(opened, next(check for check in all_checks(catalog) if check.name == name))
        assert found.broken > 0
        assert found.examples
    finally:
        opened.execute("ROLLBACK")


def test_there_is_a_proof_for_every_rule(catalog: Catalog) -> None:
    assert {check.name for check in (*checks(), *domain_checks(catalog))} == set(BREAKS)


def test_keys_and_references_of_every_table_are_checked(catalog: Catalog) -> None:
    names = {check.name for check in key_checks(catalog)}
    assert {f"{table.name}: key twice" for table in catalog.published} < names
    assert "nibrs_offense: location_id is not in nibrs_location_type" in names


def test_what_is_observed_of_a_simulated_state_keeps_all_rules_too(tmp_path: Path, catalog: Catalog) -> None:
    crime = state("SC")
    _, seen, _ = observed("SC", "random")
    found = quality_of(zip_of(crime, seen.records, tmp_path / "SC-2023.zip"), catalog)
    # The months of the truth say I where the database may have none.
    assert {each.check.name for each in found.broken} <= {"month with incidents that has none"}


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "most", "quirks"),
    [
        ("AZ-2016", 0.002, {"offender numbers with gaps"}),
        ("LA-2013", 0.002, {"victim numbers with gaps", "offender numbers with gaps", "arrestee numbers with gaps",
                            "same loss twice in an incident"}),
        ("DC-2018", 0.002, set()),
        ("VT-2024", 0.002, {"relationship of a victim who was not harmed in person", "circumstances missing"}),
    ],
)  # fmt: skip
def test_real_data_keep_the_rules_but_for_known_quirks(
    catalog: Catalog, name: str, most: float, quirks: set[str]
) -> None:
    found = quality_of(real_zip(name), catalog)
    often = {each.check.name for each in found.broken if each.broken > most * each.checked}
    assert often == quirks


def test_agencies_out_of_the_ordinary_are_found(opened: duckdb.DuckDBPyConnection) -> None:
    agency, month = opened.execute(
        "SELECT agency_id, nibrs_month_id FROM nibrs_incident GROUP BY ALL ORDER BY count(*) DESC LIMIT 1"
    ).fetchall()[0]
    opened.execute("BEGIN")
    try:
        opened.execute(f"DELETE FROM staged_nibrs_incident WHERE nibrs_month_id = {month} AND incident_id % 20 > 0")
        opened.execute(f"UPDATE staged_nibrs_incident SET incident_hour = NULL WHERE agency_id = {agency}")
        opened.execute(f"UPDATE staged_cde_agencies SET population = population * 300 WHERE agency_id = {agency}")
        opened.execute("UPDATE staged_cde_agencies SET population_group_code = '7' WHERE population > 0")
        assert [each.agency_id for each in months(opened) if each.is_unusual] == [agency]
        assert {(each.item, each.agency_id) for each in unknowns(opened) if each.is_far_out} == {("hour", agency)}
        assert agency in [each.agency_id for each in volumes(opened) if each.is_unusual]
    finally:
        opened.execute("ROLLBACK")


def test_the_command_tells_writes_json_and_a_page(truth: Path, tmp_path: Path) -> None:
    page, data = tmp_path / "quality.html", tmp_path / "quality.json"
    outcome = CliRunner().invoke(main, ["check", str(truth), "--html", str(page), "--json", str(data), "--strict"])
    assert outcome.exit_code == 0, outcome.output
    [found] = json.loads(data.read_text(encoding="utf-8"))
    assert (found["name"], found["broken"]) == ("SC-2023", [])
    assert found["rows"]["nibrs_incident"] > 1000
    html = page.read_text(encoding="utf-8")
    assert html.count("<svg") == 3
    assert len(set(re.findall(r' id="([^"]+)"', html))) == len(re.findall(r' id="([^"]+)"', html))
    assert not re.search(r"https?://(?!www\.w3\.org)", html)


def test_what_files_say_stands_in_the_page_as_it_is(tmp_path: Path) -> None:
    said = "<b> {{ sections }} & 'c'"
    broken = Finding(checks()[0], 1, 2, (said,))
    write_page(tmp_path / "quality.html", [Quality(said, {"nibrs_incident": 3}, (broken,), (), (), ())])
    page = (tmp_path / "quality.html").read_text(encoding="utf-8")
    assert "<code>&lt;b&gt; {{ sections }} &amp; &#x27;c&#x27;</code>" in page
    assert page.count(said) == 0


def test_with_strict_a_broken_rule_is_a_failure(truth: Path, tmp_path: Path, catalog: Catalog) -> None:
    crime = state("SC")
    rows = records(crime)
    broken = zip_of(crime, {name: each for name, each in rows.items() if name != "nibrs_weapon"}, tmp_path / "b.zip")
    assert CliRunner().invoke(main, ["check", str(broken), "--strict"]).exit_code == 1
    assert CliRunner().invoke(main, ["check", str(broken)]).exit_code == 0


def test_of_several_files_those_that_can_be_read_are_checked(truth: Path, tmp_path: Path) -> None:
    data, broken = tmp_path / "quality.json", tmp_path / "TX-2020.zip"
    broken.write_bytes(b"not a zip")
    outcome = CliRunner().invoke(main, ["check", str(broken), str(truth), "--json", str(data)])
    assert outcome.exit_code == 1
    assert "Not checked: TX-2020.zip" in outcome.output
    assert "SC-2023" in outcome.output
    assert [each["name"] for each in json.loads(data.read_text(encoding="utf-8"))] == ["SC-2023"]


def test_a_database_is_checked_as_it_would_be_published(
    loaded: DatabaseLocation, monkeypatch: pytest.MonkeyPatch
) -> None:
    given_to_the_command(loaded, monkeypatch)
    outcome = CliRunner().invoke(main, ["check", "--states", "DE", "--years", "2016"])
    assert "DE-2016:" in outcome.output
    assert "RI-2016:" not in outcome.output
    refused = CliRunner().invoke(main, ["check", "--years", "1999"])
    assert (refused.exit_code, "years: the database has no months of 1999; it has 2015, 2016" in refused.output) == (
        2,
        True,
    )
