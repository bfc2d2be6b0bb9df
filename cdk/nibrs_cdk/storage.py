"""The data bucket."""

from aws_cdk import Duration, RemovalPolicy
from aws_cdk import aws_s3 as s3
from constructs import Construct


class Storage(Construct):
    """One bucket: runs work under ``runs/``, the public sees ``downloads/``."""

    def __init__(self, scope: Construct, construct_id: str) -> None:
        super().__init__(scope, construct_id)
        self.bucket = s3.Bucket(
            self,
            "Data",
            block_public_access=s3.BlockPublicAccess.BLOCK_ALL,
            encryption=s3.BucketEncryption.S3_MANAGED,
            enforce_ssl=True,
            versioned=True,
            removal_policy=RemovalPolicy.RETAIN,
            lifecycle_rules=[
                s3.LifecycleRule(
                    prefix="runs/",
                    expiration=Duration.days(90),
                    noncurrent_version_expiration=Duration.days(7),
                ),
                s3.LifecycleRule(
                    prefix="downloads/",
                    noncurrent_version_expiration=Duration.days(365),
                ),
                s3.LifecycleRule(abort_incomplete_multipart_upload_after=Duration.days(2)),
            ],
        )
