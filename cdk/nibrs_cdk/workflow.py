"""The state machine, from ``statemachines/nibrs_pipeline.asl.json``."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from aws_cdk import ArnFormat, Aws, Fn, Stack
from aws_cdk import aws_ecs as ecs
from aws_cdk import aws_iam as iam
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_s3 as s3
from aws_cdk import aws_stepfunctions as sfn
from constructs import Construct

from nibrs_cdk.acknowledgments import acknowledge, acknowledge_objects, acknowledge_wildcard
from nibrs_cdk.estimation import Estimation
from nibrs_cdk.log_groups import LogGroups
from nibrs_cdk.pipeline_tasks import PipelineTasks
from nibrs_cdk.trust import from_this_account

DEFINITION = Path(__file__).resolve().parents[2] / "statemachines" / "nibrs_pipeline.asl.json"

#: What the states themselves read and write; everything else is done by functions and containers.
_WORK_LISTS = "runs/*/plan/*"
_FAILURES = ("runs/*/failures/*", "runs/*/estimation/*/failures/*")


class Workflow(Construct):
    """The state machine with everything filled in, and a role that may do what its states do."""

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        name: str,
        functions: Mapping[str, lambda_.IFunction],
        estimation: Estimation,
        pipeline: PipelineTasks,
        bucket: s3.IBucket,
        log_groups: LogGroups,
    ) -> None:
        super().__init__(scope, construct_id)
        self._name = name
        self._role = iam.Role(self, "Role", assumed_by=from_this_account(self, "states.amazonaws.com"))
        self.state_machine = sfn.StateMachine(
            self,
            "Pipeline",
            state_machine_name=name,
            definition_body=sfn.DefinitionBody.from_string(_of_any_partition(DEFINITION.read_text(encoding="utf-8"))),
            definition_substitutions={
                "Partition": Aws.PARTITION,
                **{name: function.function_arn for name, function in functions.items()},
                **estimation.substitutions,
                **pipeline.substitutions,
            },
            role=self._role,
            tracing_enabled=True,
            logs=sfn.LogOptions(
                # Step Functions delivers to groups of this prefix without a resource policy that could grow too long.
                destination=log_groups.make(self, "Logs", name=f"/aws/vendedlogs/states/{name}-{_once(self)}"),
                level=sfn.LogLevel.ALL,
                # Inputs and outputs are keys and counts; without them a failure cannot be followed.
                include_execution_data=True,
            ),
        )
        self._allow(["lambda:InvokeFunction"], [function.function_arn for function in functions.values()])
        self._allow_objects(bucket)
        self._allow_executions()
        self._allow_tasks(estimation.cluster, [*estimation.tasks.values(), *pipeline.handlers.values()])
        acknowledge(self._role, "IAM5[Resource::*]", "X-Ray and log delivery know no resources.")
        acknowledge_objects(self._role, bucket, [_WORK_LISTS, *_FAILURES])

    def _allow(self, actions: list[str], resources: list[str], conditions: Mapping[str, object] | None = None) -> None:
        self.state_machine.add_to_role_policy(
            iam.PolicyStatement(actions=actions, resources=resources, conditions=conditions)
        )

    def _allow_objects(self, bucket: s3.IBucket) -> None:
        """Read the work lists; record failed items."""
        self._allow(["s3:GetObject"], [bucket.arn_for_objects(_WORK_LISTS)])
        self._allow(["s3:PutObject"], [bucket.arn_for_objects(key) for key in _FAILURES])

    def _allow_executions(self) -> None:
        """A distributed Map starts executions of its own state machine, looks at them and stops them.

        AWS documents the rights to do so on the executions of the machine's name, and has a Map's under its label; a
        state also asks whether another execution of a run has ended.
        """
        self._allow(["states:StartExecution"], [self._arn("states", "stateMachine", self._name)])
        executions = [self._arn("states", "execution", f"{self._name}{each}") for each in (":*", "/*")]
        self._allow(["states:DescribeExecution", "states:StopExecution"], executions)
        for each in executions:
            acknowledge_wildcard(self._role, each, "Executions have no name before they exist.")

    def _allow_tasks(self, cluster: ecs.ICluster, definitions: Sequence[ecs.FargateTaskDefinition]) -> None:
        """Run tasks, and be told by EventBridge when they stop."""
        self._allow(["ecs:RunTask"], [task.task_definition_arn for task in definitions])
        tasks = Stack.of(self).format_arn(service="ecs", resource="task", resource_name=f"{cluster.cluster_name}/*")
        self._allow(["ecs:StopTask", "ecs:DescribeTasks"], [tasks])
        acknowledge_wildcard(self._role, tasks, "Tasks of this cluster have no name before they exist.")
        rule = Stack.of(self).format_arn(
            service="events", resource="rule", resource_name="StepFunctionsGetEventsForECSTaskRule"
        )
        self._allow(["events:PutTargets", "events:PutRule", "events:DescribeRule"], [rule])
        roles = {task.task_role.role_arn for task in definitions}
        roles |= {task.execution_role.role_arn for task in definitions if task.execution_role}
        self._allow(
            ["iam:PassRole"], sorted(roles), {"StringEquals": {"iam:PassedToService": "ecs-tasks.amazonaws.com"}}
        )

    def _arn(self, service: str, resource: str, name: str) -> str:
        return Stack.of(self).format_arn(
            service=service, resource=resource, resource_name=name, arn_format=ArnFormat.COLON_RESOURCE_NAME
        )


def _of_any_partition(definition: str) -> str:
    """A definition that also runs outside of the partition ``aws``, such as in GovCloud.

    Step Functions refuses to call an integration of another partition than the execution's.
    """
    return definition.replace('"arn:aws:states:::', '"arn:${Partition}:states:::')


def _once(scope: Construct) -> str:
    """A part of a name that is unique to a stack, even among successive stacks of the same name."""
    return Fn.select(4, Fn.split("-", Fn.select(2, Fn.split("/", Stack.of(scope).stack_id))))
