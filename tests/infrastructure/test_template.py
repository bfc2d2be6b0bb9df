"""The template that CDK writes."""

import importlib
import json
import os
import re
import sys
from pathlib import Path
from typing import Any

import pytest
from nibrs_local.lambda_pool import function_definitions

REPOSITORY = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def template() -> Any:
    # jsii starts Node when aws_cdk is imported; the environment's own is beside its Python.
    os.environ["PATH"] = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    from aws_cdk import App  # noqa: PLC0415
    from aws_cdk import aws_lambda as lambda_  # noqa: PLC0415
    from aws_cdk.assertions import Template  # noqa: PLC0415
    from nibrs_cdk.stack import DownloadsStack  # noqa: PLC0415

    # The dependencies make no difference to the template; the sources stand for the bundle.
    return Template.from_stack(DownloadsStack(App(), "Test", code=lambda_.Code.from_asset(str(REPOSITORY / "lambdas"))))


def resources(template: Any, kind: str) -> dict[str, dict[str, Any]]:
    found: dict[str, dict[str, Any]] = template.find_resources(kind)
    return {name: resource["Properties"] for name, resource in found.items()}


def test_every_function_has_the_size_and_time_of_its_definition(template: Any) -> None:
    functions = {each["Handler"]: each for each in resources(template, "AWS::Lambda::Function").values()}
    for definition in function_definitions().values():
        function = functions[definition.handler]
        assert (function["MemorySize"], function["Timeout"]) == (definition.memory_mb, definition.timeout_s)
        assert function["EphemeralStorage"]["Size"] == definition.storage_mb
        assert function["Architectures"] == ["arm64"]
        assert ("DB_SECRET_ARN" in function["Environment"]["Variables"]) == definition.database
    assert len(functions) == len(function_definitions())


def test_every_handler_can_be_imported() -> None:
    for definition in function_definitions().values():
        module, _, name = definition.handler.rpartition(".")
        assert callable(getattr(importlib.import_module(module), name))


def test_the_state_machine_is_the_file_with_every_function_filled_in(template: Any) -> None:
    [machine] = resources(template, "AWS::StepFunctions::StateMachine").values()
    definition = machine["DefinitionString"]
    text = (
        definition
        if isinstance(definition, str)
        else "".join(p for p in definition["Fn::Join"][1] if isinstance(p, str))
    )
    file = (REPOSITORY / "statemachines" / "nibrs_pipeline.asl.json").read_text()
    assert json.loads(text) == json.loads(file)
    assert set(machine["DefinitionSubstitutions"]) == set(re.findall(r"\$\{(\w+)\}", file))


def test_the_bucket_is_private_versioned_encrypted_and_by_tls_only(template: Any) -> None:
    [bucket] = resources(template, "AWS::S3::Bucket").values()
    assert set(bucket["PublicAccessBlockConfiguration"].values()) == {True}
    assert bucket["VersioningConfiguration"] == {"Status": "Enabled"}
    assert bucket["BucketEncryption"]
    [policy] = resources(template, "AWS::S3::BucketPolicy").values()
    statement = policy["PolicyDocument"]["Statement"][0]
    assert (statement["Effect"], statement["Condition"]) == ("Deny", {"Bool": {"aws:SecureTransport": "false"}})


def test_only_publish_writes_what_the_public_sees(template: Any) -> None:
    writers = [
        name
        for name, policy in resources(template, "AWS::IAM::Policy").items()
        for statement in policy["PolicyDocument"]["Statement"]
        if "s3:PutObject" in statement["Action"] and "downloads/*" in json.dumps(statement["Resource"])
    ]
    assert len(writers) == 1
    assert "Publish" in writers[0]


def test_no_role_may_do_everything(template: Any) -> None:
    for policy in resources(template, "AWS::IAM::Policy").values():
        for statement in policy["PolicyDocument"]["Statement"]:
            actions = statement["Action"] if isinstance(statement["Action"], list) else [statement["Action"]]
            assert not [action for action in actions if action.endswith("*")]
            if statement["Resource"] == "*":
                # X-Ray and log delivery know no narrower resource.
                assert all(action.startswith(("xray:", "logs:")) for action in actions), actions
