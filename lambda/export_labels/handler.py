"""Called when a manager wants the labels of a finished job."""

from typing import Any

import boto3
from aws_lambda_powertools import Logger, Metrics, Tracer
from aws_lambda_powertools.metrics import MetricUnit
from aws_lambda_powertools.utilities.typing import LambdaContext
from boto3.dynamodb.conditions import Attr
from botocore.config import Config

from export_labels.exporting import PARALLEL, Exporting
from shared.errors import PlatformError
from shared.labelling_table import LabellingTable
from shared.refusal import Refused
from shared.variables import Variables

logger = Logger()
tracer = Tracer()
metrics = Metrics()


class Settings(Variables):
    """Variables of this function."""

    table: str
    bucket: str
    data_bucket: str


@logger.inject_lambda_context(clear_state=True)
@tracer.capture_lambda_handler
@metrics.log_metrics
def handle(event: dict[str, Any], _: LambdaContext) -> dict[str, Any]:
    """Exports a job.

    Args:
        event: `{"job": its name}`.

    Returns:
        `{"manifest": its address}`.
    """
    settings = Settings.read()
    table = LabellingTable(boto3.resource("dynamodb").Table(settings.table))
    exporting = Exporting(
        table=table,
        s3=boto3.client("s3", config=Config(max_pool_connections=PARALLEL)),
        bucket=settings.bucket,
        data_bucket=settings.data_bucket,
    )
    job = event["job"]
    try:
        manifest = exporting.run(job)
    except PlatformError:
        # People may mend it and order it again.
        table.update_job(job, Attr("state").eq("exporting"), state="open")
        raise
    except Refused as refusal:
        raise PlatformError(str(refusal)) from None
    logger.info("exported", extra={"job": job, "manifest": manifest})
    metrics.add_metric(name="JobsExported", unit=MetricUnit.Count, value=1)
    return {"manifest": manifest}
