"""The Lambda functions, from ``lambdas/functions.json``."""

import json
from pathlib import Path
from typing import Any

from aws_cdk import Duration, Size
from aws_cdk import aws_iam as iam
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_logs as logs
from aws_cdk import aws_s3 as s3
from aws_cdk import aws_sns as sns
from constructs import Construct

DEFINITIONS = Path(__file__).resolve().parents[2] / "lambdas" / "functions.json"

#: Prefixes of the data bucket that each function reads and writes.
_READS: dict[str, tuple[str, ...]] = {
    "PlanRunFunction": ("runs/*", "downloads/*"),
    "ExtractCodeTablesFunction": (),
    "ExtractStateYearFunction": ("runs/*", "downloads/*"),
    "CheckExtractsFunction": ("runs/*",),
    "BuildBundleFunction": ("runs/*", "downloads/*"),
    "PublishFunction": ("runs/*", "downloads/*"),
    "NotifyFailureFunction": (),
}
_WRITES: dict[str, tuple[str, ...]] = {
    "PlanRunFunction": ("runs/*",),
    "ExtractCodeTablesFunction": ("runs/*",),
    "ExtractStateYearFunction": ("runs/*",),
    "CheckExtractsFunction": ("runs/*",),
    "BuildBundleFunction": ("runs/*",),
    "PublishFunction": ("runs/*", "downloads/*"),
    "NotifyFailureFunction": ("runs/*",),
}
_DELETES = ("PlanRunFunction", "PublishFunction")


class Functions(Construct):
    """One function per state, each with a role of its own."""

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        code: lambda_.Code,
        bucket: s3.IBucket,
        topic: sns.ITopic,
        database_secret_arn: str,
    ) -> None:
        super().__init__(scope, construct_id)
        self._bucket = bucket
        self._secret_arn = database_secret_arn
        environment = {
            "DATA_BUCKET": bucket.bucket_name,
            "POWERTOOLS_LOG_LEVEL": "INFO",
        }
        definitions: dict[str, dict[str, Any]] = json.loads(DEFINITIONS.read_text(encoding="utf-8"))
        self.by_name = {
            name: self._function(name, definition, code, environment) for name, definition in definitions.items()
        }
        notify = self.by_name["NotifyFailureFunction"]
        notify.add_environment("FAILURE_TOPIC_ARN", topic.topic_arn)
        topic.grant_publish(notify)

    def _function(
        self, name: str, definition: dict[str, Any], code: lambda_.Code, environment: dict[str, str]
    ) -> lambda_.Function:
        database = {"DB_SECRET_ARN": self._secret_arn} if definition["database"] else {}
        function = lambda_.Function(
            self,
            name,
            runtime=lambda_.Runtime.PYTHON_3_12,
            architecture=lambda_.Architecture.ARM_64,
            code=code,
            handler=definition["handler"],
            description=definition["description"],
            memory_size=definition["memory_mb"],
            timeout=Duration.seconds(definition["timeout_s"]),
            ephemeral_storage_size=Size.mebibytes(definition["storage_mb"]),
            tracing=lambda_.Tracing.ACTIVE,
            environment={**environment, **database},
            log_group=logs.LogGroup(self, f"{name}Logs", retention=logs.RetentionDays.THREE_MONTHS),
        )
        self._grant_objects(name, function)
        if definition["database"]:
            function.add_to_role_policy(
                iam.PolicyStatement(actions=["secretsmanager:GetSecretValue"], resources=[self._secret_arn])
            )
        return function

    def _grant_objects(self, name: str, function: lambda_.Function) -> None:
        function.add_to_role_policy(iam.PolicyStatement(actions=["s3:ListBucket"], resources=[self._bucket.bucket_arn]))
        for actions, prefixes in (
            (["s3:GetObject"], _READS[name]),
            (["s3:PutObject", "s3:AbortMultipartUpload"], _WRITES[name]),
            (["s3:DeleteObject"], ("runs/*",) if name in _DELETES else ()),
        ):
            if prefixes:
                resources = [self._bucket.arn_for_objects(prefix) for prefix in prefixes]
                function.add_to_role_policy(iam.PolicyStatement(actions=actions, resources=resources))
