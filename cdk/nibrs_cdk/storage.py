"""The data bucket, and the bucket of its access logs."""

from typing import Any

from aws_cdk import CfnResource, Duration, Stack
from aws_cdk import aws_iam as iam
from aws_cdk import aws_s3 as s3
from constructs import Construct

from nibrs_cdk.acknowledgments import acknowledge, acknowledge_controls
from nibrs_cdk.configuration import Retention
from nibrs_cdk.log_groups import LogGroups, removal_policy
from nibrs_cdk.trust import from_this_account

#: Days for which earlier versions, and what was deleted, can be had back, of what is not published.
_EARLIER_DAYS = 7
#: What CDK calls its function that empties buckets before they are deleted.
_EMPTYING = "Custom::S3AutoDeleteObjectsCustomResourceProvider"


class Storage(Construct):
    """Runs work under ``runs/``; what the public sees lies under ``downloads/``, ``estimates/`` and ``parquet/``.

    A bucket that goes with its stack is emptied first, and has no access logs: S3 delivers them for hours, and a
    bucket that is filled while it is emptied stays.

    Args:
        cloudfront_logs: whether CloudFront writes access logs, too.
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        retention: Retention,
        cloudfront_logs: bool,
        log_groups: LogGroups,
    ) -> None:
        super().__init__(scope, construct_id)
        self._retention = retention
        self.access_logs = self._access_logs(cloudfront_logs) if retention.keep_data else None
        self.data = self._bucket(
            "Data",
            versioned=True,
            auto_delete_objects=not retention.keep_data,
            server_access_logs_bucket=self.access_logs,
            server_access_logs_prefix="data/" if self.access_logs else None,
            lifecycle_rules=[
                s3.LifecycleRule(
                    prefix="runs/",
                    expiration=Duration.days(retention.runs),
                    noncurrent_version_expiration=Duration.days(_EARLIER_DAYS),
                ),
                *(
                    s3.LifecycleRule(prefix=prefix, noncurrent_version_expiration=Duration.days(days))
                    for prefix, days in (
                        ("downloads/", retention.replaced_downloads),
                        ("estimates/", retention.replaced_downloads),
                        ("parquet/", retention.replaced_downloads),
                        ("source/", _EARLIER_DAYS),
                        ("uploads/", _EARLIER_DAYS),
                    )
                ),
                s3.LifecycleRule(abort_incomplete_multipart_upload_after=Duration.days(2)),
            ],
        )
        acknowledge_controls(
            self.data,
            "S3BucketReplicationEnabled",
            "All of it is made from the database and can be made again; what is replaced stays in earlier versions.",
        )
        acknowledge_controls(
            self.data,
            "S3DefaultEncryptionKMS",
            "S3 encrypts it with keys of its own. What is in it is public once it is published.",
        )
        if self.access_logs is None:
            reason = "The bucket goes with its stack, and logs that S3 delivers for hours would keep theirs."
            acknowledge(self.data, "S1", reason)
            acknowledge_controls(self.data, "S3BucketLoggingEnabled", reason)
            self._empty_without_traces(log_groups)

    def _bucket(self, construct_id: str, **options: Any) -> s3.Bucket:
        return s3.Bucket(
            self,
            construct_id,
            block_public_access=s3.BlockPublicAccess.BLOCK_ALL,
            encryption=s3.BucketEncryption.S3_MANAGED,
            enforce_ssl=True,
            minimum_tls_version=1.2,
            removal_policy=removal_policy(self._retention),
            **options,
        )

    def _access_logs(self, cloudfront_logs: bool) -> s3.Bucket:
        bucket = self._bucket(
            "AccessLogs",
            # CloudFront delivers its logs by an access control list; S3 itself needs none.
            object_ownership=s3.ObjectOwnership.BUCKET_OWNER_PREFERRED if cloudfront_logs else None,
            lifecycle_rules=[
                s3.LifecycleRule(
                    expiration=Duration.days(self._retention.logs),
                    abort_incomplete_multipart_upload_after=Duration.days(2),
                )
            ],
        )
        reason = "It is where access logs go; logging access to the logs would never end."
        acknowledge(bucket, "S1", reason)
        acknowledge_controls(bucket, "S3BucketLoggingEnabled", reason)
        acknowledge_controls(bucket, "S3DefaultEncryptionKMS", "S3 delivers access logs to its own encryption alone.")
        acknowledge_controls(
            bucket,
            "S3BucketVersioningEnabled S3BucketReplicationEnabled",
            "A log is written once, under a name of its own, and is kept for as long as the configuration says.",
        )
        return bucket

    def _empty_without_traces(self, log_groups: LogGroups) -> None:
        """Let CDK's function write to a log group of the stack, and make none itself, which would stay."""
        provider = Stack.of(self).node.find_child(_EMPTYING)
        role, function = provider.node.find_child("Role"), provider.node.find_child("Handler")
        assert isinstance(role, CfnResource)
        assert isinstance(function, CfnResource)
        group = log_groups.make(self, "EmptyingLogs")
        function.add_property_override("LoggingConfig", {"LogGroup": group.log_group_name})
        role.add_property_deletion_override("ManagedPolicyArns")
        trust = iam.PolicyStatement(
            actions=["sts:AssumeRole"], principals=[from_this_account(self, "lambda.amazonaws.com")]
        )
        role.add_property_override("AssumeRolePolicyDocument", _document(trust))
        writing = iam.PolicyStatement(
            actions=["logs:CreateLogStream", "logs:PutLogEvents"], resources=[group.log_group_arn]
        )
        role.add_property_override("Policies", [{"PolicyName": "Logs", "PolicyDocument": _document(writing)}])


def _document(statement: iam.PolicyStatement) -> dict[str, Any]:
    return {"Version": "2012-10-17", "Statement": [statement.to_statement_json()]}
