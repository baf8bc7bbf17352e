"""Called by the workflow of a labelling job when the machine has read its drawings."""

import time
from typing import Any

import boto3
from aws_lambda_powertools import Logger, Tracer
from aws_lambda_powertools.utilities.typing import LambdaContext

from open_labelling_job.opening import Opening
from shared.labelling_table import LabellingTable
from shared.variables import Variables

logger = Logger()
tracer = Tracer()


class Settings(Variables):
    """Variables of this function."""

    table: str
    bucket: str


@logger.inject_lambda_context(clear_state=True)
@tracer.capture_lambda_handler
def handle(event: dict[str, Any], _: LambdaContext) -> dict[str, Any]:
    """Opens a job.

    Args:
        event: `{"job": its name}`.

    Returns:
        How much there is to do.
    """
    settings = Settings.read()
    opening = Opening(
        table=LabellingTable(boto3.resource("dynamodb").Table(settings.table)),
        s3=boto3.client("s3"),
        bucket=settings.bucket,
        clock=time.time,
    )
    opened = opening.open(event["job"])
    logger.info("opened", extra={"opened": opened.model_dump()})
    return opened.model_dump()
