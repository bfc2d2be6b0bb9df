"""Alarms, the topic that is told of failed runs and of alarms, and what they watch.

A run that fails sends one mail, its own notice. So an alarm about what belongs to a failed run is a tile on the
dashboard and sends no mail; alarms about what no notice reports send one.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import jsii
from aws_cdk import ArnFormat, Duration, Stack
from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_cloudwatch_actions as actions
from aws_cdk import aws_ecs as ecs
from aws_cdk import aws_events as events
from aws_cdk import aws_iam as iam
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_logs as logs
from aws_cdk import aws_sns as sns
from aws_cdk import aws_sns_subscriptions as subscriptions
from aws_cdk import aws_sqs as sqs
from aws_cdk import aws_stepfunctions as sfn
from aws_cdk.interfaces.aws_events import IRuleRef
from constructs import Construct

from nibrs_cdk.acknowledgments import acknowledge_controls
from nibrs_cdk.configuration import Alarms
from nibrs_cdk.dashboard import make_dashboard
from nibrs_cdk.estimation import CONTAINER
from nibrs_cdk.log_groups import LogGroups
from nibrs_cdk.pipeline_tasks import CONTAINER as PIPELINE

#: Where the functions put their own metrics (``observability`` in nibrs_pipeline).
NAMESPACE, SERVICE = "NibrsPipeline", "nibrs-pipeline"

_DAY, _QUARTER, _FIVE_MINUTES = Duration.days(1), Duration.minutes(15), Duration.minutes(5)


@jsii.implements(events.IRuleTarget)
class _LogGroup:
    """A log group as the target of a rule; CDK's own brings a custom resource with rights on all resources."""

    def __init__(self, log_group: logs.ILogGroup) -> None:
        self._log_group = log_group

    def bind(self, rule: IRuleRef, id: str | None = None) -> events.RuleTargetConfig:
        """The target's configuration."""
        name = Stack.of(self._log_group).format_arn(
            service="logs",
            resource="log-group",
            resource_name=self._log_group.log_group_name,
            arn_format=ArnFormat.COLON_RESOURCE_NAME,
        )
        return events.RuleTargetConfig(arn=name)


class Topic(Construct):
    """Where failures and alarms go."""

    def __init__(self, scope: Construct, construct_id: str, *, alarms: Alarms) -> None:
        super().__init__(scope, construct_id)
        self.topic = sns.Topic(self, "Topic", display_name="NIBRS runs that failed, and alarms", enforce_ssl=True)
        acknowledge_controls(
            self.topic,
            "SNSEncryptedKMS",
            "Its messages name runs, states and errors and leave it as mails; the key that AWS manages for SNS would "
            "shut the alarms out.",
        )
        for email in alarms.emails:
            self.topic.add_subscription(subscriptions.EmailSubscription(email))
        self._let_alarms_publish()

    def _let_alarms_publish(self) -> None:
        """A topic has a policy that lets its account's alarms publish, until it is given another: as here, for TLS."""
        stack = Stack.of(self)
        alarms = stack.format_arn(
            service="cloudwatch", resource="alarm", resource_name="*", arn_format=ArnFormat.COLON_RESOURCE_NAME
        )
        self.topic.add_to_resource_policy(
            iam.PolicyStatement(
                sid="AlarmsOfThisAccount",
                principals=[iam.ServicePrincipal("cloudwatch.amazonaws.com")],
                actions=["sns:Publish"],
                resources=[self.topic.topic_arn],
                conditions={
                    "StringEquals": {"aws:SourceAccount": stack.account},
                    "ArnLike": {"aws:SourceArn": alarms},
                },
            )
        )


@dataclass(frozen=True)
class _Watch:
    """An alarm: what it watches, from which value on, and whether it sends a mail."""

    name: str
    metric: cloudwatch.IMetric
    threshold: float = 1
    mails: bool = True
    missing: cloudwatch.TreatMissingData = field(default=cloudwatch.TreatMissingData.NOT_BREACHING)


class Monitoring(Construct):
    """One alarm per thing that can go wrong; docs/operations.md has a heading for each.

    Args:
        functions: by name; ``of_state_machine`` are those whose failures fail a run, which sends its own notice.
        containers_memory: what containers use, in MB; empty where it is not measured.
        web_caches: whether Publish has caches to refresh.
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        alarms: Alarms,
        topic: sns.ITopic,
        state_machine: sfn.StateMachine,
        functions: Mapping[str, lambda_.Function],
        of_state_machine: Mapping[str, lambda_.Function],
        cluster: ecs.ICluster,
        containers_memory: Sequence[cloudwatch.IMetric],
        dead_letters: sqs.Queue,
        web_caches: bool,
        log_groups: LogGroups,
    ) -> None:
        super().__init__(scope, construct_id)
        self._action = actions.SnsAction(topic)
        self.alarms: list[cloudwatch.IAlarm] = []
        self._watch_runs(state_machine)
        self._watch_containers(cluster, log_groups)
        for watch in (
            _Watch("StateYearsTolerated", _own_metric("StateYearsTolerated", "Sum", _FIVE_MINUTES)),
            _Watch(
                "SchedulesNotStarted", dead_letters.metric_approximate_number_of_messages_visible(period=_FIVE_MINUTES)
            ),
            _Watch(
                "NoSuccess",
                _own_metric("DaysSinceSuccess", "Maximum", _DAY),
                alarms.days_without_publication,
                # Report age reports it several times a day in any case, so that missing data are a fault, too.
                missing=cloudwatch.TreatMissingData.BREACHING,
            ),
        ):
            self._alarm(watch)
        if web_caches:
            self._alarm(_Watch("CachesNotRefreshed", _own_metric("CachesNotRefreshed", "Sum", _FIVE_MINUTES)))
        for name, function in functions.items():
            self._watch_function(name.removesuffix("Function"), function, in_a_run=name in of_state_machine)
        make_dashboard(self, self.alarms, state_machine, functions, containers_memory)

    def _watch_runs(self, state_machine: sfn.StateMachine) -> None:
        failed = self._alarm(
            _Watch("RunsFailed", state_machine.metric_failed(period=_FIVE_MINUTES, statistic="Sum"), mails=False)
        )
        self._alarm(_Watch("RunsTimedOut", state_machine.metric_timed_out(period=_FIVE_MINUTES, statistic="Sum")))
        self._alarm(_Watch("RunsAborted", state_machine.metric_aborted(period=_FIVE_MINUTES, statistic="Sum")))
        told = cloudwatch.Alarm(
            self,
            "FailuresTold",
            alarm_description="FailureNotTold: on after a notice of a failed run, which makes another mail needless",
            metric=_own_metric("FailuresTold", "Sum", _QUARTER),
            threshold=1,
            evaluation_periods=1,
            comparison_operator=cloudwatch.ComparisonOperator.GREATER_THAN_OR_EQUAL_TO_THRESHOLD,
            treat_missing_data=cloudwatch.TreatMissingData.NOT_BREACHING,
        )
        acknowledge_controls(
            told, "CloudWatchAlarmAction", "It keeps FailureNotTold from telling what is told already."
        )
        not_told = cloudwatch.CompositeAlarm(
            self,
            "FailureNotTold",
            alarm_description=_description("FailureNotTold"),
            alarm_rule=cloudwatch.AlarmRule.from_alarm(failed, cloudwatch.AlarmState.ALARM),
            # Both metrics arrive within a minute or two, in either order.
            actions_suppressor=told,
            actions_suppressor_wait_period=_FIVE_MINUTES,
            actions_suppressor_extension_period=_FIVE_MINUTES,
        )
        not_told.add_alarm_action(self._action)
        self.alarms.append(not_told)

    def _watch_function(self, name: str, function: lambda_.Function, in_a_run: bool) -> None:
        errors = function.metric_errors(period=_FIVE_MINUTES, statistic="Sum")
        self._alarm(_Watch(f"{name}Errors", errors, mails=not in_a_run))
        if function.timeout is None:
            return
        # At nine tenths of its time a function is about to be cut off. A call that was cut off fails its run, which is
        # reported.
        limit = function.timeout.to_milliseconds()
        duration = cloudwatch.MathExpression(
            expression=f"IF(duration < {limit}, duration, 0)",
            using_metrics={"duration": function.metric_duration(period=_FIVE_MINUTES, statistic="p99")},
            period=_FIVE_MINUTES,
            label=f"{name}: p99 of the duration (ms)",
        )
        self._alarm(_Watch(f"{name}Slow", duration, 0.9 * limit))

    def _watch_containers(self, cluster: ecs.ICluster, log_groups: LogGroups) -> None:
        """Counts containers that failed or never started, and keeps what ECS says of them in a log."""
        log_group = log_groups.make(self, "StoppedContainersLog")
        patterns: dict[str, dict[str, Any]] = {
            "ContainersFailed": {"containers": {"name": [CONTAINER, PIPELINE], "exitCode": [{"anything-but": 0}]}},
            # There is no exit code then: no image, no network interface, no capacity.
            "ContainersNotStarted": {"stopCode": ["TaskFailedToStart"]},
        }
        rules = []
        for name, detail in patterns.items():
            rule = events.Rule(
                self,
                f"{name}Rule",
                description=f"Containers: {name}",
                event_pattern=events.EventPattern(
                    source=["aws.ecs"],
                    detail_type=["ECS Task State Change"],
                    detail={"clusterArn": [cluster.cluster_arn], "lastStatus": ["STOPPED"], **detail},
                ),
            )
            rule.add_target(_LogGroup(log_group))
            rules.append(rule.rule_arn)
            metric = cloudwatch.Metric(
                namespace="AWS/Events",
                metric_name="TriggeredRules",
                dimensions_map={"RuleName": rule.rule_name},
                period=_FIVE_MINUTES,
                statistic="Sum",
            )
            self._alarm(_Watch(name, metric, mails=False))
        _let_rules_write(log_group, rules)

    def _alarm(self, watch: _Watch) -> cloudwatch.Alarm:
        alarm = cloudwatch.Alarm(
            self,
            watch.name,
            alarm_description=_description(watch.name),
            metric=watch.metric,
            threshold=watch.threshold,
            evaluation_periods=1,
            comparison_operator=cloudwatch.ComparisonOperator.GREATER_THAN_OR_EQUAL_TO_THRESHOLD,
            treat_missing_data=watch.missing,
        )
        if watch.mails:
            alarm.add_alarm_action(self._action)
        else:
            acknowledge_controls(
                alarm,
                "CloudWatchAlarmAction",
                "It belongs to runs that fail, and a failed run sends one mail, its notice; FailureNotTold sees to it.",
            )
        self.alarms.append(alarm)
        return alarm


def _description(name: str) -> str:
    return f"{name}: see the heading of this name in docs/operations.md"


def _let_rules_write(log_group: logs.LogGroup, rules: list[str]) -> None:
    """EventBridge makes streams without saying for which rule, and writes into them for a rule."""
    events_service = iam.ServicePrincipal("events.amazonaws.com")
    for actions_, conditions in (
        (["logs:CreateLogStream"], None),
        (["logs:PutLogEvents"], {"ArnEquals": {"aws:SourceArn": rules}}),
    ):
        log_group.add_to_resource_policy(
            iam.PolicyStatement(
                principals=[events_service],
                actions=actions_,
                resources=[log_group.log_group_arn],
                conditions=conditions,
            )
        )


def _own_metric(name: str, statistic: str, period: Duration) -> cloudwatch.Metric:
    return cloudwatch.Metric(
        namespace=NAMESPACE,
        metric_name=name,
        dimensions_map={"service": SERVICE},
        statistic=statistic,
        period=period,
    )
