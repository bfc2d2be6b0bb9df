"""The estimation: a cluster, and a Fargate task per stage of ``containers/r_estimation/stages.json``."""

import json
from pathlib import Path
from typing import Any

from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_ecs as ecs
from aws_cdk import aws_iam as iam
from aws_cdk import aws_logs as logs
from aws_cdk import aws_s3 as s3
from constructs import Construct

from nibrs_cdk.acknowledgments import acknowledge, acknowledge_objects
from nibrs_cdk.network import Network

FOLDER = Path(__file__).resolve().parents[2] / "containers" / "r_estimation"

#: The name by which the state machine overrides the container's variables.
CONTAINER = "estimation"

#: What every stage writes, and what of it a stage may remove.
_MADE, _FAILURES = "runs/*/estimation/*", "runs/*/estimation/*/failures/*"


class Estimation(Construct):
    """Cluster, task definitions and their roles.

    Args:
        image: the container's image.
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        image: ecs.ContainerImage,
        bucket: s3.IBucket,
        network: Network,
        log_retention: logs.RetentionDays,
    ) -> None:
        super().__init__(scope, construct_id)
        self._image, self._bucket = image, bucket
        self.cluster = ecs.Cluster(
            self, "Cluster", vpc=network.vpc, container_insights_v2=ecs.ContainerInsights.ENABLED
        )
        self.subnets = network.vpc.select_subnets(subnets=network.subnets.subnets).subnet_ids
        self.security_group = ec2.SecurityGroup(
            self, "Tasks", vpc=network.vpc, description="Estimation containers: nothing comes in"
        )
        self._log_group = logs.LogGroup(self, "Logs", retention=log_retention)
        stages: dict[str, dict[str, Any]] = json.loads((FOLDER / "stages.json").read_text(encoding="utf-8"))
        self.tasks = {definition["task"]: self._task(stage, definition) for stage, definition in stages.items()}

    @property
    def substitutions(self) -> dict[str, str]:
        """What the state machine calls the estimation's resources."""
        return {
            "EstimationCluster": self.cluster.cluster_arn,
            "EstimationSubnets": ",".join(self.subnets),
            "EstimationSecurityGroup": self.security_group.security_group_id,
            **{name: task.task_definition_arn for name, task in self.tasks.items()},
        }

    def _task(self, stage: str, definition: dict[str, Any]) -> ecs.FargateTaskDefinition:
        task = ecs.FargateTaskDefinition(
            self,
            definition["task"],
            family=f"{self.node.path.replace('/', '-')}-{stage}",
            cpu=definition["cpu"],
            memory_limit_mib=definition["memory_mb"],
            ephemeral_storage_gib=definition["storage_gb"],
            runtime_platform=ecs.RuntimePlatform(
                cpu_architecture=ecs.CpuArchitecture.ARM64, operating_system_family=ecs.OperatingSystemFamily.LINUX
            ),
        )
        task.add_container(
            CONTAINER,
            image=self._image,
            memory_limit_mib=definition["memory_mb"],
            command=[stage],
            environment={"ARTIFACT_STORE": f"s3://{self._bucket.bucket_name}", "LOG_THRESHOLD": "INFO"},
            logging=ecs.LogDrivers.aws_logs(stream_prefix=stage, log_group=self._log_group),
        )
        self._grant(task, definition)
        acknowledge(task, "ECS2", "The variables name the bucket and the level of the log; no secret is among them.")
        acknowledge(task, "IAM5[Resource::*]", "A token for ECR is for the whole registry.")
        acknowledge_objects(task, self._bucket, [*definition["reads"], _MADE, _FAILURES])
        return task

    def _grant(self, task: ecs.FargateTaskDefinition, definition: dict[str, Any]) -> None:
        bucket = self._bucket
        for actions, resources in (
            (["s3:ListBucket"], [bucket.bucket_arn]),
            (["s3:GetObject"], [bucket.arn_for_objects(key) for key in definition["reads"]]),
            (["s3:PutObject", "s3:AbortMultipartUpload"], [bucket.arn_for_objects(_MADE)]),
            (["s3:DeleteObject"], [bucket.arn_for_objects(_FAILURES)]),
        ):
            task.add_to_task_role_policy(iam.PolicyStatement(actions=actions, resources=resources))
