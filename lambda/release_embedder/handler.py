"""Decisions about embedders, endpoints that come to rest and a clock: each is an occasion to look what is next."""

import json
from functools import cache
from typing import Any

import boto3
from aws_lambda_powertools import Logger, Tracer
from aws_lambda_powertools.utilities.typing import LambdaContext
from botocore.config import Config

from release_embedder.endpoints import EmbedderEndpoints, EndpointSettings
from release_embedder.releasing import EmbedderRelease
from shared.errors import PlatformError
from shared.released_embedders import ReleasedEmbedders
from shared.variables import Variables

logger = Logger()
tracer = Tracer()

# The function that keeps the indexes compares for fifteen minutes at most, and an order is never given twice.
PATIENT = Config(retries={"total_max_attempts": 1}, connect_timeout=5, read_timeout=890)
WAITING = (
    "ApproximateNumberOfMessages",
    "ApproximateNumberOfMessagesNotVisible",
    "ApproximateNumberOfMessagesDelayed",
)


class Settings(Variables):
    """Variables of this function.

    Attributes:
        bucket: of the drawings.
        group: model package group of the embedders.
        queue_url: of the queue of changed drawings.
        reconcile_function: keeps the indexes.
        has_shipped: whether the settings name the shipped embedder.
        endpoint: JSON of `EndpointSettings`.
    """

    bucket: str
    group: str
    queue_url: str
    reconcile_function: str
    has_shipped: bool
    endpoint: str


@logger.inject_lambda_context(clear_state=True)
@tracer.capture_lambda_handler
def handle(_: dict[str, Any], __: LambdaContext) -> dict[str, Any]:
    """Does what is next; what called it does not matter.

    Returns:
        `Progress`, as JSON.
    """
    progress = build_release(Settings.read()).advance()
    logger.info("release of an embedder", extra=progress.model_dump())
    return progress.model_dump(mode="json")


def build_release(settings: Settings) -> EmbedderRelease:
    """The release over the clients of this account."""
    sagemaker, sqs = _client("sagemaker"), _client("sqs")

    def waiting() -> int:
        wanted = sqs.get_queue_attributes(QueueUrl=settings.queue_url, AttributeNames=list(WAITING))
        return sum(int(number) for number in wanted["Attributes"].values())

    def ask(order: dict[str, Any]) -> dict[str, Any]:
        answer = _client("lambda").invoke(FunctionName=settings.reconcile_function, Payload=json.dumps(order).encode())
        document: dict[str, Any] = json.loads(answer["Payload"].read())
        if "FunctionError" in answer:
            raise PlatformError(f"{order['action']}: {document.get('errorMessage')}")
        return document

    return EmbedderRelease(
        sagemaker=sagemaker,
        group=settings.group,
        endpoints=EmbedderEndpoints(sagemaker, EndpointSettings.model_validate_json(settings.endpoint)),
        released=ReleasedEmbedders(_client("s3"), settings.bucket),
        has_shipped=settings.has_shipped,
        ask=ask,
        waiting=waiting,
    )


@cache
def _client(service: str) -> Any:
    return boto3.client(service, config=PATIENT if service == "lambda" else None)
