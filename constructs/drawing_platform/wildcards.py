"""The wildcards in the policies of our roles that are as narrow as they can be, each with its reason.

cdk-nag names every resource of a policy that holds a `*`, with account, region and the names of other stacks in it, so
the same finding is called differently in each environment. Here a finding is a pattern: what matches one is accepted on
the policy that shows it; a wildcard that matches none still fails the synthesis.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

import aws_cdk as cdk
from aws_cdk import aws_iam as iam

from drawing_platform.nag import acknowledge_findings

# Resources whose last part is made at run time, below a name that is ours.
NARROW = {
    r":s3:::[a-z0-9-]+-\*/models/\*": "CloudFormation names the source's bucket; its policy and the account decide",
    r":kms:[a-z0-9-]+:\d+:key/\*": "KMS names the source's key; that key's own policy decides, and only through S3",
    r":parameter/[a-z0-9-]+/[a-z0-9]+/\*": "the names of our one environment",
    r"/(drawings|labels|datasets|models|results|quarantine|capture|monitoring|thumbnails|jobs|drafts)/[^ ]*": "objects "
    "get names at run time",
    r":es:[a-z0-9-]+:\d+:domain/[a-z0-9-]+/\*": "indexes and requests of our one domain",
    r":domain/[a-z0-9-]+/_plugins/_security/api/\*": "the roles of our one domain, by name",
    r":s3:::cdk-[a-z0-9]+-assets-\d+-[a-z0-9-]+/\*": "the CDK's own bucket of assets, read while a stack is deployed",
    r"<PageBucket[A-Z0-9]+\.Arn>/\*": "files of the page, whose names hold the hash of what is in them",
    r":model-package/[a-zA-Z0-9-]+/\*": "versions of our one group",
    r":pipeline/[a-zA-Z0-9-]+/execution/\*": "executions of our one pipeline",
    r":(training|processing)-job/pipelines-\*": "SageMaker itself names the jobs of a pipeline",
    r":processing-job/(drift|offer)-[a-z0-9]+-\*": "the scheduler appends an id to the name of every job",
    r":processing-job/prelabel-[a-z0-9]+-\*": "the labelling workflow appends an id to the name of every job",
    r":labeling-job/[a-z0-9]+-\*": "rounds of labelling are named after their jobs",
    r":(model|endpoint-config)/[a-zA-Z0-9-]+-\*": "the release workflow names them after the endpoint",
    r":(model|endpoint-config|endpoint)/drawing-embedder-[a-z0-9]+-v?\*": "each approved embedder "
    "has one, named after its version",
    r":log-group:/aws/sagemaker/((Training|Processing|Transform|Labeling)Jobs|Endpoints/[a-zA-Z0-9-]+)\*": "streams",
    r":scalable-target/\*": "Application Auto Scaling makes the id of a target when it is registered",
    r":role/aws-service-role/sagemaker\.application-autoscaling\.amazonaws\.com/\*": "the one role of that service",
    r"<[a-zA-Z0-9]+\.Arn>:\*": "a function and its versions",
}

# Actions that IAM cannot restrict to a resource (Service Authorization Reference, column "Resource types" empty).
ACTIONS_WITHOUT_RESOURCE = frozenset(
    {
        "cloudwatch:PutMetricData",
        "ec2:AssignPrivateIpAddresses",
        "ec2:CreateNetworkInterface",
        "ec2:CreateNetworkInterfacePermission",
        "ec2:DeleteNetworkInterface",
        "ec2:DeleteNetworkInterfacePermission",
        "ec2:DescribeDhcpOptions",
        "ec2:DescribeNetworkInterfaces",
        "ec2:DescribeSecurityGroups",
        "ec2:DescribeSubnets",
        "ec2:DescribeVpcs",
        "ec2:UnassignPrivateIpAddresses",
        "ecr:GetAuthorizationToken",
        "logs:CreateLogDelivery",
        "logs:DeleteLogDelivery",
        "logs:DescribeLogGroups",
        "logs:DescribeResourcePolicies",
        "logs:GetLogDelivery",
        "logs:ListLogDeliveries",
        "logs:PutResourcePolicy",
        "logs:UpdateLogDelivery",
        "sagemaker:ListEndpointConfigs",
        "sagemaker:ListEndpoints",
        "sagemaker:ListModelPackages",
        "sagemaker:ListModels",
        "xray:GetSamplingRules",
        "xray:GetSamplingTargets",
        "xray:PutTelemetryRecords",
        "xray:PutTraceSegments",
    }
)


def accept_narrow_wildcards(stack: cdk.Stack, exports: Mapping[str, str]) -> None:
    """Accepts cdk-nag's finding for each wildcard of `stack` that `NARROW` or `ACTIONS_WITHOUT_RESOURCE` explains.

    Args:
        stack: complete, for what is added to it later is not looked at.
        exports: how values of other stacks are called in the template, by how they are called before: `<Bucket.Arn>`.
    """
    for policy in stack.node.find_all():
        if isinstance(policy, iam.CfnPolicy):
            explained = {
                f"AwsSolutions-IAM5[Resource::{finding}]": reason
                for finding, reason in _explained(stack.resolve(policy.policy_document), exports)
            }
            if explained:
                acknowledge_findings(policy, explained)


def _explained(document: Any, exports: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    for statement in document["Statement"]:
        actions = _as_list(statement["Action"])
        for resource in map(_flat, _as_list(statement["Resource"])):
            if resource == "*" and ACTIONS_WITHOUT_RESOURCE.issuperset(actions):
                yield resource, f"IAM knows no narrower resource for {', '.join(actions)}"
            elif "*" in resource:
                for pattern, reason in NARROW.items():
                    if re.search(f"{pattern}$", resource):
                        yield _with_exports(resource, exports), reason


def _with_exports(resource: str, exports: Mapping[str, str]) -> str:
    for name, export in exports.items():
        resource = resource.replace(name, export)
    return resource


def _flat(value: Any) -> str:
    """A resolved value the way cdk-nag writes it: references in angle brackets."""
    match value:
        case str():
            return value
        case {"Fn::Join": [delimiter, parts]}:
            return str(delimiter).join(map(_flat, parts))
        case {"Fn::GetAtt": [resource, attribute]}:
            return f"<{resource}.{attribute}>"
        case {"Ref": name}:
            return f"<{name}>"
    return str(value)


def _as_list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]
