"""What the functions work with: the data bucket and the database, found in their environment."""

import json
from collections.abc import Mapping
from functools import cache
from typing import Any

import boto3

from nibrs_pipeline.database import DatabaseLocation
from nibrs_pipeline.environment import environment
from nibrs_pipeline.store import Store


@cache
def data_store() -> Store:
    """The data bucket; its client is made once per process."""
    return Store(environment().data_bucket)


def database_location() -> DatabaseLocation:
    """From the function's environment, with the secret fetched anew, since it may be rotated."""
    return DatabaseLocation.from_environment(fetch_secret=_fetch_secret)


def _fetch_secret(arn: str) -> Mapping[str, Any]:
    response = boto3.client("secretsmanager").get_secret_value(SecretId=arn)
    secret: Mapping[str, Any] = json.loads(response["SecretString"])
    return secret
