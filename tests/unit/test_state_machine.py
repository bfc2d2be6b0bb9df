"""The state machine's definition: valid, complete in its safeguards, and in step with the functions."""

import json
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from nibrs_local.emulator import UnsupportedDefinition, check_definition, local_definition, substitute
from nibrs_local.lambda_pool import function_definitions
from nibrs_local.local_run import state_machine_definition
from nibrs_pipeline import errors

from tests.conftest import missing

VALIDATOR = Path(__file__).parents[1] / "asl_validator" / "node_modules" / ".bin" / "asl-validator"


def states(machine: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    for name, state in machine["States"].items():
        yield name, state
        if "ItemProcessor" in state:
            yield from states(state["ItemProcessor"])


MACHINE = json.loads(state_machine_definition())
TASKS = {name: state for name, state in states(MACHINE) if state["Type"] == "Task"}


def test_asl_validator_finds_nothing(tmp_path: Path) -> None:
    if not VALIDATOR.exists() or not shutil.which("node"):
        missing("asl-validator is not installed; `make test` installs it")
    path = tmp_path / "machine.asl.json"
    path.write_text(local_definition(state_machine_definition()))
    done = subprocess.run([str(VALIDATOR), "--json-path", str(path)], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_asl_validator_would_find_a_dangling_next(tmp_path: Path) -> None:
    if not VALIDATOR.exists() or not shutil.which("node"):
        missing("asl-validator is not installed; `make test` installs it")
    path = tmp_path / "machine.asl.json"
    path.write_text(local_definition(state_machine_definition()).replace('"Next": "Published"', '"Next": "Nowhere"'))
    assert subprocess.run([str(VALIDATOR), "--json-path", str(path)], capture_output=True, check=False).returncode != 0


@pytest.mark.parametrize("name", TASKS)
def test_every_task_has_a_time_limit_and_retries_with_a_cap_and_full_jitter(name: str) -> None:
    task = TASKS[name]
    assert task["TimeoutSeconds"] > 0
    assert task["Catch"][0]["ErrorEquals"] == ["States.ALL"]
    for retry in task["Retry"]:
        assert retry["MaxDelaySeconds"] > 0
        assert retry["JitterStrategy"] == "FULL"


@pytest.mark.parametrize("name", [name for name, task in TASKS.items() if "lambda" in task["Resource"]])
def test_every_function_call_is_retried_after_service_errors(name: str) -> None:
    retried = {error for retry in TASKS[name]["Retry"] for error in retry["ErrorEquals"]}
    assert "States.ALL" in retried or retried >= {
        "Lambda.ClientExecutionTimeoutException",
        "Lambda.ServiceException",
        "Lambda.AWSLambdaException",
        "Lambda.SdkClientException",
        "Lambda.TooManyRequestsException",
        "StorageUnavailable",
    }


def test_errors_of_ours_that_are_retried_exist_and_can_pass() -> None:
    named = {error for task in TASKS.values() for retry in task["Retry"] for error in retry["ErrorEquals"]}
    ours = {error for error in named if "." not in error}
    assert ours == {"DatabaseUnavailable", "StorageUnavailable", "PublishBusy"}
    assert all(issubclass(getattr(errors, name), errors.PipelineError) for name in ours)


def test_a_state_waits_as_long_as_its_function_may_run() -> None:
    for name, task in TASKS.items():
        function = re.fullmatch(r"\$\{(\w+)\}", task["Parameters"].get("FunctionName", ""))
        if function:
            assert task["TimeoutSeconds"] == function_definitions()[function[1]].timeout_s, name


def test_the_functions_are_those_that_the_state_machine_names() -> None:
    assert set(re.findall(r"\$\{(\w+)\}", state_machine_definition())) == set(function_definitions())


def test_state_names_are_phrases() -> None:
    for name, _ in states(MACHINE):
        assert re.fullmatch(r"[A-Z][a-z-]+( [a-z-]+)*\??", name), name


def test_a_name_without_a_value_is_refused() -> None:
    with pytest.raises(UnsupportedDefinition, match="NoSuchFunction"):
        substitute('{"FunctionName": "${NoSuchFunction}"}', {})


DISTRIBUTED = {
    "Type": "Map",
    "ToleratedFailurePercentage": 100.0,
    "ItemProcessor": {
        "ProcessorConfig": {"Mode": "DISTRIBUTED", "ExecutionType": "STANDARD"},
        "StartAt": "A",
        "States": {"A": {"Type": "Pass", "End": True}},
    },
    "End": True,
}


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({"ToleratedFailurePercentage": 100}, "Items: ToleratedFailurePercentage is 100"),
        ({"ToleratedFailurePercentage": 5.0}, "Items: ToleratedFailurePercentage is 5.0"),
        ({"ToleratedFailurePercentage": None}, "Items: ToleratedFailurePercentage is None"),
        ({"ItemBatcher": {}}, "Items: the emulator does not honour ItemBatcher"),
        ({"ResultWriter": {}}, "Items: the emulator does not honour ResultWriter"),
    ],
)
def test_what_the_emulator_would_run_differently_is_refused(change: dict[str, Any], named: str) -> None:
    check_definition({"States": {"Items": DISTRIBUTED}})
    with pytest.raises(UnsupportedDefinition, match=named):
        check_definition({"States": {"Items": {**DISTRIBUTED, **change}}})


def test_jsonata_and_express_children_are_refused() -> None:
    with pytest.raises(UnsupportedDefinition, match="QueryLanguage"):
        check_definition({"QueryLanguage": "JSONata", "States": {}})
    express = json.loads(json.dumps(DISTRIBUTED).replace("STANDARD", "EXPRESS"))
    with pytest.raises(UnsupportedDefinition, match="STANDARD"):
        check_definition({"States": {"Items": express}})
