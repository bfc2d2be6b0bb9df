"""Access to the database: one that exists already, or a small one for trials."""

from aws_cdk import Duration, RemovalPolicy
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_rds as rds
from aws_cdk import aws_secretsmanager as secretsmanager
from constructs import Construct
from nibrs_pipeline.source_profile import EXPLORER

from nibrs_cdk.acknowledgments import acknowledge, acknowledge_controls
from nibrs_cdk.configuration import GivenDatabase, TrialDatabase
from nibrs_cdk.network import Network

#: Where a trial database listens.
_PORT = 5432


class DatabaseAccess(Construct):
    """``secret`` says where the database is, ``profile`` its schema; members of ``clients`` may connect to it."""

    def __init__(
        self, scope: Construct, construct_id: str, *, database: GivenDatabase | TrialDatabase, network: Network
    ) -> None:
        super().__init__(scope, construct_id)
        self.clients = network.client_group(self, "Clients", "Functions that read the NIBRS database")
        self.secret: secretsmanager.ISecret
        #: What the database calls its tables; a trial is filled by ours.
        self.profile = database.profile if isinstance(database, GivenDatabase) else EXPLORER
        if isinstance(database, GivenDatabase):
            self.secret = secretsmanager.Secret.from_secret_complete_arn(self, "Secret", database.secret_arn)
            guard = ec2.SecurityGroup.from_security_group_id(self, "Database", database.security_group_id)
            self.clients.connections.allow_to(guard, ec2.Port.tcp(database.port), "NIBRS pipeline")
        else:
            instance = self._trial(database, network)
            self.clients.connections.allow_to(instance, ec2.Port.tcp(_PORT), "NIBRS pipeline")
            if instance.secret is None:
                raise AssertionError("RDS made no secret for the credentials that it generated")
            self.secret = instance.secret

    def _trial(self, database: TrialDatabase, network: Network) -> rds.DatabaseInstance:
        engine = rds.DatabaseInstanceEngine.postgres(version=rds.PostgresEngineVersion.VER_18_3)
        guard = ec2.SecurityGroup(
            self, "TrialGuard", vpc=network.vpc, description="The trial database", allow_all_outbound=False
        )
        # Its log is in RDS's console: exported it would be in a log group that RDS makes and nobody removes.
        instance = rds.DatabaseInstance(
            self,
            "Trial",
            engine=engine,
            instance_type=ec2.InstanceType(database.instance_type),
            vpc=network.vpc,
            vpc_subnets=network.subnets,
            security_groups=[guard],
            port=_PORT,
            database_name="nibrs",
            credentials=rds.Credentials.from_generated_secret("nibrs"),
            allocated_storage=database.storage_gb,
            storage_type=rds.StorageType.GP3,
            storage_encrypted=True,
            iam_authentication=True,
            backup_retention=Duration.days(1),
            parameters={"rds.force_ssl": "1"},
            removal_policy=RemovalPolicy.DESTROY,
            delete_automated_backups=True,
        )
        reason = "A trial database: made-up or public data, created and removed with the stack."
        for rule in ("RDS3", "RDS10", "RDS11"):
            acknowledge(instance, rule, reason)
        acknowledge_controls(
            instance,
            "RDSEnhancedMonitoringEnabled RDSInBackupPlan RDSInstanceDeletionProtectionEnabled RDSMultiAZSupport",
            reason,
        )
        acknowledge_controls(
            instance,
            "RDSLoggingEnabled[LogExport::postgresql] RDSLoggingEnabled[LogExport::upgrade]",
            f"{reason} Its log is in RDS's console; exported it would outlive the stack.",
        )
        acknowledge(instance, "SMG4", f"{reason} Its password lives as long as the stack.")
        acknowledge_controls(
            instance,
            "SecretsManagerRotationEnabled SecretsManagerUsingKMSKey",
            f"{reason} Its password lives as long as the stack, encrypted with the key that AWS manages.",
        )
        return instance
