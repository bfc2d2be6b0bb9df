"""Roles that a service may assume, for this account alone."""

from aws_cdk import Stack
from aws_cdk import aws_iam as iam
from constructs import Construct


def from_this_account(scope: Construct, service: str) -> iam.ServicePrincipal:
    """A service as the principal of a role, on condition that it acts for this account."""
    return iam.ServicePrincipal(service, conditions={"StringEquals": {"aws:SourceAccount": Stack.of(scope).account}})
