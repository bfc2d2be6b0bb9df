"""Alarms and dashboard: every metric exists, every alarm is explained, a failed run sends one mail."""

import json
import re
from typing import Any

import pytest
from nibrs_cdk.monitoring import NAMESPACE, SERVICE

from tests.infrastructure.filled_in import FilledIn
from tests.infrastructure.synthesis import REPOSITORY

#: What exists in AWS's namespaces, with the dimensions under which it is put (the services' documentation of metrics).
METRICS = {
    "AWS/States": {
        name: [{"StateMachineArn"}]
        for name in (
            "ExecutionsFailed", "ExecutionsTimedOut", "ExecutionsAborted", "ExecutionsSucceeded", "ExecutionTime",
        )
    },
    "AWS/Lambda": {name: [{"FunctionName"}] for name in ("Errors", "Duration")},
    "AWS/SQS": {"ApproximateNumberOfMessagesVisible": [{"QueueName"}]},
    "AWS/Events": {"TriggeredRules": [{"RuleName"}]},
    # In MB; AWS/ECS has percentages, and those of services alone.
    "ECS/ContainerInsights": {"MemoryUtilized": [{"ClusterName"}, {"ClusterName", "TaskDefinitionFamily"}]},
}  # fmt: skip
#: What of the dimensions names a resource of the stack, and by what.
_TYPES = {
    "StateMachineArn": "AWS::StepFunctions::StateMachine", "FunctionName": "AWS::Lambda::Function",
    "QueueName": "AWS::SQS::Queue", "RuleName": "AWS::Events::Rule", "ClusterName": "AWS::ECS::Cluster",
}  # fmt: skip


@pytest.fixture(scope="module", params=["given", "trial"])
def stack(request: pytest.FixtureRequest) -> FilledIn:
    return FilledIn(request.getfixturevalue(request.param))


def own_metrics() -> set[str]:
    """Metrics that the functions' code puts without a dimension of its own."""
    handlers = (REPOSITORY / "lambdas" / "nibrs_pipeline" / "handlers").glob("*.py")
    return {name for path in handlers for name in re.findall(r'metrics\.add_metric\(\s*name="(\w+)"', path.read_text())}


def alarms(stack: FilledIn) -> dict[str, dict[str, Any]]:
    """Alarms by their name, as the documentation has it."""
    both = {**stack.of_type("AWS::CloudWatch::Alarm"), **stack.of_type("AWS::CloudWatch::CompositeAlarm")}
    named = {each["AlarmDescription"].partition(":")[0]: each for each in both.values()}
    # The helper of FailureNotTold is described by its name.
    assert len(named) == len(both) - 1
    return named


def metrics_of_alarms(stack: FilledIn) -> list[tuple[str, str, dict[str, str]]]:
    found = []
    for alarm in stack.of_type("AWS::CloudWatch::Alarm").values():
        queries = [each["MetricStat"]["Metric"] for each in alarm.get("Metrics", []) if "MetricStat" in each]
        for metric in queries or [alarm]:
            dimensions = {each["Name"]: each["Value"] for each in metric.get("Dimensions", [])}
            found.append((metric["Namespace"], metric["MetricName"], dimensions))
    return found


def dashboard(stack: FilledIn) -> dict[str, Any]:
    [board] = stack.of_type("AWS::CloudWatch::Dashboard").values()
    body: dict[str, Any] = json.loads(board["DashboardBody"])
    return body


def metrics_of_dashboard(stack: FilledIn) -> list[tuple[str, str, dict[str, str]]]:
    found = []
    for widget in dashboard(stack)["widgets"]:
        for line in widget["properties"].get("metrics", []):
            namespace, name, *rest = [each for each in line if isinstance(each, str)]
            found.append((namespace, name, dict(zip(rest[::2], rest[1::2], strict=True))))
    return found


def test_every_metric_that_is_watched_or_shown_exists(stack: FilledIn) -> None:
    watched, shown = metrics_of_alarms(stack), metrics_of_dashboard(stack)
    assert len(watched) > 20
    assert len(shown) > 10
    for namespace, name, dimensions in watched + shown:
        if namespace == NAMESPACE:
            assert (name in own_metrics(), dimensions) == (True, {"service": SERVICE}), name
            continue
        assert set(dimensions) in METRICS[namespace][name], (namespace, name, dimensions)
        for dimension, value in dimensions.items():
            assert value in values_of(stack, dimension), (namespace, name, dimension, value)


def values_of(stack: FilledIn, dimension: str) -> set[str]:
    """What a dimension can be: names and ARNs of the stack's resources."""
    if dimension == "TaskDefinitionFamily":
        return {each["Family"] for each in stack.of_type("AWS::ECS::TaskDefinition").values()}
    names = set(stack.of_type(_TYPES[dimension]))
    return names | {stack.arn(name) for name in names} | {f"{name}.{dimension}" for name in names}


def test_memory_is_shown_where_it_is_measured_and_in_the_unit_in_which_it_is(stack: FilledIn) -> None:
    [cluster] = stack.of_type("AWS::ECS::Cluster").values()
    measured = cluster["ClusterSettings"] == [{"Name": "containerInsights", "Value": "enabled"}]
    titles = [widget["properties"].get("title", "") for widget in dashboard(stack)["widgets"]]
    assert [title for title in titles if "memory" in title] == (
        ["Containers: memory in use (MB), largest of five minutes"] if measured else []
    )


def test_memory_is_shown_of_every_task(given: dict[str, Any]) -> None:
    stack = FilledIn(given)
    shown = {
        dimensions["TaskDefinitionFamily"]
        for namespace, _, dimensions in metrics_of_dashboard(stack)
        if namespace == "ECS/ContainerInsights"
    }
    assert shown == {each["Family"] for each in stack.of_type("AWS::ECS::TaskDefinition").values()}


def test_the_trial_alarm_of_the_documentation_is_one_alarm_of_the_stack(given: dict[str, Any]) -> None:
    page = (REPOSITORY / "docs" / "deployment.md").read_text()
    [(stack_name, logical)] = re.findall(r"--alarm-name-prefix (NibrsPipeline)-(\w+)", page)
    assert f'stack_name = "{stack_name}"' in (REPOSITORY / "cdk" / "config" / "production.toml").read_text()
    # CloudFormation names an alarm after the stack, its logical identifier, and letters of its own.
    [alarm] = [name for name in FilledIn(given).of_type("AWS::CloudWatch::Alarm") if name.startswith(logical)]
    assert FilledIn(given).of_type("AWS::CloudWatch::Alarm")[alarm]["AlarmActions"]


def test_every_alarm_has_a_heading_in_the_documentation(stack: FilledIn) -> None:
    text = (REPOSITORY / "docs" / "operations.md").read_text()
    headings = set(re.findall(r"^### (\w+)", text, re.MULTILINE))
    for name in alarms(stack):
        general = re.sub(r"^\w+?(Errors|Slow)$", r"\1", name)
        assert {name, f"Function{general}"} & headings, name


#: What no notice of a failed run tells.
MAILS = {
    "FailureNotTold", "RunsTimedOut", "RunsAborted", "StateYearsTolerated", "SchedulesNotStarted", "NoSuccess",
    "ReportAgeErrors",
}  # fmt: skip


def test_a_failed_run_sends_one_mail_and_what_no_notice_tells_sends_another(stack: FilledIn) -> None:
    web = {"CachesNotRefreshed"} if stack.of_type("AWS::CloudFront::Distribution") else set()
    mailing = {name for name, alarm in alarms(stack).items() if alarm.get("AlarmActions")}
    assert {name for name in mailing if not name.endswith("Slow")} == MAILS | web
    silent = set(alarms(stack)) - mailing
    assert silent >= {"RunsFailed", "ContainersFailed", "ContainersNotStarted", "PlanRunErrors", "PublishErrors"}
    [topic] = stack.of_type("AWS::SNS::Topic")
    assert {tuple(alarm["AlarmActions"]) for name, alarm in alarms(stack).items() if name in mailing} == {
        (stack.arn(topic),)
    }


def test_the_documentation_says_of_each_alarm_whether_it_sends_a_mail(stack: FilledIn) -> None:
    text = (REPOSITORY / "docs" / "operations.md").read_text()
    table = dict(re.findall(r"^\| (\w+) \| .* \| (yes|no) \|$", text, re.MULTILINE))
    for name, alarm in alarms(stack).items():
        row = re.sub(r"^(?!ReportAgeErrors)\w+?(Errors|Slow)$", r"Function\1", name)
        assert table[row] == ("yes" if alarm.get("AlarmActions") else "no"), name


def test_a_failed_run_whose_notice_was_not_sent_is_told_by_an_alarm(stack: FilledIn) -> None:
    [composite] = stack.of_type("AWS::CloudWatch::CompositeAlarm").values()
    simple = stack.of_type("AWS::CloudWatch::Alarm")
    [failed] = [name for name, alarm in simple.items() if alarm.get("MetricName") == "ExecutionsFailed"]
    [told] = [name for name, alarm in simple.items() if alarm.get("MetricName") == "FailuresTold"]
    assert composite["AlarmRule"] == f'ALARM("{stack.arn(failed)}")'
    assert composite["ActionsSuppressor"] == stack.arn(told)
    # It waits for the notice's metric; and a notice keeps quiet for longer than a failed run stays an alarm.
    assert composite["ActionsSuppressorWaitPeriod"] >= 120
    assert simple[told]["Period"] > simple[failed]["Period"]


def test_no_success_does_not_silence_itself(stack: FilledIn) -> None:
    alarm = alarms(stack)["NoSuccess"]
    assert alarm["TreatMissingData"] == "breaching"
    assert alarm["Threshold"] <= 90
    [age] = [
        each for each in stack.of_type("AWS::Scheduler::Schedule").values() if "rate" in each["ScheduleExpression"]
    ]
    # Several values a day, so that one that is late is no alarm.
    assert (age["ScheduleExpression"], alarm["Period"]) == ("rate(6 hours)", 86400)
    others = [each for name, each in alarms(stack).items() if name not in ("NoSuccess", "FailureNotTold")]
    assert {each["TreatMissingData"] for each in others} == {"notBreaching"}


def test_containers_that_failed_and_that_never_started_are_both_seen(stack: FilledIn) -> None:
    patterns = [rule["EventPattern"]["detail"] for rule in stack.of_type("AWS::Events::Rule").values()]
    [cluster] = stack.of_type("AWS::ECS::Cluster")
    for pattern in patterns:
        assert pattern.pop("clusterArn") == [stack.arn(cluster)]
        assert pattern.pop("lastStatus") == ["STOPPED"]
    assert sorted(patterns, key=str) == [
        # Ours by its name: a sidecar that is stopped with it has an exit code, too.
        {"containers": {"name": ["estimation", "pipeline"], "exitCode": [{"anything-but": 0}]}},
        {"stopCode": ["TaskFailedToStart"]},
    ]


def test_a_function_that_was_cut_off_is_not_called_slow_as_well(stack: FilledIn) -> None:
    limits = {name: each["Timeout"] * 1000 for name, each in stack.of_type("AWS::Lambda::Function").items()}
    slow = {name: each for name, each in alarms(stack).items() if name.endswith("Slow")}
    assert len(slow) >= 11
    for alarm in slow.values():
        [expression] = [each["Expression"] for each in alarm["Metrics"] if "Expression" in each]
        [metric] = [each["MetricStat"]["Metric"] for each in alarm["Metrics"] if "MetricStat" in each]
        limit = limits[metric["Dimensions"][0]["Value"]]
        assert expression == f"IF(duration < {limit}, duration, 0)"
        assert alarm["Threshold"] == 0.9 * limit


def test_mails_go_to_the_addresses_of_the_configuration(given: dict[str, Any]) -> None:
    [subscription] = FilledIn(given).of_type("AWS::SNS::Subscription").values()
    assert subscription["Endpoint"] == "operations@example.org"


def test_executions_are_logged_with_what_goes_in_and_out(stack: FilledIn) -> None:
    [machine] = stack.of_type("AWS::StepFunctions::StateMachine").values()
    logging = machine["LoggingConfiguration"]
    assert (logging["Level"], logging["IncludeExecutionData"]) == ("ALL", True)
    assert "with inputs and outputs" in (REPOSITORY / "docs" / "security.md").read_text()
