"""Commands that run in a stack's network: what is passed on, what is refused here, and how their end is told.

tests/infrastructure/test_deployment.py loads by such a command, in a stack that was deployed.
"""

import json
import time
from collections.abc import Iterator
from typing import Any

import boto3
import click
import pytest
from click.testing import CliRunner, Result
from moto import mock_aws
from moto.ecs.models import EC2ContainerServiceBackend, ecs_backends
from nibrs_command import on_aws
from nibrs_command.cli import main
from nibrs_command.load import load_command
from nibrs_command.on_aws import words_of
from nibrs_command.simulate import simulate_command
from nibrs_loading.archives import BadFile
from nibrs_loading.remote_files import named

ACCOUNT, REGION, GROUP = "123456789012", "us-east-1", "load-logs"
ZIP = "s3://data/uploads/AZ-2016.zip"


@pytest.fixture(autouse=True)
def aws(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    for name, value in (("ACCESS_KEY_ID", "x"), ("SECRET_ACCESS_KEY", "x"), ("DEFAULT_REGION", REGION)):
        monkeypatch.setenv(f"AWS_{name}", value)
    monkeypatch.setattr(on_aws, "_LOOK", 0)
    with mock_aws():
        yield


def make_stack(name: str) -> None:
    """A stack whose outputs say where commands run, and the cluster and task that they name."""
    ecs = boto3.client("ecs")
    options = {"awslogs-group": GROUP, "awslogs-stream-prefix": "load", "awslogs-region": REGION}
    container = {
        "name": "pipeline",
        "image": "i",
        "cpu": 1,
        "memory": 1,
        "logConfiguration": {"logDriver": "awslogs", "options": options},
    }
    # A network would bring all of EC2 for each test; the one of test_deployment.py has it.
    definition = ecs.register_task_definition(family="load", containerDefinitions=[container])  # type: ignore[list-item]
    told = {
        "LoadTaskArn": definition["taskDefinition"]["taskDefinitionArn"],
        "ClusterArn": ecs.create_cluster(clusterName="c")["cluster"]["clusterArn"],
        "TaskSubnets": "subnet-1,subnet-2",
        "DatabaseClients": "sg-1",
        "BucketName": "data",
    }
    boto3.client("cloudformation").create_stack(StackName=name, TemplateBody=template(told))


def template(outputs: dict[str, str]) -> str:
    topic = {"Type": "AWS::SNS::Topic", "Properties": {}}
    return json.dumps({"Resources": {"T": topic}, "Outputs": {name: {"Value": each} for name, each in outputs.items()}})


def ending(monkeypatch: pytest.MonkeyPatch, code: int | None, reason: str = "", lines: tuple[str, ...] = ()) -> None:
    """Tasks end so: with an exit code and what they had printed, or without having run."""
    started = on_aws.start

    def start(place: on_aws.Place, words: list[str]) -> on_aws.Task:
        task = started(place, words)
        made = ecs_backends[ACCOUNT][REGION].tasks["c"][task.arn]
        made.containers[0].exitCode, made.stopped_reason = code, reason  # type: ignore[assignment]
        if lines:
            logs, names = boto3.client("logs"), {"logGroupName": GROUP, "logStreamName": f"load/pipeline/{task.id}"}
            logs.create_log_group(logGroupName=GROUP)
            logs.create_log_stream(**names)
            events = [{"timestamp": int(time.time() * 1000) + at, "message": line} for at, line in enumerate(lines)]
            logs.put_log_events(**names, logEvents=events)  # type: ignore[arg-type]
        return task

    monkeypatch.setattr(on_aws, "start", start)


def typed(*words: str) -> Result:
    return CliRunner().invoke(main, words)


def said(result: Result) -> str:
    return " ".join(result.output.split())


def test_what_a_task_prints_is_shown_and_its_exit_code_is_the_command_s(monkeypatch: pytest.MonkeyPatch) -> None:
    make_stack("mine")
    ending(monkeypatch, 1, lines=("AZ-2016.zip: AZ-2016, [3] rows", "Not loaded: x.zip"))
    result = typed("load", "--on-aws", ZIP)
    assert result.exit_code == 1
    assert "of mine has been started" in said(result)
    assert result.output.endswith("AZ-2016.zip: AZ-2016, [3] rows\nNot loaded: x.zip\n")


@pytest.mark.parametrize(("unknown", "seconds", "code"), [(3, 60.0, 0), (1_000_000, 3.0, 1)])
def test_a_task_that_ecs_does_not_know_yet_is_asked_for_again(
    monkeypatch: pytest.MonkeyPatch, unknown: int, seconds: float, code: int
) -> None:
    """What ECS has started it may tell only a while later."""
    make_stack("mine")
    ending(monkeypatch, 0)
    monkeypatch.setattr(on_aws, "_KNOWN_AFTER", seconds)
    describe, looks = EC2ContainerServiceBackend.describe_tasks, []

    def not_yet(self: Any, *args: Any, **options: Any) -> Any:
        looks.append(1)
        return [] if len(looks) <= unknown else describe(self, *args, **options)

    monkeypatch.setattr(EC2ContainerServiceBackend, "describe_tasks", not_yet)
    result = typed("load", "--on-aws", ZIP)
    assert result.exit_code == code, result.output
    assert ("its lines are in CloudWatch Logs" in said(result)) == bool(code)
    assert len(looks) > 1


def test_a_container_that_never_ran_is_told_of_with_ecs_s_reason(monkeypatch: pytest.MonkeyPatch) -> None:
    make_stack("mine")
    ending(monkeypatch, None, "CannotPullContainerError: no route")
    result = typed("simulate", "--on-aws")
    assert result.exit_code == 1
    assert "the container did not run: CannotPullContainerError: no route; try again" in said(result)


def test_a_container_that_was_killed_says_what_helps(monkeypatch: pytest.MonkeyPatch) -> None:
    make_stack("mine")
    ending(monkeypatch, 137)
    result = typed("simulate", "--on-aws", "--size", "national")
    assert result.exit_code == 137
    assert "give load more memory_mb in containers/pipeline/tasks.json" in said(result)


def test_the_stack_is_found_by_its_outputs_or_named() -> None:
    assert "there is no stack here that runs commands" in said(typed("load", "--on-aws", ZIP))
    boto3.client("cloudformation").create_stack(StackName="other", TemplateBody=template({"BucketName": "b"}))
    other = said(typed("load", "--on-aws", "--stack", "other", ZIP))
    assert "the stack other has no outputs LoadTaskArn, ClusterArn" in other
    assert "the stack none cannot be found" in said(typed("load", "--on-aws", "--stack", "none", ZIP))
    make_stack("mine")
    assert on_aws.find_place(None).stack == "mine"
    make_stack("yours")
    assert "there are mine, yours; name one by --stack" in said(typed("load", "--on-aws", ZIP))
    assert on_aws.find_place("yours").stack == "yours"


@pytest.mark.parametrize("file", ["AZ-2016.zip", "s3://others/uploads/AZ-2016.zip", "s3://data/runs/AZ-2016.zip"])
def test_what_the_task_cannot_read_is_refused_before_it_is_started(file: str) -> None:
    make_stack("mine")
    result = typed("load", "--on-aws", file)
    assert result.exit_code == 2
    assert f"{file} was given; with --on-aws it has to be an object under s3://data/uploads/" in said(result)
    for option in ("--agencies", "--return-a"):
        assert typed("load", "--on-aws", ZIP, option, file).exit_code == 2
    assert typed("simulate", "--on-aws", "--frame", file).exit_code == 2
    assert not ecs_backends[ACCOUNT][REGION].tasks


def test_a_truth_of_this_machine_and_a_command_too_long_for_ecs_are_refused() -> None:
    make_stack("mine")
    assert "under uploads/kept/truth/" in said(typed("simulate", "--on-aws", "--truth", "here"))
    result = typed("load", "--on-aws", *[ZIP] * 300)
    assert result.exit_code == 2
    assert "name many zips by a pattern, such as s3://data/uploads/*.zip" in said(result)


@pytest.mark.parametrize(
    ("command", "words"),
    [
        (load_command, ["--quarantine", "--replace", "a.zip", "b.zip", "--agencies", "c.csv", "--year", "2018"]),
        (simulate_command, ["--size", "small", "--scale", "0.5", "--years", "2022-2023", "--seed", "7"]),
        (simulate_command, []),
    ],
)
def test_a_command_is_passed_on_as_it_was_typed(command: click.Command, words: list[str]) -> None:
    name = str(command.name)
    here = command.make_context(name, [*words, "--on-aws", "--stack", "mine"])
    passed = words_of(here)
    assert passed[0] == name
    there = command.make_context(name, passed[1:])
    where = {"on_aws": True, "stack": "mine"}
    assert {**there.params, **where} == here.params


def test_a_pattern_stands_for_the_objects_that_match_it() -> None:
    s3 = boto3.client("s3")
    s3.create_bucket(Bucket="data")
    for key in ("uploads/AZ-2016.zip", "uploads/DC-2018.zip", "uploads/kept/LA-2013.zip", "uploads/read.me"):
        s3.put_object(Bucket="data", Key=key, Body=b"")
    found = [f"s3://data/uploads/{name}-{year}.zip" for name, year in (("AZ", 2016), ("DC", 2018))]
    assert named("s3://data/uploads/*.zip") == found
    assert named("s3://data/uploads/D*.zip") == found[1:]
    assert named("*.zip") == ["*.zip"]
    assert named("s3://data/uploads/AZ-2016.zip") == found[:1]
    with pytest.raises(BadFile, match=r"no object matches; `aws s3 ls s3://data/`"):
        named("s3://data/uploads/*.csv")
    with pytest.raises(BadFile, match="check the bucket and the right to list it"):
        named("s3://none/*.zip")
