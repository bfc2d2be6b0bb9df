"""The data bucket, and the bucket of its access logs."""

from aws_cdk import Duration, RemovalPolicy
from aws_cdk import aws_s3 as s3
from constructs import Construct

from nibrs_cdk.acknowledgments import acknowledge
from nibrs_cdk.configuration import Retention


class Storage(Construct):
    """Runs work under ``runs/``; what the public sees lies under ``downloads/`` and ``estimates/``.

    Args:
        cloudfront_logs: whether CloudFront writes access logs, too.
    """

    def __init__(self, scope: Construct, construct_id: str, *, retention: Retention, cloudfront_logs: bool) -> None:
        super().__init__(scope, construct_id)
        removal = RemovalPolicy.RETAIN if retention.keep_data else RemovalPolicy.DESTROY
        self.access_logs = s3.Bucket(
            self,
            "AccessLogs",
            block_public_access=s3.BlockPublicAccess.BLOCK_ALL,
            encryption=s3.BucketEncryption.S3_MANAGED,
            enforce_ssl=True,
            # CloudFront delivers its logs by an access control list; S3 itself needs none.
            object_ownership=s3.ObjectOwnership.BUCKET_OWNER_PREFERRED if cloudfront_logs else None,
            removal_policy=removal,
            lifecycle_rules=[s3.LifecycleRule(expiration=Duration.days(retention.logs))],
        )
        acknowledge(self.access_logs, "S1", "It is where access logs go; logging access to the logs would never end.")
        self.data = s3.Bucket(
            self,
            "Data",
            block_public_access=s3.BlockPublicAccess.BLOCK_ALL,
            encryption=s3.BucketEncryption.S3_MANAGED,
            enforce_ssl=True,
            versioned=True,
            removal_policy=removal,
            server_access_logs_bucket=self.access_logs,
            server_access_logs_prefix="data/",
            lifecycle_rules=[
                s3.LifecycleRule(
                    prefix="runs/",
                    expiration=Duration.days(retention.runs),
                    noncurrent_version_expiration=Duration.days(7),
                ),
                *(
                    s3.LifecycleRule(
                        prefix=prefix, noncurrent_version_expiration=Duration.days(retention.replaced_downloads)
                    )
                    for prefix in ("downloads/", "estimates/")
                ),
                s3.LifecycleRule(abort_incomplete_multipart_upload_after=Duration.days(2)),
            ],
        )
