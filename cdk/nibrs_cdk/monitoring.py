"""Dashboard and alarms, and the topic that is told of failed runs and of alarms."""

from collections.abc import Mapping

import jsii
from aws_cdk import ArnFormat, Duration, Stack
from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_cloudwatch_actions as actions
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

from nibrs_cdk.configuration import Alarms
from nibrs_cdk.estimation import Estimation

#: Where the functions put their own metrics (``observability`` in nibrs_pipeline).
NAMESPACE, SERVICE = "NibrsPipeline", "nibrs-pipeline"

_DAY, _FIVE_MINUTES = Duration.days(1), Duration.minutes(5)


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
        for email in alarms.emails:
            self.topic.add_subscription(subscriptions.EmailSubscription(email))


class Monitoring(Construct):
    """One alarm per thing that can go wrong; docs/operations.md has a heading for each."""

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        alarms: Alarms,
        topic: sns.ITopic,
        state_machine: sfn.StateMachine,
        functions: Mapping[str, lambda_.Function],
        estimation: Estimation,
        dead_letters: sqs.Queue,
        log_retention: logs.RetentionDays,
    ) -> None:
        super().__init__(scope, construct_id)
        self._action = actions.SnsAction(topic)
        self.alarms: list[cloudwatch.Alarm] = []
        for name, metric in (
            ("RunsFailed", state_machine.metric_failed(period=_FIVE_MINUTES, statistic="Sum")),
            ("RunsTimedOut", state_machine.metric_timed_out(period=_FIVE_MINUTES, statistic="Sum")),
            ("RunsAborted", state_machine.metric_aborted(period=_FIVE_MINUTES, statistic="Sum")),
            ("StateYearsMissing", _own_metric("StateYearsMissing", "Sum", _FIVE_MINUTES)),
            ("ContainersStopped", self._stopped_containers(estimation, log_retention)),
            ("SchedulesNotStarted", dead_letters.metric_approximate_number_of_messages_visible(period=_FIVE_MINUTES)),
        ):
            self._alarm(name, metric, 1)
        self._alarm("NoSuccess", _own_metric("DaysSinceSuccess", "Maximum", _DAY), alarms.days_without_publication)
        for name, function in functions.items():
            self._watch_function(name.removesuffix("Function"), function)
        self._dashboard(state_machine, functions, estimation)

    def _watch_function(self, name: str, function: lambda_.Function) -> None:
        self._alarm(f"{name}Errors", function.metric_errors(period=_FIVE_MINUTES, statistic="Sum"), 1)
        if function.timeout is None:
            return
        # At nine tenths of its time a function is about to be cut off.
        duration = function.metric_duration(period=_FIVE_MINUTES, statistic="p99")
        self._alarm(f"{name}Slow", duration, 0.9 * function.timeout.to_milliseconds())

    def _stopped_containers(self, estimation: Estimation, log_retention: logs.RetentionDays) -> cloudwatch.Metric:
        """Counts containers that ended with another exit code than 0, and keeps what ECS says of them in a log."""
        rule = events.Rule(
            self,
            "StoppedContainers",
            description="Estimation containers that failed",
            event_pattern=events.EventPattern(
                source=["aws.ecs"],
                detail_type=["ECS Task State Change"],
                detail={
                    "clusterArn": [estimation.cluster.cluster_arn],
                    "lastStatus": ["STOPPED"],
                    "containers": {"exitCode": [{"anything-but": 0}]},
                },
            ),
        )
        log_group = logs.LogGroup(self, "StoppedContainersLog", retention=log_retention)
        log_group.grant_write(iam.ServicePrincipal("events.amazonaws.com"))
        rule.add_target(_LogGroup(log_group))
        return cloudwatch.Metric(
            namespace="AWS/Events",
            metric_name="TriggeredRules",
            dimensions_map={"RuleName": rule.rule_name},
            period=_FIVE_MINUTES,
            statistic="Sum",
        )

    def _alarm(self, name: str, metric: cloudwatch.IMetric, threshold: float) -> None:
        alarm = cloudwatch.Alarm(
            self,
            name,
            alarm_description=f"{name}: see the heading of this name in docs/operations.md",
            metric=metric,
            threshold=threshold,
            evaluation_periods=1,
            comparison_operator=cloudwatch.ComparisonOperator.GREATER_THAN_OR_EQUAL_TO_THRESHOLD,
            treat_missing_data=cloudwatch.TreatMissingData.NOT_BREACHING,
        )
        alarm.add_alarm_action(self._action)
        self.alarms.append(alarm)

    def _dashboard(
        self, state_machine: sfn.StateMachine, functions: Mapping[str, lambda_.Function], estimation: Estimation
    ) -> None:
        board = cloudwatch.Dashboard(self, "Dashboard", default_interval=Duration.days(14))
        board.add_widgets(cloudwatch.AlarmStatusWidget(title="Alarms", alarms=self.alarms, width=24, height=4))
        board.add_widgets(
            cloudwatch.GraphWidget(
                title="Runs per day",
                left=[
                    state_machine.metric_succeeded(period=_DAY, statistic="Sum", label="succeeded"),
                    state_machine.metric_failed(period=_DAY, statistic="Sum", label="failed"),
                    state_machine.metric_timed_out(period=_DAY, statistic="Sum", label="timed out"),
                ],
                width=12,
            ),
            cloudwatch.GraphWidget(
                title="Duration of a run (ms), longest of the day",
                left=[state_machine.metric_time(period=_DAY, statistic="Maximum", label="run")],
                width=12,
            ),
        )
        board.add_widgets(
            cloudwatch.GraphWidget(
                title="Functions: p99 of the duration (ms)",
                left=[
                    each.metric_duration(period=_FIVE_MINUTES, statistic="p99", label=name.removesuffix("Function"))
                    for name, each in functions.items()
                ],
                width=12,
            ),
            cloudwatch.GraphWidget(
                title="Containers: memory in use (%)",
                left=[estimation.cluster.metric("MemoryUtilized", statistic="Maximum", label="MB in use")],
                width=12,
            ),
        )


def _own_metric(name: str, statistic: str, period: Duration) -> cloudwatch.Metric:
    return cloudwatch.Metric(
        namespace=NAMESPACE,
        metric_name=name,
        dimensions_map={"service": SERVICE},
        statistic=statistic,
        period=period,
    )
