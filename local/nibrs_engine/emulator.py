"""The harness that makes moto run this application: S3, SNS, Lambda, ECS and Step Functions on this machine.

moto interprets the state machine; what it leaves out is filled in here and nowhere else. What cannot be filled in
is refused by ``definition.require_supported``.

What AWS does and moto does not, with the test that fails without it:

* ``lambda:invoke`` calls a function's process, where moto echoes the input
  (test_executions.py, test_the_cause_of_a_failed_execution_is_the_notice_itself).
* ``ecs:runTask.sync`` takes its parameters as Step Functions spells them and runs a task, and an exit code other than 0
  fails the state (test_emulator.py, test_a_container_runs_until_it_ends_and_another_status_than_0_fails_its_state).
* An ``aws-sdk`` S3 ``Body`` that is an object becomes JSON (test_emulator.py, test_an_object_is_written_as_json).
* Parameters and results of an ``aws-sdk`` call of Step Functions' own API begin with a capital (test_executions.py,
  test_a_second_execution_of_a_run_under_way_is_refused_and_the_first_goes_on).
* CloudFormation creates state machines that run, with their substitutions filled in (test_deployment.py).
* A distributed Map has as many items as it is given: moto's worker calls itself for each, and an execution that meets
  Python's limit hangs (test_emulator.py, test_a_map_of_thousands_of_items_ends).

What saves time:

* moto makes a client for every task, which costs more than the task: here one is kept.
* moto's Lambda, and its Batch and ECS with all of EC2, take longer to import than everything else: here calls of
  functions are answered without the first, there is no Batch, and ECS is imported for the first task.
* moto parses a definition when a state machine is created and again when it starts, which takes longer than
  everything else of a small run: here the first execution takes over what was parsed.
* moto looks twice a second whether a task of ECS has ended, and whether its server should: here it does so more often.
"""

import json
import logging
import os
import re
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import boto3

# isort: off
from nibrs_engine import without_batch  # noqa: F401  # before moto's interpreter
# isort: on

from moto.core.base_backend import BackendDict
from moto.core.config import default_user_config
from moto.core.model_instances import reset_model_data
from moto.core.models import DEFAULT_ACCOUNT_ID
from moto.moto_server.threaded_moto_server import ThreadedMotoServer
from moto.moto_server.werkzeug_app import DomainDispatcherApplication, MotoRequestHandler, create_backend_app
from moto.s3.models import S3Backend, s3_backends
from moto.stepfunctions.models import StateMachine
from moto.stepfunctions.parser.api import HistoryEventType, TaskFailedEventDetails
from moto.stepfunctions.parser.asl.component.common.error_name.failure_event import (
    FailureEvent,
    FailureEventException,
)
from moto.stepfunctions.parser.asl.component.common.error_name.states_error_name import StatesErrorName
from moto.stepfunctions.parser.asl.component.common.error_name.states_error_name_type import StatesErrorNameType
from moto.stepfunctions.parser.asl.component.state.exec.state_task import lambda_eval_utils
from moto.stepfunctions.parser.asl.component.state.exec.state_task.service import state_task_service_callback
from moto.stepfunctions.parser.asl.component.state.exec.state_task.service.state_task_service_aws_sdk import (
    StateTaskServiceAwsSdk,
)
from moto.stepfunctions.parser.asl.component.state.exec.state_task.service.state_task_service_ecs import (
    StateTaskServiceEcs,
)
from moto.stepfunctions.parser.asl.eval.event.event_detail import EventDetails
from moto.stepfunctions.parser.asl.parse.asl_parser import AmazonStateLanguageParser
from moto.stepfunctions.parser.asl.utils import boto_client
from moto.stepfunctions.parser.backend.execution_worker import ExecutionWorker
from moto.stepfunctions.parser.models import stepfunctions_parser_backends
from nibrs_home.home import BUCKET, Home
from werkzeug.serving import make_server
from werkzeug.wrappers import Request, Response

from nibrs_engine.container_tasks import TaskPool
from nibrs_engine.definition import require_supported, substitute
from nibrs_engine.estimation_cluster import cluster_names, in_cluster
from nibrs_engine.lambda_pool import FunctionError, LambdaPool
from nibrs_engine.object_files import restore_objects, writing_to

REGION = "us-east-1"
_ITEMS_OF_A_MAP = 1_000_000
#: Seconds after which the server looks again whether it should end, and the interpreter whether a task has ended.
_LOOK = 0.02
_ROLE = f"arn:aws:iam::{DEFAULT_ACCOUNT_ID}:role/local"
_TOPIC = "nibrs-failures"
_INVOCATION = re.compile(r"/2015-03-31/functions/[^/]+/invocations")


@dataclass(frozen=True)
class Emulator:
    """A running emulation: ``endpoint`` is the address of all its services."""

    endpoint: str
    topic_arn: str
    estimation: Mapping[str, str]

    def client(self, service: str) -> Any:
        """A boto3 client for a service of the emulation."""
        return boto3.client(service, **self.credentials(), endpoint_url=self.endpoint)  # type: ignore[call-overload]

    @staticmethod
    def credentials() -> dict[str, str]:
        """Credentials because boto3 requires some; the emulation ignores them."""
        return {"region_name": REGION, "aws_access_key_id": "local", "aws_secret_access_key": "local"}

    def function_environment(self, home: Home, run_id: str) -> dict[str, str]:
        """The variables that the functions would have on AWS, with the emulation's address."""
        temporary = home.scratch(run_id) / "tmp"
        temporary.mkdir(parents=True, exist_ok=True)
        return {
            "AWS_REGION": REGION,
            "AWS_DEFAULT_REGION": REGION,
            "AWS_ACCESS_KEY_ID": "local",
            "AWS_SECRET_ACCESS_KEY": "local",
            "AWS_ENDPOINT_URL": self.endpoint,
            "DATA_BUCKET": BUCKET,
            "FAILURE_TOPIC_ARN": self.topic_arn,
            "POWERTOOLS_TRACE_DISABLED": "true",
            "POWERTOOLS_LOG_LEVEL": "INFO",
            "TMPDIR": str(temporary),
        }

    def create_state_machine(self, definition: str) -> str:
        """Create the state machine; returns its ARN."""
        created = self.client("stepfunctions").create_state_machine(
            name="nibrs-pipeline", definition=definition, roleArn=_ROLE
        )
        return str(created["stateMachineArn"])


class _Services(DomainDispatcherApplication):
    """moto's services, each imported when it is first asked for, and the functions."""

    #: What calls a function, while functions are there.
    functions: LambdaPool | None = None

    def __init__(self) -> None:
        super().__init__(_create_service)

    def get_application(self, environ: dict[str, Any]) -> Any:
        """The application that answers a request."""
        if _INVOCATION.fullmatch(environ["PATH_INFO"]):
            return self._answer_invocation
        return super().get_application(environ)

    def _answer_invocation(self, environ: dict[str, Any], start_response: Any) -> Any:
        request = Request(environ)
        name = request.path.split("/")[3].rpartition(":")[2]
        assert self.functions, f"{name} was called, and there are no functions"
        try:
            response = Response(json.dumps(self.functions.invoke(name, json.loads(request.data or "{}"))))
        except FunctionError as error:
            response = Response(json.dumps(error.payload), headers={"x-amz-function-error": "Unhandled"})
        return response(environ, start_response)


def _create_service(name: Any) -> Any:
    application = create_backend_app(name)
    if name == "sns":
        from moto.sns.models import sns_backends  # noqa: PLC0415  # with SQS and CloudWatch

        sns_backends[DEFAULT_ACCOUNT_ID][REGION].create_topic(_TOPIC)
    return application


class _Server(ThreadedMotoServer):
    def _server_entry(self) -> None:
        """As moto's, except for how often the server looks whether it should end."""
        application = _Services()
        self._server = make_server(self._ip_address, self._port, application, True, request_handler=MotoRequestHandler)
        self._server_ready_event.set()
        self._server.serve_forever(_LOOK)


@contextmanager
def _logging_to(path: Path | None) -> Iterator[None]:
    """Messages of moto and its server go into a file: the command reports errors in its own words."""
    if path:
        path.parent.mkdir(parents=True, exist_ok=True)
    handler = logging.FileHandler(path, delay=True) if path else logging.NullHandler()
    loggers = [logging.getLogger(name) for name in ("werkzeug", "moto")]
    for logger in loggers:
        logger.setLevel(logging.ERROR)
        logger.propagate = False
        logger.addHandler(handler)
    try:
        yield
    finally:
        for logger in loggers:
            logger.removeHandler(handler)
            logger.propagate = True
        handler.close()


@contextmanager
def emulator(home: Home, log: Path | None = None) -> Iterator[Emulator]:
    """Emulated AWS with the objects of a home, until the block ends.

    Args:
        log: a file for the emulation's own messages about errors.
    """
    default_user_config["stepfunctions"] = {"execute_state_machine": True}
    default_user_config["lambda"] = {"use_docker": False}
    put_object, delete_object = writing_to(home.objects)
    with (
        _logging_to(log),
        _deep_recursion(),
        _patched(S3Backend, "put_object", put_object),
        _patched(S3Backend, "delete_object", delete_object),
        _parsing_once(),
    ):
        server = _Server("127.0.0.1", port=0, verbose=False)
        server.start()
        host, port = server.get_host_and_port()
        os.environ["MOTO_PORT"] = str(port)
        try:
            s3_backends[DEFAULT_ACCOUNT_ID]["aws"].create_bucket(BUCKET, REGION)
            restore_objects(home.objects, BUCKET, DEFAULT_ACCOUNT_ID)
            topic = f"arn:aws:sns:{REGION}:{DEFAULT_ACCOUNT_ID}:{_TOPIC}"
            yield Emulator(f"http://{host}:{port}", topic, cluster_names(REGION, DEFAULT_ACCOUNT_ID))
        finally:
            _reset(server)


@contextmanager
def _deep_recursion() -> Iterator[None]:
    """Raise Python's recursion limit to what a Map's items need; only here, since elsewhere it prevents crashes."""
    before = sys.getrecursionlimit()
    sys.setrecursionlimit(max(before, _ITEMS_OF_A_MAP))
    try:
        yield
    finally:
        sys.setrecursionlimit(before)


@contextmanager
def _parsing_once() -> Iterator[None]:
    """The first execution uses what was parsed to create the machine; others parse again, since it holds state."""
    parse, parsed = AmazonStateLanguageParser.parse, {}

    def parse_for_later(definition: str) -> Any:
        parsed[definition] = parse(definition)
        return parsed[definition]

    def take_over(self: ExecutionWorker) -> Any:
        definition = self._evaluation_details.state_machine_details.definition
        return (parsed.pop(definition, None) or parse(definition))[0]

    with (
        _patched(AmazonStateLanguageParser, "parse", staticmethod(parse_for_later)),
        _patched(ExecutionWorker, "_get_evaluation_entrypoint", take_over),
    ):
        yield


@contextmanager
def executing(pool: LambdaPool, tasks: TaskPool) -> Iterator[None]:
    """Let ``lambda:invoke`` call the functions of a pool, and ``ecs:runTask.sync`` run tasks as processes."""
    normalise = StateTaskServiceAwsSdk._normalise_parameters

    def normalise_body(self: StateTaskServiceAwsSdk, parameters: dict[str, Any], *args: Any, **options: Any) -> None:
        if isinstance(parameters.get("Body"), dict):
            parameters["Body"] = json.dumps(parameters["Body"])
        if self.resource.api_name == "sfn":
            spelled = _camel_case(parameters)
            parameters.clear()
            parameters.update(spelled)
        normalise(self, parameters, *args, **options)

    def spell_response(self: StateTaskServiceAwsSdk, response: Any, *args: Any, **options: Any) -> None:
        if isinstance(response, dict):
            spelled = _pascal_case(response)
            response.clear()
            response.update(spelled)

    make_client = cache(boto_client.boto_client_for)

    def client_for(region: str, service: str, state_credentials: Any = None) -> Any:
        return make_client(region, service)

    with (
        _patched(_Services, "functions", pool),
        _patched(StateTaskServiceAwsSdk, "_normalise_parameters", normalise_body),
        _patched(StateTaskServiceAwsSdk, "_normalise_response", spell_response),
        _patched(lambda_eval_utils, "boto_client_for", client_for),
        _running_tasks(tasks),
    ):
        yield


@contextmanager
def _running_tasks(tasks: TaskPool) -> Iterator[None]:
    """Replace moto's start of a task and its wait for the end."""

    def start(
        self: StateTaskServiceEcs, env: Any, resource_runtime_part: Any, normalised_parameters: Any, **_: Any
    ) -> None:
        client: Any = boto_client.boto_client_for(resource_runtime_part.region, "ecs")
        from moto.ecs.models import ecs_backends  # noqa: PLC0415  # see above

        parameters = in_cluster(
            _camel_case(normalised_parameters),
            lambda service: boto_client.boto_client_for(resource_runtime_part.region, service),
            BUCKET,
        )
        [task] = client.run_task(**parameters)["tasks"]
        # Asked of moto itself: Step Functions does not ask, and no role has to allow it.
        ecs = ecs_backends[DEFAULT_ACCOUNT_ID][resource_runtime_part.region]
        containers = ecs.describe_task_definition(task["taskDefinitionArn"]).container_definitions
        tasks.start(task["taskArn"], containers, parameters.get("overrides", {}))
        env.stack.append({"task": task, "overrides": parameters.get("overrides", {})})

    def wait_for_end(
        self: StateTaskServiceEcs, env: Any, resource_runtime_part: Any, normalised_parameters: Any, **_: Any
    ) -> Any:
        started = env.stack.pop()

        def look() -> dict[str, Any] | None:
            code = tasks.exit_code(started["task"]["taskArn"])
            if code is None:
                return None
            described = _stopped_task(started["task"], started["overrides"], code)
            if code != 0:
                raise _task_failed(env, self, json.dumps(described))
            return described

        return look

    with (
        _patched(StateTaskServiceEcs, "_eval_service_task", start),
        _patched(StateTaskServiceEcs, "_build_sync_resolver", wait_for_end),
        _patched(state_task_service_callback, "_DELAY_SECONDS_SYNC_CONDITION_CHECK", _LOOK),
    ):
        yield


def _stopped_task(task: dict[str, Any], overrides: dict[str, Any], exit_code: int) -> dict[str, Any]:
    """A task's description as Step Functions gives it when the task has stopped."""
    return {
        "TaskArn": task["taskArn"],
        "ClusterArn": task["clusterArn"],
        "TaskDefinitionArn": task["taskDefinitionArn"],
        "LastStatus": "STOPPED",
        "StopCode": "EssentialContainerExited",
        "StoppedReason": "Essential container in task exited",
        "Containers": [{"Name": overrides["containerOverrides"][0]["name"], "ExitCode": exit_code}],
        "Overrides": _pascal_case(overrides),
    }


def _task_failed(env: Any, service: StateTaskServiceEcs, cause: str) -> FailureEventException:
    name = StatesErrorNameType.StatesTaskFailed
    details = TaskFailedEventDetails(
        error=name.to_name(),
        cause=cause,
        resourceType=service._get_sfn_resource_type(),
        resource=service._get_sfn_resource(),
    )
    return FailureEventException(
        failure_event=FailureEvent(
            env=env,
            error_name=StatesErrorName(typ=name),
            event_type=HistoryEventType.TaskFailed,
            event_details=EventDetails(taskFailedEventDetails=details),  # type: ignore[typeddict-item]  # one is enough
        )
    )


def _camel_case(value: Any) -> Any:
    """Keys as ECS's API spells them, from Step Functions' spelling: TaskDefinition becomes taskDefinition."""
    return _with_keys(value, lambda key: key[:1].lower() + key[1:])


def _pascal_case(value: Any) -> Any:
    return _with_keys(value, lambda key: key[:1].upper() + key[1:])


def _with_keys(value: Any, spell: Callable[[str], str]) -> Any:
    if isinstance(value, dict):
        return {spell(key): _with_keys(each, spell) for key, each in value.items()}
    if isinstance(value, list):
        return [_with_keys(each, spell) for each in value]
    return value


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

    with _patched(StateMachine, "create_from_cloudformation_json", classmethod(create)):
        yield


@contextmanager
def _patched(owner: Any, name: str, value: Any) -> Iterator[None]:
    """Give an attribute another value inside the block."""
    original = getattr(owner, name)
    setattr(owner, name, value)
    try:
        yield
    finally:
        setattr(owner, name, original)


def _reset(server: ThreadedMotoServer) -> None:
    """End the server and forget its state, which is global to the process in moto."""
    server.stop()
    BackendDict.reset()
    reset_model_data()
