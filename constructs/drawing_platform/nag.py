"""Accepts a finding of cdk-nag, checkov or cfn-lint where it stands, with a reason that a reviewer can check."""

from __future__ import annotations

from collections.abc import Mapping

import aws_cdk as cdk

from constructs import IConstruct


def acknowledge_findings(construct: IConstruct, findings: Mapping[str, str]) -> None:
    """Accepts several findings of cdk-nag on one construct and all below it: rules and their reasons."""
    accepted = (cdk.Acknowledgment(id=finding, reason=reason) for finding, reason in findings.items())
    cdk.Validations.of(construct).acknowledge(*accepted)


def acknowledge(construct: IConstruct, finding: str, reason: str) -> None:
    """Accepts one finding.

    Args:
        construct: the smallest construct that shows the finding. cdk-nag's findings are accepted on everything below
            it, checkov's on its own resource only.
        finding: the rule. `CKV_AWS_18` is checkov's; `AwsSolutions-IAM5[Resource::*]` is cdk-nag's, with the part in
            brackets where the rule has one.
        reason: why it is right here; it ends up in the template or in the validation report.
    """
    if finding.startswith("CKV_"):
        _skip_in_checkov(construct, finding, reason)
    else:
        acknowledge_findings(construct, {finding: reason})


def _skip_in_checkov(construct: IConstruct, finding: str, reason: str) -> None:
    resource = _resource(construct)
    known = resource.get_metadata("checkov") or {"skip": []}
    resource.add_metadata("checkov", {"skip": [*known["skip"], {"id": finding, "comment": reason}]})


def _resource(construct: IConstruct) -> cdk.CfnResource:
    resource = construct.node.default_child or construct
    if not isinstance(resource, cdk.CfnResource):
        raise TypeError(f"{construct.node.path} is no CloudFormation resource: name the resource itself")
    return resource
