"""The emulated cluster of the estimation's containers: its names are known at once, it is made for its first task.

moto's ECS imports all of its EC2, whose tables take longer to load than a run without estimates takes to start.
"""

from collections.abc import Callable
from threading import Lock
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


class EmulatedCluster:
    """Makes the cluster, its tasks and its network when the first task is to run in it.

    Args:
        client: makes a boto3 client of the emulation for a service.
        bucket: the artifact store of the tasks.
    """

    def __init__(self, client: Callable[[str], Any], bucket: str) -> None:
        self._client, self._bucket = client, bucket
        self._network: dict[str, list[str]] = {}
        self._making = Lock()

    def place(self, parameters: dict[str, Any]) -> dict[str, Any]:
        """The parameters of ECS's RunTask with a network that exists.

        Args:
            parameters: as ECS spells them; those of a cluster that was deployed are given back as they are.
        """
        network = parameters["networkConfiguration"]["awsvpcConfiguration"]
        if network["subnets"] != [_NETWORK]:
            return parameters
        with self._making:
            if not self._network:
                _make_cluster(self._client("ecs"), self._bucket)
                self._network = _existing_network(self._client("ec2"))
        return parameters | {"networkConfiguration": {"awsvpcConfiguration": network | self._network}}


def _existing_network(ec2: Any) -> dict[str, list[str]]:
    return {
        "subnets": [subnet["SubnetId"] for subnet in ec2.describe_subnets()["Subnets"]],
        "securityGroups": [ec2.describe_security_groups()["SecurityGroups"][0]["GroupId"]],
    }


def _make_cluster(ecs: Any, bucket: str) -> None:
    for stage in stage_definitions().values():
        _register(ecs, stage, {"name": ESTIMATION, "environment": _variables(ARTIFACT_STORE=f"s3://{bucket}")})
    for handler in handler_definitions().values():
        container = {"name": PIPELINE, "entryPoint": HANDLER, "environment": _variables(TIMEOUT_S=handler.timeout_s)}
        _register(ecs, handler, container)
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
