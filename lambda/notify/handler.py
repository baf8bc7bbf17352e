"""One readable message for each refused or failed run and each release; the same news twice is one message."""

from typing import Any

import boto3
from aws_lambda_powertools import Logger, Metrics, Tracer
from aws_lambda_powertools.metrics import MetricUnit
from aws_lambda_powertools.utilities.idempotency import DynamoDBPersistenceLayer, IdempotencyConfig, idempotent_function
from aws_lambda_powertools.utilities.typing import LambdaContext
from botocore.exceptions import ClientError

from drawing_ocr.evaluation.report import ReportError
from drawing_ocr.evaluation.retrieval import parse_evaluation
from notify.message import Message, failed, refused, released
from shared import storage
from shared.errors import PlatformError
from shared.variables import Variables

logger = Logger()
tracer = Tracer()
metrics = Metrics()

SAME_NEWS_SECONDS = 24 * 3600


class Settings(Variables):
    """Variables of this function."""

    topic_arn: str
    table: str


@logger.inject_lambda_context(clear_state=True)
@tracer.capture_lambda_handler
@metrics.log_metrics
def handle(event: dict[str, Any], context: LambdaContext) -> dict[str, str]:
    """Publishes the news in `event`.

    Args:
        event: the pipeline's Alert step (`RunId`, `EvaluationUri`, `PipelineExecutionArn`), EventBridge's
            "SageMaker Model Building Pipeline Execution Status Change", or the news of the release workflow.

    Returns:
        `Reason`: the one line that the pipeline fails with.
    """
    settings = Settings.read()
    message = compose(event, boto3.client("s3"), boto3.client("sagemaker"))
    if message is None:
        return {"Reason": ""}
    if message.run_id:
        logger.append_keys(correlation_id=message.run_id)
    config = IdempotencyConfig(expires_after_seconds=SAME_NEWS_SECONDS, lambda_context=context)
    store = DynamoDBPersistenceLayer(
        table_name=settings.table, key_attr="pk", sort_key_attr="sk", static_pk_value="notified"
    )

    @idempotent_function(  # type: ignore[untyped-decorator]
        data_keyword_argument="about", config=config, persistence_store=store
    )
    def publish(*, about: str, message: Message) -> dict[str, str]:
        boto3.client("sns").publish(TopicArn=settings.topic_arn, Subject=message.subject, Message=message.text)
        metrics.add_metric(name=message.metric, unit=MetricUnit.Count, value=1)
        logger.info("published", extra={"about": about, "reason": message.reason})
        return {"Reason": message.reason}

    told: dict[str, str] = publish(about=message.about, message=message)
    return told


def compose(event: dict[str, Any], s3: Any, sagemaker: Any) -> Message | None:
    """The message that `event` is worth; None for none.

    Raises:
        PlatformError: the event is of no known form.
    """
    if "about" in event:
        return released(event)
    if "EvaluationUri" in event:
        uri = f"{event['EvaluationUri'].rstrip('/')}/evaluation.json"
        try:
            evaluation = parse_evaluation(storage.read(s3, uri), where=uri)
        except ReportError as error:
            raise PlatformError(str(error)) from error
        return refused(event["RunId"], event["PipelineExecutionArn"], evaluation)
    if event.get("source") == "aws.sagemaker" and "pipelineExecutionArn" in event.get("detail", {}):
        return _failed_execution(event["detail"], sagemaker)
    raise PlatformError(f"notify: an event with the keys {', '.join(sorted(event))} is of no known form")


def _failed_execution(detail: dict[str, Any], sagemaker: Any) -> Message | None:
    arn = detail["pipelineExecutionArn"]
    if detail.get("currentPipelineExecutionStatus") != "Failed":
        return None
    try:
        execution = sagemaker.describe_pipeline_execution(PipelineExecutionArn=arn)
        listed = sagemaker.list_pipeline_execution_steps(PipelineExecutionArn=arn)["PipelineExecutionSteps"]
        steps = [_as_the_job_says(step, sagemaker) for step in listed]
    except ClientError as error:
        raise PlatformError(f"{arn}: cannot be described ({error.response['Error']['Code']})") from error
    # The trigger names an execution after its run.
    run_id = execution.get("PipelineExecutionDisplayName", "")
    return failed(arn, execution.get("FailureReason", ""), steps, run_id=run_id)


def _as_the_job_says(step: dict[str, Any], sagemaker: Any) -> dict[str, Any]:
    """The step with the exit message of its failed processing job: SageMaker itself says no more than `exit code 1`."""
    job = step.get("Metadata", {}).get("ProcessingJob", {}).get("Arn", "")
    if step["StepStatus"] != "Failed" or not job:
        return step
    said = sagemaker.describe_processing_job(ProcessingJobName=job.rsplit("/", 1)[1]).get("ExitMessage", "")
    return step | {"FailureReason": said} if said else step
