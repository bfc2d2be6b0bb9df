"""The network that reaches the database: a VPC that is given, or one of private subnets with endpoints."""

from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_logs as logs
from constructs import Construct

from nibrs_cdk.configuration import CreatedNetwork, GivenNetwork

#: What is called from private subnets; S3 has a gateway, which costs nothing.
_INTERFACES = {
    "SecretsManager": ec2.InterfaceVpcEndpointAwsService.SECRETS_MANAGER,
    "EcrApi": ec2.InterfaceVpcEndpointAwsService.ECR,
    "EcrDocker": ec2.InterfaceVpcEndpointAwsService.ECR_DOCKER,
    "Logs": ec2.InterfaceVpcEndpointAwsService.CLOUDWATCH_LOGS,
}


class Network(Construct):
    """``vpc`` and ``subnets`` for the functions that use the database, and for the containers."""

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        network: GivenNetwork | CreatedNetwork,
        log_retention: logs.RetentionDays,
    ) -> None:
        super().__init__(scope, construct_id)
        self.vpc: ec2.IVpc
        if isinstance(network, GivenNetwork):
            self.vpc = ec2.Vpc.from_vpc_attributes(
                self,
                "Vpc",
                vpc_id=network.vpc_id,
                availability_zones=network.availability_zones,
                private_subnet_ids=network.private_subnet_ids,
            )
            self.subnets = ec2.SubnetSelection(subnets=self.vpc.private_subnets)
        else:
            self.vpc = self._created(network, log_retention)
            self.subnets = ec2.SubnetSelection(subnets=self.vpc.isolated_subnets)

    def _created(self, network: CreatedNetwork, log_retention: logs.RetentionDays) -> ec2.Vpc:
        """No way to the internet: every service that is used has an endpoint."""
        vpc = ec2.Vpc(
            self,
            "Vpc",
            ip_addresses=ec2.IpAddresses.cidr(network.cidr),
            max_azs=network.zones,
            nat_gateways=0,
            restrict_default_security_group=False,
            subnet_configuration=[ec2.SubnetConfiguration(name="Private", subnet_type=ec2.SubnetType.PRIVATE_ISOLATED)],
            gateway_endpoints={"S3": ec2.GatewayVpcEndpointOptions(service=ec2.GatewayVpcEndpointAwsService.S3)},
            flow_logs={
                "Flows": ec2.FlowLogOptions(
                    destination=ec2.FlowLogDestination.to_cloud_watch_logs(
                        logs.LogGroup(self, "FlowLogs", retention=log_retention)
                    ),
                    traffic_type=ec2.FlowLogTrafficType.REJECT,
                )
            },
        )
        guard = ec2.SecurityGroup(
            self, "Endpoints", vpc=vpc, description="Endpoints of AWS services", allow_all_outbound=False
        )
        guard.add_ingress_rule(ec2.Peer.ipv4(network.cidr), ec2.Port.tcp(443), "TLS from inside the VPC")
        for name, service in _INTERFACES.items():
            vpc.add_interface_endpoint(name, service=service, security_groups=[guard], open=False)
        return vpc
