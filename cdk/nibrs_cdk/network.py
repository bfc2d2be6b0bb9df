"""The network that reaches the database: a VPC that exists already, or a new one of private subnets with endpoints."""

from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_iam as iam
from constructs import Construct

from nibrs_cdk.acknowledgments import acknowledge_controls
from nibrs_cdk.configuration import CreatedNetwork, GivenNetwork
from nibrs_cdk.log_groups import LogGroups
from nibrs_cdk.trust import from_this_account

#: The services that are called from private subnets; S3 has a gateway endpoint, which costs nothing.
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
        log_groups: LogGroups,
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
            self.vpc = self._created(network, log_groups)
            self.subnets = ec2.SubnetSelection(subnets=self.vpc.isolated_subnets)
        self._names_elsewhere = isinstance(network, GivenNetwork)

    def client_group(self, scope: Construct, construct_id: str, description: str) -> ec2.SecurityGroup:
        """A security group that lets nothing in, and out only TLS: to the endpoints, S3, or a NAT gateway.

        A given network may resolve names with servers of its own, which security groups guard; AWS's are always let
        through.
        """
        group = ec2.SecurityGroup(scope, construct_id, vpc=self.vpc, description=description, allow_all_outbound=False)
        group.add_egress_rule(ec2.Peer.any_ipv4(), ec2.Port.tcp(443), "TLS to AWS services")
        if self._names_elsewhere:
            for port in (ec2.Port.udp(53), ec2.Port.tcp(53)):
                group.add_egress_rule(ec2.Peer.any_ipv4(), port, "DNS servers of the network")
        return group

    def _created(self, network: CreatedNetwork, log_groups: LogGroups) -> ec2.Vpc:
        """No way to the internet: every service that is used has an endpoint."""
        role = iam.Role(self, "FlowLogsRole", assumed_by=from_this_account(self, "vpc-flow-logs.amazonaws.com"))
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
                    destination=ec2.FlowLogDestination.to_cloud_watch_logs(log_groups.make(self, "FlowLogs"), role),
                    traffic_type=ec2.FlowLogTrafficType.REJECT,
                )
            },
        )
        acknowledge_controls(
            vpc,
            "VPCDefaultSecurityGroupClosed",
            "Nothing is in the default group; closing it takes a function with rights on security groups.",
        )
        guard = ec2.SecurityGroup(
            self, "Endpoints", vpc=vpc, description="Endpoints of AWS services", allow_all_outbound=False
        )
        guard.add_ingress_rule(ec2.Peer.ipv4(network.cidr), ec2.Port.tcp(443), "TLS from inside the VPC")
        for name, service in _INTERFACES.items():
            vpc.add_interface_endpoint(name, service=service, security_groups=[guard], open=False)
        return vpc
