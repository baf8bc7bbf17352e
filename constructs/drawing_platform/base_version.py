"""Which version training starts from, and what a function needs to find it."""

from __future__ import annotations

from dataclasses import dataclass

import aws_cdk as cdk

from constructs import Construct
from drawing_platform.permissions import Statement
from drawing_platform.settings import BaseRule


@dataclass(frozen=True, kw_only=True)
class BaseVersionProps:
    """The group that versions are registered in, the rule, and the endpoint that `last_deployed` asks."""

    group_name: str
    rule: BaseRule
    endpoint_name: str

    @property
    def variables(self) -> dict[str, str]:
        """Of a function that uses `shared.base_version`."""
        return {"GROUP": self.group_name, "BASE_RULE": self.rule, "ENDPOINT_NAME": self.endpoint_name}

    def statements(self, scope: Construct) -> list[Statement]:
        """What its role may ask SageMaker; about endpoints only where the rule needs it."""
        stack = cdk.Stack.of(scope)

        def arn(resource: str, name: str) -> str:
            return stack.format_arn(service="sagemaker", resource=resource, resource_name=name)

        statements = [
            Statement(actions=["sagemaker:ListModelPackages"], resources=["*"]),
            Statement(
                actions=["sagemaker:DescribeModelPackage"], resources=[arn("model-package", f"{self.group_name}/*")]
            ),
        ]
        if self.rule == "last_deployed":
            served = {
                "sagemaker:DescribeEndpoint": arn("endpoint", self.endpoint_name),
                # The release workflow names them after the endpoint.
                "sagemaker:DescribeEndpointConfig": arn("endpoint-config", f"{self.endpoint_name}-*"),
                "sagemaker:DescribeModel": arn("model", f"{self.endpoint_name}-*"),
            }
            statements += [Statement(actions=[action], resources=[resource]) for action, resource in served.items()]
        return statements
