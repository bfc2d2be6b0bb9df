"""The estimation half's decisions: from what a year is estimated, what is made again, what is missing and why."""

import csv
import json
import re
from pathlib import Path
from typing import get_args

import pytest
from nibrs_pipeline.archive.manifest import ESTIMATES_TABLES, EstimatesManifest, FileEntry
from nibrs_pipeline.catalog import nibrs_catalog
from nibrs_pipeline.errors import BadRequest, MissingExtracts, MissingTabulations
from nibrs_pipeline.estimate.estimation import (
    NO_PREVIOUS,
    Receipt,
    YearInputs,
    is_up_to_date,
    require_all_tabulated,
    states_to_tabulate,
    tabulated_states,
    year_inputs,
    year_summary,
)
from nibrs_pipeline.extract.reference import OPTIONAL_FILES, reference_queries
from nibrs_pipeline.failure_causes import StoppedTask
from nibrs_pipeline.keys import ESTIMATE_AREAS, ESTIMATE_GEOGRAPHY_GROUPS, ESTIMATE_TABLE_GROUPS
from nibrs_pipeline.method_choices import VARIABLES, MethodChoices
from nibrs_pipeline.plan.planning import make_plan
from nibrs_pipeline.plan.request import parse_request
from nibrs_pipeline.state_year import StateYear

from tests.unit.samples import estimates, manifest, source

AZ, LA = StateYear("AZ", 2016), StateYear("LA", 2016)
CATALOG = nibrs_catalog()


def inputs(method: str = "m", horizon: int = 100, **choices: object) -> YearInputs:
    published = {AZ: manifest(*AZ), StateYear("LA", 2013): manifest("LA", 2013)}
    return year_inputs(
        "r", 2016, {LA: manifest(*LA, horizon=horizon)}, published, ("ref", "2026-02-01"), method,
        choices=MethodChoices.model_validate(choices),
    )  # fmt: skip


def stopped(stage: str, exit_code: int | None, **variables: str) -> str:
    container = {"Name": "estimation"} | ({"ExitCode": exit_code} if exit_code is not None else {})
    environment = [{"Name": name, "Value": value} for name, value in variables.items()]
    return json.dumps(
        {
            "Containers": [container],
            "StoppedReason": "CannotPullContainerError: not found",
            "Overrides": {
                "ContainerOverrides": [{"Name": "estimation", "Command": [stage], "Environment": environment}]
            },
        }
    )


def test_a_year_is_estimated_from_this_runs_zips_and_else_from_published_ones() -> None:
    made = inputs()
    assert made.zips == {"AZ": "downloads/2016/AZ-2016.zip", "LA": "runs/r/downloads/2016/LA-2016.zip"}
    assert made.source.zips == {"AZ": "AZ2016100", "LA": "LA2016100"}
    assert made.source.snapshot_time == "2026-02-01"


def test_zips_of_other_years_are_left_out() -> None:
    published = {StateYear(state, year): manifest(state, year) for state in ("AZ", "LA") for year in (2015, 2016, 2017)}
    published.pop(LA)
    made = year_inputs("r", 2016, {}, published, ("ref", "2026-02-01"), "m")
    assert made.zips == {"AZ": "downloads/2016/AZ-2016.zip"}


def compared_with(mine: list[int], published: list[int], tables: bool = True) -> str:
    """The key of the estimates that those of 2016 are compared with."""

    def made(years: list[int]) -> dict[int, EstimatesManifest]:
        files = [FileEntry(name=ESTIMATES_TABLES if tables else "other.csv", bytes=1, sha256="x")]
        return {year: estimates(year).model_copy(update={"files": files}) for year in years}

    return year_inputs(
        "r", 2016, {}, {AZ: manifest(*AZ)}, ("ref", "2026-02-01"), "m",
        staged_estimates=made(mine), published_estimates=made(published),
    ).previous  # fmt: skip


def test_estimates_are_compared_with_those_of_the_year_before_and_no_other() -> None:
    published = "estimates/2015/nibrs-estimates-2015.zip"
    assert compared_with([], [2014, 2015, 2016, 2017]) == published
    assert compared_with([2014, 2016, 2017], [2015]) == published
    assert compared_with([2015], [2014, 2015, 2016]) == f"runs/r/{published}"
    assert compared_with([2014, 2016, 2017], [2014, 2016, 2017]) == NO_PREVIOUS
    assert compared_with([2015], [2015], tables=False) == NO_PREVIOUS


def test_a_year_without_any_zip_is_refused_with_what_helps() -> None:
    with pytest.raises(MissingExtracts, match=r"estimates of 2016: no state has a zip .*\"downloads\": true"):
        year_inputs("r", 2016, {}, {}, ("ref", "2026-02-01"), "m")


def test_estimates_are_up_to_date_if_zips_reference_and_method_are_the_same() -> None:
    made = inputs()
    same = estimates(2016).model_copy(update={"source": made.source.model_copy(update={"snapshot_time": "2020"})})
    assert is_up_to_date(made, None, same)
    assert not is_up_to_date(made, None, None)
    assert not is_up_to_date(inputs(method="other"), same)
    assert not is_up_to_date(inputs(horizon=101), same)
    assert not is_up_to_date(inputs(bias="copula"), same)
    assert not is_up_to_date(inputs(estimator="reference"), same)
    # Manifests of before do not speak of the bias, which was not sought, nor of what else can be chosen.
    before = same.model_dump()
    del before["source"]["bias"], before["source"]["choices"]
    assert is_up_to_date(made, EstimatesManifest.model_validate(before))


def test_what_is_chosen_reaches_the_stages_and_makes_only_what_follows_anew() -> None:
    made = inputs(estimator="reference", workbooks="nation", months="own")
    assert json.loads(made.to_json())["source"]["choices"] == {"ESTIMATOR": "reference", "WORKBOOKS": "nation"}
    assert made.identity != inputs().identity
    assert made.tabulations == inputs().tabulations


def test_the_choices_are_those_of_the_r_package() -> None:
    settings = Path("containers/r_estimation/nibrsest/R/stage_settings.R").read_text(encoding="utf-8")
    known = {
        name: re.findall(r'"(\w+)"', words) for name, words in re.findall(r'choice\("(\w+)", c\(([^)]*)\)\)', settings)
    }
    ours = {
        name: list(get_args(MethodChoices.model_fields[name.lower()].annotation))
        for name in VARIABLES
        if name != "IMPUTATIONS"
    }
    assert known == ours


def receipts_of(made: YearInputs, *states: str) -> dict[str, Receipt]:
    """What the stage leaves that has tabulated states for these inputs."""
    return {f"impute_and_tabulate-{state}": Receipt(identity=made.tabulations[state], outputs={}) for state in states}


def test_only_states_whose_zip_or_method_changed_are_tabulated_again() -> None:
    made = inputs()

    def again(now: YearInputs, left: dict[str, Receipt]) -> list[str]:
        return [item.state for item in states_to_tabulate(now, tabulated_states(now, left))]

    both = receipts_of(made, "AZ", "LA")
    assert again(made, {}) == ["AZ", "LA"]
    assert again(made, both) == []
    assert again(made, receipts_of(made, "AZ")) == ["LA"]
    assert again(inputs(horizon=101), both) == ["LA"]
    assert again(inputs(method="n"), both) == ["AZ", "LA"]
    assert again(inputs(imputations=5), both) == ["AZ", "LA"]
    assert again(inputs(tables="crimes"), both) == ["AZ", "LA"]
    other = made.source.model_copy(update={"reference_sha256": "other"})
    assert again(made.model_copy(update={"source": other}), both) == ["AZ", "LA"]
    # What another stage has left says nothing of a state.
    assert again(made, {"weight": both["impute_and_tabulate-AZ"]}) == ["AZ", "LA"]


def test_inputs_are_the_same_if_contents_and_method_are_and_are_read_as_they_were_written() -> None:
    made = inputs()
    assert YearInputs.from_json(made.to_json()) == made
    assert json.loads(made.to_json())["tabulations"] == made.tabulations
    later = made.model_copy(update={"source": made.source.model_copy(update={"snapshot_time": "2027"})})
    assert later.identity == made.identity
    others = [
        inputs(method="n"),
        inputs(horizon=101),
        inputs(bias="copula"),
        made.model_copy(update={"year": 2015}),
        made.model_copy(update={"source": made.source.model_copy(update={"reference_sha256": "other"})}),
        made.model_copy(update={"previous_zip_sha256": "other"}),
    ]
    assert len({made.identity, *(other.identity for other in others)}) == 7
    # How states are counted does not depend on it.
    assert inputs(bias="copula").tabulations == made.tabulations


def test_the_state_machine_is_told_keys_and_counts() -> None:
    made = inputs()
    work = states_to_tabulate(made, set())
    assert work[0].model_dump() == {
        "year": "2016", "state": "AZ", "zip_key": "downloads/2016/AZ-2016.zip", "zip_sha256": "AZ2016100",
        "reference_sha256": "ref", "imputations": "1", "tables": "all",
        "identity": made.tabulations["AZ"], "estimation_prefix": "runs/r/estimation/2016/",
    }  # fmt: skip
    summary = year_summary(made, work, False)
    assert summary["states"] == {"count": 2, "key": "runs/r/plan/tabulate-2016.json"}
    assert summary["estimate_tasks"] == [
        {"geography_group": group, "table_group": tables}
        for group in ("nation", "regions", "states")
        for tables in ("crimes", "victims", "arrestees", "drugs_guns")
    ]
    # Areas below states have the same tables, if they are asked for.
    with_areas = year_summary(inputs(areas="all"), work, False)
    assert with_areas["estimate_tasks"] == [
        {"geography_group": group, "table_group": tables}
        for group in ("nation", "regions", "states", "areas")
        for tables in ("crimes", "victims", "arrestees", "drugs_guns")
    ]
    few = year_summary(inputs(areas="all", tables="crimes"), work, False)
    assert {"geography_group": "areas", "table_group": "crimes"} in few["estimate_tasks"]
    assert len(few["estimate_tasks"]) == 4
    assert (summary["bias"], summary["bias_folder"], summary["bias_tasks"]) == ("none", "none", [])
    sought = year_summary(inputs(bias="copula_return_a"), work, False)
    assert (sought["bias"], sought["bias_folder"]) == ("copula_return_a", "runs/r/estimation/2016/bias/")
    assert [task["table_group"] for task in sought["bias_tasks"]] == ["crimes", "victims", "arrestees", "drugs_guns"]
    crimes = year_summary(inputs(bias="copula", tables="crimes"), work, False)
    assert crimes["estimate_tasks"] == [
        {"geography_group": group, "table_group": "crimes"} for group in ("nation", "regions", "states")
    ]
    assert crimes["bias_tasks"] == [{"table_group": "crimes"}]
    assert (summary["identity"], summary["reference_sha256"], summary["previous_sha256"]) == (
        made.identity,
        "ref",
        "none",
    )


def test_what_is_estimated_side_by_side_is_what_the_package_has() -> None:
    data = Path(__file__).parents[2] / "containers" / "r_estimation" / "nibrsest" / "inst" / "extdata"
    for name, column, groups in (
        ("geography_kinds.csv", "geography_group", (*ESTIMATE_GEOGRAPHY_GROUPS, ESTIMATE_AREAS)),
        ("tables/groups.csv", "table_group", ESTIMATE_TABLE_GROUPS),
    ):
        with (data / name).open(newline="") as file:
            assert tuple(dict.fromkeys(row[column] for row in csv.DictReader(file))) == groups


def test_a_state_that_was_not_tabulated_is_named_with_the_stages_own_words() -> None:
    failed = {"INPUT_STATE": "LA", "DATA_YEAR": "2016"}
    causes = {
        "impute_and_tabulate-AZ": b'{"Error": "exit status 1", "Cause": "impute_and_tabulate AZ 2016: it is broken"}',
        "task-impute_and_tabulate-AZ": json.dumps({"Error": "States.TaskFailed", "Cause": stopped("x", 1)}).encode(),
        "task-impute_and_tabulate-LA": json.dumps(
            {
                "Error": "States.TaskFailed",
                "Cause": stopped("impute_and_tabulate", 137, **failed),
            }
        ).encode(),
    }
    require_all_tabulated(inputs(), {"AZ", "LA"}, causes)
    with pytest.raises(MissingTabulations) as error:
        require_all_tabulated(inputs(), set(), causes)
    lines = str(error.value).splitlines()
    assert lines[0] == "2 of 2 states of 2016 were not tabulated"
    assert lines[1] == "AZ: exit status 1: impute_and_tabulate AZ 2016: it is broken"
    assert lines[2].startswith("LA: States.TaskFailed: impute_and_tabulate LA 2016: exit status 137, it was killed")


def test_a_container_that_never_ran_is_told_with_the_reason_of_ecs() -> None:
    task = StoppedTask.from_cause(
        stopped("weight", None, DATA_YEAR="2016", ESTIMATION_PREFIX="runs/r/estimation/2016/")
    )
    assert str(task) == "weight 2016: the container did not run: CannotPullContainerError: not found"
    assert task is not None
    assert task.failure_key == "runs/r/estimation/2016/failures/weight.json"


def test_our_container_is_found_beside_those_that_services_add() -> None:
    cause = json.loads(stopped("weight", 137, DATA_YEAR="2016"))
    cause["Containers"].insert(0, {"Name": "aws-guardduty-agent-x", "ExitCode": 0})
    cause["Overrides"]["ContainerOverrides"].insert(0, {"Name": "aws-guardduty-agent-x"})
    assert str(StoppedTask.from_cause(json.dumps(cause))).startswith("weight 2016: exit status 137, it was killed")


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"Containers": []}, "CannotPullContainerError: not found"),
        ({"StoppedReason": "Timeout waiting for network interface provisioning to complete."}, "Timeout waiting for"),
        ({"Containers": [{"Name": "estimation", "Reason": "CannotStart"}], "StoppedReason": None}, "CannotStart"),
        ({"StoppedReason": ""}, "TaskFailedToStart"),
    ],
)
def test_a_task_that_failed_to_start_is_told_with_whatever_ecs_says(change: dict[str, object], told: str) -> None:
    cause = json.loads(stopped("weight", None, DATA_YEAR="2016")) | {"StopCode": "TaskFailedToStart"} | change
    assert f"weight 2016: the container did not run: {told}" in str(StoppedTask.from_cause(json.dumps(cause)))


@pytest.mark.parametrize("cause", ["", "text", "[1]", "{}", '{"Containers": []}', '{"errorMessage": "x"}'])
def test_the_cause_of_anything_else_is_not_taken_for_a_tasks(cause: str) -> None:
    assert StoppedTask.from_cause(cause) is None


@pytest.mark.parametrize(
    ("request_", "years"),
    [
        ({}, [2013, 2016]),
        ({"states": ["AZ"]}, []),
        ({"states": ["AZ"], "estimates": True}, [2016]),
        ({"estimates": False}, []),
        ({"years": [2016]}, [2016]),
    ],
)
def test_estimates_are_planned_for_years_that_are_asked_for(request_: dict[str, object], years: list[int]) -> None:
    plan = make_plan(parse_request(request_), "r", source(("AZ", 2016), ("LA", 2013)), {}, {}, {}, CATALOG)
    assert plan.estimate_years == years


def test_estimates_without_any_download_are_refused_if_they_were_asked_for() -> None:
    there = source(("AZ", 2016), ("LA", 2013))
    with pytest.raises(BadRequest, match="estimates: no download of 2013, 2016 is published"):
        make_plan(parse_request({"estimates": True, "downloads": False}), "r", there, {}, {}, {}, CATALOG)
    assert make_plan(parse_request({"downloads": False}), "r", there, {}, {}, {}, CATALOG).estimate_years == []


def test_of_all_years_those_with_a_download_are_estimated_a_named_year_has_to_have_one() -> None:
    there, published = source(("AZ", 2016), ("LA", 2013)), {AZ: manifest(*AZ)}
    every: dict[str, object] = {"estimates": True, "downloads": False}
    plan = make_plan(parse_request(every), "r", there, published, {}, {}, CATALOG)
    assert plan.estimate_years == [2016]
    with pytest.raises(BadRequest, match=r"estimates: no download of 2013 is published"):
        make_plan(parse_request(every | {"years": [2013, 2016]}), "r", there, published, {}, {}, CATALOG)


def test_the_reference_queries_hold_the_year_and_nothing_to_fill_in() -> None:
    queries = reference_queries(2016, tuple(OPTIONAL_FILES))
    names = {"agencies", "months", "history", "return_a", "return_a_months", "source_notes"}
    names |= {"demographics", "residents", "counties"}
    assert set(queries) == set(reference_queries(2016, ())) == {f"{name}.csv" for name in names}
    for query in queries.values():
        assert "2016" in query
        assert ":year" not in query
