"""What all functions of one stack have in common, from the settings and the stacks below."""

from __future__ import annotations

import aws_cdk as cdk
from aws_cdk import aws_kms as kms

from drawing_platform.log_retention import log_retention
from drawing_platform.platform_function import FunctionEnvironment
from drawing_platform.settings import Settings
from stacks.data_stack import DataStack
from stacks.network_stack import NetworkStack


def function_environment(
    stack: cdk.Stack, *, settings: Settings, data: DataStack, network: NetworkStack | None
) -> FunctionEnvironment:
    """Functions of `stack`: encrypted with the data key, and in the private network where there is one."""
    return FunctionEnvironment(
        env=settings.env,
        python=settings.lambda_python,
        log_retention=log_retention(settings.log_retention_days),
        # By its ARN: grants on the key itself would write this stack's names into the policy of the stack below.
        key=kms.Key.from_key_arn(stack, "DataKey", data.key.key_arn),
        vpc=network.vpc if network else None,
        security_group=network.security_group if network else None,
    )
