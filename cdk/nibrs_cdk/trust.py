"""Roles that a service may take on, for this account alone."""

from aws_cdk import Stack
from aws_cdk import aws_iam as iam
from constructs import Construct


def from_this_account(scope: Construct, service: str) -> iam.ServicePrincipal:
    """A service, as long as it acts for this account: nobody else can have it act for them."""
    return iam.ServicePrincipal(service, conditions={"StringEquals": {"aws:SourceAccount": Stack.of(scope).account}})
