"""The state machine on AWS, by boto3."""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

import boto3
from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    EndpointConnectionError,
    NoCredentialsError,
    NoRegionError,
    ProfileNotFound,
)
from nibrs_pipeline.errors import BadRequest

from nibrs_command.aws_error import AwsError
from nibrs_command.watching import RunView, observe

_NAME = "nibrs-pipeline"
#: Remedies if boto3 does not reach AWS.
_REMEDIES: dict[type[BotoCoreError], str] = {
    NoRegionError: "set AWS_DEFAULT_REGION, for example to us-east-1, or give an ARN, which names its region",
    NoCredentialsError: "set AWS_PROFILE, or run `aws configure` or `aws sso login`",
    ProfileNotFound: "set AWS_PROFILE to one of `aws configure list-profiles`",
    EndpointConnectionError: "check the network and the region",
}


@contextmanager
def asking(what: str) -> Iterator[None]:
    """Turn boto3's errors into one that says what could not be done, why, and what helps."""
    try:
        yield
    except BotoCoreError as error:
        remedy = _REMEDIES.get(type(error), "check the credentials and the region")
        raise AwsError(f"{what}: {str(error).rstrip('.')}; {remedy}") from error
    except ClientError as error:
        raise AwsError(f"{what}: {error}; check the credentials, their rights and the region") from error


def _client(arn: str | None) -> Any:
    """A client of Step Functions, in the region that an ARN names.

    Raises:
        BadRequest: it is not an ARN of Step Functions.
    """
    region = None
    if arn is not None:
        parts = arn.split(":")
        if len(parts) < 7 or parts[0] != "arn" or parts[2] != "states":
            raise BadRequest(
                f"{arn!r} was given; it has to be an ARN such as arn:aws:states:us-east-1:123456789012:..., "
                "as `nibrs start` prints it"
            )
        region = parts[3]
    return boto3.client("stepfunctions", region_name=region)


def find_state_machine() -> str:
    """The ARN of the state machine named nibrs-pipeline in this account and region.

    Raises:
        AwsError: there is none, or AWS cannot be reached.
    """
    with asking("the state machines cannot be listed"):
        pages = _client(None).get_paginator("list_state_machines").paginate()
        for machine in (machine for page in pages for machine in page["stateMachines"]):
            if machine["name"] == _NAME:
                return str(machine["stateMachineArn"])
    raise AwsError(f"there is no state machine named {_NAME} here; give its ARN with --state-machine")


def start_execution(state_machine: str, request: dict[str, Any]) -> str:
    """Start an execution; returns its ARN.

    Its name is the run's with the time, since a name cannot be used twice and a run can be completed.
    """
    name = f"{request['run_id'][:60]}-{datetime.now(UTC):%Y%m%dT%H%M%S}"
    with asking(f"{state_machine} was not started"):
        started = _client(state_machine).start_execution(
            stateMachineArn=state_machine, name=name, input=json.dumps(request)
        )
    return str(started["executionArn"])


def looking_at(execution: str | None, state_machine: str | None) -> Callable[[], RunView]:
    """A function that returns the present view of an execution: the given one, or the newest.

    Raises:
        AwsError: there has been no execution, or AWS cannot be asked.
    """
    arn = execution or _newest_execution(state_machine or find_state_machine())
    with asking(f"{arn} cannot be watched"):
        client = _client(arn)

    def look() -> RunView:
        with asking(f"{arn} cannot be watched"):
            return observe(client, arn)

    return look


def _newest_execution(machine: str) -> str:
    with asking(f"the executions of {machine} cannot be listed"):
        found = _client(machine).list_executions(stateMachineArn=machine, maxResults=1)["executions"]
    if not found:
        raise AwsError(f"{machine} has not been started yet; nibrs start does it")
    return str(found[0]["executionArn"])
