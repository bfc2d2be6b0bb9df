"""The emulated cluster of the estimation's containers: its names are known at once, it is made for its first task.

moto's ECS imports all of its EC2, whose tables take longer to load than a run without estimates takes to start.
"""

from collections.abc import Callable
from typing import Any

from nibrs_pipeline.failure_causes import ESTIMATION, PIPELINE

from nibrs_engine.container_tasks import (
    HANDLER,
    HandlerDefinition,
    StageDefinition,
    handler_definitions,
    stage_definitions,
)

_CLUSTER = "nibrs-estimation"
#: Stands for the subnets and the security group of this machine until they are made.
_NETWORK = "this-machine"


def cluster_names(region: str, account: str) -> dict[str, str]:
    """What the state machine calls the cluster, its network, and the stages' task definitions."""
    arn = f"arn:aws:ecs:{region}:{account}"
    names = [stage.task for stage in stage_definitions().values()]
    names += [handler.task for handler in handler_definitions().values()]
    tasks = {name: f"{arn}:task-definition/{name}:1" for name in names}
    network = dict.fromkeys(("EstimationSubnets", "EstimationSecurityGroup", "DatabaseClients"), _NETWORK)
    return {"EstimationCluster": f"{arn}:cluster/{_CLUSTER}"} | network | tasks


def in_cluster(parameters: dict[str, Any], client: Callable[[str], Any], bucket: str) -> dict[str, Any]:
    """The parameters of ECS's RunTask with a network that exists; makes cluster and tasks if need be.

    Args:
        parameters: as ECS spells them; those of a cluster that was deployed are given back as they are.
        client: makes a boto3 client of the emulation for a service.
        bucket: the artifact store of the tasks.
    """
    network = parameters["networkConfiguration"]["awsvpcConfiguration"]
    if network["subnets"] != [_NETWORK]:
        return parameters
    ecs, ec2 = client("ecs"), client("ec2")
    if not ecs.describe_clusters(clusters=[_CLUSTER])["clusters"]:
        _make_cluster(ecs, bucket)
    there = {
        "subnets": [subnet["SubnetId"] for subnet in ec2.describe_subnets()["Subnets"]],
        "securityGroups": [ec2.describe_security_groups()["SecurityGroups"][0]["GroupId"]],
    }
    return parameters | {"networkConfiguration": {"awsvpcConfiguration": network | there}}


def _make_cluster(ecs: Any, bucket: str) -> None:
    for stage in stage_definitions().values():
        _register(ecs, stage, {"name": ESTIMATION, "environment": _variables(ARTIFACT_STORE=f"s3://{bucket}")})
    for handler in handler_definitions().values():
        container = {"name": PIPELINE, "entryPoint": HANDLER, "environment": _variables(TIMEOUT_S=handler.timeout_s)}
        _register(ecs, handler, container)
    # Last, since it shows that everything else exists.
    ecs.create_cluster(clusterName=_CLUSTER)


def _register(ecs: Any, definition: StageDefinition | HandlerDefinition, container: dict[str, Any]) -> None:
    ecs.register_task_definition(
        family=definition.task,
        requiresCompatibilities=["FARGATE"],
        networkMode="awsvpc",
        cpu=str(definition.cpu),
        memory=str(definition.memory_mb),
        containerDefinitions=[{"image": "of-this-machine", "memory": definition.memory_mb, **container}],
    )


def _variables(**values: object) -> list[dict[str, str]]:
    return [{"name": name, "value": str(value)} for name, value in values.items()]
