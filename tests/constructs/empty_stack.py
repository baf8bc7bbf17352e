"""The stack that a construct is put into to look at it alone."""

from __future__ import annotations

import aws_cdk as cdk

from stacks.application import feature_flags


def empty_stack() -> cdk.Stack:
    """A stack of a known account and region, under the feature flags of cdk.json."""
    app = cdk.App(context=feature_flags())
    return cdk.Stack(app, "Test", env=cdk.Environment(account="123456789012", region="eu-central-1"))
