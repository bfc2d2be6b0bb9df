"""The state machine's definition: read, filled in, and refused where the emulator would run it differently from AWS.

Known limits of moto, refused by ``require_supported``:

* A distributed Map with an integer ToleratedFailurePercentage is refused by moto itself; one that tolerates
  less than 100 % never fails in moto.
* A Map inside a Map keeps its items in one place in moto, so that the outer one must have MaxConcurrency 1.
* ItemBatcher, ResultWriter, Assign, JSONata and EXPRESS children are not honoured.
"""

import json
import re
from collections.abc import Mapping
from importlib.resources import files
from pathlib import Path
from typing import Any

from nibrs_engine.lambda_pool import state_machine_functions
from nibrs_engine.retries import retried_of

#: Seconds between two tries on this machine.
_LONGEST_WAIT_S = 5


class UnsupportedDefinition(Exception):
    """The state machine uses what the emulator cannot honour; names the state and the field."""


def state_machine_definition() -> str:
    """The text of statemachines/nibrs_pipeline.asl.json."""
    repository = Path(str(files("nibrs_pipeline"))).parents[1]
    return (repository / "statemachines" / "nibrs_pipeline.asl.json").read_text(encoding="utf-8")


def substitute(definition: str, values: Mapping[str, str]) -> str:
    """Replace ``${Name}`` in a definition, as CloudFormation's DefinitionSubstitutions do.

    Raises:
        UnsupportedDefinition: a name that has no value.
    """

    def value(match: re.Match[str]) -> str:
        if match[1] not in values:
            raise UnsupportedDefinition(
                f"the state machine names ${{{match[1]}}}, and functions.json, stages.json and tasks.json do not"
            )
        return values[match[1]]

    return re.sub(r"\$\{(\w+)\}", value, definition)


def require_supported(machine: dict[str, Any]) -> None:
    """Refuse what moto would run differently from AWS.

    Raises:
        UnsupportedDefinition: names the state and the field.
    """
    if machine.get("QueryLanguage", "JSONPath") != "JSONPath":
        raise UnsupportedDefinition("QueryLanguage: the emulator runs JSONPath only")
    for name, state in machine["States"].items():
        for key in ("ItemBatcher", "ResultWriter", "Assign"):
            if key in state:
                raise UnsupportedDefinition(f"{name}: the emulator does not honour {key}")
        if processor := state.get("ItemProcessor"):
            _check_map(name, state, processor)
            _check_nested_maps(name, state, processor)
            require_supported(processor)
        for branch in state.get("Branches", []):
            require_supported(branch)


def _check_map(name: str, state: dict[str, Any], processor: dict[str, Any]) -> None:
    config = processor.get("ProcessorConfig", {})
    if config.get("Mode") != "DISTRIBUTED":
        return
    if config.get("ExecutionType") != "STANDARD":
        raise UnsupportedDefinition(f"{name}: the emulator runs STANDARD children only")
    tolerated = state.get("ToleratedFailurePercentage")
    if not isinstance(tolerated, float) or tolerated != 100.0:
        raise UnsupportedDefinition(
            f"{name}: ToleratedFailurePercentage is {tolerated}; the emulator's Map never fails, so it has to be 100.0 "
            "and the next state has to check what was made"
        )


def _check_nested_maps(name: str, state: dict[str, Any], processor: dict[str, Any]) -> None:
    inner = [each for each, inside in processor["States"].items() if inside["Type"] == "Map"]
    if inner and state.get("MaxConcurrency") != 1:
        raise UnsupportedDefinition(
            f"{name}: MaxConcurrency is {state.get('MaxConcurrency', 'unlimited')}; it has to be 1 around the Map "
            f"{inner[0]}, whose items the emulator mixes up if it runs twice at a time"
        )


def local_definition(definition: str, estimation: Mapping[str, str]) -> str:
    """The definition as the emulator runs it: names of functions and of the estimation filled in, checked.

    Errors are retried as often as on AWS, but after shorter waits: here a cause passes within seconds or never.
    """
    text = substitute(definition, {**{name: name for name in state_machine_functions()}, **estimation})
    machine = json.loads(text)
    require_supported(machine)
    for state in retried_of(machine):
        for block in state["Retry"]:
            block["MaxDelaySeconds"] = min(block["MaxDelaySeconds"], _LONGEST_WAIT_S)
            block["IntervalSeconds"] = min(block["IntervalSeconds"], _LONGEST_WAIT_S - 1)
    return json.dumps(machine)
