"""A template deployed into moto, and the harness that runs its functions and tasks from what was deployed."""

import json
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from nibrs_command.watching import Activity, RunView, observe
from nibrs_engine.container_tasks import TaskPool
from nibrs_engine.emulator import Emulator
from nibrs_engine.interpreter import executing
from nibrs_engine.lambda_pool import FunctionDefinition, LambdaPool
from nibrs_engine.services import REGION
from nibrs_pipeline.database.location import DatabaseLocation

from tests.runs import silently

STACK = "nibrs"
#: Left out before deploying: its body names the alarms, which moto does not hold.
_LEFT_OUT = "AWS::CloudWatch::Dashboard"
_ASSETS = "cdk-hnb659fds-assets-123456789012-us-east-1"


@dataclass
class Deployed:
    """What was deployed, ready to be run."""

    aws: Emulator
    pool: LambdaPool
    folder: Path
    template: dict[str, Any]
    resources: list[dict[str, Any]]
    outputs: Mapping[str, str]
    definitions: dict[str, FunctionDefinition] = field(default_factory=dict)

    @contextmanager
    def without_time_for(self, *names: str) -> Iterator[None]:
        """Functions whose names have these parts are stopped at once."""
        before = dict(self.definitions)
        for name, each in before.items():
            if any(part in name for part in names):
                self.definitions[name] = each.model_copy(update={"timeout_s": 0})
        try:
            yield
        finally:
            self.definitions.update(before)

    def run(self, request: dict[str, Any]) -> RunView:
        """Start the deployed state machine and wait for its end."""
        client = self.aws.client("stepfunctions")
        execution = client.start_execution(
            stateMachineArn=self.outputs["StateMachineArn"], name=f"e{time.time_ns()}", input=json.dumps(request)
        )["executionArn"]
        return silently(lambda: observe(client, execution), Activity)

    def invoke(self, name: str) -> Any:
        """Call a deployed function by a part of its name."""
        [function] = [each for each in self.functions() if name in each["FunctionName"]]
        return self.pool.invoke(function["FunctionName"], {})

    def functions(self) -> list[dict[str, Any]]:
        pages = self.aws.client("lambda").get_paginator("list_functions").paginate()
        return [each for page in pages for each in page["Functions"]]

    def object(self, key: str) -> Path:
        """An object's file in the home of the emulation."""
        return self.folder / ".nibrs" / "objects" / self.outputs["BucketName"] / key

    def put(self, key: str, content: bytes) -> None:
        """Write an object, as somebody with other rights would."""
        self.aws.client("s3").put_object(Bucket=self.outputs["BucketName"], Key=key, Body=content)

    def messages(self) -> list[tuple[str, str]]:
        """Subject and text of what the deployed topic was told."""
        from moto.sns.models import sns_backends  # noqa: PLC0415

        topic = sns_backends["123456789012"][REGION].topics[self.outputs["TopicArn"]]
        return [(subject, message) for _, message, subject, *_ in topic.sent_notifications]

    def policies(self) -> dict[str, list[dict[str, Any]]]:
        """The statements of every role that calls something, by the access key under which it calls."""
        ecs, step_functions = self.aws.client("ecs"), self.aws.client("stepfunctions")
        roles = {each["FunctionName"]: each["Role"] for each in self.functions()}
        for arn in ecs.list_task_definitions()["taskDefinitionArns"]:
            task = ecs.describe_task_definition(taskDefinition=arn)["taskDefinition"]
            if role := task.get("taskRoleArn"):
                roles[task_key(task["family"].rpartition("-")[2])] = role
        machine = step_functions.describe_state_machine(stateMachineArn=self.outputs["StateMachineArn"])
        # moto's interpreter signs with a key of its own.
        roles["ak"] = machine["roleArn"]
        return {key: self._statements(role) for key, role in roles.items()}

    def _statements(self, role: str) -> list[dict[str, Any]]:
        iam, name = self.aws.client("iam"), role.rpartition("/")[2]
        found = []
        for policy in iam.list_role_policies(RoleName=name)["PolicyNames"]:
            found += iam.get_role_policy(RoleName=name, PolicyName=policy)["PolicyDocument"]["Statement"]
        return found


def given_resources(aws: Emulator, location: DatabaseLocation) -> dict[str, str]:
    """A VPC, a guarded database and its secret, by the names that the configuration's example gives them."""
    ec2 = aws.client("ec2")
    vpc = ec2.create_vpc(CidrBlock="10.1.0.0/16")["Vpc"]["VpcId"]
    subnets = [
        ec2.create_subnet(VpcId=vpc, CidrBlock=f"10.1.{place}.0/24", AvailabilityZone=f"us-east-1{zone}")
        for place, zone in enumerate("ab")
    ]
    group = ec2.create_security_group(GroupName="database", Description="database", VpcId=vpc)["GroupId"]
    secret = aws.client("secretsmanager").create_secret(Name="nibrs", SecretString=_secret(location))["ARN"]
    return {
        "arn:aws:secretsmanager:us-east-1:123456789012:secret:nibrs-AbCdEf": secret,
        "sg-0123456789abcdef0": group,
        "vpc-0123456789abcdef0": vpc,
        "subnet-0123456789abcdef0": subnets[0]["Subnet"]["SubnetId"],
        "subnet-0123456789abcdef1": subnets[1]["Subnet"]["SubnetId"],
    }


class _Tasks(TaskPool):
    """Containers sign with a key that tells their stage or command."""

    def environment_of(self, command: list[str]) -> Mapping[str, str]:
        home = {"NIBRS_HOME": str(self.logs / "home-in-container")}
        return {**self.environment, **home, "AWS_ACCESS_KEY_ID": task_key(command[0])}

    def finish(self, task: str) -> tuple[int, str]:
        """Wait for a task's end; its exit code, and what it has printed."""
        self._processes[task].join()
        return self.exit_code(task) or 0, (self.logs / f"{self._names[task]}.log").read_text()


def task_key(stage: str) -> str:
    return f"task-{stage}"


@contextmanager
def deploy(aws: Emulator, template: dict[str, Any], folder: Path) -> Iterator[Deployed]:
    """Create the stack, and run what its state machine calls."""
    s3, cloudformation = aws.client("s3"), aws.client("cloudformation")
    s3.create_bucket(Bucket=_ASSETS)
    for resource in template["Resources"].values():
        if resource["Type"] == "AWS::Lambda::Function":
            s3.put_object(Bucket=_ASSETS, Key=resource["Properties"]["Code"]["S3Key"], Body=b"code")
    s3.put_object(Bucket=_ASSETS, Key="template.json", Body=json.dumps(_without_dashboard(template)).encode())
    cloudformation.create_stack(
        StackName=STACK,
        TemplateURL=f"https://{_ASSETS}.s3.amazonaws.com/template.json",
        Capabilities=["CAPABILITY_IAM"],
    )
    [stack] = cloudformation.describe_stacks(StackName=STACK)["Stacks"]
    assert stack["StackStatus"] == "CREATE_COMPLETE", stack
    outputs = {each["OutputKey"]: each["OutputValue"] for each in stack["Outputs"]}
    resources = cloudformation.describe_stack_resources(StackName=STACK)["StackResources"]
    common = {
        "AWS_REGION": REGION, "AWS_DEFAULT_REGION": REGION, "AWS_SECRET_ACCESS_KEY": "local",
        "AWS_ENDPOINT_URL": aws.endpoint, "POWERTOOLS_TRACE_DISABLED": "true", "TMPDIR": str(folder),
    }  # fmt: skip
    deployed = Deployed(aws, LambdaPool({}, {}, folder), folder, template, resources, outputs)
    deployed.definitions |= {each["FunctionName"]: _definition(each) for each in deployed.functions()}
    deployed.pool = LambdaPool(common, {}, folder / "logs", deployed.definitions)
    tasks = _Tasks(common, folder / "logs")
    with executing(deployed.pool, tasks), commands_run(aws, tasks):
        try:
            yield deployed
        finally:
            tasks.close()
            deployed.pool.close()


@contextmanager
def commands_run(aws: Emulator, tasks: _Tasks) -> Iterator[None]:
    """ECS runs the container of a task that is started by itself, to its end; its lines go to CloudWatch Logs.

    Tasks of Step Functions are run by the emulation. moto's tasks are RUNNING for some looks, whatever they do.
    """
    from moto.ecs.models import EC2ContainerServiceBackend  # noqa: PLC0415

    run_task = EC2ContainerServiceBackend.run_task

    def run(self: Any, *args: Any, **options: Any) -> Any:
        started = run_task(self, *args, **options)
        for task in started:
            [container] = self.describe_task_definition(task.task_definition_arn).container_definitions
            if "-load" in task.task_definition_arn:
                tasks.start(task.task_arn, [container], task.overrides)
                task.containers[0].exitCode, lines = tasks.finish(task.task_arn)
                _log(aws, container["logConfiguration"]["options"], task.id, lines)
        return started

    EC2ContainerServiceBackend.run_task = run
    try:
        yield
    finally:
        EC2ContainerServiceBackend.run_task = run_task


def _log(aws: Emulator, options: Mapping[str, str], task: str, lines: str) -> None:
    logs, stream = aws.client("logs"), f"{options['awslogs-stream-prefix']}/pipeline/{task}"
    names = {"logGroupName": options["awslogs-group"], "logStreamName": stream}
    logs.create_log_stream(**names)
    events = [{"timestamp": int(time.time() * 1000), "message": line} for line in lines.splitlines() if line]
    logs.put_log_events(**names, logEvents=events)


def _without_dashboard(template: dict[str, Any]) -> dict[str, Any]:
    resources = template["Resources"].items()
    return {**template, "Resources": {name: each for name, each in resources if each["Type"] != _LEFT_OUT}}


def _definition(function: dict[str, Any]) -> FunctionDefinition:
    """A function as it was deployed: everything is the template's, but that it signs with its own name."""
    return FunctionDefinition(
        handler=function["Handler"],
        description=function["Description"],
        memory_mb=function["MemorySize"],
        timeout_s=function["Timeout"],
        storage_mb=function["EphemeralStorage"]["Size"],
        database=False,
        reads=[],
        writes=[],
        deletes=[],
        environment={**function["Environment"]["Variables"], "AWS_ACCESS_KEY_ID": function["FunctionName"]},
    )


def _secret(location: DatabaseLocation) -> str:
    return json.dumps(
        {
            "host": location.host, "port": location.port, "username": location.user,
            "password": location.password, "dbname": location.database,
        }
    )  # fmt: skip
