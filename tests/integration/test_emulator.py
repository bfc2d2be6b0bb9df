"""The emulation keeps what it promises where moto by itself would not."""

import json
import sys
import time
from pathlib import Path
from typing import Any

import pytest
from nibrs_command.watching import RunView, Step, observe
from nibrs_engine.emulator import Emulator, emulator
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


def execute(aws: Emulator, definition: dict[str, Any]) -> RunView:
    client = aws.client("stepfunctions")
    machine = aws.create_state_machine(json.dumps(definition))
    execution = client.start_execution(stateMachineArn=machine, name="x", input="{}")["executionArn"]
    while not (view := observe(client, execution)).is_over:
        time.sleep(0.1)
    return view


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
