"""The state machine, from ``statemachines/nibrs_pipeline.asl.json``."""

from collections.abc import Mapping
from pathlib import Path

from aws_cdk import ArnFormat, Stack
from aws_cdk import aws_iam as iam
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_logs as logs
from aws_cdk import aws_s3 as s3
from aws_cdk import aws_stepfunctions as sfn
from constructs import Construct

DEFINITION = Path(__file__).resolve().parents[2] / "statemachines" / "nibrs_pipeline.asl.json"
NAME = "nibrs-pipeline"


class Workflow(Construct):
    """The state machine with the functions filled in, and a role that may do what its states do."""

    def __init__(
        self, scope: Construct, construct_id: str, *, functions: Mapping[str, lambda_.IFunction], bucket: s3.IBucket
    ) -> None:
        super().__init__(scope, construct_id)
        self.state_machine = sfn.StateMachine(
            self,
            "Pipeline",
            state_machine_name=NAME,
            definition_body=sfn.DefinitionBody.from_string(DEFINITION.read_text(encoding="utf-8")),
            definition_substitutions={name: function.function_arn for name, function in functions.items()},
            tracing_enabled=True,
            logs=sfn.LogOptions(
                destination=logs.LogGroup(self, "Logs", retention=logs.RetentionDays.THREE_MONTHS),
                level=sfn.LogLevel.ALL,
            ),
        )
        for function in functions.values():
            function.grant_invoke(self.state_machine)
        self._grant_objects(bucket)
        self._grant_distributed_maps()

    def _grant_objects(self, bucket: s3.IBucket) -> None:
        """Read the work lists; record failed items."""
        for action, keys in (("s3:GetObject", "runs/*/plan/*"), ("s3:PutObject", "runs/*/failures/*")):
            self.state_machine.add_to_role_policy(
                iam.PolicyStatement(actions=[action], resources=[bucket.arn_for_objects(keys)])
            )

    def _grant_distributed_maps(self) -> None:
        """A distributed Map starts executions of its own state machine."""
        stack = Stack.of(self)
        machine = stack.format_arn(
            service="states", resource="stateMachine", resource_name=NAME, arn_format=ArnFormat.COLON_RESOURCE_NAME
        )
        executions = stack.format_arn(
            service="states", resource="execution", resource_name=f"{NAME}/*", arn_format=ArnFormat.COLON_RESOURCE_NAME
        )
        for actions, resource in (
            (["states:StartExecution"], machine),
            (["states:DescribeExecution", "states:StopExecution"], executions),
        ):
            policy = iam.PolicyStatement(actions=actions, resources=[resource])
            self.state_machine.add_to_role_policy(policy)
