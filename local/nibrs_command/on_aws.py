"""``--on-aws``: a command runs inside the stack's network, in the pipeline's image, and is followed from here."""

import json
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, NoReturn

import boto3
import click
from click.core import ParameterSource
from nibrs_pipeline.errors import BadRequest
from rich.markup import escape

from nibrs_command.aws import asking
from nibrs_command.aws_error import AwsError
from nibrs_command.terminal import FAILED, console, errors

#: The container that a command is given to; services such as GuardDuty put others of their own into the task.
CONTAINER = "pipeline"
#: Under which prefix of the stack's bucket the task may read.
UPLOADS = "uploads/"
#: ECS takes so many characters of overrides.
_LONGEST = 8192
#: Seconds between two looks at a task; and how long after its end CloudWatch may bring lines of it.
_LOOK, _LATE = 3.0, 15.0
#: Seconds after its start in which ECS, which tells what it knows with a delay, has to know a task.
_KNOWN_AFTER = 60.0
_OUTPUTS = {
    "definition": "LoadTaskArn", "cluster": "ClusterArn", "subnets": "TaskSubnets", "group": "DatabaseClients",
    "bucket": "BucketName",
}  # fmt: skip
#: Parameters that decide where a command runs, and are not passed on.
_WHERE = ("on_aws", "stack")

on_aws_option = click.option("--on-aws", is_flag=True, help="Run in the stack's own network, and follow it from here.")
stack_option = click.option(
    "--stack", envvar="NIBRS_STACK", help="Its stack, with --on-aws (default: the only one there is)."
)


@dataclass(frozen=True)
class Place:
    """Where a stack runs commands: what its outputs say."""

    stack: str
    definition: str
    cluster: str
    subnets: str
    group: str
    bucket: str


@dataclass(frozen=True)
class Task:
    """A task that was started."""

    arn: str
    cluster: str

    @property
    def id(self) -> str:
        """The last part of its ARN, by which the console and its log know it."""
        return self.arn.rpartition("/")[2]


def run_on_aws(context: click.Context, stack: str | None, files: list[str]) -> None:
    """Start the command of a context as a task, print what it prints, and end with its exit code.

    Args:
        files: every file that the command is to read there.

    Raises:
        BadRequest: a file is not where the task can read it, or the command is too long for ECS.
        AwsError: there is no such stack, AWS cannot be asked, or the container never ran.
    """
    place = find_place(stack)
    for file in files:
        _require_readable(file, place)
    task = start(place, words_of(context))
    console.print(f"Task {task.id} of {place.stack} has been started", soft_wrap=True, markup=False)
    try:
        code = follow(task, place)
    except KeyboardInterrupt:
        errors.print(
            f"\n[bold red]Left[/]: the task goes on. To stop it: aws ecs stop-task --cluster {task.cluster} --task "
            f"{task.id}", soft_wrap=True,
        )  # fmt: skip
        sys.exit(FAILED)
    sys.exit(code)


def words_of(context: click.Context) -> list[str]:
    """The command of a context as it was typed, without what decides where it runs."""
    words = [str(context.info_name)]
    for parameter in context.command.params:
        name = str(parameter.name)
        if name in _WHERE or context.get_parameter_source(name) is not ParameterSource.COMMANDLINE:
            continue
        value = context.params[name]
        if isinstance(parameter, click.Argument):
            words += value
        else:
            flag = isinstance(parameter, click.Option) and parameter.is_flag
            words += [parameter.opts[0]] if flag else [parameter.opts[0], str(value)]
    return words


def find_place(stack: str | None) -> Place:
    """What the outputs of a stack say: of the one that is named, else of the only one that runs commands.

    Raises:
        AwsError: there is none, or more than one.
    """
    named = {"StackName": stack} if stack else {}
    with asking("the stacks cannot be listed" if stack is None else f"the stack {stack} cannot be found"):
        pages = boto3.client("cloudformation").get_paginator("describe_stacks").paginate(**named)
        places = [place for page in pages for each in page["Stacks"] if (place := _place(each))]
    if len(places) == 1:
        return places[0]
    if places:
        raise AwsError(f"there are {', '.join(sorted(each.stack for each in places))}; name one by --stack")
    what = f"the stack {stack} has no outputs {', '.join(_OUTPUTS.values())}" if stack else "there is no stack here"
    raise AwsError(f"{what} that runs commands; deploy it anew (docs/deployment.md), or check account and region")


def _place(stack: Any) -> Place | None:
    told = {each["OutputKey"]: each["OutputValue"] for each in stack.get("Outputs", [])}
    if not set(_OUTPUTS.values()) <= told.keys():
        return None
    return Place(stack["StackName"], **{name: told[output] for name, output in _OUTPUTS.items()})


def _require_readable(file: str, place: Place) -> None:
    readable = f"s3://{place.bucket}/{UPLOADS}"
    if not file.startswith(readable):
        raise BadRequest(
            f"{file} was given; with --on-aws it has to be an object under {readable}: "
            f"aws s3 cp {file.rpartition('/')[2]} {readable}"
        )


def start(place: Place, words: list[str]) -> Task:
    """Start a command as a task.

    Raises:
        BadRequest: it is too long for ECS.
        AwsError: ECS refuses it.
    """
    overrides = {"containerOverrides": [{"name": CONTAINER, "command": words}]}
    if (length := len(json.dumps(overrides))) > _LONGEST:
        raise BadRequest(
            f"the command has {length:,} characters, and ECS takes {_LONGEST:,}; name many zips by a pattern, such as "
            f"s3://{place.bucket}/{UPLOADS}*.zip, or load them by several commands"
        )
    network = {"subnets": place.subnets.split(","), "securityGroups": [place.group], "assignPublicIp": "DISABLED"}
    with asking(f"the task of {place.stack} was not started"):
        answer = boto3.client("ecs").run_task(
            cluster=place.cluster, taskDefinition=place.definition, launchType="FARGATE", count=1,
            networkConfiguration={"awsvpcConfiguration": network}, overrides=overrides,
        )  # fmt: skip
    if not answer["tasks"]:
        reasons = ", ".join(each.get("reason", "no reason") for each in answer["failures"])
        raise AwsError(f"the task of {place.stack} was not started: {reasons}; try again, or look at the quotas")
    return Task(answer["tasks"][0]["taskArn"], place.cluster)


def follow(task: Task, place: Place) -> int:
    """Print what a task prints until it ends; returns the exit code of its container.

    Raises:
        AwsError: the container never ran, or AWS cannot be asked.
    """
    with asking(f"the task {task.id} cannot be followed"):
        lines = _Lines(place.definition, task)
        described = _known(task)
        while described["lastStatus"] != "STOPPED":
            lines.show()
            time.sleep(_LOOK)
            described = _described(task) or _forgotten(task)
        _show_late(lines)
    container: Any = next((each for each in described["containers"] if each["name"] == CONTAINER), {})
    code = container.get("exitCode")
    if code is None:
        reasons = dict.fromkeys(filter(None, (container.get("reason"), described.get("stoppedReason"))))
        raise AwsError(f"the container did not run: {'; '.join(reasons) or 'ECS gives no reason'}; try again")
    if code == 137:
        errors.print(
            "[bold red]Failed[/]: the container was killed, most likely because its memory was not enough; give load "
            "more memory_mb in containers/pipeline/tasks.json", soft_wrap=True,
        )  # fmt: skip
    return int(code)


def _known(task: Task) -> Any:
    """What ECS says of a task that was just started, as soon as it says anything."""
    until = time.monotonic() + _KNOWN_AFTER
    while (described := _described(task)) is None and time.monotonic() < until:
        time.sleep(_LOOK)
    return described or _forgotten(task)


def _described(task: Task) -> Any:
    found = boto3.client("ecs").describe_tasks(cluster=task.cluster, tasks=[task.arn])["tasks"]
    return found[0] if found else None


def _forgotten(task: Task) -> NoReturn:
    raise AwsError(f"ECS does not know the task {task.id}; its lines are in CloudWatch Logs")


def _show_late(lines: "_Lines") -> None:
    """Show what CloudWatch brings after the end: until it brings nothing more for two looks."""
    quiet, until = 0, time.monotonic() + _LATE
    while quiet < 2 and time.monotonic() < until:
        quiet = 0 if lines.show() else quiet + 1
        time.sleep(_LOOK)


class _Lines:
    """What the container of a task has printed, as CloudWatch has it."""

    def __init__(self, definition: str, task: Task) -> None:
        described = boto3.client("ecs").describe_task_definition(taskDefinition=definition)["taskDefinition"]
        container: Any = next(each for each in described["containerDefinitions"] if each["name"] == CONTAINER)
        options = container["logConfiguration"]["options"]
        self._logs = boto3.client("logs", region_name=options.get("awslogs-region"))
        self._group = options["awslogs-group"]
        self._stream = f"{options['awslogs-stream-prefix']}/{CONTAINER}/{task.id}"
        self._token: str | None = None

    def show(self) -> int:
        """Print the lines that are new; returns how many."""
        shown = 0
        for line in self._new():
            console.print(escape(line), soft_wrap=True)
            shown += 1
        return shown

    def _new(self) -> Iterator[str]:
        while True:
            asked = {"nextToken": self._token} if self._token else {}
            try:
                page = self._logs.get_log_events(
                    logGroupName=self._group, logStreamName=self._stream, startFromHead=True, **asked
                )
            except self._logs.exceptions.ResourceNotFoundException:
                return  # nothing has been printed yet
            yield from (event["message"] for event in page["events"])
            if page["nextForwardToken"] == self._token:
                return
            self._token = page["nextForwardToken"]
