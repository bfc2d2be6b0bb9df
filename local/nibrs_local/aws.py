"""The state machine on AWS, by boto3."""

import json
from datetime import UTC, datetime
from typing import Any

import boto3
from botocore.exceptions import BotoCoreError, ClientError

_NAME = "nibrs-pipeline"


class AwsError(Exception):
    """AWS could not be asked, or does not have what was asked for."""


def find_state_machine() -> str:
    """The ARN of the state machine named nibrs-pipeline in this account and region.

    Raises:
        AwsError: there is none, or AWS cannot be reached.
    """
    try:
        pages = boto3.client("stepfunctions").get_paginator("list_state_machines").paginate()
        for machine in (machine for page in pages for machine in page["stateMachines"]):
            if machine["name"] == _NAME:
                return str(machine["stateMachineArn"])
    except (BotoCoreError, ClientError) as error:
        raise AwsError(f"Step Functions cannot be asked: {error}; check the credentials and the region") from error
    raise AwsError(f"there is no state machine named {_NAME} here; give its ARN with --state-machine")


def start_execution(state_machine: str, request: dict[str, Any]) -> str:
    """Start an execution; returns its ARN.

    Its name is the run's with the time, since a name cannot be used twice and a run can be completed.
    """
    name = f"{request['run_id'][:60]}-{datetime.now(UTC):%Y%m%dT%H%M%S}"
    try:
        started = boto3.client("stepfunctions").start_execution(
            stateMachineArn=state_machine, name=name, input=json.dumps(request)
        )
    except (BotoCoreError, ClientError) as error:
        raise AwsError(f"{state_machine} was not started: {error}") from error
    return str(started["executionArn"])


def newest_execution(execution: str | None, state_machine: str | None) -> tuple[Any, str]:
    """A client, and the ARN of an execution: the given one, or the newest.

    Raises:
        AwsError: there has been no execution.
    """
    client = boto3.client("stepfunctions")
    if execution:
        return client, execution
    machine = state_machine or find_state_machine()
    try:
        found = client.list_executions(stateMachineArn=machine, maxResults=1)["executions"]
    except (BotoCoreError, ClientError) as error:
        raise AwsError(f"the executions of {machine} cannot be listed: {error}") from error
    if not found:
        raise AwsError(f"{machine} has not been started yet; nibrs start does it")
    return client, str(found[0]["executionArn"])
