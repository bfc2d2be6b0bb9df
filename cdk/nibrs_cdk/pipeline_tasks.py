"""What runs in the pipeline's own image: a Fargate task per entry of ``containers/pipeline/tasks.json``."""

import json
from collections.abc import Sequence
from typing import Any

from aws_cdk import CfnOutput
from aws_cdk import aws_ecs as ecs
from aws_cdk import aws_iam as iam
from aws_cdk import aws_s3 as s3
from constructs import Construct

from nibrs_cdk.database import DatabaseAccess
from nibrs_cdk.fargate import Container, allow_objects, fargate_task
from nibrs_cdk.log_groups import LogGroups
from nibrs_cdk.pipeline_image import FOLDER, ROOT_CERTIFICATES_PATH

#: The name by which a command or variables are given to the container.
CONTAINER = "pipeline"


class PipelineTasks(Construct):
    """Task definitions and their roles, in a cluster that is there.

    Args:
        image: the pipeline's image.
        subnets: where the tasks run, by identifier.
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        image: ecs.ContainerImage,
        bucket: s3.IBucket,
        cluster: ecs.ICluster,
        subnets: Sequence[str],
        database: DatabaseAccess,
        log_groups: LogGroups,
    ) -> None:
        super().__init__(scope, construct_id)
        self._image, self._bucket, self._database = image, bucket, database
        self._log_group = log_groups.make(self, "Logs")
        definitions: dict[str, dict[str, Any]] = json.loads((FOLDER / "tasks.json").read_text(encoding="utf-8"))
        self.load = self._task("load", definitions["load"], {"KEEP_IN": f"s3://{bucket.bucket_name}/uploads/kept/"})
        self._tell(cluster, subnets)

    def _task(self, label: str, definition: dict[str, Any], environment: dict[str, str]) -> ecs.FargateTaskDefinition:
        secret = self._database.secret.secret_arn
        database = {"DB_SECRET_ARN": secret, "PGSSLROOTCERT": ROOT_CERTIFICATES_PATH}
        container = Container(CONTAINER, self._image, ["help"], environment | database, self._log_group)
        task = fargate_task(self, label, definition, container)
        allow_objects(task, self._bucket, reads=definition["reads"], writes=definition["writes"])
        task.add_to_task_role_policy(iam.PolicyStatement(actions=["secretsmanager:GetSecretValue"], resources=[secret]))
        return task

    def _tell(self, cluster: ecs.ICluster, subnets: Sequence[str]) -> None:
        """What it takes to start a task, for the console and for ``nibrs load --on-aws``."""
        told = {
            "LoadTaskArn": (self.load.task_definition_arn, "What fills the database"),
            "ClusterArn": (cluster.cluster_arn, "Where tasks run"),
            "TaskSubnets": (",".join(subnets), "Subnets of tasks"),
            "DatabaseClients": (
                self._database.clients.security_group_id, "The security group of what may reach the database"
            ),
        }  # fmt: skip
        for name, (value, description) in told.items():
            CfnOutput(self, name, value=value, description=description).override_logical_id(name)
