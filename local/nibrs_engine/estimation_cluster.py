"""The emulated cluster of the estimation's containers: its names are known at once, it is made for its first task.

moto's ECS imports all of its EC2, whose tables take longer to load than a run without estimates takes to start.
"""

from collections.abc import Callable
from typing import Any

from nibrs_engine.container_tasks import stage_definitions

_CLUSTER = "nibrs-estimation"
#: Stands for the subnets and the security group of this machine until they are made.
_NETWORK = "this-machine"


def cluster_names(region: str, account: str) -> dict[str, str]:
    """What the state machine calls the cluster, its network, and the stages' task definitions."""
    arn = f"arn:aws:ecs:{region}:{account}"
    tasks = {each.task: f"{arn}:task-definition/{each.task}:1" for each in stage_definitions().values()}
    cluster = {"EstimationCluster": f"{arn}:cluster/{_CLUSTER}"}
    return cluster | {"EstimationSubnets": _NETWORK, "EstimationSecurityGroup": _NETWORK} | tasks


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
    for definition in stage_definitions().values():
        ecs.register_task_definition(
            family=definition.task,
            requiresCompatibilities=["FARGATE"],
            networkMode="awsvpc",
            cpu=str(definition.cpu),
            memory=str(definition.memory_mb),
            containerDefinitions=[
                {
                    "name": "estimation",
                    "image": "nibrs-estimation",
                    "memory": definition.memory_mb,
                    "environment": [{"name": "ARTIFACT_STORE", "value": f"s3://{bucket}"}],
                }
            ],
        )
    # Last, since it shows that everything else exists.
    ecs.create_cluster(clusterName=_CLUSTER)
