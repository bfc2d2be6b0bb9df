"""The dashboard: alarms, runs, functions, containers."""

from collections.abc import Mapping, Sequence

from aws_cdk import Duration
from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_stepfunctions as sfn
from constructs import Construct

_DAY, _FIVE_MINUTES = Duration.days(1), Duration.minutes(5)


def make_dashboard(
    scope: Construct,
    alarms: Sequence[cloudwatch.IAlarm],
    state_machine: sfn.StateMachine,
    functions: Mapping[str, lambda_.Function],
    memory_in_use: Sequence[cloudwatch.IMetric],
) -> None:
    """Make the dashboard of a stack.

    Args:
        memory_in_use: the containers', in MB; empty where it is not measured.
    """
    board = cloudwatch.Dashboard(scope, "Dashboard", default_interval=Duration.days(14))
    board.add_widgets(cloudwatch.AlarmStatusWidget(title="Alarms", alarms=list(alarms), width=24, height=6))
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
    durations = cloudwatch.GraphWidget(
        title="Functions: p99 of the duration (ms)",
        left=[
            each.metric_duration(period=_FIVE_MINUTES, statistic="p99", label=name.removesuffix("Function"))
            for name, each in functions.items()
        ],
        width=12,
    )
    if not memory_in_use:
        board.add_widgets(durations)
        return
    memory = cloudwatch.GraphWidget(
        title="Containers: memory in use (MB), largest of five minutes",
        left=list(memory_in_use),
        width=12,
    )
    board.add_widgets(durations, memory)
