"""What AWS's services do with a stack's resources and roles, derived from its template.

Every call names its principal, action, resource, and the policies that decide it. So a test can have IAM's rules
applied to each, and can see whether a policy grants something that no call needs.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Any

from tests.infrastructure.filled_in import ACCOUNT, FilledIn

#: The service that takes on the roles that a type of resource names, and the ARN from which it does.
_TAKES_ON = {
    "AWS::Lambda::Function": "lambda.amazonaws.com",
    "AWS::ECS::TaskDefinition": "ecs-tasks.amazonaws.com",
    "AWS::StepFunctions::StateMachine": "states.amazonaws.com",
    "AWS::Scheduler::Schedule": "scheduler.amazonaws.com",
    "AWS::EC2::FlowLog": "vpc-flow-logs.amazonaws.com",
}
#: Names roles and is no service that takes one on.
_NAMES_ROLES = {"AWS::IAM::Policy", "AWS::IAM::Role", "AWS::S3::BucketPolicy"}
#: A resource's policy: its type, the property that names the resources, and theirs.
_POLICIES = {
    "AWS::S3::BucketPolicy": "Bucket",
    "AWS::SNS::TopicPolicy": "Topics",
    "AWS::SQS::QueuePolicy": "Queues",
    "AWS::Logs::ResourcePolicy": None,
}


@dataclass(frozen=True)
class ServiceCall:
    """One call: by whom, for whom, what, on which resource."""

    principal: str
    action: str
    resource: str
    holder: str  # the logical identifier of the resource that is called
    resource_policy: dict[str, Any] | None = None
    identity_policies: list[dict[str, Any]] = field(default_factory=list)
    source_arn: str = ""
    source_account: str = ACCOUNT
    context: dict[str, str] = field(default_factory=dict)

    @property
    def is_a_service(self) -> bool:
        """Whether a service calls for itself, and not under a role."""
        return self.principal.endswith(".amazonaws.com")

    def for_account(self, account: str) -> "ServiceCall":
        """The same call, made for somebody else's resource."""
        return replace(self, source_account=account, source_arn=self.source_arn.replace(ACCOUNT, account))

    def simulation(self) -> dict[str, Any]:
        """As the simulator wants it."""
        context = dict(self.context)
        if self.is_a_service:
            context |= {"aws:SourceArn": self.source_arn, "aws:SourceAccount": self.source_account}
        everything = {"Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}
        return {
            "identityPolicies": [
                {"name": str(place), "policy": {"Version": "2012-10-17", **policy}}
                for place, policy in enumerate(self.identity_policies)
            ],
            "serviceControlPolicies": [
                {"orgIdentifier": "o", "policies": [{"name": "all", "policy": {"Version": "2012-10-17", **everything}}]}
            ],
            "resourceControlPolicies": [],
            "resourcePolicy": self.resource_policy,
            "request": {
                "action": self.action,
                "principal": self.principal,
                "resource": {"accountId": ACCOUNT, "resource": self.resource},
                "contextVariables": context,
            },
        }


def resource_policies(stack: FilledIn) -> dict[str, dict[str, Any]]:
    """Every policy that is attached to a resource or role, by the logical identifier of what it guards."""
    found = {name: stack.value(role["AssumeRolePolicyDocument"]) for name, role in _properties(stack, "AWS::IAM::Role")}
    for kind, key in _POLICIES.items():
        for _, properties in _properties(stack, kind):
            document = stack.value(properties["PolicyDocument"])
            document = json.loads(document) if isinstance(document, str) else document
            for name in _guarded(stack, properties, key, document):
                merged = found.get(name, {"Version": "2012-10-17", "Statement": []})
                found[name] = {**merged, "Statement": merged["Statement"] + document["Statement"]}
    return found


def _properties(stack: FilledIn, kind: str) -> Iterator[tuple[str, dict[str, Any]]]:
    return ((name, each["Properties"]) for name, each in stack.resources.items() if each["Type"] == kind)


def _guarded(stack: FilledIn, properties: dict[str, Any], key: str | None, document: dict[str, Any]) -> list[str]:
    if key:
        return [each["Ref"] for each in _listed(properties[key])]
    # A policy of CloudWatch Logs says in its statements what it is for.
    named = {resource for statement in document["Statement"] for resource in _listed(statement["Resource"])}
    return [name for name, _ in _properties(stack, "AWS::Logs::LogGroup") if stack.arn(name) in named]


def granted_services(stack: FilledIn) -> set[tuple[str, str]]:
    """(service, resource) for every service that any policy of a resource or role lets do something."""
    return {
        (service, name)
        for name, policy in resource_policies(stack).items()
        for statement in policy["Statement"]
        if statement["Effect"] == "Allow" and isinstance(statement["Principal"], dict)
        for service in _listed(statement["Principal"].get("Service", []))
    }


def service_calls(stack: FilledIn) -> list[ServiceCall]:
    """All calls that the stack's alarms, rules, schedules, logs, roles and its distribution lead to."""
    policies = resource_policies(stack)
    made = [
        *_roles_taken_on(stack), *_alarms(stack), *_rules(stack), *_access_logs(stack), *_downloads(stack),
        *_schedules(stack), *_notices(stack), *_emptying(stack),
    ]  # fmt: skip
    return [replace(call, resource_policy=policies.get(call.holder)) for call in made]


def _roles_taken_on(stack: FilledIn) -> Iterator[ServiceCall]:
    roles = {name for name, _ in _properties(stack, "AWS::IAM::Role")}
    for name, resource in stack.resources.items():
        for role in sorted(roles & set(_attributes(resource.get("Properties", {})))):
            if resource["Type"] not in _NAMES_ROLES:
                # An unknown type has to be given its service here.
                yield ServiceCall(
                    _TAKES_ON[resource["Type"]], "sts:AssumeRole", stack.arn(role), role, source_arn=stack.arn(name)
                )


def _attributes(value: Any) -> Iterator[str]:
    """Resources of which a value takes an attribute."""
    if isinstance(value, dict):
        if "Fn::GetAtt" in value:
            yield value["Fn::GetAtt"][0]
        value = list(value.values())
    if isinstance(value, list):
        for each in value:
            yield from _attributes(each)


def _alarms(stack: FilledIn) -> Iterator[ServiceCall]:
    for kind in ("AWS::CloudWatch::Alarm", "AWS::CloudWatch::CompositeAlarm"):
        for name, alarm in _properties(stack, kind):
            for key in ("AlarmActions", "OKActions", "InsufficientDataActions"):
                for action in alarm.get(key, []):
                    yield ServiceCall(
                        "cloudwatch.amazonaws.com", "sns:Publish", stack.value(action), action["Ref"],
                        source_arn=stack.arn(name),
                    )  # fmt: skip


def _rules(stack: FilledIn) -> Iterator[ServiceCall]:
    groups = {stack.arn(name).removesuffix(":*"): name for name, _ in _properties(stack, "AWS::Logs::LogGroup")}
    for name, rule in _properties(stack, "AWS::Events::Rule"):
        for target in rule["Targets"]:
            group = stack.value(target["Arn"])
            for action in ("logs:CreateLogStream", "logs:PutLogEvents"):
                # EventBridge does not say for which rule it makes a stream.
                yield ServiceCall(
                    "events.amazonaws.com", action, f"{group}:log-stream:1", groups[group],
                    source_arn=stack.arn(name) if action == "logs:PutLogEvents" else "",
                )  # fmt: skip


def _access_logs(stack: FilledIn) -> Iterator[ServiceCall]:
    for name, bucket in _properties(stack, "AWS::S3::Bucket"):
        if logging := bucket.get("LoggingConfiguration"):
            holder = logging["DestinationBucketName"]["Ref"]
            key = f"{stack.arn(holder)}/{logging['LogFilePrefix']}2026-01-02-03-04-05-A"
            yield ServiceCall(
                "logging.s3.amazonaws.com", "s3:PutObject", key, holder, source_arn=stack.arn(name),
                context={"aws:SecureTransport": "true", "s3:TlsVersion": "1.2"},
            )  # fmt: skip


def _downloads(stack: FilledIn) -> Iterator[ServiceCall]:
    for name, distribution in _properties(stack, "AWS::CloudFront::Distribution"):
        for origin in distribution["DistributionConfig"]["Origins"]:
            [holder] = _attributes(origin["DomainName"])
            yield ServiceCall(
                "cloudfront.amazonaws.com", "s3:GetObject", f"{stack.arn(holder)}/downloads/index.html", holder,
                source_arn=stack.arn(name), context={"aws:SecureTransport": "true", "s3:TlsVersion": "1.3"},
            )  # fmt: skip


def _schedules(stack: FilledIn) -> Iterator[ServiceCall]:
    actions = {"states": "states:StartExecution", "lambda": "lambda:InvokeFunction"}
    for _, schedule in _properties(stack, "AWS::Scheduler::Schedule"):
        target = schedule["Target"]
        [role] = _attributes(target["RoleArn"])
        arn = stack.value(target["Arn"])
        [holder, *_] = [*_attributes(target["Arn"]), target["Arn"].get("Ref", "")]
        yield _under_role(stack, role, actions[arn.split(":")[2]], arn, holder)
        [queue] = _attributes(target["DeadLetterConfig"])
        yield _under_role(stack, role, "sqs:SendMessage", stack.arn(queue), queue)


def _notices(stack: FilledIn) -> Iterator[ServiceCall]:
    for _, function in _properties(stack, "AWS::Lambda::Function"):
        topic = function.get("Environment", {}).get("Variables", {}).get("FAILURE_TOPIC_ARN")
        if topic:
            [role] = _attributes(function["Role"])
            yield _under_role(stack, role, "sns:Publish", stack.value(topic), topic["Ref"])


def _emptying(stack: FilledIn) -> Iterator[ServiceCall]:
    for _, resource in _properties(stack, "Custom::S3AutoDeleteObjects"):
        [function] = _attributes(resource["ServiceToken"])
        [role] = _attributes(stack.resources[function]["Properties"]["Role"])
        bucket = resource["BucketName"]["Ref"]
        for action, resource_arn in (
            ("s3:DeleteObjectVersion", f"{stack.arn(bucket)}/runs/1/x"),
            ("s3:ListBucketVersions", stack.arn(bucket)),
        ):
            yield _under_role(stack, role, action, resource_arn, bucket)


def _under_role(stack: FilledIn, role: str, action: str, resource: str, holder: str) -> ServiceCall:
    policies = [
        stack.value(policy["PolicyDocument"])
        for _, policy in _properties(stack, "AWS::IAM::Policy")
        if {"Ref": role} in policy["Roles"]
    ]
    context = {"aws:SecureTransport": "true", **({"s3:TlsVersion": "1.3"} if action.startswith("s3:") else {})}
    return ServiceCall(stack.arn(role), action, resource, holder, identity_policies=policies, context=context)


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]
