"""The estimation: a cluster, and a Fargate task per stage of ``containers/r_estimation/stages.json``."""

import json
from pathlib import Path
from typing import Any

from aws_cdk import aws_ecs as ecs
from aws_cdk import aws_s3 as s3
from aws_cdk.aws_ecr_assets import Platform
from constructs import Construct

from nibrs_cdk.acknowledgments import acknowledge
from nibrs_cdk.fargate import ImageTasks, Task
from nibrs_cdk.log_groups import LogGroups
from nibrs_cdk.network import Network

FOLDER = Path(__file__).resolve().parents[2] / "containers" / "r_estimation"

#: The name by which the state machine overrides the container's variables.
CONTAINER = "estimation"

#: What every stage writes, and what of it a stage may remove.
_MADE, _FAILURES = "runs/*/estimation/*", "runs/*/estimation/*/failures/*"


def image_on(base: str) -> ecs.ContainerImage:
    """The estimation's image, built on a base image when it is deployed."""
    return ecs.ContainerImage.from_asset(str(FOLDER), platform=Platform.LINUX_ARM64, build_args={"BASE": base})


class Estimation(ImageTasks):
    """Cluster, task definitions and their roles.

    Args:
        image: the container's image.
        insights: whether Container Insights measures the containers' memory.
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        image: ecs.ContainerImage,
        bucket: s3.IBucket,
        network: Network,
        insights: bool,
        log_groups: LogGroups,
    ) -> None:
        super().__init__(scope, construct_id, container=CONTAINER, image=image, bucket=bucket, log_groups=log_groups)
        # Its metrics come with a log group that ECS makes, of a name that outlives a stack.
        self.cluster = ecs.Cluster(
            self,
            "Cluster",
            vpc=network.vpc,
            container_insights_v2=ecs.ContainerInsights.ENABLED if insights else ecs.ContainerInsights.DISABLED,
        )
        if not insights:
            acknowledge(
                self.cluster, "ECS4", "Container Insights leaves a log group behind; this stack leaves nothing."
            )
        self.subnets = network.vpc.select_subnets(subnets=network.subnets.subnets).subnet_ids
        self.security_group = network.client_group(self, "Tasks", "Estimation containers: nothing comes in")
        stages: dict[str, dict[str, Any]] = json.loads((FOLDER / "stages.json").read_text(encoding="utf-8"))
        for stage, definition in stages.items():
            self._stage(stage, definition)

    @property
    def substitutions(self) -> dict[str, str]:
        """What the state machine calls the estimation's resources."""
        return {
            "EstimationCluster": self.cluster.cluster_arn,
            "EstimationSubnets": ",".join(self.subnets),
            "EstimationSecurityGroup": self.security_group.security_group_id,
            **{name: task.task_definition_arn for name, task in self.tasks.items()},
        }

    def _stage(self, stage: str, definition: dict[str, Any]) -> ecs.FargateTaskDefinition:
        environment = {"ARTIFACT_STORE": f"s3://{self._bucket.bucket_name}", "LOG_THRESHOLD": "INFO"}
        task = Task([stage], environment, reads=definition["reads"], writes=[_MADE], deletes=[_FAILURES])
        return self._make(stage, definition, task)
