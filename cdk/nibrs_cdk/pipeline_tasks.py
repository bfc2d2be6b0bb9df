"""What runs in the pipeline's own image: a Fargate task per entry of ``containers/pipeline/tasks.json``."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

from aws_cdk import CfnOutput
from aws_cdk import aws_ecs as ecs
from aws_cdk import aws_iam as iam
from aws_cdk import aws_s3 as s3
from constructs import Construct
from nibrs_pipeline.database.location import PROFILE

from nibrs_cdk.database import DatabaseAccess
from nibrs_cdk.fargate import ImageTasks, Task
from nibrs_cdk.functions import DEFINITIONS
from nibrs_cdk.log_groups import LogGroups
from nibrs_cdk.pipeline_image import FOLDER, ROOT_CERTIFICATES_PATH

#: The name by which a command or variables are given to the container.
CONTAINER = "pipeline"

#: What a handler has for the image's entry point.
_HANDLER = ["python3", "-m", "nibrs_pipeline.handlers.in_container"]


class PipelineTasks(ImageTasks):
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
        super().__init__(scope, construct_id, container=CONTAINER, image=image, bucket=bucket, log_groups=log_groups)
        self._database = database
        definitions: dict[str, dict[str, Any]] = json.loads((FOLDER / "tasks.json").read_text(encoding="utf-8"))
        functions: dict[str, dict[str, Any]] = json.loads(DEFINITIONS.read_text(encoding="utf-8"))
        self.load = self._load(definitions.pop("load"))
        #: Tasks of handlers, by the name under which the state machine knows them.
        self.handlers = {
            each["task"]: self._handler(label, each, functions[each["function"]]) for label, each in definitions.items()
        }
        self._tell(cluster, subnets)

    @property
    def substitutions(self) -> dict[str, str]:
        """What the state machine calls what its tasks need."""
        group = {"DatabaseClients": self._database.clients.security_group_id}
        return group | {name: task.task_definition_arn for name, task in self.handlers.items()}

    def _load(self, definition: Mapping[str, Any]) -> ecs.FargateTaskDefinition:
        kept = {"KEEP_IN": f"s3://{self._bucket.bucket_name}/uploads/kept/"}
        environment = kept | self._where_database_is()
        task = Task(["help"], environment, reads=definition["reads"], writes=definition["writes"])
        made = self._make("load", definition, task)
        self._allow_database(made)
        return made

    def _handler(
        self, label: str, definition: Mapping[str, Any], function: Mapping[str, Any]
    ) -> ecs.FargateTaskDefinition:
        """A handler with the rights of its function, and more time, memory and storage."""
        environment = {
            "DATA_BUCKET": self._bucket.bucket_name,
            "TIMEOUT_S": str(definition["timeout_s"]),
            "POWERTOOLS_LOG_LEVEL": "INFO",
            "POWERTOOLS_TRACE_DISABLED": "true",
            **(self._where_database_is() if function["database"] else {}),
        }
        task = Task(
            [label],
            environment,
            reads=function["reads"],
            writes=[*function["writes"], *definition["writes"]],
            deletes=function["deletes"],
            entry_point=_HANDLER,
        )
        made = self._make(label, definition, task)
        if function["database"]:
            self._allow_database(made)
        return made

    def _where_database_is(self) -> dict[str, str]:
        return {
            "DB_SECRET_ARN": self._database.secret.secret_arn,
            "PGSSLROOTCERT": ROOT_CERTIFICATES_PATH,
            PROFILE: self._database.profile,
        }

    def _allow_database(self, task: ecs.FargateTaskDefinition) -> None:
        secret = self._database.secret.secret_arn
        task.add_to_task_role_policy(iam.PolicyStatement(actions=["secretsmanager:GetSecretValue"], resources=[secret]))

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
