"""Registers the version that the gate has let through, to wait for a person's approval."""

from __future__ import annotations

from typing import Any

from aws_lambda_powertools.metrics import MetricUnit
from aws_lambda_powertools.utilities.typing import LambdaContext

from register_model.registration import Registration, Request
from shared.clients import client
from shared.environment import Environment
from shared.observability import logger, metrics, tracer


class Variables(Environment):
    """What the construct tells this function."""

    inference_image: str


@tracer.capture_lambda_handler
@metrics.log_metrics
@logger.inject_lambda_context(correlation_id_path="RunId", log_event=True)
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, str]:  # noqa: ARG001
    """Arguments and outputs of the pipeline's step Register."""
    registration = Registration(client("sagemaker"), client("s3"), client("ecr"), Variables.read().inference_image)
    registered = registration.register(Request.parse(event))
    metrics.add_metric("Registered", MetricUnit.Count, 1)
    return registered.model_dump(by_alias=True)
