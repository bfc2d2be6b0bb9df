"""The harness that makes moto run this application: S3, SNS, Lambda and Step Functions on this machine.

moto interprets the state machine; what it leaves out is filled in here and nowhere else:

* ``lambda:invoke`` echoes its input in moto: here it calls the function's process.
* A distributed Map with an integer ToleratedFailurePercentage is refused by moto; one that tolerates
  less than 100 % never fails in moto. ``check_definition`` refuses such a definition by name.
* An ``aws-sdk`` S3 ``Body`` that is an object is not serialised by moto: here it becomes JSON, as on AWS.
* moto makes a client for every task, which costs more than the task: here one is kept.
* A distributed Map's worker calls itself for every item, and an execution that meets Python's limit hangs:
  here the limit is far beyond any list of state-years.
"""

import json
import logging
import os
import re
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from typing import Any

import boto3
from moto.awslambda_simple.models import LambdaSimpleBackend
from moto.core.base_backend import BackendDict
from moto.core.config import default_user_config
from moto.core.model_instances import reset_model_data
from moto.core.models import DEFAULT_ACCOUNT_ID
from moto.s3.models import S3Backend
from moto.server import ThreadedMotoServer
from moto.stepfunctions.parser.asl.component.state.exec.state_task import lambda_eval_utils
from moto.stepfunctions.parser.asl.component.state.exec.state_task.service.state_task_service_aws_sdk import (
    StateTaskServiceAwsSdk,
)
from moto.stepfunctions.parser.asl.utils import boto_client

from nibrs_local.home import BUCKET, Home
from nibrs_local.lambda_pool import FunctionError, LambdaPool, function_definitions
from nibrs_local.object_files import restore_objects, writing_to

REGION = "us-east-1"
_ITEMS_OF_A_MAP = 1_000_000
_ROLE = f"arn:aws:iam::{DEFAULT_ACCOUNT_ID}:role/local"


class UnsupportedDefinition(Exception):
    """The state machine uses what the emulator cannot honour; names the state and the field."""


@dataclass(frozen=True)
class Emulator:
    """A running emulation: ``endpoint`` is the address of all its services."""

    endpoint: str
    topic_arn: str

    def client(self, service: str) -> Any:
        """A boto3 client for a service of the emulation."""
        return boto3.client(service, **self.credentials(), endpoint_url=self.endpoint)  # type: ignore[call-overload]

    @staticmethod
    def credentials() -> dict[str, str]:
        """What boto3 wants to have; the emulation does not look at it."""
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


@contextmanager
def emulator(home: Home) -> Iterator[Emulator]:
    """Emulated AWS with the objects of a home, until the block ends."""
    for name in ("werkzeug", "moto"):
        logging.getLogger(name).setLevel(logging.ERROR)
    sys.setrecursionlimit(max(sys.getrecursionlimit(), _ITEMS_OF_A_MAP))
    default_user_config["stepfunctions"] = {"execute_state_machine": True}
    default_user_config["lambda"] = {"use_docker": False}
    put_object, delete_object = writing_to(home.objects)
    with _patched(S3Backend, "put_object", put_object), _patched(S3Backend, "delete_object", delete_object):
        server = ThreadedMotoServer("127.0.0.1", port=0, verbose=False)
        server.start()
        host, port = server.get_host_and_port()
        os.environ["MOTO_PORT"] = str(port)
        try:
            running = Emulator(f"http://{host}:{port}", "")
            running.client("s3").create_bucket(Bucket=BUCKET)
            restore_objects(home.objects, BUCKET, DEFAULT_ACCOUNT_ID)
            topic = running.client("sns").create_topic(Name="nibrs-failures")["TopicArn"]
            yield Emulator(running.endpoint, topic)
        finally:
            _reset(server)


@contextmanager
def functions(pool: LambdaPool) -> Iterator[None]:
    """Let ``lambda:invoke`` call the functions of a pool."""

    def invoke(
        self: LambdaSimpleBackend, function_name: str, qualifier: Any, body: Any, headers: Any, response_headers: Any
    ) -> bytes:
        try:
            return json.dumps(pool.invoke(function_name.rpartition(":")[2], json.loads(body or "{}"))).encode()
        except FunctionError as error:
            response_headers["x-amz-function-error"] = "Unhandled"
            return json.dumps(error.payload).encode()

    normalise = StateTaskServiceAwsSdk._normalise_parameters

    def normalise_body(self: StateTaskServiceAwsSdk, parameters: dict[str, Any], *args: Any, **options: Any) -> None:
        if isinstance(parameters.get("Body"), dict):
            parameters["Body"] = json.dumps(parameters["Body"])
        normalise(self, parameters, *args, **options)

    make_client = cache(boto_client.boto_client_for)

    def client_for(region: str, service: str, state_credentials: Any = None) -> Any:
        return make_client(region, service)

    with (
        _patched(LambdaSimpleBackend, "invoke", invoke),
        _patched(StateTaskServiceAwsSdk, "_normalise_parameters", normalise_body),
        _patched(lambda_eval_utils, "boto_client_for", client_for),
    ):
        yield


def substitute(definition: str, values: Mapping[str, str]) -> str:
    """Replace ``${Name}`` in a definition, as CloudFormation's DefinitionSubstitutions do.

    Raises:
        UnsupportedDefinition: a name that has no value.
    """

    def value(match: re.Match[str]) -> str:
        if match[1] not in values:
            raise UnsupportedDefinition(
                f"the state machine names ${{{match[1]}}}, which lambdas/functions.json does not"
            )
        return values[match[1]]

    return re.sub(r"\$\{(\w+)\}", value, definition)


def local_definition(definition: str) -> str:
    """The definition as the emulator runs it: function names filled in, checked."""
    text = substitute(definition, {name: name for name in function_definitions()})
    check_definition(json.loads(text))
    return text


def check_definition(machine: dict[str, Any]) -> None:
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
            check_definition(processor)
        for branch in state.get("Branches", []):
            check_definition(branch)


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


@contextmanager
def _patched(owner: Any, name: str, value: Any) -> Iterator[None]:
    """An attribute has another value inside the block."""
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
