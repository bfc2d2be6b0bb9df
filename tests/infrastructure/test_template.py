"""The template that CDK writes: what each construct promises, cdk-nag, cfn-lint."""

import importlib
import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from nibrs_local.container_tasks import stage_definitions
from nibrs_local.lambda_pool import function_definitions

from tests.infrastructure.synthesis import GIVEN, REPOSITORY, given_configuration, synthesise, with_values

Resources = dict[str, dict[str, Any]]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("cdk.out")


@pytest.fixture(scope="module")
def given(folder: Path) -> dict[str, Any]:
    """For a database and a network that exist; cdk-nag's findings would raise."""
    return synthesise(str(given_configuration(folder)), folder / "given")


@pytest.fixture(scope="module")
def trial(folder: Path) -> dict[str, Any]:
    """Everything created; cdk-nag's findings would raise."""
    return synthesise("development", folder / "trial")


def resources(template: dict[str, Any], kind: str) -> Resources:
    return {name: each["Properties"] for name, each in template["Resources"].items() if each["Type"] == kind}


def statements(template: dict[str, Any]) -> list[tuple[str, dict[str, Any]]]:
    return [
        (name, statement)
        for name, policy in resources(template, "AWS::IAM::Policy").items()
        for statement in policy["PolicyDocument"]["Statement"]
    ]


def listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


@pytest.mark.parametrize("name", ["given", "trial"])
def test_cfn_lint_finds_nothing(name: str, request: pytest.FixtureRequest, tmp_path: Path) -> None:
    path = tmp_path / "template.json"
    path.write_text(json.dumps(request.getfixturevalue(name)))
    # W3005: CDK makes every function depend on its role, which its attribute implies.
    done = subprocess.run(
        [str(Path(sys.executable).parent / "cfn-lint"), "--ignore-checks", "W3005", "--", str(path)],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout


def test_cdk_nag_would_find_an_open_bucket(folder: Path) -> None:
    script = (
        "from aws_cdk import App, Stack, Validations, aws_s3 as s3\n"
        "from cdk_nag import AwsSolutionsChecks\n"
        f"app = App(outdir={str(folder / 'open')!r})\n"
        "Validations.of(app).add_plugins(AwsSolutionsChecks(app))\n"
        "s3.CfnBucket(Stack(app, 'S'), 'B')\n"
        "app.synth()\n"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)
    assert done.returncode != 0
    assert "AwsSolutions-S10" in done.stdout + done.stderr


def test_every_acknowledged_finding_has_a_reason(folder: Path, given: dict[str, Any]) -> None:
    metadata = json.loads((folder / "given" / "NibrsPipeline.metadata.json").read_text())
    reasons = [
        (rule, reason)
        for entries in metadata.values()
        for entry in entries
        if entry["type"] == "aws:cdk:acknowledged-rules"
        for rule, reason in entry["data"].items()
    ]
    assert reasons
    assert [rule for rule, reason in reasons if len(reason.split()) < 4] == []


def test_every_function_has_the_size_and_time_of_its_definition(given: dict[str, Any]) -> None:
    functions = {each["Handler"]: each for each in resources(given, "AWS::Lambda::Function").values()}
    for definition in function_definitions().values():
        function = functions[definition.handler]
        assert (function["MemorySize"], function["Timeout"]) == (definition.memory_mb, definition.timeout_s)
        assert function["EphemeralStorage"]["Size"] == definition.storage_mb
        assert function["Architectures"] == ["arm64"]
        assert ("DB_SECRET_ARN" in function["Environment"]["Variables"]) == definition.database
        assert ("VpcConfig" in function) == definition.database
    assert len(functions) == len(function_definitions())


def test_lambda_may_put_functions_into_the_vpc(given: dict[str, Any]) -> None:
    # Lambda makes the interfaces with the function's role; without these the function is not created.
    in_vpc = [
        each["Role"]["Fn::GetAtt"][0]
        for each in resources(given, "AWS::Lambda::Function").values()
        if "VpcConfig" in each
    ]
    needed = {"ec2:CreateNetworkInterface", "ec2:DescribeNetworkInterfaces", "ec2:DeleteNetworkInterface"}
    for role in in_vpc:
        allowed = {
            action
            for policy in resources(given, "AWS::IAM::Policy").values()
            if {"Ref": role} in policy["Roles"]
            for statement in policy["PolicyDocument"]["Statement"]
            for action in listed(statement["Action"])
        }
        assert needed <= allowed, role
    assert in_vpc


def test_every_handler_can_be_imported() -> None:
    for definition in function_definitions().values():
        module, _, name = definition.handler.rpartition(".")
        assert callable(getattr(importlib.import_module(module), name))


def test_every_stage_has_a_task_of_its_size(given: dict[str, Any]) -> None:
    tasks = {
        each["ContainerDefinitions"][0]["Command"][0]: each
        for each in resources(given, "AWS::ECS::TaskDefinition").values()
    }
    assert set(tasks) == set(stage_definitions())
    for stage, definition in stage_definitions().items():
        task = tasks[stage]
        [container] = task["ContainerDefinitions"]
        assert (task["Cpu"], task["Memory"]) == (str(definition.cpu), str(definition.memory_mb))
        assert task["EphemeralStorage"] == {"SizeInGiB": definition.storage_gb}
        assert task["RuntimePlatform"]["CpuArchitecture"] == "ARM64"
        assert container["LogConfiguration"]["LogDriver"] == "awslogs"
        assert container["Name"] == "estimation"


def test_the_state_machine_is_the_file_with_every_name_filled_in(given: dict[str, Any]) -> None:
    [machine] = resources(given, "AWS::StepFunctions::StateMachine").values()
    file = (REPOSITORY / "statemachines" / "nibrs_pipeline.asl.json").read_text()
    assert json.loads(machine["DefinitionString"]) == json.loads(file)
    assert set(machine["DefinitionSubstitutions"]) == set(re.findall(r"\$\{(\w+)\}", file))
    for stage, definition in stage_definitions().items():
        reference = machine["DefinitionSubstitutions"][definition.task]["Ref"]
        assert given["Resources"][reference]["Properties"]["ContainerDefinitions"][0]["Command"] == [stage]


def test_buckets_are_private_encrypted_and_by_tls_only_and_data_is_versioned(given: dict[str, Any]) -> None:
    buckets = resources(given, "AWS::S3::Bucket")
    for bucket in buckets.values():
        assert set(bucket["PublicAccessBlockConfiguration"].values()) == {True}
        assert bucket["BucketEncryption"]
    [data] = [each for each in buckets.values() if "LoggingConfiguration" in each]
    assert data["VersioningConfiguration"] == {"Status": "Enabled"}
    rules = data["LifecycleConfiguration"]["Rules"]
    assert any(rule.get("AbortIncompleteMultipartUpload") for rule in rules)
    policies = resources(given, "AWS::S3::BucketPolicy").values()
    assert len(policies) == len(buckets)
    for policy in policies:
        first = policy["PolicyDocument"]["Statement"][0]
        assert (first["Effect"], first["Condition"]) == ("Deny", {"Bool": {"aws:SecureTransport": "false"}})


def test_only_publish_writes_what_the_public_sees(given: dict[str, Any]) -> None:
    writers = {
        name
        for name, statement in statements(given)
        if {"s3:PutObject", "s3:DeleteObject"} & set(listed(statement["Action"]))
        for resource in listed(statement["Resource"])
        if re.search(r'"/(downloads|estimates)/', json.dumps(resource))
    }
    assert len(writers) == 1
    assert "Publish" in writers.pop()


def test_no_role_may_do_everything(given: dict[str, Any]) -> None:
    for name, statement in statements(given):
        actions = listed(statement["Action"])
        assert not [action for action in actions if action.endswith("*")]
        if "*" in listed(statement["Resource"]):
            # X-Ray, log delivery, a registry's token and Lambda's network interfaces know no narrower resource.
            allowed = ("xray:", "logs:", "ecr:GetAuthorizationToken", "ec2:")
            assert all(action.startswith(allowed) for action in actions), (name, actions)


def test_containers_may_only_be_passed_to_ecs(given: dict[str, Any]) -> None:
    passing = [statement for _, statement in statements(given) if "iam:PassRole" in listed(statement["Action"])]
    assert passing
    for statement in passing:
        services = {"ecs-tasks.amazonaws.com", "scheduler.amazonaws.com"}
        assert statement["Condition"]["StringEquals"]["iam:PassedToService"] in services


def test_schedules_start_the_state_machine_or_stay_off(given: dict[str, Any], trial: dict[str, Any]) -> None:
    schedules = {each["ScheduleExpression"]: each for each in resources(given, "AWS::Scheduler::Schedule").values()}
    downloads, estimates = schedules["cron(0 6 1 * ? *)"], schedules["cron(0 6 15 9 ? *)"]
    assert (downloads["State"], estimates["State"]) == ("ENABLED", "DISABLED")
    assert json.loads(estimates["Target"]["Input"]) == {"estimates": True}
    for schedule in schedules.values():
        assert schedule["Target"]["DeadLetterConfig"]["Arn"]
    in_trial = resources(trial, "AWS::Scheduler::Schedule").values()
    assert {each["State"] for each in in_trial if each["ScheduleExpression"].startswith("cron")} == {"DISABLED"}


def test_every_alarm_tells_the_topic_and_has_a_heading_in_the_documentation(given: dict[str, Any]) -> None:
    headings = set(re.findall(r"^#+ (\w+)", (REPOSITORY / "docs" / "operations.md").read_text(), re.MULTILINE))
    alarms = resources(given, "AWS::CloudWatch::Alarm")
    for alarm in alarms.values():
        assert alarm["AlarmActions"]
        assert alarm["TreatMissingData"] == "notBreaching"
        name = alarm["AlarmDescription"].partition(":")[0]
        general = re.sub(r"^\w+?(Errors|Slow)$", r"\1", name)
        assert {name, f"Function{general}"} & headings, name
    watched = {alarm["MetricName"] for alarm in alarms.values()}
    assert watched >= {
        "ExecutionsFailed", "ExecutionsTimedOut", "StateYearsMissing", "Errors", "Duration", "TriggeredRules",
        "DaysSinceSuccess",
    }  # fmt: skip
    [subscription] = resources(given, "AWS::SNS::Subscription").values()
    assert subscription["Endpoint"] == "operations@example.org"


def test_a_created_network_has_no_way_out_and_every_endpoint_that_is_needed(trial: dict[str, Any]) -> None:
    assert not resources(trial, "AWS::EC2::NatGateway")
    assert not resources(trial, "AWS::EC2::InternetGateway")
    endpoints = json.dumps(list(resources(trial, "AWS::EC2::VPCEndpoint").values()))
    for service in ("s3", "secretsmanager", "ecr.api", "ecr.dkr", "logs"):
        assert re.search(rf"\.{re.escape(service)}\"", endpoints), service


def test_a_trial_database_is_reached_by_the_functions_alone(trial: dict[str, Any]) -> None:
    [instance] = resources(trial, "AWS::RDS::DBInstance").values()
    assert instance["PubliclyAccessible"] is False
    assert instance["StorageEncrypted"] is True
    [parameters] = resources(trial, "AWS::RDS::DBParameterGroup").values()
    assert parameters["Parameters"]["rds.force_ssl"] == "1"
    [rule] = resources(trial, "AWS::EC2::SecurityGroupIngress").values()
    assert "Clients" in json.dumps(rule["SourceSecurityGroupId"])


def test_the_public_reaches_the_published_prefixes_only(given: dict[str, Any]) -> None:
    [distribution] = resources(given, "AWS::CloudFront::Distribution").values()
    config = distribution["DistributionConfig"]
    assert [each["PathPattern"] for each in config["CacheBehaviors"]] == ["downloads/*", "estimates/*"]
    # Everything else is answered by a function before the bucket is asked.
    assert config["DefaultCacheBehavior"]["FunctionAssociations"][0]["EventType"] == "viewer-request"


def test_nothing_is_named_after_a_folder_of_this_machine(given: dict[str, Any]) -> None:
    assert str(REPOSITORY) not in json.dumps(given)


def test_data_stays_or_goes_as_the_configuration_says(given: dict[str, Any], trial: dict[str, Any]) -> None:
    kept = {each["DeletionPolicy"] for each in given["Resources"].values() if each["Type"] == "AWS::S3::Bucket"}
    gone = {each["DeletionPolicy"] for each in trial["Resources"].values() if each["Type"] == "AWS::S3::Bucket"}
    assert (kept, gone) == ({"Retain"}, {"Delete"})


def test_root_certificates_reach_the_functions_that_use_the_database(folder: Path, tmp_path: Path) -> None:
    pem = tmp_path / "bundle.pem"
    pem.write_text("-----BEGIN CERTIFICATE-----\n")
    text = with_values(
        GIVEN, {'kind = "given"\nsecret_arn': f'kind = "given"\nroot_certificates = "{pem}"\nsecret_arn'}
    )
    template = synthesise(str(given_configuration(tmp_path, text)), folder / "certificates")
    trusting = [
        each["Handler"]
        for each in resources(template, "AWS::Lambda::Function").values()
        if each["Environment"]["Variables"].get("PGSSLROOTCERT") == "/var/task/database-root-certificates.pem"
    ]
    assert set(trusting) == {each.handler for each in function_definitions().values() if each.database}


def test_synth_refuses_a_configuration_that_is_not_filled_in() -> None:
    done = subprocess.run(
        [sys.executable, str(REPOSITORY / "cdk" / "app.py")],
        env={**os.environ, "CDK_CONTEXT_JSON": '{"config": "production"}'},
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 1
    assert "Nothing was synthesised." in done.stderr
    assert "production.toml: database.secret_arn: '' was given; it has to be the ARN of the Secrets" in done.stderr
    assert "Traceback" not in done.stderr
