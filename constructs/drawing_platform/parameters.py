"""The names of a deployed environment, kept in SSM where the operator's command finds them (docs/architecture.md)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from aws_cdk import aws_ssm as ssm

from constructs import Construct


@dataclass(frozen=True, kw_only=True)
class ParametersProps:
    """`values` by parameter name below `prefix`."""

    prefix: str
    values: Mapping[str, str]


class Parameters(Construct):
    """One string parameter per name: `/drawing-platform/dev/data-bucket`."""

    def __init__(self, scope: Construct, construct_id: str, *, props: ParametersProps) -> None:
        super().__init__(scope, construct_id)
        for name, value in props.values.items():
            ssm.StringParameter(self, name, parameter_name=f"{props.prefix}/{name}", string_value=value)
