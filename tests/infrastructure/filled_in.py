"""A template's values as CloudFormation fills them in: references become names and ARNs."""

import re
from typing import Any

ACCOUNT, REGION = "123456789012", "us-east-1"
_PSEUDO = {
    "AWS::AccountId": ACCOUNT,
    "AWS::Region": REGION,
    "AWS::Partition": "aws",
    "AWS::URLSuffix": "amazonaws.com",
    "AWS::StackName": "stack",
    "AWS::StackId": f"arn:aws:cloudformation:{REGION}:{ACCOUNT}:stack/stack/0a1b2c3d-0000-0000-0000-00000000000f",
}
_HERE = f"{REGION}:{ACCOUNT}"

#: The ARN of each type of resource that something refers to.
_ARNS = {
    "AWS::CloudFront::Distribution": f"arn:aws:cloudfront::{ACCOUNT}:distribution/{{}}",
    "AWS::CloudWatch::Alarm": f"arn:aws:cloudwatch:{_HERE}:alarm:{{}}",
    "AWS::CloudWatch::CompositeAlarm": f"arn:aws:cloudwatch:{_HERE}:alarm:{{}}",
    "AWS::EC2::FlowLog": f"arn:aws:ec2:{_HERE}:vpc-flow-log/{{}}",
    "AWS::ECS::Cluster": f"arn:aws:ecs:{_HERE}:cluster/{{}}",
    "AWS::ECS::TaskDefinition": f"arn:aws:ecs:{_HERE}:task-definition/{{}}:1",
    "AWS::Events::Rule": f"arn:aws:events:{_HERE}:rule/{{}}",
    "AWS::IAM::Role": f"arn:aws:iam::{ACCOUNT}:role/{{}}",
    "AWS::Lambda::Function": f"arn:aws:lambda:{_HERE}:function:{{}}",
    "AWS::Logs::LogGroup": f"arn:aws:logs:{_HERE}:log-group:{{}}:*",
    "AWS::S3::Bucket": "arn:aws:s3:::{}",
    "AWS::SNS::Topic": f"arn:aws:sns:{_HERE}:{{}}",
    "AWS::SQS::Queue": f"arn:aws:sqs:{_HERE}:{{}}",
    "AWS::Scheduler::Schedule": f"arn:aws:scheduler:{_HERE}:schedule/default/{{}}",
    "AWS::StepFunctions::StateMachine": f"arn:aws:states:{_HERE}:stateMachine:{{}}",
}
#: Types whose Ref is the ARN.
_REF_IS_ARN = {"AWS::SNS::Topic", "AWS::StepFunctions::StateMachine", "AWS::ECS::TaskDefinition"}


class FilledIn:
    """A template whose resources have names: their own, or their logical identifiers."""

    def __init__(self, template: dict[str, Any]) -> None:
        self.template = template
        self.resources: dict[str, dict[str, Any]] = template["Resources"]

    def of_type(self, kind: str) -> dict[str, dict[str, Any]]:
        """Properties of a type's resources, filled in."""
        return {name: self.value(each["Properties"]) for name, each in self.resources.items() if each["Type"] == kind}

    def arn(self, name: str) -> str:
        """A resource's ARN."""
        return _ARNS[self.resources[name]["Type"]].format(self._physical(name))

    def value(self, value: Any) -> Any:
        """A value of the template with every reference and function filled in."""
        if isinstance(value, list):
            return [self.value(each) for each in value]
        if not isinstance(value, dict):
            return value
        functions = {
            "Ref": self._ref,
            "Fn::GetAtt": lambda argument: self._attribute(*argument),
            "Fn::Join": lambda argument: argument[0].join(str(each) for each in self.value(argument[1])),
            "Fn::Select": lambda argument: self.value(argument[1])[int(argument[0])],
            "Fn::Split": lambda argument: self.value(argument[1]).split(argument[0]),
            "Fn::Sub": lambda argument: re.sub(r"\$\{([^}]+)\}", lambda match: self._ref(match[1]), argument),
            "Fn::GetAZs": lambda argument: [f"{REGION}a", f"{REGION}b"],
        }
        if len(value) == 1 and (name := next(iter(value))) in functions:
            return functions[name](value[name])
        return {key: self.value(each) for key, each in value.items()}

    def _ref(self, name: str) -> str:
        if name in _PSEUDO:
            return _PSEUDO[name]
        return self.arn(name) if self.resources[name]["Type"] in _REF_IS_ARN else self._physical(name)

    def _attribute(self, name: str, attribute: str) -> str:
        return self.arn(name) if attribute == "Arn" and self.resources[name]["Type"] in _ARNS else f"{name}.{attribute}"

    def _physical(self, name: str) -> str:
        """A name of its own if the template gives one, else one made from the logical identifier."""
        properties = self.resources[name].get("Properties", {})
        for key in ("StateMachineName", "LogGroupName", "AlarmName"):
            if key in properties:
                return str(self.value(properties[key]))
        lower = self.resources[name]["Type"] == "AWS::S3::Bucket"
        return name.lower() if lower else name
