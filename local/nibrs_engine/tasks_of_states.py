"""``ecs:runTask.sync`` runs a container's process: moto's interpreter starts a task and waits for its end here.

What AWS does and moto does not:

* ``ecs:runTask.sync`` takes its parameters as Step Functions spells them and runs a task, and an exit code other than 0
  fails the state (test_emulator.py, test_a_container_runs_until_it_ends_and_another_status_than_0_fails_its_state).

What saves time:

* moto makes a client for every task, which costs more than the start of the task: here one is kept.
* moto's ECS, with all of EC2, takes longer to import than everything else: it is imported for the first task.
* moto looks twice a second whether a task of ECS has ended: here it does so more often.
"""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache, partial
from typing import Any

# isort: off
from nibrs_engine import without_batch  # noqa: F401  # before moto's interpreter
# isort: on

from moto.core.models import DEFAULT_ACCOUNT_ID
from moto.stepfunctions.parser.api import HistoryEventType, TaskFailedEventDetails
from moto.stepfunctions.parser.asl.component.common.error_name.failure_event import (
    FailureEvent,
    FailureEventException,
)
from moto.stepfunctions.parser.asl.component.common.error_name.states_error_name import StatesErrorName
from moto.stepfunctions.parser.asl.component.common.error_name.states_error_name_type import StatesErrorNameType
from moto.stepfunctions.parser.asl.component.state.exec.state_task.service import state_task_service_callback
from moto.stepfunctions.parser.asl.component.state.exec.state_task.service.state_task_service_ecs import (
    StateTaskServiceEcs,
)
from moto.stepfunctions.parser.asl.eval.event.event_detail import EventDetails
from moto.stepfunctions.parser.asl.utils import boto_client
from nibrs_home.home import BUCKET

from nibrs_engine.container_tasks import TaskPool
from nibrs_engine.estimation_cluster import EmulatedCluster
from nibrs_engine.patches import camel_case, pascal_case, patched
from nibrs_engine.services import REGION

#: Seconds after which the interpreter looks again whether a task has ended.
_LOOK = 0.02


@contextmanager
def running_tasks(tasks: TaskPool) -> Iterator[None]:
    """Replace moto's start of a task and its wait for the end."""

    @cache
    def client_for(region: str, service: str) -> Any:
        return boto_client.boto_client_for(region, service)

    cluster = EmulatedCluster(partial(client_for, REGION), BUCKET)

    def start(
        self: StateTaskServiceEcs, env: Any, resource_runtime_part: Any, normalised_parameters: Any, **_: Any
    ) -> None:
        client = client_for(resource_runtime_part.region, "ecs")
        from moto.ecs.models import ecs_backends  # noqa: PLC0415

        parameters = cluster.place(camel_case(normalised_parameters))
        [task] = client.run_task(**parameters)["tasks"]
        # Asked of moto itself: Step Functions does not ask, and no role has to allow it.
        ecs = ecs_backends[DEFAULT_ACCOUNT_ID][resource_runtime_part.region]
        containers = ecs.describe_task_definition(task["taskDefinitionArn"]).container_definitions
        tasks.start(task["taskArn"], containers, parameters.get("overrides", {}))
        env.stack.append({"task": task, "overrides": parameters.get("overrides", {})})

    def wait_for_end(
        self: StateTaskServiceEcs, env: Any, resource_runtime_part: Any, normalised_parameters: Any, **_: Any
    ) -> Any:
        started = env.stack.pop()

        def look() -> dict[str, Any] | None:
            code = tasks.exit_code(started["task"]["taskArn"])
            if code is None:
                return None
            described = _stopped_task(started["task"], started["overrides"], code)
            if code != 0:
                raise _task_failed(env, self, json.dumps(described))
            return described

        return look

    with (
        patched(StateTaskServiceEcs, "_eval_service_task", start),
        patched(StateTaskServiceEcs, "_build_sync_resolver", wait_for_end),
        patched(state_task_service_callback, "_DELAY_SECONDS_SYNC_CONDITION_CHECK", _LOOK),
    ):
        yield


def _stopped_task(task: dict[str, Any], overrides: dict[str, Any], exit_code: int) -> dict[str, Any]:
    """A task's description as Step Functions gives it when the task has stopped."""
    return {
        "TaskArn": task["taskArn"],
        "ClusterArn": task["clusterArn"],
        "TaskDefinitionArn": task["taskDefinitionArn"],
        "LastStatus": "STOPPED",
        "StopCode": "EssentialContainerExited",
        "StoppedReason": "Essential container in task exited",
        "Containers": [{"Name": overrides["containerOverrides"][0]["name"], "ExitCode": exit_code}],
        "Overrides": pascal_case(overrides),
    }


def _task_failed(env: Any, service: StateTaskServiceEcs, cause: str) -> FailureEventException:
    name = StatesErrorNameType.StatesTaskFailed
    details = TaskFailedEventDetails(
        error=name.to_name(),
        cause=cause,
        resourceType=service._get_sfn_resource_type(),
        resource=service._get_sfn_resource(),
    )
    return FailureEventException(
        failure_event=FailureEvent(
            env=env,
            error_name=StatesErrorName(typ=name),
            event_type=HistoryEventType.TaskFailed,
            event_details=EventDetails(taskFailedEventDetails=details),  # type: ignore[typeddict-item]  # one is enough
        )
    )
