"""Fargate tasks as all containers here have them: arm64, no root, one folder that may be written."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from aws_cdk import aws_ecs as ecs
from aws_cdk import aws_iam as iam
from aws_cdk import aws_logs as logs
from aws_cdk import aws_s3 as s3
from constructs import Construct

from nibrs_cdk.acknowledgments import acknowledge, acknowledge_objects
from nibrs_cdk.trust import from_this_account

#: The one folder of an image that may be written: where its TMPDIR is, on the task's own storage.
SCRATCH_FOLDER, _SCRATCH = "/scratch", "scratch"


@dataclass(frozen=True)
class Container:
    """What runs in a task.

    Args:
        name: the name by which overrides of commands and variables find it.
        image: its image; ``entry_point`` stands for the image's own.
        environment: no secret may be among the variables.
    """

    name: str
    image: ecs.ContainerImage
    command: Sequence[str]
    environment: Mapping[str, str]
    log_group: logs.ILogGroup
    entry_point: Sequence[str] | None = None


def fargate_task(
    scope: Construct, label: str, definition: Mapping[str, Any], container: Container
) -> ecs.FargateTaskDefinition:
    """A task definition with roles of its own, of the sizes that a file of definitions gives it.

    Args:
        label: names it among the scope's tasks, in its family and in the names of its logs.
        definition: ``task`` (its name for the state machine), ``cpu`` (units), ``memory_mb``, ``storage_gb``.
    """
    name = definition["task"]
    task = ecs.FargateTaskDefinition(
        scope,
        name,
        family=f"{scope.node.path.replace('/', '-')}-{label}",
        cpu=definition["cpu"],
        memory_limit_mib=definition["memory_mb"],
        ephemeral_storage_gib=definition["storage_gb"],
        task_role=_role(scope, f"{name}TaskRole"),
        execution_role=_role(scope, f"{name}ExecutionRole"),
        volumes=[ecs.Volume(name=_SCRATCH)],
        runtime_platform=ecs.RuntimePlatform(
            cpu_architecture=ecs.CpuArchitecture.ARM64, operating_system_family=ecs.OperatingSystemFamily.LINUX
        ),
    )
    task.add_container(
        container.name,
        readonly_root_filesystem=True,
        image=container.image,
        memory_limit_mib=definition["memory_mb"],
        entry_point=container.entry_point,
        command=container.command,
        environment=container.environment,
        logging=ecs.LogDrivers.aws_logs(stream_prefix=label, log_group=container.log_group),
    ).add_mount_points(ecs.MountPoint(source_volume=_SCRATCH, container_path=SCRATCH_FOLDER, read_only=False))
    acknowledge(task, "ECS2", "The variables name resources and the level of the log; no secret is among them.")
    acknowledge(task.obtain_execution_role(), "IAM5[Resource::*]", "A token for ECR is for the whole registry.")
    return task


def allow_objects(
    task: ecs.FargateTaskDefinition,
    bucket: s3.IBucket,
    *,
    reads: Sequence[str],
    writes: Sequence[str],
    deletes: Sequence[str] = (),
) -> None:
    """Let a task read, write and delete the objects whose keys match."""
    for actions, keys in (
        (["s3:GetObject"], reads),
        (["s3:PutObject", "s3:AbortMultipartUpload"], writes),
        (["s3:DeleteObject"], deletes),
    ):
        if keys:
            resources = [bucket.arn_for_objects(key) for key in keys]
            task.add_to_task_role_policy(iam.PolicyStatement(actions=actions, resources=resources))
    # Without it S3 answers "forbidden" instead of "not found" for an object that is not there.
    task.add_to_task_role_policy(iam.PolicyStatement(actions=["s3:ListBucket"], resources=[bucket.bucket_arn]))
    acknowledge_objects(task.task_role, bucket, [*reads, *writes, *deletes])


def _role(scope: Construct, construct_id: str) -> iam.Role:
    return iam.Role(scope, construct_id, assumed_by=from_this_account(scope, "ecs-tasks.amazonaws.com"))
