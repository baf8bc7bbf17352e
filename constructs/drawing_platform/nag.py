"""Accepts a finding of cdk-nag where it stands, with a reason that a reviewer can check."""

from __future__ import annotations

import aws_cdk as cdk

from constructs import IConstruct


def acknowledge(construct: IConstruct, finding: str, reason: str) -> None:
    """Accepts `finding` on `construct` and everything below it.

    Args:
        construct: the smallest construct that shows the finding.
        finding: the rule, with the part in brackets where the rule names one: `AwsSolutions-IAM5[Resource::*]`. Parts
            that hold a resource's name must be written with `logical_id`, since they differ from stage to stage.
        reason: why it is right here; it ends up in the validation report.
    """
    cdk.Validations.of(construct).acknowledge(cdk.Acknowledgment(id=finding, reason=reason))


def logical_id(construct: IConstruct) -> str:
    """The name by which cdk-nag calls `construct` within its own stack: its logical id in the template."""
    element = construct.node.default_child or construct
    if not isinstance(element, cdk.CfnElement):
        raise TypeError(f"{construct.node.path} is no CloudFormation resource: name the resource itself")
    return str(cdk.Stack.of(construct).get_logical_id(element))
