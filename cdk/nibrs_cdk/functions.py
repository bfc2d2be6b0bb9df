"""The Lambda functions, from ``lambdas/functions.json``."""

import json
from pathlib import Path
from typing import Any

from aws_cdk import Duration, Size
from aws_cdk import aws_iam as iam
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_s3 as s3
from constructs import Construct
from nibrs_pipeline.database.location import PROFILE
from nibrs_pipeline.method_choices import VARIABLES

from nibrs_cdk.acknowledgments import acknowledge, acknowledge_controls, acknowledge_objects
from nibrs_cdk.configuration import Estimates, Extraction
from nibrs_cdk.database import DatabaseAccess
from nibrs_cdk.function_bundle import ROOT_CERTIFICATES
from nibrs_cdk.log_groups import LogGroups
from nibrs_cdk.network import Network
from nibrs_cdk.trust import from_this_account

#: What Lambda itself does, with the function's role, to put a function into a VPC.
_NETWORK_INTERFACES = [
    "ec2:AssignPrivateIpAddresses",
    "ec2:CreateNetworkInterface",
    "ec2:DeleteNetworkInterface",
    "ec2:DescribeNetworkInterfaces",
    "ec2:DescribeSubnets",
    "ec2:UnassignPrivateIpAddresses",
]

DEFINITIONS = Path(__file__).resolve().parents[2] / "lambdas" / "functions.json"


class Functions(Construct):
    """One function per definition, each with a role of its own; those that use the database lie in the VPC.

    Args:
        code: the functions' code and dependencies.
        estimation_version: identifies the code of the estimation.
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        code: lambda_.Code,
        bucket: s3.IBucket,
        network: Network,
        database: DatabaseAccess,
        extraction: Extraction,
        estimates: Estimates,
        estimation_version: str,
        log_groups: LogGroups,
    ) -> None:
        super().__init__(scope, construct_id)
        self._code, self._bucket, self._network, self._database = code, bucket, network, database
        self._log_groups = log_groups
        self._environment = {
            "DATA_BUCKET": bucket.bucket_name,
            "MAX_CONCURRENCY": str(extraction.max_concurrency),
            "TOLERATED_FAILURE_PERCENTAGE": f"{extraction.tolerated_failure_percentage:g}",
            "PARQUET": extraction.parquet,
            "ESTIMATION_VERSION": estimation_version,
            **{name: str(getattr(estimates, name.lower())) for name in VARIABLES},
            "POWERTOOLS_LOG_LEVEL": "INFO",
        }
        self.definitions: dict[str, dict[str, Any]] = json.loads(DEFINITIONS.read_text(encoding="utf-8"))
        acknowledge_controls(
            self,
            "LambdaConcurrency",
            "The state machine's MaxConcurrency limits the function that runs many times; a reservation would take "
            "from an account's concurrency what others need.",
        )
        acknowledge_controls(
            self,
            "LambdaDLQ",
            "States wait for their functions and handle what fails; Report age, which nobody waits for, has an alarm "
            "for its errors and another for its silence.",
        )
        self.by_name = {name: self._function(name, definition) for name, definition in self.definitions.items()}

    @property
    def of_state_machine(self) -> dict[str, lambda_.Function]:
        """Those that states call."""
        return {
            name: each for name, each in self.by_name.items() if self.definitions[name].get("in_state_machine", True)
        }

    def _function(self, name: str, definition: dict[str, Any]) -> lambda_.Function:
        # Lambda does not always say for whom it acts when it puts a function into a VPC, which would then fail. A role
        # cannot be passed to a function of another account in any case.
        service = "lambda.amazonaws.com"
        principal = iam.ServicePrincipal(service) if definition["database"] else from_this_account(self, service)
        role = iam.Role(self, f"{name}Role", assumed_by=principal)
        log_group = self._log_groups.make(self, f"{name}Logs")
        log_group.grant_write(role)
        function = lambda_.Function(
            self,
            name,
            runtime=lambda_.Runtime.PYTHON_3_12,
            architecture=lambda_.Architecture.ARM_64,
            code=self._code,
            handler=definition["handler"],
            description=definition["description"],
            memory_size=definition["memory_mb"],
            timeout=Duration.seconds(definition["timeout_s"]),
            ephemeral_storage_size=Size.mebibytes(definition["storage_mb"]),
            tracing=lambda_.Tracing.ACTIVE,
            environment=self._environment,
            log_group=log_group,
            role=role,
            **(self._in_vpc() if definition["database"] else {}),
        )
        if definition["database"]:
            self._grant_database(function)
        else:
            acknowledge_controls(
                function,
                "LambdaInsideVPC",
                "It does not use the database and speaks to AWS services alone, by TLS, each of which would need an "
                "endpoint.",
            )
        self._grant_objects(function, definition)
        acknowledge(function, "L1", "Python 3.12 is the version that the tests and the locked wheels are for.")
        interfaces = "; Lambda's network interfaces have no name before they exist" if definition["database"] else ""
        acknowledge(role, "IAM5[Resource::*]", f"X-Ray knows no resources{interfaces}.")
        acknowledge_objects(role, self._bucket, [*definition["reads"], *definition["writes"], *definition["deletes"]])
        return function

    def _in_vpc(self) -> dict[str, Any]:
        return {
            "vpc": self._network.vpc,
            "vpc_subnets": self._network.subnets,
            "security_groups": [self._database.clients],
        }

    def _grant_database(self, function: lambda_.Function) -> None:
        function.add_to_role_policy(iam.PolicyStatement(actions=_NETWORK_INTERFACES, resources=["*"]))
        function.add_environment("DB_SECRET_ARN", self._database.secret.secret_arn)
        function.add_environment("PGSSLROOTCERT", f"/var/task/{ROOT_CERTIFICATES}")
        function.add_environment(PROFILE, self._database.profile)
        function.add_to_role_policy(
            iam.PolicyStatement(actions=["secretsmanager:GetSecretValue"], resources=[self._database.secret.secret_arn])
        )

    def _grant_objects(self, function: lambda_.Function, definition: dict[str, Any]) -> None:
        if definition["reads"]:
            # Without it S3 answers "forbidden" instead of "not found" for an object that is not there.
            function.add_to_role_policy(
                iam.PolicyStatement(actions=["s3:ListBucket"], resources=[self._bucket.bucket_arn])
            )
        for actions, keys in (
            (["s3:GetObject"], definition["reads"]),
            (["s3:PutObject", "s3:AbortMultipartUpload"], definition["writes"]),
            (["s3:DeleteObject"], definition["deletes"]),
        ):
            if keys:
                resources = [self._bucket.arn_for_objects(key) for key in keys]
                function.add_to_role_policy(iam.PolicyStatement(actions=actions, resources=resources))
