"""The emulation keeps what it promises where moto by itself would not."""

import json
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError
from moto.s3.models import S3Backend
from moto.stepfunctions.responses import StepFunctionResponse
from nibrs_command.watching import RunView, Step, observe
from nibrs_engine.emulator import Emulator, emulator
from nibrs_engine.interpreter import executing
from nibrs_engine.patches import patched
from nibrs_home.home import BUCKET, Home

MANY = 2000
MAP = {
    "StartAt": "Items",
    "States": {
        "Items": {
            "Type": "Map",
            "Label": "Items",
            "MaxConcurrency": 2,
            "ToleratedFailurePercentage": 100.0,
            "ItemReader": {
                "Resource": "arn:aws:states:::s3:getObject",
                "ReaderConfig": {"InputType": "JSON"},
                "Parameters": {"Bucket": BUCKET, "Key": "items.json"},
            },
            "ItemProcessor": {
                "ProcessorConfig": {"Mode": "DISTRIBUTED", "ExecutionType": "STANDARD"},
                "StartAt": "Item",
                "States": {"Item": {"Type": "Pass", "Result": {}, "End": True}},
            },
            "ResultPath": None,
            "End": True,
        }
    },
}


def execute(aws: Emulator, definition: dict[str, Any], name: str = "x") -> RunView:
    return executed(aws, definition, name)[1]


def executed(aws: Emulator, definition: dict[str, Any], name: str) -> tuple[str, RunView]:
    client = aws.client("stepfunctions")
    machine = client.create_state_machine(
        name=name, definition=json.dumps(definition), roleArn="arn:aws:iam::123456789012:role/r"
    )["stateMachineArn"]
    execution = client.start_execution(stateMachineArn=machine, name=name, input="{}")["executionArn"]
    while not (view := observe(client, execution)).is_over:
        time.sleep(0.1)
    return str(execution), view


class Tasks:
    """Stands for the processes of containers: each has ended with the status that its command names."""

    def __init__(self) -> None:
        self.started: dict[str, Any] = {}

    def start(self, task: str, containers: list[dict[str, Any]], overrides: dict[str, Any]) -> None:
        self.started[task] = (containers[0]["name"], overrides["containerOverrides"][0]["command"])

    def exit_code(self, task: str) -> int:
        return int(self.started[task][1][0])


def task(aws: Emulator, status: int) -> dict[str, Any]:
    return {
        "Type": "Task",
        "Resource": "arn:aws:states:::ecs:runTask.sync",
        "Parameters": {
            "LaunchType": "FARGATE",
            "Cluster": aws.estimation["EstimationCluster"],
            "TaskDefinition": aws.estimation["ReportTask"],
            "NetworkConfiguration": {
                "AwsvpcConfiguration": {
                    "Subnets": [aws.estimation["EstimationSubnets"]],
                    "SecurityGroups": [aws.estimation["EstimationSecurityGroup"]],
                }
            },
            "Overrides": {"ContainerOverrides": [{"Name": "estimation", "Command": [str(status)]}]},
        },
        "End": True,
    }


def test_a_container_runs_until_it_ends_and_another_status_than_0_fails_its_state(tmp_path: Path) -> None:
    tasks = Tasks()
    with emulator(Home(tmp_path)) as aws, executing(None, tasks):  # type: ignore[arg-type]  # no functions are called
        ended = execute(aws, {"StartAt": "Good", "States": {"Good": task(aws, 0)}}, "good")
        failed = execute(aws, {"StartAt": "Bad", "States": {"Bad": task(aws, 3)}}, "bad")
    assert list(tasks.started.values()) == [("estimation", ["0"]), ("estimation", ["3"])]
    assert (ended.status, ended.output["LastStatus"], ended.output["Containers"][0]["ExitCode"]) == (
        "SUCCEEDED", "STOPPED", 0,
    )  # fmt: skip
    assert (failed.status, failed.error) == ("FAILED", "States.TaskFailed")
    assert json.loads(failed.cause)["Containers"] == [{"Name": "estimation", "ExitCode": 3}]


def test_an_object_is_written_as_json(tmp_path: Path) -> None:
    put = {
        "Type": "Task",
        "Resource": "arn:aws:states:::aws-sdk:s3:putObject",
        "Parameters": {"Bucket": BUCKET, "Key": "kept.json", "Body": {"Error": "X", "Cause": 'says "no"'}},
        "End": True,
    }
    with emulator(Home(tmp_path)) as aws, executing(None, None):  # type: ignore[arg-type]  # nothing else is called
        assert execute(aws, {"StartAt": "Put", "States": {"Put": put}}).status == "SUCCEEDED"
        written = aws.client("s3").get_object(Bucket=BUCKET, Key="kept.json")["Body"].read()
    assert json.loads(written) == {"Error": "X", "Cause": 'says "no"'}


def test_services_that_take_long_to_import_wait_until_they_are_needed() -> None:
    program = (
        "import sys, nibrs_engine.emulator; print([each for each in sys.argv[1:] if f'moto.{each}' in sys.modules])"
    )
    services = ["awslambda", "batch", "ec2", "ecs", "sns", "sqs"]
    done = subprocess.run([sys.executable, "-c", program, *services], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


@pytest.mark.timeout(60)
def test_a_map_of_thousands_of_items_ends(tmp_path: Path) -> None:
    with emulator(Home(tmp_path)) as aws:
        aws.client("s3").put_object(Bucket=BUCKET, Key="items.json", Body=json.dumps([{"n": n} for n in range(MANY)]))
        view = execute(aws, MAP)
    assert view.status == "SUCCEEDED"
    assert [(each.label, each.done, each.failed) for each in view.maps] == [("Items", MANY, 0)]


def test_recursion_is_as_deep_as_before_when_the_emulation_has_ended(tmp_path: Path) -> None:
    before = sys.getrecursionlimit()
    with emulator(Home(tmp_path)):
        assert sys.getrecursionlimit() > before
    assert sys.getrecursionlimit() == before


def test_an_execution_can_be_observed_from_its_first_moment(tmp_path: Path) -> None:
    waiting = {"StartAt": "A", "States": {"A": {"Type": "Wait", "Seconds": 1, "End": True}}}
    with emulator(Home(tmp_path)) as aws:
        assert execute(aws, waiting).steps == [Step("A", done=True)]


def test_a_history_is_answered_as_moto_answers_it_and_sooner(tmp_path: Path) -> None:
    by_moto = StepFunctionResponse.get_execution_history
    steps: dict[str, Any] = {f"{n}": {"Type": "Pass", "Result": n, "Next": f"{n + 1}"} for n in range(50)}
    long = {"StartAt": "0", "States": steps | {"50": {"Type": "Fail", "Error": "E", "Cause": "because"}}}
    with emulator(Home(tmp_path)) as aws:
        client = aws.client("stepfunctions")
        execution, _ = executed(aws, long, "long")
        answers, seconds = [], []
        for answer in (StepFunctionResponse.get_execution_history, by_moto):
            with patched(StepFunctionResponse, "get_execution_history", answer):
                before = time.process_time()
                answers.append(client.get_execution_history(executionArn=execution)["events"])
                seconds.append(time.process_time() - before)
    assert answers[0] == answers[1]
    assert len(answers[0]) == 103
    assert seconds[0] < seconds[1] / 2


def test_objects_are_there_for_the_next_emulation(tmp_path: Path) -> None:
    home = Home(tmp_path)
    large = b"x" * (9 << 20)
    with emulator(home) as aws:
        s3 = aws.client("s3")
        s3.put_object(Bucket=BUCKET, Key="a/b.txt", Body=b"one")
        s3.put_object(Bucket=BUCKET, Key="gone.txt", Body=b"two")
        s3.delete_object(Bucket=BUCKET, Key="gone.txt")
        upload = s3.create_multipart_upload(Bucket=BUCKET, Key="large")["UploadId"]
        parts = [
            {"PartNumber": n, "ETag": s3.upload_part(
                Bucket=BUCKET, Key="large", UploadId=upload, PartNumber=n, Body=large)["ETag"]}
            for n in (1, 2)
        ]  # fmt: skip
        s3.complete_multipart_upload(Bucket=BUCKET, Key="large", UploadId=upload, MultipartUpload={"Parts": parts})
    assert (home.objects / BUCKET / "a" / "b.txt").read_bytes() == b"one"
    with emulator(home) as aws:
        s3 = aws.client("s3")
        listed = {entry["Key"]: entry["Size"] for entry in s3.list_objects_v2(Bucket=BUCKET)["Contents"]}
        assert listed == {"a/b.txt": 3, "large": 2 * len(large)}
        assert s3.get_object(Bucket=BUCKET, Key="large")["Body"].read() == 2 * large
        s3.copy_object(Bucket=BUCKET, Key="c.txt", CopySource={"Bucket": BUCKET, "Key": "a/b.txt"})
        assert s3.get_object(Bucket=BUCKET, Key="c.txt")["Body"].read() == b"one"


def test_a_key_cannot_leave_the_folder(tmp_path: Path) -> None:
    with emulator(Home(tmp_path / "home")) as aws, pytest.raises(Exception, match=r"500|Internal"):
        aws.client("s3").put_object(Bucket=BUCKET, Key="../../../escaped", Body=b"x")
    assert not list(tmp_path.rglob("escaped"))


def test_the_emulation_listens_on_this_machine_only(tmp_path: Path) -> None:
    with emulator(Home(tmp_path)) as aws:
        assert aws.endpoint.startswith("http://127.0.0.1:")


@pytest.mark.parametrize("condition", ["IfNoneMatch", "IfMatch"])
def test_of_writes_on_one_condition_at_the_same_moment_one_succeeds(
    condition: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    look = S3Backend.get_object

    def look_for_a_while(*args: Any, **options: Any) -> Any:
        found = look(*args, **options)
        time.sleep(0.2)
        return found

    with emulator(Home(tmp_path)) as aws:
        s3 = aws.client("s3")
        tag = s3.put_object(Bucket=BUCKET, Key="before", Body=b"0")["ETag"]
        key, given = {"IfNoneMatch": ("new", "*"), "IfMatch": ("before", tag)}[condition]
        monkeypatch.setattr(S3Backend, "get_object", look_for_a_while)

        def write(content: bytes) -> str:
            try:
                s3.put_object(Bucket=BUCKET, Key=key, Body=content, **{condition: given})
            except ClientError as error:
                return str(error.response["Error"]["Code"])
            return "written"

        with ThreadPoolExecutor(4) as threads:
            answers = list(threads.map(write, [b"1", b"2", b"3", b"4"]))
    assert sorted(answers) == ["PreconditionFailed"] * 3 + ["written"]
