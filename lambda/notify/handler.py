"""One readable message for each thing that happened, however often it is reported."""

from __future__ import annotations

from functools import cache
from typing import Any

from aws_lambda_powertools.utilities.idempotency import (
    DynamoDBPersistenceLayer,
    IdempotencyConfig,
    idempotent_function,
)
from aws_lambda_powertools.utilities.typing import LambdaContext

from notify.message import Message, compose
from notify.run_report import RunReports
from shared.clients import client
from shared.environment import Environment
from shared.observability import logger, tracer

# How long a repeated report is recognised: EventBridge and Step Functions give up within a day.
REMEMBERED_SECONDS = 3 * 24 * 3600


class Variables(Environment):
    """What the construct tells this function."""

    topic_arn: str
    told_table: str


@tracer.capture_lambda_handler
@logger.inject_lambda_context(log_event=True)
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, str]:
    """Takes the arguments of the pipeline's step Alert, a notice of the release workflow, or EventBridge's report."""
    message = compose(event, RunReports(client("sagemaker"), client("s3")))
    config = IdempotencyConfig(event_key_jmespath="about", expires_after_seconds=REMEMBERED_SECONDS)
    config.register_lambda_context(context)
    publish_once = idempotent_function(
        _publish, data_keyword_argument="message", persistence_store=_told(Variables.read().told_table), config=config
    )
    told: dict[str, str] = publish_once(message=message.model_dump())
    return told


def _publish(message: dict[str, str]) -> dict[str, str]:
    said = Message.model_validate(message)
    client("sns").publish(TopicArn=Variables.read().topic_arn, Subject=said.ascii_subject, Message=said.body)
    return {"about": said.about}


@cache
def _told(table: str) -> DynamoDBPersistenceLayer:
    return DynamoDBPersistenceLayer(table_name=table, boto3_client=client("dynamodb"))
