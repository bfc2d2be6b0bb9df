"""The stack of the downloads."""

from aws_cdk import CfnOutput, CfnParameter, Stack
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_sns as sns
from constructs import Construct

from nibrs_cdk.functions import Functions
from nibrs_cdk.storage import Storage
from nibrs_cdk.workflow import Workflow


class DownloadsStack(Stack):
    """Bucket, functions, state machine and the topic that is told of failed runs.

    Args:
        code: the functions' code and dependencies.
    """

    def __init__(self, scope: Construct, construct_id: str, *, code: lambda_.Code) -> None:
        super().__init__(scope, construct_id, description="NIBRS downloads: one zip per state and data year")
        secret = CfnParameter(
            self,
            "DatabaseSecretArn",
            type="String",
            description="ARN of the Secrets Manager secret with host, port, username, password and dbname",
            allowed_pattern="^arn:[^:]+:secretsmanager:.+$",
        )
        storage = Storage(self, "Storage")
        topic = sns.Topic(self, "Failures", display_name="NIBRS runs that failed", enforce_ssl=True)
        functions = Functions(
            self,
            "Functions",
            code=code,
            bucket=storage.bucket,
            topic=topic,
            database_secret_arn=secret.value_as_string,
        )
        workflow = Workflow(self, "Workflow", functions=functions.by_name, bucket=storage.bucket)
        CfnOutput(self, "StateMachineArn", value=workflow.state_machine.state_machine_arn)
        CfnOutput(self, "BucketName", value=storage.bucket.bucket_name)
