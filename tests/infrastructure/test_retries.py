"""What the state machine does about each error of the platform: the definition run by a second interpreter, with the
error injected at each state. That interpreter knows no ItemReader and no functions in a CausePath: these are replaced.
"""

import json
import shutil
import subprocess
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from nibrs_engine.container_tasks import handler_definitions
from nibrs_engine.lambda_pool import function_definitions
from nibrs_engine.retries import as_markdown, kinds_of, read_retries, with_retries
from nibrs_pipeline import errors

from tests.conftest import missing

REPOSITORY = Path(__file__).parents[2]
INTERPRETER = REPOSITORY / "tests" / "second_interpreter"
DEFINITION = REPOSITORY / "statemachines" / "nibrs_pipeline.asl.json"
NEVER_STARTED = ["States.TaskFailed", json.dumps({"StopCode": "TaskFailedToStart", "Containers": [{"Name": "x"}]})]
FAILED = ["States.TaskFailed", json.dumps({"StopCode": "EssentialContainerExited", "Containers": [{"ExitCode": 137}]})]
#: How often a container is started again that never ran.
STARTS_AGAIN = 4
#: Errors that are an end: memory, time, and what is wrong whenever it is tried.
FINAL = [
    "Lambda.Unknown", "Runtime.OutOfMemory", "Sandbox.Timedout", "States.Timeout", "BadRequest",
    "DatabaseMisconfigured", "DiskFull",
]  # fmt: skip

_ITEMS = {"state_years": {"count": 1, "key": "k", "items": [{"run_id": "r", "state": "RI", "year": 2016}]},
          "bundles": {"count": 1, "key": "k", "items": [{"run_id": "r", "name": "b"}]}}  # fmt: skip
RESULTS: dict[str, Any] = {
    "Plan run": {"Payload": {"run_id": "r", "held_by": "", "bucket": "b", "max_concurrency": 2, "to_publish": 1,
                             "estimates": {"count": 1, "years": [2016]}, **_ITEMS}},
    "Extract reference": {"Payload": {
        "year": "2016", "estimation_prefix": "p/", "identity": "i", "reference_sha256": "0", "up_to_date": False,
        "previous": "none", "previous_sha256": "none",
        "estimate_tasks": [{"geography_group": "nation", "table_group": "crimes"}],
        "bias": "copula", "bias_folder": "p/bias/", "bias_tasks": [{"table_group": "crimes"}],
        "states": {"count": 1, "key": "k", "items": [
            {"year": "2016", "state": "RI", "estimation_prefix": "p/", "identity": "i", "zip_key": "z",
             "zip_sha256": "0", "reference_sha256": "0", "imputations": "1", "tables": "all"}]}}},
    "Zip estimates": {"Payload": {"bytes": 1}},
    "Publish": {"Payload": {"published": 1}},
    "Notify failure": {"Payload": {"run_id": "r", "report": "what happened"}},
    "Ask for other execution": {"ExecutionArn": "arn:x", "Status": "SUCCEEDED"},
}  # fmt: skip
#: What Plan run answers if the run is another execution's, and after that one was asked for.
HELD = [{"Payload": {**RESULTS["Plan run"]["Payload"], "held_by": "arn:x"}}, RESULTS["Plan run"]]


def states(machine: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    for name, state in machine["States"].items():
        yield name, state
        if "ItemProcessor" in state:
            yield from states(state["ItemProcessor"])


MACHINE: dict[str, Any] = json.loads(DEFINITION.read_text())
TASKS = {name: state for name, state in states(MACHINE) if state["Type"] == "Task"}
#: Tasks that every run calls, and how often: those that write down a failure are called only then.
ALWAYS = sorted(
    name
    for name in TASKS
    if kinds_of(TASKS[name]).isdisjoint({"notes", "notice", "executions"}) and not name.endswith("in a container")
)  # fmt: skip
CONTAINERS = sorted(name for name in ALWAYS if kinds_of(TASKS[name]) == {"containers"})
#: Functions whose work a container takes over, if it is too large for them, and after which errors.
INSTEAD = {name: f"{name} in a container" for name in ("Extract state-year", "Build bundle")}
TOO_LARGE = ["DiskFull", "QueryTooSlow", "Sandbox.Timedout", "States.Timeout", "Lambda.Unknown", "Runtime.OutOfMemory"]
#: After these, too, once they have been tried again.
TAKEN_OVER = ["Runtime.ExitError"]


def for_the_second_interpreter(machine: dict[str, Any]) -> dict[str, Any]:
    """Lists come with the input of a Map instead of from the bucket, and what it does not know is left out."""
    for _, state in states(machine):
        if "ItemReader" in state:
            key = state.pop("ItemReader")["Parameters"]["Key.$"]
            state["ItemsPath"] = key.removesuffix(".key") + ".items"
        for unknown in ("MaxConcurrencyPath", "ToleratedFailurePercentage", "Label"):
            state.pop(unknown, None)
        if "States." in state.get("CausePath", ""):
            state["Cause"] = state.pop("CausePath")
    return machine


@cache
def executions(faults: str, held: bool) -> list[dict[str, Any]]:
    """What comes of runs with these faults, a JSON list of {state: [[error, cause], ...]}.

    Args:
        held: another execution has worked on the run before, so that Plan run is called again after it was asked for.
    """
    node = shutil.which("node", path=str(REPOSITORY / ".venv" / "bin"))
    if not (INTERPRETER / "node_modules").exists() or node is None:
        missing("the second interpreter is not installed; `make test` installs it")
    given = {
        "definition": for_the_second_interpreter(json.loads(DEFINITION.read_text())),
        "context": {"Execution": {"Id": "arn:me", "Name": "me"}},
        "input": {},
        "results": {name: RESULTS.get(name, {}) for name in TASKS} | ({"Plan run": HELD} if held else {}),
        "states": [name for name, _ in states(MACHINE)],
        "cases": [{"faults": each} for each in json.loads(faults)],
    }
    done = subprocess.run(
        [node, str(INTERPRETER / "run.mjs")], input=json.dumps(given), capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    answers: list[dict[str, Any]] = json.loads(done.stdout)
    return answers


def runs_with(faults: list[dict[str, list[list[str]]]], held: bool = False) -> list[dict[str, Any]]:
    return executions(json.dumps(faults), held)


RETRIED = [
    (name, error, block["MaxAttempts"])
    for name in ALWAYS for block in TASKS[name]["Retry"] for error in block["ErrorEquals"]
]  # fmt: skip


def test_a_run_without_faults_calls_everything_once() -> None:
    [answer] = runs_with([{}])
    assert answer == {"failure": None, "calls": dict.fromkeys(ALWAYS, 1)}


def test_every_error_that_passes_is_waited_for_at_every_state_and_no_longer_than_the_table_says() -> None:
    lasting = [{name: [[error, "x"]] * attempts} for name, error, attempts in RETRIED]
    too_long = [{name: [[error, "x"]] * (attempts + 1)} for name, error, attempts in RETRIED]
    for (name, error, attempts), survived, lost in zip(RETRIED, runs_with(lasting), runs_with(too_long), strict=True):
        assert survived == {"failure": None, "calls": dict.fromkeys(ALWAYS, 1) | {name: attempts + 1}}, (name, error)
        if name in INSTEAD and error in TAKEN_OVER:
            assert lost["calls"] == dict.fromkeys(ALWAYS, 1) | {name: attempts + 1, INSTEAD[name]: 1}, (name, error)
            continue
        assert lost["failure"] is not None, (name, error)
        assert lost["calls"][name] == attempts + 1, (name, error)
        assert lost["calls"]["Notify failure"] == 1, (name, error)


def test_memory_time_and_what_stays_wrong_are_never_tried_again() -> None:
    cases = [(name, error) for name in ALWAYS for error in FINAL if name not in INSTEAD or error not in TOO_LARGE]
    for (name, error), answer in zip(cases, runs_with([{name: [[error, "x"]]} for name, error in cases]), strict=True):
        assert answer["calls"][name] == 1, (name, error)
        assert answer["calls"]["Notify failure"] == 1, (name, error)


def test_a_container_that_never_started_is_started_again_and_one_that_failed_is_not() -> None:
    passing, lasting, failed = (
        runs_with([{name: faults} for name in CONTAINERS])
        for faults in ([NEVER_STARTED] * STARTS_AGAIN, [NEVER_STARTED] * (STARTS_AGAIN + 1), [FAILED])
    )
    for at, name in enumerate(CONTAINERS):
        assert passing[at]["failure"] is None, name
        assert passing[at]["calls"][name] == STARTS_AGAIN + 1, name
        assert lasting[at]["calls"] == {**lasting[at]["calls"], name: STARTS_AGAIN + 1, "Notify failure": 1}, name
        assert failed[at]["calls"] == {**failed[at]["calls"], name: 1, "Notify failure": 1}, name


def test_what_is_too_large_for_a_function_is_done_once_by_a_container() -> None:
    cases = [(name, error) for name in INSTEAD for error in TOO_LARGE]
    for (name, error), answer in zip(cases, runs_with([{name: [[error, "x"]]} for name, error in cases]), strict=True):
        assert answer == {"failure": None, "calls": dict.fromkeys(ALWAYS, 1) | {INSTEAD[name]: 1}}, (name, error)


def test_a_function_that_ended_by_itself_twice_is_too_small_and_a_container_takes_over() -> None:
    """Lambda kills a process that needs more memory than there is, which is told as its end."""
    for name, instead in INSTEAD.items():
        passing, lasting = runs_with([{name: [["Runtime.ExitError", "signal: killed"]] * times} for times in (1, 2)])
        assert passing == {"failure": None, "calls": dict.fromkeys(ALWAYS, 1) | {name: 2}}, name
        assert lasting == {"failure": None, "calls": dict.fromkeys(ALWAYS, 1) | {name: 2, instead: 1}}, name


def test_a_container_that_takes_over_has_more_of_everything_than_its_function() -> None:
    for handler in handler_definitions().values():
        function = function_definitions()[handler.function]
        assert handler.memory_mb >= 2 * function.memory_mb, handler.task
        assert handler.storage_gb * 1024 > function.storage_mb, handler.task
        assert handler.timeout_s > function.timeout_s, handler.task


def test_a_container_that_stands_in_is_started_again_if_it_never_started_and_else_fails_its_item() -> None:
    for name, instead in INSTEAD.items():
        large = {name: [["DiskFull", "x"]]}
        faults = ([NEVER_STARTED] * STARTS_AGAIN, [NEVER_STARTED] * (STARTS_AGAIN + 1), [FAILED])
        passing, lasting, failed = runs_with([large | {instead: each} for each in faults])
        assert (passing["failure"], passing["calls"][instead]) == (None, STARTS_AGAIN + 1)
        assert (lasting["calls"][name], lasting["calls"][instead]) == (1, STARTS_AGAIN + 1)
        assert (failed["calls"][name], failed["calls"][instead]) == (1, 1)
        assert lasting["calls"]["Notify failure"] == failed["calls"]["Notify failure"] == 1


def test_a_container_that_stands_in_waits_for_capacity_as_the_others_do() -> None:
    for name, instead in INSTEAD.items():
        retried = [(error, b["MaxAttempts"]) for b in TASKS[instead]["Retry"] for error in b["ErrorEquals"]]
        assert len(retried) > 3
        large = {name: [["Sandbox.Timedout", "x"]]}
        lasting = runs_with([large | {instead: [[error, "x"]] * attempts} for error, attempts in retried])
        too_long = runs_with([large | {instead: [[error, "x"]] * (attempts + 1)} for error, attempts in retried])
        for (error, attempts), survived, lost in zip(retried, lasting, too_long, strict=True):
            assert (survived["failure"], survived["calls"][instead]) == (None, attempts + 1), (instead, error)
            assert (lost["calls"][instead], lost["calls"]["Notify failure"]) == (attempts + 1, 1), (instead, error)


#: Where each failure of an item is written down: after which state, and which of its errors.
NOTES = {
    "Record failed state-year": ("Extract state-year", [["EmptyTable", "x"]]),
    "Record failed bundle": ("Build bundle", [["BrokenExtract", "x"]]),
    "Record failed tabulation": ("Impute and tabulate state", [FAILED]),
    "Record failed container": ("Extract state-year", [["DiskFull", "x"]]),
    "Record failed bundle container": ("Build bundle", [["DiskFull", "x"]]),
}


def test_a_failure_is_written_down_however_s3_feels_and_told_even_if_it_could_not_be() -> None:
    assert set(NOTES) == {name for name in TASKS if kinds_of(TASKS[name]) == {"notes"}}
    for note, (name, error) in NOTES.items():
        failing: dict[str, Any] = {name: error} | ({INSTEAD[name]: [FAILED]} if note.endswith("container") else {})
        away = [["S3.SdkClientException", "x"]]
        lasting, too_long = runs_with([failing | {note: away * 4}, failing | {note: away * 5}])
        for answer in (lasting, too_long):
            assert (answer["calls"][note], answer["calls"]["Notify failure"]) == (5, 1), note


def test_another_execution_is_asked_for_as_long_as_step_functions_is_away() -> None:
    ask = "Ask for other execution"
    answers = runs_with(
        [{}, *({ask: [[f"Sfn.{error}", "x"]] * times} for error in ("SdkClientException", "SfnException")
               for times in (6, 7)),
         {ask: [["Sfn.ExecutionDoesNotExistException", "x"]]}, {ask: [["Sfn.InvalidArnException", "x"]]}],
        held=True,
    )  # fmt: skip
    planned = dict.fromkeys(ALWAYS, 1) | {"Plan run": 2}
    assert answers[0] == {"failure": None, "calls": planned | {ask: 1}}
    for lasting, too_long in (answers[1:3], answers[3:5]):
        assert lasting == {"failure": None, "calls": planned | {ask: 7}}
        assert too_long["calls"] == {"Plan run": 1, ask: 7, "Notify failure": 1}
    assert answers[5] == {"failure": None, "calls": planned | {ask: 1}}
    assert answers[6]["calls"] == {"Plan run": 1, ask: 1, "Notify failure": 1}


def test_every_stage_of_a_year_has_starts_of_its_own() -> None:
    [answer] = runs_with([{name: [NEVER_STARTED] * STARTS_AGAIN for name in CONTAINERS}])
    assert answer["failure"] is None
    assert {answer["calls"][name] for name in CONTAINERS} == {STARTS_AGAIN + 1}


def test_people_are_shown_the_notice_and_without_one_the_error() -> None:
    failed = {"Publish": [["DiskFull", "x"]]}
    told, untold = runs_with([failed, failed | {"Notify failure": [["Lambda.Unknown", "y"]] * 9}])
    assert told["failure"].endswith(": what happened")
    assert "$.failure.Cause" in untold["failure"]


def test_the_definition_has_the_blocks_of_the_table() -> None:
    assert with_retries(json.loads(DEFINITION.read_text())) == MACHINE, "run python -m nibrs_engine.retries"


def test_operations_shows_the_table() -> None:
    assert as_markdown() in (REPOSITORY / "docs" / "operations.md").read_text(encoding="utf-8")


def test_errors_last_as_long_as_what_causes_them() -> None:
    wait = {error: retry.mean_wait_s for retry in read_retries() for error in retry.errors}
    assert wait["Lambda.ResourceNotReadyException"] >= 600
    assert wait["Lambda.TooManyRequestsException"] >= 600
    assert 180 <= wait["DatabaseUnavailable"] <= 300
    # Throttled, or wrong for good: minutes, no more.
    assert 60 <= wait["ECS.InvalidParameterException"] <= 180
    # A lease lasts twenty minutes; who waits for it waits longer.
    assert wait["PublishBusy"] > 1200


def test_a_map_asks_again_for_its_list_and_does_not_begin_again_with_its_items() -> None:
    maps = {name: state for name, state in states(MACHINE) if "ItemReader" in state}
    assert len(maps) == 3
    for name, state in maps.items():
        [block] = state["Retry"]
        assert block["ErrorEquals"] == ["States.ItemReaderFailed"], name


def test_no_error_stands_in_two_rows_that_meet_in_one_state() -> None:
    for name, task in TASKS.items():
        named = [error for block in task["Retry"] for error in block["ErrorEquals"]]
        assert len(named) == len(set(named)), name


def test_our_own_errors_in_the_table_exist() -> None:
    ours = {error for retry in read_retries() for error in retry.errors if "." not in error}
    assert ours == {"DatabaseUnavailable", "StorageUnavailable", "PublishBusy"}
    assert all(issubclass(getattr(errors, name), errors.PipelineError) for name in ours)


def test_a_state_waits_longer_than_its_function_may_run() -> None:
    handlers = {f"${{{each.task}}}": each.timeout_s for each in handler_definitions().values()}
    for name, task in TASKS.items():
        if (definition := task["Parameters"].get("TaskDefinition")) in handlers:
            assert task["TimeoutSeconds"] > handlers[definition], name
        if "FunctionName" in task["Parameters"]:
            function = function_definitions()[task["Parameters"]["FunctionName"].strip("${}")]
            assert task["TimeoutSeconds"] > function.timeout_s, name


@pytest.mark.parametrize("name", [*CONTAINERS, *INSTEAD.values()])
def test_containers_are_not_retried_by_a_block_that_cannot_tell_why_they_failed(name: str) -> None:
    retried = {error for block in TASKS[name]["Retry"] for error in block["ErrorEquals"]}
    assert retried.isdisjoint({"States.ALL", "States.TaskFailed", "States.Timeout"})
