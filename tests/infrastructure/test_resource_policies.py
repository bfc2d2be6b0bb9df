"""Whether AWS's services may do what the template has them do: IAM's rules, applied by a simulator.

The policies of topics, queues, buckets, log groups and roles decide this, and nothing of it shows in an emulation that
checks none.
"""

import json
import subprocess
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tests.infrastructure.filled_in import FilledIn
from tests.infrastructure.service_calls import ServiceCall, granted_services, resource_policies, service_calls

SIMULATOR = Path(__file__).parents[1] / "iam_simulator"


@pytest.fixture(scope="module", params=["given", "trial"])
def stack(request: pytest.FixtureRequest) -> FilledIn:
    return FilledIn(request.getfixturevalue(request.param))


def decided(calls: Sequence[ServiceCall]) -> list[str]:
    """What IAM says of each call."""
    done = subprocess.run(
        ["node", str(SIMULATOR / "simulate.mjs")],
        input=json.dumps([call.simulation() for call in calls]),
        capture_output=True, text=True, check=True, cwd=SIMULATOR,
    )  # fmt: skip
    results: list[str] = json.loads(done.stdout)
    assert len(results) == len(calls)
    return results


def not_decided_so(calls: Sequence[ServiceCall], wanted: set[str]) -> list[str]:
    return [
        f"{call.principal}: {call.action} on {call.resource} for {call.source_account}: {result}"
        for call, result in zip(calls, decided(calls), strict=True)
        if result not in wanted
    ]


REFUSED = {"ImplicitlyDenied", "ExplicitlyDenied"}


def test_everything_that_a_service_has_to_do_is_allowed(stack: FilledIn) -> None:
    calls = service_calls(stack)
    assert {call.principal for call in calls if call.is_a_service} >= {
        "cloudwatch.amazonaws.com", "ecs-tasks.amazonaws.com", "events.amazonaws.com", "lambda.amazonaws.com",
        "scheduler.amazonaws.com", "states.amazonaws.com",
    }  # fmt: skip
    assert {call.action for call in calls if not call.is_a_service} >= {
        "states:StartExecution",
        "lambda:InvokeFunction",
        "sqs:SendMessage",
        "sns:Publish",
    }
    assert not_decided_so(calls, {"Allowed"}) == []


def test_no_policy_lets_a_service_do_what_nothing_in_the_template_asks_of_it(stack: FilledIn) -> None:
    assert granted_services(stack) == {
        (call.principal, call.holder) for call in service_calls(stack) if call.is_a_service
    }


def roles_in_the_vpc(stack: FilledIn) -> set[str]:
    return {
        function["Role"].rpartition("/")[2]
        for function in stack.of_type("AWS::Lambda::Function").values()
        if "VpcConfig" in function
    }


def test_nothing_is_done_for_another_account(stack: FilledIn) -> None:
    # Lambda does not always say for whom it acts when it puts a function into a VPC; and EventBridge makes a log stream
    # without saying so. Neither can be made to by somebody else: roles are passed within an account only.
    calls = [
        call.for_account("999999999999")
        for call in service_calls(stack)
        if call.is_a_service and call.holder not in roles_in_the_vpc(stack) and call.action != "logs:CreateLogStream"
    ]
    assert len(calls) > 20
    assert not_decided_so(calls, REFUSED) == []
    excused = {call.principal for call in service_calls(stack) if call.holder in roles_in_the_vpc(stack)}
    assert excused == {"lambda.amazonaws.com"}


def test_a_service_that_says_nothing_of_its_source_may_do_nothing(stack: FilledIn) -> None:
    calls = [
        replace(call, source_account="", source_arn="")
        for call in service_calls(stack)
        if call.is_a_service and call.holder not in roles_in_the_vpc(stack) and call.action != "logs:CreateLogStream"
    ]
    assert not_decided_so(calls, REFUSED) == []


def test_buckets_topic_and_queue_refuse_what_is_not_encrypted_and_buckets_old_tls(stack: FilledIn) -> None:
    under_roles = [call for call in service_calls(stack) if not call.is_a_service and call.resource_policy]
    assert {call.action.partition(":")[0] for call in under_roles} >= {"sns", "sqs"}
    open_calls = [replace(call, context={**call.context, "aws:SecureTransport": "false"}) for call in under_roles]
    assert not_decided_so(open_calls, {"ExplicitlyDenied"}) == []
    buckets = [name for name in resource_policies(stack) if stack.resources[name]["Type"] == "AWS::S3::Bucket"]
    reader = {"Statement": [{"Effect": "Allow", "Action": "s3:*", "Resource": "*"}]}
    old = [
        ServiceCall(
            "arn:aws:iam::123456789012:role/anybody", "s3:GetObject", f"{stack.arn(name)}/x", name,
            resource_policies(stack)[name], [reader], context={"aws:SecureTransport": "true", "s3:TlsVersion": "1.1"},
        )
        for name in buckets
    ]  # fmt: skip
    assert old
    assert not_decided_so(old, {"ExplicitlyDenied"}) == []
    new = [replace(call, context={**call.context, "s3:TlsVersion": "1.2"}) for call in old]
    assert not_decided_so(new, {"Allowed"}) == []


def test_no_topic_queue_or_bucket_has_a_key_that_services_would_need_rights_to(stack: FilledIn) -> None:
    # With a key of one's own, CloudWatch, Scheduler and CloudFront need rights to the key as well as to the resource.
    assert stack.of_type("AWS::KMS::Key") == {}
    text = json.dumps(stack.template).lower()
    assert "kmsmasterkeyid" not in text


def test_the_check_would_find_a_topic_whose_policy_forgets_cloudwatch(stack: FilledIn) -> None:
    calls = [call for call in service_calls(stack) if call.principal == "cloudwatch.amazonaws.com"]
    assert calls
    forgetful: list[dict[str, Any]] = [
        statement for statement in (calls[0].resource_policy or {})["Statement"] if statement["Effect"] == "Deny"
    ]
    without = [replace(calls[0], resource_policy={"Version": "2012-10-17", "Statement": forgetful})]
    assert decided(without) == ["ImplicitlyDenied"]


def test_the_check_would_find_a_principal_that_is_granted_and_never_used(stack: FilledIn) -> None:
    resources = dict(stack.resources)
    [(name, role)] = [each for each in resources.items() if each[0].startswith("SchedulesRole")][:1]
    trust = {
        "Statement": [{"Effect": "Allow", "Principal": {"Service": "glue.amazonaws.com"}, "Action": "sts:AssumeRole"}]
    }
    resources[name] = {**role, "Properties": {**role["Properties"], "AssumeRolePolicyDocument": trust}}
    assert ("glue.amazonaws.com", name) in granted_services(FilledIn({"Resources": resources}))
