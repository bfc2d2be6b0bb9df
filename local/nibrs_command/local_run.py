"""One run of the state machine on this machine."""

import fcntl
import json
import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from nibrs_engine.container_tasks import TaskPool, estimation_version
from nibrs_engine.definition import local_definition, state_machine_definition
from nibrs_engine.emulator import emulator
from nibrs_engine.interpreter import executing
from nibrs_engine.lambda_pool import LambdaPool
from nibrs_home.home import BUCKET, Home, HomeInUse
from nibrs_pipeline.database.location import DatabaseLocation
from nibrs_pipeline.keys import PUBLIC_PREFIXES, PUBLISH_LEASE, plan_key, report_key
from nibrs_pipeline.method_choices import VARIABLES
from nibrs_pipeline.publish.failure_report import failure_report, what_failed

from nibrs_command.watching import Activity, RunView, observe

#: Variables of the functions that a user of this machine may set.
_PASSED_ON = (*VARIABLES, "PARQUET", "MAX_CONCURRENCY", "TOLERATED_FAILURE_PERCENTAGE", "POWERTOOLS_LOG_LEVEL")


@dataclass(frozen=True)
class Outcome:
    """The last view of a run, and where its results and logs are."""

    view: RunView
    artifacts: Path
    logs: Path


def run_locally(
    home: Home,
    location: DatabaseLocation,
    request: dict[str, Any],
    follow: Callable[[Callable[[], RunView], Callable[[], Activity]], RunView],
    on_start: Callable[[LambdaPool, TaskPool], None] = lambda pool, tasks: None,
) -> Outcome:
    """Execute the state machine and wait for its end.

    Args:
        request: has a ``run_id``.
        follow: shows the run, given functions that look at it and at its tasks; returns the last view.
        on_start: is given the pools of functions and containers before the execution starts.

    Raises:
        HomeInUse: another run works in this home.
    """
    run_id = str(request["run_id"])
    logs = home.scratch(run_id) / "logs"
    with _only_run(home), emulator(home, logs / "emulator.log") as aws:
        environment = aws.function_environment(home, run_id) | _chosen(os.environ)
        environment["ESTIMATION_VERSION"] = estimation_version()
        pool = LambdaPool(environment, location.as_environment(), logs)
        tasks = TaskPool(environment, logs, location.as_environment())
        try:
            with executing(pool, tasks):
                machine = aws.create_state_machine(local_definition(state_machine_definition(), aws.estimation))
                on_start(pool, tasks)
                client = aws.client("stepfunctions")
                execution = client.start_execution(stateMachineArn=machine, name=run_id, input=json.dumps(request))
                view = follow(lambda: observe(client, execution["executionArn"]), lambda: _activity(pool, tasks))
        finally:
            tasks.close()
            pool.close()
            shutil.rmtree(home.scratch(run_id) / "tmp", ignore_errors=True)
    return Outcome(view, _collect(home, run_id, view), logs)


def _activity(pool: LambdaPool, tasks: TaskPool) -> Activity:
    return Activity(pool.rows, [*pool.running, *tasks.running()], [*pool.finished, *tasks.finished()])


def _chosen(environment: "os._Environ[str]") -> dict[str, str]:
    default = str(max(2, os.cpu_count() or 2))
    return {"MAX_CONCURRENCY": default} | {name: environment[name] for name in _PASSED_ON if name in environment}


@contextmanager
def _only_run(home: Home) -> Iterator[None]:
    """No two runs in one home: each has emulated services of its own over the same objects."""
    lock = home.objects.parent / "run.lock"
    lock.parent.mkdir(parents=True, exist_ok=True)
    with lock.open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise HomeInUse(
                f"another run works in {home.path}; wait for it, or set NIBRS_HOME to another folder"
            ) from None
        # No other run works here: a lease that is left belongs to one that has ended.
        (home.objects / BUCKET / PUBLISH_LEASE).unlink(missing_ok=True)
        yield


def _collect(home: Home, run_id: str, view: RunView) -> Path:
    """Link or copy what is published, and the run's reports, into artifacts/<run_id>/.

    There is a failure.txt after every failure, even if the state machine left none.
    """
    artifacts, bucket = home.artifacts(run_id), home.objects / BUCKET
    shutil.rmtree(artifacts, ignore_errors=True)
    artifacts.mkdir(parents=True)
    for prefix in PUBLIC_PREFIXES:
        for source in (bucket / prefix).rglob("*"):
            if source.is_file():
                _link(source, artifacts / source.relative_to(bucket))
    reports = bucket / report_key(run_id, "")
    for source in reports.rglob("*") if reports.is_dir() else ():
        shutil.copy(source, artifacts / source.name)
    told = artifacts / "failure.txt"
    if view.status == "SUCCEEDED":
        told.unlink(missing_ok=True)
    elif not told.exists():
        told.write_text(_report(view, run_id, planned=(bucket / plan_key(run_id)).exists()), encoding="utf-8")
    return artifacts


def _report(view: RunView, run_id: str, planned: bool) -> str:
    """The report of a failure, which is the execution's cause if the state machine could make one."""
    if what_failed(view.cause)[0]:
        return view.cause
    failure = dict(zip(("Error", "Cause"), view.failure, strict=True))
    return failure_report(run_id, failure, "on this machine", planned)


def _link(source: Path, target: Path) -> None:
    """The same file under another name; a copy if the file system has no links."""
    target.parent.mkdir(parents=True, exist_ok=True)
    try:
        target.hardlink_to(source)
    except OSError:
        shutil.copy(source, target)
