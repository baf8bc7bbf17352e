"""Answers the pipeline's first step: which version to train on from, and everything that version has learned from."""

from __future__ import annotations

from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext

from resolve_base_model.base_model import Request, Resolver
from shared.clients import client
from shared.environment import Environment
from shared.observability import logger, tracer


class Variables(Environment):
    """What the construct tells this function."""

    data_bucket: str


@tracer.capture_lambda_handler
@logger.inject_lambda_context(correlation_id_path="RunId", log_event=True)
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, str]:  # noqa: ARG001
    """Arguments and outputs of the step ResolveBaseModel (docs/architecture.md)."""
    resolver = Resolver(client("sagemaker"), client("s3"), Variables.read().data_bucket)
    return resolver.resolve(Request.parse(event)).model_dump(by_alias=True)
