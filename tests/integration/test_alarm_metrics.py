"""The metrics that alarms watch: when functions put them, and when they do not."""

import json
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError
from moto import mock_aws
from nibrs_pipeline.environment import environment
from nibrs_pipeline.errors import MissingExtracts
from nibrs_pipeline.handlers import check_extracts, notify_failure, report_age
from nibrs_pipeline.handlers.resources import data_store
from nibrs_pipeline.keys import manifest_of, plan_key, public_zip_key, staged
from nibrs_pipeline.plan.planning import Plan, WorkItem
from nibrs_pipeline.state_year import StateYear

from tests.unit.samples import manifest

Setup = Callable[..., None]


class FunctionContext:
    """What the logger and the metrics want to know of the call."""

    function_name = "F"
    memory_limit_in_mb = 256
    invoked_function_arn = "arn:aws:lambda:us-east-1:123456789012:function:F"
    aws_request_id = "1"


@pytest.fixture
def given_environment(monkeypatch: pytest.MonkeyPatch) -> Iterator[Setup]:
    """Sets the function's environment, in an emulated AWS."""

    def put(**variables: str) -> None:
        for name, value in variables.items():
            monkeypatch.setenv(name, value)
        environment.cache_clear()
        data_store.cache_clear()

    with mock_aws():
        put(
            AWS_ACCESS_KEY_ID="x", AWS_SECRET_ACCESS_KEY="x", AWS_DEFAULT_REGION="us-east-1",
            POWERTOOLS_TRACE_DISABLED="true", DATA_BUCKET="bucket",
        )  # fmt: skip
        boto3.client("s3").create_bucket(Bucket="bucket")
        yield put
    environment.cache_clear()
    data_store.cache_clear()


def metrics_in(capsys: pytest.CaptureFixture[str]) -> dict[str, float]:
    """What was put, by name."""
    found = {}
    for line in capsys.readouterr().out.splitlines():
        if '"_aws"' in line:
            entry = json.loads(line)
            for group in entry["_aws"]["CloudWatchMetrics"]:
                assert (group["Namespace"], group["Dimensions"]) == ("NibrsPipeline", [["service"]])
                found |= {each["Name"]: entry[each["Name"]][0] for each in group["Metrics"]}
    return found


def call(handler: Callable[..., Any], event: dict[str, Any]) -> Any:
    return handler(event, FunctionContext())


class Executions:
    """What Step Functions remembers."""

    def __init__(self, succeeded: list[datetime], created: datetime) -> None:
        self._succeeded, self._created = succeeded, created

    def list_executions(self, **asked: Any) -> dict[str, Any]:
        assert asked == {"stateMachineArn": "arn", "statusFilter": "SUCCEEDED", "maxResults": 1}
        return {"executions": [{"stopDate": each} for each in self._succeeded[:1]]}

    def describe_state_machine(self, **asked: Any) -> dict[str, Any]:
        assert asked == {"stateMachineArn": "arn"}
        return {"creationDate": self._created}


def ago(days: float) -> datetime:
    return datetime.now(UTC) - timedelta(days=days)


@pytest.mark.parametrize(
    ("succeeded", "created", "days"),
    [
        ([ago(3)], ago(500), 3),
        # Never, in a new machine; and forgotten: Step Functions remembers 90 days.
        ([], ago(2), 2),
        ([], ago(500), 500),
    ],
    ids=["three days ago", "not yet", "forgotten"],
)
def test_the_age_is_told_whatever_step_functions_remembers(
    given_environment: Setup,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    succeeded: list[datetime],
    created: datetime,
    days: int,
) -> None:
    given_environment(STATE_MACHINE_ARN="arn")
    monkeypatch.setattr("nibrs_pipeline.handlers.report_age.boto3.client", lambda _: Executions(succeeded, created))
    call(report_age.handler, {})
    assert metrics_in(capsys)["DaysSinceSuccess"] == pytest.approx(days, abs=0.1)


FAILED = {
    "input": {"failure": {"Error": "BadRequest", "Cause": "no"}},
    "execution": "arn:aws:states:us-east-1:123456789012:execution:nibrs-pipeline:e1",
    "execution_name": "e1",
}


def test_a_failure_counts_as_told_once_the_topic_has_the_notice(
    given_environment: Setup, capsys: pytest.CaptureFixture[str]
) -> None:
    given_environment(FAILURE_TOPIC_ARN=boto3.client("sns").create_topic(Name="t")["TopicArn"])
    call(notify_failure.handler, FAILED)
    assert metrics_in(capsys)["FailuresTold"] == 1


def test_a_failure_that_the_topic_did_not_take_is_not_told(
    given_environment: Setup, capsys: pytest.CaptureFixture[str]
) -> None:
    given_environment(FAILURE_TOPIC_ARN="arn:aws:sns:us-east-1:123456789012:gone")
    with pytest.raises(ClientError):
        call(notify_failure.handler, FAILED)
    assert "FailuresTold" not in metrics_in(capsys)


@pytest.mark.parametrize(("tolerated", "goes_on"), [("50", True), ("0", False)])
def test_state_years_are_tolerated_only_if_the_run_goes_on_without_them(
    given_environment: Setup, capsys: pytest.CaptureFixture[str], tolerated: str, goes_on: bool
) -> None:
    given_environment(TOLERATED_FAILURE_PERCENTAGE=tolerated)
    store, made = data_store(), manifest("AZ", 2016)
    expected = [WorkItem(run_id="r", state=state, state_name=state, year=2016, reason="x") for state in ("AZ", "LA")]
    plan = Plan(run_id="r", expected=expected, to_extract=expected, bundles=[])
    store.put(plan_key("r"), plan.model_dump_json().encode())
    key = staged("r", public_zip_key(StateYear("AZ", 2016)))
    store.put(key, b"z" * made.zip.bytes)
    store.put(manifest_of(key), made.to_json())
    if goes_on:
        assert call(check_extracts.handler, {"run_id": "r"}) == {"produced": 1, "missing": 1}
    else:
        with pytest.raises(MissingExtracts):
            call(check_extracts.handler, {"run_id": "r"})
    assert metrics_in(capsys) == {"StateYearsMissing": 1, **({"StateYearsTolerated": 1} if goes_on else {})}
