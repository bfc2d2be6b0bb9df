"""moto's interpreter of state machines, with what it leaves out.

What AWS does and moto does not, with the test that fails without it:

* ``lambda:invoke`` calls a function's process, where moto echoes the input
  (test_executions.py, test_the_cause_of_a_failed_execution_is_the_notice_itself).
* An ``aws-sdk`` S3 ``Body`` that is an object becomes JSON (test_emulator.py, test_an_object_is_written_as_json).
* Parameters and results of an ``aws-sdk`` call of Step Functions' own API begin with a capital (test_executions.py,
  test_a_second_execution_of_a_run_under_way_is_refused_and_the_first_goes_on).
* A distributed Map has as many items as it is given: moto's worker calls itself for each, and an execution that meets
  Python's limit hangs (test_emulator.py, test_a_map_of_thousands_of_items_ends).
* CloudFormation creates state machines that run, with their substitutions filled in (test_deployment.py).

What saves time:

* moto makes a client for every task, which costs more than the task: here one is kept.
* moto parses a definition when a state machine is created and again when it starts: here what was parsed is kept, and
  every execution gets a copy (parsed_definitions.py).
"""

import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from typing import Any

# isort: off
from nibrs_engine import without_batch  # noqa: F401  # before moto's interpreter
# isort: on

from moto.stepfunctions.models import StateMachine
from moto.stepfunctions.parser.asl.component.state.exec.state_task import lambda_eval_utils
from moto.stepfunctions.parser.asl.component.state.exec.state_task.service.state_task_service_aws_sdk import (
    StateTaskServiceAwsSdk,
)
from moto.stepfunctions.parser.asl.parse.asl_parser import AmazonStateLanguageParser
from moto.stepfunctions.parser.asl.utils import boto_client
from moto.stepfunctions.parser.backend.execution_worker import ExecutionWorker
from moto.stepfunctions.parser.models import stepfunctions_parser_backends

from nibrs_engine.container_tasks import TaskPool
from nibrs_engine.definition import require_supported, substitute
from nibrs_engine.lambda_pool import LambdaPool
from nibrs_engine.parsed_definitions import ParsedDefinitions
from nibrs_engine.patches import camel_case, pascal_case, patched
from nibrs_engine.services import Services
from nibrs_engine.tasks_of_states import running_tasks

_ITEMS_OF_A_MAP = 1_000_000


@contextmanager
def executing(pool: LambdaPool, tasks: TaskPool) -> Iterator[None]:
    """Let ``lambda:invoke`` call the functions of a pool, and ``ecs:runTask.sync`` run tasks as processes."""
    normalise = StateTaskServiceAwsSdk._normalise_parameters

    def normalise_body(self: StateTaskServiceAwsSdk, parameters: dict[str, Any], *args: Any, **options: Any) -> None:
        if isinstance(parameters.get("Body"), dict):
            parameters["Body"] = json.dumps(parameters["Body"])
        if self.resource.api_name == "sfn":
            spelled = camel_case(parameters)
            parameters.clear()
            parameters.update(spelled)
        normalise(self, parameters, *args, **options)

    def spell_response(self: StateTaskServiceAwsSdk, response: Any, *args: Any, **options: Any) -> None:
        if isinstance(response, dict):
            spelled = pascal_case(response)
            response.clear()
            response.update(spelled)

    make_client = cache(boto_client.boto_client_for)

    def client_for(region: str, service: str, state_credentials: Any = None) -> Any:
        return make_client(region, service)

    with (
        patched(Services, "functions", pool),
        patched(StateTaskServiceAwsSdk, "_normalise_parameters", normalise_body),
        patched(StateTaskServiceAwsSdk, "_normalise_response", spell_response),
        patched(lambda_eval_utils, "boto_client_for", client_for),
        running_tasks(tasks),
    ):
        yield


@contextmanager
def deep_recursion() -> Iterator[None]:
    """Raise Python's recursion limit to what a Map's items need; only here, since elsewhere it prevents crashes."""
    before = sys.getrecursionlimit()
    sys.setrecursionlimit(max(before, _ITEMS_OF_A_MAP))
    try:
        yield
    finally:
        sys.setrecursionlimit(before)


@contextmanager
def parsing_once(parsed: ParsedDefinitions) -> Iterator[None]:
    """Let moto execute copies of what is parsed once."""

    def parse(definition: str) -> Any:
        # moto only asks whether it can be parsed.
        return parsed.program(definition), None

    def take_over(self: ExecutionWorker) -> Any:
        return parsed.program(self._evaluation_details.state_machine_details.definition)

    with (
        patched(AmazonStateLanguageParser, "parse", staticmethod(parse)),
        patched(ExecutionWorker, "_get_evaluation_entrypoint", take_over),
    ):
        yield


@contextmanager
def deployments() -> Iterator[None]:
    """Let CloudFormation create state machines that run; moto leaves names open in them and never executes them."""

    def create(
        _class: type[Any], /, name: str, resource: dict[str, Any], account_id: str, region_name: str, **_: Any
    ) -> Any:
        properties = resource["Properties"]
        definition = substitute(properties["DefinitionString"], properties.get("DefinitionSubstitutions", {}))
        require_supported(json.loads(definition))
        return stepfunctions_parser_backends[account_id][region_name].create_state_machine(
            properties.get("StateMachineName", name), definition, properties["RoleArn"]
        )

    with patched(StateMachine, "create_from_cloudformation_json", classmethod(create)):
        yield
