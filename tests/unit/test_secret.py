"""The database's secret: every way in which Secrets Manager can fail has a name."""

from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError, EndpointConnectionError
from nibrs_pipeline.errors import DatabaseMisconfigured, DatabaseUnavailable, PipelineError
from nibrs_pipeline.handlers.resources import database_location

ARN = "arn:aws:secretsmanager:us-west-2:123456789012:secret:db"


class Manager:
    def __init__(self, answer: dict[str, Any] | Exception) -> None:
        self._answer = answer

    def get_secret_value(self, SecretId: str) -> dict[str, Any]:  # noqa: N803  boto3's name
        assert SecretId == ARN
        if isinstance(self._answer, Exception):
            raise self._answer
        return self._answer


def refusal(code: str) -> ClientError:
    return ClientError({"Error": {"Code": code, "Message": "m"}}, "GetSecretValue")


@pytest.mark.parametrize(
    ("answer", "expected", "said"),
    [
        (refusal("AccessDeniedException"), DatabaseMisconfigured, "DB_SECRET_ARN, the function's role"),
        (refusal("ResourceNotFoundException"), DatabaseMisconfigured, "cannot be read: .*ResourceNotFound"),
        (refusal("ThrottlingException"), DatabaseUnavailable, "cannot be read now"),
        (refusal("InternalServiceError"), DatabaseUnavailable, "cannot be read now"),
        (EndpointConnectionError(endpoint_url="https://x"), DatabaseUnavailable, "does not answer"),
        ({"SecretBinary": b"x"}, DatabaseMisconfigured, "not a JSON object with host"),
        ({"SecretString": "its-secret"}, DatabaseMisconfigured, "not a JSON object with host"),
        ({"SecretString": '["its-secret"]'}, DatabaseMisconfigured, "not a JSON object with host"),
    ],
)
def test_a_secret_that_cannot_be_had_is_named(
    monkeypatch: pytest.MonkeyPatch, answer: dict[str, Any] | Exception, expected: type[PipelineError], said: str
) -> None:
    monkeypatch.setenv("DB_SECRET_ARN", ARN)
    monkeypatch.setattr(boto3, "client", lambda service, region_name: Manager(answer))
    with pytest.raises(expected, match=said) as raised:
        database_location()
    assert "its-secret" not in str(raised.value)


def test_a_secret_is_asked_for_in_its_own_region(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DB_SECRET_ARN", ARN)
    asked: list[str] = []

    def client(service: str, region_name: str) -> Manager:
        asked.append(region_name)
        return Manager({"SecretString": '{"host": "db.example.org"}'})

    monkeypatch.setattr(boto3, "client", client)
    assert database_location().host == "db.example.org"
    assert asked == ["us-west-2"]


@pytest.mark.parametrize("arn", ["db", "arn:aws:s3:::bucket", "arn:aws:rds:us-east-1:123456789012:db:nibrs"])
def test_what_is_no_secret_is_refused(monkeypatch: pytest.MonkeyPatch, arn: str) -> None:
    monkeypatch.setenv("DB_SECRET_ARN", arn)
    with pytest.raises(DatabaseMisconfigured, match=r"it has to be an ARN such as arn:aws:secretsmanager:"):
        database_location()
