"""Where the functions find the database."""

import json
from collections.abc import Mapping
from typing import Any

import boto3

from nibrs_pipeline.database import DatabaseLocation


def database_location() -> DatabaseLocation:
    """From the function's environment, with the secret fetched if one is named."""
    return DatabaseLocation.from_environment(fetch_secret=_fetch_secret)


def _fetch_secret(arn: str) -> Mapping[str, Any]:
    response = boto3.client("secretsmanager").get_secret_value(SecretId=arn)
    secret: Mapping[str, Any] = json.loads(response["SecretString"])
    return secret
