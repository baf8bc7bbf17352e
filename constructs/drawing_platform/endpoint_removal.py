"""Removal of an endpoint that a workflow made beside the stacks, when its stack is deleted."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import aws_cdk as cdk

from constructs import Construct
from drawing_platform.permissions import Statement
from drawing_platform.platform_function import FunctionEnvironment, PlatformFunction, PlatformFunctionProps


@dataclass(frozen=True, kw_only=True)
class EndpointRemovalProps:
    """What goes.

    Attributes:
        common: what all functions share.
        endpoint_name: of the endpoint; its configurations and models begin with it.
        alarms: names of alarms that were made with it.
        versions: whether each version has an endpoint of its own, `<endpoint_name>-v3-0a1b2c3d`, which go instead.
    """

    common: FunctionEnvironment
    endpoint_name: str
    alarms: Sequence[str] = ()
    versions: bool = False


class EndpointRemoval(Construct):
    """A custom resource that does nothing until it is deleted."""

    function: PlatformFunction
    resource: cdk.CustomResource

    def __init__(self, scope: Construct, construct_id: str, *, props: EndpointRemovalProps) -> None:
        super().__init__(scope, construct_id)
        self._props = props
        self.function = PlatformFunction(
            self,
            "Function",
            props=PlatformFunctionProps(
                common=props.common,
                handler="remove_endpoint.handler.handle",
                description=f"Removes {props.endpoint_name} when its stack is deleted",
                # An endpoint that is just being changed comes to rest first.
                timeout=cdk.Duration.minutes(15),
                statements=self._statements(),
            ),
        )
        self.resource = cdk.CustomResource(
            self,
            "Endpoint",
            service_token=self.function.function.function_arn,
            resource_type="Custom::ReleasedEndpoint",
            properties={
                "EndpointName": props.endpoint_name,
                "Alarms": list(props.alarms),
                **({"Versions": "true"} if props.versions else {}),
            },
        )

    def before(self, *makers: Construct) -> None:
        """What could make the endpoint anew is deleted before it."""
        for maker in makers:
            maker.node.add_dependency(self.resource)

    def _statements(self) -> list[Statement]:
        stack, name = cdk.Stack.of(self), self._props.endpoint_name

        def arn(resource: str, of: str) -> str:
            return stack.format_arn(service="sagemaker", resource=resource, resource_name=of)

        alarms = [
            stack.format_arn(
                service="cloudwatch",
                resource="alarm",
                resource_name=alarm,
                arn_format=cdk.ArnFormat.COLON_RESOURCE_NAME,
            )
            for alarm in self._props.alarms
        ]
        allowed = [
            (
                ["sagemaker:DescribeEndpoint", "sagemaker:DeleteEndpoint"],
                [arn("endpoint", f"{name}-v*" if self._props.versions else name)],
            ),
            *([(["sagemaker:ListEndpoints"], ["*"])] if self._props.versions else []),
            (["sagemaker:DeleteEndpointConfig"], [arn("endpoint-config", f"{name}-*")]),
            (["sagemaker:DeleteModel"], [arn("model", f"{name}-*")]),
            (["sagemaker:ListEndpointConfigs", "sagemaker:ListModels"], ["*"]),
            *([(["cloudwatch:DeleteAlarms"], alarms)] if alarms else []),
        ]
        return [Statement(actions=actions, resources=resources) for actions, resources in allowed]
