"""Fargate tasks as all containers here have them: arm64, no root, one folder that may be written."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from aws_cdk import Duration
from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_ecs as ecs
from aws_cdk import aws_iam as iam
from aws_cdk import aws_s3 as s3
from constructs import Construct

from nibrs_cdk.acknowledgments import acknowledge, acknowledge_objects
from nibrs_cdk.log_groups import LogGroups
from nibrs_cdk.trust import from_this_account

#: The one folder of an image that may be written: where its TMPDIR is, on the task's own storage.
SCRATCH_FOLDER, _SCRATCH = "/scratch", "scratch"


@dataclass(frozen=True)
class Task:
    """What a task runs, and which objects of the bucket it may read, write and delete, by their keys.

    Args:
        environment: no secret may be among the variables.
        entry_point: stands for the image's own.
    """

    command: Sequence[str]
    environment: Mapping[str, str]
    reads: Sequence[str]
    writes: Sequence[str]
    deletes: Sequence[str] = field(default=())
    entry_point: Sequence[str] | None = None


class ImageTasks(Construct):
    """The tasks of one image: a log group for all of them, a definition and two roles for each.

    Args:
        container: the name by which commands and variables are given to the container.
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        container: str,
        image: ecs.ContainerImage,
        bucket: s3.IBucket,
        log_groups: LogGroups,
    ) -> None:
        super().__init__(scope, construct_id)
        self._container, self._image, self._bucket = container, image, bucket
        self._log_group = log_groups.make(self, "Logs")
        #: All that were made, by the name under which the state machine knows them.
        self.tasks: dict[str, ecs.FargateTaskDefinition] = {}

    def memory_in_use(self, cluster: ecs.ICluster) -> list[cloudwatch.Metric]:
        """Each task's, in MB, as Container Insights measures it."""
        return [
            cloudwatch.Metric(
                namespace="ECS/ContainerInsights",
                metric_name="MemoryUtilized",
                dimensions_map={"ClusterName": cluster.cluster_name, "TaskDefinitionFamily": task.family},
                statistic="Maximum",
                period=Duration.minutes(5),
                label=name.removesuffix("Task"),
            )
            for name, task in self.tasks.items()
        ]

    def _make(self, label: str, definition: Mapping[str, Any], task: Task) -> ecs.FargateTaskDefinition:
        """A task of the sizes that a file of definitions gives it.

        Args:
            label: names it among the image's tasks, in its family and in the names of its logs.
            definition: ``task`` (its name for the state machine), ``cpu`` (units), ``memory_mb``, ``storage_gb``.
        """
        name = definition["task"]
        made = ecs.FargateTaskDefinition(
            self,
            name,
            family=f"{self.node.path.replace('/', '-')}-{label}",
            cpu=definition["cpu"],
            memory_limit_mib=definition["memory_mb"],
            ephemeral_storage_gib=definition["storage_gb"],
            task_role=_role(self, f"{name}TaskRole"),
            execution_role=_role(self, f"{name}ExecutionRole"),
            volumes=[ecs.Volume(name=_SCRATCH)],
            runtime_platform=ecs.RuntimePlatform(
                cpu_architecture=ecs.CpuArchitecture.ARM64, operating_system_family=ecs.OperatingSystemFamily.LINUX
            ),
        )
        made.add_container(
            self._container,
            readonly_root_filesystem=True,
            image=self._image,
            memory_limit_mib=definition["memory_mb"],
            entry_point=task.entry_point,
            command=task.command,
            environment=task.environment,
            logging=ecs.LogDrivers.aws_logs(stream_prefix=label, log_group=self._log_group),
        ).add_mount_points(ecs.MountPoint(source_volume=_SCRATCH, container_path=SCRATCH_FOLDER, read_only=False))
        acknowledge(made, "ECS2", "The variables name resources and the level of the log; no secret is among them.")
        acknowledge(made.obtain_execution_role(), "IAM5[Resource::*]", "A token for ECR is for the whole registry.")
        _allow_objects(made, self._bucket, task)
        self.tasks[name] = made
        return made


def _allow_objects(made: ecs.FargateTaskDefinition, bucket: s3.IBucket, task: Task) -> None:
    for actions, keys in (
        (["s3:GetObject"], task.reads),
        (["s3:PutObject", "s3:AbortMultipartUpload"], task.writes),
        (["s3:DeleteObject"], task.deletes),
    ):
        if keys:
            resources = [bucket.arn_for_objects(key) for key in keys]
            made.add_to_task_role_policy(iam.PolicyStatement(actions=actions, resources=resources))
    # Without it S3 answers "forbidden" instead of "not found" for an object that is not there.
    made.add_to_task_role_policy(iam.PolicyStatement(actions=["s3:ListBucket"], resources=[bucket.bucket_arn]))
    acknowledge_objects(made.task_role, bucket, [*task.reads, *task.writes, *task.deletes])


def _role(scope: Construct, construct_id: str) -> iam.Role:
    return iam.Role(scope, construct_id, assumed_by=from_this_account(scope, "ecs-tasks.amazonaws.com"))
