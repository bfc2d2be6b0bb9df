"""The stack: every capability once, wired together."""

from aws_cdk import CfnOutput, Environment, Stack, Tags
from aws_cdk import aws_ecs as ecs
from aws_cdk import aws_iam as iam
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_sns as sns
from constructs import Construct

from nibrs_cdk.acknowledgments import acknowledge_controls
from nibrs_cdk.configuration import Configuration
from nibrs_cdk.database import DatabaseAccess
from nibrs_cdk.estimation import Estimation
from nibrs_cdk.functions import Functions
from nibrs_cdk.log_groups import LogGroups
from nibrs_cdk.monitoring import Monitoring, Topic
from nibrs_cdk.network import Network
from nibrs_cdk.pipeline_tasks import PipelineTasks
from nibrs_cdk.public_access import PublicAccess
from nibrs_cdk.schedules import Schedules
from nibrs_cdk.storage import Storage
from nibrs_cdk.workflow import Workflow

#: CDK's feature flags that matter here, for every way of synthesising.
CONTEXT = {
    "@aws-cdk/aws-iam:minimizePolicies": True,
    "@aws-cdk/core:checkSecretUsage": True,
    "@aws-cdk/aws-s3:serverAccessLogsUseBucketPolicy": True,
}


class PipelineStack(Stack):
    """From the database to published downloads and estimates.

    Args:
        code: the functions' code and dependencies.
        image: the estimation container's image.
        pipeline_image: the image of the pipeline itself.
        estimation_version: identifies the code of the estimation.
    """

    def __init__(
        self,
        scope: Construct,
        configuration: Configuration,
        *,
        code: lambda_.Code,
        image: ecs.ContainerImage,
        pipeline_image: ecs.ContainerImage,
        estimation_version: str,
    ) -> None:
        super().__init__(
            scope,
            configuration.stack_name,
            description="NIBRS downloads, one zip per state and data year, and national estimates",
            env=Environment(account=configuration.account or None, region=configuration.region or None),
            termination_protection=configuration.retention.keep_data,
        )
        acknowledge_controls(
            self,
            "IAMNoInlinePolicy",
            "Every role has one policy, made for it from the list of what it does, and both go together; a managed "
            "policy could be attached elsewhere.",
        )
        log_groups = LogGroups(configuration.retention)
        storage = Storage(
            self,
            "Storage",
            retention=configuration.retention,
            cloudfront_logs=configuration.public.cloudfront,
            log_groups=log_groups,
        )
        network = Network(self, "Network", network=configuration.network, log_groups=log_groups)
        database = DatabaseAccess(self, "Database", database=configuration.database, network=network)
        topic = Topic(self, "Failures", alarms=configuration.alarms).topic
        functions = Functions(
            self,
            "Functions",
            code=code,
            bucket=storage.data,
            network=network,
            database=database,
            extraction=configuration.extraction,
            estimates=configuration.estimates,
            estimation_version=estimation_version,
            log_groups=log_groups,
        )
        estimation = Estimation(
            self,
            "Estimation",
            image=image,
            bucket=storage.data,
            network=network,
            insights=configuration.retention.keep_data,
            log_groups=log_groups,
        )
        pipeline = PipelineTasks(
            self,
            "Pipeline",
            image=pipeline_image,
            bucket=storage.data,
            cluster=estimation.cluster,
            subnets=estimation.subnets,
            database=database,
            log_groups=log_groups,
        )
        self.workflow = Workflow(
            self,
            "Workflow",
            name=configuration.state_machine_name,
            functions=functions.of_state_machine,
            estimation=estimation,
            pipeline=pipeline,
            bucket=storage.data,
            log_groups=log_groups,
        )
        machine = self.workflow.state_machine
        _tell_topic(functions.by_name["NotifyFailureFunction"], topic)
        _look_at_executions(functions.by_name["ReportAgeFunction"], machine.state_machine_arn)
        schedules = Schedules(
            self,
            "Schedules",
            schedules=configuration.schedules,
            state_machine=machine,
            report_age=functions.by_name["ReportAgeFunction"],
        )
        Monitoring(
            self,
            "Monitoring",
            alarms=configuration.alarms,
            topic=topic,
            state_machine=machine,
            functions=functions.by_name,
            of_state_machine=functions.of_state_machine,
            cluster=estimation.cluster,
            containers_memory=[
                metric
                for image in (estimation, pipeline)
                for metric in image.memory_in_use(estimation.cluster)
                if configuration.retention.keep_data
            ],
            dead_letters=schedules.dead_letters,
            web_caches=configuration.public.cloudfront,
            log_groups=log_groups,
        )
        CfnOutput(self, "StateMachineArn", value=machine.state_machine_arn, description="What `nibrs start` starts")
        CfnOutput(self, "BucketName", value=storage.data.bucket_name, description="Runs, downloads and estimates")
        CfnOutput(self, "TopicArn", value=topic.topic_arn, description="Subscribe to hear of failures and alarms")
        CfnOutput(self, "DatabaseSecretArn", value=database.secret.secret_arn, description="Where the database is")
        if configuration.public.cloudfront:
            public = PublicAccess(self, "PublicAccess", public=configuration.public, storage=storage)
            public.refreshed_by(functions.by_name["PublishFunction"])
            address = f"https://{configuration.public.domain_name or public.distribution.distribution_domain_name}/"
            CfnOutput(self, "Address", value=address, description="The downloads on the web")
        for name, value in configuration.tags.items():
            Tags.of(self).add(name, value)


def _tell_topic(notify: lambda_.Function, topic: sns.ITopic) -> None:
    notify.add_environment("FAILURE_TOPIC_ARN", topic.topic_arn)
    notify.add_to_role_policy(iam.PolicyStatement(actions=["sns:Publish"], resources=[topic.topic_arn]))


def _look_at_executions(report_age: lambda_.Function, state_machine_arn: str) -> None:
    report_age.add_environment("STATE_MACHINE_ARN", state_machine_arn)
    report_age.add_to_role_policy(
        iam.PolicyStatement(
            actions=["states:ListExecutions", "states:DescribeStateMachine"], resources=[state_machine_arn]
        )
    )
