"""When runs start by themselves."""

from aws_cdk import Duration, TimeZone
from aws_cdk import aws_iam as iam
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_scheduler as scheduler
from aws_cdk import aws_scheduler_targets as targets
from aws_cdk import aws_sqs as sqs
from aws_cdk import aws_stepfunctions as sfn
from constructs import Construct

from nibrs_cdk import configuration
from nibrs_cdk.acknowledgments import acknowledge, acknowledge_wildcard
from nibrs_cdk.trust import from_this_account


class Schedules(Construct):
    """Schedules of the runs and of Report age; ``dead_letters`` has a message for each failed start."""

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        schedules: configuration.Schedules,
        state_machine: sfn.IStateMachine,
        report_age: lambda_.IFunction,
    ) -> None:
        super().__init__(scope, construct_id)
        self.dead_letters = sqs.Queue(self, "DeadLetters", enforce_ssl=True, retention_period=Duration.days(14))
        acknowledge(self.dead_letters, "SQS3", "It is the dead-letter queue itself.")
        self._role = iam.Role(self, "Role", assumed_by=from_this_account(self, "scheduler.amazonaws.com"))
        acknowledge_wildcard(self._role, f"{report_age.function_arn}:*", "The versions of this one function.")
        zone = TimeZone.of(schedules.time_zone)
        for name, description, schedule in (
            ("Downloads", "Makes the downloads that are out of date", schedules.downloads),
            ("Estimates", "Makes the estimates that are out of date", schedules.estimates),
        ):
            scheduler.Schedule(
                self,
                name,
                description=description,
                schedule=scheduler.ScheduleExpression.expression(f"cron({schedule.cron})", zone),
                enabled=schedule.enabled,
                target=targets.StepFunctionsStartExecution(
                    state_machine,
                    input=scheduler.ScheduleTargetInput.from_object(schedule.request),
                    dead_letter_queue=self.dead_letters,
                    role=self._role,
                ),
            )
        scheduler.Schedule(
            self,
            "Age",
            description="Reports several times a day how long ago a run last succeeded",
            schedule=scheduler.ScheduleExpression.rate(Duration.hours(6)),
            target=targets.LambdaInvoke(report_age, dead_letter_queue=self.dead_letters, role=self._role),
        )
