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
from nibrs_engine.container_tasks import handler_definitions, stage_definitions
from nibrs_engine.lambda_pool import function_definitions
from nibrs_pipeline.keys import ESTIMATE_GEOGRAPHY_GROUPS, ESTIMATE_TABLE_GROUPS

from tests.infrastructure.synthesis import GIVEN, REPOSITORY, given_configuration, synthesise, with_values

Resources = dict[str, dict[str, Any]]


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
    # cfn-lint knows the states' ARNs of one partition alone, which it is given as CloudFormation would fill it in.
    path.write_text(json.dumps(request.getfixturevalue(name)).replace("arn:${Partition}:states", "arn:aws:states"))
    # W3005: CDK makes every function depend on its role, which its attribute implies.
    done = subprocess.run(
        [str(Path(sys.executable).parent / "cfn-lint"), "--ignore-checks", "W3005", "--", str(path)],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout


def test_cdk_nag_would_find_an_open_bucket(folder: Path) -> None:
    script = (
        "from aws_cdk import App, Stack, Validations, aws_s3 as s3\n"
        "from nibrs_cdk.acknowledgments import rule_packs\n"
        f"app = App(outdir={str(folder / 'open')!r})\n"
        "Validations.of(app).add_plugins(*rule_packs(app))\n"
        "s3.CfnBucket(Stack(app, 'S'), 'B')\n"
        "app.synth()\n"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)
    assert done.returncode != 0
    for rule in (
        "AwsSolutions-S10",
        "NIST.800.53.R5-S3BucketVersioningEnabled",
        "HIPAA.Security-S3BucketLoggingEnabled",
    ):
        assert rule in done.stdout + done.stderr


@pytest.fixture(scope="module")
def other(folder: Path) -> dict[str, Any]:
    """What neither of the two templates has: certificates, a name of one's own, the web without access logs."""
    pem = folder / "bundle.pem"
    pem.write_text("-----BEGIN CERTIFICATE-----\n")
    certificate = "arn:aws:acm:us-east-1:123456789012:certificate/1"
    values = {
        'kind = "given"\nsecret_arn': f'kind = "given"\nroot_certificates = "{pem}"\nsecret_arn',
        "cloudfront = true": f'cloudfront = true\ndomain_name = "nibrs.example.org"\ncertificate_arn = "{certificate}"',
        "[alarms]": "[retention]\nkeep_data = false\n\n[alarms]",
    }
    own = folder / "other-configuration"
    own.mkdir()
    return synthesise(str(given_configuration(own, with_values(GIVEN, values))), folder / "other")


def test_a_trial_that_is_kept_passes_the_packs_too(folder: Path, tmp_path: Path) -> None:
    image = re.search(r"\[image\][^[]+", GIVEN)
    assert image
    kept = f'{image[0]}[database]\nkind = "trial"\n[network]\nkind = "created"\n'
    assert outliving(synthesise(str(given_configuration(tmp_path, kept)), folder / "kept"))


def test_a_stack_on_the_web_that_is_not_kept_leaves_nothing_either(other: dict[str, Any]) -> None:
    assert resources(other, "AWS::CloudFront::Distribution")
    assert outliving(other) == {}


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
        assert function["Environment"]["Variables"].get("SOURCE_PROFILE") == (
            "ucr_prd" if definition.database else None
        )
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


def test_quotas_are_asked_for_that_cover_what_is_deployed() -> None:
    page = (REPOSITORY / "docs" / "deployment.md").read_text()
    vcpus = {name: each.cpu // 1024 for name, each in (stage_definitions() | handler_definitions()).items()}
    estimates = len(ESTIMATE_GEOGRAPHY_GROUPS) * len(ESTIMATE_TABLE_GROUPS) * vcpus["estimate"]
    load = json.loads((REPOSITORY / "containers" / "pipeline" / "tasks.json").read_text())["load"]["cpu"] // 1024
    assert (
        f"| {vcpus['impute_and_tabulate']} for each state tabulated at once (`max_concurrency`), {estimates} for the "
        f"estimates, {load} to fill a trial's database; {vcpus['extract_state_year']} for each state-year and "
        f"{vcpus['build_bundle']} for each bundle that a container takes over |"
    ) in page
    assert f"| {max(each.memory_mb for each in function_definitions().values()):,} MB, `memory_mb` in" in page


def test_every_handler_can_be_imported() -> None:
    for definition in function_definitions().values():
        module, _, name = definition.handler.rpartition(".")
        assert callable(getattr(importlib.import_module(module), name))


def test_every_stage_has_a_task_of_its_size(given: dict[str, Any]) -> None:
    tasks = {
        each["ContainerDefinitions"][0]["Command"][0]: each
        for each in resources(given, "AWS::ECS::TaskDefinition").values()
        if each["ContainerDefinitions"][0]["Name"] == "estimation"
    }
    assert set(tasks) == set(stage_definitions())
    for stage, definition in stage_definitions().items():
        task = tasks[stage]
        [container] = task["ContainerDefinitions"]
        assert (task["Cpu"], task["Memory"]) == (str(definition.cpu), str(definition.memory_mb))
        assert task["EphemeralStorage"] == {"SizeInGiB": definition.storage_gb}
        assert task["RuntimePlatform"]["CpuArchitecture"] == "ARM64"
        assert container["LogConfiguration"]["LogDriver"] == "awslogs"


def test_the_database_is_filled_by_a_task_that_reaches_it(given: dict[str, Any], trial: dict[str, Any]) -> None:
    for template, profile in ((given, "ucr_prd"), (trial, "cde")):
        outputs = {name: each["Value"] for name, each in template["Outputs"].items()}
        task = template["Resources"][outputs["LoadTaskArn"]["Ref"]]["Properties"]
        [container] = task["ContainerDefinitions"]
        variables = {each["Name"]: each["Value"] for each in container["Environment"]}
        assert variables["DB_SECRET_ARN"] == outputs["DatabaseSecretArn"]
        assert variables["PGSSLROOTCERT"] == "/opt/nibrs/database-root-certificates.pem"
        assert variables["SOURCE_PROFILE"] == profile
        # It is in the group that the database lets in: that of the functions.
        [query] = resources(template, "AWS::EC2::SecurityGroupEgress").values()
        assert outputs["DatabaseClients"] == query["GroupId"]
        [role] = task["TaskRoleArn"]["Fn::GetAtt"][:1]
        allowed = {
            (action, re.sub(r".*/(.*)\"\].*", r"\1", json.dumps(statement["Resource"])))
            for policy in resources(template, "AWS::IAM::Policy").values()
            if {"Ref": role} in policy["Roles"]
            for statement in policy["PolicyDocument"]["Statement"]
            for action in listed(statement["Action"])
        }
        assert {action for action, _ in allowed} == {
            "s3:GetObject", "s3:PutObject", "s3:AbortMultipartUpload", "s3:ListBucket", "secretsmanager:GetSecretValue",
        }  # fmt: skip
        assert "downloads" not in json.dumps(sorted(allowed))


def test_the_state_machine_is_the_file_with_every_name_filled_in(given: dict[str, Any]) -> None:
    [machine] = resources(given, "AWS::StepFunctions::StateMachine").values()
    file = (REPOSITORY / "statemachines" / "nibrs_pipeline.asl.json").read_text()
    substitutions = dict(machine["DefinitionSubstitutions"])
    # Step Functions ends an execution that names an integration of another partition than its own, as in GovCloud.
    assert substitutions.pop("Partition") == {"Ref": "AWS::Partition"}
    assert "arn:aws:" not in machine["DefinitionString"]
    assert json.loads(machine["DefinitionString"].replace("${Partition}", "aws")) == json.loads(file)
    assert set(substitutions) == set(re.findall(r"\$\{(\w+)\}", file))
    for stage, definition in stage_definitions().items():
        reference = machine["DefinitionSubstitutions"][definition.task]["Ref"]
        assert given["Resources"][reference]["Properties"]["ContainerDefinitions"][0]["Command"] == [stage]


def test_nothing_names_a_partition_but_what_the_configuration_gives(given: dict[str, Any]) -> None:
    secret = "arn:aws:secretsmanager:us-east-1:123456789012:secret:nibrs-AbCdEf"
    named = re.findall(r"arn:aws[a-z-]*:[^\"\s]*", json.dumps(given["Resources"]).replace(secret, ""))
    assert not named


def test_the_state_machine_may_look_at_and_stop_what_a_distributed_map_starts(given: dict[str, Any]) -> None:
    """On the executions of the machine's name, as AWS documents it, and on those of its Maps."""
    granted: dict[str, set[str]] = {}
    for policy in resources(given, "AWS::IAM::Policy").values():
        for statement in policy["PolicyDocument"]["Statement"]:
            for action in statement["Action"] if isinstance(statement["Action"], list) else [statement["Action"]]:
                granted.setdefault(action, set()).update(re.findall(r":execution:([^\"]+)", json.dumps(statement)))
    for action in ("states:DescribeExecution", "states:StopExecution"):
        assert {"nibrs-pipeline:*", "nibrs-pipeline/*"} <= granted[action]


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
        refused = [each["Condition"] for each in policy["PolicyDocument"]["Statement"] if each["Effect"] == "Deny"]
        assert refused == [{"Bool": {"aws:SecureTransport": "false"}}, {"NumericLessThan": {"s3:TlsVersion": 1.2}}]


def test_earlier_versions_of_whatever_is_written_go_some_day(given: dict[str, Any], trial: dict[str, Any]) -> None:
    tasks = json.loads((REPOSITORY / "containers" / "pipeline" / "tasks.json").read_text())
    keys = [key for each in function_definitions().values() for key in each.writes]
    keys += [key for each in tasks.values() for key in each["writes"]] + ["uploads/AZ-2016.zip"]
    written = {f"{key.partition('/')[0]}/" for key in keys}
    assert written >= {"downloads/", "estimates/", "runs/", "source/", "uploads/"}
    for template in (given, trial):
        [data] = [
            each for name, each in resources(template, "AWS::S3::Bucket").items() if name.startswith("StorageData")
        ]
        rules = {each.get("Prefix"): each for each in data["LifecycleConfiguration"]["Rules"]}
        assert {prefix for prefix in written if "NoncurrentVersionExpiration" not in rules.get(prefix, {})} == set()


def test_only_publish_writes_what_the_public_sees(given: dict[str, Any]) -> None:
    writers = {
        name
        for name, statement in statements(given)
        if {"s3:PutObject", "s3:DeleteObject"} & set(listed(statement["Action"]))
        for resource in listed(statement["Resource"])
        if re.search(r'"/(downloads|estimates|parquet)/', json.dumps(resource))
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


def test_a_created_network_has_no_way_out_and_every_endpoint_that_is_needed(trial: dict[str, Any]) -> None:
    assert not resources(trial, "AWS::EC2::NatGateway")
    assert not resources(trial, "AWS::EC2::InternetGateway")
    endpoints = json.dumps(list(resources(trial, "AWS::EC2::VPCEndpoint").values()))
    for service in ("s3", "secretsmanager", "ecr.api", "ecr.dkr", "logs"):
        assert re.search(rf"\.{re.escape(service)}\"", endpoints), service


def test_names_of_aws_services_lead_to_the_endpoints_of_a_created_network(trial: dict[str, Any]) -> None:
    [vpc] = resources(trial, "AWS::EC2::VPC").values()
    assert (vpc["EnableDnsSupport"], vpc["EnableDnsHostnames"]) == (True, True)
    for endpoint in resources(trial, "AWS::EC2::VPCEndpoint").values():
        assert endpoint["VpcEndpointType"] == "Gateway" or endpoint["PrivateDnsEnabled"] is True


def test_nothing_leaves_functions_and_containers_but_tls_and_queries(
    given: dict[str, Any], trial: dict[str, Any]
) -> None:
    for template, names in ((given, {53}), (trial, set())):
        for name, group in resources(template, "AWS::EC2::SecurityGroup").items():
            if "Clients" in name or "Tasks" in name:
                assert {rule["FromPort"] for rule in group["SecurityGroupEgress"]} == {443} | names, name
            else:
                # CloudFormation wants a rule where there is to be none.
                assert [rule["CidrIp"] for rule in group["SecurityGroupEgress"]] == ["255.255.255.255/32"], name
        [query] = resources(template, "AWS::EC2::SecurityGroupEgress").values()
        assert (query["FromPort"], query["ToPort"]) == (5432, 5432)


def test_containers_write_to_their_scratch_folder_alone(given: dict[str, Any]) -> None:
    folders = {"estimation": "r_estimation", "pipeline": "pipeline"}
    for task in resources(given, "AWS::ECS::TaskDefinition").values():
        [container], [volume] = task["ContainerDefinitions"], task["Volumes"]
        image = (REPOSITORY / "containers" / folders[container["Name"]] / "Dockerfile").read_text()
        assert container["ReadonlyRootFilesystem"] is True
        [mount] = container["MountPoints"]
        assert mount == {"SourceVolume": volume["Name"], "ContainerPath": "/scratch", "ReadOnly": False}
        assert f"VOLUME {mount['ContainerPath']}\n" in image
        assert f" HOME={mount['ContainerPath']} TMPDIR={mount['ContainerPath']}" in image


def test_the_images_are_built_on_the_configured_base(folder: Path, given: dict[str, Any]) -> None:
    assets = json.loads((folder / "given" / "NibrsPipeline.assets.json").read_text())
    assert len(assets["dockerImages"]) == 2
    for image in assets["dockerImages"].values():
        assert image["source"]["dockerBuildArgs"] == {"BASE": re.search(r'base = "([^"]+)"', GIVEN)[1]}  # type: ignore[index]
        assert image["source"]["platform"] == "linux/arm64"


def test_a_trial_database_is_reached_by_the_functions_alone(trial: dict[str, Any]) -> None:
    [instance] = resources(trial, "AWS::RDS::DBInstance").values()
    assert instance["PubliclyAccessible"] is False
    assert instance["StorageEncrypted"] is True
    [parameters] = resources(trial, "AWS::RDS::DBParameterGroup").values()
    assert parameters["Parameters"]["rds.force_ssl"] == "1"
    [rule] = resources(trial, "AWS::EC2::SecurityGroupIngress").values()
    assert "Clients" in json.dumps(rule["SourceSecurityGroupId"])


def test_the_web_is_told_to_forget_what_publish_replaces(given: dict[str, Any], trial: dict[str, Any]) -> None:
    [(identifier, distribution)] = resources(given, "AWS::CloudFront::Distribution").items()
    [publish] = [
        each
        for each in resources(given, "AWS::Lambda::Function").values()
        if each["Handler"].endswith("publish.handler")
    ]
    assert publish["Environment"]["Variables"]["DISTRIBUTION_ID"] == {"Ref": identifier}
    [(name, statement)] = [
        each for each in statements(given) if "cloudfront:CreateInvalidation" in listed(each[1]["Action"])
    ]
    assert "Publish" in name
    assert {"Ref": identifier} in statement["Resource"]["Fn::Join"][1]
    caches = resources(given, "AWS::CloudFront::CachePolicy")
    for behavior in distribution["DistributionConfig"]["CacheBehaviors"]:
        policy = caches[behavior["CachePolicyId"]["Ref"]]["CachePolicyConfig"]
        assert (policy["MinTTL"], policy["DefaultTTL"]) == (0, 300)
    assert "DISTRIBUTION_ID" not in json.dumps(trial)


def test_tls_is_1_2_at_least_where_the_name_is_ones_own(given: dict[str, Any], other: dict[str, Any]) -> None:
    # With CloudFront's own name the setting would be ignored, and so is not there to be believed.
    [distribution] = resources(given, "AWS::CloudFront::Distribution").values()
    assert "ViewerCertificate" not in distribution["DistributionConfig"]
    [distribution] = resources(other, "AWS::CloudFront::Distribution").values()
    assert distribution["DistributionConfig"]["ViewerCertificate"]["MinimumProtocolVersion"] == "TLSv1.2_2021"


def test_the_public_reaches_the_published_prefixes_only(given: dict[str, Any]) -> None:
    [distribution] = resources(given, "AWS::CloudFront::Distribution").values()
    config = distribution["DistributionConfig"]
    assert [each["PathPattern"] for each in config["CacheBehaviors"]] == [
        "downloads/*",
        "estimates/*",
        "parquet/*",
    ]
    # Everything else is answered by a function before the bucket is asked.
    assert config["DefaultCacheBehavior"]["FunctionAssociations"][0]["EventType"] == "viewer-request"


def test_nothing_is_named_after_a_folder_of_this_machine(given: dict[str, Any]) -> None:
    assert str(REPOSITORY) not in json.dumps(given)


#: What a name of a resource's own is called.
_NAMES = {
    "AWS::S3::Bucket": "BucketName", "AWS::Logs::LogGroup": "LogGroupName",
    "AWS::RDS::DBInstance": "DBInstanceIdentifier", "AWS::SecretsManager::Secret": "Name",
    "AWS::SNS::Topic": "TopicName", "AWS::SQS::Queue": "QueueName",
    "AWS::StepFunctions::StateMachine": "StateMachineName",
}  # fmt: skip


def outliving(template: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """Resources that stay when their stack goes."""
    return {
        name: each
        for name, each in template["Resources"].items()
        if each.get("DeletionPolicy", "Delete") != "Delete" or each.get("UpdateReplacePolicy", "Delete") != "Delete"
    }


def test_what_outlives_a_stack_has_a_name_that_no_other_stack_gets(given: dict[str, Any]) -> None:
    kept = outliving(given)
    assert {each["Type"] for each in kept.values()} == {"AWS::S3::Bucket", "AWS::Logs::LogGroup"}
    for name, resource in kept.items():
        # A creation that is rolled back leaves nothing.
        assert resource["DeletionPolicy"] == "RetainExceptOnCreate", name
        own_name = resource.get("Properties", {}).get(_NAMES[resource["Type"]])
        assert own_name is None or "AWS::StackId" in json.dumps(own_name), name


def test_a_development_stack_leaves_nothing(trial: dict[str, Any]) -> None:
    assert outliving(trial) == {}
    # Buckets are emptied, and nothing is delivered to them or logged of them while they are.
    buckets = {name for name, each in trial["Resources"].items() if each["Type"] == "AWS::S3::Bucket"}
    assert {each["BucketName"]["Ref"] for each in resources(trial, "Custom::S3AutoDeleteObjects").values()} == buckets
    assert "LoggingConfiguration" not in json.dumps(resources(trial, "AWS::S3::Bucket"))
    # Log groups that AWS would make itself, under names that stay: those of functions, of RDS, of Container Insights.
    for function in resources(trial, "AWS::Lambda::Function").values():
        assert function["LoggingConfig"]["LogGroup"]["Ref"] in trial["Resources"]
    [instance] = resources(trial, "AWS::RDS::DBInstance").values()
    assert "EnableCloudwatchLogsExports" not in instance
    [cluster] = resources(trial, "AWS::ECS::Cluster").values()
    assert cluster["ClusterSettings"] == [{"Name": "containerInsights", "Value": "disabled"}]
    allowed = json.dumps([resources(trial, "AWS::IAM::Policy"), resources(trial, "AWS::IAM::Role")])
    assert "logs:CreateLogGroup" not in allowed
    assert "AWSLambdaBasicExecutionRole" not in allowed


def test_the_same_names_are_not_wanted_by_two_stacks_of_one_account(given: dict[str, Any]) -> None:
    named = {
        name: json.dumps(each["Properties"][_NAMES[each["Type"]]])
        for name, each in given["Resources"].items()
        if _NAMES.get(each["Type"], "") in each.get("Properties", {})
    }
    # The state machine's name is the configuration's, so that people find it; it goes with its stack.
    assert {name for name, value in named.items() if "AWS::StackId" not in value} <= {
        name for name in given["Resources"] if name.startswith("WorkflowPipeline")
    }


@pytest.mark.parametrize("configuration", ["trial", "given", "other"])
def test_root_certificates_reach_the_functions_that_use_the_database(
    configuration: str, request: pytest.FixtureRequest
) -> None:
    template = request.getfixturevalue(configuration)
    trusting = [
        each["Handler"]
        for each in resources(template, "AWS::Lambda::Function").values()
        if each.get("Environment", {}).get("Variables", {}).get("PGSSLROOTCERT")
        == "/var/task/database-root-certificates.pem"
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


def test_the_commands_of_the_makefile_pass_options_that_cdk_knows() -> None:
    commands = re.findall(r"setup\.sh cdk (\w+)", (REPOSITORY / "Makefile").read_text())
    [call] = re.findall(r'node_modules/\.bin/cdk "\$2" (.*)', (REPOSITORY / "local" / "setup.sh").read_text())
    options = set(re.findall(r"--\w+", call))
    assert set(commands) == {"bootstrap", "deploy", "diff", "destroy"}
    assert options
    for command in commands:
        shown = subprocess.run(
            [str(REPOSITORY / "cdk" / "node_modules" / ".bin" / "cdk"), command, "--help"],
            capture_output=True, text=True, check=True,
        ).stdout  # fmt: skip
        assert options <= set(re.findall(r"--\w+", shown)), command


def test_the_tests_that_the_page_on_deployment_names_exist() -> None:
    page = (REPOSITORY / "docs" / "deployment.md").read_text()
    named = set(re.findall(r"\btest_\w+\b", page))
    assert named
    assert named <= {path.stem for path in (REPOSITORY / "tests").glob("*/test_*.py")}
