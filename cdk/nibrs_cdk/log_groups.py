"""Log groups: all with the same retention, and none that outlives its stack under a name that the next one needs."""

from dataclasses import dataclass

from aws_cdk import RemovalPolicy
from aws_cdk import aws_logs as logs
from constructs import Construct

from nibrs_cdk.acknowledgments import acknowledge_controls
from nibrs_cdk.configuration import Retention

_RETENTION = {
    7: logs.RetentionDays.ONE_WEEK,
    30: logs.RetentionDays.ONE_MONTH,
    90: logs.RetentionDays.THREE_MONTHS,
    180: logs.RetentionDays.SIX_MONTHS,
    365: logs.RetentionDays.ONE_YEAR,
    1827: logs.RetentionDays.FIVE_YEARS,
}


def removal_policy(retention: Retention) -> RemovalPolicy:
    """What happens to data and logs when the stack goes.

    Nothing is kept from a creation that was rolled back, since it would block the next try.
    """
    return RemovalPolicy.RETAIN_ON_UPDATE_OR_DELETE if retention.keep_data else RemovalPolicy.DESTROY


@dataclass(frozen=True)
class LogGroups:
    """Makes the stack's log groups."""

    retention: Retention

    def make(self, scope: Construct, construct_id: str, *, name: str | None = None) -> logs.LogGroup:
        """A log group.

        Args:
            name: its name, which has to be one that no other stack has had; by default CloudFormation makes one.
        """
        group = logs.LogGroup(
            scope,
            construct_id,
            log_group_name=name,
            retention=_RETENTION[self.retention.logs],
            removal_policy=removal_policy(self.retention),
        )
        acknowledge_controls(
            group,
            "CloudWatchLogGroupEncrypted",
            "CloudWatch encrypts logs with keys of its own; what is in them are keys, counts and messages, no records.",
        )
        return group
