"""What the functions work with: the data bucket and the database, found in their environment."""

import json
from collections.abc import Mapping
from contextlib import AbstractContextManager
from functools import cache
from typing import Any

import boto3
from aws_lambda_powertools.utilities.typing import LambdaContext
from botocore.exceptions import BotoCoreError, ClientError

from nibrs_pipeline.database.location import DatabaseLocation
from nibrs_pipeline.database.snapshot import Snapshot, snapshot
from nibrs_pipeline.environment import environment
from nibrs_pipeline.errors import DatabaseMisconfigured, DatabaseUnavailable
from nibrs_pipeline.store import Store

#: What Secrets Manager answers where asking again does not help.
_REFUSALS = {
    "AccessDeniedException", "ResourceNotFoundException", "DecryptionFailure", "InvalidParameterException",
    "InvalidRequestException", "ValidationException", "UnrecognizedClientException",
}  # fmt: skip


@cache
def data_store() -> Store:
    """The data bucket; its client is made once per process."""
    return Store(environment().data_bucket)


def database_snapshot(context: LambdaContext) -> AbstractContextManager[Snapshot]:
    """One view of the database; its queries end before the function does (see ``database.snapshot``)."""
    return snapshot(database_location(), lambda: context.get_remaining_time_in_millis() / 1000)


def database_location() -> DatabaseLocation:
    """From the function's environment, with the secret fetched anew, since it may be rotated."""
    return DatabaseLocation.from_environment(fetch_secret=_fetch_secret)


def _fetch_secret(arn: str) -> Mapping[str, Any]:
    parts = arn.split(":")
    if len(parts) < 7 or parts[2] != "secretsmanager":
        raise DatabaseMisconfigured(
            f"DB_SECRET_ARN is {arn!r}; it has to be an ARN such as "
            "arn:aws:secretsmanager:us-east-1:123456789012:secret:nibrs-AbCdEf"
        )
    try:
        response = boto3.client("secretsmanager", region_name=parts[3]).get_secret_value(SecretId=arn)
    except ClientError as error:
        if error.response.get("Error", {}).get("Code") in _REFUSALS:
            raise DatabaseMisconfigured(
                f"the secret {arn} cannot be read: {error}; check DB_SECRET_ARN, the function's role and its access to "
                f"the secret's key"
            ) from error
        raise DatabaseUnavailable(f"the secret {arn} cannot be read now: {error}; try again") from error
    except BotoCoreError as error:
        raise DatabaseUnavailable(f"Secrets Manager does not answer: {error}; check the network's endpoints") from error
    try:
        secret = json.loads(response.get("SecretString", ""))
    except ValueError:
        secret = None  # Its text stays out of the message.
    if not isinstance(secret, dict):
        raise DatabaseMisconfigured(
            f"the secret {arn} is not a JSON object with host, port, username, password and dbname; correct it"
        )
    return secret
