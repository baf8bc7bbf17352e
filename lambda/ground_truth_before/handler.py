"""What a worker's template gets of a line of the manifest: addresses, since attributes end at 20,000 characters.

https://docs.aws.amazon.com/sagemaker/latest/dg/sms-custom-templates-step3-lambda-requirements.html: the answer's second
member is `isHumanAnnotationRequired`, a boolean. AWS's own samples write `humanAnnotationRequired` and `"true"`.
"""

from typing import Any

from aws_lambda_powertools import Logger, Tracer
from aws_lambda_powertools.utilities.typing import LambdaContext
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from drawing_ocr.validation import first_reason
from shared.errors import PlatformError

logger = Logger()
tracer = Tracer()

_S3 = r"^s3://[^/]+/.+"


class Line(BaseModel):
    """What is used of a line; all its other attributes come along and are left alone."""

    model_config = ConfigDict(frozen=True)

    task_ref: str = Field(alias="task-ref", pattern=_S3)
    pyramid_ref: str = Field(alias="pyramid-ref", pattern=_S3)


@logger.inject_lambda_context(clear_state=True)
@tracer.capture_lambda_handler
def handle(event: dict[str, Any], _: LambdaContext) -> dict[str, Any]:
    """Answers with `taskInput` of one `dataObject`.

    Raises:
        PlatformError: the line is none that our rounds write; Ground Truth counts the object as failed.
    """
    try:
        line = Line.model_validate(event.get("dataObject", {}))
    except ValidationError as error:
        job = event.get("labelingJobArn", "a labelling job")
        raise PlatformError(f"{job}: a line of its manifest cannot be shown: {first_reason(error)}") from None
    return {
        "taskInput": {"taskRef": line.task_ref, "pyramidRef": line.pyramid_ref},
        "isHumanAnnotationRequired": True,
    }
