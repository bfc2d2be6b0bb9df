"""Findings of cdk-nag that are accepted, each with its reason."""

from collections.abc import Iterable
from typing import Any

from aws_cdk import IPolicyValidationPlugin, Stack, Validations
from aws_cdk import aws_s3 as s3
from cdk_nag import AwsSolutionsChecks, HIPAASecurityChecks, NIST80053R5Checks
from constructs import IConstruct


def rule_packs(scope: IConstruct) -> list[IPolicyValidationPlugin]:
    """The packs of cdk-nag that every synthesis has to pass: AWS's own, NIST 800-53 R5, HIPAA."""
    return [AwsSolutionsChecks(scope), NIST80053R5Checks(scope), HIPAASecurityChecks(scope)]


def acknowledge(construct: IConstruct, rule: str, reason: str) -> None:
    """Say why a finding of AwsSolutions does not apply to a construct and what is inside it.

    Written as metadata: ``Validations.acknowledge`` takes no rule with a second "::" in it.

    Args:
        rule: the finding's short name such as ``S1`` or ``IAM5[Resource::*]``.
    """
    construct.node.add_metadata(Validations.ACKNOWLEDGED_RULES_METADATA_KEY, {f"AwsSolutions-{rule}": reason})


def acknowledge_controls(construct: IConstruct, rules: str, reason: str) -> None:
    """Say why findings of the packs for NIST 800-53 R5 and HIPAA do not apply to a construct and what is inside it.

    Args:
        rules: the findings' short names, which the packs share, such as ``LambdaDLQ LambdaConcurrency``.
    """
    for rule in rules.split():
        for pack in ("NIST.800.53.R5", "HIPAA.Security"):
            construct.node.add_metadata(Validations.ACKNOWLEDGED_RULES_METADATA_KEY, {f"{pack}-{rule}": reason})


def acknowledge_wildcard(construct: IConstruct, arn: str, reason: str) -> None:
    """Say why a role may do something to all resources whose ARNs match."""
    acknowledge(construct, f"IAM5[Resource::{_shown(Stack.of(construct).resolve(arn))}]", reason)


def acknowledge_objects(construct: IConstruct, bucket: s3.IBucket, keys: Iterable[str]) -> None:
    """Say why a role may touch all objects whose keys match."""
    for key in keys:
        if "*" in key:
            reason = f"The objects {key} of one bucket: runs, states and years have no name before they exist."
            acknowledge_wildcard(construct, bucket.arn_for_objects(key), reason)


def _shown(value: Any) -> str:
    """A resolved value as cdk-nag writes it: <Name> for a reference, <Name.Arn> for an attribute."""
    if isinstance(value, str):
        return value
    if "Ref" in value:
        return f"<{value['Ref']}>"
    if "Fn::GetAtt" in value:
        return f"<{'.'.join(value['Fn::GetAtt'])}>"
    separator, parts = value["Fn::Join"]
    return str(separator).join(_shown(part) for part in parts)
