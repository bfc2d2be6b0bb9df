"""The state machine's definition: valid, complete in its safeguards, and in step with the functions."""

import json
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from nibrs_engine.container_tasks import (
    HandlerDefinition,
    StageDefinition,
    handler_definitions,
    stage_definitions,
)
from nibrs_engine.definition import (
    UnsupportedDefinition,
    local_definition,
    require_supported,
    state_machine_definition,
    substitute,
)
from nibrs_engine.lambda_pool import state_machine_functions

from tests.conftest import missing

VALIDATOR = Path(__file__).parents[1] / "asl_validator" / "node_modules" / ".bin" / "asl-validator"


def states(machine: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    for name, state in machine["States"].items():
        yield name, state
        if "ItemProcessor" in state:
            yield from states(state["ItemProcessor"])


MACHINE = json.loads(state_machine_definition())
DEFINITIONS: dict[str, StageDefinition | HandlerDefinition] = {**stage_definitions(), **handler_definitions()}
ESTIMATION = {
    "EstimationCluster": "arn:aws:ecs:us-east-1:123456789012:cluster/nibrs",
    "EstimationSubnets": "subnet-1,subnet-2",
    "EstimationSecurityGroup": "sg-1",
    "DatabaseClients": "sg-2",
    **{definition.task: f"arn:aws:ecs:us-east-1:123456789012:task-definition/{name}:1"
       for name, definition in DEFINITIONS.items()},
}  # fmt: skip
TASKS = {name: state for name, state in states(MACHINE) if state["Type"] == "Task"}


def test_asl_validator_finds_nothing(tmp_path: Path) -> None:
    if not VALIDATOR.exists() or not shutil.which("node"):
        missing("asl-validator is not installed; `make test` installs it")
    path = tmp_path / "machine.asl.json"
    path.write_text(local_definition(state_machine_definition(), ESTIMATION))
    done = subprocess.run([str(VALIDATOR), "--json-path", str(path)], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_asl_validator_would_find_a_dangling_next(tmp_path: Path) -> None:
    if not VALIDATOR.exists() or not shutil.which("node"):
        missing("asl-validator is not installed; `make test` installs it")
    path = tmp_path / "machine.asl.json"
    path.write_text(
        local_definition(state_machine_definition(), ESTIMATION).replace('"Next": "Published"', '"Next": "Nowhere"')
    )
    assert subprocess.run([str(VALIDATOR), "--json-path", str(path)], capture_output=True, check=False).returncode != 0


@pytest.mark.parametrize("name", TASKS)
def test_every_task_has_a_time_limit_and_retries_with_a_cap_and_full_jitter(name: str) -> None:
    task = TASKS[name]
    assert task["TimeoutSeconds"] > 0
    assert task["Catch"][-1]["ErrorEquals"] == ["States.ALL"]
    for retry in task["Retry"]:
        assert retry["MaxDelaySeconds"] > 0
        assert retry["JitterStrategy"] == "FULL"


def test_redrive_would_begin_at_the_end_whatever_failed_as_operations_says() -> None:
    """Redrive begins at the state that failed, which is the Fail state that a Catch led to."""
    top = MACHINE["States"]
    failing = {name for name, state in top.items() if state["Type"] == "Fail"}
    assert failing == {"Run failed", "Run failed without notice"}
    for name, state in top.items():
        if state["Type"] in ("Task", "Map") and name != "Notify failure":
            last = state["Catch"][-1]
            assert (last["ErrorEquals"], last["Next"]) == (["States.ALL"], "Notify failure"), name
    notify = top["Notify failure"]
    assert {notify["Next"], notify["Catch"][-1]["Next"]} == failing
    page = (Path(__file__).parents[2] / "docs" / "operations.md").read_text()
    section = page.partition("\n### Redrive\n")[2].partition("\n### ")[0]
    assert all(f"`{name}`" in section for name in failing)
    assert "Complete the run under its name instead" in section


def containers(*names: str) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """Each task that runs one of these containers: its state's name, its command, its container's override."""
    for name, task in TASKS.items():
        if "ecs:runTask" in task["Resource"]:
            [override] = task["Parameters"]["Overrides"]["ContainerOverrides"]
            [command] = override["Command"]
            if override["Name"] in names:
                yield name, command, override


def test_functions_and_tasks_are_those_that_the_state_machine_names() -> None:
    named = set(re.findall(r"\$\{(\w+)\}", state_machine_definition()))
    assert named == set(state_machine_functions()) | set(ESTIMATION)


def test_every_stage_is_run_by_its_own_task_with_the_variables_that_it_needs() -> None:
    assert {stage for _, stage, _ in containers("estimation")} == set(stage_definitions())
    for name, stage, override in containers("estimation"):
        assert TASKS[name]["Parameters"]["TaskDefinition"] == f"${{{stage_definitions()[stage].task}}}"
        variables = {each["Name"] for each in override["Environment"]}
        stage_definition = stage_definitions()[stage]
        # The SHA-256 is that of an object that comes from elsewhere.
        singles = [path for path in stage_definition.inputs if path[-1] != "/"]
        verified = {stage_definition.sha256.get(path, "INPUT_SHA256") for path in singles}
        assert len(verified) == len(singles)
        needed = {"DATA_YEAR", "ESTIMATION_PREFIX", "IDENTITY", *stage_definition.dimensions}
        assert variables == needed | verified


def test_every_handler_in_a_container_is_given_the_item_of_its_function() -> None:
    assert {handler for _, handler, _ in containers("pipeline")} == set(handler_definitions())
    for name, handler, override in containers("pipeline"):
        assert TASKS[name]["Parameters"]["TaskDefinition"] == f"${{{handler_definitions()[handler].task}}}"
        given = {each["Name"]: each["Value.$"] for each in override["Environment"]}
        function = TASKS[name.removesuffix(" in a container")]["Parameters"]
        assert function["FunctionName"] == f"${{{handler_definitions()[handler].function}}}"
        assert given["EVENT"] == f"States.JsonToString({function['Payload.$']})"


def test_a_state_waits_longer_than_its_container_gives_itself() -> None:
    for name, command, _ in containers("estimation", "pipeline"):
        assert TASKS[name]["TimeoutSeconds"] == DEFINITIONS[command].timeout_s + 600, name


def test_stages_have_sizes_that_fargate_offers() -> None:
    gigabytes = {256: (0.5, 2), 512: (1, 4), 1024: (2, 8), 2048: (4, 16), 4096: (8, 30), 8192: (16, 60)}
    for stage, definition in DEFINITIONS.items():
        least, most = gigabytes[definition.cpu]
        assert least * 1024 <= definition.memory_mb <= most * 1024, stage
        assert definition.memory_mb % 1024 == 0, stage
        assert 21 <= definition.storage_gb <= 200, stage


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
    require_supported({"States": {"Items": DISTRIBUTED}})
    with pytest.raises(UnsupportedDefinition, match=named):
        require_supported({"States": {"Items": {**DISTRIBUTED, **change}}})


def test_a_map_inside_a_map_that_runs_more_than_once_at_a_time_is_refused() -> None:
    outer = {"Type": "Map", "MaxConcurrency": 1, "ItemProcessor": {"States": {"Inner": DISTRIBUTED}}}
    require_supported({"States": {"Outer": outer}})
    with pytest.raises(UnsupportedDefinition, match="Outer: MaxConcurrency is 2; it has to be 1 around the Map Inner"):
        require_supported({"States": {"Outer": {**outer, "MaxConcurrency": 2}}})


def test_jsonata_and_express_children_are_refused() -> None:
    with pytest.raises(UnsupportedDefinition, match="QueryLanguage"):
        require_supported({"QueryLanguage": "JSONata", "States": {}})
    express = json.loads(json.dumps(DISTRIBUTED).replace("STANDARD", "EXPRESS"))
    with pytest.raises(UnsupportedDefinition, match="STANDARD"):
        require_supported({"States": {"Items": express}})
