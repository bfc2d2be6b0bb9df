"""Runs of the state machine over the made-up world: what is made anew, and what is left alone."""

import json
import zipfile
from pathlib import Path

import pytest
from nibrs_command.local_run import _only_run
from nibrs_command.verification import problems_of, read_manifest
from nibrs_home.home import BUCKET, Home, HomeInUse
from nibrs_pipeline.database.location import DatabaseLocation
from nibrs_pipeline.state_year import StateYear

from tests.runs import (
    public,
    public_files,
    published_manifest,
    published_zip,
    run,
    sql,
    zips,
)

ALL = {"2015/DE-2015.zip", "2016/DE-2016.zip", "2015/RI-2015.zip", "2016/RI-2016.zip"}
BUNDLES = {f"bundles/{name}.zip" for name in ("DE-all-years", "RI-all-years", "2015-all-states", "2016-all-states")}


def changed(before: dict[str, bytes], after: dict[str, bytes]) -> set[str]:
    return {name for name in after if after[name] != before.get(name)}


def test_what_is_made_anew_follows_what_changed(home: Home, loaded: DatabaseLocation) -> None:
    first = run(home, loaded, run_id="first", bundles=["states", "years"])
    assert first.view.status == "SUCCEEDED"
    files = public_files(home)
    assert zips(files).keys() == ALL | BUNDLES

    # Nothing changed: nothing is extracted, nothing is touched.
    second = run(home, loaded, run_id="second")
    assert "All up to date" in second.view.states
    assert public_files(home) == files

    # One row of one state-year: that zip, its manifest, its bundles and the index.
    sql(loaded, "UPDATE nibrs_offense SET attempt_complete_flag = 'C' WHERE offense_id = (SELECT min(offense_id) "
                "FROM nibrs_offense JOIN nibrs_incident USING (incident_id) JOIN nibrs_month m USING (nibrs_month_id) "
                "JOIN ref_agency a ON a.agency_id = m.agency_id JOIN ref_state s USING (state_id) "
                "WHERE s.state_abbr = 'RI' AND m.data_year = 2016 AND attempt_complete_flag = 'A')")  # fmt: skip
    third = run(home, loaded, run_id="third")
    assert set(third.view.states) >= {"Extract state-years", "Build bundles", "Publish"}
    after = public_files(home)
    assert zips({name: after[name] for name in changed(files, after)}).keys() == {
        "2016/RI-2016.zip",
        "bundles/RI-all-years.zip",
        "bundles/2016-all-states.zip",
    }
    plan = json.loads((home.objects / BUCKET / "runs" / "third" / "plan" / "plan.json").read_text())
    assert [(work["state"], work["year"], work["reason"]) for work in plan["to_extract"]] == [
        ("RI", 2016, "1 rows of nibrs_offense were written since")
    ]

    # The same data, everything anew: the same bytes.
    fourth = run(home, loaded, run_id="fourth", force=True)
    assert fourth.view.status == "SUCCEEDED"
    assert zips(public_files(home)) == zips(after)

    # A row that is gone is noticed as well, and so is a code that changed.
    sql(loaded, "DELETE FROM nibrs_arrestee_weapon WHERE nibrs_arrestee_weapon_id = "
                "(SELECT max(nibrs_arrestee_weapon_id) FROM nibrs_arrestee_weapon)")  # fmt: skip
    run(home, loaded, run_id="fifth")
    before, after = after, public_files(home)
    assert len(zips({name: after[name] for name in changed(before, after)}).keys() & ALL) == 1
    sql(loaded, "UPDATE nibrs_injury SET injury_name = 'Other' WHERE injury_id = 1")
    run(home, loaded, run_id="sixth")
    assert (
        zips({name: content for name, content in public_files(home).items() if after.get(name) != content}).keys()
        >= ALL
    )
    told = json.loads((public(home) / "changes" / "4.json").read_text())
    assert told["title"] == "4 state-years changed"
    [renamed] = told["codes"][0]["codes"]
    assert (renamed["table"], renamed["after"]) == ("nibrs_injury", "Other")
    assert len(told["codes"][0]["state_years"]) == 4


def test_a_request_makes_only_what_it_asks_for(home: Home, loaded: DatabaseLocation) -> None:
    outcome = run(home, loaded, states=["DE"], years={"from": 2010, "to": 2015})
    assert outcome.view.status == "SUCCEEDED"
    assert zips(public_files(home)).keys() == {"2015/DE-2015.zip"}
    assert (outcome.artifacts / "downloads" / "2015" / "DE-2015.zip").read_bytes() == (
        public(home) / "2015" / "DE-2015.zip"
    ).read_bytes()


def test_a_database_of_real_and_simulated_state_years_is_refused_before_anything_is_written(
    home: Home, loaded: DatabaseLocation
) -> None:
    sql(loaded, "INSERT INTO source_note VALUES ('DE', 2015, 'simulated', NULL, NULL, 'Nothing of it exists.')")
    outcome = run(home, loaded, run_id="mixed")
    assert outcome.view.status == "FAILED"
    assert "SimulatedBesideReal" in outcome.view.cause
    assert "simulated: DE-2015 of the database; real: DE-2016 of the database and 2 more" in outcome.view.cause
    assert not public(home).exists()
    assert not (home.objects / BUCKET / "runs" / "mixed" / "plan").exists()


def test_a_bundle_holds_the_zips_of_its_members_folder_by_folder(home: Home, loaded: DatabaseLocation) -> None:
    run(home, loaded, bundles=["states"])
    path = public(home) / "bundles" / "DE-all-years.zip"
    assert problems_of(path, read_manifest(path.with_name("DE-all-years.manifest.json"))) == []
    with zipfile.ZipFile(path) as bundle:
        assert bundle.testzip() is None
        for item in (StateYear("DE", 2015), StateYear("DE", 2016)):
            with zipfile.ZipFile(published_zip(home, item)) as single:
                for name in single.namelist():
                    assert bundle.read(f"{item}/{name}") == single.read(name)


def test_the_index_lists_all_that_is_published(home: Home, loaded: DatabaseLocation) -> None:
    run(home, loaded, bundles=["years"])
    index = json.loads((public(home) / "index.json").read_text())
    assert [entry["file"] for entry in index["state_years"]] == sorted(ALL, key=lambda name: name.split("/")[1])
    for entry in index["state_years"]:
        manifest = published_manifest(home, StateYear(entry["state"], entry["year"]))
        path = public(home) / entry["file"]
        assert (entry["bytes"], entry["sha256"]) == (path.stat().st_size, manifest.zip.sha256)
        assert (public(home) / entry["manifest"]).exists()
    assert [bundle["file"] for bundle in index["bundles"]] == [
        "bundles/2015-all-states.zip",
        "bundles/2016-all-states.zip",
    ]


def test_every_line_of_a_log_names_run_state_and_year(home: Home, loaded: DatabaseLocation) -> None:
    outcome = run(home, loaded, run_id="logged", states=["DE"], years=[2015])
    lines = (outcome.logs / "ExtractStateYear-DE-2015.log").read_text().splitlines()
    records = [json.loads(line) for line in lines if line.startswith("{")]
    logged = [record for record in records if "level" in record]
    assert len(logged) >= 21
    assert {(record["run_id"], record["state"], record["year"]) for record in logged} == {("logged", "DE", 2015)}
    counted = [record for record in records if "_aws" in record and "table" in record]
    assert {"Rows", "Bytes", "Seconds"} <= counted[0].keys()
    assert len({record["table"] for record in counted}) == 22


def test_two_runs_in_one_home_are_refused(home: Home, loaded: DatabaseLocation) -> None:
    with _only_run(home), pytest.raises(HomeInUse, match="NIBRS_HOME"):
        run(home, loaded)


def test_two_homes_do_not_disturb_each_other(home: Home, loaded: DatabaseLocation, tmp_path: Path) -> None:
    other = Home(tmp_path / "other")
    run(home, loaded, states=["DE"], years=[2015])
    run(other, loaded, states=["RI"], years=[2015])
    assert zips(public_files(home)).keys() == {"2015/DE-2015.zip"}
    assert zips(public_files(other)).keys() == {"2015/RI-2015.zip"}
